"""Apifiny's simulated FIX gateway at the end of a connection in memory: whole messages, no socket."""

from collections.abc import Callable
from typing import Final

from adapters.apifiny.simulator.fix_session import FixSession
from adapters.apifiny.simulator.venue import ApifinySimulator
from fix.wire import Fields
from tests.faults.fix_net import Half, Net

TICK_S: Final = 0.25
"""How often it looks for what it has to tell."""

_FRAME: Final = frozenset({8, 9, 10})


class ApifinyDoor:
    """Takes the connections of one account."""

    def __init__(
        self,
        net: Net,
        session: str,
        simulator: ApifinySimulator,
        clock_ms: Callable[[], int],
        watch: Callable[[str, str], None],
    ) -> None:
        """`session` is what the engine calls it; `clock_ms()` is the venue's clock.
        `watch(kind, order_id)` is told of every D that came, and of every F that is about to."""
        self.net = net
        self.simulator = simulator
        self.clock_ms = clock_ms
        self.watch = watch
        self.refuses_until = 0.0
        self._end: _End | None = None
        net.listen(session, self._take)

    def refuse(self, seconds: float) -> None:
        """End the session, and refuse every logon for so long."""
        self.refuses_until = self.net.loop.time() + seconds
        if self._end is not None:
            self._end.hang_up()

    def _take(self, half: Half) -> "_End":
        self._end = _End(self, self.simulator.fix.connect(), half)
        return self._end


class _End:
    def __init__(self, door: ApifinyDoor, session: FixSession, half: Half) -> None:
        self._door = door
        self._session = session
        self._half = half
        door.net.loop.call_later(TICK_S, self._tick)

    def take(self, fields: Fields) -> None:
        """A message has come."""
        known = [one for one in fields if one[0] not in _FRAME]
        message = dict(known)
        kind, order_id = message[35], message.get(11, "")
        if kind == "A" and self._door.net.loop.time() < self._door.refuses_until:
            self._refuse(message)
            return
        if kind == "F":
            self._door.watch(kind, order_id)
        self._say(self._session.receive(known, self._door.clock_ms()))
        if kind == "D":
            self._door.watch(kind, order_id)

    def hang_up(self) -> None:
        """The venue ends it without a word."""
        self._session.close()
        self._half.close()

    def _refuse(self, logon: dict[int, str]) -> None:
        parties = [(49, logon[56]), (56, logon[49])]
        numbered = [(35, "5"), (34, "1"), *parties, (52, logon[52]), (58, "not now")]
        self._half.send([(8, "FIX.4.2"), *numbered])
        self.hang_up()

    def ended(self) -> None:
        """The engine is gone."""
        self._session.close()

    def _tick(self) -> None:
        now_ms = self._door.clock_ms()
        self._door.simulator.advance(now_ms)
        self._say(self._session.tick(now_ms))
        if not self._session.closed:
            self._door.net.loop.call_later(TICK_S, self._tick)

    def _say(self, messages: list[Fields]) -> None:
        for fields in messages:
            self._half.send([(8, "FIX.4.2"), *fields])
        if self._session.closed:
            self._half.close()
