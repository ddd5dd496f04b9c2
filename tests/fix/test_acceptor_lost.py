"""quickfix's files lost, torn or of another day: nothing is missing, and nothing is told twice
without a word."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fix.desk import WAIT_S, Desk, Fields, order
from tests.fix.office import Office


def parts(folder: Path, name: str) -> list[Path]:
    """The first desk's file of that name, under both of its names."""
    return list((folder / "var" / "fix").glob(f"FIX.4.2-OMS-DESK1.{name}*"))


def _cut(path: Path) -> int:
    return path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


LOSSES: dict[str, Callable[[Path], object]] = {
    "everything is gone": lambda folder: shutil.rmtree(folder / "var"),
    "the messages are cut short": lambda folder: [_cut(one) for one in parts(folder, "body")],
    "the index is cut short": lambda folder: [_cut(one) for one in parts(folder, "header")],
    "the numbers are gone": lambda folder: [
        one.rename(f"{one}.off") for one in parts(folder, "seqnums")
    ],
    "the machine was started again": lambda folder: [
        one.write_text("another") for one in parts(folder, "boot")
    ],
}


def take(desk: Desk, count: int) -> list[Fields]:
    """The next so many reports."""
    return [desk.expect("8") for _ in range(count)]


def number(report: Fields) -> int:
    """Which of the desk's reports it is."""
    return int(report[17].partition("-")[2])


@pytest.mark.parametrize("committing", [True, False], ids=["noted", "never noted"])
@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES.keys())
def test_lost_files_lose_no_report(
    open_office: Callable[..., Office],
    tmp_path: Path,
    lose: Callable[[Path], object],
    committing: bool,
) -> None:
    """25 were read, 15 were told to nobody: they come under new numbers, with PossResend."""
    office = open_office()
    desk = office.logged_on()
    desk.send("D", *order("a1"))
    office.heard(desk)
    office.child.call("commit", committing)
    office.send(desk, 25)
    assert [number(one) for one in take(desk, 25)] == list(range(1, 26))
    desk.close()
    office.send(desk, 15)
    if committing:
        office.wait_logged_on(desk, logged_on=False)
    office.kill()
    lose(tmp_path)
    office.begin()
    used = desk.next_in
    desk.log_on(expect=False)
    office.send(desk, 10)
    told = take(desk, 1)
    while number(told[-1]) < 50:
        told += take(desk, 1)
    assert [number(one) for one in told if number(one) > 25] == list(range(26, 51))
    assert all(one.get(97) == "Y" for one in told if number(one) <= 40)
    assert not any(97 in one for one in told if number(one) > 40)
    assert all(int(one[34]) > used for one in told)
    desk.expect_nothing()
    desk.send("D", *order("a2"))
    assert office.heard(desk) == "a2"


def test_it_is_known_after_a_loss_what_the_desk_has(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    """It asks from the number that it expects, so what was noted below that is not told again."""
    office = open_office()
    desk = office.logged_on()
    office.send(desk, 40)
    take(desk, 40)
    office.wait_delivered(desk, 40)
    office.kill()
    shutil.rmtree(tmp_path / "var")
    office.begin()
    desk.log_on(expect=False)
    office.send(desk, 2)
    told = take(desk, 2)
    assert [number(one) for one in told] == [41, 42]
    assert not any(97 in one for one in told)


def test_a_reset_after_a_loss_is_granted(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    """A desk that will not jump begins anew, and misses nothing either."""
    office = open_office()
    desk = office.logged_on()
    office.send(desk, 5)
    take(desk, 3)
    office.kill()
    shutil.rmtree(tmp_path / "var")
    office.begin()
    desk.take_all()
    answer = desk.log_on(reset=True)
    assert answer[34] == "1"
    told = take(desk, 5)
    assert [(number(one), one.get(97)) for one in told] == [(n, "Y") for n in range(1, 6)]
    office.kill()
    office.begin()
    desk.log_on(expect=False)
    office.send(desk, 1)
    assert [(number(one), one.get(97)) for one in take(desk, 1)] == [(6, None)]


def test_lost_twice_it_still_tells_everything(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    office = open_office()
    desk = office.desk()
    known: dict[int, Fields] = {}
    for round_ in range(1, 4):
        desk.log_on(expect=False)
        office.send(desk, 10)
        until = time.monotonic() + WAIT_S
        while len(known) < 10 * round_ - 3:
            assert time.monotonic() < until, f"waited for {10 * round_ - 3} reports: {known.keys()}"
            for report in take(desk, 1):
                assert number(report) not in known or report.get(97) == "Y"
                known[number(report)] = report
        office.kill()
        shutil.rmtree(tmp_path / "var")
        office.begin()
    desk.log_on(expect=False)
    while len(known) < 30:
        (report,) = take(desk, 1)
        assert number(report) not in known or report.get(97) == "Y"
        known[number(report)] = report
    assert sorted(known) == list(range(1, 31))


def test_files_of_another_day_are_gone_on_from(
    open_office: Callable[..., Office], tmp_path: Path
) -> None:
    """A desk's session has no end of day: quickfix alone would begin it anew."""
    office = open_office()
    desk = office.logged_on()
    desk.close()
    office.send(desk, 5)
    office.wait_logged_on(desk, logged_on=False)
    office.kill()
    for one in parts(tmp_path, "session"):
        one.write_text("20200101-00:00:00")
    office.begin()
    desk.log_on(expect=False)
    told = take(desk, 5)
    assert [number(one) for one in told] == [1, 2, 3, 4, 5]
    assert not any(97 in one for one in told)


def test_a_resend_request_after_a_crash_is_answered_with_the_originals(
    open_office: Callable[..., Office],
) -> None:
    """PossDup and the first SendingTime on each report; the rest is filled over."""
    office = open_office()
    desk = office.logged_on()
    office.send(desk, 3)
    first = take(desk, 3)
    office.kill()
    office.begin()
    desk.log_on()
    desk.next_in = 1
    desk.send("2", (7, "1"), (16, "0"))
    again = take(desk, 3)
    assert [one[17] for one in again] == [one[17] for one in first]
    for one, original in zip(again, first, strict=True):
        assert (one[43], one[34], one[122]) == ("Y", original[34], original[52])
        assert 97 not in one
    fills = [one for one in desk.seen if one[35] == "4"]
    assert all(fill[123] == "Y" for fill in fills)
    assert (fills[0][34], fills[0][36]) == ("1", "2"), "the Logon is not sent again"
