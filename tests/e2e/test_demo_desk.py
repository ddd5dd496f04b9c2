"""The demo's desk against the engine: a lost connection costs it no report and doubles none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest

from oms.client import Client
from oms.clock import SystemClock, draw_secret
from oms.demo.children import child
from oms.demo.desk import Desk, sign_logon
from oms.demo.plan import DESK, Kind, PlannedOrder, make_plan
from oms.demo.ports import find_layout, port_base
from oms.scaffold import Budget, write_scaffold
from oms.settings import load_settings
from oms.simlayout import HOST

WAIT_S = 30.0
CLOCK = SystemClock()


@asynccontextmanager
async def _engine(folder: Path) -> AsyncIterator[tuple[int, str, Client]]:
    """Simulators and engine: the desks' port, DESK1's secret, the operator's client."""
    layout = find_layout()
    config, _ = write_scaffold(
        folder,
        new_secret=draw_secret,
        sim=layout,
        budgets={"apifiny": Budget(1200, 1), "andx": Budget(3600, 60)},
        venues=("apifiny", "andx"),
    )
    settings = load_settings(config, {})
    sim = ["oms", "sim", "apifiny", "andx", "--port-base", str(port_base(layout)), "--speed", "60"]
    url, token = f"http://{settings.api.listen}", settings.api.token.get_secret_value()
    async with child("sim", folder, sim) as sims:
        await sims.line(lambda line: '"andx"' in line, "line of andx", WAIT_S)
        async with child("oms", folder, ["oms", "run", "-c", str(config)]) as engine:
            await engine.line(lambda line: "ready" in line, "`ready`", WAIT_S)
            async with Client(url, token) as operator:
                await _wait(partial(_all_ready, operator), "all routes ready")
                yield layout.desk, settings.desks[0].secret.get_secret_value(), operator


async def _all_ready(operator: Client) -> bool:
    return all(venue["ready"] for venue in (await operator.status())["venues"])


async def _all_over(operator: Client) -> bool:
    return not any(row["open"] for row in await operator.orders())


def _is_over(desk: Desk, order: PlannedOrder) -> bool:
    position = desk.reports.position(order.cl_ord_id)
    return position is not None and position.over


async def _wait(holds: Callable[[], Awaitable[bool]], what: str) -> None:
    until = CLOCK.monotonic() + WAIT_S
    while True:
        if await holds():
            return
        assert CLOCK.monotonic() < until, f"waited {WAIT_S:g} s for {what}"
        await asyncio.sleep(0.05)


def _orders(kind: Kind) -> list[PlannedOrder]:
    """One for each venue."""
    wanted = [order for order in make_plan(42, 1) if order.kind is kind]
    return [next(order for order in wanted if order.route == r) for r in ("APIFINY", "ANDX")]


async def _told_after_a_loss(folder: Path) -> tuple[Desk, int]:
    """The desk, and how many reports it had been told when the connection was lost."""
    async with _engine(folder) as (port, secret, operator):
        desk = Desk(DESK, partial(sign_logon, DESK, secret), CLOCK, folder / "desk.log")
        await desk.log_on(HOST, port)
        for order in _orders(Kind.PARTS):
            await desk.submit(order)
        assert await desk.reports.until(lambda: len(desk.reports.told) >= 1, WAIT_S)
        await desk.hang_up()
        before = len(desk.reports.told)
        await _wait(partial(_all_over, operator), "the end of both orders")
        await desk.log_on(HOST, port)
        for order in _orders(Kind.PARTS):
            over = partial(_is_over, desk, order)
            assert await desk.reports.until(over, WAIT_S), f"no end of {order.cl_ord_id} was told"
        await desk.log_out()
    return desk, before


def test_after_a_loss_the_desk_is_told_the_rest_each_once_and_in_order(tmp_path: Path) -> None:
    desk, before = asyncio.run(_told_after_a_loss(tmp_path))
    log = desk.reports
    assert log.faults == []
    assert len(log.told) > before
    numbers = [told.number for told in log.told]
    assert numbers == sorted(set(numbers))
    for order in _orders(Kind.PARTS):
        position = log.position(order.cl_ord_id)
        assert position is not None
        assert (position.ord_status, position.cum_qty) == ("FILLED", order.order_qty)
    assert len((tmp_path / "desk.log").read_text().splitlines()) == len(log.told)


def test_a_desk_with_a_wrong_secret_is_logged_out_without_being_told_what_was_wrong(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with _engine(tmp_path) as (port, _, _operator):
            desk = Desk(DESK, partial(sign_logon, DESK, draw_secret()), CLOCK)
            with pytest.raises(ConnectionError, match=r"logged out: .*: logon refused$"):
                await desk.log_on(HOST, port)
            await desk.hang_up()

    asyncio.run(scenario())
