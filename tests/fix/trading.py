"""The initiator in a process of its own, connected to a simulator or a scripted venue."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.fix.child import WAIT_S, Child

ACCOUNT: Final = "STA-00000001"
KEY: Final = "the-key-id"
SIGNING: Final = "long enough for HS256, and not used elsewhere"

_SETTINGS = """[DEFAULT]
BeginString=FIX.4.2
# around the clock
NonStopSession=Y
UseDataDictionary=Y
SocketNodelay=Y
MillisecondsInTimeStamp=Y
ConnectionType=initiator
SenderCompID=STA-00000001
TargetCompID=APIFINY
DataDictionary=APIFINY42.xml
SocketConnectHost=127.0.0.1
HeartBtInt=30
ReconnectInterval=1
ResetOnLogon=Y
ResetOnLogout=Y
ResetOnDisconnect=Y
PersistMessages=N
"""


class Trading:
    """The child, and what a test wants of it."""

    def __init__(
        self,
        folder: Path,
        ports: Mapping[str, int],
        *,
        max_wait_s: float = 5.0,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`ports`: where each exchange's session connects; "" is the one for all others."""
        sections = "".join(
            f"[SESSION]\nSocketConnectPort={port}\n"
            + (f"SessionQualifier={exchange}\n" if exchange else "")
            for exchange, port in ports.items()
        )
        (folder / "quickfix.cfg").write_text(_SETTINGS + sections)
        login = {"account_id": ACCOUNT, "api_key_id": KEY, "api_secret_key": SIGNING}
        told = {"login": login, "overrides": dict(settings or {}), "max_wait_s": max_wait_s}
        (folder / "venue.json").write_text(json.dumps(told))
        self.folder = folder
        self.child = Child("child_initiator.py", str(folder))

    def wait_link(self, up: bool) -> str:
        """The link moves that way; what was said of it."""
        while (post := self.child.post("RouteStatus")["message"])["up"] != str(up):
            pass
        text: str = post["text"]
        return text

    def wait_session(self, exchange: str) -> None:
        """That exchange's session says that it is logged on."""
        until = time.monotonic() + WAIT_S
        while not any(
            one["name"].endswith(f":{exchange}") and one["text"] == "logged on"
            for one in self.child.call("status")
        ):
            assert time.monotonic() < until, f"waited {WAIT_S} s for the session of {exchange}"

    def new(self, cl_ord_id: str, **changes: str) -> None:
        """A desk's order, a limit order to buy 1 at 10000 unless told otherwise."""
        self.child.call("new", cl_ord_id, {"price": "10000"} | changes)

    def order(self, cl_ord_id: str) -> dict[str, Any]:
        """The order in the books."""
        found: dict[str, Any] = self.child.call("order", cl_ord_id)
        return found

    def wait_status(self, cl_ord_id: str, *statuses: str) -> dict[str, Any]:
        """The order, once it has one of the statuses."""
        until = time.monotonic() + WAIT_S
        while (found := self.order(cl_ord_id))["status"] not in statuses:
            assert time.monotonic() < until, f"waited for {statuses}: {found}"
        return found

    def post(self, kind: str) -> dict[str, Any]:
        """The next message of that type that was posted."""
        found: dict[str, Any] = self.child.post(kind)["message"]
        return found

    def close(self) -> None:
        """End the process."""
        self.child.close()
