"""Money through the whole engine as it is composed: a configuration, a venue, a strategy."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from oms import Engine
from oms.api import Oms
from oms.asks import PUBLIC, QUERIES
from oms.core.errors import NotAuthorised, NotSupported, OmsError, VenueError, VenueUnavailable
from tests.adapters.one_route import Tap, Venue, bench_of, simulator_of
from tests.treasury.bank_engine import WAIT_S

_CONFIG = """
[store]
url = "sqlite:///{folder}/oms.db"
[api]
token = "t"
[venues.andx]
base_url = "{url}/api/v1"
{credentials}
[venues.other]
kind = "andx"
base_url = "{url}/api/v1"
{credentials}
[[strategies]]
name = "treasury"
token = "a"
may_move_money = true
[[strategies]]
name = "elsewhere"
token = "b"
venues = ["OTHER"]
may_move_money = true
[[strategies]]
name = "grid-1"
token = "c"
"""
TERMS: dict[str, Any] = {"venue": "andx", "asset": "TRY", "amount": "100", "alias": "bank"}


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """An engine's configuration, its venue on a socket."""
    there = Venue(Tap(simulator_of("andx")))
    credentials = "\n".join(
        f'{name} = "{value}"' for name, value in bench_of("andx").CREDENTIALS.items()
    )
    path = tmp_path / "oms.toml"
    path.write_text(_CONFIG.format(folder=tmp_path, url=there.url, credentials=credentials))
    yield path
    there.close()


async def _withdraw(desk: Oms) -> dict[str, Any]:
    """As soon as the route is up."""
    async with asyncio.timeout(WAIT_S):
        for number in range(1_000):
            try:
                handle = await desk.withdraw(**TERMS, cl_ord_id=f"W{number}")
            except VenueUnavailable:
                await asyncio.sleep(0.05)
                continue
            return await handle.outcome(WAIT_S)
    raise AssertionError("the route does not come up")


async def _as(config: Path, strategy: str) -> dict[str, Any]:
    async with Engine(config, strategy=strategy) as desk:
        return await _withdraw(desk)


def test_a_strategy_that_may_moves_money_at_its_venues(config: Path) -> None:
    """And the store knows it as its own."""
    row = asyncio.run(_as(config, "treasury"))
    assert (row["state"], row["origin"], row["alias"]) == ("TAKEN", "treasury", "bank")


@pytest.mark.parametrize("strategy", ["grid-1", "elsewhere"])
def test_a_strategy_may_not_unless_it_is_said(config: Path, strategy: str) -> None:
    """By default none may, and none where it may not trade."""
    with pytest.raises(NotAuthorised, match=f"{strategy} may not move money at ANDX") as refused:
        asyncio.run(_as(config, strategy))
    assert isinstance(refused.value, OmsError)


@pytest.mark.parametrize("query", sorted(set(QUERIES) - PUBLIC))
def test_a_strategy_asks_about_the_accounts_of_its_venues_alone(config: Path, query: str) -> None:
    """What the account has, did, and is paid to; what any market shows is everybody's."""
    given = {"asset": "BTC"} if "asset" in QUERIES[query].needs else {}

    async def test() -> None:
        async with Engine(config, strategy="elsewhere") as desk:
            with pytest.raises(NotAuthorised, match="elsewhere may not see the account at ANDX"):
                await desk.ask(query, "andx", **given)
            for asked in (desk.ask(query, "other", **given), desk.ask("tickers", "andx")):
                with suppress(NotSupported, VenueError):
                    await asked

    asyncio.run(test())


def test_a_strategy_sees_the_balances_of_its_venues_alone(config: Path) -> None:
    """Asked for and watched; the operator sees all."""

    async def test() -> None:
        async with Engine(config, strategy="elsewhere") as desk:
            with pytest.raises(NotAuthorised):
                await desk.balances("andx")
            with pytest.raises(NotAuthorised):
                await anext(desk.watch_balances("andx"))
            assert await desk.balances("other")
        async with Engine(config) as desk:
            assert await desk.balances("andx")

    asyncio.run(test())
