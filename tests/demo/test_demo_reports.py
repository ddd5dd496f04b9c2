"""An origin's log of what it was told: each report once, in order, and sums that agree."""

import asyncio
from decimal import Decimal

import pytest

from oms.core.fields import BusinessRejectReason, ExecTransType, ExecType, OrdRejReason, OrdStatus
from oms.core.messages import BusinessMessageReject, ExecutionReport, OrderCancelReject
from oms.demo.reports import Position, ReportLog, Told, told_of


def _told(number: int, exec_type: str, status: str, cum: str, last: str = "0", **more: str) -> Told:
    return Told(
        number=number,
        kind="EXECUTION_REPORT",
        cl_ord_id=more.get("cl_ord_id", "A"),
        order_id=more.get("order_id", "0000000001"),
        exec_id=more.get("exec_id", f"E{number}"),
        exec_trans_type=more.get("trans", "NEW"),
        exec_type=exec_type,
        ord_status=status,
        ord_rej_reason=more.get("reason", ""),
        last_shares=Decimal(last),
        cum_qty=Decimal(cum),
        avg_px=Decimal(more.get("avg", "0")),
    )


def _log(*told: Told) -> ReportLog:
    log = ReportLog()
    for one in told:
        log.add(one)
    return log


LIFE = (
    _told(1, "NEW", "NEW", "0"),
    _told(2, "PARTIAL_FILL", "PARTIALLY_FILLED", "1", "1"),
    _told(3, "PENDING_CANCEL", "PENDING_CANCEL", "1", cl_ord_id="A-X"),
    _told(5, "CANCELED", "CANCELED", "1", cl_ord_id="A-X", avg="7"),
)


def test_a_whole_life_is_without_fault() -> None:
    log = _log(*LIFE)
    position = log.position("A")
    assert log.faults == []
    assert position is not None
    assert position == Position("CANCELED", Decimal(1), Decimal(7))
    assert position.over
    assert log.position("A-X") == position


def test_the_refusal_of_a_cancel_says_where_the_order_is() -> None:
    """It was filled while the cancel was pending, and was pending cancel until that was refused."""
    filled = _told(4, "FILL", "PENDING_CANCEL", "2", "1", avg="7")
    log = _log(*LIFE[:3], filled)
    assert log.position("A") == Position("PENDING_CANCEL", Decimal(2), Decimal(7))
    reject = OrderCancelReject(
        cl_ord_id="A-X", order_id="0000000001", ord_status=OrdStatus.FILLED, text="too late"
    )
    log.add(told_of(5, reject))
    assert log.position("A") == Position("FILLED", Decimal(2), Decimal(7))
    assert log.faults == []


def test_a_report_told_twice_is_a_fault() -> None:
    again = _told(6, "NEW", "NEW", "0", exec_id="E1")
    assert "ExecID E1 was told twice" in _log(*LIFE, again).faults


def test_a_report_out_of_order_is_a_fault() -> None:
    assert _log(*LIFE, _told(4, "NEW", "CANCELED", "1")).faults == ["report 4 came after 5"]


@pytest.mark.parametrize(("cum", "last"), [("2", "0.5"), ("0.5", "0"), ("1", "1")])
def test_a_sum_that_does_not_follow_is_a_fault(cum: str, last: str) -> None:
    log = _log(*LIFE[:2], _told(7, "PARTIAL_FILL", "PARTIALLY_FILLED", cum, last))
    assert len(log.faults) == 1
    assert "order 0000000001: CumQty" in log.faults[0]


def test_status_reports_have_no_identity_and_may_be_ahead() -> None:
    """ExecID 0, as FIX 4.2 has it, time and again; what they say counts."""
    status = {"exec_id": "0", "trans": "STATUS"}
    log = _log(
        LIFE[0],
        _told(2, "NEW", "NEW", "0", **status),
        _told(3, "PARTIAL_FILL", "PARTIALLY_FILLED", "2", **status),
    )
    assert log.faults == []
    back = _told(4, "NEW", "NEW", "1", **status)
    log.add(back)
    assert len(log.faults) == 1


def test_an_answer_about_no_order_moves_nothing() -> None:
    log = _log(_told(1, "REJECTED", "REJECTED", "0", order_id="NONE"))
    assert log.position("A") is None


def test_reports_are_counted_by_what_they_say() -> None:
    duplicate = _told(6, "REJECTED", "CANCELED", "1", reason="DUPLICATE_ORDER")
    log = _log(*LIFE, duplicate)
    assert log.count("A") == 3
    assert log.count("A", ord_rej_reason="DUPLICATE_ORDER") == 1
    assert log.count("A-X", kind="ORDER_CANCEL_REJECT") == 0


def test_who_waits_is_woken_by_the_report_that_fulfils_it() -> None:
    async def scenario() -> list[bool]:
        log = _log(LIFE[0])
        already = await log.until(lambda: log.position("A") is not None, 0)
        waiting = asyncio.create_task(log.until(lambda: len(log.told) == 3, 5))
        await asyncio.sleep(0)
        log.add(LIFE[1])
        await asyncio.sleep(0)
        early = waiting.done()
        log.add(LIFE[2])
        return [already, early, await waiting]

    assert asyncio.run(scenario()) == [True, False, True]


def test_who_waits_in_vain_is_told_so() -> None:
    async def scenario() -> bool:
        return await ReportLog().until(lambda: False, 0.01)

    assert asyncio.run(scenario()) is False


def test_the_summary_says_where_each_order_stands() -> None:
    assert _log(*LIFE).summary(["waited"]) == {
        "reports": 4,
        "faults": [],
        "complaints": ["waited"],
        "positions": {"0000000001": ["CANCELED", "1", "7"]},
    }


def test_the_apis_reports_are_read_in_the_same_words() -> None:
    fill = ExecutionReport(
        exec_id="1:2",
        exec_type=ExecType.FILL,
        order_id="0000000001",
        cl_ord_id="A",
        ord_status=OrdStatus.FILLED,
        last_shares=Decimal(2),
        cum_qty=Decimal(2),
        avg_px=Decimal(3),
    )
    told = told_of(1, fill)
    assert (told.exec_type, told.ord_status, told.exec_trans_type) == ("FILL", "FILLED", "NEW")
    assert [told.last_shares, told.cum_qty, told.avg_px] == [2, 2, 3]
    refused = ExecutionReport(
        exec_id="2",
        exec_type=ExecType.REJECTED,
        exec_trans_type=ExecTransType.STATUS,
        ord_rej_reason=OrdRejReason.DUPLICATE_ORDER,
    )
    told = told_of(2, refused)
    assert (told.ord_rej_reason, told.ord_status) == ("DUPLICATE_ORDER", "")
    assert told_of(3, OrderCancelReject(cl_ord_id="A-X")).kind == "ORDER_CANCEL_REJECT"
    reason = BusinessRejectReason.OTHER
    other = BusinessMessageReject(ref_msg_type="G", business_reject_reason=reason, text="no")
    assert (told_of(4, other).kind, told_of(4, other).text) == ("REJECT", "no")


def test_a_report_is_one_line_of_the_log() -> None:
    assert LIFE[1].line() == (
        "2 EXECUTION_REPORT A 0000000001 E2 NEW PARTIAL_FILL PARTIALLY_FILLED 1 1 0 "
    )
