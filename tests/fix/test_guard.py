"""A mistake of ours in a callback: quickfix would print it and leave the session dead but up."""

from tests.fix.desk import order
from tests.fix.office import Office


def test_a_failing_handler_answers_and_the_session_lives(office: Office) -> None:
    """The desk is told that its message was not handled; the next one is."""
    desk = office.logged_on()
    office.child.call("fail", 1)
    number = desk.send("D", *order("a1"))
    post = office.post("Unworkable", desk)
    note = post["message"]
    assert (note["ref_msg_type"], note["ref_seq_num"], note["reason"]) == ("D", str(number), "4")
    assert (note["ref_id"], post["number"]) == ("a1", number)
    desk.send("D", *order("a2"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a2"


def test_even_a_failure_of_the_answer_leaves_the_session_alive(office: Office) -> None:
    desk = office.logged_on()
    office.child.call("fail", 2)
    desk.send("D", *order("a1"))
    desk.send("D", *order("a2"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a2"
    office.send(desk, 1)
    desk.expect("8")


def test_who_can_not_be_examined_does_not_come_in(office: Office) -> None:
    """A failure while a Logon is handled refuses it; the desk may try again."""
    desk = office.desk()
    office.child.call("fail", 1)
    desk.log_on(reset=True, expect=False)
    assert "logon refused" in desk.expect("5")[58]
    desk.expect_closed()
    desk.log_on(reset=True)
    desk.send("D", *order("a1"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a1"


def test_a_text_that_looks_like_fields_is_not_read_as_such(office: Office) -> None:
    """The desk would be told of another message, and later ones be taken for known."""
    desk = office.logged_on()
    office.child.call("fail", 1)
    number = desk.send("D", *order("a1"), (58, "see|34=4711|35=0|11=b1"))
    post = office.post("Unworkable", desk)
    note = post["message"]
    assert (note["ref_msg_type"], note["ref_seq_num"], note["ref_id"]) == ("D", str(number), "a1")
    assert post["number"] == number
