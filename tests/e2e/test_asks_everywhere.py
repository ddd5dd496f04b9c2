"""Every venue asked for all that it offers, and watched, through a whole engine and its API.

No venue is named: what is asked is what its capabilities claim. Apifiny's orders need a FIX gateway
beside its queries, so its room's own tests ask it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from adapters import VENUES, venue
from oms.asks import QUERIES, WATCHES, Query
from oms.client import Client
from oms.core.errors import NotSupported
from oms.core.fields import ExecType
from oms.core.market import OrderBook, PublicTrade
from tests.adapters.one_route import bench_of
from tests.ccxt.whole_engine import TOKEN, whole_engine
from tests.oms.small_engine import within

TRADING: Final = [kind for kind in VENUES if venue(kind).trades_here]
PERIOD: Final = "1h"
"""Every venue with candles has them by the hour."""


def arguments(kind: str, query: Query) -> dict[str, Any]:
    """What must be said, of the market that the venue's own tests trade."""
    symbol = bench_of(kind).ORDER.symbol
    given = {"symbol": symbol, "asset": symbol.partition("/")[0]}
    asked = {name: given[name] for name in query.needs}
    return {**asked, "period": PERIOD} if "period" in query.takes else asked


def run(kind: str, folder: Path, test: Callable[[Client], Coroutine[Any, Any, None]]) -> None:
    """At an engine of its own."""

    async def main() -> None:
        async with whole_engine(kind, folder) as (url, _), Client(url, TOKEN) as client:
            await test(client)

    asyncio.run(main())


async def buy(client: Client, kind: str) -> None:
    """An order that fills at once, to its end."""
    order = bench_of(kind).ORDER
    handle = await client.submit(
        venue=kind,
        symbol=order.symbol,
        side=order.side.name,
        order_qty=order.order_qty,
        price=bench_of(kind).NEAR,
    )
    told = [report.exec_type async for report in handle.reports()]
    assert told[-1] is ExecType.FILL


def demand_exact(item: Any) -> None:
    """Decimals that are numbers, times that know their zone, no float anywhere."""
    for field in fields(item):
        value = getattr(item, field.name)
        assert not isinstance(value, float), f"{field.name} of {item}"
        assert not isinstance(value, Decimal) or value.is_finite(), f"{field.name} of {item}"
        assert not isinstance(value, datetime) or value.tzinfo is not None, f"{field.name}: {item}"


@pytest.mark.parametrize("kind", TRADING)
def test_a_venue_answers_what_it_offers_and_nothing_else(kind: str, tmp_path: Path) -> None:
    """After a trade, so that its own trades are not empty; symbols are those of its instruments."""

    async def test(client: Client) -> None:
        await within("the fill", buy(client, kind))
        offers = (await client.capabilities(kind))["offers"]
        symbols = {row["symbol"] for row in await client.instruments(kind)}
        for name, query in QUERIES.items():
            asked = client.ask(name, kind, **arguments(kind, query))
            if (query.asks or name) not in offers:
                with pytest.raises(NotSupported):
                    await within(name, asked)
                continue
            told = await within(name, asked)
            items = told if query.many else [told]
            for item in items:
                assert type(item) is query.kind
                demand_exact(item)
                assert getattr(item, "symbol", "") in {"", *symbols}
            if name in ("trades", "venue_trades", "candles", "tickers", "currencies"):
                assert items, f"{name} is empty"
            if name == "order_book":
                demand_sorted(told)

    run(kind, tmp_path, test)


def demand_sorted(book: OrderBook) -> None:
    """Best first, and nothing crossed."""
    bids, asks = [[level.price for level in side] for side in (book.bids, book.asks)]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]


@pytest.mark.parametrize("kind", TRADING)
def test_a_venue_is_watched_by_its_stream_or_in_turns(kind: str, tmp_path: Path) -> None:
    """What is claimed to be streamed comes so, the rest is marked; a trade is heard of once."""

    async def test(client: Client) -> None:
        told = await client.capabilities(kind)
        streams, offers = told["streams"], told["offers"]
        for name, query in WATCHES.items():
            if name == "trades" or name not in {*streams, *offers}:
                continue
            async with aclosing(client.watch(name, kind, **arguments(kind, query))) as news:
                item, emulated, _ = await within(name, anext(news))
            assert type(item) is query.kind
            demand_exact(item)
            assert emulated == (name not in streams), name
        if "trades" in {*streams, *offers}:
            await within("the trade", trade_heard(client, kind))
        rows = (await client.status())["streams"]
        assert [(row["venue"], row["up"]) for row in rows] == [(kind.upper(), True)][
            : bool(streams)
        ]

    run(kind, tmp_path, test)


async def trade_heard(client: Client, kind: str) -> None:
    """Buy again and again until the watch, which may begin late, tells of it."""
    order = bench_of(kind).ORDER
    async with aclosing(client.watch_trades(kind, order.symbol)) as watch:
        coming = asyncio.ensure_future(anext(watch))
        while not coming.done():
            await buy(client, kind)
            await asyncio.wait({coming}, timeout=0.3)
        heard: PublicTrade = coming.result()
    assert (heard.symbol, heard.qty) == (order.symbol, order.order_qty)
    demand_exact(heard)
