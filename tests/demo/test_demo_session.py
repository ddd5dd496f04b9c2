"""The desk's end of a FIX session: numbers, heartbeats, gaps, resends. Whole messages, no socket."""

from datetime import UTC, datetime, timedelta

import pytest

from fix import tags
from oms.demo.fix_session import DeskSession, Fields, Turn

START = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
ORDER: Fields = [(tags.MSG_TYPE, "D"), (tags.CL_ORD_ID, "A")]
STATUS: Fields = [(tags.MSG_TYPE, "H"), (tags.CL_ORD_ID, "A")]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _session() -> DeskSession:
    return DeskSession("DESK1", 10, lambda now: f"token-{now:%S}")


def _in(kind: str, number: int, *more: tuple[int, str]) -> Fields:
    return [(tags.MSG_TYPE, kind), (tags.MSG_SEQ_NUM, str(number)), *more]


def _logged_on() -> DeskSession:
    """Both sides have sent one message."""
    session = _session()
    session.log_on(at(0))
    session.receive(_in("A", 1), at(0))
    return session


def _kinds(messages: list[Fields]) -> list[str]:
    return [dict(message)[tags.MSG_TYPE] for message in messages]


def _one(messages: list[Fields]) -> dict[int, str]:
    (message,) = messages
    return dict(message)


def test_a_logon_carries_the_token_and_its_length() -> None:
    session = _session()
    (message,) = session.log_on(at(0))
    logon = dict(message)
    assert message[0] == (tags.MSG_TYPE, "A")
    assert logon[tags.RAW_DATA] == "token-00"
    assert logon[tags.RAW_DATA_LENGTH] == "8"
    assert logon[tags.HEART_BT_INT] == "10"
    assert logon[tags.ENCRYPT_METHOD] == "0"
    assert (logon[tags.SENDER_COMP_ID], logon[tags.TARGET_COMP_ID]) == ("DESK1", "OMS")
    assert logon[tags.MSG_SEQ_NUM] == "1"
    assert logon[tags.SENDING_TIME] == "20260131-12:00:00.123"
    assert not session.logged_on
    session.receive(_in("A", 1), at(0))
    assert session.logged_on


def test_numbers_go_on_over_connections_and_the_token_is_new() -> None:
    session = _logged_on()
    session.send(ORDER, at(1))
    session.lose()
    logon = _one(session.log_on(at(2)))
    assert logon[tags.MSG_SEQ_NUM] == "3"
    assert logon[tags.RAW_DATA] == "token-02"


def test_application_messages_are_told_in_order() -> None:
    session = _logged_on()
    report = _in("8", 2, (tags.EXEC_ID, "E1"))
    turn = session.receive(report, at(1))
    assert (turn.out, turn.told) == ([], [report])
    assert session.receive(_in("9", 3), at(1)).told == [_in("9", 3)]


def test_a_refused_logon_ends_the_session_with_the_others_words() -> None:
    session = _session()
    session.log_on(at(0))
    turn = session.receive(_in("5", 1, (tags.TEXT, "logon refused")), at(0))
    assert turn == Turn()
    assert session.closed
    assert session.text == "logon refused"


def test_a_logout_is_answered_once() -> None:
    session = _logged_on()
    assert _kinds(session.receive(_in("5", 2), at(1)).out) == ["5"]
    assert session.closed
    mine = _logged_on()
    assert _kinds(mine.log_out(at(1))) == ["5"]
    assert mine.receive(_in("5", 2), at(1)).out == []
    assert mine.closed


def test_a_heartbeat_goes_out_when_nothing_else_has() -> None:
    session = _logged_on()
    session.receive(_in("0", 2), at(9))
    assert session.tick(at(9)).out == []
    assert _kinds(session.tick(at(10)).out) == ["0"]
    session.receive(_in("0", 3), at(19))
    assert session.tick(at(19)).out == []
    session.send(ORDER, at(19.5))
    assert session.tick(at(20.5)).out == []


def test_a_test_request_is_answered_with_its_id() -> None:
    answer = _one(_logged_on().receive(_in("1", 2, (tags.TEST_REQ_ID, "Q")), at(1)).out)
    assert (answer[tags.MSG_TYPE], answer[tags.TEST_REQ_ID]) == ("0", "Q")


def test_a_silent_peer_is_asked_once_and_then_given_up() -> None:
    session = _logged_on()
    assert "1" in _kinds(session.tick(at(12.1)).out)
    assert "1" not in _kinds(session.tick(at(13)).out)
    assert _kinds(session.tick(at(24.1)).out) == ["5"]
    assert session.closed
    assert session.text == "nothing heard"


def test_a_peer_that_answers_the_test_request_lives() -> None:
    session = _logged_on()
    session.tick(at(12.1))
    session.receive(_in("0", 2, (tags.TEST_REQ_ID, "x")), at(13))
    assert not session.closed
    assert "1" in _kinds(session.tick(at(25.1)).out)


def test_before_the_logon_and_after_the_end_the_clock_does_nothing() -> None:
    assert _session().tick(at(99)) == Turn()
    session = _logged_on()
    session.lose()
    assert session.tick(at(99)) == Turn()


