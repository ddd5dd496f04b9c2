"""The verb that runs venue simulators alone."""

import asyncio
import json
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from decimal import Decimal, InvalidOperation
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from adapters import VENUES
from oms.cli.options import UnreadConfig
from oms.cli.prepare import PortBase, layout_of
from oms.clock import Clock, SystemClock
from oms.core.errors import ConfigError
from oms.door import Row
from oms.simlayout import HOST, SimPorts, sim_credentials, sim_of

_ALL: Final = "all"


def sim(
    venues: Annotated[
        list[str], typer.Argument(metavar="VENUE...", help=f"{', '.join(VENUES)}, or all.")
    ],
    port_base: PortBase = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="What the markets do.")] = 1,
    speed: Annotated[
        str, typer.Option("--speed", metavar="X", help="Times the documents' rate limits.")
    ] = "1",
    _: UnreadConfig = None,
) -> None:
    """Run venue simulators on loopback until SIGTERM or SIGINT.

    One JSON line for each venue when it is ready: venue, rest, stream, fix.
    """
    kinds = _kinds(venues)
    layout = layout_of(port_base)
    asyncio.run(_simulate({kind: layout.venues[kind] for kind in kinds}, seed, _factor(speed)))


def _kinds(words: Sequence[str]) -> list[str]:
    """The venues meant, each once."""
    kinds: list[str] = []
    for word in (word.lower() for word in words):
        if word not in (*VENUES, _ALL):
            known = ", ".join((*VENUES, _ALL))
            raise typer.BadParameter(f"there is no simulator of {word!r}; there are {known}")
        kinds += VENUES if word == _ALL else [word]
    return list(dict.fromkeys(kinds))


def _factor(text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation:
        factor = Decimal(0)
    if not factor.is_finite() or factor <= 0:
        raise typer.BadParameter(f"--speed must be a number above 0, not {text!r}")
    return factor


async def _simulate(venues: dict[str, SimPorts], seed: int, speed: Decimal) -> None:
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        for kind, ports in venues.items():
            try:
                line = await _open(stack, kind, ports, seed, speed, clock)
            except OSError as error:
                raise ConfigError(
                    f"{kind}: can not listen from port {ports.rest} on: {error.strerror}; "
                    "--port-base moves all simulators"
                ) from None
            typer.echo(json.dumps(line))
        await asked.wait()


async def _open(
    stack: AsyncExitStack, kind: str, ports: SimPorts, seed: int, speed: Decimal, clock: Clock
) -> Row:
    """Start one simulator; its addresses."""
    from adapters.simserver import serve

    module, _, name = sim_of(kind).build.partition(":")
    simulator: Any = getattr(import_module(module), name)(seed, speed, sim_credentials(kind))
    server = await serve(simulator, HOST, ports.rest, clock_ms=clock.now_ms)
    stack.push_async_callback(server.close)
    for port in (ports.stream, ports.graph):
        if port is not None:
            other = await serve(simulator, HOST, port, clock_ms=clock.now_ms)
            stack.push_async_callback(other.close)
    fix = None
    if ports.fix is not None:
        host, port = await simulator.start_fix(HOST, ports.fix, clock.now_ms)
        stack.push_async_callback(simulator.stop_fix)
        fix = f"{host}:{port}"
    stream = None
    if hasattr(simulator, "connect"):
        stream = f"ws://{HOST}:{ports.stream or ports.rest}"
    return {"venue": kind, "rest": server.url, "stream": stream, "fix": fix}
