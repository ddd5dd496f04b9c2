"""An order-management engine that never guesses.

`Client`, `Engine` and `OmsError` are loaded when they are first named: importing `oms.core` must
wake neither the engine nor any library of the outer rooms.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oms.client import Client
    from oms.core.errors import OmsError
    from oms.system import Engine

__all__ = ["Client", "Engine", "OmsError"]

_HOMES = {"Client": "oms.client", "Engine": "oms.system", "OmsError": "oms.core.errors"}


def __getattr__(name: str) -> Any:
    """The object of that name, from the module where it lives (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
