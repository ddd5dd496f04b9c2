"""Orders, fills, balances and markets as ccxt's unified structures.

Every key that ccxt's manual names is there. `info` is the engine's own row, in which every figure
is exact text.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from oms.ccxt.figures import Figures, iso8601, milliseconds
from oms.core.fields import PARTICIPATE_DONT_INITIATE
from oms.core.numbers import ZERO, add, multiply, number_text, subtract
from oms.door import Row

Struct = dict[str, Any]
"""One of ccxt's unified structures."""

_ENDS: Final = {
    "FILLED": "closed",
    "CANCELED": "canceled",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
}
_TIFS: Final = {
    "GOOD_TILL_CANCEL": "GTC",
    "IMMEDIATE_OR_CANCEL": "IOC",
    "FILL_OR_KILL": "FOK",
    "GOOD_TILL_DATE": "GTD",
    "DAY": "DAY",
}


def status_of(row: Row) -> str:
    """ccxt's status of an order row: open, closed, canceled, rejected or expired.

    An order in doubt is open until the doubt is settled: it may trade, and must not be placed again.
    """
    word, amount = row["ord_status"], Decimal(row["order_qty"])
    if amount > 0 and Decimal(row["cum_qty"]) >= amount:
        return "closed"  # what may be pending is a word about a request, not about the rest
    if row["in_doubt"]:
        return "open"
    if word == "DONE_FOR_DAY" and Decimal(row["leaves_qty"]) == 0:
        return "expired"
    return _ENDS.get(word, "open")


def order(row: Row, fills: Sequence[Row], figures: Figures) -> Struct:
    """An order row and its fills."""
    amount, filled = Decimal(row["order_qty"]), Decimal(row["cum_qty"])
    status, price = status_of(row), row["price"]
    # An order that is sized by cash has no amount but what was bought for it.
    sized = amount > 0 or status != "open"
    average = None if not filled else row["avg_px"]
    left = max(ZERO, subtract(amount, filled)) if amount > 0 else ZERO
    told = milliseconds(row["created"])
    fees = _summed([fill for fill in fills if fill["fee"] is not None])
    times = [milliseconds(fill["transact_time"]) for fill in fills]
    kind = "market" if row["ord_type"] in ("MARKET", "STOP") else "limit"
    post_only = row["exec_inst"] == PARTICIPATE_DONT_INITIATE
    stop = figures.out(row["stop_px"])
    return {
        "info": row,
        "id": row["order_id"],
        "clientOrderId": row["cl_ord_id"] or None,
        "timestamp": told,
        "datetime": iso8601(told),
        "lastTradeTimestamp": max((time for time in times if time is not None), default=None),
        "lastUpdateTimestamp": milliseconds(row["updated"]),
        "symbol": row["symbol"],
        "type": kind,
        "timeInForce": _tif(row, post_only),
        "postOnly": post_only,
        "reduceOnly": None,
        "side": row["side"].lower(),
        "price": figures.out(average if price is None and kind == "market" else price),
        "stopPrice": stop,
        "triggerPrice": stop,
        "takeProfitPrice": None,
        "stopLossPrice": None,
        "amount": figures.out((amount or filled) if sized else None),
        "cost": figures.out(_cost(row, fills, filled)),
        "average": figures.out(average),
        "filled": figures.out(filled),
        "remaining": figures.out(left if sized else None),
        "status": status,
        "fee": _fee(fees[0], figures) if len(fees) == 1 else None,
        "fees": [_fee(fee, figures) for fee in fees],
        "trades": [trade(fill, figures, kind) for fill in fills],
    }


def limbo_row(route: str, name: str, asked: Row, text: str, now: datetime) -> Row:
    """The row of an order that was sent and that the engine does not tell of, by its ClOrdID."""
    when = now.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def said(field: str) -> str | None:
        return None if asked.get(field) is None else number_text(asked[field])

    tif = next(word for word, short in _TIFS.items() if short == asked["time_in_force"])
    return {
        "order_id": name,
        "cl_ord_id": name,
        "venue": route,
        "symbol": asked["symbol"],
        "side": asked["side"],
        "ord_type": asked["ord_type"],
        "time_in_force": tif,
        "exec_inst": PARTICIPATE_DONT_INITIATE if asked["post_only"] else "",
        "order_qty": said("order_qty") or "0",
        "cash_order_qty": said("cash_order_qty"),
        "price": said("price"),
        "stop_px": said("stop_px"),
        "ord_status": "PENDING_NEW",
        "cum_qty": "0",
        "leaves_qty": said("order_qty") or "0",
        "avg_px": "0",
        "in_doubt": True,
        "in_doubt_since": when,
        "in_doubt_request": "NEW",
        "in_doubt_text": text,
        "open": True,
        "text": "",
        "created": when,
        "updated": when,
    }


