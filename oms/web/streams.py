"""Streams over HTTP: one JSON object a line, and empty lines that only say that all is well.

A stream of reports is resumable by number. A watch is not: it begins with what is so now.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

from aiohttp import web

from oms.api import Oms
from oms.asks import News
from oms.core.errors import EngineUnavailable, OmsError
from oms.log import redact, room
from oms.report_rows import report_row
from oms.told import Row, row_of

STREAMS_MAX: Final = 64
"""Streams open at once, all origins together."""
STALL_TIMEOUT_S: Final = 10.0
"""A listener that takes nothing for so long is cut off; it can begin again."""
HEARTBEAT_S: Final = 10.0
LOOK_S: Final = 0.25
"""How soon it is noticed that a listener has gone: a watch without one costs the venue's limit."""

_log = room("web")


async def report_lines(oms: Oms, since: int, follow: bool) -> AsyncGenerator[Row, None]:
    """Reports after number `since`, as they come."""
    async with aclosing(oms.reports(since, follow)) as reports:
        async for number, report in reports:
            yield report_row(number, report)


async def news_lines(news: AsyncGenerator[News, None]) -> AsyncGenerator[Row, None]:
    """News as it comes; the last line is what ended it."""
    try:
        async with aclosing(news):
            async for item, emulated, missed in news:
                yield {"item": row_of(item), "emulated": emulated, "missed": missed}
    except OmsError as error:
        yield {"error": {"code": error.code, "text": redact(str(error))}}


class Streams:
    """Those that are open. All calls on the server's loop."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[Any]] = set()

    async def tell(
        self, request: web.Request, lines: AsyncGenerator[Row, None]
    ) -> web.StreamResponse:
        """Write them until they end, or nobody takes them. Raises EngineUnavailable."""
        if len(self._open) >= STREAMS_MAX:
            raise EngineUnavailable(f"{STREAMS_MAX} streams are open; close one")
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        task = asyncio.current_task()
        assert task is not None, "aiohttp serves each connection in a task"
        self._open.add(task)
        try:
            await response.prepare(request)
            await _tell(request, response, lines)
        except (ConnectionError, TimeoutError):
            _cut(request)  # gone, or it takes nothing: it can begin again
        except OmsError as error:
            _log.error("stream cut", path=request.path, why=f"{error.code}: {error}")
            _cut(request)
        finally:
            self._open.discard(task)
        return response

    async def end(self, _: web.Application) -> None:
        """Cut them all."""
        for task in self._open:
            task.cancel()


async def _tell(
    request: web.Request, response: web.StreamResponse, lines: AsyncGenerator[Row, None]
) -> None:
    """A line feed at first, and when nothing has come for a while."""
    async with aclosing(lines):
        await _write(response, b"\n")
        while True:
            coming = asyncio.ensure_future(anext(lines, None))
            try:
                await _wait(request, response, coming)
            finally:
                coming.cancel()
                await asyncio.wait({coming})
            told = coming.result()
            if told is None:
                return
            await _write(response, json.dumps(told).encode() + b"\n")


async def _wait(
    request: web.Request, response: web.StreamResponse, coming: asyncio.Future[Row | None]
) -> None:
    """Until it has come. Raises ConnectionError when nobody is there to take it."""
    quiet_s = 0.0
    while not coming.done():
        look_s = min(LOOK_S, HEARTBEAT_S)
        await asyncio.wait({coming}, timeout=look_s)
        quiet_s += look_s
        if request.transport is None or request.transport.is_closing():
            raise ConnectionResetError
        if quiet_s >= HEARTBEAT_S:
            quiet_s = 0.0
            await _write(response, b"\n")


async def _write(response: web.StreamResponse, line: bytes) -> None:
    async with asyncio.timeout(STALL_TIMEOUT_S):
        await response.write(line)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
