"""The trading calls of the REST side ("Trading")."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.feed import fill_part, order_row
from adapters.apifiny.simulator.orders import Fill, NewOrder, VenueOrder
from adapters.apifiny.simulator.refusals import NO_ORDER, REQUEST, SYMBOL, Refusal, refusal
from adapters.apifiny.simulator.rest_call import Call
from adapters.apifiny.simulator.wire import read_number

_DAY_MS: Final = 86_400_000
_THREE_MONTHS_MS: Final = 90 * _DAY_MS
_LIMIT: Final = 500
_LIMIT_MAX: Final = 1000
_IDS_MAX: Final = 500
_COMPLETED: Final = frozenset({"", "PART_FILLED", "FILLED", "CANCELLED"})


def new(call: Call) -> list[dict[str, object]]:
    """order/newOrder: answered in PENDING_SUBMIT, before the exchange has seen the order."""
    info = call.asked.get("orderInfo")
    if not isinstance(info, dict):
        raise refusal(REQUEST, "orderInfo")
    order_id = call.optional("orderId") or call.exchange.new_order_id(call.now_ms)
    market = info.get("orderType") == "MARKET"
    asked = NewOrder(
        order_id=order_id,
        venue=call.venue,
        symbol=str(info.get("symbol")),
        order_type=str(info.get("orderType")),
        side=str(info.get("orderSide")),
        tif=_tif(info.get("timeInForce", 1 if market else None)),
        price=_amount(info, "limitPrice"),
        qty=_amount(info, "quantity"),
        total=_amount(info, "total"),
    )
    due_ms = call.now_ms + call.submit_ms
    return [row(call, call.exchange.place(asked, call.now_ms, due_ms, fix=False))]


def cancel(call: Call) -> list[dict[str, object]]:
    """order/cancelOrder: the reply shows the order already ended."""
    return [row(call, call.exchange.cancel(call.venue, call.text("orderId"), call.now_ms))]


def cancel_all(call: Call) -> list[str]:
    """order/cancelAccountVenueAllOrder: the ids that were cancelled; pending orders stay."""
    symbol = call.optional("symbol")
    _demand_known(call.exchange, symbol)
    cancelled = []
    for order in _at(call):
        if order.open and symbol in {"", order.asked.symbol}:
            try:
                call.exchange.cancel(call.venue, order.order_id, call.now_ms)
            except Refusal:
                continue
            cancelled.append(order.order_id)
    return cancelled


def query(call: Call) -> list[dict[str, object]]:
    """order/queryOrderInfo."""
    return [row(call, call.exchange.find(call.venue, call.text("orderId")))]


def several(call: Call) -> list[dict[str, object]]:
    """order/listMultipleOrderInfo: unknown ids are left out, unless none is known."""
    ids = call.text("orderIdList").split(",")
    if len(ids) > _IDS_MAX:
        raise refusal(REQUEST, "orderIdList")
    known = [call.exchange.orders[name] for name in ids if name in call.exchange.orders]
    if not known:
        raise refusal(NO_ORDER)
    return [row(call, order) for order in known]


def working(call: Call) -> list[dict[str, object]]:
    """order/listOpenOrder."""
    return [row(call, order) for order in _at(call) if order.open]


def completed(call: Call) -> list[dict[str, object]]:
    """order/listCompletedOrder: by time of last change, oldest first."""
    status = call.optional("orderStatus")
    if status not in _COMPLETED:
        raise refusal(REQUEST, "orderStatus")
    start_ms, end_ms = _window(call)
    found = [
        order
        for order in _at(call)
        if not order.open
        and status in {"", order.status}
        and start_ms <= order.updated_ms <= end_ms
    ]
    found.sort(key=lambda order: order.updated_ms)
    return [row(call, order) for order in found[: _limit(call)]]


def filled(call: Call) -> list[dict[str, object]]:
    """order/listFilledOrder: one row a fill, by time, oldest first."""
    symbol, order_id = call.optional("symbol"), call.optional("orderId")
    _demand_known(call.exchange, symbol)
    start_ms, end_ms = _window(call)
    found = [
        (order, fill)
        for order in _at(call)
        if symbol in {"", order.asked.symbol} and order_id in {"", order.order_id}
        for fill in order.fills
        if start_ms <= fill.time_ms <= end_ms
    ]
    found.sort(key=lambda pair: pair[1].time_ms)
    return [_fill_row(call, order, fill) for order, fill in found[: _limit(call)]]


def row(call: Call, order: VenueOrder) -> dict[str, object]:
    """Return an order as replies show one."""
    return order_row(call.exchange.account_id, order)


def _fill_row(call: Call, order: VenueOrder, fill: Fill) -> dict[str, object]:
    """Return a fill: as in the document's sample, the order's own totals in it say nothing."""
    return row(call, order) | {
        "filledAveragePrice": 0,
        "filledCumulativeQuantity": 0,
        "updatedAt": fill.time_ms,
        "cancelledUpdatedAt": None,
        "filledUpdatedAt": None,
        **fill_part(order, fill),
    }


def _at(call: Call) -> Iterable[VenueOrder]:
    orders = call.exchange.orders.values()
    return [order for order in orders if call.venue in {"", order.asked.venue}]


def _demand_known(exchange: Exchange, symbol: str) -> None:
    if symbol and symbol not in exchange.instruments:
        raise refusal(SYMBOL)


def _tif(value: object) -> int:
    if type(value) is not int:
        raise refusal(REQUEST, "timeInForce")
    return value


def _amount(info: Mapping[str, object], name: str) -> Decimal | None:
    """Return an amount of a request, which is text and never a JSON number."""
    if info.get(name) is None:
        return None
    amount = read_number(info[name])
    if amount is None:
        raise refusal(REQUEST, name)
    return amount


def _limit(call: Call) -> int:
    limit = call.whole("limit")
    if limit is None:
        return _LIMIT
    if not 1 <= limit <= _LIMIT_MAX:
        raise refusal(REQUEST, "limit")
    return limit


def _window(call: Call) -> tuple[int, int]:
    """Return the first and last millisecond asked for ("Data time range")."""
    start_ms, end_ms = call.whole("startTime"), call.whole("endTime")
    if start_ms is None and end_ms is None:
        start_ms = call.now_ms - _DAY_MS
    if end_ms is None:
        assert start_ms is not None
        end_ms = start_ms + _THREE_MONTHS_MS
    if start_ms is None:
        start_ms = end_ms - _THREE_MONTHS_MS
    return max(start_ms, call.now_ms - _THREE_MONTHS_MS), end_ms
