"""The exchange object: all its parts in one."""

from oms.ccxt.funds import Funds
from oms.ccxt.trading import Trading
from oms.ccxt.watching import Watching


class Exchange(Trading, Watching, Funds):
    """One route of the engine's, in the shape of a ccxt exchange. Of one event loop."""
