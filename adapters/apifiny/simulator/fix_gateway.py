"""The FIX gateway on a socket: bytes to whole messages and back, and a clock's ticks."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import simplefix

from adapters.apifiny.simulator.fix_fields import Fields
from adapters.apifiny.simulator.fix_session import FixAcceptor, FixSession

_BEGIN_STRING: Final = "FIX.4.2"
_TICK_S: Final = 0.01
_READ: Final = 65_536
_FRAME: Final = frozenset({8, 9, 10})


class FixGateway:
    """Listens, and gives every connection its FixSession."""

    def __init__(self, acceptor: FixAcceptor, clock_ms: Callable[[], int]) -> None:
        self._acceptor = acceptor
        self._clock_ms = clock_ms
        self._open: dict[asyncio.Task[None], tuple[FixSession, asyncio.StreamWriter]] = {}
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; port 0 lets the kernel choose. Returns the host and port it listens on."""
        self._server = await asyncio.start_server(self._serve, host, port)
        self._ticking = asyncio.create_task(self._tick())
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        if self._server is not None:
            self._server.close()
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        serving = list(self._open)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        session = self._acceptor.connect()
        self._open[task] = session, writer
        try:
            await self._listen(session, reader, writer)
        except (ConnectionError, simplefix.errors.ParsingError, UnicodeDecodeError):
            pass  # the peer is gone, or what it sends is not FIX: either way the end
        except asyncio.CancelledError:
            pass  # stop() ends us; asyncio would log it as an error of the callback
        finally:
            session.close()
            del self._open[task]
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _listen(
        self, session: FixSession, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        parser = simplefix.FixParser()
        parser.remove_raw(95, 96)  # or a wrong RawDataLength would swallow the rest of the Logon
        while not session.closed:
            received = await reader.read(_READ)
            if not received:
                return
            parser.append_buffer(received)
            while (message := parser.get_message()) is not None and not session.closed:
                if not _sound(message):
                    continue  # FIX ignores a garbled message; the gap in 34 tells of it
                out = session.receive(_decoded(message), self._clock_ms())
                writer.write(encode(out))
            await writer.drain()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for session, writer in list(self._open.values()):
                writer.write(encode(session.tick(self._clock_ms())))
                if session.closed:
                    writer.close()


def encode(messages: list[Fields]) -> bytes:
    """Write whole messages as they go on the wire."""
    out = b""
    for fields in messages:
        message = simplefix.FixMessage()
        message.append_pair(8, _BEGIN_STRING)
        for name, value in fields:
            message.append_pair(name, value)
        out += message.encode()
    return out


def _decoded(message: simplefix.FixMessage) -> Fields:
    pairs = ((int(name), value.decode()) for name, value in message.pairs)
    return [(name, value) for name, value in pairs if name not in _FRAME]


def _sound(message: simplefix.FixMessage) -> bool:
    """Tell whether BeginString and CheckSum are right."""
    content = message.encode(raw=True)
    body = content[: content.rfind(b"\x0110=") + 1]
    checksum = f"{sum(body) % 256:03d}".encode()
    return bool(message.get(8) == _BEGIN_STRING.encode() and message.get(10) == checksum)
