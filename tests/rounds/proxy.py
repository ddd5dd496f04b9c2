"""A proxy of bytes between the engine and every door of the venues, as a process of its own.

    python -m tests.rounds.proxy SEED '{"andx.rest": 18204, ...}'

It listens on ports of the kernel's choice, says which as one JSON line, and then does what the lines
of its standard input say: `storm`, `calm`, `told`; each is answered by one JSON line. In a storm a
connection meets the fate that the seed gives it; in a calm, what was spoilt is reset and all else is
passed on. It also notes each request for a new order that goes by, so that one sent twice is found
though the venue refused it, and so that it is known when each left.
"""

import asyncio
import json
import re
import socket
import struct
import sys
from collections import Counter
from contextlib import suppress
from typing import Any, Final

from oms.clock import SystemClock
from tests.rounds.fates import PIECES_LATE, Fate, Kind, draw

HOST: Final = "127.0.0.1"
PIECE_BYTES: Final = 65_536

_NEW_ORDERS: Final = re.compile(
    rb'"client_id": ?"?(\d+)|"newOrderClientId": ?"([0-9a-f]+)"|\x0135=D\x01.*?\x0111=([^\x01]+)\x01'
)
"""Our id in a request for a new order: ANDX's, BtcTurk's, Apifiny's over FIX."""


class Wire:
    """What both ends of all connections share: the weather, and what was seen."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.storming = False
        self.struck: Counter[str] = Counter()
        self.left: dict[str, tuple[int, int]] = {}
        """By door and id: how often it went by, and when first (milliseconds since 1970)."""
        self.spoilt: set[Connection] = set()
        self._clock = SystemClock()
        self._numbers: Counter[str] = Counter()

    def fate(self, door: str) -> Fate:
        """Of the next connection at that door."""
        self._numbers[door] += 1
        return draw(self.seed, door, self._numbers[door])

    def note(self, door: str, piece: bytes) -> None:
        """Look at what the engine sends."""
        for found in _NEW_ORDERS.finditer(piece):
            name = f"{door}/{next(filter(None, found.groups())).decode()}"
            times, first = self.left.get(name, (0, self._clock.now_ms()))
            self.left[name] = times + 1, first

    def told(self) -> dict[str, Any]:
        """All of it, as JSON can say it."""
        return {
            "connections": dict(self._numbers),
            "struck": dict(self.struck),
            "left": {name: list(seen) for name, seen in self.left.items()},
        }


class Connection:
    """One connection of the engine's, and ours to the venue in its stead."""

    def __init__(self, wire: Wire, door: str, port: int) -> None:
        self._wire, self._door, self._port = wire, door, port
        self._fate = wire.fate(door)
        self._late = PIECES_LATE
        self._struck = False
        self._writers: list[asyncio.StreamWriter] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes on, both ways, until its fate or either side ends it."""
        self._writers.append(writer)
        if self._fate.kind is Kind.TURNED_AWAY and self._wire.storming:
            self._strike()
            self.reset()
            return
        try:
            there, back = await asyncio.open_connection(HOST, self._port)
        except OSError:
            self.reset()
            return
        self._writers.append(back)
        ways = [self._pass(reader, back, outward=True), self._pass(there, writer, outward=False)]
        try:
            await asyncio.gather(*ways)
        finally:
            self._wire.spoilt.discard(self)
            for end in self._writers:
                end.close()

    def reset(self) -> None:
        """Both sides are told that it is over, at once."""
        for end in self._writers:
            sock = end.get_extra_info("socket")
            if sock is not None:
                with suppress(OSError):
                    linger = struct.pack("ii", 1, 0)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            end.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, outward: bool
    ) -> None:
        passed = 0
        with suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if outward:
                    self._wire.note(self._door, piece)
                if self._strikes(outward, passed + len(piece)):
                    if not await self._spoil(piece, max(0, self._fate.after - passed), writer):
                        return
                else:
                    writer.write(piece)
                    await writer.drain()
                passed += len(piece)
        if not writer.is_closing():
            with suppress(OSError):
                writer.write_eof()

    def _strikes(self, outward: bool, bytes_by_then: int) -> bool:
        fate = self._fate
        if not self._wire.storming or fate.kind is Kind.CLEAN or fate.outward is not outward:
            return False
        return bytes_by_then > fate.after and (fate.kind is not Kind.SLOW or self._late > 0)

    def _strike(self) -> None:
        if not self._struck:
            self._struck = True
            way = "to the venue" if self._fate.outward else "to the engine"
            self._wire.struck[f"{self._door} {self._fate.kind} {way}"] += 1

    async def _spoil(self, piece: bytes, room: int, writer: asyncio.StreamWriter) -> bool:
        """Do what the fate says to this piece. Whether there is a next one."""
        self._strike()
        if self._fate.kind is Kind.SLOW:
            self._late -= 1
            await asyncio.sleep(self._fate.seconds)
            writer.write(piece)
            await writer.drain()
            return True
        writer.write(piece[:room])
        await writer.drain()
        if self._fate.kind is Kind.DROP:
            self._wire.spoilt.add(self)
            await asyncio.sleep(self._fate.seconds)
        elif self._fate.kind is Kind.CUT:
            for end in self._writers:
                end.close()
            return False
        self.reset()
        return False


class Proxy:
    """All doors of an installation."""

    def __init__(self, seed: int, doors: dict[str, int]) -> None:
        """`doors`: the venues' ports by name."""
        self._wire = Wire(seed)
        self._doors = doors

    async def run(self) -> None:
        """Until standard input ends."""
        ports = {}
        for door, port in self._doors.items():
            server = await asyncio.start_server(self._taker(door, port), HOST, 0)
            ports[door] = server.sockets[0].getsockname()[1]
        _say(ports)
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while word := (await lines.readline()).decode().strip():
            if word != "told":
                self._wire.storming = word == "storm"
            if word == "calm":
                for connection in list(self._wire.spoilt):
                    connection.reset()
            _say(self._wire.told() if word == "told" else {})

    def _taker(self, door: str, port: int) -> Any:
        async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError):
                await Connection(self._wire, door, port).serve(reader, writer)

        return take


def _say(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(Proxy(int(sys.argv[1]), json.loads(sys.argv[2])).run())
