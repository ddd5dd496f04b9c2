"""The venues of a scenario: each its own simulator, spoken to without a socket."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any, Final
from urllib.parse import parse_qsl

from adapters import venue
from adapters.simserver import SimRequest, SimResponse, Simulator
from tests.faults.plan import Fault, Kind

Row = Mapping[str, Any]
ADDRESS: Final = "http://{kind}.venue"


def operation_of(kind: str, asked: SimRequest) -> str:
    """What a request is about: new, cancel, move or query."""
    if asked.method == "GET":
        return "query"
    return _OPERATIONS[kind](asked)


def _by_path(new: str, cancel: str, move: str = "/-/") -> Callable[[SimRequest], str]:
    def told(asked: SimRequest) -> str:
        if cancel in asked.path:
            return "cancel"
        if move in asked.path:
            return "move"
        return "new" if new in asked.path else "query"

    return told


def _by_method(asked: SimRequest) -> str:
    if asked.method == "DELETE":
        return "cancel"
    return "new" if asked.path.endswith("/order") else "query"


def _by_body(asked: SimRequest) -> str:
    if b"method=Trade&" in asked.body + b"&":
        return "new"
    if b"method=Withdraw" in asked.body or b"method=Coupon" in asked.body:
        return "move"
    return "cancel" if b"method=CancelOrder" in asked.body else "query"


def _at_apifiny(asked: SimRequest) -> str:
    moves = asked.path.endswith(("/asset/withdraw", "/asset/transferToVenue"))
    return "move" if moves else "query"  # orders go over FIX


_OPERATIONS: Final[Mapping[str, Callable[[SimRequest], str]]] = {
    "andx": _by_path("/orders/", "/cancel_order/", "/withdrawal/"),
    "apifiny": _at_apifiny,
    "bitexbit": _by_path("/order/", "/order-cancel/"),
    "btcturk": _by_method,
    "cryptex": _by_body,
}
_NONCE: Final = re.compile(rb"(?:^|&)nonce=([0-9]+)(?:&|$)")  # in a form
_HIDE: Final = {"cryptex": "hide_orders"}


def nonce_of(kind: str, asked: SimRequest) -> int | None:
    """The number that a request carries where the venue demands that they grow."""
    if kind == "bitexbit":
        told = asked.headers.get("x-nonce", "")
    elif kind == "cryptex":
        found = _NONCE.search(asked.body)
        return int(found[1]) if found is not None else None
    else:
        return None
    return int(told) if told.isdigit() else None


class Far:
    """One venue and what it knows."""

    def __init__(self, kind: str, seed: int, credentials: Mapping[str, str]) -> None:
        simulated = venue(kind).simulated
        assert simulated is not None, f"{kind} has no simulator"
        module, _, name = simulated.build.partition(":")
        self.kind = kind
        self.simulator: Simulator = getattr(import_module(module), name)(seed, 1, credentials)
        self.seen: list[str] = []
        """Its numbers of all orders, in the order they came."""
        self.foreign: set[str] = set()
        """Those of somebody else."""
        self._moved = 0

    def handle(self, asked: SimRequest, now_ms: int) -> SimResponse:
        """Answer."""
        return self.simulator.handle(asked, now_ms)

    def orders(self) -> list[Row]:
        """Its own list of all orders."""
        found: Any = self.simulator.ledger()["orders"]
        return list(found)

    def newly_seen(self) -> list[Row]:
        """Orders that were not there the last time."""
        rows = self.orders()
        fresh = rows[len(self.seen) :]
        self.seen += [row["order_id"] for row in fresh]
        return fresh

    def moves(self) -> list[Row]:
        """Its own list of the money that was sent away, or turned into a coupon."""
        found: Any = self.simulator.ledger().get("transfers", ())
        return [row for row in found if not row.get("incoming") and row["kind"] != "DEPOSIT"]

    def newly_moved(self) -> list[Row]:
        """What was not sent away the last time."""
        rows = self.moves()
        fresh, self._moved = rows[self._moved :], len(rows)
        return fresh

    def order(self, number: int) -> Row | None:
        """The `number`-th that came, from 1."""
        rows = self.orders()
        return rows[number - 1] if number <= len(rows) else None

    def act(self, fault: Fault, order_id: str, now_ms: int) -> bool:
        """Do to an order what the fault says. False where it is over already."""
        self.simulator.advance(now_ms)
        row = next((one for one in self.orders() if one["order_id"] == order_id), None)
        if row is None or row["status"] != "OPEN" or row["price"] is None:
            return False
        inside: Any = self.simulator
        if fault.kind is Kind.VENUE_CANCEL:
            _ENDS[self.kind](inside, order_id, now_ms)
        else:
            _FILLS[self.kind](inside, order_id, self._part(row, fault.part), now_ms)
        return True

    def enter(self, like: Row, now_ms: int) -> bool:
        """Somebody else enters an order on these terms. False where the venue takes none such."""
        self.simulator.advance(now_ms)
        told = {name: str(like[name]) for name in ("symbol", "side", "qty", "price")}
        try:
            self.simulator.switch("stranger", told)
        except ValueError:
            return False
        self.foreign.update(row["order_id"] for row in self.newly_seen())
        return True

    def let_go(self, now_ms: int) -> None:
        """Somebody else ends what works of theirs."""
        for row in self.orders():
            if row["order_id"] in self.foreign and row["status"] == "OPEN":
                _ENDS[self.kind](self.simulator, row["order_id"], now_ms)

    def undo_move(self) -> None:
        """The next move of money is taken, and ends without effect."""
        if self.kind == "apifiny":
            self.simulator.switch("cancel_move", 1)

    def tell_twice(self, times: int) -> None:
        """So many reports come twice."""
        if self.kind == "apifiny":
            self.simulator.switch("duplicate_report", times)

    def about(self, asked: SimRequest) -> str:
        """The venue's number of the order that a cancel is about."""
        if self.kind == "andx":
            return asked.path.rstrip("/").rpartition("/")[2]
        name = {"bitexbit": "order", "btcturk": "id", "cryptex": "order_id"}[self.kind]
        text = asked.query if self.kind == "btcturk" else asked.body.decode()
        return dict(parse_qsl(text)).get(name, "")

    def hide(self, kind: Kind, ms: int) -> None:
        """Orders, or what is executed, from now on are listed so much later."""
        if kind is Kind.LATE_FILLS and self.kind == "bitexbit":
            self.simulator.switch("delay_trades", ms)
        if kind is Kind.HIDDEN_ORDERS and self.kind != "apifiny":
            # Apifiny's queries are at one with its sessions.
            self.simulator.switch(_HIDE.get(self.kind, "hide_orders_ms"), ms)

    def be_well(self) -> None:
        """Nothing is listed late or told twice any more."""
        self.hide(Kind.HIDDEN_ORDERS, 0)
        self.hide(Kind.LATE_FILLS, 0)
        self.tell_twice(0)

    def _part(self, row: Row, percent: int) -> Decimal:
        left = Decimal(row["qty"]) - Decimal(row["cum"])
        return min(left, max(LOT, left * percent / 100 // LOT * LOT)) if percent < 100 else left


LOT: Final = Decimal("0.001")
"""What quantities in a plan are whole multiples of, at every venue."""


def _end_at_apifiny(inside: Any, order_id: str, now_ms: int) -> None:
    order = inside.exchange.orders[order_id]
    inside.exchange.cancel(order.asked.venue, order_id, now_ms)


def _fill_at_apifiny(inside: Any, order_id: str, qty: Decimal, now_ms: int) -> None:
    order = inside.exchange.orders[order_id]
    engine = inside.exchange.engines[order.asked.venue]
    inside.exchange._book(order, [engine.hit(order_id, qty, now_ms)])


def _end_at_bitexbit(inside: Any, order_id: str, now_ms: int) -> None:
    inside.trading.cancel(int(order_id), now_ms)


def _end_at_btcturk(inside: Any, order_id: str, now_ms: int) -> None:
    inside._desk._due[int(order_id)] = now_ms
    inside._desk._end(int(order_id), now_ms)


def _end_in_the_market(inside: Any, order_id: str, now_ms: int) -> None:
    inside._engine.cancel(order_id, now_ms)


def _fill_at_andx(inside: Any, order_id: str, qty: Decimal, now_ms: int) -> None:
    inside._account.book([inside._engine.hit(order_id, qty, now_ms)])


def _fill_at_bitexbit(inside: Any, order_id: str, qty: Decimal, now_ms: int) -> None:
    inside.switch("fill", {"order": order_id, "amount": str(qty)})


def _fill_at_btcturk(inside: Any, order_id: str, qty: Decimal, now_ms: int) -> None:
    inside._desk._book([inside._desk.market.engine.hit(order_id, qty, now_ms)])


def _fill_at_cryptex(inside: Any, order_id: str, qty: Decimal, now_ms: int) -> None:
    inside._book([inside._engine.hit(order_id, qty, now_ms)])


_ENDS: Final[Mapping[str, Callable[[Any, str, int], None]]] = {
    "andx": _end_in_the_market,
    "apifiny": _end_at_apifiny,
    "bitexbit": _end_at_bitexbit,
    "btcturk": _end_at_btcturk,
    "cryptex": _end_in_the_market,
}
_FILLS: Final[Mapping[str, Callable[[Any, str, Decimal, int], None]]] = {
    "andx": _fill_at_andx,
    "apifiny": _fill_at_apifiny,
    "bitexbit": _fill_at_bitexbit,
    "btcturk": _fill_at_btcturk,
    "cryptex": _fill_at_cryptex,
}
"""What the venue does by itself is no call of its: done inside of the simulators."""
