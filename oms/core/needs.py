"""What an order needs that its venue does not do and the engine can do in its stead."""

from typing import Final

from oms.core.fields import OrdType, TimeInForce
from oms.core.messages import NewOrderSingle
from oms.core.venue import Capabilities, Emulation

_AT_ONCE: Final = (TimeInForce.IMMEDIATE_OR_CANCEL, TimeInForce.FILL_OR_KILL)


def needed(capabilities: Capabilities, order: NewOrderSingle) -> frozenset[Emulation]:
    """What the order asks for that the venue does not do and the route emulates."""
    if not capabilities.emulates:
        return capabilities.emulates
    wanted: set[Emulation] = set()
    offered, tif = capabilities.time_in_force, order.time_in_force
    market = order.ord_type is OrdType.MARKET and OrdType.MARKET not in capabilities.ord_types
    if market:
        wanted.add(Emulation.MARKET)
    if tif is TimeInForce.FILL_OR_KILL and tif not in offered:
        wanted.add(Emulation.FOK)
    if tif is TimeInForce.GOOD_TILL_DATE and tif not in offered and not market:
        wanted.add(Emulation.GTD)
    at_once = market or (tif in _AT_ONCE and tif not in offered)
    if at_once and TimeInForce.IMMEDIATE_OR_CANCEL not in offered:
        wanted.add(Emulation.IOC)
    return frozenset(wanted) & capabilities.emulates
