"""A scenario of tests/matrices on its way through the engine, step by step.

A `Stage` is where it is played: the pure core alone, or engine and store. The player turns a line into
messages, hands them over, and holds what the desk is told and what the order is against the line.
"""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol

from oms.core.book import Book
from oms.core.fields import (
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.messages import (
    BusinessMessageReject,
    ExecutionReport,
    NewOrderSingle,
    News,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.order import Order
from oms.core.ports import DeskReport, FromVenue, Message, ToOrigin, ToVenue
from oms.core.transitions import Event, Life, event_of
from oms.core.venue import Capabilities
from tests.core import matrix_steps as steps
from tests.core.desk_of_one import DESK, NATIVE, ROUTE, SYMBOL
from tests.core.matrix import load_all
from tests.core.matrix_steps import Matrix, Source, Step

MATRICES: Final = load_all(Path(__file__).parent.parent / "matrices")

ONE_AT_A_TIME: Final = frozenset({"D17a", "H08a"})
"""Scenarios of a venue that takes no second request while the first is unanswered."""


def capabilities_of(matrix: Matrix) -> Capabilities:
    """The venue that the scenario is about: it does all that FIX 4.2 lets a counterparty do."""
    return replace(NATIVE, chains_requests=matrix.name not in ONE_AT_A_TIME)


class Stage(Protocol):
    """Where a scenario is played: one desk, one route, and the book between them."""

    told: list[ToOrigin]
    """What the last message made the engine tell anybody."""
    asked: list[ToVenue]
    """What the last message made the engine ask of the venue."""

    @property
    def book(self) -> Book:
        """The book as it is now."""

    @property
    def quarantined(self) -> list[str]:
        """What could not be applied so far."""

    def desk(self, message: Message) -> object:
        """A message from the desk."""

    def operator(self, message: Message) -> object:
        """A message from the operator."""

    def venue(self, message: Message) -> object:
        """A message from the venue."""


_TO_CANCEL: Final = CxlRejResponseTo.ORDER_CANCEL_REQUEST

Request = NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderStatusRequest


@dataclass
class Scenario:
    """A matrix under way, with the ids that stand for the file's letters."""

    stage: Stage
    orders: dict[str, str] = field(default_factory=dict)
    told: dict[str, ExecutionReport] = field(default_factory=dict)
    wanted: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    used: set[tuple[Life, Event]] = field(default_factory=set)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What the venue was shown for a request's letter: ClOrdID and OrigClOrdID."""
    replaces: set[str] = field(default_factory=set)
    reports: int = 0
    exec_ids: set[str] = field(default_factory=set)

    def run(self, step: Step) -> list[DeskReport]:
        """Make the step happen; what the desk is told."""
        if step.source is Source.CLOCK:
            return []  # no clock moves an order: a day begins when the venue says so
        if step.source is Source.VENUE:
            self._venue_says(step)
        elif step.source is Source.PHONE:
            self.stage.operator(replace(_new_order(step.event), on_behalf_of_comp_id=DESK))
        else:
            self.stage.desk(self._request(step))
        if isinstance(step.event, steps.Order) and step.order and step.order not in self.orders:
            self.orders[step.order] = f"{self.stage.book.last_order_number:010d}"
        self._forwarded(step)
        return [told.message for told in self.stage.told if told.origin == DESK]

    def order(self, step: Step) -> Order:
        """The order that the step is about."""
        order = self.stage.book.any_order(self.orders[step.order or ""])
        assert order is not None, f"{step.text}: no such order"
        return order

    def _forwarded(self, step: Step) -> None:
        asked = [outbound.message for outbound in self.stage.asked]
        assert len(asked) == step.forwarded, f"{step.text}: the venue is asked {asked}"
        if asked and isinstance(step.event, steps.Cancel | steps.Replace):
            (request,) = asked
            assert isinstance(request, OrderCancelRequest | OrderCancelReplaceRequest)
            first = self.order(step).venue_cl_ord_id
            orig, _ = self.names.get(step.event.orig_cl_ord_id, (first, ""))
            # The venue's chain is the desk's, in names that the desk never sees.
            assert request.orig_cl_ord_id == orig, f"{step.text}: {request}"
            assert request.cl_ord_id not in {
                first,
                step.event.cl_ord_id,
                *dict(self.names.values()),
            }
            self.names[step.event.cl_ord_id] = (request.cl_ord_id, request.orig_cl_ord_id)

    def _venue_says(self, step: Step) -> None:
        message = self._venue(step)
        if isinstance(message, ExecutionReport):
            event = event_of(message.exec_type, message.exec_trans_type)
            self.used.add((self.order(step).life, event))
        self.stage.venue(message)

    def expect_ids(self, at: str, step: Step, report: DeskReport) -> None:
        """What README.md says of every report: OrderID, ExecID, CxlRejResponseTo."""
        assert not isinstance(report, BusinessMessageReject | News), at
        order_id = self.orders[step.order] if step.order and step.state else "NONE"
        assert report.order_id == order_id, f"{at}: {report.order_id}"
        if isinstance(report, OrderCancelReject):
            replacing = report.cl_ord_id in self.replaces
            to = CxlRejResponseTo.ORDER_CANCEL if replacing else _TO_CANCEL
            assert report.cxl_rej_response_to is to, at
        elif report.exec_trans_type is ExecTransType.STATUS:
            assert report.exec_id == "0", at
        else:
            named = getattr(step.event, "exec_id", "")
            assert report.exec_id.endswith(f":{named}" if named else ""), at
            assert report.exec_id not in self.exec_ids, f"{at}: {report.exec_id} again"
            self.exec_ids.add(report.exec_id)

    def _request(self, step: Step) -> Request:
        match step.event:
            case steps.Order() as order:
                assert order.cl_ord_id is not None
                self.wanted.setdefault(order.cl_ord_id, (order.order_qty, order.price))
                return _new_order(order)
            case steps.Cancel() as cancel:
                return OrderCancelRequest(
                    cl_ord_id=cancel.cl_ord_id, orig_cl_ord_id=cancel.orig_cl_ord_id
                )
            case steps.Replace() as amend:
                return self._replace(amend)
            case steps.Status() as status:
                return OrderStatusRequest(cl_ord_id=status.cl_ord_id)
            case _:
                raise AssertionError(f"no desk sends {step.event}")

    def _replace(self, amend: steps.Replace) -> OrderCancelReplaceRequest:
        qty, price = self.wanted.get(amend.orig_cl_ord_id, (Decimal(1), Decimal(1)))
        qty = amend.order_qty if amend.order_qty is not None else qty
        price = amend.price if amend.price is not None else price
        self.wanted[amend.cl_ord_id] = (qty, price)
        self.replaces.add(amend.cl_ord_id)
        return OrderCancelReplaceRequest(
            cl_ord_id=amend.cl_ord_id,
            orig_cl_ord_id=amend.orig_cl_ord_id,
            symbol=SYMBOL,
            side=Side.BUY,
            ord_type=OrdType.LIMIT,
            order_qty=qty,
            price=price,
        )

    def _venue(self, step: Step) -> FromVenue:
        self.reports += 1
        name = self.order(step).name_at_venue
        report = ExecutionReport(exec_id=f"V{self.reports}", exec_type=ExecType.NEW, cl_ord_id=name)
        match step.event:
            case steps.Word() as word:
                return self._word(report, word)
            case steps.Again() as again:
                return self.told[again.exec_id]
            case steps.CancelReject() as reject:
                asked, orig = self.names[reject.request]
                return OrderCancelReject(
                    cl_ord_id=asked,
                    orig_cl_ord_id=orig,
                    cxl_rej_reason=CxlRejReason[reject.reason],
                )
            case steps.Fill() | steps.Bust() | steps.Correct() as event:
                told = _execution(report, event)
                self.told[told.exec_id] = told
                return told
            case _:
                raise AssertionError(f"no venue says {step.event}")

    def _word(self, report: ExecutionReport, word: steps.Word) -> ExecutionReport:
        told = replace(
            report,
            exec_type=ExecType[word.exec_type],
            order_qty=word.order_qty,
            cum_qty=word.cum_qty,
        )
        if word.request is not None:
            asked, orig = self.names[word.request]
            told = replace(told, cl_ord_id=asked, orig_cl_ord_id=orig)
        if word.reason and told.exec_type is ExecType.REJECTED:
            told = replace(told, ord_rej_reason=OrdRejReason[word.reason])
        if word.reason and told.exec_type is ExecType.RESTATED:
            told = replace(told, exec_restatement_reason=ExecRestatementReason[word.reason])
        return told


def _new_order(event: object) -> NewOrderSingle:
    assert isinstance(event, steps.Order)
    return NewOrderSingle(
        cl_ord_id=event.cl_ord_id or "",
        ex_destination=ROUTE,
        symbol=SYMBOL,
        side=Side[event.side],
        ord_type=OrdType.LIMIT,
        order_qty=event.order_qty,
        price=event.price,
        time_in_force=TimeInForce[event.time_in_force],
        poss_resend=event.poss_resend,
    )


def _execution(
    report: ExecutionReport, event: steps.Fill | steps.Bust | steps.Correct
) -> ExecutionReport:
    report = replace(report, exec_id=event.exec_id)
    if isinstance(event, steps.Fill):
        return replace(
            report,
            exec_type=ExecType[event.exec_type],
            last_shares=event.last_shares,
            last_px=event.last_px,
        )
    # What the venue says of the order after it is its own business: here it says the least.
    report = replace(report, exec_ref_id=event.exec_ref_id, exec_type=ExecType.PARTIAL_FILL)
    if isinstance(event, steps.Bust):
        return replace(report, exec_trans_type=ExecTransType.CANCEL, last_shares=Decimal(0))
    return replace(
        report,
        exec_trans_type=ExecTransType.CORRECT,
        last_shares=event.last_shares,
        last_px=event.last_px,
    )


def play(matrix: Matrix, stage: Stage) -> Scenario:
    """Run the whole scenario; AssertionError where it goes another way than the file says."""
    scenario = Scenario(stage)
    for step in matrix.steps:
        told = scenario.run(step)
        at = f"{matrix.name}:{step.line}: {step.text}"
        assert len(told) == len(step.reports), f"{at} told {told}"
        for report, wanted in zip(told, step.reports, strict=True):
            expect(at, report, wanted)
            scenario.expect_ids(at, step, report)
        if step.state is not None and step.order is not None:
            _expect_state(at, scenario.order(step), step.state)
        assert stage.quarantined == [], at
    return scenario


def _expect_state(at: str, order: Order, state: steps.State) -> None:
    assert order.ord_status is OrdStatus[state.ord_status], f"{at}: {order.ord_status.name}"
    figures = (order.order_qty, order.cum_qty, order.leaves_qty, order.avg_px)
    expected = (state.order_qty, state.cum_qty, state.leaves_qty, state.avg_px)
    assert figures == expected, at


def expect(at: str, report: DeskReport, wanted: steps.Report) -> None:
    """The report says what the line says. AssertionError names the step `at`."""
    if wanted.exec_type is None:
        assert isinstance(report, OrderCancelReject), at
        assert report.cxl_rej_reason is CxlRejReason[wanted.cxl_rej_reason or ""], at
    else:
        assert isinstance(report, ExecutionReport), at
        assert report.exec_type is ExecType[wanted.exec_type], at
        assert report.exec_trans_type is ExecTransType[wanted.exec_trans_type], at
        _expect_figures(at, report, wanted)
        _expect_reasons(at, report, wanted)
    assert report.ord_status is OrdStatus[wanted.ord_status], at
    ids = (report.cl_ord_id or None, report.orig_cl_ord_id or None)
    assert ids == (wanted.cl_ord_id, wanted.orig_cl_ord_id), f"{at}: {ids}"


def _expect_figures(at: str, report: ExecutionReport, wanted: steps.Report) -> None:
    told = (report.order_qty, report.cum_qty, report.leaves_qty, report.avg_px, report.price)
    said = (wanted.order_qty, wanted.cum_qty, wanted.leaves_qty, wanted.avg_px, wanted.price)
    for figure, value in zip(told, said, strict=True):
        assert value is None or figure == value, f"{at}: {told} for {said}"
    if wanted.last_shares is not None:
        assert (report.last_shares, report.last_px) == (wanted.last_shares, wanted.last_px), at
    day = (report.day_order_qty, report.day_cum_qty)
    assert day == (wanted.day_order_qty, wanted.day_cum_qty), f"{at}: {day}"


def _expect_reasons(at: str, report: ExecutionReport, wanted: steps.Report) -> None:
    rejected, restated = wanted.ord_rej_reason, wanted.exec_restatement_reason
    assert report.ord_rej_reason is (OrdRejReason[rejected] if rejected else None), at
    reason = ExecRestatementReason[restated] if restated else None
    assert report.exec_restatement_reason is reason, at
    ref = report.exec_ref_id.rpartition(":")[2]
    assert ref == (wanted.exec_ref_id or ""), f"{at}: {report.exec_ref_id}"
