"""What `make setup` does beside calling pip."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import setup


def test_the_lock_is_read_whole_and_can_leave_one_out() -> None:
    whole = setup.locked()
    assert "quickfix==1.16.0" in whole
    assert set(whole) - set(setup.locked("quickfix")) == {"quickfix==1.16.0"}


def test_with_openssl_quickfix_is_linked_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "has_openssl_headers", lambda: True)
    flags = setup.quickfix_flags()
    assert "-DHAVE_SSL=1" in flags["CXXFLAGS"]
    assert flags["LDFLAGS"] == "-Wl,--no-as-needed -lssl -lcrypto"


def test_without_openssl_it_is_built_without_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "has_openssl_headers", lambda: False)
    flags = setup.quickfix_flags()
    assert "SSL" not in flags["CXXFLAGS"]
    assert "LDFLAGS" not in flags
    assert "plain TCP" in capsys.readouterr().out


def test_a_machine_without_a_compiler_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"install g\+\+"):
        setup.has_openssl_headers()


def test_the_compiler_is_asked_and_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(
        command: list[str], *, returncode: int = 1, **named: object
    ) -> subprocess.CompletedProcess[bytes]:
        asked.append(named["input"])
        return subprocess.CompletedProcess(command, returncode)

    monkeypatch.setattr(subprocess, "run", answer)
    assert not setup.has_openssl_headers()
    assert asked == [b"#include <openssl/ssl.h>\n"]


def test_a_long_step_speaks_while_it_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "still" in text:
            heard.touch()

    monkeypatch.setattr(setup, "say", say)
    monkeypatch.setattr(setup, "LOG", tmp_path / "log")
    monkeypatch.setattr(setup, "EVERY_S", 0.01)
    # The step ends once it was spoken of; 300 million looks are minutes, not for ever.
    code = (
        "import os\n"
        "for _ in range(300_000_000):\n"
        "    if os.path.exists(os.environ['HEARD']): break\n"
        "print('ended')"
    )
    setup.run("compiling", "a while", [sys.executable, "-c", code], {"HEARD": str(heard)})
    assert said[0] == "setup: compiling (a while)"
    assert said[1].endswith("s  still compiling")
    assert (tmp_path / "log").read_text() == "ended\n"


def test_a_failed_step_shows_the_end_of_its_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(setup, "LOG", tmp_path / "log")
    step = [sys.executable, "-c", "import sys; print('no such wheel'); sys.exit(3)"]
    with pytest.raises(SystemExit, match=r"fetching failed \(exit 3\)"):
        setup.run("fetching", "seconds", step, {})
    assert "no such wheel" in capsys.readouterr().out
