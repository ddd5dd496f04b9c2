"""How Apifiny is tried: its simulator's account, and orders that rest or fill."""

from decimal import Decimal
from typing import Any, Final

from oms.core.fields import OrdType, Side
from oms.core.messages import NewOrderSingle

CREDENTIALS: Final = {
    "account_id": "STA-00000001",
    "api_key_id": "ak-0001",
    "api_secret_key": "apifiny-secret-0001-apifiny-secret",
}
ORDER: Final = NewOrderSingle(
    cl_ord_id="",
    symbol="BTC/USDT",
    security_exchange="BINANCE",
    side=Side.BUY,
    ord_type=OrdType.LIMIT,
    order_qty=Decimal("0.01"),
    price=Decimal(39000),
)
NEAR: Final = Decimal("40000.01")
LEVEL: Final = Decimal("0.05")
TICK: Final = Decimal("0.01")


def config(url: str) -> dict[str, Any]:
    """The route's settings, with the simulator at `url` for every exchange."""
    return {
        **CREDENTIALS,
        "exchanges": ["BINANCE", "COINBASEPRO"],
        "host": url,
        "stream_host": url.replace("http", "ws", 1),
        "hosts": {},
        "timeout_s": 2,
    }
