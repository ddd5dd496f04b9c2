"""Orders that nothing but an id tells apart at a venue. Pure."""

from oms.core.order import Order


def is_twin(one: Order, other: Order) -> bool:
    """Whether nothing but an id could tell the two apart at the venue."""
    return one.order_id != other.order_id and _asked(one) == _asked(other)


def _asked(order: Order) -> tuple[object, ...]:
    """What the venue was asked for: by the last leg, while that is being put in its place."""
    terms = order.legs[-1] if order.legs else order
    return order.symbol, order.security_exchange, order.side, terms.order_qty, terms.price
