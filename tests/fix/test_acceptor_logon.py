"""Who may log on, what a refused one learns, and that it changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.fix.desk import Desk, order, token
from tests.fix.office import Office

REFUSED = "Rejected Logon Attempt: logon refused"  # the first words are quickfix's
STRANGE = "a stranger's secret, as long as a desk's"


def _soon() -> int:
    """Not yet over when it is used, however long after the collection that is."""
    return int(datetime.now(UTC).timestamp()) + 60  # noqa: TID251  the acceptor's clock is the machine's


def _claims(desk: Desk, **claims: Any) -> str:
    return jwt.encode(claims, desk.secret, algorithm="HS256")


WRONG: dict[str, Callable[[Desk], str]] = {
    "no token": lambda desk: "",
    "not a token": lambda desk: "password",
    "another's secret": lambda desk: token(STRANGE, desk.comp_id),
    "another's name": lambda desk: token(desk.secret, "DESK40"),
    "expired": lambda desk: token(desk.secret, desk.comp_id, life_s=-60),
    "no name": lambda desk: _claims(desk, exp=_soon()),
    "a name that is no text": lambda desk: _claims(desk, sub=1, exp=_soon()),
    "no end": lambda desk: _claims(desk, sub=desk.comp_id),
    "an end that is no number": lambda desk: _claims(desk, sub=desk.comp_id, exp="never"),
    "no signature": lambda desk: jwt.encode(
        {"sub": desk.comp_id, "exp": _soon()}, "", algorithm="none"
    ),
    "another signature": lambda desk: jwt.encode(
        {"sub": desk.comp_id, "exp": _soon()}, desk.secret * 2, algorithm="HS512"
    ),
}


@pytest.mark.parametrize("password", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_token_is_refused_with_the_same_words(
    office: Office, password: Callable[[Desk], str]
) -> None:
    """A Logout (5) whose Text does not say which part was wrong, then the end."""
    desk = office.desk()
    desk.log_on(password(desk), expect=False)
    assert desk.expect("5")[58] == REFUSED
    desk.expect_closed()
    assert not office.status(desk)["logged_on"]
    desk.log_on()
    office.wait_logged_on(desk)


def test_an_unknown_comp_id_is_not_talked_to(office: Office) -> None:
    stranger = office.desk("DESK0", STRANGE)
    stranger.log_on(expect=False)
    stranger.expect_closed()
    assert stranger.seen == []


def test_the_right_token_logs_on(office: Office) -> None:
    desk = office.desk()
    assert desk.log_on()[34] == "1"
    office.wait_logged_on(desk)
    desk.log_out()
    office.wait_logged_on(desk, logged_on=False)


def test_a_desks_clock_may_be_a_little_behind(office: Office) -> None:
    """Five seconds of leeway, for clocks that are not the same."""
    desk = office.desk()
    desk.log_on(token(desk.secret, desk.comp_id, life_s=-2))
    office.wait_logged_on(desk)


def test_a_stranger_can_not_start_a_desks_session_anew(office: Office) -> None:
    """quickfix empties the store for 141=Y before the token is looked at; it is put back."""
    desk = office.logged_on()
    office.send(desk, 3)
    reports = [desk.expect("8") for _ in range(3)]
    desk.log_out()
    office.wait_logged_on(desk, logged_on=False)

    stranger = office.desk(desk.comp_id, STRANGE)
    stranger.log_on(reset=True, expect=False)
    assert stranger.expect("5")[58] == REFUSED
    stranger.expect_closed()

    desk.log_on(expect=False)
    desk.expect("A")
    desk.send("2", (7, reports[0][34]), (16, reports[2][34]))
    desk.next_in = int(reports[0][34])
    again = [desk.expect("8") for _ in range(3)]
    assert [one[17] for one in again] == [one[17] for one in reports]
    assert all(one[43] == "Y" for one in again)
    assert not any(post["post"] == "SessionReset" for post in office.child.posts)


FORGED = {
    "a SequenceReset": ("4", (36, "5000")),
    "a Reject": ("3", (45, "1")),
    "a Logout": ("5",),
    "a message that the dictionary refuses": ("0", (38, "1")),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
def test_a_stranger_can_not_move_a_desks_numbers(
    open_office: Callable[..., Office], forged: tuple[str, tuple[int, str]]
) -> None:
    """quickfix counts such messages of whoever is connected, and may leave him connected."""
    office = open_office(logon_wait_s=1.5)
    desk = office.desk()
    stranger = office.desk(desk.comp_id, STRANGE)
    stranger.connect()
    stranger.send(*forged)
    stranger.expect_closed()
    desk.log_on(expect=False)
    desk.expect("A")
    desk.send("D", *order("a1"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a1"


def test_a_connection_that_says_nothing_is_cut(open_office: Callable[..., Office]) -> None:
    """And one that logged on is left alone, however little it says."""
    office = open_office(logon_wait_s=1.5)
    desk = office.logged_on()
    silent = office.desk("DESK2", STRANGE)
    silent.connect()
    silent.expect_closed(wait_s=5.0)
    desk.send("D", *order("a1"))
    assert office.post("NewOrderSingle", desk)["message"]["cl_ord_id"] == "a1"


def test_a_restart_undoes_what_a_stranger_began(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    """The process may end between the emptying and the putting back."""
    office = open_office()
    desk = office.logged_on()
    office.send(desk, 2)
    reports = [desk.expect("8") for _ in range(2)]
    office.kill()
    for part in ("body", "header", "seqnums", "session"):
        name = tmp_path / "var" / "fix" / f"FIX.4.2-OMS-{desk.comp_id}.{part}"
        name.unlink()
        name.write_text("")
    office.begin()
    desk.log_on()
    desk.send("2", (7, reports[0][34]), (16, reports[1][34]))
    desk.next_in = int(reports[0][34])
    assert [desk.expect("8")[17] for _ in range(2)] == [one[17] for one in reports]


def test_no_token_and_no_secret_is_written_anywhere(open_office: Callable[..., Office]) -> None:
    """Neither in quickfix's store nor in the log, whoever sent it."""
    office = open_office()
    desk = office.desk()
    words = [desk.secret, token(desk.secret, desk.comp_id), WRONG["expired"](desk)]
    desk.log_on(words[1])
    desk.send("D", *order("a1"))
    raw = office.post("NewOrderSingle", desk)["raw"]
    desk.log_out()
    desk.log_on(words[2], expect=False)
    desk.expect_closed()
    office.child.end()
    written = [raw, *(path.read_text(errors="replace") for path in office.files())]
    assert len(written) > 5
    for word in words:
        assert not any(word in text for text in written)
