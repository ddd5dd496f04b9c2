"""The counterparty of the round trips: a fast FIX 4.2 acceptor and a REST side that knows one market.

Plain asyncio, no quickfix. OrderQty says how a lifecycle goes: 1 is filled at once; 2 is
acknowledged, then filled; 3 is acknowledged, filled by a third, then by the rest. Reports carry all
that the stock dictionary requires, so that the relay can validate and pass them on.

    python -m benchmarks.venue      prints its two ports as JSON and serves until it is killed
"""

import asyncio
import json
import sys
from functools import partial
from typing import Final

from benchmarks.frames import Frames, Voice, fields
from oms.clock import Clock, SystemClock

HOST: Final = "127.0.0.1"
EXCHANGE: Final = "BINANCE"

_SYMBOLS: Final = b"""{"error": null, "result": [{
    "symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT", "status": "enabled",
    "minQuantity": 0.0001, "maxQuantity": 1000, "tickSize": 0.01, "stepSize": 0.0001,
    "minNotional": 1, "maxNotional": 1000000
}]}"""
_NOTHING: Final = b'{"error": null, "result": []}'

_NEW, _PARTLY, _FILLED = b"0", b"1", b"2"


class Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, clock: Clock) -> None:
        """Not logged on yet."""
        self._clock = clock
        self._frames = Frames()
        self._voice: Voice | None = None
        self._orders = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer connects."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, received: bytes) -> None:
        """Answer all that has come in one write."""
        answers = [self._answer(fields(message)) for message in self._frames.take(received)]
        self._transport.write(b"".join(answers))

    def _answer(self, message: dict[bytes, bytes]) -> bytes:
        if self._voice is None:
            self._voice = Voice(message[b"56"], message[b"49"], self._clock)
        voice = self._voice
        match message[b"35"]:
            case b"D":
                return self._trade(voice, message)
            case b"A":
                reset = b"141=Y\x01" if message.get(b"141") == b"Y" else b""
                return voice.say(b"A", b"98=0\x01108=%b\x01%b" % (message[b"108"], reset))
            case b"1":
                return voice.say(b"0", b"112=%b\x01" % message[b"112"])
            case b"5":
                return voice.say(b"5", b"")
            case _:
                return b""

    def _trade(self, voice: Voice, order: dict[bytes, bytes]) -> bytes:
        self._orders += 1
        say = partial(self._report, voice, order)
        match order[b"38"]:
            case b"1":
                return say(_FILLED, 1, 1, 1)
            case b"2":
                return say(_NEW, 0, 0, 2) + say(_FILLED, 2, 2, 2)
            case _:
                return say(_NEW, 0, 0, 3) + say(_PARTLY, 1, 1, 3) + say(_FILLED, 2, 3, 3)

    def _report(
        self, voice: Voice, order: dict[bytes, bytes], status: bytes, last: int, cum: int, qty: int
    ) -> bytes:
        fill = b"32=%d\x0131=%b\x01" % (last, order[b"44"]) if last else b""
        body = b"37=V%d\x0117=X%d-%d\x0120=0\x01150=%b\x0139=%b\x0111=%b\x0155=%b\x0154=%b\x01" % (
            self._orders, self._orders, cum, status, status, order[b"11"], order[b"55"],
            order[b"54"],
        )  # fmt: skip
        sums = b"38=%d\x0144=%b\x01%b151=%d\x0114=%d\x016=%b\x0160=%b\x01" % (
            qty, order[b"44"], fill, qty - cum, cum, order[b"44"] if cum else b"0", voice.time(),
        )  # fmt: skip
        return voice.say(b"8", body + sums)


async def _answer_rest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Requests without a body, one after the other on a connection."""
    try:
        while True:
            request = await reader.readuntil(b"\r\n\r\n")
            asked = request.split(b" ", 2)[1]
            body = _SYMBOLS if b"listSymbolInfo" in asked else _NOTHING
            head = (
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            )
            writer.write(head % len(body) + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def start(clock: Clock) -> tuple[asyncio.Server, asyncio.Server]:
    """Listen for FIX and for REST, on ports of the kernel's choice."""
    loop = asyncio.get_running_loop()
    fix = await loop.create_server(lambda: Session(clock), HOST, 0)
    rest = await asyncio.start_server(_answer_rest, HOST, 0)
    return fix, rest


def port_of(server: asyncio.Server) -> int:
    """Where a server listens."""
    return int(server.sockets[0].getsockname()[1])


async def _main() -> None:
    fix, rest = await start(SystemClock())
    sys.stdout.write(json.dumps({"fix": port_of(fix), "rest": port_of(rest)}) + "\n")
    sys.stdout.flush()
    await asyncio.gather(fix.serve_forever(), rest.serve_forever())


if __name__ == "__main__":
    asyncio.run(_main())
