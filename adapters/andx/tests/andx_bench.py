"""How ANDX is tried: its simulator's account, and orders that rest or fill."""

from decimal import Decimal
from typing import Any, Final

from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle

CREDENTIALS: Final = {
    "username": "alice",
    "passphrase": "correct-horse",
    "api_key": "andx-key-0001",
    "api_secret": "andx-secret-0001",
    "account": "Main",
}
ORDER: Final = NewOrderSingle(
    cl_ord_id="",
    symbol="BTC/TRY",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(1000000),
)
NEAR: Final = Decimal("1200000.01")
LEVEL: Final = Decimal("0.05")
TICK: Final = Decimal("0.01")


def config(url: str) -> dict[str, Any]:
    """The route's settings, with the simulator at `url`."""
    return {**CREDENTIALS, "base_url": f"{url}/api/v1", "timeout_s": 2}
