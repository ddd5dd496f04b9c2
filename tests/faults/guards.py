"""The guards that keep the engine's promises, and the engine without each of them.

A guard is proved by its absence: with one function in its place that does what a careless engine
does, something must be lost, twice or wrong, and somebody must notice. Each guard has an accident
of its own (tests/faults/proofs.py) that shows it; `python -m tests.faults.guards` prints the table.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from unittest import mock

from adapters import teller as told_by
from adapters.budget import Budget
from adapters.lost import Lost
from adapters.port import VenueOrder, VenueState
from adapters.reconcile import reports
from adapters.repair import Repair
from adapters.teller import Teller
from adapters.trader import Trader
from fix.outlet import Outlet
from oms.core import desk_side, doubts, emulation, moves, nonces
from oms.core.book import Book, Changes
from oms.core.decide import decide
from oms.core.errors import OutcomeUnknown
from oms.core.fields import ExecType
from oms.core.legs import replacing
from oms.core.messages import ExecutionReport, NewOrderSingle
from oms.core.notes import Doubt, NoncesReserved, Request, ReserveNonces, RouteStatus
from oms.core.order import Order
from oms.core.ports import Decision, Evidence, Inbound, Record, ToVenue
from oms.core.story import Story
from oms.store import store
from oms.writer import Writer
from tests.faults.guard import Guard, all_of, in_place_of, nothing
from tests.faults.guards_money import MONEY


async def _nothing_soon(*_: Any) -> None:
    """In place of something that is not done, and awaited."""


async def _yes_soon(*_: Any) -> bool:
    return True


# The writer and the store


def _commit_with_the_next(writer: Writer) -> bool:
    """Writer.step, but what was decided is sent at once and written down with the next batch."""
    state: Any = writer
    batch = state._take_all_waiting()
    if not batch:
        return False
    changes = Changes()
    for inbound in (one for one in batch if isinstance(one, Inbound)):
        for record in decide(state._book, inbound, state._clock.now(), state._draw):
            state._book.apply(record, changes)
    late: list[Changes] = state.__dict__.setdefault("_late", [])
    while late:
        state._store.commit(late[0])
        del late[0]
    if changes.records:
        state._send(changes)
        state._on_commit(changes)
        late.append(changes)
    for waiting in batch:
        if not isinstance(waiting, Inbound):
            waiting.set()
    return True


_route_moved = doubts.route_moved


def _send_again_when_ready(
    book: Book, inbound: Inbound, status: RouteStatus, now: datetime
) -> Decision:
    """What has no answer goes out anew as soon as the venue can be reached."""
    records = [*_route_moved(book, inbound, status, now)]
    for order in book.working(status.route) if status.ready else ():
        instrument = book.routes[order.route].instrument(order.symbol, order.security_exchange)
        doubt = order.in_doubt
        if doubt is not None and doubt.request is Request.NEW and instrument is not None:
            request = emulation.to_venue(order, instrument.venue_symbol)
            story = Story(inbound, order, now)
            again = Doubt(cl_ord_id=order.venue_cl_ord_id, request=Request.NEW, text=doubt.text)
            story.add(again, ToVenue(order.route, order.order_id, request))
            records += story.records
    return tuple(records)


# The core


def _book_whatever_comes(order: Order, report: ExecutionReport) -> list[ExecutionReport]:
    return [report] if report.last_shares else []


def _explain_nothing(_: Order, report: ExecutionReport, left: Decimal) -> list[ExecutionReport]:
    """A fill with a name is new, whatever was booked from cumulative quantities before."""
    return [replace(report, last_shares=left)]


def _reserve_from_the_clock(
    book: Book, inbound: Inbound, note: ReserveNonces, now: datetime
) -> Decision:
    """As a program does that keeps its numbers in memory."""
    held = book.nonces.get(note.route, 0) if getattr(book, "_reserved_here", False) else 0
    book.__dict__["_reserved_here"] = True
    first = max(held + 1, note.floor)
    block = NoncesReserved(route=note.route, first=first, last=first + note.count - 1)
    evidence = Evidence.POLICY
    return (
        Record(time=now, message=block, evidence=evidence, origin=inbound.source, route=note.route),
    )


_replace_step = emulation._replace


def _send_both_halves(book: Book, story: Story, request: Any) -> None:
    """The new order leaves with the cancel of the old one, and not after it."""
    order = story.order
    asked = replacing(order)
    if asked is None or (order.legs and order.venue_cl_ord_id == asked.leg_name):
        _replace_step(book, story, request)
        return
    wanted = order.order_qty if request.order_qty is None else request.order_qty
    emulation._enter_leg(book, story, request, wanted - order.cum_qty)


_new_order = desk_side.new_order


def _take_a_name_again(
    book: Book, inbound: Inbound, order: NewOrderSingle, now: datetime, draw: Any
) -> Decision:
    with mock.patch.object(Book, "used", nothing):
        return _new_order(book, inbound, order, now, draw)


# The adapters


_doubt = Trader._doubt
_place = Trader.place


def _reject_after_a_timeout(trader: Trader, name: str, request: Request, text: str) -> None:
    if request is not Request.NEW:
        _doubt(trader, name, request, text)
        return
    report = ExecutionReport(
        exec_id=f"{name}:TIMER", exec_type=ExecType.REJECTED, cl_ord_id=name, text=text
    )
    trader._teller.post(report, Evidence.POLICY)


def _believe_a_cancel(trader: Trader, name: str, request: Request, text: str) -> None:
    if request is not Request.CANCEL:
        _doubt(trader, name, request, text)
        return
    report = ExecutionReport(
        exec_id=f"{name}:GONE", exec_type=ExecType.CANCELED, cl_ord_id=name, text=text
    )
    trader._teller.post(report, Evidence.POLICY)


class _Retrying:
    """A client that sends an order a second time when the first had no answer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def place(self, request: NewOrderSingle) -> Any:
        try:
            return await self._client.place(request)
        except OutcomeUnknown:
            return await self._client.place(request)


