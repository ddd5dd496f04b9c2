"""No credential is committed, and the check that looks for them sees one."""

import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from tests.house.tree import ROOT, texts
from tools import leaks

KEY = "9f86d081884c7d65" + "9a2feaa0c55ad015"


def test_the_repository_holds_none() -> None:
    assert [leak for name, text in texts().items() for leak in leaks.leaks(name, text)] == []


@pytest.mark.parametrize(
    "line",
    [
        f'api_secret = "{KEY}"',
        f'"api_key": "{KEY}"',
        f"passphrase='{KEY}'",
        "-----BEGIN " + "RSA PRIVATE KEY-----",
        "x " + jwt.encode({"accountId": "STA-00173201"}, KEY, "HS256"),
    ],
)
def test_what_looks_like_a_credential_is_found(line: str) -> None:
    assert leaks.suspicion(line)
    assert not leaks.suspicion(f"{line}  # {leaks.EXCUSE}")


@pytest.mark.parametrize(
    "line",
    [
        'api_secret = "…"',
        'api_secret = "apifiny-secret-0001-apifiny-secret"',
        "token = settings.desks[0].secret_value",
        jwt.encode({"accountId": "STA-00000001"}, KEY, "HS256"),
    ],
)
def test_what_nobody_is_issued_is_not(line: str) -> None:
    assert not leaks.suspicion(line)


def test_the_configuration_with_the_secrets_is_not_committed() -> None:
    assert list(leaks.leaks("var/oms.toml", "")) == ["var/oms.toml: a file that holds secrets"]
    assert list(leaks.leaks("oms.toml.md", "")) == []


def test_a_hit_fails_the_commit_and_does_not_repeat_the_secret(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text(f'fine\napi_secret = "{KEY}"\n')
    done = subprocess.run(  # noqa: S603  our own module
        [sys.executable, "-m", "tools.leaks", str(file)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert ":2: looks like a credential" in done.stderr
    assert KEY not in done.stderr
