"""How Bitexbit is tried: its simulator's account, and orders that rest or fill."""

from decimal import Decimal
from typing import Any, Final

from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle

CREDENTIALS: Final = {"api_key": "bb-key-0001", "api_secret": "bb-secret-0001"}
ORDER: Final = NewOrderSingle(
    cl_ord_id="",
    symbol="BTC/USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(30000),
)
NEAR: Final = Decimal("40000.001")
LEVEL: Final = Decimal("0.05")
TICK: Final = Decimal("0.001")


def config(url: str) -> dict[str, Any]:
    """The route's settings, with the simulator at `url`."""
    stream = url.replace("http", "ws", 1)
    return {**CREDENTIALS, "base_url": url, "stream_url": stream, "timeout_s": 2}
