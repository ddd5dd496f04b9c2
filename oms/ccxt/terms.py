"""An order as ccxt's create_order takes it, as the engine's `submit` does.

What is not understood is refused: a parameter that is left out silently makes another order.
"""

from decimal import Decimal
from typing import Any, Final

from oms.ccxt import figures
from oms.ccxt.errors import error
from oms.ccxt.structures import Struct
from oms.core.numbers import multiply
from oms.door import Row

_SIDES: Final = {"buy": "BUY", "sell": "SELL"}
_KINDS: Final = {
    ("market", False): "MARKET",
    ("limit", False): "LIMIT",
    ("market", True): "STOP",
    ("limit", True): "STOP_LIMIT",
}
_TIFS: Final = {"GTC": "GTC", "IOC": "IOC", "FOK": "FOK", "DAY": "DAY", "PO": "GTC"}
_PARAMS: Final = (
    "clientOrderId", "timeInForce", "postOnly", "triggerPrice", "stopPrice", "cost",
    "createMarketBuyOrderRequiresPrice",
)  # fmt: skip


def terms(
    market: Struct, kind: str, side: str, amount: Any, price: Any, params: Row, capabilities: Row
) -> Row:
    """The arguments of `submit` but the route's. Raises InvalidOrder, NotSupported."""
    given = {name: value for name, value in params.items() if value is not None}
    foreign = sorted(name for name in given.keys() - set(_PARAMS) if given[name] is not False)
    if foreign:
        raise error("NotSupported", f"params {', '.join(foreign)}: only {', '.join(_PARAMS)}")
    stop = given.get("triggerPrice", given.get("stopPrice"))
    ord_type = _KINDS.get((str(kind).lower(), stop is not None))
    if ord_type is None or str(side).lower() not in _SIDES:
        raise error("InvalidOrder", f"type {kind!r}, side {side!r}: limit or market, buy or sell")
    told = {
        "symbol": market["symbol"],
        "side": _SIDES[str(side).lower()],
        "ord_type": ord_type,
        **_standing(given),
    }
    if "LIMIT" in ord_type:
        if price is None:
            raise error("InvalidOrder", f"a limit order of {market['symbol']} requires a price")
        told["price"] = _price("price", price, market)
    if stop is not None:
        told["stop_px"] = _price("triggerPrice", stop, market)
    by_cash = ord_type == "MARKET" and told["side"] == "BUY" and capabilities["market_buy_by_cash"]
    return told | (_cash(market, amount, price, given) if by_cash else _qty(market, amount, given))


def _standing(given: Row) -> Row:
    """How long the order stands, and whether it may take."""
    word = str(given.get("timeInForce", "GTC")).upper()
    if word not in _TIFS:
        raise error("InvalidOrder", f"timeInForce {word!r} is none of {', '.join(_TIFS)}")
    post_only = given.get("postOnly", False)
    if not isinstance(post_only, bool):
        raise error("InvalidOrder", "postOnly: must be true or false")
    return {"time_in_force": _TIFS[word], "post_only": post_only or word == "PO"}


def _price(name: str, value: Any, market: Struct) -> Decimal:
    number, tick = figures.exact(name, value), Decimal(market["info"]["tick"])
    return figures.fitted(value, number, tick, nearest=True)


def _qty(market: Struct, amount: Any, given: Row) -> Row:
    if "cost" in given:
        raise error("NotSupported", "cost: this venue sizes its orders by the amount")
    number, step = figures.exact("amount", amount), Decimal(market["info"]["step"])
    return {"order_qty": figures.fitted(amount, number, step, nearest=False)}


def _cash(market: Struct, amount: Any, price: Any, given: Row) -> Row:
    """A market buy that is sized by what it may cost, given as ccxt's clients take it."""
    if "cost" in given:
        return {"cash_order_qty": figures.exact("cost", given["cost"])}
    if not given.get("createMarketBuyOrderRequiresPrice", True):
        return {"cash_order_qty": figures.exact("amount", amount)}
    if price is None:
        raise error(
            "InvalidOrder",
            f"a market buy of {market['symbol']} is sized by its cost: pass a price to reckon it "
            "from the amount, or params['cost']",
        )
    cost = multiply(figures.exact("amount", amount), figures.exact("price", price))
    if isinstance(amount, float) or isinstance(price, float):
        cost = figures.truncated(cost, Decimal(market["info"]["tick"]))
    return {"cash_order_qty": cost}
