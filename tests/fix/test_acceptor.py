"""A desk at work: what it asks reaches the engine, what it is told reaches the desk, in order."""

import socket
import time
from collections.abc import Callable

import pytest

from fix.outlet import WAITING_MAX
from tests.fix.desk import Desk, Fields, order
from tests.fix.dictionary import EXTENDED, STOCK, validate
from tests.fix.office import Office

HEAD = {8, 9, 10, 34, 35, 49, 52, 56}
NO_TERMS = {21: "", 40: "", 44: "", 59: "", 100: "", 207: ""}


def numbers(reports: list[Fields]) -> list[int]:
    """Which of its desk's reports each one is."""
    return [int(one[17].partition("-")[2]) for one in reports]


def take(desk: Desk, count: int) -> list[int]:
    """The numbers of the next so many reports."""
    return numbers([desk.expect("8") for _ in range(count)])


# What a desk asks


def test_every_request_reaches_the_engine_with_its_number(office: Office) -> None:
    """D, F, G, H and U1, each with its MsgSeqNum and its text as evidence."""
    desk = office.logged_on()
    asked = {
        "NewOrderSingle": ("D", order("a1")),
        "OrderCancelRequest": ("F", [(41, "a1"), *order("c1", NO_TERMS)]),
        "OrderCancelReplaceRequest": ("G", [(41, "a1"), *order("g1", {100: "", 207: ""})]),
        "OrderStatusRequest": ("H", [(11, "a1"), (55, "BTC/USDT"), (54, "1")]),
        "KillSwitch": ("U1", [(11, "k1"), (340, "1"), (100, "ANDX"), (58, "why")]),
    }
    for kind, (msg_type, fields) in asked.items():
        number = desk.send(msg_type, *fields)
        post = office.post(kind, desk)
        assert post["number"] == number
        assert post["evidence"] == "DESK"
        assert f"|35={msg_type}|34={number}|" in post["raw"]
        assert post["message"]["cl_ord_id"] == dict(fields)[11]
    assert desk.next_in == 2, "nothing is said before the engine has decided"


WRONG = {
    "a quantity that is no number": ("D", order("a1", {38: "one"}), "38"),
    "a number with an exponent": ("D", order("a1", {38: "1E2"}), "38"),
    "a number of too many digits": ("D", order("a1", {44: "9" * 65}), "44"),
    "an order type that is not offered": ("D", order("a1", {40: "P"}), "40"),
    "a side that FIX does not know": ("D", order("a1", {54: "Z"}), "54"),
    "no ClOrdID": ("D", order(""), "11"),
    "a tag that FIX does not know": ("D", [*order("a1"), (9999, "1")], "9999"),
    "a TimeInForce that FIX does not know": ("D", order("a1", {59: "8"}), "59"),
    "an order on behalf of another": ("D", [(115, "DESK2"), *order("a1")], "115"),
}


