"""FIX connections in memory: whole messages, in order either way, until the connection ends.

As on a socket nothing is lost from the middle: what does not arrive is lost with the connection, and
who sent it is not told.
"""

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from fix.wire import Fields

OUT: Final = "out"
IN: Final = "in"
"""Ways, as seen from the engine."""


class End(Protocol):
    """One end of a connection."""

    def take(self, fields: Fields) -> None:
        """A message has come."""

    def ended(self) -> None:
        """Nothing comes any more, and nothing that is sent arrives."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one message, and of the connection with it."""

    delay_s: float = 0.0
    """It, and what follows it, takes so much longer."""
    cut: bool = False
    """The connection ends with it: what is under way either way is lost."""
    arrives: bool = True
    """Of a message that the connection ends with: whether it still comes."""
    silent_s: float = 0.0
    """How long nobody is told that the connection is over."""
    away_s: float = 0.0
    """How long no other comes about."""
    twice: bool = False
    """It comes again, as a possible duplicate."""


Fates = Callable[[str, str, int, Fields], Fate | None]
"""fates(door, way, number, fields): of the `number`-th message that way through that door."""


class Connection:
    """Two ends and what is under way between them."""

    def __init__(self, net: "Net", door: str) -> None:
        self.halves = {way: Half(self, way) for way in (OUT, IN)}
        """By the way in which they send."""
        self.ends: dict[str, End] = {}
        """By the way at whose end they are."""
        self._net = net
        self._door = door
        self._lanes: dict[str, deque[Fields | None]] = {OUT: deque(), IN: deque()}
        self._last_at = {OUT: 0.0, IN: 0.0}
        self._closed = {OUT: False, IN: False}
        """Whether that way's sender has ended it."""
        self._dead = False

    def send(self, way: str, fields: Fields) -> None:
        """On its way, unless the connection is over."""
        if self._dead or self._closed[way]:
            return
        fate = self._net.fate(self._door, way, fields)
        if fate is None:
            self._put(way, fields, 0.0)
            return
        self._net.shut(self._door, fate.away_s)
        if fate.arrives:
            self._put(way, fields, fate.delay_s)
        if fate.twice:
            self._put(way, _possible_duplicate(fields), 0.0)
        if fate.cut and fate.arrives:
            self._net.loop.call_at(self._last_at[way] + 1e-6, self.cut, fate.silent_s)
        elif fate.cut:
            self.cut(fate.silent_s)

    def close(self, way: str) -> None:
        """The sender of that way is done: what it sent still comes, what comes to it does not."""
        if self._closed[way]:
            return
        self._closed[way] = True  # of one that is gone too: who has hung up is told of no end
        if self._dead:
            return
        self._lanes[_BACK[way]].clear()
        self._put(way, None, 0.0)

    def cut(self, silent_s: float = 0.0) -> None:
        """The connection is gone with all that is under way; the ends hear of it later."""
        if self._dead:
            return
        self._dead = True
        for way, lane in self._lanes.items():
            lane.clear()
            if not self._closed[_BACK[way]]:
                self._net.loop.call_later(silent_s, self._end, way)

    def _put(self, way: str, fields: Fields | None, delay_s: float) -> None:
        loop = self._net.loop
        at = max(self._last_at[way], loop.time() + self._net.trip_s()) + delay_s
        self._last_at[way] = at
        self._lanes[way].append(fields)
        loop.call_at(at, self._arrive, way)

    def _arrive(self, way: str) -> None:
        lane = self._lanes[way]
        if not lane or self._closed[_BACK[way]]:
            return
        fields = lane.popleft()
        if fields is None:
            self._dead = True
            self._end(way)
        else:
            self.ends[way].take(fields)

    def _end(self, way: str) -> None:
        if not self._closed[_BACK[way]]:
            self._closed[_BACK[way]] = True
            self.ends[way].ended()


_BACK: Final = {OUT: IN, IN: OUT}


class Half:
    """A connection as one end holds it."""

    def __init__(self, connection: Connection, way: str) -> None:
        self._connection = connection
        self._way = way

    def send(self, fields: Fields) -> None:
        """On its way; nobody says whether it arrives."""
        self._connection.send(self._way, fields)

    def close(self) -> None:
        """End it, after what was sent."""
        self._connection.close(self._way)


Take = Callable[[Half], End | None]


class Net:
    """Every FIX connection of one world, who takes connections, and how they fare."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        trip_s: Callable[[], float] = lambda: 0.001,
        fates: Fates = lambda door, way, number, fields: None,
    ) -> None:
        """`trip_s()`: how long the next message is under way."""
        self.loop = loop
        self.trip_s = trip_s
        self.fates = fates
        self._counts: Counter[tuple[str, str]] = Counter()
        self._takers: dict[str, Take] = {}
        self._shut_until: defaultdict[str, float] = defaultdict(float)

    def listen(self, door: str, take: Take) -> None:
        """`take(half)` gives the end that takes part in a connection to that door; None: refused."""
        self._takers[door] = take

    def listens(self, door: str) -> bool:
        """Whether anybody does there."""
        return door in self._takers

    def deafen(self, door: str) -> None:
        """Nobody listens there any more."""
        self._takers.pop(door, None)

    def shut(self, door: str, seconds: float) -> None:
        """No connection comes about for so long."""
        self._shut_until[door] = max(self._shut_until[door], self.loop.time() + seconds)

    def connect(self, door: str, begin: Callable[["Half"], End], way: str = OUT) -> bool:
        """`begin(half)` gives the end of whoever connects, who sends `way`. Whether it is taken."""
        taker = self._takers.get(door)
        if taker is None or self.loop.time() < self._shut_until[door]:
            return False
        connection = Connection(self, door)
        taken = taker(connection.halves[_BACK[way]])
        if taken is None:
            return False
        connection.ends[way] = taken
        connection.ends[_BACK[way]] = begin(connection.halves[way])
        return True

    def fate(self, door: str, way: str, fields: Fields) -> Fate | None:
        """What becomes of the next message that way."""
        self._counts[door, way] += 1
        return self.fates(door, way, self._counts[door, way], fields)


def _possible_duplicate(fields: Fields) -> Fields:
    sent = dict(fields).get(52, "")
    return [*fields[:3], (43, "Y"), (122, sent), *fields[3:]]
