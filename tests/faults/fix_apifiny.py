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
        net.listen(session, self._take)

    def _take(self, half: Half) -> "_End":
        return _End(self, self.simulator.fix.connect(), half)


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
        if kind == "F":
            self._door.watch(kind, order_id)
        self._say(self._session.receive(known, self._door.clock_ms()))
        if kind == "D":
            self._door.watch(kind, order_id)

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
