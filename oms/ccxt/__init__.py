"""An exchange object in ccxt's shape, over the engine: docs/ccxt.md.

    exchange = oms.ccxt.exchange({"url": "http://127.0.0.1:8080", "token": token, "venue": "ANDX"})

in place of `ccxt.async_support.binance({...})` is the one line that a strategy for ccxt changes.
ccxt's exceptions are here by their names.
"""

from typing import Any

from oms.ccxt.errors import CLASSES
from oms.ccxt.exchange import Exchange

__all__ = ["Exchange", "exchange"]


def exchange(config: dict[str, Any]) -> Exchange:
    """The exchange object of one route.

    `url` and `token` of the engine's control API, or a `door` that is there already (an oms.Client,
    or what oms.Engine gives); `venue`, the route; `exchange` where the route has several;
    `decimals` True for Decimals in place of floats; `timeout` in milliseconds, how long a call
    waits for the venue's word on an order. Raises ArgumentsRequired, BadRequest.
    """
    return Exchange(config)


def __getattr__(name: str) -> Any:
    """ccxt's exceptions: `oms.ccxt.NetworkError`."""
    if name in CLASSES:
        return CLASSES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
