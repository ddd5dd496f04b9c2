"""What users see of the store: rows, filters, timelines, reports; from any thread, at any time."""

import sqlite3
from contextlib import closing
from decimal import Decimal

import pytest

from oms.core.errors import StoreUnavailable
from oms.core.fields import ExecTransType, ExecType, OrdType, Side
from oms.core.messages import ExecutionReport, OrderCancelReject, OrderStatusRequest
from oms.core.notes import Doubt, DoubtSettled, Quarantined, Request
from oms.core.ports import ToOrigin
from oms.store.queries import Reader
from tests.store.trading_day import DESK, FIX, REST, STRATEGY, Firm, enter_by_strategy

# Rows


def test_an_order_row(firm: Firm, reader: Reader) -> None:
    """Every field that users' scripts rely on, in the words and texts that they rely on."""
    order = firm.enter(REST, "1.5000")
    firm.report(order, ExecType.NEW)
    firm.fill(order, "0.3000", "40000.00")
    firm.cancel(firm.order(order.order_id), "C-1")
    row = reader.orders()[0]
    assert row == {
        "order_id": "0000000001",
        "cl_ord_id": "D-1",
        "orig_cl_ord_id": "",
        "origin": "DESK1",
        "venue": "ANDX",
        "exchange": "",
        "account": "fund",
        "symbol": "BTC/USDT",
        "side": "BUY",
        "ord_type": "LIMIT",
        "time_in_force": "GOOD_TILL_CANCEL",
        "expire_time": None,
        "exec_inst": "",
        "order_qty": "1.5",
        "cash_order_qty": None,
        "price": "40000.1",
        "stop_px": None,
        "ord_status": "PENDING_CANCEL",
        "cum_qty": "0.3",
        "leaves_qty": "1.2",
        "avg_px": "40000",
        "in_doubt": False,
        "in_doubt_since": None,
        "in_doubt_request": None,
        "in_doubt_text": "",
        "waits": "",
        "settled_by": "",
        "open": True,
        "secondary_order_id": "V1",
        "venue_cl_ord_id": order.venue_cl_ord_id,
        "text": "",
        "created": "2025-03-01T09:30:00.006042Z",
        "updated": "2025-03-01T09:30:00.009063Z",
    }


def test_an_order_in_doubt_says_so(firm: Firm, reader: Reader) -> None:
    """Which request, since when, what happened; and no more once it is settled."""
    order = firm.enter(FIX, ord_type=OrdType.MARKET, price=None, side=Side.SELL)
    about = order.venue_cl_ord_id
    firm.venue(FIX, Doubt(cl_ord_id=about, request=Request.NEW, text="no answer in 10 s"))
    row = reader.orders()[0]
    assert (row["exchange"], row["price"], row["side"]) == ("BINANCE", None, "SELL")
    assert row["in_doubt"] is True
    assert row["in_doubt_request"] == "NEW"
    assert row["in_doubt_since"] == row["updated"]
    assert row["in_doubt_text"] == "no answer in 10 s"
    assert reader.counts()["in_doubt"] == 1
    firm.venue(FIX, DoubtSettled(cl_ord_id=about, text="it is there"))
    assert reader.orders()[0]["in_doubt"] is False
    assert reader.counts()["in_doubt"] == 0


def test_a_fill_row(firm: Firm, reader: Reader) -> None:
    """The fee is in quote units where the venue names no currency."""
    firm.fill(firm.enter(), "1E-4", "40000.50")
    assert reader.fills() == [
        {
            "order_id": "0000000001",
            "cl_ord_id": "D-1",
            "origin": "DESK1",
            "venue": "ANDX",
            "exec_id": "E1",
            "trade_id": "T1",
            "symbol": "BTC/USDT",
            "side": "BUY",
            "last_shares": "0.0001",
            "last_px": "40000.5",
            "split_shares": None,
            "fee": "0.1",
            "fee_currency": "USDT",
            "transact_time": "2025-03-01T09:30:00.006042Z",
            "stands": True,
            "derived": False,
            "exec_ref_id": "",
        }
    ]


def test_fees_are_told_as_the_venue_told_them(firm: Firm, reader: Reader) -> None:
    """In another currency, or not at all."""
    order = firm.enter()
    firm.fill(order, "0.1", fee_currency="BNB")
    firm.report(order, ExecType.FILL, last_shares=Decimal("0.9"), last_px=Decimal(1))
    told = [(row["fee"], row["fee_currency"]) for row in reader.fills()]
    assert told == [("0.1", "BNB"), (None, "")]


