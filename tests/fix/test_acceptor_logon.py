"""Who may log on, what a refused one learns, and that it changes nothing."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest

from tests.fix.desk import order, token
from tests.fix.office import SECRETS, Office

SECRET = SECRETS["DESK1"]
REFUSED = "Rejected Logon Attempt: logon refused"  # the first words are quickfix's
NOW = int(datetime.now(UTC).timestamp())  # noqa: TID251  the acceptor's clock is the machine's


def _unsigned() -> str:
    return jwt.encode({"sub": "DESK1", "exp": NOW + 60}, None, algorithm="none")


def _longer_hash() -> str:
    return jwt.encode({"sub": "DESK1", "exp": NOW + 60}, SECRET * 2, algorithm="HS512")


WRONG = {
    "no token": "",
    "not a token": "password",
    "another's secret": token(SECRETS["DESK2"], "DESK1"),
    "another's name": token(SECRET, "DESK2"),
    "expired": token(SECRET, "DESK1", life_s=-60),
    "no name": jwt.encode({"exp": NOW + 60}, SECRET, algorithm="HS256"),
    "a name that is no text": jwt.encode({"sub": 1, "exp": NOW + 60}, SECRET, algorithm="HS256"),
    "no end": jwt.encode({"sub": "DESK1"}, SECRET, algorithm="HS256"),
    "an end that is no number": jwt.encode(
        {"sub": "DESK1", "exp": "never"}, SECRET, algorithm="HS256"
    ),
    "no signature": _unsigned(),
    "another signature": _longer_hash(),
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One acceptor for all refused logons: none of them may change anything."""
    office = Office(tmp_path_factory.mktemp("office"))
    yield office
    office.close()


@pytest.mark.parametrize("password", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_token_is_refused_with_the_same_words(shared: Office, password: str) -> None:
    """A Logout (5) whose Text does not say which part was wrong, then the end."""
    desk = shared.desk()
    desk.next_out = 1_000  # quickfix would log a low number out itself, and say so
    desk.log_on(password, expect=False)
    assert desk.expect("5")[58] == REFUSED
    desk.expect_closed()
    assert not shared.status()["logged_on"]


def test_an_unknown_comp_id_is_not_talked_to(shared: Office) -> None:
    stranger = shared.desk("DESK9", SECRET)
    stranger.log_on(expect=False)
    stranger.expect_closed()
    assert stranger.seen == []


def test_the_right_token_logs_on(office: Office) -> None:
    desk = office.desk()
    assert desk.log_on()[34] == "1"
    office.wait_logged_on()
    desk.log_out()


def test_a_desks_clock_may_be_a_little_behind(office: Office) -> None:
    """Five seconds of leeway, for clocks that are not the same."""
    desk = office.desk()
    desk.log_on(token(SECRET, "DESK1", life_s=-2))
    office.wait_logged_on()


def test_a_stranger_can_not_start_a_desks_session_anew(office: Office) -> None:
    """quickfix empties the store for 141=Y before the token is looked at; it is put back."""
    desk = office.desk()
    desk.log_on()
    office.child.call("send", "DESK1", 3)
    reports = [desk.expect("8") for _ in range(3)]
    office.child.post("Delivered")
    desk.log_out()

    stranger = office.desk("DESK1", "x" * 40)
    stranger.log_on(reset=True, expect=False)
    assert stranger.expect("5")[58] == REFUSED
    stranger.expect_closed()

    desk.log_on()
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
    office = open_office(logon_wait_s=0.5)
    stranger = office.desk("DESK1", "x" * 40)
    stranger.connect()
    stranger.send(*forged)
    stranger.expect_closed()
    desk = office.desk()
    desk.log_on(expect=False)
    desk.expect("A")
    desk.send("D", *order("a1"))
    assert office.child.post("NewOrderSingle")["message"]["cl_ord_id"] == "a1"


def test_a_restart_undoes_what_a_stranger_began(office: Office, tmp_path: Path) -> None:
    """The process may end between the emptying and the putting back."""
    desk = office.desk()
    desk.log_on()
    office.child.call("send", "DESK1", 2)
    reports = [desk.expect("8") for _ in range(2)]
    office.kill()
    for part in ("body", "header", "seqnums", "session"):
        name = tmp_path / "var" / "fix" / f"FIX.4.2-OMS-DESK1.{part}"
        name.unlink()
        name.write_text("")
    office.begin()
    desk.log_on()
    desk.send("2", (7, reports[0][34]), (16, reports[1][34]))
    desk.next_in = int(reports[0][34])
    assert [desk.expect("8")[17] for _ in range(2)] == [one[17] for one in reports]


def test_no_token_and_no_secret_is_written_anywhere(office: Office) -> None:
    """Neither in quickfix's store nor in the log, whoever sent it."""
    words = [*SECRETS.values(), token(SECRET, "DESK1")]
    desk = office.desk()
    desk.log_on(words[-1])
    desk.send("D", *order("a1"))
    raw = office.child.post("NewOrderSingle")["raw"]
    desk.log_out()
    desk.log_on(WRONG["expired"], expect=False)
    desk.expect_closed()
    office.child.end()
    written = [raw, *(path.read_text(errors="replace") for path in office.files())]
    assert len(written) > 5
    for word in [*words, WRONG["expired"]]:
        assert not any(word in text for text in written)
