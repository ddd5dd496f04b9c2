"""A strategy that knows only ccxt's names runs on a ccxt exchange and on the engine, unchanged."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

import oms.ccxt
from adapters import VENUES, venue
from tests.adapters.one_route import bench_of
from tests.ccxt import grid_strategy
from tests.ccxt.stub_exchange import StubExchange
from tests.ccxt.whole_engine import TOKEN, whole_engine

DONE: Final = {
    "ticker": True,
    "bid below ask": True,
    "resting": 3,
    "no funds": True,
    "taken": ("closed", True, 0.0),
    "trades": True,
    "cost": True,
    "ended": ["canceled"] * 3,
    "again": "not found",
    "open": [],
    "more base": True,
}


def _tradable() -> list[str]:
    """The venues whose orders and market data go over REST."""
    found = []
    for kind in VENUES:
        offered = venue(kind).capabilities(bench_of(kind).config("http://127.0.0.1"))
        if {"ticker", "order_book"} <= offered.offers and not offered.exchanges:
            found.append(kind)
    return found


def _of_stub() -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        exchange = StubExchange()
        try:
            return await grid_strategy.run(exchange, "BTC/USD", 0.01)
        finally:
            await exchange.close()

    return asyncio.run(main())


def test_on_an_exchange_of_ccxts_own() -> None:
    told = _of_stub()
    assert {name: told[name] for name in DONE} == DONE


@pytest.mark.parametrize("kind", _tradable())
def test_on_the_engine_with_one_line_changed(kind: str, tmp_path: Path) -> None:
    order = bench_of(kind).ORDER

    async def main() -> dict[str, Any]:
        async with whole_engine(kind, tmp_path) as (url, tap):
            exchange = oms.ccxt.exchange({"url": url, "token": TOKEN, "venue": kind.upper()})
            async with exchange:
                told = await grid_strategy.run(exchange, order.symbol, float(order.order_qty or 0))
            statuses = sorted(row["status"] for row in tap.orders())
            return {**told, "at the venue": statuses}

    told = asyncio.run(main())
    assert {name: told[name] for name in DONE} == DONE
    # One order for each that was placed, and none open: nothing was sent twice.
    assert told["at the venue"] == ["CANCELED"] * 3 + ["FILLED"]
    of_stub = _of_stub()
    assert set(of_stub["keys"]) <= set(told["keys"])
    assert set(of_stub["trade keys"]) <= set(told["trade keys"])
