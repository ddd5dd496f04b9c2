"""What a scenario showed, held against what its venues know."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from oms.core.book import Book, Changes
from oms.core.fields import OrdStatus
from oms.core.legs import executed, of_leg
from oms.core.messages import NewOrderSingle
from oms.core.notes import OrderEntered
from oms.core.order import Order
from oms.core.ports import ToVenue
from tests.faults.plan import STRATEGY, Ask, Plan

Row = Mapping[str, Any]
LATE_S: Final = 5.0
"""An order that leaves so long after its commit is late: its price may be of another time."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An order in doubt that nothing has settled, and why."""

    route: str
    order_id: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of one plan. `failures` says in words whatever must not be; empty is right."""

    seed: int
    orders: int = 0
    """Orders that were entered."""
    fills: int = 0
    """Executions that stand."""
    lost_fills: int = 0
    """Orders at a venue of which it executed more than is booked."""
    phantom_fills: int = 0
    """Orders at a venue of which more is booked than it executed."""
    duplicate_orders: int = 0
    """Orders at a venue that nobody asked for."""
    wrong_terminal: int = 0
    """Orders that the books and a venue disagree about: over, working, refused or never there."""
    unbooked_in_doubt: int = 0
    """Orders in doubt of which their venue, that lists them under no id of ours, executed more than
    is booked."""
    unresolved: list[Unresolved] = field(default_factory=list)
    in_doubt_s: list[float] = field(default_factory=list)
    """How long each doubt that was settled had lasted, in seconds of the scenario's clock."""
    struck: dict[str, int] = field(default_factory=dict)
    """Faults that came about, by kind."""
    virtual_s: float = 0.0
    """How long it all took, on that clock."""
    restarts: int = 0
    requests: int = 0
    """Requests that came to venues."""
    journal_hash: str = ""
    """SHA-256 over the journal's rows."""
    failures: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing was lost, duplicated, wrong, or otherwise against the rules."""
        return not self.failures


@dataclass(slots=True)
class Sent:
    """An order that a committed record sends to a venue; it may come to be there once."""

    name: str
    terms: tuple[str, str, Decimal | None, Decimal | None]
    since_s: float
    """When it was committed that it leaves."""
    used: bool = False


class Witness:
    """What is seen while a scenario runs."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.doubts: list[float] = []
        self._sent: dict[str, list[Sent]] = {}
        self._doubted: dict[str, float] = {}
        self._nonces: dict[str, int] = {}
        self._named: set[tuple[str, str]] = set()

    def committed(self, changes: Changes, now_s: float) -> None:
        """What is on record now."""
        for _, record in changes.records:
            if isinstance(record.message, OrderEntered):
                self._name(record.message)
            for outbound in record.outbound:
                if isinstance(outbound, ToVenue) and isinstance(outbound.message, NewOrderSingle):
                    message = outbound.message
                    terms = (message.symbol, message.side.name, message.order_qty, message.price)
                    sent = Sent(message.cl_ord_id, terms, now_s)
                    self._sent.setdefault(outbound.route, []).append(sent)
        for order in changes.orders.values():
            self._doubt(order, now_s)

    def _doubt(self, order: Order, now_s: float) -> None:
        if order.in_doubt is not None:
            self._doubted.setdefault(order.order_id, now_s)
        elif order.order_id in self._doubted:
            self.doubts.append(now_s - self._doubted.pop(order.order_id))

    def _name(self, note: OrderEntered) -> None:
        name = (note.origin, note.request.cl_ord_id)
        if name in self._named:
            self.failures.append(f"{name[0]}'s {name[1]} is more than one order")
        self._named.add(name)

    def came(self, route: str, row: Row, left_s: float | None = None) -> None:
        """An order has come to be at a venue. `left_s`: when its request left, where that is known."""
        sent = self._sent.get(route, [])
        named = [one for one in sent if row["client_id"] and one.name == row["client_id"]]
        like = named or [one for one in sent if not row["client_id"] and _alike(one, row)]
        fresh = next((one for one in like if not one.used), None)
        if fresh is not None:
            fresh.used = True
            alone = (
                sum(one.terms == fresh.terms for one in sent) == 1
            )  # else it may wait for a twin
            late_s = 0.0 if left_s is None else left_s - fresh.since_s
            if alone and late_s > LATE_S:
                self.failures.append(
                    f"{route} order {row['order_id']} {shown(row)}: sent {late_s:.1f} s late"
                )
        else:
            what = "sent twice" if like else "not on record when it came"
            self.failures.append(f"{route} order {row['order_id']} {shown(row)}: {what}")

    def nonce(self, route: str, nonce: int) -> None:
        """A request with that number leaves."""
        last = self._nonces.get(route, -1)
        if nonce <= last:
            self.failures.append(f"{route}: nonce {nonce} was used after {last}")
        self._nonces[route] = max(nonce, last)