@pytest.mark.parametrize(("kind", "fields", "tag"), WRONG.values(), ids=WRONG.keys())
def test_a_malformed_message_gets_a_reject(
    office: Office, kind: str, fields: list[tuple[int, str]], tag: str
) -> None:
    """3 with the tag at fault; the session goes on, and the engine heard nothing."""
    desk = office.logged_on()
    number = desk.send(kind, *fields)
    reject = desk.expect("3")
    assert (reject[45], reject[371], reject[372]) == (str(number), tag, kind)
    desk.send("D", *order("good"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "good"


def test_an_unknown_message_type_gets_a_reject(office: Office) -> None:
    desk = office.logged_on()
    number = desk.send("ZZ", (11, "a1"))
    reject = desk.expect("3")
    assert (reject[45], reject[373]) == (str(number), "11")


UNWORKABLE = {
    "no price on a limit order": ("D", order("a1", {44: ""}), "5", "a1"),
    "no quantity": ("D", order("a1", {38: ""}), "5", "a1"),
    "a type that is not offered": ("B", [(148, "News"), (33, "1"), (58, "x")], "3", ""),
}


@pytest.mark.parametrize(
    ("kind", "fields", "reason", "ref_id"), UNWORKABLE.values(), ids=UNWORKABLE.keys()
)
def test_what_can_not_be_worked_on_is_journaled_for_its_answer(
    office: Office, kind: str, fields: list[tuple[int, str]], reason: str, ref_id: str
) -> None:
    """The engine answers with a BusinessMessageReject that is numbered like any report."""
    desk = office.logged_on()
    number = desk.send(kind, *fields)
    post = office.post("Unworkable", desk)
    note = post["message"]
    assert (note["ref_msg_type"], note["ref_seq_num"]) == (kind, str(number))
    assert (note["reason"], note["ref_id"], note["origin"]) == (reason, ref_id, desk.comp_id)
    assert post["number"] == number


def test_a_message_sent_again_is_heard_once(office: Office) -> None:
    """PossDup under a number that was consumed is dropped without a word (FIX 4.2)."""
    desk = office.logged_on()
    number = desk.send("D", *order("a1"))
    office.post("NewOrderSingle", desk)
    again = desk.encode([(35, "D"), *order("a1")], number, (43, "Y"), (122, "20260101-00:00:00"))
    desk.send_raw(again)
    desk.send("D", *order("a2"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a2"
    assert desk.next_in == 2


def test_a_gap_is_asked_for_and_heard_in_order(office: Office) -> None:
    """What overtook a lost message waits for it."""
    desk = office.logged_on()
    desk.sent[desk.next_out] = [(35, "D"), *order("lost")]
    desk.next_out += 1
    desk.send("D", *order("early"))
    desk.expect("2")
    heard = [office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] for _ in range(2)]
    assert heard == ["lost", "early"]


# What a desk is told


def test_reports_arrive_in_order_and_the_journal_hears_of_it(office: Office) -> None:
    desk = office.logged_on()
    office.send(desk, 500)
    assert take(desk, 500) == list(range(1, 501))
    noted = 0
    while noted < 500:
        note = office.post("Delivered", desk)["message"]
        assert int(note["number"]) >= noted
        noted = int(note["number"])
        first = noted + 1  # the Logon has the first number; a TestRequest may have another
        assert not noted or first <= int(note["msg_seq_num"]) <= first + 1


def test_an_absent_desk_gets_everything_when_it_comes(office: Office) -> None:
    """However much more it is than is kept in memory; none of it was sent before."""
    desk = office.desk()
    office.send(desk, 3 * WAITING_MAX)
    desk.log_on()
    office.send(desk, 10)
    reports = [desk.expect("8") for _ in range(3 * WAITING_MAX + 10)]
    assert numbers(reports) == list(range(1, 3 * WAITING_MAX + 11))
    assert not any(43 in one for one in reports)


def test_a_desk_that_comes_back_goes_on_where_it_was(office: Office) -> None:
    desk = office.logged_on()
    office.send(desk, 5)
    assert take(desk, 5) == [1, 2, 3, 4, 5]
    desk.log_out()
    office.wait_logged_on(desk, logged_on=False)
    office.send(desk, 5)
    desk.log_on()
    assert take(desk, 5) == [6, 7, 8, 9, 10]
    desk.expect_nothing()


def test_what_got_lost_on_the_way_comes_once(office: Office) -> None:
    """Handed over while the desk vanished: it asks by its own number and gets the rest too."""
    desk = office.logged_on()
    desk.close()
    office.send(desk, 20)
    office.wait_logged_on(desk, logged_on=False)
    desk.log_on(expect=False)
    assert take(desk, 20) == list(range(1, 21))
    desk.expect_nothing()


@pytest.mark.parametrize("mid_session", [False, True])
def test_a_desk_may_start_its_session_anew(office: Office, mid_session: bool) -> None:
    """141=Y: both numbers begin at 1, and what it may not have seen is told again, and says so."""
    desk = office.logged_on()
    desk.send("D", *order("a1"))
    office.post("NewOrderSingle", desk)
    office.send(desk, 2)
    assert take(desk, 2) == [1, 2]
    if not mid_session:
        desk.log_out()
        office.wait_logged_on(desk, logged_on=False)
    answer = desk.log_on(reset=True)
    assert (answer[34], answer[141]) == ("1", "Y")
    assert office.post("SessionReset", desk)["message"]["origin"] == desk.comp_id
    office.send(desk, 2)
    reports = [desk.expect("8") for _ in range(4)]
    assert numbers(reports) == [1, 2, 3, 4]
    assert [one[34] for one in reports] == ["2", "3", "4", "5"]
    assert [one.get(97) for one in reports] == ["Y", "Y", None, None]
    desk.send("D", *order("a2"))
    post = office.post("NewOrderSingle", desk)
    assert (post["message"]["cl_ord_id"], post["number"]) == ("a2", 2)


def test_what_a_desk_has_proved_to_have_is_not_told_again(
    open_office: Callable[..., Office],
) -> None:
    """It answered a TestRequest after the reports: a fresh start goes on after them."""
    office = open_office(prove_after_s=0.1)
    desk = office.logged_on()
    office.send(desk, 3)
    assert take(desk, 3) == [1, 2, 3]
    assert desk.expect("1", what="the question whether it has them")[112] == "SEEN 3"
    while int(office.post("Delivered", desk)["message"]["seen"]) < 3:
        pass
    desk.log_on(reset=True)
    office.send(desk, 1)
    report = desk.expect("8")
    assert (numbers([report]), 97 in report) == ([4], False)


@pytest.mark.parametrize("extended", [False, True])
def test_a_client_with_every_validation_on_takes_what_it_is_sent(
    open_office: Callable[..., Office], extended: bool
) -> None:
    """As it came over the wire; tags of our own only for a desk that asked for them."""
    office = open_office(extended_tags=extended)
    desk = office.logged_on()
    office.send(desk, 1)
    told = desk.expect("8")
    said = [(tag, value) for tag, value in told.items() if tag not in HEAD]
    validate([(35, "8"), *said], EXTENDED if extended else STOCK)
    assert (told.get(5001) == "N") is extended


def test_a_desk_that_reads_nothing_holds_nobody_up(open_office: Callable[..., Office]) -> None:
    """It is dropped after a while, and gets everything in order when it comes again."""
    office = open_office(stall_s=1.0, settings={"SocketSendBufferSize": "8192"})
    slow = office.desk()
    slow.connect(receive_buffer=4096)
    slow.log_on()
    other = office.logged_on()
    count = 2 * WAITING_MAX
    began = time.monotonic()  # its second may begin while these are still made
    office.send(slow, count, padding=1_000)
    office.send(other, 1)
    other.expect("8", wait_s=1.0, what="the other desk's report while one is stuck")
    office.wait_logged_on(slow, logged_on=False)
    assert 0.5 < time.monotonic() - began < 8
    slow.close()
    slow.log_on(expect=False)
    assert take(slow, count) == list(range(1, count + 1))
    slow.expect_nothing()


def test_a_stop_says_goodbye_to_every_desk(open_office: Callable[..., Office]) -> None:
    office = open_office()
    desks = [office.logged_on(), office.logged_on()]
    office.child.tell("stop")
    for desk in desks:
        assert desk.expect("5")[58] == "the engine is stopping"
        desk.send("5")
        desk.expect_closed()
    assert office.child.told("stop") is None
    office.child.end()


def test_a_port_that_is_taken_stops_the_start(open_office: Callable[..., Office]) -> None:
    with socket.create_server(("", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(AssertionError, match=rf"ConfigError: quickfix: .*port {port}"):
            open_office(settings={"SocketAcceptPort": str(port)})