def test_a_busted_fill_is_listed_on_request(firm: Firm, reader: Reader) -> None:
    """It does not stand, and the sums do without it."""
    order = firm.enter()
    firm.fill(order, "0.1")
    firm.fill(order, "0.2")
    firm.report(
        order, ExecType.PARTIAL_FILL, exec_trans_type=ExecTransType.CANCEL, exec_ref_id="E1"
    )
    assert [row["exec_id"] for row in reader.fills()] == ["E2"]
    everything = [(row["exec_id"], row["stands"]) for row in reader.fills(undone=True)]
    assert everything == [("E1", False), ("E2", True), ("E3", False)]
    assert reader.orders()[0]["cum_qty"] == "0.2"
    assert reader.counts()["fills"] == 1


def test_positions_sessions_and_quarantine(firm: Firm, reader: Reader) -> None:
    """The smaller listings."""
    order = firm.enter()
    firm.fill(order, "0.5")
    firm.venue(REST, Quarantined(reason="unreadable", text="??"))
    keys = {"venue": "ANDX", "exchange": "", "account": "fund"}
    assert reader.positions() == [
        {**keys, "asset": "BTC", "qty": "0.5"},
        {**keys, "asset": "USDT", "qty": "-20000.1"},
    ]
    assert reader.sessions() == [
        {"origin": DESK, "msg_seq_num_in": 1, "msg_seq_num_out": 0, "delivered": 0, "seen": 0}
    ]
    (row,) = reader.quarantine()
    assert (row["venue"], row["reason"], row["text"], row["raw"]) == (
        "ANDX",
        "unreadable",
        "??",
        "<ANDX>",
    )
    assert reader.counts() == {
        "records": firm.book.seq,
        "orders": 1,
        "open": 1,
        "in_doubt": 0,
        "breaks": 0,
        "foreign": 0,
        "fills": 1,
        "quarantined": 1,
        "moves_in_doubt": 0,
    }


def test_breaks_are_counted(firm: Firm, reader: Reader) -> None:
    """An overfill stays visible after its order is closed."""
    order = firm.enter()
    firm.fill(order, "1.5")
    row = reader.orders()[0]
    assert (row["open"], row["cum_qty"]) == (False, "1.5")
    assert row["text"] == "BREAK: overfilled by 0.5"
    assert reader.counts()["breaks"] == 1


# Filters and names


def test_filters(firm: Firm, reader: Reader) -> None:
    """By what is open, by route, by origin; the newest, oldest first."""
    closed = firm.enter(REST)
    firm.report(closed, ExecType.REJECTED)
    fix = firm.enter(FIX)
    enter_by_strategy(firm)
    firm.fill(fix, "0.1")

    def ids(**wanted: object) -> list[int]:
        return [int(row["order_id"]) for row in reader.orders(**wanted)]  # type: ignore[arg-type]  # a filter of another type each

    assert ids() == [1, 2, 3]
    assert ids(open_only=True) == [2, 3]
    assert ids(route=REST) == [1, 3]
    assert ids(route=REST, open_only=True) == [3]
    assert ids(origin=STRATEGY) == [3]
    assert ids(limit=2) == [2, 3]
    assert ids(route="NOWHERE") == []
    assert [row["order_id"] for row in reader.fills(route=FIX)] == ["0000000002"]
    assert reader.fills(route=REST) == reader.fills(origin=STRATEGY) == []
    assert reader.fills(order_id="0000000001") == []
    assert len(reader.fills(order_id="0000000002", limit=5)) == 1


@pytest.mark.parametrize("name", ["0000000001", "1", "01", "DESK1/D-1", "DESK1/C-1"])
def test_an_order_has_many_names(firm: Firm, reader: Reader, name: str) -> None:
    """OrderID, its digits, and any ClOrdID of its chain behind its origin."""
    order = firm.enter()
    firm.cancel(order, "C-1")
    firm.enter()
    row = reader.order(name)
    assert row is not None
    assert row["order_id"] == "0000000001"
    assert reader.order(name, DESK) == row
    assert reader.order(name, STRATEGY) is None


@pytest.mark.parametrize("name", ["", "9", "D-1", "DESK1/", "DESK1/X", "grid-1/D-1", "/D-1", "²"])
def test_no_order_has_this_name(firm: Firm, reader: Reader, name: str) -> None:
    """A ClOrdID means nothing without its origin, nor with another's."""
    firm.enter()
    assert reader.order(name) is None


