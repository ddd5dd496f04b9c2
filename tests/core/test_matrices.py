"""FIX 4.2's Appendix D, run as written on the pure core."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest

from oms.core.fields import (
    CxlRejReason,
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
    ExecutionReport,
    NewOrderSingle,
    OrderCancelReject,
    OrderCancelReplaceRequest,
    OrderCancelRequest,
    OrderStatusRequest,
)
from oms.core.ports import DeskReport, FromVenue
from oms.core.transitions import LIFE, Event, Life, event_of
from tests.core.desk_of_one import DESK, NATIVE, ROUTE, SYMBOL, DeskOfOne
from tests.core.matrix import load_all
from tests.core.matrix_steps import (
    Again,
    Bust,
    Cancel,
    CancelReject,
    Correct,
    Fill,
    Matrix,
    Order,
    Replace,
    Report,
    Source,
    Status,
    Step,
    Word,
)

MATRICES = load_all(Path(__file__).parent.parent / "matrices")
BEYOND = {"voice", "split", "day_figures"}
"""Orders without an id, quantities scaled by a split, and trading days: no spot venue has them."""

RUN = [matrix for matrix in MATRICES if not matrix.needs & BEYOND]
LEFT_OUT = {matrix.name for matrix in MATRICES if matrix.needs & BEYOND}


def test_what_is_left_out_is_named() -> None:
    """Ten scenarios need what no spot venue has; every other one is run."""
    assert {
        "D18",
        "D27",
        "D28",
        "D29",
        "D29a",
        "D29b",
        "D30",
        "D30a",
        "D30b",
        "D36",
    } == LEFT_OUT
    assert len(RUN) >= 60


@dataclass
class Scenario:
    """A matrix on its way through the core, with the ids that stand for the file's letters."""

    core: DeskOfOne
    orders: dict[str, str] = field(default_factory=dict)
    told: dict[str, ExecutionReport] = field(default_factory=dict)
    wanted: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    used: set[tuple[Life, Event]] = field(default_factory=set)

    def run(self, step: Step) -> list[DeskReport]:
        """Make the step happen; what the desk is told."""
        if step.source is Source.DESK:
            self.core.desk(self._request(step))
            if isinstance(step.event, Order) and step.order and step.order not in self.orders:
                self.orders[step.order] = f"{self.core.book.last_order_number:010d}"
        else:
            message = self._venue(step)
            if isinstance(message, ExecutionReport):
                event = event_of(message.exec_type, message.exec_trans_type)
                self.used.add((self._order(step).life, event))
            self.core.venue(message)
        assert all(told.origin == DESK for told in self.core.told)
        return [told.message for told in self.core.told]

    def _order(self, step: Step):  # type: ignore[no-untyped-def]
        order = self.core.book.any_order(self.orders[step.order or ""])
        assert order is not None
        return order

    def _request(
        self, step: Step
    ) -> NewOrderSingle | OrderCancelRequest | OrderCancelReplaceRequest | OrderStatusRequest:
        match step.event:
            case Order() as order:
                assert order.cl_ord_id is not None
                if order.cl_ord_id not in self.wanted:
                    self.wanted[order.cl_ord_id] = (order.order_qty, order.price)
                return NewOrderSingle(
                    cl_ord_id=order.cl_ord_id,
                    ex_destination=ROUTE,
                    symbol=SYMBOL,
                    side=Side[order.side],
                    ord_type=OrdType.LIMIT,
                    order_qty=order.order_qty,
                    price=order.price,
                    time_in_force=TimeInForce[order.time_in_force],
                    poss_resend=order.poss_resend,
                )
            case Cancel() as cancel:
                return OrderCancelRequest(
                    cl_ord_id=cancel.cl_ord_id, orig_cl_ord_id=cancel.orig_cl_ord_id
                )
            case Replace() as amend:
                qty, price = self.wanted.get(amend.orig_cl_ord_id, (Decimal(1), Decimal(1)))
                qty = amend.order_qty if amend.order_qty is not None else qty
                price = amend.price if amend.price is not None else price
                self.wanted[amend.cl_ord_id] = (qty, price)
                return OrderCancelReplaceRequest(
                    cl_ord_id=amend.cl_ord_id,
                    orig_cl_ord_id=amend.orig_cl_ord_id,
                    symbol=SYMBOL,
                    side=Side.BUY,
                    ord_type=OrdType.LIMIT,
                    order_qty=qty,
                    price=price,
                )
            case Status() as status:
                return OrderStatusRequest(cl_ord_id=status.cl_ord_id)
            case _:
                raise AssertionError(f"no desk sends {step.event}")

    def _venue(self, step: Step) -> FromVenue:
        order = self._order(step)
        report = ExecutionReport(
            exec_id=f"V{len(self.core.records)}",
            exec_type=ExecType.NEW,
            cl_ord_id=order.venue_cl_ord_id,
        )
        match step.event:
            case Word() as word:
                return self._word(report, word)
            case Fill() as fill:
                told = replace(
                    report,
                    exec_id=fill.exec_id,
                    exec_type=ExecType[fill.exec_type],
                    last_shares=fill.last_shares,
                    last_px=fill.last_px,
                )
            case Bust() as bust:
                told = replace(
                    report,
                    exec_id=bust.exec_id,
                    exec_ref_id=bust.exec_ref_id,
                    exec_type=ExecType.PARTIAL_FILL,
                    exec_trans_type=ExecTransType.CANCEL,
                    last_shares=Decimal(0),
                )
            case Correct() as correct:
                told = replace(
                    report,
                    exec_id=correct.exec_id,
                    exec_ref_id=correct.exec_ref_id,
                    exec_type=ExecType.PARTIAL_FILL,
                    exec_trans_type=ExecTransType.CORRECT,
                    last_shares=correct.last_shares,
                    last_px=correct.last_px,
                )
            case Again() as again:
                return self.told[again.exec_id]
            case CancelReject() as reject:
                return OrderCancelReject(
                    cl_ord_id=reject.request,
                    orig_cl_ord_id=order.venue_cl_ord_id,
                    cxl_rej_reason=CxlRejReason[reject.reason],
                )
            case _:
                raise AssertionError(f"no venue says {step.event}")
        self.told[told.exec_id] = told
        return told

    def _word(self, report: ExecutionReport, word: Word) -> ExecutionReport:
        exec_type = ExecType[word.exec_type]
        told = replace(report, exec_type=exec_type, order_qty=word.order_qty)
        if word.request is not None:
            # A native counterparty names the request, and in OrigClOrdID the order.
            order_id = self.orders.get(word.request)
            assert order_id is None, "a request has an id of its own"
            told = replace(told, cl_ord_id=word.request, orig_cl_ord_id=report.cl_ord_id)
        if word.reason and exec_type is ExecType.REJECTED:
            told = replace(told, ord_rej_reason=OrdRejReason[word.reason])
        if word.reason and exec_type is ExecType.RESTATED:
            reason = word.reason.replace("ORDERQTY", "ORDER_QTY")
            told = replace(told, exec_restatement_reason=ExecRestatementReason[reason])
        return told


