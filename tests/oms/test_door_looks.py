"""What a strategy finds out before it trades, the same through both doors."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from oms.client import Client
from oms.core.errors import NotSupported, UnknownOrder
from oms.door import Door
from oms.web import Web
from tests.oms.small_engine import AS_GRID, TOKENS, SmallEngine, running, within


def _through_both(
    folder: Path, test: Callable[[SmallEngine, Door], Coroutine[Any, Any, None]]
) -> None:
    async def main() -> None:
        with running(folder) as engine:
            web = Web(engine.oms, TOKENS)
            await web.start("127.0.0.1", 0)
            async with Client(web.url, AS_GRID) as client:
                await within("in process", test(engine, engine.oms("grid-1")))
                await within("remote", test(engine, client))
            await within("the server to stop", web.stop())

    asyncio.run(main())


def test_what_a_route_can_do(tmp_path: Path) -> None:
    async def test(engine: SmallEngine, door: Door) -> None:
        row = await door.capabilities("plain")
        assert row["venue"] == "PLAIN"
        assert row["ord_types"] == ["LIMIT", "MARKET"]
        assert row["time_in_force"] == ["GOOD_TILL_CANCEL", "IMMEDIATE_OR_CANCEL"]
        assert (row["can_replace"], row["emulates"], row["limits"]) == (False, [], [])
        assert (await door.capabilities("NATIVE"))["can_replace"] is True
        with pytest.raises(NotSupported):
            await door.capabilities("nowhere")

    _through_both(tmp_path, test)


def test_the_latest_report_is_where_to_begin(tmp_path: Path) -> None:
    async def test(engine: SmallEngine, door: Door) -> None:
        before = await door.last_report()
        order = await door.submit(venue="PLAIN", symbol="BTC/TRY", side="BUY", order_qty=1, price=1)
        async for number, _ in door.reports(before):
            assert number == before + 1
            break
        assert await door.last_report() > before
        assert (await door.own_order_row(order.cl_ord_id))["order_id"] == order.order_id

    _through_both(tmp_path, test)


def test_nobody_elses_order_has_a_name_of_ours(tmp_path: Path) -> None:
    async def test(engine: SmallEngine, door: Door) -> None:
        other = engine.oms("operator")
        order = await other.submit(
            venue="PLAIN", symbol="BTC/TRY", side="BUY", order_qty=1, price=1
        )
        assert (await other.own_order_row(order.cl_ord_id))["origin"] == "operator"
        with pytest.raises(UnknownOrder):
            await door.own_order_row(order.cl_ord_id)

    _through_both(tmp_path, test)
