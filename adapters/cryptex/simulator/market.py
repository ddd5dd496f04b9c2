"""The markets, the list of trades, and the public pages.

Source: Cryptex API document, section "TradeHistory". The public pages are not in the document:
they are what third-party readers of prices ask for.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from adapters.cryptex.simulator import calls
from adapters.cryptex.simulator.troubles import Troubles
from adapters.cryptex.simulator.wire import calendar
from adapters.matching import Market, MatchingEngine
from oms.core.values import frozen

DEPTH: Final = 20
STRANGER: Final = 900_000_000
"""Trades and orders of strangers in the list of trades have numbers from here on."""


def markets() -> tuple[Market, ...]:
    """Return the markets; the document lists none."""
    rows = (
        ("BTC/USD", "40000", "0.01", "0.0001", "0.05"),
        ("LTC/USD", "100", "0.01", "0.001", "20"),
        ("BTC/EUR", "36000", "0.01", "0.0001", "0.05"),
    )
    return tuple(
        Market(symbol, Decimal(mid), Decimal(tick), Decimal(step), Decimal(level_qty))
        for symbol, mid, tick, step, level_qty in rows
    )


def code(symbol: str) -> str:
    """BTC/USD as the venue writes it."""
    return symbol.replace("/", "_")


@frozen
class Meeting:
    """One trade between two orders, of which at least one is the account's or both strangers'."""

    number: int
    buy_order: int
    sell_order: int
    symbol: str
    side: str
    """The later one's."""
    px: Decimal
    qty: Decimal
    time_ms: int
    listed_ms: int


def history(
    meetings: Sequence[Meeting], fields: calls.Fields, troubles: Troubles, now_ms: int
) -> list[dict[str, object]]:
    """Return the answer to TradeHistory; raises Refused."""
    pair, most, latest_first = calls.pair(fields), calls.count(fields), calls.descending(fields)
    since, end = calls.moment(fields, "since"), calls.moment(fields, "end")
    listed = [one for one in meetings if one.listed_ms <= now_ms]
    if latest_first:
        listed.reverse()
    rows = []
    for one in [*_strangers(troubles.spans["strangers"], now_ms), *listed]:
        # The list's own time: what it is compared with when a period is asked for.
        at = one.time_ms // 1000 if troubles.flags["history_epoch"] else calendar(one.time_ms)
        inside = (since is None or since <= at) and (end is None or at <= end)
        if inside and pair in (None, code(one.symbol)):
            rows.append(troubles.written(_row(one, flipped=troubles.flags["flipped_pair"])))
    return rows[:most]


def public(engine: MatchingEngine, path: str, now_ms: int) -> object | None:
    """Return what a public page below the API's root says, None if there is no such page."""
    by_code = {code(market.symbol).lower(): market for market in markets()}
    if path == "tickers":
        return {name: _ticker(engine, market) for name, market in by_code.items()}
    name, _, what = path.partition("/")
    market = by_code.get(name)
    if market is None:
        return None
    if what == "ticker":
        return _ticker(engine, market)
    if what == "orderbook":
        bids, asks = engine.book(market.symbol, DEPTH)
        return {"asks": [list(level) for level in asks], "bids": [list(level) for level in bids]}
    if what == "trades":
        mine = [trade for trade in engine.trades if trade.symbol == market.symbol]
        return [
            {"tid": one.trade_id, "price": one.px, "amount": one.qty, "date": one.time_ms // 1000}
            for one in reversed(mine[-DEPTH:])
        ]
    return None


def _strangers(count: int, now_ms: int) -> list[Meeting]:
    first = STRANGER
    return [
        Meeting(
            number=first + row,
            buy_order=first + 2 * row,
            sell_order=first + 2 * row + 1,
            symbol="BTC/USD",
            side="SELL",
            px=Decimal(40000),
            qty=Decimal("0.5"),
            time_ms=now_ms,
            listed_ms=now_ms,
        )
        for row in range(count)
    ]


def _row(one: Meeting, *, flipped: bool) -> dict[str, object]:
    base, counter = one.symbol.split("/")
    return {
        "transaction_id": one.number,
        "buy_order_id": one.buy_order,
        "sell_order_id": one.sell_order,
        "timestamp": calendar(one.time_ms),
        "pair": f"{counter}_{base}" if flipped else f"{base}_{counter}",
        "type": one.side.lower(),
        "price": one.px,
        "amount": one.qty,
        "is_instant_buy": int(one.side == "BUY"),
    }


def _ticker(engine: MatchingEngine, market: Market) -> dict[str, Decimal]:
    trades = [trade for trade in engine.trades if trade.symbol == market.symbol]
    prices = [trade.px for trade in trades] or [market.mid]
    turnover = sum((trade.px * trade.qty for trade in trades), Decimal(0))
    return {"last": prices[-1], "high": max(prices), "low": min(prices), "volume": turnover}
