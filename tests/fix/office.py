"""A folder with desks' sessions in it, and the acceptor that a test runs on it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.fix.child import Child
from tests.fix.desk import WAIT_S, Desk

SECRETS = {
    name: f"{name} keeps this secret, 32 bytes at least"
    for name in (f"DESK{number}" for number in range(1, 41))
}
"""A desk for each test that shares an acceptor with others."""

_DEFAULT = """[DEFAULT]
BeginString=FIX.4.2
# around the clock
NonStopSession=Y
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
        settings: Mapping[str, str] | None = None,
        desks: int = 2,
        served: Mapping[str, Any] | None = None,
        prove_after_s: float = 60.0,
    ) -> None:
        """Start the acceptor on a port of the kernel's choice; `served`: how each desk is."""
        self.folder = folder
        names = list(SECRETS)[:desks]
        write_settings(folder, *map(session, names))
        more = {"extended_tags": extended_tags, **(served or {})}
        logins = {name: {"secret": SECRETS[name], **more} for name in names}
        told = {
            "logins": logins,
            "overrides": {"SocketAcceptPort": "0", **(settings or {})},
            "stall_s": stall_s,
            "logon_wait_s": logon_wait_s,
            "prove_after_s": prove_after_s,
        }
        (folder / "desks.json").write_text(json.dumps(told))
        self._children: list[Child] = []
        self._desks: list[Desk] = []
        self._unused = iter(names)
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

    def desk(self, comp_id: str = "", secret: str = "") -> Desk:
        """A desk that is not connected yet: the next unused one, or another client of a known
        one; a stranger if it has a secret of its own."""
        name = comp_id or next(self._unused)
        desk = Desk(self.child.ready["ready"], name, secret or SECRETS[name])
        self._desks.append(desk)
        return desk

    def logged_on(self) -> Desk:
        """The next unused desk, logged on."""
        desk = self.desk()
        desk.log_on()
        self.wait_logged_on(desk)
        return desk

    def post(self, kind: str, desk: Desk) -> dict[str, Any]:
        """The next message of that type that was posted of that desk."""
        return self.child.post(kind, desk.comp_id)

    def heard(self, desk: Desk) -> str:
        """The ClOrdID of the desk's next order that reaches the engine.

        The desk goes on answering meanwhile: it may have to send the order again first.
        """
        until = time.monotonic() + WAIT_S
        while (post := self.child.posted("NewOrderSingle", desk.comp_id)) is None:
            assert time.monotonic() < until, f"waited {WAIT_S} s for an order of {desk.comp_id}"
            desk.pump()
        cl_ord_id: str = post["message"]["cl_ord_id"]
        return cl_ord_id

    def send(self, desk: Desk, count: int, padding: int = 0) -> None:
        """Have so many more reports committed and given to the desk's gateway."""
        self.child.call("send", desk.comp_id, count, padding)

    def status(self, desk: Desk) -> dict[str, Any]:
        """What the acceptor says of the desk's session."""
        found: list[dict[str, Any]] = self.child.call("status")
        return next(one for one in found if one["comp_id"] == desk.comp_id)

    def wait_logged_on(self, desk: Desk, logged_on: bool = True) -> None:
        """The acceptor says so; a Logon's answer leaves a moment before."""
        until = time.monotonic() + WAIT_S
        while self.status(desk)["logged_on"] is not logged_on:
            assert time.monotonic() < until, f"waited {WAIT_S} s for logged_on={logged_on}"

    def wait_delivered(self, desk: Desk, number: int) -> None:
        """The journal knows that the desk has its reports up to that one."""
        while int(self.post("Delivered", desk)["message"]["number"]) < number:
            pass

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
