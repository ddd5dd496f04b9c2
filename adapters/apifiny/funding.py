"""Money at Apifiny: where to send it, moving it, and what became of it ("Account", "Asset").

A withdrawal needs a ticket first, which moves nothing. Withdrawals and transfers go out once.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from adapters.apifiny import funding_rows
from adapters.apifiny.account import AccountQueries
from adapters.apifiny.errors import Operation
from adapters.documents import Row, list_of, optional_number_in, row_of, row_text, text_in
from oms.core.errors import (
    InvalidOrder,
    MalformedMessage,
    NotSupported,
    OutcomeUnknown,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.funding import Activity, ActivityKind, DepositAddress, Moved, Transfer, TransferKind
from oms.core.values import frozen

PAGE: Final = 100
"""Records asked for at once; the document gives no largest number."""

PAGES_MAX: Final = 100
"""Pages read in a row."""

HISTORY: Final = timedelta(days=90)
"""How far back is asked where nobody says from when."""

CLOCKS_APART: Final = timedelta(seconds=30)
"""How far the venue's clock may be from ours when it dates a record."""

_LIST: Final = "asset/queryAssetActivityList"


@frozen
class _Record:
    exchange: str
    row: Row
    raw: str


class Funding(AccountQueries):
    """The part of the client that moves money and follows it."""

    async def deposit_address(self, asset: str, security_exchange: str) -> DepositAddress:
        """GET asset/queryAddress. `asset` may be a coin, which names a chain too."""
        coin = await self._coin(security_exchange, asset, "")
        rows = await self._door.rows(security_exchange, "asset/queryAddress", {"coin": coin})
        if len(rows) != 1:
            raise MalformedMessage("queryAddress: one address is wanted")
        found = funding_rows.deposit_address(rows[0], security_exchange)
        if coin not in (found.network, found.asset):
            raise MalformedMessage(f"asked for an address of {coin}, got one of {found.network}")
        return found

    async def activities(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[Activity]:
        """queryAssetActivityList at every exchange, latest first."""
        found: dict[str, Activity] = {}
        for exchange in self._door.account.exchanges:
            for record in await self._records(exchange, since, until):
                told = funding_rows.activity(record.row, record.exchange, record.raw)
                found[told.activity_id] = told
        return sorted(found.values(), key=_moment, reverse=True)

    async def deposits(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """The deposits among the activities."""
        return await self._of_kind(ActivityKind.DEPOSIT, asset, since)

    async def withdrawals(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """The withdrawals among the activities."""
        return await self._of_kind(ActivityKind.WITHDRAWAL, asset, since)

    async def transfers(
        self, asset: str | None = None, since: datetime | None = None
    ) -> list[Activity]:
        """The transfers between exchanges among the activities, each told of at both ends."""
        return await self._of_kind(ActivityKind.TRANSFER, asset, since)

    async def move(self, transfer: Transfer) -> Moved:
        """POST asset/withdraw or asset/transferToVenue, once.

        Raises VenueRefused, VenueUnavailable (nothing was done) or OutcomeUnknown; InvalidOrder for
        what can not be expressed, NotSupported for coupons.
        """
        if transfer.amount is None or transfer.amount <= 0:
            raise InvalidOrder("an amount above 0 is wanted")
        if transfer.security_exchange not in self._door.account.exchanges:
            raise InvalidOrder(f"security_exchange: one of {self._names()} is wanted")
        match transfer.kind:
            case TransferKind.WITHDRAWAL:
                return await self._withdraw(transfer)
            case TransferKind.TRANSFER:
                return await self._transfer(transfer)
            case _:
                raise NotSupported(f"{transfer.kind} is not offered")

    async def moved(self, transfer: Transfer, since: datetime, reference: str = "") -> Moved | None:
        """What the list of activities shows of a transfer that was sent after `since`.

        By `reference`, the logId, where it is known; otherwise recognised by time, asset, amount and
        where it went. None where nothing is found, which proves nothing, and where several could be
        it.
        """
        records = await self._records(transfer.security_exchange, since, None)
        found = [record for record in records if _is_of(transfer, record, reference)]
        if len(found) != 1:
            return None
        return funding_rows.moved(found[0].row, found[0].raw)

    async def _withdraw(self, transfer: Transfer) -> Moved:
        if not transfer.address:
            raise InvalidOrder("an address is wanted")
        exchange = transfer.security_exchange
        coin, ticket = await self._prepared(transfer)
        fields: dict[str, object] = {
            "venue": exchange,
            "coin": coin,
            "amount": transfer.amount,
            "address": transfer.address,
        }
        if transfer.memo:
            fields["memo"] = transfer.memo
        fields["ticket"] = ticket
        answer = await self._door.post(exchange, "asset/withdraw", fields, Operation.MOVE)
        wanted = {"coin": coin, "targetAddress": transfer.address}
        return self._taken(answer, transfer, "asset/withdraw", wanted, (ticket,))

    async def _prepared(self, transfer: Transfer) -> tuple[str, str]:
        """Coin and ticket. Nothing has moved whatever happens here."""
        exchange = transfer.security_exchange
        try:
            coin = await self._coin(exchange, transfer.asset, transfer.network)
            rows = await self._door.rows(exchange, "asset/createWithdrawTicket")
            if len(rows) != 1:
                raise MalformedMessage("createWithdrawTicket: one ticket is wanted")
            return coin, text_in(row_of(rows[0], "ticket"), "ticket")
        except (OutcomeUnknown, MalformedMessage) as error:
            raise VenueUnavailable(f"before the withdrawal: {error}") from None

    async def _transfer(self, transfer: Transfer) -> Moved:
        if not transfer.to_exchange or transfer.to_exchange == transfer.security_exchange:
            raise InvalidOrder("to_exchange: another exchange is wanted")
        exchange = transfer.security_exchange
        fields: Mapping[str, object] = {
            "venue": exchange,
            "currency": transfer.asset,
            "amount": transfer.amount,
            "targetVenue": transfer.to_exchange,
        }
        answer = await self._door.post(exchange, "asset/transferToVenue", fields, Operation.MOVE)
        wanted = {"currency": transfer.asset, "targetVenue": transfer.to_exchange}
        return self._taken(answer, transfer, "asset/transferToVenue", wanted)

    def _taken(
        self,
        answer: object,
        transfer: Transfer,
        path: str,
        wanted: Mapping[str, str],
        secrets: tuple[str, ...] = (),
    ) -> Moved:
        try:
            rows = list_of(answer, path)
            row = row_of(rows[0] if len(rows) == 1 else None, path)
            for name, value in wanted.items():
                if row.get(name) != value:
                    raise MalformedMessage(f"{name}: {value} was asked for")
            if not funding_rows.same_amount(row, transfer.amount):
                raise MalformedMessage("amount: another one was asked for")
            told = funding_rows.moved(row, row_text(row, (*self._door.secrets, *secrets)))
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST {path}: {error}") from None
        if told.refused:
            raise VenueRefused(f"POST {path}: {told.status}")
        return told

    async def _coin(self, exchange: str, asset: str, network: str) -> str:
        """The venue's name of an asset on its chain: the currency's own where it has no other."""
        listed = await self._coins(exchange)
        coins = [coin for coin, _ in listed]
        for named in (network, f"{asset}.{network}", asset if "." in asset else ""):
            if named and named in coins:
                return named
        of_asset = [coin for coin, told in listed if told.asset == asset]
        if not network and len(of_asset) == 1:
            return of_asset[0]
        if not of_asset:
            raise VenueRefused(f"{exchange} does not list {asset}")
        raise InvalidOrder(f"network: one of {', '.join(of_asset)} is wanted")

    async def _of_kind(
        self, kind: ActivityKind, asset: str | None, since: datetime | None
    ) -> list[Activity]:
        found = await self.activities(since)
        return [row for row in found if row.kind is kind and asset in (None, row.asset)]

    async def _records(
        self, exchange: str, since: datetime | None, until: datetime | None
    ) -> list[_Record]:
        now = self._door.clock.now()
        times = {
            "startTimeDate": _ms_text(since or now - HISTORY),
            "endTimeDate": _ms_text(until or now + CLOCKS_APART),
        }
        found: dict[str, _Record] = {}
        for page in range(1, PAGES_MAX + 1):
            told = await self._page(exchange, times, page)
            before = len(found)
            for value in list_of(told.get("records"), _LIST):
                row = row_of(value, _LIST)
                # Pages shift while records arrive: each counts once.
                found[text_in(row, "logId")] = _Record(
                    exchange, row, row_text(row, self._door.secrets)
                )
            pages = optional_number_in(told, "pages")
            # Where nobody counts the pages, the last one is that which has nothing new.
            if page >= pages if pages else len(found) == before:
                return list(found.values())
        raise MalformedMessage(f"{_LIST}: more than {PAGES_MAX} pages")

    async def _page(self, exchange: str, times: Mapping[str, str], page: int) -> Row:
        asked = {**times, "limit": str(PAGE), "page": str(page)}
        if self._door.account.activity_method == "POST":
            answer = await self._door.post(exchange, _LIST, asked, Operation.QUERY)
        else:
            named = {"accountId": self._door.account.account_id, **asked}
            answer = await self._door.get(exchange, _LIST, named)
        rows = list_of(answer, _LIST)
        if len(rows) != 1:
            raise MalformedMessage(f"{_LIST}: one page is wanted")
        return row_of(rows[0], _LIST)

    def _names(self) -> str:
        return ", ".join(self._door.account.exchanges)


def _is_of(transfer: Transfer, record: _Record, reference: str) -> bool:
    row = record.row
    if reference:
        return row.get("logId") == reference
    if funding_rows.is_incoming(row) or row.get("currency") != transfer.asset:
        return False
    if not funding_rows.same_amount(row, transfer.amount):
        return False
    told = funding_rows.activity(row, record.exchange, "")
    if transfer.kind is TransferKind.TRANSFER:
        return told.kind is ActivityKind.TRANSFER and told.to_exchange == transfer.to_exchange
    return told.kind is ActivityKind.WITHDRAWAL and told.address == transfer.address


def _moment(row: Activity) -> float:
    return row.time.timestamp() if row.time else 0.0


def _ms_text(time: datetime) -> str:
    return str(int(time.timestamp() * 1000))