async def _place_with_retry(
    trader: Trader, order_id: str, request: NewOrderSingle, since: float
) -> None:
    client, trader._client = trader._client, _Retrying(trader._client)
    try:
        await _place(trader, order_id, request, since)
    finally:
        trader._client = client


def _end_at_once(order: Order, seen: VenueOrder, now: datetime) -> tuple[ExecutionReport, ...]:
    """A venue's word that an order is canceled ends it, whatever fills are not listed yet."""
    told = reports(order, seen, now)
    ends = any(report.exec_type is ExecType.CANCELED for report in told)
    if seen.state is not VenueState.CANCELED or order.ended or ends:
        return told
    end = ExecutionReport(
        exec_id=f"{seen.secondary_order_id}:CANCELED",
        exec_type=ExecType.CANCELED,
        cl_ord_id=order.venue_cl_ord_id,
        secondary_order_id=seen.secondary_order_id,
    )
    return (*told, end)


def _end_with_the_first_word(_: Teller, __: Order, seen: VenueOrder) -> VenueOrder:
    return seen


def _one_of_them(lost: Lost, order: Order, sights: Any) -> list[VenueOrder]:
    return _could_be(lost, order, sights)[-1:]


_could_be = Lost._could_be


async def _ready_at_once(repair: Any, turn: int) -> None:
    """A session that is logged on again is as good as one that was never away."""
    with repair._lock:
        if turn == repair._turn:
            repair._mended_turn = turn
            repair._tell(repair._text, ready=True)


_begin_budget = Budget.__init__


def _wait_for_ever(budget: Budget, *limits: Any, **how: Any) -> None:
    _begin_budget(budget, *limits, **{**how, "max_wait_s": 1e6})


