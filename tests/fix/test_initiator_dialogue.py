"""What Apifiny's simulator never says, said by a script; and what must never be sent."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.fix.desk import Fields
from tests.fix.trading import ACCOUNT, Trading
from tests.fix.venue import Venue

TradeAt = Callable[..., Trading]


@pytest.fixture
def trading(venue: Venue, trade_at: TradeAt) -> Trading:
    """An initiator that is logged on to the scripted venue."""
    trading = trade_at({"": venue.port})
    venue.welcome()
    trading.wait_link(up=True)
    return trading


def acknowledge(venue: Venue, order: Fields, order_id: str = "v1") -> None:
    """150=0 as the document prints it."""
    report(venue, "0", order_id, (11, order[11]), (32, "0"), (44, order.get(44, "0")))


def report(venue: Venue, exec_type: str, order_id: str, *more: tuple[int, str]) -> None:
    """An ExecutionReport without 6, 14, 20 and 151."""
    exec_id = str(venue.next_out)
    base = [(37, order_id), (17, exec_id), (55, "BTCUSDT"), (54, "1"), (38, "1")]
    venue.send("8", *base, (150, exec_type), (39, exec_type), *more)


def test_requests_carry_the_documents_fields(venue: Venue, trading: Trading) -> None:
    trading.new("a1", order_qty="0.50", price="10000.00")
    order = venue.expect("D")
    assert {tag: order[tag] for tag in (1, 21, 38, 40, 44, 54, 55, 59, 207)} == {
        1: ACCOUNT,
        21: "1",
        38: "0.5",
        40: "2",
        44: "10000",
        54: "1",
        55: "BTCUSDT",
        59: "1",
        207: "BINANCE",
    }
    acknowledge(venue, order)
    trading.wait_status("a1", "NEW")
    trading.child.call("cancel", "c1", "a1")
    cancel = venue.expect("F")
    head = {8, 9, 10, 34, 35, 49, 52, 56}
    assert {tag: value for tag, value in cancel.items() if tag not in head} == {
        11: order[11],
        1: ACCOUNT,
        207: "BINANCE",
    }


@pytest.mark.parametrize("persist", ["N", "Y"])
def test_nothing_is_ever_sent_a_second_time(venue: Venue, trade_at: TradeAt, persist: str) -> None:
    """A ResendRequest gets a gap fill, whatever the settings say, and so does a new logon."""
    trading = trade_at({"": venue.port}, settings={"PersistMessages": persist})
    venue.welcome()
    trading.wait_link(up=True)
    trading.new("a1")
    number = int(venue.expect("D")[34])
    assert [one[35] for one in venue.ask_again(number)] == ["4"]
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    trading.wait_link(up=True)
    assert venue.expect("H", "D")[35] == "H"


def test_an_order_in_hand_while_the_session_is_down_is_not_sent_later(
    venue: Venue, trading: Trading
) -> None:
    venue.cut()
    trading.wait_link(up=False)
    for kind, request in (("D", "NEW"), ("F", "CANCEL"), ("G", "REPLACE")):
        trading.child.call("send_past_the_core", kind)
        note = trading.post("NotSent")
        assert (note["cl_ord_id"], note["request"], note["too_late"]) == (
            "forced",
            request,
            "False",
        )
        assert "not sent to APIFINY" in note["text"]
    venue.welcome()
    trading.wait_link(up=True)
    venue.expect_nothing()


def test_an_order_that_waited_too_long_is_not_sent(venue: Venue, trade_at: TradeAt) -> None:
    """Its price may be of another time; a cancel is never too late."""
    trading = trade_at({"": venue.port}, max_wait_s=0.0)
    venue.welcome()
    trading.wait_link(up=True)
    trading.new("a1")
    note = trading.post("NotSent")
    assert (note["request"], note["too_late"]) == ("NEW", "True")
    trading.wait_status("a1", "REJECTED")
    trading.child.call("send_past_the_core", "F", "BINANCE", "a1")
    assert venue.expect("F", "D")[35] == "F"


def test_a_cancel_without_an_exchange_is_not_sent(venue: Venue, trading: Trading) -> None:
    """207 would be empty, which is no message."""
    trading.child.call("send_past_the_core", "F")
    assert "no SecurityExchange" in trading.post("NotSent")["text"]
    venue.expect_nothing()


def test_a_replace_does_not_exist_here(venue: Venue, trading: Trading) -> None:
    trading.child.call("send_past_the_core", "G")
    note = trading.post("NotSent")
    assert (note["request"], note["text"]) == (
        "REPLACE",
        "not sent to APIFINY: Apifiny has no replace",
    )
    venue.expect_nothing()


QUARANTINED = {
    "an ExecType that is not listed": [(150, "C"), (39, "C"), (37, "v1"), (17, "e1")],
    "a fill without a price": [(150, "1"), (39, "1"), (37, "v1"), (17, "e1"), (32, "1")],
    "an order without a name": [(150, "0"), (39, "0"), (37, "NONE"), (17, "e1")],
}


@pytest.mark.parametrize("fields", QUARANTINED.values(), ids=QUARANTINED.keys())
def test_what_can_not_be_read_goes_to_a_human_with_its_text(
    venue: Venue, trading: Trading, fields: list[tuple[int, str]]
) -> None:
    venue.send("8", *fields, (55, "BTCUSDT"), (54, "1"), (38, "1"))
    post = trading.child.post("Quarantined")
    assert post["message"]["reason"] == "unreadable report"
    assert f"|150={dict(fields)[150]}|" in post["raw"]
    trading.child.post("LinkTore")
    (status,) = trading.child.call("status")
    assert "ALARM (1): a report could not be read" in status["text"]
    venue.expect_nothing()


def test_a_type_that_nobody_knows_goes_to_a_human(venue: Venue, trading: Trading) -> None:
    venue.send("B", (148, "Maintenance"), (33, "1"), (58, "at noon"))
    assert "148=Maintenance" in trading.child.post("Quarantined")["raw"]
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    assert trading.child.posted("LinkTore") is None, "whatever it was, it was no report"


def test_a_report_that_we_reject_is_an_alarm(venue: Venue, trading: Trading) -> None:
    """What our own session refuses never reaches the engine: a fill may be lost."""
    number = venue.next_out
    venue.send("8", (37, "v1"), (150, "2"), (39, "2"), (55, "BTCUSDT"), (54, "1"), (32, "1"))
    assert venue.expect("3")[45] == str(number)
    note = trading.post("Quarantined")
    assert note["reason"] == "rejected by our session"
    assert f"message {number} of type 8, tag 17" in note["text"]
    trading.child.post("LinkTore")
    (status,) = trading.child.call("status")
    assert f"ALARM (1): we rejected message {number} of type 8, tag 17" in status["text"]


def test_a_value_that_no_list_knows_loses_no_fill(venue: Venue, trading: Trading) -> None:
    """OrdStatus (39) and OrdRejReason (103) outside FIX 4.2: no part of what is read."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    exec_id = str(venue.next_out)
    fill = [(37, "v1"), (17, exec_id), (150, "2"), (39, "partly"), (103, "-7"), (54, "X")]
    venue.send("8", *fill, (38, "1"), (32, "1"), (44, "9999"))
    assert Decimal(trading.wait_status("a1", "FILLED")["cum_qty"]) == 1