def test_a_gap_is_asked_for_once_and_what_came_early_waits_for_the_resend() -> None:
    session = _logged_on()
    turn = session.receive(_in("8", 4), at(1))
    asked = _one(turn.out)
    assert turn.told == []
    assert asked[tags.MSG_TYPE] == "2"
    assert (asked[tags.BEGIN_SEQ_NO], asked[tags.END_SEQ_NO]) == ("2", "0")
    assert session.receive(_in("8", 5), at(1)) == Turn()
    told = []
    for number in (2, 3, 4, 5):
        told += session.receive(_in("8", number, (tags.POSS_DUP_FLAG, "Y")), at(2)).told
    assert [dict(message)[tags.MSG_SEQ_NUM] for message in told] == ["2", "3", "4", "5"]
    assert session.resends == 1
    assert session.receive(_in("8", 6), at(3)).told == [_in("8", 6)]


def test_a_second_gap_is_asked_for_too() -> None:
    session = _logged_on()
    session.receive(_in("8", 3), at(1))
    session.receive(_in("8", 2, (tags.POSS_DUP_FLAG, "Y")), at(1))
    session.receive(_in("8", 3, (tags.POSS_DUP_FLAG, "Y")), at(1))
    assert _one(session.receive(_in("8", 9), at(2)).out)[tags.BEGIN_SEQ_NO] == "4"


def test_a_logon_with_a_gap_is_a_logon_all_the_same() -> None:
    session = _session()
    session.log_on(at(0))
    turn = session.receive(_in("A", 5), at(0))
    assert session.logged_on
    assert _one(turn.out)[tags.BEGIN_SEQ_NO] == "1"


def test_a_gap_fill_steps_over_what_will_not_come() -> None:
    session = _logged_on()
    session.receive(_in("8", 5), at(1))
    fill = _in("4", 2, (tags.GAP_FILL_FLAG, "Y"), (tags.NEW_SEQ_NO, "5"))
    session.receive(fill, at(1))
    again = _in("8", 5, (tags.POSS_DUP_FLAG, "Y"))
    assert session.receive(again, at(1)).told == [again]


def test_a_reset_moves_the_number_forward_only() -> None:
    session = _logged_on()
    session.receive(_in("4", 99, (tags.NEW_SEQ_NO, "10")), at(1))
    assert session.receive(_in("8", 10), at(1)).told
    session.receive(_in("4", 99, (tags.NEW_SEQ_NO, "3")), at(1))
    assert session.receive(_in("8", 11), at(1)).told


def test_what_was_seen_before_is_dropped_if_it_says_so_and_ends_the_session_if_not() -> None:
    session = _logged_on()
    assert session.receive(_in("8", 1, (tags.POSS_DUP_FLAG, "Y")), at(1)) == Turn()
    turn = session.receive(_in("8", 1), at(1))
    assert _kinds(turn.out) == ["5"]
    assert "expecting 2 but received 1" in session.text
    assert session.closed


def _sent_five() -> DeskSession:
    """1 logon, 2 order, 3 heartbeat, 4 heartbeat, 5 status request, 6 heartbeat."""
    session = _logged_on()
    session.send(ORDER, at(1))
    session.receive(_in("1", 2), at(2))
    session.receive(_in("1", 3), at(3))
    session.send(STATUS, at(4))
    session.receive(_in("1", 4), at(5))
    return session


def test_what_is_asked_for_again_comes_as_it_was_and_the_rest_is_filled_over() -> None:
    asked = _in("2", 5, (tags.BEGIN_SEQ_NO, "1"), (tags.END_SEQ_NO, "0"))
    out = [dict(message) for message in _sent_five().receive(asked, at(9)).out]
    assert [(m[tags.MSG_TYPE], m[tags.MSG_SEQ_NUM]) for m in out] == [
        ("4", "1"),
        ("D", "2"),
        ("4", "3"),
        ("H", "5"),
        ("4", "6"),
    ]
    assert [m.get(tags.NEW_SEQ_NO) for m in out] == ["2", None, "5", None, "7"]
    assert all(m[tags.POSS_DUP_FLAG] == "Y" for m in out)
    assert out[1][tags.ORIG_SENDING_TIME] == "20260131-12:00:01.123"
    assert out[1][tags.SENDING_TIME] == "20260131-12:00:09.123"


def test_only_the_range_that_is_asked_for_is_sent_again() -> None:
    asked = _in("2", 5, (tags.BEGIN_SEQ_NO, "2"), (tags.END_SEQ_NO, "3"))
    out = [dict(message) for message in _sent_five().receive(asked, at(9)).out]
    assert [(m[tags.MSG_TYPE], m.get(tags.NEW_SEQ_NO)) for m in out] == [("D", None), ("4", "4")]


def test_a_resend_uses_up_no_number() -> None:
    session = _sent_five()
    asked = _in("2", 5, (tags.BEGIN_SEQ_NO, "1"), (tags.END_SEQ_NO, "0"))
    session.receive(asked, at(9))
    assert _one(session.send(ORDER, at(10)))[tags.MSG_SEQ_NUM] == "7"


@pytest.mark.parametrize("kind", ["2", "5"])
def test_requests_that_come_early_are_answered_at_once(kind: str) -> None:
    """Or both sides would wait for each other."""
    session = _sent_five()
    range_ = ((tags.BEGIN_SEQ_NO, "6"), (tags.END_SEQ_NO, "6"))
    turn = session.receive(_in(kind, 8, *range_), at(9))
    assert _kinds(turn.out) == (["4", "2"] if kind == "2" else ["5"])
