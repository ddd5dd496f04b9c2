"""What a stream says of orders, at a real simulator: whatever comes first is applied, once."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pytest

from adapters.andx import venue as andx
from adapters.port import Ear, Unreadable, VenueOrder, VenueState, VenueTrade
from adapters.runner import Runner
from adapters.simserver import SimRequest, SimResponse
from oms.core.fields import ExecType, OrdStatus
from oms.core.market import Topic
from oms.core.order import Order
from tests.adapters.one_route import OneRoute, one_route

SLOW: Final = 1
"""A speed at which the queries come too late to be what a test sees."""


class Told:
    """A stream that says what the test says."""

    topics: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.ear: Ear | None = None

    async def run(self, ear: Ear) -> None:
        self.ear = ear
        ear.gap("connected")
        await asyncio.Event().wait()

    def follow(self, topics: frozenset[Topic]) -> None:
        """Nothing is offered."""


class Streamed:
    """An engine at the simulator of a venue, and its stream in the test's hand."""

    def __init__(self, route: OneRoute, stream: Told) -> None:
        self.route, self._stream = route, stream

    def say(self, deed: Callable[[Ear], Any]) -> None:
        """Have the stream say something, on the adapters' thread."""

        async def said() -> None:
            assert self._stream.ear is not None
            deed(self._stream.ear)

        self.route.loop.submit(said()).result(10)

    def sight(self, order_id: str, **changed: Any) -> VenueOrder:
        """The order as the venue shows it when nothing was executed, but for what is changed."""
        order = self.route.order(order_id)
        seen = VenueOrder(
            venue_cl_ord_id=order.venue_cl_ord_id,
            secondary_order_id=order.secondary_order_id,
            symbol=order.symbol,
            side=order.side,
            order_qty=order.order_qty or Decimal(0),
            price=order.price,
            cum_qty=Decimal(0),
            avg_px=Decimal(0),
            state=VenueState.WORKING,
            raw="from the stream",
        )
        return replace(seen, **changed)

    def filled(self, order_id: str, part: str) -> VenueOrder:
        """A part of it executed, at its own price."""
        order = self.route.order(order_id)
        qty = (order.order_qty or Decimal(0)) * Decimal(part)
        state = VenueState.FILLED if Decimal(part) == 1 else VenueState.WORKING
        return self.sight(order_id, cum_qty=qty, avg_px=order.price, state=state)

    def tell(self, order_id: str, *parts: str) -> None:
        """Show the order with so much of it executed."""
        for part in parts:
            seen = self.filled(order_id, part)
            self.say(lambda ear: ear.sight(seen))  # noqa: B023  it is said before the next one

    def order(self, order_id: str) -> Order:
        """As the engine has it."""
        return self.route.order(order_id)

    def is_in(self, order_id: str, status: OrdStatus) -> Callable[[], bool]:
        """Whether the order is in that state."""
        return lambda: self.order(order_id).ord_status is status


@contextmanager
def streamed(monkeypatch: pytest.MonkeyPatch, *, speed: float = SLOW) -> Iterator[Streamed]:
    """ANDX with a stream, which it has not."""
    stream = Told()
    monkeypatch.setattr(andx, "Runner", partial(Runner, stream=stream))
    with one_route("andx", speed=speed) as route:
        route.until_ready()
        route.spin(lambda: stream.ear is not None, "the stream to be listened to")
        yield Streamed(route, stream)


def test_a_fill_of_the_stream_is_booked_at_once_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same sight again is no news, and neither is an older one."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        there.tell(order_id, "0.5", "0.5", "0.25")
        there.route.until(there.is_in(order_id, OrdStatus.PARTIALLY_FILLED), "the first fill")
        secondary = there.order(order_id).secondary_order_id
        asked = there.route.tap.count("GET", secondary)
        there.tell(order_id, "0.5", "0.25")
        # What contradicts the book is asked about; that the queries are behind is no contradiction.
        there.route.until_asked("GET", secondary, asked + 1)
        there.tell(order_id, "1", "0.5", "1")
        there.route.until(there.is_in(order_id, OrdStatus.FILLED), "the second")
        there.tell(order_id, "0.5", "1")
        there.route.spin(lambda: there.route.inbox.empty(), "everything to be decided")
        fills = [r for r in there.route.reports(order_id) if r.last_shares]
        assert [fill.exec_type for fill in fills] == [ExecType.PARTIAL_FILL, ExecType.FILL]
        assert there.route.quarantined() == []


