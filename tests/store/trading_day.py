"""A small firm that trades through the real core into a real store, for the tests of this room."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, Final

from oms.core.book import EVERY_ROUTE, Book, Changes
from oms.core.decide import decide
from oms.core.fields import (
    BusinessRejectReason,
    ExecTransType,
    ExecType,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import (
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.notes import (
    CancelAll,
    Delivered,
    Doubt,
    DoubtSettled,
    Instruments,
    KillCertificate,
    KillSweep,
    KillSwitch,
    NotSent,
    Quarantined,
    Request,
    ReserveNonces,
    RouteStatus,
    SessionReset,
    Started,
    Unworkable,
)
from oms.core.order import Order
from oms.core.ports import Decision, Evidence, Inbound, Message
from oms.core.venue import Capabilities, ClientId, Emulation, Instrument
from oms.store.store import Store
from tests.store.breaks_day import disagree, look, stranger
from tests.store.money_day import move_money

START: Final = datetime(2025, 3, 1, 9, 30, tzinfo=UTC)
DESK: Final = "DESK1"
STRATEGY: Final = "grid-1"
REST: Final = "ANDX"
FIX: Final = "APIFINY"

CAPABILITIES: Final = {
    REST: Capabilities(
        ord_types=frozenset(OrdType),
        time_in_force=frozenset(TimeInForce),
        post_only=False,
        market_buy_by_cash=True,
        client_id=ClientId.COUNTER,
        emulates=frozenset(Emulation),
        offers=frozenset({"withdraw", "coupon"}),
    ),
    FIX: Capabilities(
        ord_types=frozenset(OrdType),
        time_in_force=frozenset(TimeInForce),
        post_only=True,
        market_buy_by_cash=False,
        client_id=ClientId.STAMPED,
        client_id_digits="00000001",
        can_replace=True,
        tells_pending=True,
        cancel_before_ack=True,
        exchanges=frozenset({"BINANCE"}),
    ),
}


class Firm:
    """Book and store, wired as the writer wires them: decide, apply, commit."""

    def __init__(self, path: Path) -> None:
        """`path` is the store's file."""
        self.url = f"sqlite:///{path}"
        self.now = START
        self.orders = 0
        self.executions = 0
        self.msg_seq_num = 0
        self._open()

    def _open(self) -> None:
        self.store = Store.open(self.url, owner="test", now=self.now)
        self.book = Book(
            CAPABILITIES,
            {DESK: frozenset({EVERY_ROUTE}), STRATEGY: frozenset({REST})},
            self.store.history,
        )
        self.store.load(self.book)
        self.post(REST, Started(epoch=self.store.epoch, version="0"), Evidence.POLICY)
        for route, exchange in ((REST, ""), (FIX, "BINANCE")):
            instrument = Instrument(
                symbol="BTC/USDT",
                venue_symbol="BTCUSDT",
                tick=Decimal("0.01"),
                step=Decimal("0.0001"),
                security_exchange=exchange,
            )
            self.venue(route, Instruments(route=route, instruments=(instrument,)))
            self.venue(route, RouteStatus(route=route, up=True, ready=True))

    def restart(self) -> None:
        """Close the store and take it over again."""
        self.store.close()
        self.now += timedelta(seconds=1)
        self._open()

    def loaded(self) -> Book:
        """A fresh book, loaded from what is committed."""
        book = Book(CAPABILITIES, self.book.entitlements, self.store.history)
        self.store.load(book)
        return book

    def decided(self, source: str, message: Message, evidence: Evidence, seq: int) -> Decision:
        """What the core says, a millisecond later."""
        self.now += timedelta(milliseconds=1, microseconds=7)
        inbound = Inbound(
            source=source, message=message, evidence=evidence, raw=f"<{source}>", msg_seq_num=seq
        )
        return decide(self.book, inbound, self.now, "7".__mul__)

    def post(self, source: str, message: Message, evidence: Evidence, seq: int = 0) -> Changes:
        """Decide, apply, commit one message."""
        changes = Changes()
        for record in self.decided(source, message, evidence, seq):
            self.book.apply(record, changes)
        self.store.commit(changes)
        return changes

    def desk(self, message: Message) -> Changes:
        """From the desk's FIX session."""
        self.msg_seq_num += 1
        return self.post(DESK, message, Evidence.DESK, self.msg_seq_num)

    def operator(self, message: Message) -> Changes:
        """The operator's word."""
        return self.post("operator", message, Evidence.OPERATOR)

    def venue(self, route: str, message: Message) -> Changes:
        """From a route's gateway."""
        return self.post(route, message, Evidence.VENUE_MESSAGE)

    def enter(self, route: str = REST, qty: str = "1.0000", **terms: Any) -> Order:
        """A new limit order of the desk's; it may come out refused."""
        self.orders += 1
        request = NewOrderSingle(
            cl_ord_id=f"D-{self.orders}",
            symbol="BTC/USDT",
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            ex_destination=route,
            security_exchange="BINANCE" if route == FIX else "",
            account="fund",
            order_qty=Decimal(qty),
            price=Decimal("40000.10"),
        )
        changes = self.desk(replace(request, **terms))
        return next(iter(changes.orders.values()))

    def report(self, order: Order, exec_type: ExecType, **facts: Any) -> Changes:
        """The venue's report about an order."""
        self.executions += 1
        report = ExecutionReport(
            exec_id=f"E{self.executions}",
            exec_type=exec_type,
            order_id=f"V{int(order.order_id)}",
            secondary_order_id=f"V{int(order.order_id)}",
            cl_ord_id=order.venue_cl_ord_id,
            transact_time=self.now,
        )
        return self.venue(order.route, replace(report, **facts))

    def fill(self, order: Order, qty: str, px: str = "40000", **facts: Any) -> Changes:
        """A partial fill, with its fee."""
        return self.report(
            order,
            ExecType.PARTIAL_FILL,
            last_shares=Decimal(qty),
            last_px=Decimal(px),
            commission=Decimal("0.10"),
            trade_id=f"T{self.executions + 1}",
            **facts,
        )

    def cancel(self, order: Order, cl_ord_id: str) -> Changes:
        """The desk asks for a cancel."""
        return self.desk(OrderCancelRequest(cl_ord_id=cl_ord_id, orig_cl_ord_id=order.cl_ord_id))

    def order(self, order_id: str) -> Order:
        """The order as the book has it."""
        order = self.book.any_order(order_id)
        assert order is not None, f"no order {order_id}"
        return order


