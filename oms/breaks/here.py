"""Breaks in the engine's own process: read in the store, asked of the venues, posted to the engine."""

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Final, Protocol

from adapters.port import Audited
from oms import words
from oms.breaks.door import BreaksDoor, Row
from oms.core.book import OPERATOR
from oms.core.break_notes import BreakClosed
from oms.core.errors import (
    InvalidOrder,
    NotAuthorised,
    NotSupported,
    OmsError,
    OutcomeUnknown,
    StoreUnavailable,
    UnknownOrder,
)
from oms.core.ports import Evidence, Inbound, Post
from oms.feed import Feed
from oms.store.queries import ORDER_ID_DIGITS
from oms.venues import Venues

CLOSED_TIMEOUT_S: Final = 30.0
"""How long a caller waits for the engine to make his word durable."""

AUDIT_TIMEOUT_S: Final = 30.0
"""How long a venue is waited for, in seconds."""

LOOK_EVERY_S: Final = 0.05
TEXT_LENGTH_MAX: Final = 200


class BreakLooks(Protocol):
    """The reading side of the store that this needs."""

    def breaks(self, *, route: str = "", closed: bool = False) -> list[Row]:
        """Rows of breaks."""

    def foreign_orders(self, *, route: str = "", ended: bool = False) -> list[Row]:
        """Rows of orders that are not ours."""


class BreaksHere(BreaksDoor):
    """The operator's, in this process."""

    origin: str
    _post: Post
    _break_looks: BreakLooks
    _venues: Venues
    _feed: Feed

    async def breaks(self, *, venue: str | None = None, closed: bool = False) -> list[Row]:
        """Orders and balances that are not what the books say."""
        self._demand_person()
        route = (venue or "").upper()
        return await asyncio.to_thread(
            lambda: self._break_looks.breaks(route=route, closed=words.flag("closed", closed))
        )

    async def foreign_orders(self, *, venue: str | None = None, ended: bool = False) -> list[Row]:
        """Orders that work at a venue and are not ours."""
        self._demand_person()
        route = (venue or "").upper()
        return await asyncio.to_thread(
            lambda: self._break_looks.foreign_orders(route=route, ended=words.flag("ended", ended))
        )

    async def close_break(self, break_id: str, *, by: str, because: str) -> None:
        """Say what a break was. Raises UnknownOrder, OutcomeUnknown."""
        self._demand_person()
        name = words.text("break_id", break_id).upper()
        name = name.zfill(ORDER_ID_DIGITS) if name.isdecimal() else name
        note = BreakClosed(break_id=name, by=_said("by", by), text=_said("because", because))
        if not await self._is_open(name):
            raise UnknownOrder(f"no open break {break_id}")
        self._post(Inbound(source=self.origin, message=note, evidence=Evidence.OPERATOR))
        try:
            async with asyncio.timeout(CLOSED_TIMEOUT_S):
                while True:
                    broken = self._feed.broken
                    with suppress(
                        StoreUnavailable
                    ):  # it is posted, whether that can be read or not
                        if not await self._is_open(name):
                            return
                    if broken:
                        raise OutcomeUnknown(f"{broken}; look at the breaks")
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            raise OutcomeUnknown("the engine has not answered; look at the breaks") from None

    async def reconcile(self, venue: str | None = None) -> list[Row]:
        """Compare the books with a venue now, or with all."""
        self._demand_person()
        routes = self._venues.names()
        if venue is not None:
            route = words.text("venue", venue).upper()
            self._venues.instruments(route)  # raises NotSupported for a route that is none
            routes = [route]
        return list(await asyncio.gather(*map(self._compared, routes)))

    async def _compared(self, route: str) -> Row:
        found, text, asked = Audited(listed=0, working=0, assets=0, differences=()), "", True
        try:
            async with asyncio.timeout(AUDIT_TIMEOUT_S):
                found = await asyncio.wrap_future(self._venues.ask(route, "audit"))
        except NotSupported as error:
            text = str(error)  # there are no lists to differ from
        except OmsError as error:
            text, asked = str(error) or type(error).__name__, False
        except TimeoutError:
            text, asked = f"the venue has not answered in {AUDIT_TIMEOUT_S:g} s", False
        open_breaks = await self.breaks(venue=route)
        told = asdict(found)
        return {
            "venue": route,
            "agrees": asked and not (found.differences or open_breaks),
            "text": text,
            **told,
            "differences": list(told["differences"]),
            "breaks": open_breaks,
            "foreign": await self.foreign_orders(venue=route),
        }

    async def _is_open(self, name: str) -> bool:
        rows = await asyncio.to_thread(self._break_looks.breaks)
        return any(row["break_id"] == name for row in rows)

    def _demand_person(self) -> None:
        if self.origin != OPERATOR:
            raise NotAuthorised("only the operator may see and close breaks")


def _said(name: str, value: str) -> str:
    text = words.text(name, value, TEXT_LENGTH_MAX)
    if not text:
        raise InvalidOrder(f"{name}: is missing")
    return text
