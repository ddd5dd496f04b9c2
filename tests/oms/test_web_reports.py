"""The report stream of the control API: resumed by number, alive, and bounded."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from oms.api import Oms
from oms.core.fields import ExecType
from oms.core.messages import ExecutionReport
from oms.core.ports import DeskReport
from oms.web import Web
from oms.web import streams as web_module
from tests.oms.api_caller import ORDER, Caller, call, next_row
from tests.oms.small_engine import AS_GRID, TOKENS, within


def test_reports_are_resumed_by_number_and_followed(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        await caller.post("/api/orders", {**ORDER, "cl_ord_id": "A1"})
        async with caller.listen(since="0") as lines:
            first = await next_row(lines)
            assert (first["number"], first["msg_type"]) == (1, "EXECUTION_REPORT")
            assert (first["exec_type"], first["ord_status"]) == ("PENDING_NEW", "PENDING_NEW")
            assert (await next_row(lines))["number"] == 2
            await caller.post("/api/orders", {**ORDER, "cl_ord_id": "A2"})
            assert (await next_row(lines))["cl_ord_id"] == "A2"
        async with caller.listen(since="2", follow="false") as lines:
            rows = [json.loads(line) async for line in lines if line]
        assert rows[0]["number"] == 3
        assert {row["cl_ord_id"] for row in rows} == {"A2"}

    call(tmp_path, AS_GRID, test)


def test_a_quiet_stream_says_that_it_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_module, "HEARTBEAT_S", 0.01)

    async def test(caller: Caller) -> None:
        async with caller.listen() as lines:
            assert [await anext(lines) for _ in range(3)] == ["", "", ""]
            await caller.post("/api/orders", ORDER)
            assert (await next_row(lines))["number"] == 1

    call(tmp_path, AS_GRID, test)


class _Flood(Oms):
    """An origin that is told something without end."""

    ended: asyncio.Event

    async def reports(
        self, since: int = 0, follow: bool = True
    ) -> AsyncGenerator[tuple[int, DeskReport], None]:
        """The same report until nobody wants more."""
        report = ExecutionReport(exec_id="E", exec_type=ExecType.NEW, text="x" * 4_000)
        try:
            while True:
                since += 1
                yield since, report
        finally:
            self.ended.set()


def test_a_listener_that_takes_nothing_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_module, "STALL_TIMEOUT_S", 0.05)

    async def test(caller: Caller) -> None:
        flood = caller.engine.oms("grid-1")
        flood.__class__ = _Flood
        assert isinstance(flood, _Flood)
        flood.ended = asyncio.Event()
        web = Web(lambda _: flood, TOKENS)
        await web.start("127.0.0.1", 0)
        head = f"GET /api/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {AS_GRID}\r\n\r\n"
        with socket.create_connection(web.address) as mute:
            mute.sendall(head.encode())
            await within("the stalled stream to be cut", flood.ended.wait())
        await web.stop()

    call(tmp_path, AS_GRID, test)


def test_streams_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_module, "STREAMS_MAX", 1)

    async def test(caller: Caller) -> None:
        async with caller.listen() as lines:
            await anext(lines)
            refused = await caller.refused("GET", "/api/reports")
            assert refused[:2] == (503, "engine_unavailable")

    call(tmp_path, AS_GRID, test)


def test_a_stop_ends_the_streams_and_the_door_is_shut(tmp_path: Path) -> None:
    async def test(caller: Caller) -> None:
        url = caller.web.url
        async with caller.listen() as lines:
            await anext(lines)
            await caller.web.stop()
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, StopAsyncIteration)):
                await anext(lines)
        async with httpx.AsyncClient() as http:
            with pytest.raises(httpx.ConnectError):
                await http.get(f"{url}/api/status")

    call(tmp_path, AS_GRID, test)