def _tif(row: Row, post_only: bool) -> str:
    if post_only:
        return "PO"
    if row["ord_type"] == "MARKET":
        return "IOC"  # as ccxt has it: no rest of a market order ever stands
    word: str = row["time_in_force"]
    return _TIFS.get(word, word)


def _cost(row: Row, fills: Sequence[Row], filled: Decimal) -> Decimal:
    """What the fills are worth; by the average, which is rounded, while not all are at hand."""
    booked, worth = ZERO, ZERO
    for fill in fills:
        booked = add(booked, Decimal(fill["last_shares"]))
        worth = add(worth, multiply(Decimal(fill["last_shares"]), Decimal(fill["last_px"])))
    return worth if booked == filled else multiply(filled, Decimal(row["avg_px"]))


def _summed(fills: Iterable[Row]) -> list[tuple[str, Decimal]]:
    """Currency and sum of the fees, as ccxt sums them: one of each currency."""
    sums: dict[str, Decimal] = {}
    for fill in fills:
        sums[fill["fee_currency"]] = add(sums.get(fill["fee_currency"], ZERO), Decimal(fill["fee"]))
    return list(sums.items())


def _fee(fee: tuple[str, Decimal], figures: Figures) -> Struct:
    return {"currency": fee[0], "cost": figures.out(fee[1])}


def trade(row: Row, figures: Figures, kind: str | None = None) -> Struct:
    """A fill of our own; `kind` is the type of its order."""
    when = milliseconds(row["transact_time"])
    worth = multiply(Decimal(row["last_shares"]), Decimal(row["last_px"]))
    fees = _summed([row]) if row["fee"] is not None else []
    return {
        "info": row,
        "id": row["trade_id"] or row["exec_id"],
        "order": row["order_id"],
        "timestamp": when,
        "datetime": iso8601(when),
        "symbol": row["symbol"],
        "type": kind,
        "side": row["side"].lower(),
        "takerOrMaker": None,
        "price": figures.out(row["last_px"]),
        "amount": figures.out(row["last_shares"]),
        "cost": figures.out(worth),
        "fee": _fee(fees[0], figures) if fees else {"currency": None, "cost": None},
        "fees": [_fee(fee, figures) for fee in fees],
    }


def balance(rows: Sequence[Row], figures: Figures, now_ms: int | None) -> Struct:
    """Balance rows of one account; `now_ms` is when they were asked for."""
    told: Struct = {"info": list(rows), "timestamp": now_ms, "datetime": iso8601(now_ms)}
    told |= {"free": {}, "used": {}, "total": {}}
    sums: dict[str, dict[str, Decimal]] = {}
    for row in rows:
        parts = sums.setdefault(row["asset"], {"free": ZERO, "used": ZERO, "total": ZERO})
        for name, field in (("free", "available"), ("used", "held"), ("total", "total")):
            parts[name] = add(parts[name], Decimal(row[field]))
    for asset, parts in sums.items():
        told[asset] = {name: figures.out(number) for name, number in parts.items()}
        for name, number in told[asset].items():
            told[name][asset] = number
    return told


def market(row: Row, figures: Figures) -> Struct:
    """An instrument row: a spot market, its precision in steps (ccxt's TICK_SIZE)."""
    base, _, quote = row["symbol"].partition("/")
    least = {"min": None, "max": None}
    return {
        "info": row,
        "id": row["venue_symbol"],
        "lowercaseId": row["venue_symbol"].lower(),
        "symbol": row["symbol"],
        "base": base,
        "quote": quote,
        "settle": None,
        "baseId": base,
        "quoteId": quote,
        "settleId": None,
        "type": "spot",
        "spot": True,
        "margin": False,
        "swap": False,
        "future": False,
        "option": False,
        "index": False,
        "active": row["enabled"],
        "contract": False,
        "linear": None,
        "inverse": None,
        "subType": None,
        "taker": None,
        "maker": None,
        "contractSize": None,
        "expiry": None,
        "expiryDatetime": None,
        "strike": None,
        "optionType": None,
        "precision": {
            "amount": figures.out(row["step"]),
            "price": figures.out(row["tick"]),
            "cost": None,
            "base": None,
            "quote": None,
        },
        "limits": {
            "leverage": dict(least),
            "amount": _bounds(row["min_qty"], row["max_qty"], figures),
            "price": dict(least),
            "cost": _bounds(row["min_notional"], row["max_notional"], figures),
        },
        "marginModes": {"cross": None, "isolated": None},
        "created": None,
    }


def _bounds(least: str | None, most: str | None, figures: Figures) -> Struct:
    """None for a minimum of 0: it is none."""
    return {"min": figures.out(least) or None, "max": figures.out(most)}
