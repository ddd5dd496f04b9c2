"""A folder with desks' sessions in it, and the acceptor that a test runs on it."""

import json
import time
from pathlib import Path

from tests.fix.child import Child
from tests.fix.desk import WAIT_S, Desk

SECRETS = {name: f"{name} keeps this secret, 32 bytes at least" for name in ("DESK1", "DESK2")}

_DEFAULT = """[DEFAULT]
BeginString=FIX.4.2
StartTime=00:00:00
EndTime=00:00:00
UseDataDictionary=Y
SocketNodelay=Y
MillisecondsInTimeStamp=Y
SocketReuseAddress=Y
PersistMessages=Y
"""


def session(desk: str, *more: str) -> str:
    """An acceptor's [SESSION]."""
    lines = [
        "[SESSION]",
        "ConnectionType=acceptor",
        "SenderCompID=OMS",
        f"TargetCompID={desk}",
        "DataDictionary=OMS42.xml",
        "SocketAcceptPort=5201",
        "FileStorePath=var/fix",
        *more,
    ]
    return "\n".join(lines) + "\n"


def write_settings(folder: Path, *sections: str) -> Path:
    """quickfix.cfg of those sections."""
    path = folder / "quickfix.cfg"
    path.write_text(_DEFAULT + "".join(sections))
    return path


class Office:
    """Desks, and an acceptor that can be killed and started again over the same files."""

    def __init__(
        self,
        folder: Path,
        *,
        stall_s: float = 10.0,
        logon_wait_s: float = 10.0,
        extended_tags: bool = False,
    ) -> None:
        """Start the acceptor on a port of the kernel's choice."""
        self.folder = folder
        write_settings(folder, *map(session, SECRETS))
        logins = {
            name: {"secret": secret, "extended_tags": extended_tags}
            for name, secret in SECRETS.items()
        }
        told = {
            "logins": logins,
            "overrides": {"SocketAcceptPort": "0"},
            "stall_s": stall_s,
            "logon_wait_s": logon_wait_s,
        }
        (folder / "desks.json").write_text(json.dumps(told))
        self._children: list[Child] = []
        self._desks: list[Desk] = []
        self.begin()

    @property
    def child(self) -> Child:
        """The process that runs now."""
        return self._children[-1]

    def begin(self) -> None:
        """A new process over the same files; known desks find its port."""
        self._children.append(Child("child_acceptor.py", str(self.folder)))
        for desk in self._desks:
            desk.port = self.child.ready["ready"]

    def kill(self) -> None:
        """kill -9."""
        self.child.kill()
        for desk in self._desks:
            desk.close()

    def desk(self, comp_id: str = "DESK1", secret: str = "") -> Desk:
        """A desk that is not connected yet; a stranger if it has a secret of its own."""
        desk = Desk(self.child.ready["ready"], comp_id, secret or SECRETS[comp_id])
        self._desks.append(desk)
        return desk

    def status(self, comp_id: str = "DESK1") -> dict[str, object]:
        """What the acceptor says of the desk's session."""
        found: list[dict[str, object]] = self.child.call("status")
        return next(one for one in found if one["comp_id"] == comp_id)

    def wait_logged_on(self, comp_id: str = "DESK1", logged_on: bool = True) -> None:
        """The acceptor says so; a Logon's answer leaves a moment before."""
        until = time.monotonic() + WAIT_S
        while self.status(comp_id)["logged_on"] is not logged_on:
            assert time.monotonic() < until, f"waited {WAIT_S} s for logged_on={logged_on}"

    def files(self) -> list[Path]:
        """Everything that was written, but what the test itself wrote."""
        own = ("desks.json", "journal.jsonl")
        return [path for path in self.folder.rglob("*") if path.is_file() and path.name not in own]

    def close(self) -> None:
        """End what still runs."""
        for desk in self._desks:
            desk.close()
        for child in self._children:
            child.close()
