"""A process that dies while it moves money: in doubt afterwards, and never sent twice."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.treasury.bank_engine import BankEngine, bank_engine
from tests.treasury.dying_bank_engine import DEATH


def die(engine: BankEngine, folder: Path, when: str) -> None:
    """Let another process ask for a withdrawal and die of it."""
    command = [sys.executable, "-m", "tests.treasury.dying_bank_engine"]
    child = subprocess.run(  # noqa: S603  our own module
        [*command, str(folder), engine.venue.url, when],
        timeout=30,
        check=False,
        capture_output=True,
        text=True,
    )
    assert child.returncode == DEATH, child.stderr


@pytest.mark.parametrize(("when", "done"), [("committed", 0), ("sent", 1)])
def test_a_crash_leaves_a_doubt_and_no_second_sending(tmp_path: Path, when: str, done: int) -> None:
    """The same from here, whether the venue has it: its list alone tells."""
    with bank_engine(tmp_path, start=False) as engine:
        die(engine, tmp_path, when)
        assert len(engine.bank.rows) == done
        engine.bank.troubles["no list"] = 1
        engine.start()
        row = engine.until_state("IN_DOUBT")
        assert "the engine ended before the venue answered" in row["in_doubt_text"]
        if done:
            engine.until_state("DONE")
        else:
            engine.until("the list was read three times", lambda: engine.bank.listed >= 3)
            assert engine.move()["state"] == "IN_DOUBT"
        # The program that lost its answer with the engine asks again under its name.
        assert engine.withdraw(cl_ord_id="W1")["transfer_id"] == "T1"
        assert (engine.bank.asked, len(engine.bank.rows)) == (done, done)


def test_a_doubt_is_followed_over_restarts(tmp_path: Path) -> None:
    """And what was taken, too."""
    with bank_engine(tmp_path, start=False) as engine:
        die(engine, tmp_path, "sent")
        engine.bank.finishes = False
        engine.start()
        engine.until_state("TAKEN")
        engine.restart()
        assert engine.move()["state"] == "TAKEN"
        engine.bank.finishes = True
        engine.until_state("DONE")
        assert engine.bank.asked == 1