# A day of anything that can happen


def begin(firm: Firm) -> None:
    """Balances, which count only while nothing moves, a break, and an order of somebody else."""
    look(firm, REST, {"BTC": "100", "USDT": "1E+7"})
    stranger(firm, REST, 9, cum=1)
    look(firm, REST, {"BTC": "101", "USDT": "1E+7"})
    firm.venue(REST, ReserveNonces(route=REST, count=60, floor=1))


def trade(firm: Firm, rng: Random, steps: int) -> None:
    """Let that many things happen, most of them possible."""
    if not firm.book.agreement.begun(REST):
        begin(firm)
    for _ in range(steps):
        working = [order for route in CAPABILITIES for order in firm.book.working(route)]
        if not working or rng.random() < 0.25:
            _desk_acts(firm, rng)
        else:
            _something_happens(firm, rng, rng.choice(working))


def _desk_acts(firm: Firm, rng: Random) -> None:
    route = rng.choice((REST, REST, FIX))
    acts: list[Callable[[], object]] = [
        lambda: firm.enter(route, f"{rng.randint(1, 30000) / 10000:.4f}"),
        lambda: firm.enter(route, side=Side.SELL, price=Decimal(rng.randint(1, 10**6)) / 100),
        lambda: firm.enter(
            REST,
            ord_type=OrdType.MARKET,
            price=None,
            order_qty=None,
            cash_order_qty=Decimal("1000.5"),
        ),
        lambda: firm.enter(route, symbol="NO/SUCH"),
        lambda: firm.enter(route, "0.00001"),
        lambda: firm.desk(OrderStatusRequest(cl_ord_id=f"D-{rng.randint(1, 9)}")),
        lambda: firm.desk(
            OrderCancelRequest(cl_ord_id=f"X-{rng.random()}", orig_cl_ord_id="never")
        ),
        lambda: firm.desk(
            Unworkable(
                ref_msg_type="AE",
                ref_seq_num=firm.msg_seq_num + 1,
                reason=BusinessRejectReason.UNSUPPORTED_MESSAGE_TYPE,
                ref_id="",
                text="no such message",
                origin=DESK,
            )
        ),
        lambda: firm.desk(Delivered(origin=DESK, number=rng.randint(0, 9), msg_seq_num=7)),
        lambda: firm.desk(SessionReset(origin=DESK, number=1, repeat_to=3)),
        lambda: enter_by_strategy(firm),
        lambda: stop_everything(
            firm, rng.choice((EVERY_ROUTE, REST)), certified=rng.random() < 0.5
        ),
        lambda: firm.operator(CancelAll(origin="operator", cl_ord_id="", route=FIX)),
        lambda: firm.venue(REST, ReserveNonces(route=REST, count=60, floor=rng.randint(0, 10**16))),
        lambda: move_money(firm, rng),
        lambda: move_money(firm, rng),
        lambda: disagree(firm, rng, route),
        firm.restart,
    ]
    rng.choice(acts)()


