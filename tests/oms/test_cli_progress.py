"""Something long says how far it has come: on a terminal, elsewhere, and not at all."""

import io
import re
import sys

import pytest

from oms.cli.progress import LINE_EVERY_S, progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what, how much of how much, and, once it is known, how fast and how long still."""
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress(silent=False) as told:
        assert told is not None
        told("records folded", 0, 4_000)
        told("records folded", 1_000, 4_000)
        told("tables compared", 3, 14)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "records folded" in shown
    assert "1000/4000" in shown
    assert "3/14" in shown


def test_elsewhere_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing for what is done soon; of each deed, the time left by its own pace."""
    now = 100.0
    monkeypatch.setattr("oms.clock.SystemClock.monotonic", lambda self: now)
    with progress(silent=False) as told:
        assert told is not None
        told("records folded", 0, 4_000)
        now += LINE_EVERY_S
        told("records folded", 1_000, 4_000)
        told("records folded", 1_001, 4_000)
        now += LINE_EVERY_S
        told("tables compared", 5, 10)
    assert capsys.readouterr().err.splitlines() == [
        "1,000 of 4,000 records folded, 30 s left",
        "5 of 10 tables compared, 10 s left",
    ]


def test_who_wants_a_document_gets_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    """Not even a line."""
    with progress(silent=True) as told:
        assert told is None
    assert capsys.readouterr() == ("", "")
