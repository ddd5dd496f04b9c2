"""The whole play: simulators, engine, desk and strategy are started, watched, compared, ended."""

import asyncio
import contextlib
import http.client
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final

from oms.client import Client
from oms.clock import Clock, draw_secret
from oms.core.values import frozen
from oms.demo.children import Child, DemoFailed, child
from oms.demo.leaks import find_secrets
from oms.demo.ledger import Mismatch, Row, compare
from oms.demo.money import compare_balances
from oms.demo.outcome import (
    Compared,
    Outcome,
    compare_positions,
    count_by_venue,
    is_settled,
    unexpected_ends,
)
from oms.demo.plan import DESK, STRATEGY, VENUES, Extra, PlannedOrder
from oms.demo.player import CANCELLED, Tempo, play
from oms.demo.ports import port_base
from oms.demo.screen import Screen
from oms.demo.strategy import Strategy
from oms.scaffold import write_scaffold
from oms.settings import Settings, load_settings
from oms.simlayout import HOST, SimLayout

START_S: Final = 30.0
SETTLE_S: Final = 15.0
PATIENCE_S: Final = 15
"""How long an order may wait for its turn: one machine plays all the parts, and may be busy."""
_LOOK_S: Final = 0.5


@frozen(kw_only=True)
class Script:
    """What is played: how many orders, from which seed, how many times the documents' pace."""

    orders: int
    seed: int
    speed: int
    directory: Path

    def tempo(self) -> Tempo:
        """As fast as the venues' limits allow with room for cancels and queries."""
        intervals = {}
        for ground in VENUES:
            share_s = ground.requests_per_order * ground.per_seconds / ground.requests / self.speed
            intervals[ground.route] = max(ground.order_s, share_s)
        return Tempo(intervals, patience_s=20.0 + 600.0 / self.speed)


