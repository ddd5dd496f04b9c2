"""ccxt's own btcturk client against the simulator, over real HTTP: two readings of one document.

Where ccxt's names differ from the document's, that is shown too: it sends `newClientOrderId`, which
the venue ignores, and sizes market buys in the base currency.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final

import pytest

from adapters.btcturk.simulator import build
from adapters.btcturk.tests.btcturk_bench import CREDENTIALS
from tests.adapters.one_route import Tap, Venue

SPEED: Final = 60
SYMBOL: Final = "BTC/TRY"


class Ccxt:
    """ccxt's exchange, its addresses those of a simulator."""

    def __init__(self, there: Venue, tap: Tap, exchange: Any) -> None:
        self.there, self.tap, self.exchange = there, tap, exchange

    def filled(self) -> list[dict[str, Any]]:
        """ccxt's list of our trades, once the venue tells it."""
        while not (found := self.exchange.fetch_my_trades(SYMBOL)):
            assert len(self.tap.asked) < 500, "the fills are not listed"
        return list(found)


@contextmanager
def exchange() -> Iterator[Ccxt]:
    """A fresh venue and ccxt's client for it."""
    # Loaded where it is needed: half a second that nobody else has to wait for.
    ccxt = pytest.importorskip("ccxt.btcturk")
    tap = Tap(build(5, SPEED, CREDENTIALS))
    there = Venue(tap)
    try:
        made = ccxt.btcturk(
            {
                "apiKey": CREDENTIALS["api_key"],
                "secret": CREDENTIALS["api_secret"],
                "enableRateLimit": False,
            }
        )
        made.urls["api"] = {
            "public": f"{there.url}/api/v2",
            "private": f"{there.url}/api/v1",
            "graph": f"{there.url}/v1",
        }
        made.session.trust_env = False
        made.load_markets()
        yield Ccxt(there, tap, made)
        made.session.close()
    finally:
        there.close()


def test_it_reads_the_markets_and_their_prices() -> None:
    with exchange() as there:
        market = there.exchange.market(SYMBOL)
        assert (market["id"], market["active"]) == ("BTCTRY", True)
        assert market["limits"]["cost"]["min"] == 99.91
        ticker = there.exchange.fetch_ticker(SYMBOL)
        assert (ticker["bid"], ticker["ask"]) == (1199990, 1200010)
        assert set(there.exchange.fetch_tickers()) == {SYMBOL, "XRP/TRY", "BTC/USDT", "ETH/USDT"}
        book = there.exchange.fetch_order_book(SYMBOL)
        assert book["bids"][0] == [1199990, 0.05]
        assert book["asks"][0] == [1200010, 0.05]


def test_it_reads_candles() -> None:
    with exchange() as there:
        now = there.exchange.milliseconds()
        candles = there.exchange.fetch_ohlcv(SYMBOL, "1h", since=now - 5 * 3_600_000, limit=3)
        assert candles
        assert all(row[1:5] == [1200000] * 4 for row in candles)


def test_it_reads_the_balance() -> None:
    with exchange() as there:
        balance = there.exchange.fetch_balance()
        assert balance["BTC"] == {"free": 100, "used": 0, "total": 100}
        there.exchange.create_order(SYMBOL, "limit", "buy", 0.05, 1000000)
        assert there.exchange.fetch_balance()["TRY"]["used"] == 50090


def test_it_places_sees_and_cancels_an_order() -> None:
    with exchange() as there:
        placed = there.exchange.create_order(SYMBOL, "limit", "buy", 0.01, 1000000)
        (open_order,) = there.exchange.fetch_open_orders(SYMBOL)
        assert open_order["id"] == placed["id"]
        assert (open_order["status"], open_order["side"]) == ("open", "buy")
        assert (open_order["amount"], open_order["remaining"]) == (0.01, 0.01)
        there.exchange.cancel_order(placed["id"])
        while (order := there.exchange.fetch_orders(SYMBOL)[0])["status"] == "open":
            assert len(there.tap.asked) < 500, "the cancel does not happen"
        assert order["status"] == "canceled"
        assert there.exchange.fetch_open_orders(SYMBOL) == []


def test_its_client_id_goes_under_a_name_that_the_venue_ignores() -> None:
    with exchange() as there:
        params = {"clientOrderId": "mine"}
        there.exchange.create_order(SYMBOL, "limit", "buy", 0.01, 1000000, params)
        (order,) = there.exchange.fetch_open_orders(SYMBOL)
        assert order["clientOrderId"] != "mine"


def test_it_reads_our_trades_and_everybodys() -> None:
    with exchange() as there:
        placed = there.exchange.create_order(SYMBOL, "limit", "sell", 0.01, 1199990)
        (trade,) = there.filled()
        assert (trade["order"], trade["side"]) == (placed["id"], "sell")
        assert (trade["amount"], trade["price"]) == (0.01, 1199990)
        (row,) = there.tap.orders()
        fee = Decimal(str(trade["fee"]["cost"]))
        assert abs(fee * (1 + Decimal("0.18")) - Decimal(row["fees"])) < Decimal("1E-6")
        (public,) = there.exchange.fetch_trades(SYMBOL)
        assert (public["amount"], public["price"]) == (0.01, 1199990)
        (order,) = there.exchange.fetch_orders(SYMBOL)
        assert order["status"] == "closed"


def test_its_market_orders() -> None:
    """A sale by quantity; a buy whose amount the venue takes for money."""
    with exchange() as there:
        there.exchange.create_order(SYMBOL, "market", "sell", 0.01)
        there.exchange.create_order(SYMBOL, "market", "buy", 1200)
        sold, bought = there.tap.orders()
        assert (sold["side"], sold["cum"]) == ("SELL", "0.01")
        assert Decimal(bought["cum"]) < Decimal("0.001")


def test_it_is_refused_in_its_own_words() -> None:
    with exchange() as there:
        errors = pytest.importorskip("ccxt.base.errors")
        there.exchange.create_order(SYMBOL, "limit", "buy", 50, 1200000)
        with pytest.raises(errors.InsufficientFunds):
            there.exchange.create_order(SYMBOL, "limit", "buy", 50, 1200000)
        there.exchange.secret = "d3Jvbmc="  # noqa: S105  not a secret
        with pytest.raises(errors.ExchangeError):
            there.exchange.fetch_balance()
