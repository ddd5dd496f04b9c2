"""kill -9 and a new process over the same files: every report once and in order, no request lost."""

from collections.abc import Callable

import pytest

from tests.fix.desk import Desk, order
from tests.fix.office import Office


def take(desk: Desk, count: int) -> list[str]:
    """The ExecIDs of the next so many reports."""
    return [desk.expect("8")[17] for _ in range(count)]


def ids(desk: Desk, first: int, last: int) -> list[str]:
    """The ExecIDs of its reports."""
    return [f"{desk.comp_id}-{number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("committing", [True, False], ids=["noted", "never noted"])
@pytest.mark.parametrize("seen", [0, 7, 40])
def test_each_report_comes_once_and_in_order(
    open_office: Callable[..., Office], committing: bool, seen: int
) -> None:
    """Whether or not the journal heard how far the desk was, and however much it read."""
    office = open_office()
    desk = office.logged_on()
    office.child.call("commit", committing)
    office.send(desk, 40)
    told = take(desk, seen)
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    told += take(desk, 40 - seen)
    office.send(desk, 10)
    told += take(desk, 10)
    assert told == ids(desk, 1, 50)
    desk.expect_nothing()


@pytest.mark.parametrize("seen", [1, 150, 900])
def test_a_kill_in_the_middle_of_sending_loses_nothing(
    open_office: Callable[..., Office], seen: int
) -> None:
    """Some were handed over, some were not, and nobody wrote down which."""
    office = open_office()
    desk = office.logged_on()
    office.child.call("commit", False)
    office.child.tell("send", desk.comp_id, 1_000)
    told = take(desk, seen)
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    told += take(desk, 1_000 - seen)
    assert told == ids(desk, 1, 1_000)
    desk.expect_nothing()


def test_killed_again_and_again_it_still_tells_everything_once(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    desk = office.desk()
    told: list[str] = []
    for round_ in range(1, 5):
        desk.log_on(expect=False)
        office.send(desk, 25)
        told += take(desk, 20 * round_ - len(told))
        office.kill()
        office.begin()
    desk.log_on(expect=False)
    told += take(desk, 100 - len(told))
    assert told == ids(desk, 1, 100)
    desk.expect_nothing()


def test_what_was_not_committed_is_asked_for_again(open_office: Callable[..., Office]) -> None:
    """quickfix counted both orders as received; the journal had only the first."""
    office = open_office()
    desk = office.logged_on()
    desk.send("D", *order("kept"))
    assert office.heard(desk) == "kept"
    office.child.call("commit", False)
    desk.send("D", *order("lost"))
    assert office.heard(desk) == "lost"
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    assert office.heard(desk) == "lost"
    desk.send("D", *order("new"))
    assert office.heard(desk) == "new"


def test_a_fresh_start_that_was_not_committed_still_counts(
    open_office: Callable[..., Office],
) -> None:
    """The desk began again at 1, and the process ended before the journal knew."""
    office = open_office()
    desk = office.logged_on()
    for number in range(5):
        desk.send("D", *order(f"old{number}"))
        assert office.heard(desk) == f"old{number}"
    office.send(desk, 3)
    assert take(desk, 3) == ids(desk, 1, 3)
    desk.log_out()
    office.wait_delivered(desk, 3)
    office.child.call("commit", False)
    desk.log_on(reset=True)
    desk.send("D", *order("after"))
    assert office.heard(desk) == "after"
    office.kill()
    office.begin()
    office.post("SessionReset", desk)
    desk.log_on(expect=False)
    assert office.heard(desk) == "after"
    office.send(desk, 2)
    reports = [desk.expect("8") for _ in range(5)]
    assert [one[17] for one in reports] == ids(desk, 1, 5)
    assert [one.get(97) for one in reports] == ["Y"] * 3 + [None] * 2
    desk.expect_nothing()


def test_two_fresh_starts_that_were_not_committed_count_as_one(
    open_office: Callable[..., Office],
) -> None:
    """The next start but one must not take the session for begun anew once more."""
    office = open_office()
    desk = office.logged_on()
    desk.send("D", *order("old"))
    assert office.heard(desk) == "old"
    office.child.call("commit", False)
    desk.log_on(reset=True)
    desk.log_on(reset=True)
    for _ in range(2):
        office.post("SessionReset", desk)
    office.kill()
    office.begin()
    office.post("SessionReset", desk)
    desk.log_on(expect=False)
    desk.send("D", *order("new"))
    assert office.heard(desk) == "new"
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    desk.send("D", *order("newer"))
    assert office.heard(desk) == "newer"
    assert not any(post["post"] == "SessionReset" for post in office.child.posts)


def test_a_committed_fresh_start_is_not_taken_for_an_uncommitted_one(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    desk = office.logged_on()
    for number in range(3):
        desk.send("D", *order(f"old{number}"))
        office.heard(desk)
    desk.log_out()
    office.wait_logged_on(desk, logged_on=False)
    desk.log_on(reset=True)
    desk.send("D", *order("after"))
    office.heard(desk)
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    desk.send("D", *order("later"))
    assert office.heard(desk) == "later"
    assert not any(post["post"] == "SessionReset" for post in office.child.posts)


def test_the_acceptor_can_be_built_anew_in_one_process(
    open_office: Callable[..., Office],
) -> None:
    """Log out, stop, destroy, and only then the next: quickfix crashes on any other order."""
    office = open_office()
    desk = office.desk()
    for number in range(1, 6):
        desk.log_on(expect=False)
        office.wait_logged_on(desk)
        office.send(desk, 1)
        assert take(desk, 1) == ids(desk, number, number)
        office.child.tell("restart")
        desk.expect("5")
        desk.send("5")
        desk.expect_closed()
        desk.port = office.child.told("restart")
    office.child.end()
