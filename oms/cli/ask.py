"""The verbs that ask a venue through the running engine, and the table of what venues can do."""

import asyncio
import json
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from oms.asks import QUERIES, WATCHES
from oms.cli import show
from oms.cli.options import AsJson, Config, UnreadConfig, client_of, route_of, settings_of
from oms.client import Client
from oms.core.errors import InvalidOrder
from oms.told import Row, row_of

Route = Annotated[str, typer.Option("--venue", metavar="ROUTE", help="The route, in any case.")]
Symbol = Annotated[
    str, typer.Option("--symbol", metavar="SYMBOL", help="BASE/QUOTE, or the venue's own code.")
]
AnySymbol = Annotated[
    str, typer.Option("--symbol", metavar="SYMBOL", help="Only this market; all without it.")
]
Exchange = Annotated[
    str, typer.Option("--exchange", help="Where the route has several: which one.")
]
Asset = Annotated[str, typer.Option("--asset", help="Only this asset.")]
Since = Annotated[
    str, typer.Option("--since", help="ISO 8601 with an offset, as 2026-01-01T00:00Z.")
]
Until = Annotated[str, typer.Option("--until", help="ISO 8601 with an offset.")]
Limit = Annotated[int | None, typer.Option("--limit", help="At most so many.")]
Period = Annotated[str, typer.Option("--period", help="1m 5m 15m 30m 1h 4h 1d 1w 1M 1y.")]

KINDS: Final = {"book": "order_book", **{kind: kind for kind in WATCHES}}
"""What can be watched, by the words of the command line."""


