"""What any venue must do, as questions that are put to each: no venue is named here.

A question is a function of a route; `ask` registers it with what must be so for it to apply. The
answer is in the books of the engine and in the venue's own ledger, and both must say the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from adapters import venue
from oms.core.numbers import ZERO
from oms.core.order import Order
from oms.core.venue import Capabilities, Instrument
from tests.adapters.one_route import OneRoute

Question = Callable[[OneRoute], None]
Applies = Callable[[Capabilities], bool]


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and to whom it is put. `by_rest`: only where the runner itself trades."""

    name: str
    question: Question
    applies: Applies
    by_rest: bool = False

    def is_for(self, kind: str, capabilities: Capabilities) -> bool:
        """Whether the question makes sense there."""
        here = venue(kind).trades_here or not self.by_rest
        return here and self.applies(capabilities)


CASES: Final[dict[str, Case]] = {}


def ask(
    applies: Applies = lambda _: True, *, by_rest: bool = False
) -> Callable[[Question], Question]:
    """Register a question by its name."""

    def register(question: Question) -> Question:
        name = question.__name__
        assert name not in CASES, f"{name} is there twice"
        CASES[name] = Case(name, question, applies, by_rest)
        return question

    return register


# What questions look at


def capabilities_of(route: OneRoute) -> Capabilities:
    """What the route's venue says that it can."""
    return route.book.routes[route.route].capabilities


def instrument_of(route: OneRoute) -> Instrument:
    """The market that the bench trades."""
    order = route.bench.ORDER
    found = route.book.routes[route.route].instrument(order.symbol, order.security_exchange)
    assert found is not None, f"{order.symbol} is not listed"
    return found


def ledger_rows(route: OneRoute, order: Order) -> list[dict[str, Any]]:
    """The venue's own rows of an order, by its id there or by ours."""
    return [
        row
        for row in route.there.do(route.tap.orders)
        if row["order_id"] == order.secondary_order_id
        or (row["client_id"] and row["client_id"] == order.venue_cl_ord_id)
    ]


def ledger_row(route: OneRoute, order_id: str) -> dict[str, Any]:
    """The venue's own row of an order: exactly one."""
    rows = ledger_rows(route, route.order(order_id))
    assert len(rows) == 1, f"{len(rows)} orders at the venue"
    return rows[0]


_STATUS: Final = {"FILLED": "FILLED", "CANCELED": "CANCELED", "EXPIRED": "CANCELED"}


def assert_agree(route: OneRoute, order_id: str) -> None:
    """Side, terms, status and quantity as the ledger has them; money within what it rounds."""
    order, row = route.order(order_id), ledger_row(route, order_id)
    assert (order.symbol, order.side.name) == (row["symbol"], row["side"])
    assert order.order_qty == Decimal(row["qty"])
    assert order.cum_qty == Decimal(row["cum"])
    assert order.ord_status.name in (row["status"], *_open(row["status"]))
    derived = any(execution.derived for execution in order.executions.values())
    allowed = order.cum_qty * instrument_of(route).tick if derived else ZERO
    assert abs(order.notional - Decimal(row["notional"])) <= allowed


def _open(status: str) -> tuple[str, ...]:
    return ("NEW", "PARTIALLY_FILLED", "PENDING_CANCEL") if status == "OPEN" else ()


def paid(order: Order) -> Decimal:
    """The commissions of an order's executions."""
    told = [execution.commission for execution in order.executions.values() if execution.stands]
    return sum((commission for commission in told if commission is not None), ZERO)


def fees_in(row: dict[str, Any]) -> Decimal:
    """The fees of a ledger's row, all in one currency."""
    fees = row.get("fees") or "0"
    return sum(map(Decimal, fees.values()), ZERO) if isinstance(fees, dict) else Decimal(fees)
