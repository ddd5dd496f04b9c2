"""An exchange made of ccxt's own base class: one market, one price, one account, in memory."""

from collections.abc import Mapping
from typing import Any

import ccxt.async_support as ccxt

ASK, BID = "40000", "39990"


class StubExchange(ccxt.Exchange):
    """What is not here is ccxt's own: markets, precision, structures, names."""

    def __init__(self) -> None:
        """Rich in quote, poor in base."""
        super().__init__({"id": "stub", "rateLimit": 1, "has": {"fetchOrder": True}})
        self.rows: dict[str, dict[str, Any]] = {}
        self.fills: list[dict[str, Any]] = []
        self.funds = {"USD": 1_000_000.0, "BTC": 0.0}

    async def fetch_markets(self, params: Mapping[str, Any] | None = None) -> list[Any]:
        """One."""
        market = {
            "id": "BTCUSD", "symbol": "BTC/USD", "base": "BTC", "quote": "USD", "baseId": "BTC",
            "quoteId": "USD", "type": "spot", "spot": True, "active": True,
        }  # fmt: skip
        made = self.safe_market_structure(market)
        made["precision"] |= {"amount": 0.0001, "price": 0.01}
        return [made]

    async def fetch_currencies(self, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """None of its own."""
        return {}

    async def fetch_ticker(self, symbol: str, params: Any = None) -> Any:
        """The one price."""
        return self.safe_ticker({"symbol": symbol, "bid": BID, "ask": ASK, "last": ASK})

    async def fetch_order_book(self, symbol: str, limit: Any = None, params: Any = None) -> Any:
        """The one price."""
        return self.parse_order_book({"bids": [[BID, "1"]], "asks": [[ASK, "1"]]}, symbol)

    async def fetch_balance(self, params: Any = None) -> Any:
        """All of it free."""
        return self.safe_balance(
            {code: {"free": str(sum_), "used": "0"} for code, sum_ in self.funds.items()}
        )

    async def create_order(
        self, symbol: str, type: str, side: str, amount: Any, price: Any = None, params: Any = None
    ) -> Any:
        """At the ask it is filled, below it rests."""
        if amount * price > self.funds["USD"]:
            raise ccxt.InsufficientFunds("stub: not enough USD")
        name = str(len(self.rows) + 1)
        row: dict[str, Any] = {
            "id": name, "symbol": symbol, "type": type, "side": side, "amount": amount,
            "price": price, "status": "open", "filled": 0, "timestamp": self.milliseconds(),
        }  # fmt: skip
        self.rows[name] = row
        if price >= float(ASK):
            row |= {"status": "closed", "filled": amount}
            self.funds["BTC"] += amount
            self.funds["USD"] -= amount * price
            fill = {"id": f"T{name}", "order": name, "symbol": symbol, "side": side}
            self.fills.append({**fill, "amount": amount, "price": price})
        return self._told(row)

    async def cancel_order(self, id: str, symbol: Any = None, params: Any = None) -> Any:
        """Once."""
        if self.rows[id]["status"] != "open":
            raise ccxt.OrderNotFound(f"stub: {id}")
        self.rows[id]["status"] = "canceled"
        return self._told(self.rows[id])

    async def fetch_order(self, id: str, symbol: Any = None, params: Any = None) -> Any:
        """As it stands."""
        return self._told(self.rows[id])

    async def fetch_open_orders(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Any = None
    ) -> Any:
        """As they stand."""
        return [self._told(row) for row in self.rows.values() if row["status"] == "open"]

    async def fetch_my_trades(
        self, symbol: Any = None, since: Any = None, limit: Any = None, params: Any = None
    ) -> Any:
        """Complete structures, as ccxt's parse_trades makes them."""
        blank = dict.fromkeys(("info", "timestamp", "datetime", "type", "takerOrMaker", "cost"))
        return [self.safe_trade({**blank, "fee": None, **fill}) for fill in self.fills]

    def _told(self, row: dict[str, Any]) -> Any:
        trades = [
            self.safe_trade({"info": fill, "fee": None, **fill})
            for fill in self.fills
            if fill["order"] == row["id"]
        ]
        return self.safe_order({"info": row, "fees": [], **row, "trades": trades})
