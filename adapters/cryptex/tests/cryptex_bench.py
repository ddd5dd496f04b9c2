"""How Cryptex is tried: its simulator's account, and orders that rest or fill."""

from decimal import Decimal
from typing import Any, Final

from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle

CREDENTIALS: Final = {
    "username": "alice",
    "api_key": "CTXKEY0001",
    "api_secret": "ctx-secret-0001",
}
ORDER: Final = NewOrderSingle(
    cl_ord_id="",
    symbol="BTC/USD",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(30000),
)
NEAR: Final = Decimal("40000.01")
LEVEL: Final = Decimal("0.05")
TICK: Final = Decimal("0.01")


def config(url: str) -> dict[str, Any]:
    """The route's settings, with the simulator at `url`."""
    step = {"tick": "0.01", "step": "0.0001", "min_qty": "0.0001"}
    return {
        **CREDENTIALS,
        "base_url": f"{url}/api/v1",
        "timeout_s": 2,
        "instruments": {"BTC/USD": step, "BTC/EUR": step},
        "public_market_data": True,
    }
