"""How BtcTurk is tried: its simulator's account, and orders that rest or fill."""

from decimal import Decimal
from typing import Any, Final

from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle

CREDENTIALS: Final = {
    "api_key": "btcturk-public-key-0001",  # not a secret
    "api_secret": "YnRjdHVyay1zZWNyZXQta2V5LTAxMjM0NTY3ODlhYmM=",  # not a secret
}
ORDER: Final = NewOrderSingle(
    cl_ord_id="",
    symbol="BTC/USDT",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(30000),
)
NEAR: Final = Decimal(40001)
LEVEL: Final = Decimal("0.05")
TICK: Final = Decimal(1)


def config(url: str) -> dict[str, Any]:
    """The route's settings, with the simulator at `url`."""
    return {
        **CREDENTIALS,
        "base_url": url,
        "graph_url": url,
        "mirror_url": url,
        "stream_url": url.replace("http", "ws", 1),
        "timeout_s": 2,
    }