def stop_everything(firm: Firm, route: str, *, certified: bool) -> None:
    """The kill switch goes on and, so that the day goes on, off again."""
    firm.orders += 1
    switch = KillSwitch(on=True, route=route, origin="operator", cl_ord_id=f"K-{firm.orders}")
    firm.operator(switch)
    firm.post("engine", KillSweep(), Evidence.POLICY)
    if certified:
        note = KillCertificate(route=route, origin="operator", in_doubt=1, text="one in doubt")
        firm.post("engine", note, Evidence.POLICY)
    firm.operator(replace(switch, on=False, cl_ord_id=f"L-{firm.orders}"))


def enter_by_strategy(firm: Firm) -> None:
    """A strategy's order: it is told Pending New at once, and its price has an exponent."""
    firm.orders += 1
    request = NewOrderSingle(
        cl_ord_id=f"S-{firm.orders}",
        symbol="BTCUSDT",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        ex_destination=REST,
        order_qty=Decimal(2),
        price=Decimal("1E+2"),
    )
    firm.post(STRATEGY, request, Evidence.STRATEGY)


def replace_by_cancel(firm: Firm, order: Order, cl_ord_id: str) -> Order:
    """An acknowledged order made larger where the venue can only cancel: its second leg works."""
    firm.desk(larger(order, cl_ord_id))
    firm.report(order, ExecType.CANCELED)
    second = firm.order(order.order_id)
    name = f"V{second.venue_cl_ord_id}"
    firm.report(second, ExecType.NEW, order_id=name, secondary_order_id=name)
    return firm.order(order.order_id)


def larger(order: Order, cl_ord_id: str) -> OrderCancelReplaceRequest:
    """A replace that asks for one more."""
    return OrderCancelReplaceRequest(
        cl_ord_id=cl_ord_id,
        orig_cl_ord_id=order.cl_ord_id,
        symbol=order.symbol,
        side=order.side,
        ord_type=order.ord_type,
        order_qty=order.order_qty + 1,
        price=Decimal("39999.90"),
    )


def _something_happens(firm: Firm, rng: Random, order: Order) -> None:
    about = order.venue_cl_ord_id
    firm.orders += 1
    fresh = f"R-{firm.orders}"
    qty = f"{rng.randint(1, 9000) / 10000:.4f}"
    standing = [e.exec_id for e in order.executions.values() if e.stands] or ["none"]
    happenings: list[Callable[[], object]] = [
        lambda: firm.report(order, ExecType.NEW),
        lambda: firm.fill(order, qty),
        lambda: firm.fill(order, qty, f"{rng.randint(1, 10**7)}.10"),
        lambda: firm.fill(order, qty, derived=True, cum_qty=order.cum_qty + Decimal(qty)),
        lambda: firm.report(
            order,
            ExecType.FILL,
            last_shares=order.leaves_qty or Decimal("0.5"),
            last_px=Decimal(40001),
        ),
        lambda: firm.cancel(order, fresh),
        lambda: firm.desk(larger(order, fresh)),
        lambda: firm.report(order, rng.choice(_WORDS), text="said the venue"),
        lambda: firm.venue(
            order.route,
            OrderCancelReject(cl_ord_id="", orig_cl_ord_id=about, text="too late"),
        ),
        lambda: firm.report(
            order,
            ExecType.PARTIAL_FILL,
            exec_trans_type=rng.choice((ExecTransType.CANCEL, ExecTransType.CORRECT)),
            exec_ref_id=rng.choice(standing),
            last_shares=Decimal("0.0100"),
            last_px=Decimal(3),
        ),
        lambda: firm.venue(
            order.route, Doubt(cl_ord_id=about, request=rng.choice(tuple(Request)), text="silence")
        ),
        lambda: firm.venue(order.route, DoubtSettled(cl_ord_id=about, text="the sums agree")),
        lambda: firm.venue(
            order.route,
            NotSent(cl_ord_id=about, request=rng.choice(tuple(Request)), text="no route"),
        ),
        lambda: firm.venue(order.route, Quarantined(reason="unreadable", text="??")),
        lambda: _bounce(firm, order.route),
    ]
    rng.choice(happenings)()


_WORDS: Final = (
    ExecType.CANCELED,
    ExecType.REJECTED,
    ExecType.EXPIRED,
    ExecType.REPLACED,
    ExecType.PENDING_CANCEL,
    ExecType.PENDING_REPLACE,
    ExecType.DONE_FOR_DAY,
    ExecType.STOPPED,
    ExecType.RESTATED,
)


def _bounce(firm: Firm, route: str) -> None:
    firm.venue(route, RouteStatus(route=route, up=False, ready=False, lost_answers=True))
    firm.venue(route, RouteStatus(route=route, up=True, ready=True, text="back"))
