"""A desk on FIX: it logs on, asks, loses its connection, and keeps a log of what it was told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import jwt

from tests.faults.fix_net import Net
from tests.faults.fix_party import WAY, Message, Party

Pairs = tuple[tuple[int, str], ...]

RECONNECT_S: Final = 1.0
_TOKEN_LIFE_S: Final = 60


@dataclass(frozen=True, slots=True)
class Told:
    """A message of the engine's, as the desk's log has it."""

    message: Message

    @property
    def exec_id(self) -> str:
        """ExecID (17); empty where there is none, or none that counts."""
        exec_id = self.message.get(17, "")
        return "" if exec_id == "0" else exec_id

    @property
    def may_be_known(self) -> bool:
        """Whether it says that it may have been told before."""
        return "Y" in (self.message.get(43), self.message.get(97))


class FixDesk(Party):
    """One desk. What it is to ask while it is not logged on is asked when it is."""

    def __init__(
        self,
        net: Net,
        session: str,
        comp_id: str,
        secret: str,
        now: Callable[[], datetime],
        target: str = "OMS",
    ) -> None:
        """`session` is what the engine calls it."""
        super().__init__(net, comp_id, target, now)
        self.answers_logon = False
        self.log: list[Told] = []
        self.logons = 0
        self._session = session
        self._secret = secret
        self._waiting: list[tuple[str, Pairs]] = []
        self._resets = False
        self._stopped = False

    def start(self) -> None:
        """Connect, and again whenever the connection is over."""
        if self.half is None and not self._stopped:
            if not self.net.connect(self._session, self.begin, WAY):
                self.net.loop.call_later(RECONNECT_S, self.start)
                return
            token = self._token()
            self.log_on((95, str(len(token))), (96, token), reset=self._resets)
            self._resets = False

    def stop(self) -> None:
        """Come back no more."""
        self._stopped = True
        self.hang_up()

    def restart(self, *, lost_files: bool = False) -> None:
        """Hang up and come back; without its files it begins the session anew."""
        self._resets = self._resets or lost_files
        self.hang_up()

    def ask(self, kind: str, *fields: tuple[int, str]) -> None:
        """Send a request now or, if nobody is there, later."""
        if self.logged_on:
            self.send(kind, *fields)
        else:
            self._waiting.append((kind, fields))

    def on_logon(self) -> None:
        """Ask what had to wait."""
        self.logons += 1
        waiting, self._waiting = self._waiting, []
        for kind, fields in waiting:
            self.send(kind, *fields)

    def on_message(self, message: Message) -> None:
        """Write it down."""
        self.log.append(Told(message))

    def on_end(self) -> None:
        """Come back."""
        self.net.loop.call_later(RECONNECT_S, self.start)

    def wrongs(self, exec_ids: Iterable[str]) -> list[str]:
        """What must not be: a report told twice without a mark, or one of `exec_ids` never told."""
        seen: set[str] = set()
        found = []
        for told in self.log:
            if told.exec_id and told.exec_id in seen and not told.may_be_known:
                found.append(f"{self.comp_id} was told {told.exec_id} twice without a mark")
            seen.add(told.exec_id)
        missing = [one for one in exec_ids if one not in ("", "0") and one not in seen]
        return found + [f"{self.comp_id} was never told {one}" for one in missing]

    def _token(self) -> str:
        exp = int(self.now().timestamp()) + _TOKEN_LIFE_S
        return jwt.encode({"sub": self.comp_id, "exp": exp}, self._secret, algorithm="HS256")
