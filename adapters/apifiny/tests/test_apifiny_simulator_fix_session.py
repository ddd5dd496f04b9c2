"""The simulator's FIX session layer, without a socket."""

import pytest

from adapters.apifiny.tests.apifiny_desk import ACCOUNT
from adapters.apifiny.tests.apifiny_fix_desk import FixDesk, by_tag, logged_on, token


def test_a_logon_is_answered_with_a_logon_that_resets_the_numbers() -> None:
    desk = FixDesk()
    (answer,) = desk.log_on(heartbeat_s=20)
    assert answer == [
        (35, "A"),
        (34, "1"),
        (49, "APIFINY"),
        (52, "20251009-08:53:20.000"),
        (56, ACCOUNT),
        (98, "0"),
        (108, "20"),
        (141, "Y"),
    ]
    assert desk.session.logged_on


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"digest": "0" * 64}, "digest"),
        ({"method": "Rest"}, "method"),
        ({"accountId": "STA-00000002"}, "131115"),
        ({"secretKeyId": "ak-0002"}, "2097163"),
        ({"exp": 1}, "exp"),
    ],
)
def test_a_logon_with_a_wrong_token_is_answered_with_logout_and_closed(
    changed: dict[str, object], text: str
) -> None:
    desk = FixDesk()
    (answer,) = by_tag(desk.log_on(signed=token(desk.now_ms, **changed)))
    assert (answer[35], answer[34]) == ("5", "1")
    assert text in answer[58]
    assert desk.session.closed
    assert desk.log_on() == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        (49, "STA-00000002", "CompID"),
        (56, "OTHER", "CompID"),
        (34, "2", "MsgSeqNum"),
        (95, "10", "RawDataLength"),
        (95, "", "RawDataLength"),
        (96, "", "RawDataLength"),
        (98, "1", "EncryptMethod"),
        (108, "soon", "HeartBtInt"),
    ],
)
def test_a_logon_that_is_wrong_in_one_field_is_refused_with_the_reason(
    name: int, value: str, text: str
) -> None:
    desk = FixDesk()
    signed = token(desk.now_ms)
    fields = {
        35: "A",
        34: "1",
        49: ACCOUNT,
        56: "APIFINY",
        95: str(len(signed)),
        96: signed,
        98: "0",
        108: "30",
        141: "Y",
    } | {name: value}
    sent = [(tag, text) for tag, text in fields.items() if text]
    (answer,) = by_tag(desk.session.receive(sent, desk.now_ms))
    assert answer[35] == "5"
    assert text in answer[58]
    assert desk.session.closed


def test_logons_are_refused_while_the_switch_is_on() -> None:
    desk = FixDesk()
    desk.sim.switch("refuse_logon", True)
    assert by_tag(desk.log_on())[0][35] == "5"
    desk.sim.switch("refuse_logon", False)
    desk.connect()
    assert by_tag(desk.log_on())[0][35] == "A"


def test_anything_before_a_logon_closes_without_an_answer() -> None:
    desk = FixDesk()
    assert desk.order() == []
    assert desk.session.closed
    assert desk.sim.ledger()["orders"] == []


def test_a_second_logon_of_the_same_account_takes_over_and_closes_the_first() -> None:
    desk = logged_on()
    first = desk.session
    desk.connect()
    assert by_tag(desk.log_on())[0][35] == "A"
    assert (first.closed, first.logged_on, desk.session.logged_on) == (True, False, True)
    assert desk.order()[0][150] == "0"


def test_a_failed_second_logon_leaves_the_first_alone() -> None:
    desk = logged_on()
    first = desk.session
    desk.connect()
    assert by_tag(desk.log_on(signed=token(desk.now_ms, exp=1)))[0][35] == "5"
    assert (first.closed, first.logged_on) == (False, True)


def test_a_logon_inside_a_session_ends_it() -> None:
    desk = logged_on()
    assert by_tag(desk.log_on())[0][35] == "5"
    assert desk.session.closed


def test_a_test_request_is_answered_with_its_id() -> None:
    desk = logged_on()
    (answer,) = by_tag(desk.send("1", (112, "are you there")))
    assert (answer[35], answer[112]) == ("0", "are you there")


def test_a_heartbeat_is_sent_when_nothing_else_was_for_an_interval() -> None:
    desk = logged_on()
    assert desk.pass_ms(29_999) == []
    assert [message[35] for message in desk.pass_ms(1)] == ["0"]
    assert desk.send("0") == []
    assert desk.pass_ms(29_999) == []


