"""Money on its way: each transfer sent once, its outcome told as what it is, and followed.

What is in doubt is looked for in the venue's lists, and so is what the venue took and has not
finished, at the paces of `adapters.pace`. That nothing is found proves nothing. Where the venue has
no list, only an operator settles it.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from adapters.http import Unusable
from adapters.options import Options
from adapters.pace import Pace
from adapters.port import Queries
from adapters.since import made_since
from adapters.teller import Teller
from oms.core.errors import (
    InvalidOrder,
    MalformedMessage,
    NotSupported,
    OmsError,
    OutcomeUnknown,
    VenueError,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.funding import Transfer, TransferKind
from oms.core.market import Currency
from oms.core.notes import MoveState, TransferMoved, TransferOutcome
from oms.core.numbers import decimals, nearest_multiple, number_text
from oms.core.ports import Evidence
from oms.core.reports import KILL_SWITCH
from oms.core.transfers import MoneyMove

CLOCKS_APART: Final = timedelta(minutes=1)
"""How far the venue's clock may be from ours when it dates a transfer. Not more: what was moved by
hand before is not to be taken for it."""

LOOK_EVERY_S: Final = 1.0

CURRENCIES_KEPT_S: Final = 3_600.0

NOTHING_SENT: Final = (VenueUnavailable, InvalidOrder, NotSupported)

_log = logging.getLogger(__name__)


class Mover:
    """Moves a route's money. All calls on the adapters' loop."""

    def __init__(self, client: Queries, teller: Teller, options: Options) -> None:
        """`client`: what it has of `move`, `moved` and `currencies` is used."""
        self._client: Any = client
        self._teller = teller
        self._options = options
        self._pace = Pace(teller.clock.monotonic, options.speed)
        self._woken = asyncio.Event()
        self._currencies: Mapping[str, list[Currency]] = {}
        self._read_at: float | None = None

    async def move(self, transfer: Transfer) -> None:
        """Send a transfer and tell what came of it. Any fault puts it in doubt."""
        try:
            await self._move(transfer)
        except Exception as fault:  # noqa: BLE001  something may have been sent: never silence
            _log.error("transfer %s", transfer.transfer_id, exc_info=fault)
            self._doubt(transfer, f"{type(fault).__name__} in the adapter")
        self._woken.set()

    async def run(self) -> None:
        """Follow what is in doubt or taken until cancelled."""
        if not hasattr(self._client, "moved"):
            return
        while True:
            self._woken.clear()
            moves = self._teller.books.open_moves(self._teller.route)
            self._pace.keep([move.transfer.transfer_id for move in moves])
            for move in moves:
                known = move.state is not MoveState.UNDER_WAY
                if known and self._pace.due(move.transfer.transfer_id):
                    await self._look(move)
            await self._rest(LOOK_EVERY_S if moves else None)

    async def _rest(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(None if seconds is None else seconds / self._options.speed):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _move(self, transfer: Transfer) -> None:
        why = await self._obstacle(transfer)
        if why:
            self._tell(transfer, MoveState.NOT_SENT, why)
            return
        try:
            moved = await self._client.move(transfer)
        except VenueRefused as error:
            self._tell(transfer, MoveState.REFUSED, str(error), Evidence.VENUE_MESSAGE)
        except NOTHING_SENT as error:
            self._tell(transfer, MoveState.NOT_SENT, str(error))
        except (OutcomeUnknown, MalformedMessage) as error:
            # The answer may hold what is told only once: a coupon's code.
            self._doubt(transfer, str(error), error.raw if isinstance(error, Unusable) else "")
        else:
            note = TransferMoved(transfer_id=transfer.transfer_id, moved=moved)
            self._teller.post(note, Evidence.VENUE_MESSAGE, moved.raw)

    async def _obstacle(self, transfer: Transfer) -> str:
        """Why it is not sent, "" if it can be. The last word before the client sends it."""
        if not hasattr(self._client, "move"):
            return f"{self._teller.route} can not move money"
        unfit = await self._unfit(transfer)
        if unfit:
            return unfit
        return KILL_SWITCH if self._teller.books.killed(self._teller.route) else ""

    async def _unfit(self, transfer: Transfer) -> str:
        """What of the transfer the venue's list of currencies rules out, where it has one."""
        known = await self._known()
        if not known or not transfer.asset or transfer.amount is None:
            return ""
        listed = known.get(transfer.asset)
        if listed is None:
            return f"asset: {transfer.asset!r} is none that {self._teller.route} lists"
        # An asset may be listed more than once, for several networks or exchanges.
        found = [_misfit(currency, transfer, transfer.amount) for currency in listed]
        return "" if "" in found else found[0]

    async def _known(self) -> Mapping[str, list[Currency]]:
        """The currencies by their names; none where the venue has no list, or not now."""
        now = self._teller.clock.monotonic()
        fresh = self._read_at is not None and now - self._read_at < CURRENCIES_KEPT_S
        if not fresh and hasattr(self._client, "currencies"):
            try:
                listed = await self._client.currencies()
            except OmsError as error:
                _log.info("currencies of %s: %s", self._teller.route, error)
            else:
                self._read_at, self._currencies = now, _by_asset(listed)
        return self._currencies

    async def _look(self, move: MoneyMove) -> None:
        """Ask the venue's lists; what they can not tell now is asked for at the next step."""
        since = move.created - CLOCKS_APART
        if move.reference:  # which tells it from what was moved by hand
            since = made_since([move.created], self._teller.clock)
        try:
            moved = await self._client.moved(move.transfer, since, reference=move.reference)
        except (VenueError, MalformedMessage) as error:
            _log.info("transfer %s: %s", move.transfer.transfer_id, error)
            return
        except Exception as fault:  # noqa: BLE001  our mistake must not end the looking
            _log.error("transfer %s", move.transfer.transfer_id, exc_info=fault)
            return
        if moved is not None:
            note = TransferMoved(transfer_id=move.transfer.transfer_id, moved=moved)
            self._teller.post(note, Evidence.VENUE_QUERY, moved.raw)

    def _doubt(self, transfer: Transfer, text: str, raw: str = "") -> None:
        lists = hasattr(self._client, "moved")
        settles = (
            "the venue's lists or an operator settle it" if lists else "an operator settles it"
        )
        told = f"{text} after it was sent; {settles}"
        self._tell(transfer, MoveState.IN_DOUBT, told, raw=raw)

    def _tell(
        self,
        transfer: Transfer,
        state: MoveState,
        text: str,
        evidence: Evidence = Evidence.POLICY,
        raw: str = "",
    ) -> None:
        note = TransferOutcome(transfer_id=transfer.transfer_id, state=state, text=text)
        self._teller.post(note, evidence, raw)


def _by_asset(currencies: Sequence[Currency]) -> Mapping[str, list[Currency]]:
    found: defaultdict[str, list[Currency]] = defaultdict(list)
    for currency in currencies:
        found[currency.asset].append(currency)
    return found


def _misfit(currency: Currency, transfer: Transfer, amount: Decimal) -> str:
    precision = currency.precision
    if precision is not None and decimals(amount) > precision:
        nearest = number_text(nearest_multiple(amount, Decimal(1).scaleb(-precision)))
        return f"amount: at most {precision} decimals; the nearest valid one is {nearest}"
    if transfer.kind is not TransferKind.WITHDRAWAL:
        return ""
    if currency.can_withdraw is False:
        return f"asset: {currency.asset} can not be withdrawn now"
    least, most = currency.min_withdrawal, currency.max_withdrawal
    if least is not None and amount < least:
        return f"amount: the least that can be withdrawn is {number_text(least)}"
    if most is not None and amount > most:
        return f"amount: the most that can be withdrawn is {number_text(most)}"
    return ""
