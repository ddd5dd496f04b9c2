"""A book with one route and one desk, driven message by message: the core without any edge."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from oms.core.apply import apply
from oms.core.book import EVERY_ROUTE, OPERATOR, Book, Changes
from oms.core.decide import decide
from oms.core.fields import OrdType, TimeInForce
from oms.core.house import HOUSE, cancel
from oms.core.notes import Instruments, OrderEntered, Quarantined, RouteStatus
from oms.core.order import Order, enter
from oms.core.ports import (
    Decision,
    Evidence,
    Inbound,
    Message,
    Record,
    ToMarket,
    ToOrigin,
    ToTreasury,
    ToVenue,
)
from oms.core.story import Story
from oms.core.venue import Capabilities, ClientId, Fence, FillIdentity, Instrument

ROUTE: Final = "VENUE"
DESK: Final = "DESK1"
SYMBOL: Final = "BTC/USDT"
START: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

NATIVE: Final = Capabilities(
    ord_types=frozenset(OrdType),
    time_in_force=frozenset(TimeInForce),
    post_only=True,
    market_buy_by_cash=False,
    client_id=ClientId.STAMPED,
    client_id_digits="7",
    can_replace=True,
    chains_requests=True,
    tells_pending=True,
    cancel_before_ack=True,
    cancel_final=True,
    fence=Fence.NOTHING,
    fill_identity=FillIdentity.EXEC_ID,
)
"""A venue that speaks all of FIX 4.2 itself."""

PLAIN: Final = Capabilities(
    ord_types=frozenset({OrdType.LIMIT, OrdType.MARKET}),
    time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
    post_only=True,
    market_buy_by_cash=False,
    client_id=ClientId.COUNTER,
)
"""A venue that takes orders and cancels, and no more."""


class DeskOfOne:
    """Posts messages to the core, applies the decisions, and checks that a replay agrees."""

    def __init__(self, capabilities: Capabilities = PLAIN, ready: bool = True) -> None:
        self.book = Book({ROUTE: capabilities}, {DESK: frozenset({EVERY_ROUTE})})
        self.now = START
        self.told: list[ToOrigin] = []
        self.asked: list[ToVenue] = []
        self.priced: list[ToMarket] = []
        self.moved: list[ToTreasury] = []
        self.records: list[Record] = []
        self.changes = Changes()
        self.drawn = 0
        instrument = Instrument(
            symbol=SYMBOL,
            venue_symbol="BTCUSDT",
            tick=Decimal("0.01"),
            step=Decimal("0.0001"),
            min_qty=Decimal("0.001"),
        )
        self.venue(Instruments(route=ROUTE, instruments=(instrument,)))
        self.venue(RouteStatus(route=ROUTE, up=ready, ready=ready))
        self.records.clear()

    def desk(self, message: Message, origin: str = DESK) -> Decision:
        """A message from the desk."""
        return self._post(Inbound(source=origin, message=message, evidence=Evidence.DESK))

    @property
    def quarantined(self) -> list[str]:
        """What could not be applied so far."""
        notes = (record.message for record in self.records)
        return [note.text for note in notes if isinstance(note, Quarantined)]

    def operator(self, message: Message) -> Decision:
        """A message from the operator."""
        source = Inbound(source=OPERATOR, message=message, evidence=Evidence.OPERATOR)
        return self._post(source)

    def venue(self, message: Message, evidence: Evidence = Evidence.VENUE_MESSAGE) -> Decision:
        """A message from the venue's gateway."""
        return self._post(Inbound(source=ROUTE, message=message, evidence=evidence))

    def house(self, text: str, number: int = 1) -> bool:
        """The engine cancels the n-th order by itself; whether it asked for anything."""
        self.now += timedelta(milliseconds=1)
        source = Inbound(
            source=HOUSE, message=Quarantined(reason="", text=""), evidence=Evidence.POLICY
        )
        story = Story(source, self.order(number), self.now)
        asked = cancel(self.book, story, text)
        self._fold(tuple(story.records))
        return asked

    def order(self, number: int = 1) -> Order:
        """The n-th order."""
        order = self.book.any_order(f"{number:010d}")
        assert order is not None, f"no order {number}"
        return order

    def _post(self, inbound: Inbound) -> Decision:
        self.now += timedelta(milliseconds=1)
        decision = decide(self.book, inbound, self.now, self._draw)
        self._fold(decision)
        return decision

    def _fold(self, decision: Decision) -> None:
        self.told, self.asked, self.moved = [], [], []
        for record in decision:
            self._replayed(record)
            self.book.apply(record, self.changes)
            self.records.append(record)
            for outbound in record.outbound:
                if isinstance(outbound, ToOrigin):
                    self.told.append(outbound)
                elif isinstance(outbound, ToVenue):
                    self.asked.append(outbound)
                elif isinstance(outbound, ToTreasury):
                    self.moved.append(outbound)
                else:
                    self.priced.append(outbound)

    def _draw(self, count: int) -> str:
        self.drawn += 1
        return f"{self.drawn:0{count}d}"

    def _replayed(self, record: Record) -> None:
        if record.order is None:
            return
        if isinstance(record.message, OrderEntered):
            again = enter(record.message, record.order_id, record.time)
        else:
            before = self.book.any_order(record.order_id)
            assert before is not None, f"{record.order_id} moves before it exists"
            again = apply(before, record.message, record.time)  # type: ignore[arg-type]  # what has an order is an event of its
        assert again == record.order, "a replay of the record must give the same order"