def ticker(
    venue: Route,
    symbol: AnySymbol = "",
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Best prices and the last day of a market, or of all."""
    if symbol:
        _tell(config, venue, "ticker", show.TICKERS, as_json, symbol=symbol, exchange=exchange)
    else:
        _tell(config, venue, "tickers", show.TICKERS, as_json)


def book(
    venue: Route,
    symbol: Symbol,
    depth: Annotated[int | None, typer.Option("--depth", help="So many prices a side.")] = 10,
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Both sides of a market, best price first."""
    asked = {"symbol": symbol, "exchange": exchange, "depth": depth}
    row = _ask(config, venue, "order_book", asked)
    if as_json:
        show.document(row)
    else:
        show.listing(_levels(row), show.LEVELS)


def trades(
    venue: Route,
    symbol: Symbol,
    limit: Limit = None,
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """The latest trades of a market, anybody's."""
    asked = {"symbol": symbol, "exchange": exchange, "limit": limit}
    _tell(config, venue, "trades", show.TRADES, as_json, **asked)


def candles(
    venue: Route,
    symbol: Symbol,
    period: Period = "1h",
    since: Since = "",
    until: Until = "",
    limit: Limit = None,
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What was traded in each period."""
    asked = {"symbol": symbol, "exchange": exchange, "period": period, "limit": limit}
    _tell(config, venue, "candles", show.CANDLES, as_json, **asked, since=since, until=until)


def currencies(venue: Route, config: Config = None, as_json: AsJson = False) -> None:
    """The assets there, and what it takes to move them."""
    _tell(config, venue, "currencies", show.CURRENCIES, as_json)


def fees(
    venue: Route,
    symbol: AnySymbol = "",
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """What a trade costs, as a part of its value."""
    _tell(config, venue, "fees", show.FEES, as_json, symbol=symbol, exchange=exchange)


def account(venue: Route, config: Config = None, as_json: AsJson = False) -> None:
    """What the venue says of the account itself."""
    _tell(config, venue, "account", show.ACCOUNTS, as_json)


def deposits(
    venue: Route,
    asset: Asset = "",
    since: Since = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Deposits as the venue lists them."""
    _tell(config, venue, "deposits", show.ACTIVITIES, as_json, asset=asset, since=since)


def withdrawals(
    venue: Route,
    asset: Asset = "",
    since: Since = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Withdrawals as the venue lists them."""
    _tell(config, venue, "withdrawals", show.ACTIVITIES, as_json, asset=asset, since=since)


def transfers(
    venue: Route,
    asset: Asset = "",
    since: Since = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Transfers inside the account as the venue lists them."""
    _tell(config, venue, "transfers", show.ACTIVITIES, as_json, asset=asset, since=since)


def deposit_address(
    venue: Route,
    asset: Annotated[str, typer.Option("--asset", help="What is to be deposited.")],
    exchange: Exchange = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Where to send an asset to; some venues make a new address each time."""
    asked = {"asset": asset, "exchange": exchange}
    _tell(config, venue, "deposit_address", show.ADDRESSES, as_json, **asked)


def watch(
    what: Annotated[
        str, typer.Argument(metavar="WHAT", help="ticker, book, trades, candles or balances.")
    ],
    venue: Route,
    symbol: Annotated[str, typer.Option("--symbol", help="The market; balances have none.")] = "",
    period: Period = "",
    exchange: Exchange = "",
    count: Annotated[
        int, typer.Option("--count", min=0, help="End after so many; 0: go on until stopped.")
    ] = 0,
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Follow a market or the balances; `in turns` marks what the venue does not stream."""
    kind = KINDS.get(what.lower())
    if kind is None:
        raise InvalidOrder(f"{what!r} can not be watched; {', '.join(KINDS)} can")
    settings = settings_of(config)
    asked = {"symbol": symbol, "exchange": exchange}
    if kind == "candles":
        asked["period"] = period or "1m"
    asked = {name: value for name, value in asked.items() if value}
    route = route_of(settings, venue)

    async def follow() -> None:
        async with client_of(settings) as client:
            await _follow(client, kind, route, asked, count, as_json)

    asyncio.run(follow())


async def _follow(
    client: Client, kind: str, route: str, asked: Row, count: int, as_json: bool
) -> None:
    heading, told = True, 0
    async with aclosing(client.watch(kind, route, **asked)) as news:
        async for item, emulated, missed in news:
            row = {"venue": route, **row_of(item), "emulated": emulated, "missed": missed}
            if as_json:
                typer.echo(json.dumps(row))
            else:
                lines = _news_lines(kind, row)
                for line in lines if heading else lines[1:]:
                    typer.echo(line)
            heading, told = False, told + 1
            if told == count:
                return


def _news_lines(kind: str, row: Row) -> list[str]:
    if kind == "order_book":
        best: Row = {"symbol": row["symbol"], **(_levels(row) or [{}])[0]}
        row = {**best, "missed": row["missed"], "emulated": row["emulated"]}
    shown = {**row, "how": "in turns" if row["emulated"] else "streamed"}
    return show.aligned([shown], {**show.WATCHED[kind], "MISSED": "missed", "HOW": "how"})


def venues(config: UnreadConfig = None, as_json: AsJson = False) -> None:
    """What each venue can do, as the engine knows it; no engine need run."""
    # It loads every venue's room.
    from oms.venue_table import table

    rows = table()
    if as_json:
        show.document(rows)
        return
    for row in rows:
        typer.echo(row["venue"])
        for name, text in _facts(row):
            typer.echo(f"  {name + ':':<36} {text or '-'}")


def _facts(row: Row) -> list[tuple[str, str]]:
    from oms.venue_table import FACTS, limit_text

    watched = [f"{kind} ({how})" for kind, how in row["watches"].items() if how]
    return [
        *((name, cell(row)) for name, cell in FACTS.items()),
        ("history", row["history"]),
        *(("rate limit", limit_text(limit)) for limit in row["limits"]),
        ("questions", " ".join([*row["lists"], *row["queries"]])),
        ("watches", ", ".join(watched)),
        ("moves money", " ".join(row["moves"])),
    ]


def _levels(book: Row) -> list[Row]:
    """The two sides beside each other."""
    bids, asks = book["bids"], book["asks"]
    nothing = {"price": None, "qty": None}
    deep = range(max(len(bids), len(asks)))
    sides = [
        (bids[i] if i < len(bids) else nothing, asks[i] if i < len(asks) else nothing) for i in deep
    ]
    return [
        {
            "bid_qty": bid["qty"],
            "bid": bid["price"],
            "ask": ask["price"],
            "ask_qty": ask["qty"],
        }
        for bid, ask in sides
    ]


def _tell(
    config: Path | None,
    venue: str,
    query: str,
    columns: show.Columns,
    as_json: bool,
    **asked: Any,
) -> None:
    told = _ask(config, venue, query, asked)
    if as_json:
        show.document(told)
    else:
        show.listing(told if isinstance(told, list) else [told], columns)


def _ask(config: Path | None, venue: str, query: str, asked: Row) -> Any:
    settings = settings_of(config)
    route = route_of(settings, venue)

    async def ask() -> Any:
        async with client_of(settings) as client:
            return await client.ask(query, route, **asked)

    told = asyncio.run(ask())
    rows = [{"venue": route, **row_of(item)} for item in (told if QUERIES[query].many else [told])]
    return rows if QUERIES[query].many else rows[0]