def _alike(sent: Sent, row: Row) -> bool:
    return (row["side"], Decimal(row["qty"])) == (sent.terms[1], sent.terms[2]) and (
        row["price"] is None or Decimal(row["price"]) == sent.terms[3]
    )


def shown(row: Row) -> str:
    """An order of a ledger, in words."""
    return (
        f"({row['side']} {row['cum']} of {row['qty']} {row['symbol']} at {row['price']},"
        f" {row['status']})"
    )


_OVER: Final = {"FILLED", "CANCELED", "REJECTED"}
_FORGETFUL: Final = {"CRYPTEX"}
"""Routes whose venue names nobody an order that ended unexecuted and whose number is not known: whether
one that is lost was refused, or taken and canceled there at once, nothing tells."""


@dataclass(slots=True)
class _Claim:
    """One order at a venue, as the books have it: an order, or a leg of one."""

    order: Order
    leg: int
    name: str
    theirs: str
    qty: Decimal
    price: Decimal | None

    @property
    def last(self) -> bool:
        return self.leg == max(len(self.order.legs) - 1, 0)

    @property
    def over(self) -> bool:
        if self.order.legs and not self.last:
            return True
        over = bool(self.order.legs) and self.order.legs[self.leg].over
        return over or self.order.ended or self.order.filled


def judge(
    outcome: Outcome,
    book: Book,
    ledgers: Mapping[str, list[Row]],
    foreign: Mapping[str, Collection[str]],
) -> None:
    """Compare the book with every venue's ledger, by route. `foreign`: ids of orders there that
    somebody else entered."""
    orders = [book.any_order(f"{n:010d}") for n in range(1, book.last_order_number + 1)]
    known = [order for order in orders if order is not None]
    outcome.orders = len(known)
    outcome.fills = sum(e.stands for order in known for e in order.executions.values())
    for order in known:
        if order.in_doubt is not None:
            outcome.unresolved.append(Unresolved(order.route, order.order_id, order.in_doubt.text))
        elif order.waits and not order.ended:
            outcome.unresolved.append(Unresolved(order.route, order.order_id, order.waits))
        elif not order.closed:
            name = f"{order.route} order {order.order_id}"
            outcome.failures.append(f"{name} is {order.ord_status.name}, and nothing ends it")
    for route, rows in ledgers.items():
        here = [order for order in known if order.route == route]
        _mistake(outcome, here, foreign[route])
        _compare(outcome, here, [row for row in rows if row["order_id"] not in foreign[route]])


def _mistake(outcome: Outcome, orders: Iterable[Order], foreign: Collection[str]) -> None:
    """Orders that were taken for ours, in doubt or not."""
    for claim in (claim for order in orders for claim in _claims(order)):
        if claim.theirs in foreign:
            outcome.wrong_terminal += 1
            outcome.failures.append(
                f"{claim.order.route} order {claim.order.order_id}: {claim.theirs} is taken for it,"
                " and is somebody else's"
            )


def _compare(outcome: Outcome, orders: Iterable[Order], rows: list[Row]) -> None:
    left = {row["order_id"]: row for row in rows}
    missing: list[_Claim] = []
    for claim in (claim for order in orders for claim in _claims(order)):
        row = _row_of(claim, left)
        if row is None:
            missing.append(claim)
        else:
            del left[row["order_id"]]
            _weigh(outcome, claim, row)
    # A row like two orders that the venue does not name is rather the one's that is in doubt.
    for claim in sorted(missing, key=lambda claim: claim.order.in_doubt is None):
        _miss(outcome, claim, left)
    for row in left.values():
        outcome.duplicate_orders += 1
        outcome.failures.append(f"nobody's order at {orders_name(row)} {shown(row)}")


def orders_name(row: Row) -> str:
    """What its venue calls an order."""
    return f"the venue, {row['order_id']} {row['client_id']}".rstrip()


def _claims(order: Order) -> list[_Claim]:
    if not order.legs:
        return [
            _Claim(
                order,
                0,
                order.venue_cl_ord_id,
                order.secondary_order_id,
                order.order_qty,
                order.price,
            )
        ]
    return [
        _Claim(order, i, leg.venue_cl_ord_id, leg.secondary_order_id, leg.order_qty, leg.price)
        for i, leg in enumerate(order.legs)
    ]


def _row_of(claim: _Claim, rows: Mapping[str, Row]) -> Row | None:
    for row in rows.values():
        if row["client_id"] and row["client_id"] == claim.name:
            return row
    return rows.get(claim.theirs) if claim.theirs else None


