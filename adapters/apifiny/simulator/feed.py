"""What has befallen orders and balances, in order: the feeds of the account read it.

Every listener keeps its own place in the lists, so nobody has to be told who listens.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from adapters.apifiny.simulator.orders import Fill, VenueOrder, account_digits

_AVERAGE: Final = Decimal("0.00000001")


def sub_account(account_id: str, venue: str) -> str:
    """Return the name that replies give the account at an exchange: STA-BINANCE_00000001."""
    return f"STA-{venue}_{account_digits(account_id)}"


def order_row(account_id: str, order: VenueOrder) -> dict[str, object]:
    """Return an order as replies show one; times of what has not happened are left out."""
    shown: dict[str, object] = {
        "accountId": sub_account(account_id, order.asked.venue),
        "venue": order.asked.venue,
        "orderId": order.order_id,
        "symbol": order.asked.symbol,
        "orderType": order.asked.order_type,
        "orderSide": order.asked.side,
        "limitPrice": order.asked.price,
        "quantity": order.qty,
        "filledAveragePrice": _average(order),
        "filledCumulativeQuantity": order.cum,
        "timeInForce": order.asked.tif,
        "openQuantity": order.leaves,
        "orderStatus": order.status,
        "createdAt": order.created_ms,
        "updatedAt": order.updated_ms,
    }
    extra = {
        "total": order.asked.total,
        "cancelledUpdatedAt": order.cancelled_ms,
        "filledUpdatedAt": order.filled_ms,
    }
    return shown | {name: value for name, value in extra.items() if value is not None}


def fill_part(order: VenueOrder, fill: Fill) -> dict[str, object]:
    """Return what rows of fills, and events after one, add to the order's row."""
    return {
        "lastCommission": fill.commission,
        "lastCommissionCurrency": order.instrument.quote,
        "lastFilledQuantity": fill.qty,
        "lastFilledPrice": fill.px,
        "isTaker": fill.taker,
    }


def _average(order: VenueOrder) -> Decimal:
    if not order.cum:
        return Decimal(0)
    return (order.notional / order.cum).quantize(_AVERAGE, ROUND_HALF_EVEN)


class Feed:
    """Every event so far: (exchange, what is pushed)."""

    def __init__(self, account_id: str) -> None:
        self.orders: list[tuple[str, dict[str, object]]] = []
        self.assets: list[tuple[str, dict[str, object]]] = []
        self._account_id = account_id

    def order(self, order: VenueOrder, time_ms: int, fill: Fill | None = None) -> None:
        """An order changed its status or was filled ("Order Update")."""
        row = order_row(self._account_id, order) | {
            "cancelledUpdatedAt": order.cancelled_ms,
            "filledUpdatedAt": order.filled_ms,
        }
        if fill is not None:
            row |= fill_part(order, fill) | {"lastFilledCreatedAt": fill.time_ms}
        self.orders.append((order.asked.venue, {"logTimestamp": time_ms, "payload": row}))

    def balances(self, venue: str, rows: list[Mapping[str, object]], time_ms: int) -> None:
        """Some balances of an exchange changed ("Account Update")."""
        owner = {"accountId": sub_account(self._account_id, venue), "venue": venue}
        told = {"logTimestamp": time_ms, "payload": [{**owner, **row} for row in rows]}
        self.assets.append((venue, {"result": told, "error": None}))