def test_tags_that_the_dictionary_does_not_know_lose_no_fill(
    venue: Venue, trading: Trading
) -> None:
    trading.new("a1")
    order = venue.expect("D")
    acknowledge(venue, order)
    report(venue, "2", "v1", (32, "1"), (44, "9999"), (9000, "x"), (110, "1"), (58, ""))
    assert Decimal(trading.wait_status("a1", "FILLED")["avg_px"]) == 9999


@pytest.mark.parametrize("kind", ["3", "j"])
def test_a_request_that_the_venue_rejects_is_refused(
    venue: Venue, trading: Trading, kind: str
) -> None:
    """Reject and BusinessMessageReject name no order, only a MsgSeqNum."""
    reason = [(380, "4")] if kind == "j" else [(373, "5")]
    trading.new("a1")
    order = venue.expect("D")
    venue.send(kind, (45, order[34]), (372, "D"), (58, "not now"), *reason)
    assert trading.wait_status("a1", "REJECTED")["text"] == "not now"
    trading.new("a2")
    order = venue.expect("D")
    acknowledge(venue, order)
    trading.wait_status("a2", "NEW")
    trading.child.call("cancel", "c1", "a2")
    venue.send(kind, (45, venue.expect("F")[34]), (372, "F"), (58, "nor this"), *reason)
    assert trading.post("OrderCancelReject")["text"] == "nor this"
    trading.wait_status("a2", "NEW")
    venue.send(kind, (45, "999"), (372, "D"), (58, "and nothing"), *reason)
    assert trading.post("Quarantined")["reason"] == "rejected by the venue"


def test_a_fill_is_not_mistaken_for_the_answer_to_a_status_request(
    venue: Venue, trading: Trading
) -> None:
    """It comes between the request and its answer, without 11 as the document says of fills."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    name = venue.expect("H")[11]
    report(venue, "1", "v1", (32, "0.4"), (44, "9999"))
    report(venue, "1", "v1", (11, name), (32, "0"), (44, "10000"))
    report(venue, "2", "v1", (32, "0.6"), (44, "9999"))
    order = trading.wait_status("a1", "FILLED")
    assert (Decimal(order["cum_qty"]), order["in_doubt"]) == (Decimal(1), "")


def test_an_answer_by_the_venues_own_id_is_an_answer(venue: Venue, trading: Trading) -> None:
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    assert trading.post("ExecutionReport")["exec_trans_type"] == "0"
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    venue.expect("H")
    report(venue, "0", "v1", (32, "0"))
    assert trading.post("ExecutionReport")["exec_trans_type"] == "3"
    report(venue, "4", "v1", (32, "0"))
    assert trading.post("ExecutionReport")["exec_trans_type"] == "0"
    trading.wait_status("a1", "CANCELED")


def test_a_report_that_may_be_either_is_not_booked_and_told(venue: Venue, trading: Trading) -> None:
    """A fill with our id while a status request is open: the venue's own sum settles it."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    name = venue.expect("H")[11]
    report(venue, "1", "v1", (11, name), (32, "0.4"), (44, "9999"))
    assert trading.post("Doubt")["request"] == "FILLS"
    order = trading.order("a1")
    assert (order["cum_qty"], order["in_doubt"]) == ("0", "FILLS")


