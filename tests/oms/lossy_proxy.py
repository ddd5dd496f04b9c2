"""A proxy that loses what it is told to lose, between a client and the control API."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum, auto


class Loss(Enum):
    """What becomes of the next POST, or of the next stream."""

    NOTHING = auto()
    REQUEST = auto()
    """It is never forwarded."""
    ANSWER = auto()
    """It is done, and nobody is told."""
    LATE = auto()
    """The connection breaks, and the request arrives after the next GET and before the one then."""
    GARBAGE = auto()
    """It is done, and answered by something that is not the engine."""


class LossyProxy:
    """One request a connection; `posts` counts what the client sent."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.loss = Loss.NOTHING
        self.cut_after_lines = 0
        """Streams are cut after so many report lines; 0: never."""
        self.streams_max = 0
        """Further streams are cut before a byte; 0: none is."""
        self.posts = 0
        self.streams = 0
        self.url = ""
        self._upstream = upstream
        self._held: list[bytes] = []
        self._looking = asyncio.Lock()
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        lost = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*lost):
            await self._serve(reader, writer)
        writer.close()
        with contextlib.suppress(*lost):
            await writer.wait_closed()
        self._serving.discard(task)

    async def close(self) -> None:
        """Cut every connection."""
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await _request(reader)
        if request.startswith((b"GET /api/reports", b"GET /api/watch")):
            self.streams += 1
            if not self.streams_max or self.streams <= self.streams_max:
                await self._stream(request, writer)
        elif request.startswith(b"POST"):
            self.posts += 1
            await self._post(request, writer)
        else:
            async with self._looking:  # a look that passed the late request would be one too early
                writer.write(await self._forward(request))
                while self._held:
                    await self._forward(self._held.pop())

    async def _post(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        loss, self.loss = self.loss, Loss.NOTHING
        if loss is Loss.LATE:
            self._held.append(request)
        if loss in (Loss.LATE, Loss.REQUEST):
            return
        answer = await self._forward(request)
        if loss is Loss.NOTHING:
            writer.write(answer)
        elif loss is Loss.GARBAGE:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 4\r\n\r\noops")

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._upstream)
        writer.write(request)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def _stream(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        reader, upstream = await asyncio.open_connection(*self._upstream)
        try:
            upstream.write(request)
            lines = 0
            while line := await reader.readline():
                lines += line.startswith(b"{")
                if self.cut_after_lines and lines > self.cut_after_lines:
                    return
                writer.write(line)
                await writer.drain()
        finally:
            upstream.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """A whole request, which asks for the connection to be closed after it."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    kept = []
    for line in head.split(b"\r\n")[:-2]:
        name = line.partition(b":")[0].lower()
        if name == b"content-length":
            length = int(line.partition(b":")[2])
        if name != b"connection":
            kept.append(line)
    body = await reader.readexactly(length)
    return b"\r\n".join([*kept, b"Connection: close", b"", b""]) + body


@asynccontextmanager
async def lossy_proxy(upstream: tuple[str, int]) -> AsyncIterator[LossyProxy]:
    """A proxy that listens."""
    proxy = LossyProxy(upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    proxy.url = f"http://{host}:{port}"
    async with server:
        yield proxy
        await proxy.close()