def _expect(step: Step, report: DeskReport, wanted: Report) -> None:
    if wanted.exec_type is None:
        assert isinstance(report, OrderCancelReject)
        assert report.cxl_rej_reason is CxlRejReason[wanted.cxl_rej_reason or ""]
    else:
        assert isinstance(report, ExecutionReport)
        assert report.exec_type is ExecType[wanted.exec_type]
        assert report.exec_trans_type is ExecTransType[wanted.exec_trans_type]
        figures = (report.order_qty, report.cum_qty, report.leaves_qty, report.avg_px)
        expected = (wanted.order_qty, wanted.cum_qty, wanted.leaves_qty, wanted.avg_px)
        for figure, value in zip(figures, expected, strict=True):
            assert value is None or figure == value, f"{step.text}: {figures} for {expected}"
        if wanted.last_shares is not None:
            assert report.last_shares == wanted.last_shares
            assert report.last_px == wanted.last_px
        rej = wanted.ord_rej_reason
        assert report.ord_rej_reason is (OrdRejReason[rej] if rej else None)
        ref = f":{wanted.exec_ref_id}" if wanted.exec_ref_id else ""
        assert report.exec_ref_id.endswith(ref)
        assert bool(report.exec_ref_id) == bool(wanted.exec_ref_id)
        if wanted.price is not None:
            assert report.price == wanted.price
        restated = report.exec_restatement_reason
        assert (restated is not None) == (wanted.exec_restatement_reason is not None)
    assert report.ord_status is OrdStatus[wanted.ord_status]
    assert (report.cl_ord_id or None) == wanted.cl_ord_id
    assert (report.orig_cl_ord_id or None) == wanted.orig_cl_ord_id


ONE_AT_A_TIME = {"D17a", "H08a"}
"""Scenarios of a venue that takes no second request while the first is unanswered."""


def _play(matrix: Matrix) -> Scenario:
    chains = matrix.name not in ONE_AT_A_TIME
    scenario = Scenario(DeskOfOne(replace(NATIVE, chains_requests=chains)))
    for step in matrix.steps:
        told = scenario.run(step)
        at = f"{matrix.name}:{step.line}: {step.text}"
        assert len(told) == len(step.reports), f"{at} told {told}"
        for report, wanted in zip(told, step.reports, strict=True):
            _expect(step, report, wanted)
        if step.state is not None and step.order is not None:
            order = scenario._order(step)
            state = step.state
            assert order.ord_status is OrdStatus[state.ord_status], at
            assert order.order_qty == state.order_qty, at
            assert order.cum_qty == state.cum_qty, at
            assert order.leaves_qty == state.leaves_qty, at
            assert order.avg_px == state.avg_px, at
    return scenario


@pytest.mark.parametrize("matrix", RUN, ids=lambda matrix: matrix.name)
def test_matrix(matrix: Matrix) -> None:
    """Each step leaves the state, and tells the desk the reports, that the file states."""
    _play(matrix)


def test_every_row_of_the_state_table_is_used_by_some_matrix() -> None:
    """Coverage does not see a table; this does."""
    used: set[tuple[Life, Event]] = set()
    for matrix in RUN:
        used |= _play(matrix).used
    rows = {(life, event) for life, events in LIFE.items() for event in events}
    assert rows - used == set()