def _weigh(outcome: Outcome, claim: _Claim, row: Row) -> None:
    order, doubted = claim.order, claim.order.in_doubt is not None
    booked, worth = executed(order, claim.leg)
    traded = Decimal(row["cum"])
    name = f"{order.route} order {order.order_id}" + (f" leg {claim.leg}" if order.legs else "")
    differs = f"{name}: {booked} booked, the venue executed {shown(row)}"
    if booked > traded:
        # No doubt is about what is booked already.
        outcome.phantom_fills += 1
        outcome.failures.append(differs)
    elif booked < traded and doubted and not row["client_id"]:
        outcome.unbooked_in_doubt += 1  # it says of itself that it is not known
    elif booked < traded:
        outcome.lost_fills += 1
        outcome.failures.append(differs)
    elif not doubted and _ends_differ(claim, row):
        outcome.wrong_terminal += 1
        outcome.failures.append(f"{name} is {order.ord_status.name}, the venue says {shown(row)}")
    elif not _is_derived(claim) and worth != Decimal(row["notional"]):
        text = f"{name} is booked for {worth}, the venue says {row['notional']}"
        outcome.failures.append(text)
    elif (fees := _fees(claim)) is not None and fees != _fees_there(row):
        outcome.failures.append(f"{name} is booked with fees {fees}, the venue took {row['fees']}")


def _fees(claim: _Claim) -> dict[str, Decimal] | None:
    """The fees booked, by asset; None where one is not told. The quote where no asset is told."""
    quote = claim.order.symbol.partition("/")[2]
    fees: dict[str, Decimal] = {}
    for execution in of_leg(claim.order, claim.leg):
        if execution.stands and execution.commission is None:
            return None
        if execution.stands and execution.commission:
            asset = execution.fee_currency or quote
            fees[asset] = fees.get(asset, Decimal(0)) + execution.commission
    return fees


def _fees_there(row: Row) -> dict[str, Decimal]:
    told = row.get("fees") or "0"
    if isinstance(told, str):
        told = {row["symbol"].partition("/")[2]: told}
    return {asset: Decimal(fee) for asset, fee in told.items() if Decimal(fee)}


def _ends_differ(claim: _Claim, row: Row) -> bool:
    if claim.over != (row["status"] in _OVER):
        return True
    refused = "REJECTED" in (claim.order.ord_status.name, row["status"])
    return refused and not claim.order.legs and claim.order.ord_status.name != row["status"]


def _is_derived(claim: _Claim) -> bool:
    """Whether a price was made of the venue's average, which is rounded."""
    return any(e.derived for e in of_leg(claim.order, claim.leg))


def _miss(outcome: Outcome, claim: _Claim, left: dict[str, Row]) -> None:
    """An order of the books that the venue does not name: refused, never sent, or in doubt. What
    the venue has under another id is no order like it."""
    order = claim.order
    alike = [
        row
        for row in left.values()
        if (row["side"], Decimal(row["qty"])) == (order.side.name, claim.qty)
        and not row["client_id"]
        and row["price"] is not None
        and Decimal(row["price"]) == claim.price
    ]
    name = f"{order.route} order {order.order_id}" + (f" leg {claim.leg}" if order.legs else "")
    if order.waits and claim.last and not order.ended:
        return  # it says of itself that it has not been sent; what is there is its twin's
    if order.in_doubt is not None and alike:
        del left[alike[0]["order_id"]]
    elif alike:
        row = alike[0]
        del left[row["order_id"]]
        if order.route in _FORGETFUL and _ended_unexecuted(order, row):
            return
        outcome.wrong_terminal += 1
        outcome.lost_fills += bool(Decimal(row["cum"]))
        outcome.failures.append(
            f"{name} is {order.ord_status.name}, the venue has it: {shown(row)}"
        )
    elif not claim.over and order.in_doubt is None:
        outcome.wrong_terminal += 1
        outcome.failures.append(f"{name} is {order.ord_status.name}, the venue never had it")
    elif executed(order, claim.leg)[0]:
        outcome.phantom_fills += 1
        outcome.failures.append(f"{name} has fills, the venue never had it")


def _ended_unexecuted(order: Order, row: Row) -> bool:
    refused = order.ord_status is OrdStatus.REJECTED and not order.cum_qty
    return refused and row["status"] == "CANCELED" and not Decimal(row["cum"])


def never_entered(plan: Plan, book: Book) -> list[str]:
    """New orders of the strategy of which the engine knows nothing, though it was asked until it
    did. A desk's may be refused on its session, as for a SendingTime of another hour."""
    asked = [i for i in plan.intents if i.ask is Ask.NEW and i.origin == STRATEGY]
    return [
        f"order {one.order} was never entered"
        for one in asked
        if book.used(STRATEGY, f"o{one.order}") is None
    ]
