"""quickfix's threads die on purpose: it is noticed, the side begins anew, nothing is lost or twice."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.installation import PAUSE_S, WAIT_S, Installation
from tests.fix import dying_engine
from tests.fix.desk import Closed, Desk, Timeout, order

FILLS = {38: "0.01", 44: "40000.50"}
APPLICATION = ("8", "9", "j")


class Dying(Installation):
    """An installation whose engine has a thread that dies once, when it is armed."""

    def __init__(self, folder: Path, how: str, side: str) -> None:
        super().__init__(folder)
        self._how = how
        self.mark = folder / f"{side}.died"

    def arm(self) -> None:
        """Have it die from now on."""
        self.mark.with_suffix(".armed").touch()

    def _spawn(self, name: str, arguments: Sequence[str]) -> "subprocess.Popen[bytes]":
        if arguments[0] != "run":
            return super()._spawn(name, arguments)
        script = [dying_engine.__file__, self._how, str(self.mark)]
        with (self.folder / f"{name}.err").open("wb") as err:
            return subprocess.Popen(  # noqa: S603  our own script
                [sys.executable, *script, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=err,
                cwd=self.folder,
                start_new_session=True,
            )

    def log(self) -> str:
        """What the engine has said."""
        return "".join(path.read_text() for path in self.folder.glob("run*.err"))

    def wait_said(self, what: str) -> None:
        """Until the engine's log has it."""
        until = time.monotonic() + WAIT_S
        while what not in self.log():
            assert time.monotonic() < until, f"waited for {what!r}: {self.log()[-2000:]}"
            time.sleep(PAUSE_S)

    def wait_back(self) -> Any:
        """Until the engine answers again, the desks' port too, and every route is ready; its status."""
        until = time.monotonic() + WAIT_S
        while True:
            try:
                status = self.get("/status")
                if status["ready"] and all(venue["ready"] for venue in status["venues"]):
                    socket.create_connection(("127.0.0.1", self.layout.desk), 1.0).close()
                    return status
            except (httpx.HTTPError, OSError):
                pass
            assert time.monotonic() < until, f"waited for the engine: {self.log()[-2000:]}"
            time.sleep(PAUSE_S)


@pytest.fixture
def dying(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Dying]:
    """An engine that runs, and a desk's or a venue's thread that will die as the test says."""
    how, side = request.param
    made = Dying(tmp_path, how, side)
    with made.simulators():
        made.start()
        try:
            made.wait_ready()
            yield made
        finally:
            made.kill()


class Patient(Desk):
    """A desk that goes on trying to log on."""

    def connect_when_there(self) -> None:
        """Until there is a port and a session behind it."""
        end = time.monotonic() + WAIT_S
        while True:
            try:
                self.log_on()
                return
            except (OSError, AssertionError):
                self.close()
                assert time.monotonic() < end, "waited for a logon"
                time.sleep(0.2)


def heard(desk: Patient, until: Any) -> None:
    """Take what comes until it is so, over as many connections as that takes."""
    end = time.monotonic() + 2 * WAIT_S
    while not until():
        assert time.monotonic() < end, f"waited for the desk's reports: {desk.seen[-3:]}"
        try:
            desk.receive(time.monotonic() + 0.2, "a report")
        except Timeout:
            continue
        except (Closed, OSError):
            log_on_again(desk)


def log_on_again(desk: Patient) -> None:
    """As a desk does that has lost its connection."""
    desk.close()
    desk.connect_when_there()


def statuses(desk: Desk, cl_ord_id: str) -> list[str]:
    """OrdStatus (39) of all that was told of an order, in order."""
    return [one[39] for one in desk.seen if one[35] == "8" and one.get(11) == cl_ord_id]


@pytest.fixture
def desk(dying: Dying) -> Iterator[Patient]:
    """DESK1, logged on."""
    secret = dying.settings.desks[0].secret.get_secret_value()
    desk = Patient(dying.layout.desk, "DESK1", secret)
    desk.log_on()
    yield desk
    desk.close()


@pytest.mark.parametrize(
    "dying",
    [("escape", "desk"), ("late", "desk")],
    indirect=True,
    ids=["an exception that escapes", "a callback that returns late"],
)
def test_a_desk_whose_thread_died_goes_on_where_it_was(dying: Dying, desk: Patient) -> None:
    """The message on which it died is asked for again and worked on; each report comes once."""
    desk.send("D", *order("a1", FILLS))
    heard(desk, lambda: "2" in statuses(desk, "a1"))
    dying.arm()
    desk.send("D", *order("die", FILLS))
    desk.send("D", *order("a2", FILLS))
    dying.wait_said("a FIX side is dead and built anew")
    status = dying.wait_back()
    heard(desk, lambda: "2" in statuses(desk, "die") and "2" in statuses(desk, "a2"))
    if dying.mark.exists() and "the process begins anew" not in dying.log():
        (session,) = [one for one in status["sessions"] if one["comp_id"] == "DESK1"]
        assert "restarted 1 times, last: FIX.4.2:OMS->DESK1: fromApp" in session["text"]
    for name in ("a1", "die", "a2"):
        told = statuses(desk, name)
        assert told.count("2") == 1, (name, told)
        assert told.count("0") <= 1, (name, told)
    ids = [one[17] for one in desk.seen if one[35] == "8" and one[17] != "0"]
    assert len(ids) == len(set(ids)), "each once"
    (row,) = dying.get("/orders?open=true") or [None]  # nothing is left open
    assert row is None


@pytest.mark.parametrize(
    "dying",
    [("block", "venue"), ("late", "venue")],
    indirect=True,
    ids=["a callback that never returns", "a callback that returns late"],
)
def test_a_venue_whose_thread_died_is_logged_on_to_anew_and_its_orders_found(
    dying: Dying, desk: Patient
) -> None:
    """The report on which it died is lost; the venue's own word settles the order."""
    dying.arm()
    desk.send("D", *order("a1", FILLS))
    dying.wait_said("a FIX side is dead and built anew")
    heard(desk, lambda: "2" in statuses(desk, "a1"))
    dying.wait_back()
    desk.send("D", *order("a2", FILLS))
    heard(desk, lambda: "2" in statuses(desk, "a2"))
    assert len(dying.ledger("apifiny")) == 2, "nothing was sent twice"