@pytest.mark.parametrize("exec_type", ["4", "8"])
def test_an_end_that_may_be_an_answer_is_asked_for(
    venue: Venue, trading: Trading, exec_type: str
) -> None:
    """A status request that is never answered must not swallow the order's end for ever."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    venue.expect("H")
    report(venue, exec_type, "v1", (32, "0"))
    assert trading.post("Doubt")["request"] == "FILLS"
    assert trading.order("a1")["in_doubt"] == "FILLS"


def test_a_report_that_may_be_either_leaves_a_lost_cancel_to_be_asked_for(
    venue: Venue, trading: Trading
) -> None:
    """The doubt about the cancel is what has it sent again."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    trading.child.call("cancel", "c1", "a1")
    venue.expect("F")
    venue.cut()
    trading.wait_link(up=False)
    venue.welcome()
    name = venue.expect("H")[11]
    report(venue, "1", "v1", (11, name), (32, "0.4"), (44, "9999"))
    while trading.post("ExecutionReport")["exec_trans_type"] != "3":
        pass
    venue.expect_nothing()
    assert trading.order("a1")["in_doubt"] == "CANCEL"


def test_an_unreadable_report_puts_its_order_in_doubt(venue: Venue, trading: Trading) -> None:
    """It may have been a fill; the venue's own sum settles it."""
    trading.new("a1")
    acknowledge(venue, venue.expect("D"))
    trading.wait_status("a1", "NEW")
    report(venue, "1", "v1", (32, "0.4"))
    assert trading.post("Doubt")["request"] == "FILLS"
    assert trading.order("a1")["in_doubt"] == "FILLS"


def test_a_token_in_the_venues_words_is_not_repeated(venue: Venue, trade_at: TradeAt) -> None:
    trading = trade_at({"": venue.port})
    logon = venue.accept()
    venue.send("5", (58, f"bad token {logon[96]}"))
    assert trading.wait_link(up=False).endswith("bad token ***")
    venue.close()


def test_each_exchange_has_its_session_and_all_must_stand(venue: Venue, trade_at: TradeAt) -> None:
    """Co-located exchanges have an endpoint each; the one without a name serves the rest."""
    binance = Venue()
    try:
        trading = trade_at({"": venue.port, "BINANCE": binance.port})
        binance.welcome()
        trading.wait_session("BINANCE")
        assert not any(post["message"]["up"] == "True" for post in trading.child.posts)
        venue.welcome()
        trading.wait_link(up=True)
        trading.new("a1", security_exchange="BINANCE")
        acknowledge(binance, binance.expect("D"), "b1")
        trading.new("a2", security_exchange="GBBO")
        acknowledge(venue, venue.expect("D"), "v1")
        trading.wait_status("a1", "NEW")
        trading.wait_status("a2", "NEW")
        trading.child.call("cancel", "c1", "a1")
        assert binance.expect("F")[207] == "BINANCE"
        binance.cut()
        assert ":BINANCE: the session was lost" in trading.wait_link(up=False)
        binance.welcome()
        trading.wait_link(up=True)
        assert binance.expect("H")[207] == "BINANCE"
        venue.expect_nothing()
    finally:
        binance.close()


def test_an_exchange_without_a_session_is_not_sent_elsewhere(
    venue: Venue, trade_at: TradeAt
) -> None:
    trading = trade_at({"BINANCE": venue.port})
    venue.welcome()
    trading.wait_link(up=True)
    trading.child.call("send_past_the_core", "D", "COINBASEPRO")
    assert "no session serves COINBASEPRO" in trading.post("NotSent")["text"]
    venue.expect_nothing()


def test_a_failing_handler_leaves_the_session_alive(venue: Venue, trading: Trading) -> None:
    trading.new("a1")
    order = venue.expect("D")
    trading.child.call("fail", 1)
    acknowledge(venue, order)
    note = trading.child.post("Quarantined")
    assert note["message"]["reason"] == "internal error"
    assert f"|11={order[11]}|" in note["raw"]
    trading.child.post("LinkTore")
    report(venue, "4", "v1", (11, order[11]), (32, "0"))
    trading.wait_status("a1", "CANCELED")


def test_a_stop_logs_out(venue: Venue, trading: Trading) -> None:
    trading.child.tell("stop")
    assert venue.expect("5")[58] == "the engine is stopping"
    venue.send("5")
    venue.expect_closed()
    assert trading.child.told("stop") is None