def test_a_silent_client_is_asked_and_then_logged_out() -> None:
    desk = logged_on()
    desk.pass_ms(30_000)
    assert [message[35] for message in desk.pass_ms(6_001)] == ["1"]
    assert [message[35] for message in desk.pass_ms(30_000)] == ["0"]
    assert [message[35] for message in desk.pass_ms(6_000)] == ["5"]
    assert desk.session.closed


def test_a_client_that_answers_the_test_request_stays() -> None:
    desk = logged_on()
    for _ in range(3):
        assert [message[35] for message in desk.pass_ms(36_001)] == ["1"]
        desk.send("0")
    assert not desk.session.closed


def test_a_gap_is_asked_for_once_and_what_came_after_it_is_not_handled() -> None:
    desk = logged_on()
    (asked,) = by_tag(desk.send("0", seq=5))
    assert (asked[35], asked[7], asked[16]) == ("2", "2", "0")
    assert desk.send("0", seq=6) == []
    assert by_tag(desk.send("1", (112, "late"), seq=7)) == []
    assert desk.send("4", (123, "Y"), (36, "8"), seq=2) == []
    (answer,) = by_tag(desk.send("1", (112, "now"), seq=8))
    assert answer[112] == "now"
    assert len(desk.send("0", seq=11)) == 1


def test_a_logout_beyond_a_gap_is_still_answered() -> None:
    desk = logged_on()
    assert [message[35] for message in by_tag(desk.send("5", seq=9))] == ["5"]
    assert desk.session.closed


def test_a_resend_request_is_answered_by_a_gap_fill_because_nothing_is_replayed() -> None:
    desk = logged_on()
    desk.order(t44="40000.01")
    (answer,) = by_tag(desk.send("2", (7, "2"), (16, "0")))
    assert (answer[35], answer[34], answer[43]) == ("4", "2", "Y")
    assert (answer[123], answer[36]) == ("Y", "4")
    (after,) = by_tag(desk.send("1", (112, "x")))
    assert after[34] == "4"


@pytest.mark.parametrize("begin", ["0", "2", "x"])
def test_a_resend_request_for_what_was_never_sent_ends_the_session(begin: str) -> None:
    desk = logged_on()
    assert [message[35] for message in by_tag(desk.send("2", (7, begin), (16, "0")))] == ["5"]


def test_a_number_seen_before_ends_the_session_unless_it_is_a_possible_duplicate() -> None:
    desk = logged_on()
    desk.send("0")
    assert desk.send("0", (43, "Y"), seq=2) == []
    assert not desk.session.closed
    (answer,) = by_tag(desk.send("0", seq=2))
    assert (answer[35], answer[58]) == ("5", "MsgSeqNum too low, expecting 3 but received 2")
    assert desk.session.closed


def test_a_sequence_reset_moves_the_number_forward_only() -> None:
    desk = logged_on()
    assert desk.send("4", (36, "20"), seq=1) == []
    assert [message[35] for message in by_tag(desk.send("1", (112, "x"), seq=20))] == ["0"]
    assert [message[35] for message in by_tag(desk.send("4", (36, "5"), seq=21))] == ["5"]


def test_another_comp_id_inside_a_session_ends_it() -> None:
    desk = logged_on()
    sent = [(35, "0"), (34, "2"), (49, "STA-00000002"), (56, "APIFINY")]
    assert [message[35] for message in by_tag(desk.session.receive(sent, desk.now_ms))] == ["5"]
    assert desk.session.closed


def test_a_logout_is_answered_and_the_next_logon_starts_at_one() -> None:
    desk = logged_on()
    desk.send("1", (112, "x"))
    (answer,) = by_tag(desk.send("5"))
    assert (answer[35], answer[34]) == ("5", "3")
    desk.connect()
    (answer,) = by_tag(desk.log_on())
    assert (answer[35], answer[34]) == ("A", "1")


def test_a_cut_connection_says_nothing_more() -> None:
    desk = logged_on()
    desk.sim.switch("cut_fix", True)
    assert desk.session.closed
    assert desk.order() == []
    assert desk.pass_ms(60_000) == []
    desk.connect()
    assert by_tag(desk.log_on())[0][35] == "A"


def test_a_message_without_a_sequence_number_ends_the_session() -> None:
    desk = logged_on()
    sent = [(35, "0"), (49, ACCOUNT), (56, "APIFINY")]
    assert [message[35] for message in by_tag(desk.session.receive(sent, desk.now_ms))] == ["5"]
    assert desk.session.closed


def test_a_heartbeat_interval_of_nought_means_none() -> None:
    desk = FixDesk()
    desk.log_on(heartbeat_s=0)
    assert desk.pass_ms(86_400_000) == []
    assert not desk.session.closed