# The timeline


def test_a_timeline_tells_the_whole_story(firm: Firm, reader: Reader) -> None:
    """What was asked, sent, told; what was in doubt; on which evidence; with the raw texts."""
    order = firm.enter()
    about = order.venue_cl_ord_id
    firm.venue(REST, Doubt(cl_ord_id=about, request=Request.NEW, text="timeout"))
    firm.cancel(order, "C-1")
    firm.report(order, ExecType.NEW)
    firm.fill(order, "0.25", "40000.50")
    firm.venue(REST, OrderCancelReject(cl_ord_id="C-1", orig_cl_ord_id=about, text="busy"))
    firm.desk(OrderStatusRequest(cl_ord_id="D-1"))
    firm.enter()
    rows = reader.timeline(order.order_id)
    assert all(set(row) == {"time", "kind", "evidence", "text", "raw"} for row in rows)
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    told = [(row["kind"], row["evidence"], row["text"]) for row in rows]
    new = "BUY 1 BTC/USDT LIMIT @ 40000.1 GOOD_TILL_CANCEL"
    expected = [
        ("REQUEST", "DESK", f"DESK1: NewOrderSingle D-1 {new}"),
        ("SENT", "DESK", f"ANDX: NewOrderSingle {about} {new.replace('/', '')}"),
        ("DOUBT", "VENUE_MESSAGE", "NEW: timeout"),
        ("REQUEST", "DESK", "DESK1: OrderCancelRequest C-1 of D-1"),
        ("RELEASED", "POLICY", "C-1"),
        ("REPORT", "VENUE_MESSAGE", "PARTIAL_FILL E2 0.25 @ 40000.5"),
        ("REPORT", "VENUE_MESSAGE", "OrderCancelReject C-1 busy"),
        ("REQUEST", "DESK", "DESK1: OrderStatusRequest D-1"),
    ]
    assert [row for row in told if row in expected] == expected
    assert told[-1][0] == "TOLD"
    assert told[-1][2] == "DESK1: STATUS 0 -> PARTIALLY_FILLED cum 0.25"
    assert rows[0]["raw"] == "<DESK1>"
    assert rows[2]["raw"] == "<ANDX>"
    assert {row["raw"] for row in rows if row["kind"] in ("SENT", "TOLD")} == {""}


def test_a_timeline_of_no_order_is_empty(firm: Firm, reader: Reader) -> None:
    """Records without an order are no order's."""
    firm.enter()
    assert reader.timeline("0000000002") == reader.timeline("") == []


# Reports


def test_reports_are_numbered_and_complete(firm: Firm, reader: Reader) -> None:
    """From any number on, exactly as they were handed to the gateway, and nobody else's."""
    sent: list[tuple[int, object]] = []
    firm.enter(symbol="NO/SUCH")
    order = firm.enter()
    for _ in range(3):
        told = firm.fill(firm.order(order.order_id), "0.1")
        numbers = [number for _, number, _, _ in told.reports]
        messages = [
            outbound.message
            for _, record in told.records
            for outbound in record.outbound
            if isinstance(outbound, ToOrigin)
        ]
        sent += zip(numbers, messages, strict=True)
    enter_by_strategy(firm)
    assert reader.reports(DESK, 1, 100) == sent
    assert [number for number, _ in reader.reports(DESK, 0, 100)] == [1, 2, 3, 4]
    assert [number for number, _ in reader.reports(DESK, 2, 1)] == [3]
    assert reader.reports(DESK, 4, 100) == []
    ((number, report),) = reader.reports(STRATEGY, 0, 100)
    assert number == 1
    assert isinstance(report, ExecutionReport)
    assert report.exec_type is ExecType.PENDING_NEW


def test_a_journal_that_can_not_be_read_is_said_so(firm: Firm, reader: Reader) -> None:
    """Which record; nothing is made up in its place."""
    firm.fill(firm.enter(), "0.1")
    seq = firm.book.seq
    with closing(sqlite3.connect(firm.url.removeprefix("sqlite:///"))) as vandal:
        vandal.execute("UPDATE journal SET body = '{\"m\": 1}' WHERE seq = ?", (seq,))
        vandal.commit()
    with pytest.raises(StoreUnavailable, match=f"record {seq} of the journal can not be read"):
        reader.reports(DESK, 0, 10)
    with pytest.raises(StoreUnavailable, match=f"record {seq}"):
        reader.timeline("0000000001")
