"""Apifiny's simulated FIX gateway at the end of a connection in memory: whole messages, no socket."""

from collections.abc import Callable
from typing import Final

from adapters.apifiny.simulator.fix_session import FixAcceptor, FixSession
from fix.wire import Fields
from tests.faults.fix_net import Half, Net

TICK_S: Final = 0.1
"""How often it looks for what it has to tell."""

_FRAME: Final = frozenset({8, 9, 10})


class ApifinyDoor:
    """Takes the connections of one account."""

    def __init__(
        self, net: Net, session: str, acceptor: FixAcceptor, clock_ms: Callable[[], int]
    ) -> None:
        """`session` is what the engine calls it; `clock_ms()` is the venue's clock."""
        self._net = net
        self._acceptor = acceptor
        self._clock_ms = clock_ms
        net.listen(session, self._take)

    def _take(self, half: Half) -> "_End":
        return _End(self._net, self._acceptor.connect(), half, self._clock_ms)


class _End:
    def __init__(
        self, net: Net, session: FixSession, half: Half, clock_ms: Callable[[], int]
    ) -> None:
        self._net = net
        self._session = session
        self._half = half
        self._clock_ms = clock_ms
        net.loop.call_later(TICK_S, self._tick)

    def take(self, fields: Fields) -> None:
        """A message has come."""
        known = [one for one in fields if one[0] not in _FRAME]
        self._say(self._session.receive(known, self._clock_ms()))

    def ended(self) -> None:
        """The engine is gone."""
        self._session.close()

    def _tick(self) -> None:
        self._say(self._session.tick(self._clock_ms()))
        if not self._session.closed:
            self._net.loop.call_later(TICK_S, self._tick)

    def _say(self, messages: list[Fields]) -> None:
        for fields in messages:
            self._half.send([(8, "FIX.4.2"), *fields])
        if self._session.closed:
            self._half.close()