class Stage:
    """One run. The children live inside `set_up`."""

    def __init__(
        self, script: Script, plan: Sequence[PlannedOrder], screen: Screen, clock: Clock
    ) -> None:
        """`plan` is what `script` leads to."""
        self._script = script
        self._plan = plan
        self._screen = screen
        self._clock = clock
        self._faults: list[str] = []
        self._told: dict[str, dict[str, Any]] = {}
        self._complaints: list[str] = []
        self._balances: dict[str, Sequence[Row]] = {}
        self._compared: list[Compared] = []
        self._began = clock.monotonic()

    async def play(self, layout: SimLayout) -> Outcome:
        """Everything from the first child to the last. DemoFailed when a part does not come up."""
        config, _ = write_scaffold(
            self._script.directory,
            new_secret=draw_secret,
            sim=layout,
            strategies=(STRATEGY,),
            venues=[ground.venue for ground in VENUES],
            max_wait_s=PATIENCE_S,
        )
        settings = load_settings(config, {})
        url, token = f"http://{settings.api.listen}", settings.api.token.get_secret_value()
        async with self._sims(layout), self._engine(config), Client(url, token) as operator:
            await self._routes_ready(operator)
            for ground in VENUES:
                self._balances[ground.route] = await operator.balances(ground.route)
            self._began = self._clock.monotonic()
            await self._trade(settings, operator, layout)
            rows = await self._settle(operator)
            elapsed_s = self._clock.monotonic() - self._began
            outcome = await self._judge(operator, rows, layout)
        # Searched once everybody has written the last word.
        leaks = find_secrets(self._script.directory, settings.secrets(), apart=(config,))
        outcome.secrets_found = [str(leak) for leak in leaks]
        outcome.faults = self._faults
        outcome.elapsed_s = elapsed_s
        return outcome

    @asynccontextmanager
    async def _sims(self, layout: SimLayout) -> AsyncIterator[None]:
        names = [ground.venue for ground in VENUES]
        base, script = port_base(layout), self._script
        arguments = ["oms", "sim", *names, "--port-base", str(base)]
        arguments += ["--speed", str(script.speed), "--seed", str(script.seed)]
        self._screen.say(f"starting the simulators of {', '.join(names)} on {HOST}:{base}...")
        async with self._lasting("sim", arguments) as sims:
            for name in names:
                await sims.line(partial(_is_sim_line, name), f"line of {name}", START_S)
            yield

    @asynccontextmanager
    async def _engine(self, config: Path) -> AsyncIterator[None]:
        self._screen.say("starting the engine, waiting for its `ready`...")
        arguments = ["oms", "run", "-c", str(config), "--speed", str(self._script.speed)]
        async with self._lasting("oms", arguments) as engine:
            await engine.line(lambda line: "ready" in line, "`ready`", START_S)
            yield

    @asynccontextmanager
    async def _child(self, name: str, arguments: Sequence[str]) -> AsyncIterator[Child]:
        async with child(name, self._script.directory, arguments) as started:
            yield started
            code = await started.end()
            if code != 0:
                self._faults.append(f"{name} ended with exit code {code}")

    @asynccontextmanager
    async def _lasting(self, name: str, arguments: Sequence[str]) -> AsyncIterator[Child]:
        """A child without which the block can not go on: its end ends the block."""
        async with self._child(name, arguments) as started, asyncio.TaskGroup() as group:
            guard = group.create_task(started.die())
            yield started
            guard.cancel()

    async def _routes_ready(self, operator: Client) -> None:
        self._screen.say("waiting for all venues to be reconciled...")
        venues: list[Row] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_S):
                while True:
                    venues = (await operator.status())["venues"]
                    if all(venue["ready"] for venue in venues):
                        return
                    await asyncio.sleep(0.05)
        waiting = ", ".join(f"{v['venue']}: {v['text']}" for v in venues if not v["ready"])
        raise DemoFailed(f"not ready after {START_S:g} s: {waiting}")

    async def _trade(self, settings: Settings, operator: Client, layout: SimLayout) -> None:
        tempo = self._script.tempo()
        task = {
            "orders": self._script.orders,
            "seed": self._script.seed,
            "port": layout.desk,
            "interval_s": tempo.interval_s,
            "patience_s": tempo.patience_s,
        }
        folder = self._script.directory
        arguments = ["oms.demo.desk_process", str(folder), json.dumps(task)]
        self._screen.say("starting the desk, waiting for its FIX logon...")
        async with self._child("desk", arguments) as desk:
            await desk.line(lambda line: _event(line) == "logged_on", "logon", START_S)
            self._screen.say(f"sending {len(self._plan)} orders from a desk and a strategy...")
            last_slot = max((order.slot for order in self._plan), default=0)
            longest_s = last_slot * max(tempo.interval_s.values()) + 5 * tempo.patience_s
            with self._screen:
                watching = asyncio.create_task(self._watch(operator))
                try:
                    await self._play_strategy(settings, tempo)
                    done = await desk.line(
                        lambda line: _event(line) == "done", "its last word", longest_s
                    )
                finally:
                    watching.cancel()
                    await asyncio.gather(watching, return_exceptions=True)
            await desk.leave(START_S)
        self._hear(DESK, json.loads(done, parse_float=Decimal))

    async def _play_strategy(self, settings: Settings, tempo: Tempo) -> None:
        token = next(s.token for s in settings.strategies if s.name == STRATEGY)
        mine = [order for order in self._plan if order.origin == STRATEGY]
        url = f"http://{settings.api.listen}"
        async with Client(url, token.get_secret_value()) as client:
            strategy = Strategy(STRATEGY, client, self._script.directory / "strategy.log")
            async with strategy.listening():
                complaints = await play(mine, strategy, tempo)
        self._hear(STRATEGY, strategy.reports.summary(complaints))

    def _hear(self, origin: str, seen: dict[str, Any]) -> None:
        self._told[origin] = seen
        self._complaints += seen["complaints"]

    async def _watch(self, operator: Client) -> None:
        while True:
            asked = self._clock.monotonic()
            rows = await operator.orders()
            now = self._clock.monotonic()
            self._screen.show(rows, now - self._began)
            # Looking must not become the load that is looked at.
            await asyncio.sleep(max(_LOOK_S, 10 * (now - asked)))

    async def _settle(self, operator: Client) -> Sequence[Row]:
        """The order rows once everything is over that will be, or the patience is."""
        rows: Sequence[Row] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while True:
                    rows = await operator.orders()
                    if is_settled(self._plan, rows):
                        break
                    await asyncio.sleep(0.1)
        return rows

    async def _judge(self, operator: Client, rows: Sequence[Row], layout: SimLayout) -> Outcome:
        fills: Sequence[Row] = await operator.fills()
        for origin, seen in self._told.items():
            seen["faults"] += compare_positions(origin, seen["positions"], rows)
        return Outcome(
            orders=len(rows),
            fills=len(fills),
            requests=_count_requests(self._plan),
            by_venue=count_by_venue([ground.route for ground in VENUES], rows),
            mismatches=await self._compare(operator, rows, fills, layout),
            compared=self._compared,
            unexpected=unexpected_ends(self._plan, rows) + self._complaints,
            told=self._told,
        )

    async def _compare(
        self, operator: Client, rows: Sequence[Row], fills: Sequence[Row], layout: SimLayout
    ) -> list[Mismatch]:
        found: list[Mismatch] = []
        for ground in VENUES:
            ticks = {market.symbol: market.tick for market in ground.markets}
            port = layout.venues[ground.venue].rest
            ledger = await asyncio.to_thread(read_ledger, HOST, port)
            of_route = [row for row in rows if row["venue"] == ground.route]
            executed = [fill for fill in fills if fill["venue"] == ground.route]
            found += compare(ground.route, of_route, executed, ledger["orders"], ticks)
            before, after = self._balances[ground.route], await operator.balances(ground.route)
            found += compare_balances(
                ground.route, before, after, of_route, executed, ledger, ticks
            )
            told = Compared(
                venue=ground.route,
                orders=len(of_route),
                fills=len(executed),
                fees=sum(fill["fee"] is not None for fill in executed),
                balances=len(after),
            )
            self._compared.append(told)
        return found


def read_ledger(host: str, port: int) -> dict[str, Any]:
    """A simulator's own books. OSError when it does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request("GET", "/_sim/ledger")
        ledger: dict[str, Any] = json.loads(connection.getresponse().read(), parse_float=Decimal)
    finally:
        connection.close()
    return ledger


def _count_requests(plan: Sequence[PlannedOrder]) -> int:
    """Orders, their cancels, and what is asked beside them."""
    cancels = sum(order.kind in CANCELLED for order in plan)
    return len(plan) + cancels + sum(order.extra is not Extra.NOTHING for order in plan)


def _is_sim_line(venue: str, line: str) -> bool:
    return bool(_object(line).get("venue") == venue)


def _event(line: str) -> str:
    return str(_object(line).get("event", ""))


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_float=Decimal)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
