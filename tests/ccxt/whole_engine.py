"""A whole engine in this process, its venue's simulator behind a real socket, its API on another."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from oms.settings import load_settings
from oms.system import System
from oms.web import Web
from tests.adapters.one_route import SPEED, Tap, Venue, bench_of, simulator_of
from tests.oms.small_engine import within

TOKEN: Final = "grid-token-of-the-tests"  # noqa: S105  it opens nothing


@asynccontextmanager
async def whole_engine(kind: str, folder: Path) -> AsyncIterator[tuple[str, Tap]]:
    """The API's address, and the tap at the venue."""
    tap = Tap(simulator_of(kind))
    there = await asyncio.to_thread(Venue, tap)
    try:
        async with _serving(kind, folder, there.url) as url:
            yield url, tap
    finally:
        await asyncio.to_thread(there.close)


@asynccontextmanager
async def _serving(kind: str, folder: Path, venue_url: str) -> AsyncIterator[str]:
    file = folder / "oms.toml"
    file.write_text(_config(kind, folder, venue_url), encoding="utf-8")
    system = System(load_settings(file, {}), speed=SPEED)
    await asyncio.to_thread(system.start)
    web = Web(system.oms, {TOKEN: "grid"})
    try:
        await web.start("127.0.0.1", 0)
        await within("the route to be ready", _ready(system))
        yield web.url
        assert system.fault is None, f"the engine tripped over {system.fault!r}"
    finally:
        await web.stop()
        await asyncio.to_thread(system.stop, drop=True)


async def _ready(system: System) -> None:
    while not all(venue["ready"] for venue in system.status()["venues"]):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


def _config(kind: str, folder: Path, venue_url: str) -> str:
    head = f"""
[store]
url = "sqlite:///{folder / "oms.db"}"
[api]
listen = "127.0.0.1:0"
token = "operator-token-of-the-tests"
[[strategies]]
name = "grid"
token = "{TOKEN}"
venues = ["*"]
"""
    return head + "\n".join(_table(("venues", kind), bench_of(kind).config(venue_url)))


def _table(path: tuple[str, ...], values: Mapping[str, Any]) -> list[str]:
    """As TOML."""
    plain = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
    lines = ["[" + ".".join(f'"{part}"' for part in path) + "]"]
    for name, value in plain.items():
        if isinstance(value, bool):
            lines.append(f"{name} = {str(value).lower()}")
        else:
            lines.append(
                f"{name} = {value}" if isinstance(value, int | float) else f'{name} = "{value}"'
            )
    for name, value in values.items():
        if isinstance(value, Mapping):
            lines += _table((*path, name), value)
    return lines
