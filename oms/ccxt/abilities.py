"""What an exchange `has`, in ccxt's words, read off its route's capabilities.

True: the venue does it. 'emulated': the engine does it in the venue's stead, or asks in turns for
what the venue does not stream. False: nobody does. None: not known before `load_markets`.
"""

from collections.abc import Iterator
from typing import Any, Final

from oms.door import Row

_ASKED: Final = {
    "fetchTicker": "ticker",
    "fetchTickers": "tickers",
    "fetchOrderBook": "order_book",
    "fetchL2OrderBook": "order_book",
    "fetchTrades": "trades",
    "fetchOHLCV": "candles",
    "fetchCurrencies": "currencies",
    "fetchTime": "server_time",
    "fetchTradingFee": "fees",
    "fetchTradingFees": "fees",
    "fetchDepositAddress": "deposit_address",
    "fetchDeposits": "deposits",
    "fetchWithdrawals": "withdrawals",
    "withdraw": "withdraw",
}
"""ccxt's methods and the query or call of the venue's client that each needs."""

_WATCHED: Final = {
    "watchTicker": ("ticker", "ticker"),
    "watchOrderBook": ("order_book", "order_book"),
    "watchTrades": ("trades", "trades"),
    "watchOHLCV": ("candles", "candles"),
    "watchBalance": ("balances", "balances"),
}
"""ccxt's methods, the topic that each watches, and the query that does instead."""

_ALWAYS: Final = {
    "publicAPI": True,
    "privateAPI": True,
    "CORS": None,
    "sandbox": False,
    "spot": True,
    "margin": False,
    "swap": False,
    "future": False,
    "option": False,
    "ws": True,
    "cancelAllOrders": "emulated",  # one by one, the strategy's own
    "cancelOrder": True,
    "cancelOrders": "emulated",
    "createOrder": True,
    "fetchBalance": True,
    "fetchMarkets": True,
    "fetchStatus": True,
    # These are answered from the engine's books, at every venue alike.
    "fetchOrder": True,
    "fetchOrders": True,
    "fetchOpenOrder": True,
    "fetchOpenOrders": True,
    "fetchClosedOrder": True,
    "fetchClosedOrders": True,
    "fetchCanceledOrders": True,
    "fetchCanceledAndClosedOrders": True,
    "fetchMyTrades": True,
    "fetchOrderTrades": True,
    "watchOrders": True,
    "watchMyTrades": True,
}

_BY_TYPE: Final = {
    "LIMIT": ("createLimitOrder", "createLimitBuyOrder", "createLimitSellOrder"),
    "MARKET": ("createMarketOrder", "createMarketBuyOrder", "createMarketSellOrder"),
    "STOP": ("createStopMarketOrder",),
    "STOP_LIMIT": ("createStopLimitOrder",),
}


class Abilities(dict[str, Any]):
    """ccxt's `has`. What it does not name, the exchange does not do."""

    def __missing__(self, name: str) -> bool:
        """False."""
        return False


def unknown() -> Abilities:
    """Before the route has been asked: what depends on it is None."""
    asked: dict[str, Any] = dict.fromkeys(
        [*_ASKED, *_WATCHED, *_OF_ROUTE, *(name for names in _BY_TYPE.values() for name in names)]
    )
    return Abilities(asked | _ALWAYS)


_OF_ROUTE: Final = (
    "editOrder",
    "createPostOnlyOrder",
    "createMarketBuyOrderWithCost",
    "createStopOrder",
    "createTriggerOrder",
)


def abilities(route: Row) -> Abilities:
    """Of a route, by its row of capabilities."""
    offers, streams = set(route["offers"]), set(route["streams"])
    emulates, types = set(route["emulates"]), set(route["ord_types"])
    has = unknown()
    has |= {name: query in offers for name, query in _ASKED.items()}
    if "tickers" not in offers and "ticker" in offers:
        has["fetchTickers"] = "emulated"
    for name, (topic, query) in _WATCHED.items():
        polled = "emulated" if query in offers or query == "balances" else False
        has[name] = True if topic in streams else polled
    has |= dict(_types(types, emulates))
    stops = bool(types & {"STOP", "STOP_LIMIT"})
    has |= {"createStopOrder": stops, "createTriggerOrder": stops}
    has["editOrder"] = True if route["can_replace"] else _emulated("REPLACE", emulates)
    has["createPostOnlyOrder"] = route["post_only"]
    has["createMarketBuyOrderWithCost"] = route["market_buy_by_cash"] and "MARKET" in types
    return has


def _types(types: set[str], emulates: set[str]) -> Iterator[tuple[str, Any]]:
    for kind, names in _BY_TYPE.items():
        yield from ((name, True if kind in types else _emulated(kind, emulates)) for name in names)


def _emulated(what: str, emulates: set[str]) -> Any:
    return "emulated" if what in emulates else False