def test_a_fill_by_stream_and_by_query_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queries run meanwhile, and say the same of a real fill in their own words."""
    with streamed(monkeypatch, speed=60) as there:
        order_id = there.route.take(there.route.bench.LEVEL)
        there.route.until(there.is_in(order_id, OrdStatus.FILLED), "the fill")
        there.say(lambda ear: ear.sight(there.filled(order_id, "1")))
        other = there.route.place(wait=True)
        there.route.cancel(other)
        there.route.until(there.is_in(other, OrdStatus.CANCELED), "the end of another order")
        fills = [r for r in there.route.reports(order_id) if r.last_shares]
        assert len(fills) == 1
        assert there.route.quarantined() == []


def test_a_named_fill_is_booked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known by its name, however often it is told, by either id of its order."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        order = there.order(order_id)
        trade = VenueTrade(
            trade_id="T1",
            symbol=order.symbol,
            side=order.side,
            last_shares=(order.order_qty or Decimal(0)) / 2,
            last_px=order.price or Decimal(0),
            secondary_order_id=order.secondary_order_id,
        )
        for _ in range(2):
            there.say(lambda ear: ear.trade(trade))
        there.say(lambda ear: ear.trade(replace(trade, venue_cl_ord_id=order.venue_cl_ord_id)))
        there.route.until(there.is_in(order_id, OrdStatus.PARTIALLY_FILLED), "the fill")
        there.say(lambda ear: ear.trade(trade))
        there.route.spin(lambda: there.route.inbox.empty(), "everything to be decided")
        assert len(there.order(order_id).executions) == 1


def test_an_order_that_is_stirred_is_looked_at_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long before its turn; an id that is nobody's asks for nothing."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        secondary = there.order(order_id).secondary_order_id
        there.route.until_asked("GET", secondary, 1)
        asked = there.route.tap.count("GET", secondary)
        there.say(lambda ear: ear.stir(secondary_order_id="999999"))
        there.say(lambda ear: ear.stir(secondary_order_id=secondary))
        there.route.until_asked("GET", secondary, asked + 1)


def test_an_unknown_order_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is somebody else's, on the same account: neither adopted nor shown as trouble."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        foreign: dict[str, Any] = {"venue_cl_ord_id": "77", "secondary_order_id": "999999"}
        there.say(lambda ear: ear.sight(replace(there.filled(order_id, "1"), **foreign)))
        there.say(lambda ear: ear.sight(Unreadable(reason="?", raw="?", **foreign)))
        there.say(lambda ear: ear.sight(there.filled(order_id, "0.5")))
        there.route.until(there.is_in(order_id, OrdStatus.PARTIALLY_FILLED), "our own fill")
        assert there.route.quarantined() == []


def test_what_can_not_be_ours_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that makes no sense, other terms under an id of ours, and what the stream itself finds
    unusable: the order stays what it was."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        before = there.order(order_id)
        ids = {
            "venue_cl_ord_id": before.venue_cl_ord_id,
            "secondary_order_id": before.secondary_order_id,
        }
        there.say(lambda ear: ear.sight(Unreadable(reason="no side", raw="row 1", **ids)))
        changed = {"order_qty": Decimal(77), "raw": "row 2"}
        there.say(lambda ear: ear.sight(there.sight(order_id, **changed)))
        there.say(lambda ear: ear.quarantine("a text that is no JSON", "row 3"))
        there.route.until(lambda: len(there.route.quarantined()) == 3, "three to be shown")
        assert [record.raw for record in there.route.quarantined()] == ["row 1", "row 2", "row 3"]
        assert there.order(order_id).ord_status is before.ord_status


def test_a_gap_has_everything_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without waiting for the turn of the queries."""
    with streamed(monkeypatch) as there:
        there.route.place(wait=True)
        asked = there.route.tap.count("GET", "")
        there.say(lambda ear: ear.lost("cut off"))
        there.say(lambda ear: ear.gap("connected again"))
        there.route.spin(lambda: there.route.tap.count("GET", "") > asked, "a look at the lists")
        status = there.route.runner.stream_status()
        assert status is not None
        assert (status.up, status.text) == (True, "connected again")


def test_the_end_by_stream_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after it does not bring the order back."""
    with streamed(monkeypatch) as there:
        order_id = there.route.place(wait=True)
        gone = there.sight(order_id, state=VenueState.CANCELED)
        working = there.sight(order_id)
        there.say(lambda ear: ear.sight(gone))
        there.route.until(there.is_in(order_id, OrdStatus.CANCELED), "the end")
        there.say(lambda ear: ear.sight(working))
        there.route.spin(lambda: there.route.inbox.empty(), "everything to be decided")
        assert there.order(order_id).ord_status is OrdStatus.CANCELED
        assert there.route.quarantined() == []


def test_an_order_heard_of_before_its_own_answer_is_acknowledged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The stream names it by the id that we drew; the answer that follows is no news."""
    with streamed(monkeypatch) as there:
        answered, heard = threading.Event(), threading.Event()

        def hold(request: SimRequest, answer: SimResponse) -> SimResponse:
            if request.method == "POST":
                answered.set()
                heard.wait(10)
            return answer

        there.route.tap.change = hold
        order_id = there.route.place()
        assert answered.wait(10), "waited 10 s for the new order at the venue"
        theirs = str(there.route.tap.orders()[-1]["order_id"])
        there.say(lambda ear: ear.sight(there.sight(order_id, secondary_order_id=theirs)))
        there.route.until(lambda: there.order(order_id).acknowledged, "the acknowledgement")
        heard.set()
        there.route.until_asked("GET", theirs, 1)
        there.route.cancel(order_id)
        there.route.until(there.is_in(order_id, OrdStatus.CANCELED), "the end")
        assert there.route.exec_types(order_id).count(ExecType.NEW) == 1
        assert there.route.quarantined() == []
