"""The messages of many orders' lives, made before anything is timed.

A lifecycle is four messages: a desk's new order, the venue's acknowledgement, two fills. They are
made by a rehearsal: an engine with a clock and a draw of its own decides on them, so that a venue's
reports name the ids which the measured engine will draw again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from adapters.apifiny.venue import VENUE
from oms.core.book import EVERY_ROUTE, Book, Changes
from oms.core.decide import Draw, decide
from oms.core.fields import ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Instruments, RouteStatus, Started
from oms.core.order import Order
from oms.core.ports import Evidence, History, Inbound
from oms.core.venue import Instrument

DESK: Final = "DESK1"
ROUTE: Final = "APIFINY"
EXCHANGE: Final = "BINANCE"
MESSAGES_A_LIFE: Final = 4

START: Final = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
APART: Final = timedelta(microseconds=37)
_SEED: Final = 42
QTY: Final = Decimal("1.0000")
HALF: Final = Decimal("0.5000")
_PX: Final = Decimal("40000.10")
_INSTRUMENT: Final = Instrument(
    symbol="BTC/USDT",
    venue_symbol="BTCUSDT",
    tick=Decimal("0.01"),
    step=Decimal("0.0001"),
    min_qty=Decimal("0.0001"),
    max_qty=Decimal(1000),
    min_notional=Decimal(1),
    max_notional=Decimal(1_000_000),
    security_exchange=EXCHANGE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A message and the time at which it is decided."""

    inbound: Inbound
    now: datetime


@dataclass(frozen=True, slots=True)
class Script:
    """`opening` brings the route up; `groups` are decided, and committed, together."""

    opening: list[Step]
    groups: list[list[Step]]
    changes: list[Changes]
    """What each group changed in the rehearsal."""

    @property
    def messages(self) -> int:
        """Of all groups."""
        return sum(map(len, self.groups))


def new_book(history: History | None = None, origins: Collection[str] = (DESK,)) -> Book:
    """An empty book that knows the route, and who may trade there."""
    capabilities = VENUE.capabilities({"account_id": "STA-00000001", "exchanges": [EXCHANGE]})
    return Book({ROUTE: capabilities}, dict.fromkeys(origins, frozenset({EVERY_ROUTE})), history)


def new_draw() -> Draw:
    """The rehearsal's random digits, from their beginning."""
    random = Random(_SEED)  # noqa: S311  ids of a benchmark

    def draw(count: int) -> str:
        return f"{random.randrange(10**count):0{count}d}"

    return draw


def fold(book: Book, group: list[Step], draw: Draw) -> Changes:
    """Decide on a group and fold it in, as the writer does."""
    changes = Changes()
    for step in group:
        for record in decide(book, step.inbound, step.now, draw):
            book.apply(record, changes)
    return changes


def rehearse(lifecycles: int, group: int) -> Script:
    """A script of so many lifecycles in groups of that many messages.

    Orders live side by side in waves of `group`, so that a group holds as many different orders
    as it has messages, and no two rows of one order.
    """
    return _Rehearsal(group).script(lifecycles)


class _Rehearsal:
    def __init__(self, group: int) -> None:
        self._group = group
        self._book = new_book()
        self._draw = new_draw()
        self._now = START
        self._orders = 0

    def script(self, lifecycles: int) -> Script:
        steps = [self._step(inbound) for inbound in opening()]
        fold(self._book, steps, self._draw)
        script = Script(steps, [], [])
        while self._orders < lifecycles:
            wave = min(self._group, lifecycles - self._orders)
            first = self._play(script, [self._new_order() for _ in range(wave)])
            orders = list(first.orders.values())
            for exec_type in (ExecType.NEW, ExecType.PARTIAL_FILL, ExecType.FILL):
                self._play(script, [report(order, exec_type, HALF) for order in orders])
        return script

    def _play(self, script: Script, inbounds: list[Inbound]) -> Changes:
        group = [self._step(inbound) for inbound in inbounds]
        changes = fold(self._book, group, self._draw)
        script.groups.append(group)
        script.changes.append(changes)
        return changes

    def _step(self, inbound: Inbound) -> Step:
        self._now += APART
        return Step(inbound, self._now)

    def _new_order(self) -> Inbound:
        self._orders += 1
        return new_order(self._orders)


def opening() -> list[Inbound]:
    """What brings the route up."""
    messages: list[Started | Instruments | RouteStatus] = [
        Started(epoch=1, version="0"),
        Instruments(route=ROUTE, instruments=(_INSTRUMENT,)),
        RouteStatus(route=ROUTE, up=True, ready=True),
    ]
    return [Inbound(source=ROUTE, message=one, evidence=Evidence.POLICY) for one in messages]


def new_order(number: int, desk: str = DESK) -> Inbound:
    """A desk's `number`-th order, as its session hands it over."""
    cl_ord_id = f"D1-20260105-{number:08d}"
    request = NewOrderSingle(
        cl_ord_id=cl_ord_id,
        symbol="BTC/USDT",
        side=Side.BUY,
        ord_type=OrdType.LIMIT,
        ex_destination=ROUTE,
        security_exchange=EXCHANGE,
        account="fund",
        order_qty=QTY,
        price=_PX,
    )
    return Inbound(
        source=desk,
        message=request,
        evidence=Evidence.DESK,
        raw=f"8=FIX.4.2|9=168|35=D|34={number}|49={desk}|52=20260105-09:30:00.000|56=OMS|"
        f"1=fund|11={cl_ord_id}|21=1|38=1.0000|40=2|44=40000.10|54=1|55=BTC/USDT|59=1|"
        f"60=20260105-09:30:00.000|100={ROUTE}|207={EXCHANGE}|10=000|",
        msg_seq_num=number,
    )


def report(order: Order, exec_type: ExecType, last_shares: Decimal) -> Inbound:
    """What the venue says of an order; `last_shares` only where it is a fill."""
    number, fills = int(order.order_id), exec_type is not ExecType.NEW
    exec_id = f"X{number}-{exec_type.value}"
    told = ExecutionReport(
        exec_id=exec_id,
        exec_type=exec_type,
        cl_ord_id=order.venue_cl_ord_id,
        order_id=f"V{number:012d}",
        secondary_order_id=f"V{number:012d}",
        order_qty=QTY,
        last_shares=last_shares if fills else None,
        last_px=_PX if fills else None,
        transact_time=order.created,
    )
    return Inbound(
        source=ROUTE,
        message=told,
        evidence=Evidence.VENUE_MESSAGE,
        raw=f"8=FIX.4.2|9=190|35=8|34={number}|49=APIFINY|52=20260105-09:30:00.000|56=STA-00000001|"
        f"11={order.venue_cl_ord_id}|17={exec_id}|32={last_shares}|37=V{number:012d}|38=1.0000|"
        f"39={exec_type.value}|44=40000.10|54=1|55=BTCUSDT|60=20260105-09:30:00.000|"
        f"150={exec_type.value}|10=000|",
    )
