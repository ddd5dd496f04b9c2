"""Make .venv: every dependency at the version in requirements.lock, and this project, editable.

Standard library only: it runs before anything is installed. Each step says what it waits for, for
how long so far, and roughly how long to expect; pip's own words go to .venv/setup.log.
"""

import os
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.lock"
LOG = VENV / "setup.log"
EVERY_S = 5.0

# -O1 halves the compile time of quickfix's one very large generated source; -fwrapv keeps what
# Python's own flags ask for.
PLAIN = "-O1 -DNDEBUG -fwrapv"
# quickfix's setup.py never names the TLS libraries; without --no-as-needed the linker drops them
# again and the module cannot be imported.
TLS_LINK = "-Wl,--no-as-needed -lssl -lcrypto"


def say(text: str) -> None:
    """Print one line at once, whoever reads our output."""
    print(text, flush=True)


def run(what: str, expect: str, command: Sequence[str], extra: Mapping[str, str]) -> None:
    """Run `command`, with a line every few seconds; on failure show the end of the log and exit."""
    say(f"setup: {what} ({expect})")
    began = time.monotonic()
    with LOG.open("a") as log:
        child = subprocess.Popen(  # noqa: S603  the commands are this file's own
            list(command), cwd=ROOT, env={**os.environ, **extra}, stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        code = None
        while code is None:
            try:
                code = child.wait(timeout=EVERY_S)
            except subprocess.TimeoutExpired:
                say(f"setup:   {time.monotonic() - began:4.0f} s  still {what}")
    if code != 0:
        say("\n".join(LOG.read_text(errors="replace").splitlines()[-30:]))
        sys.exit(f"setup: {what} failed (exit {code}); the whole story is in {LOG}")


def pip(*arguments: str) -> list[str]:
    """A pip command inside .venv that installs nothing but the locked versions."""
    return [str(PYTHON), "-m", "pip", "install", "--constraint", str(LOCK), *arguments]


def locked(*leave_out: str) -> list[str]:
    """Every `name==version` of the lock, but those named."""
    lines = (line.split("#")[0].strip() for line in LOCK.read_text().splitlines())
    return [line for line in lines if line and line.split("==")[0] not in leave_out]


def has_openssl_headers() -> bool:
    """Whether the compiler finds OpenSSL's headers; then quickfix is built with TLS."""
    try:
        probe = subprocess.run(
            ["g++", "-E", "-x", "c++", "-"],  # noqa: S607  the compiler that PATH names builds it
            input=b"#include <openssl/ssl.h>\n",
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        sys.exit("setup: quickfix needs a C++ compiler and finds none: install g++")
    return probe.returncode == 0


def quickfix_flags() -> dict[str, str]:
    """The compiler flags for quickfix, as environment variables."""
    if has_openssl_headers():
        flags = f"{PLAIN} -DHAVE_SSL=1"
        return {"CFLAGS": flags, "CXXFLAGS": flags, "LDFLAGS": TLS_LINK}
    say("setup: no OpenSSL headers here: FIX sessions will be plain TCP (libssl-dev adds TLS)")
    return {"CFLAGS": PLAIN, "CXXFLAGS": PLAIN}


def main() -> None:
    """The four steps; each may be run again on what an interrupted run left."""
    began = time.monotonic()
    if sys.version_info[:2] != (3, 11):
        sys.exit(f"setup: Python 3.11 is needed, this is {sys.version.split()[0]}")
    say(f"setup: making {VENV.name} with Python {sys.version.split()[0]}")
    try:
        venv.create(VENV, with_pip=True, symlinks=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"setup: cannot make a virtual environment ({error}): install python3.11-venv")
    build = [line for line in locked() if line.startswith(("setuptools==", "wheel=="))]
    quickfix = [line for line in locked() if line.startswith("quickfix==")]
    run("fetching the build tools", "a few seconds", pip(*build), {})
    run(
        "fetching the libraries",
        "about half a minute, most of it network",
        pip(*locked("quickfix")),
        {},
    )
    run(
        "building quickfix",
        "the first time two to five minutes on an idle machine; then pip has the wheel",
        pip("--no-build-isolation", "--use-pep517", *quickfix),
        quickfix_flags(),
    )
    run(
        "installing this project, editable",
        "a few seconds",
        pip("--no-build-isolation", "--no-deps", "--config-settings", "editable_mode=compat",
            "--editable", str(ROOT)),
        {},
    )  # fmt: skip
    run("checking that what is installed fits together", "a second",
        [str(PYTHON), "-m", "pip", "check"], {})  # fmt: skip
    say(f"setup: ready in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
