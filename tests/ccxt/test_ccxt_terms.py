"""An order in ccxt's words as the engine's: what sizes it, what it waits for; one exchange of many."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import ccxt.async_support as theirs
import pytest

import oms.ccxt
from oms.ccxt import structures
from oms.ccxt.figures import Figures
from oms.ccxt.terms import terms
from oms.core.fields import OrdType, TimeInForce
from oms.core.messages import NewOrderSingle
from oms.core.notes import Instruments, RouteStatus
from oms.core.venue import Capabilities, ClientId, Instrument
from tests.ccxt.bench import SYMBOL
from tests.oms.small_engine import SmallEngine, within

MARKET: Final = structures.market(
    {
        "venue": "X", "exchange": "", "symbol": SYMBOL, "venue_symbol": "BTCTRY", "tick": "0.01",
        "step": "0.0001", "min_qty": "0", "max_qty": None, "min_notional": "0",
        "max_notional": None, "enabled": True,
    },
    Figures(),
)  # fmt: skip
BY_CASH: Final = {"market_buy_by_cash": True}


@pytest.mark.parametrize(
    ("amount", "price", "params", "cash"),
    [
        (0.1, 40000.5, {}, "4000.05"),
        (0.1, 0.333, {}, "0.03"),
        ("0.1", "0.333", {}, "0.0333"),
        (None, None, {"cost": 12.5}, "12.5"),
        (12.5, None, {"createMarketBuyOrderRequiresPrice": False}, "12.5"),
    ],
)
def test_a_market_buy_by_cash(amount: Any, price: Any, params: dict[str, Any], cash: str) -> None:
    told = terms(MARKET, "market", "buy", amount, price, params, BY_CASH)
    assert (told["cash_order_qty"], told.get("order_qty")) == (Decimal(cash), None)


def test_a_market_buy_by_cash_needs_to_know_how_much() -> None:
    with pytest.raises(theirs.InvalidOrder, match="cost"):
        terms(MARKET, "market", "buy", 0.1, None, {}, BY_CASH)
    sale = terms(MARKET, "market", "sell", 0.1, None, {}, BY_CASH)
    assert sale["order_qty"] == Decimal("0.1")


@pytest.mark.parametrize("key", ["triggerPrice", "stopPrice"])
def test_a_trigger_makes_a_stop_order(key: str) -> None:
    params = {key: 39000.004, "timeInForce": "ioc"}
    told = terms(MARKET, "limit", "sell", 1, 38000, params, {"market_buy_by_cash": False})
    assert (told["ord_type"], told["stop_px"]) == ("STOP_LIMIT", Decimal(39000))
    assert told["time_in_force"] == "IOC"
    told = terms(MARKET, "market", "sell", 1, None, params, {"market_buy_by_cash": False})
    assert (told["ord_type"], "price" in told) == ("STOP", False)


CAPABILITIES: Final = Capabilities(
    ord_types=frozenset({OrdType.LIMIT}),
    time_in_force=frozenset({TimeInForce.GOOD_TILL_CANCEL}),
    post_only=False,
    market_buy_by_cash=False,
    client_id=ClientId.COUNTER,
    exchanges=frozenset({"BINANCE", "KRAKEN"}),
)


def _instrument(exchange: str) -> Instrument:
    return Instrument(
        symbol=SYMBOL,
        venue_symbol="BTCTRY",
        tick=Decimal("0.01"),
        step=Decimal("0.0001"),
        security_exchange=exchange,
    )


def test_one_object_is_one_exchange_of_a_route(tmp_path: Path) -> None:
    """Orders, fills and markets of the other exchanges are another object's."""
    engine = SmallEngine(tmp_path, {"MANY": CAPABILITIES})
    venue = engine.venues["MANY"]
    both = tuple(_instrument(exchange) for exchange in sorted(CAPABILITIES.exchanges))
    venue.tell(Instruments(route="MANY", instruments=both))
    venue.tell(RouteStatus(route="MANY", up=True, ready=True, text=""))
    engine.wait_until("both markets are known", lambda: len(engine.doors.instruments("MANY")) == 2)

    def exchange(**config: Any) -> oms.ccxt.Exchange:
        return oms.ccxt.exchange({"venue": "many", "door": engine.oms("grid-1"), **config})

    async def main() -> None:
        with pytest.raises(theirs.ArgumentsRequired, match="BINANCE, KRAKEN"):
            await exchange().load_markets()
        venue.script = "fill"
        async with exchange(exchange="binance") as first, exchange(exchange="KRAKEN") as second:
            order = await first.create_order(SYMBOL, "limit", "buy", "0.01", 40001)
            (told,) = await first.watch_orders(SYMBOL)
            assert told["id"] == order["id"]
            while (await first.fetch_order(order["id"]))["status"] == "open":
                await first.watch_orders()
            assert len(await first.fetch_my_trades()) == 2
            assert (await second.fetch_my_trades(), await second.fetch_orders()) == ([], [])
            with pytest.raises(theirs.OrderNotFound):
                await second.fetch_order(order["id"])
            venue.script = "rest"
            kept = await second.create_order(SYMBOL, "limit", "buy", 1, 1)
            assert await first.cancel_all_orders() == []
            assert [o["id"] for o in await second.cancel_all_orders()] == [kept["id"]]
        sent = [outbound.message for outbound in venue.received]
        places = [s.security_exchange for s in sent if isinstance(s, NewOrderSingle)]
        assert places == ["BINANCE", "KRAKEN"]

    try:
        asyncio.run(within("the whole test", main()))
    finally:
        engine.stop()
