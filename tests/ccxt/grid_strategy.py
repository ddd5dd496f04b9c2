"""A strategy as people write them for ccxt. It knows ccxt's names and nothing of this project."""

import asyncio
from typing import Any

import ccxt.async_support as ccxt

STEPS = (0.70, 0.72, 0.74)
WAIT_S = 15.0


async def place(exchange: Any, symbol: str, side: str, amount: float, price: float) -> Any:
    """Again after a NetworkError, as such strategies do."""
    for _ in range(5):
        try:
            return await exchange.create_order(symbol, "limit", side, amount, price)
        except ccxt.NetworkError:
            await asyncio.sleep(exchange.rateLimit / 1000)
    raise ccxt.ExchangeNotAvailable("given up")


async def wait_for_end(exchange: Any, symbol: str, order: Any) -> Any:
    """The order once it is no longer open: told by itself where the exchange does that."""
    order = await exchange.fetch_order(order["id"], symbol)
    while order["status"] == "open":
        if exchange.has["watchOrders"]:
            await exchange.watch_orders(symbol)
        else:
            await asyncio.sleep(exchange.rateLimit / 1000)
        order = await exchange.fetch_order(order["id"], symbol)
    return order


async def refused(exchange: Any, symbol: str, amount: float, price: float) -> bool:
    """Whether more than the account has is refused."""
    try:
        await exchange.create_limit_buy_order(symbol, amount, price)
    except (ccxt.InsufficientFunds, ccxt.InvalidOrder):
        return True
    return False


async def run(exchange: Any, symbol: str, amount: float) -> dict[str, Any]:
    """A grid of buys below the market, one buy at the market, and everything taken back."""
    await exchange.load_markets()
    market = exchange.market(symbol)
    before = await exchange.fetch_balance()
    ticker = await exchange.fetch_ticker(symbol)
    book = await exchange.fetch_order_book(symbol, 5)
    ask = book["asks"][0][0]
    size = float(exchange.amount_to_precision(symbol, amount))

    grid = []
    for step in STEPS:
        price = float(exchange.price_to_precision(symbol, ask * step))
        grid.append(await place(exchange, symbol, "buy", size, price))
    resting = await exchange.fetch_open_orders(symbol)

    no_funds = await refused(exchange, symbol, size * 1e6, ask)
    async with asyncio.timeout(WAIT_S):
        taken = await place(exchange, symbol, "buy", size, ask)
        taken = await wait_for_end(exchange, symbol, taken)
    trades = [t for t in await exchange.fetch_my_trades(symbol) if t["order"] == taken["id"]]

    ended = []
    async with asyncio.timeout(WAIT_S):
        for order in grid:
            await exchange.cancel_order(order["id"], symbol)
            ended.append(await wait_for_end(exchange, symbol, order))
    try:
        await exchange.cancel_order(grid[0]["id"], symbol)
        again = "cancelled twice"
    except ccxt.OrderNotFound:
        again = "not found"
    after = await exchange.fetch_balance()
    base = market["base"]
    return {
        "ticker": ticker["symbol"] == symbol,
        "bid below ask": book["bids"][0][0] < ask,
        "resting": len({o["id"] for o in resting} & {o["id"] for o in grid}),
        "no funds": no_funds,
        "taken": (taken["status"], taken["filled"] == size, taken["remaining"]),
        "trades": sum(trade["amount"] for trade in trades) == size,
        "cost": abs(taken["cost"] - sum(trade["cost"] for trade in trades)) < 1e-6,
        "ended": [order["status"] for order in ended],
        "again": again,
        "open": await exchange.fetch_open_orders(symbol),
        "more base": after["total"][base] > before["total"].get(base, 0),
        "keys": sorted(taken),
        "trade keys": sorted(trades[0]),
    }