GUARDS: Final[Mapping[str, Guard]] = {
    "commit before send": Guard(
        "oms/writer.py Writer.step",
        "an order at the venue that no journal knows",
        in_place_of(Writer, "step", _commit_with_the_next),
    ),
    "one owner": Guard(
        "oms/store/store.py LEAVE_OFF",
        "two engines write one journal",
        in_place_of(store, "LEAVE_OFF", "UPDATE owner SET seq = ?, hash = ? WHERE epoch = ?"),
    ),
    "no second send after a restart": Guard(
        "oms/core/doubts.py route_moved",
        "an order that the venue has already is sent again",
        in_place_of(doubts, "route_moved", _send_again_when_ready),
    ),
    "doubt after a restart": Guard(
        "oms/core/doubts.py _lose_answers",
        "an order that was on its way is never looked for",
        in_place_of(doubts, "_lose_answers", nothing),
    ),
    "executions by their names": Guard(
        "oms/core/moves.py _unbooked",
        "a fill that is told twice is booked twice",
        in_place_of(moves, "_unbooked", _book_whatever_comes),
    ),
    "derived executions are explained": Guard(
        "oms/core/moves.py _explained",
        "a fill is booked from a cumulative quantity, and again when its report comes",
        in_place_of(moves, "_explained", _explain_nothing),
    ),
    "nonces in the journal": Guard(
        "oms/core/nonces.py reserved",
        "numbers that the venue has seen are used again after a restart",
        in_place_of(nonces, "reserved", _reserve_from_the_clock),
    ),
    "names are used once": Guard(
        "oms/core/desk_side.py new_order",
        "an order that a desk repeats is two orders",
        in_place_of(desk_side, "new_order", _take_a_name_again),
    ),
    "a replace waits for its cancel": Guard(
        "oms/core/emulation.py _replace",
        "the old and the new order work together",
        in_place_of(emulation, "_replace", _send_both_halves),
    ),
    "a lost order is in doubt": Guard(
        "adapters/trader.py Trader._doubt",
        "a timer rejects an order that fills",
        in_place_of(Trader, "_doubt", _reject_after_a_timeout),
    ),
    "a lost cancel is in doubt": Guard(
        "adapters/trader.py Trader._doubt",
        "an order counts as canceled and fills",
        in_place_of(Trader, "_doubt", _believe_a_cancel),
    ),
    "no retry": Guard(
        "adapters/trader.py Trader.place",
        "an order whose answer was lost is sent twice",
        in_place_of(Trader, "place", _place_with_retry),
    ),
    "twin lock": Guard(
        "adapters/trader.py Trader._be_alone",
        "two equal orders are in doubt together, for ever",
        in_place_of(Trader, "_be_alone", _nothing_soon),
    ),
    "the fence": Guard(
        "adapters/lost.py Lost._is_fenced",
        "an order that is listed late is called absent",
        in_place_of(Lost, "_is_fenced", lambda *_: True),
    ),
    "what the account holds": Guard(
        "adapters/lost.py Lost._is_untouched",
        "an order that filled at once, and whose trade is listed late, is called absent",
        in_place_of(Lost, "_is_untouched", _yes_soon),
    ),
    "no choice between two": Guard(
        "adapters/lost.py Lost._could_be",
        "somebody else's order is taken for the lost one",
        in_place_of(Lost, "_could_be", _one_of_them),
    ),
    "claims": Guard(
        "adapters/lost.py Lost._claimed",
        "an order of ours that looks the same keeps a lost one in doubt for ever",
        in_place_of(Lost, "_claimed", lambda *_: set()),
    ),
    "high-water mark": Guard(
        "adapters/lost.py Lost._mark",
        "an older order that looks the same is taken for the lost one",
        in_place_of(Lost, "_mark", lambda *_: -1),
    ),
    "ids before the first order": Guard(
        "adapters/lost.py Lost.begin",
        "an order that was over before the engine began is taken for the lost one",
        in_place_of(Lost, "begin", _nothing_soon),
    ),
    "fills before the end": Guard(
        "adapters/reconcile.py reports, adapters/teller.py Teller._without_hasty_end",
        "a canceled order is forgotten before its last fill is listed",
        all_of(
            in_place_of(told_by, "reports", _end_at_once),
            in_place_of(Teller, "_without_hasty_end", _end_with_the_first_word),
        ),
    ),
    "a session's loss is mended": Guard(
        "adapters/repair.py Repair._mend",
        "what was told while the session was down is never known",
        in_place_of(Repair, "_mend", _ready_at_once),
    ),
    "a torn session is mended": Guard(
        "adapters/repair.py Repair.link_tore",
        "a fill that our own session has rejected is never known",
        in_place_of(Repair, "link_tore", nothing),
    ),
    "reports from the journal": Guard(
        "fix/outlet.py Outlet._missed",
        "a desk that was away is never told what became of its orders",
        in_place_of(Outlet, "_missed", lambda _: ()),
    ),
    "late orders stay": Guard(
        "adapters/budget.py Budget.__init__ max_wait_s",
        "an order fires long after it was meant, when the venue listens again",
        in_place_of(Budget, "__init__", _wait_for_ever),
    ),
    "kill switch at the door": Guard(
        "adapters/budget.py Budget.stop_new_while",
        "orders that waited leave under the kill switch",
        in_place_of(Budget, "stop_new_while", nothing),
    ),
    **MONEY,
}
