"""How a route is looked after: waits in seconds, all divided by `speed`."""

from collections.abc import Mapping
from typing import Any, Final

from oms.core.values import frozen

AUDIT_S: Final = 60.0
"""`audit_s` of a venue's table that does not say."""

BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Pauses before asking an unreachable venue again; the last one from then on."""


@frozen(kw_only=True)
class Options:
    """`trades_here`: orders go through this runner; otherwise another gateway carries them, whose
    link is told to it, and the runner only queries."""

    trades_here: bool = True
    speed: float = 1.0
    poll_s: float = 2.0
    """Between two looks at the lists while an order works."""
    idle_s: float = 30.0
    """The same while none does: only to see that the venue is there."""
    repair_s: float = 2.0
    """Between two looks at orders that lived through a loss of the link."""
    refresh_s: float = 3_600.0
    """Between two readings of the instruments."""
    repeats_client_id: bool = True
    """The venue shows our id of an order with it."""
    shared: bool = False
    """Where it does not: others enter orders on the account too, so that one like ours may be theirs."""
    fence_s: float | None = None
    """How long after an answer to a later request a lost one can not be executed any more; None:
    nothing fences it."""
    denials_apart_s: float | None = None
    """How far apart a session and the queries must both deny a lost order twice; None: that proves
    nothing."""
    market_poll_s: float = 5.0
    """Between two questions for what is watched and not streamed."""

    audit_s: float = 0.0
    """Between two looks at balances that nothing has moved; 0: neither they nor what ended lately
    are compared, but when somebody asks for it."""
    settle_s: float = 5.0
    """Between what moves a balance, and each of the two looks that follow."""
    list_s: float = 30.0
    """Between two readings of the open orders where another gateway carries them."""
    history_s: float = 300.0
    """Between two readings of what ended lately."""

    def back_off_s(self, failures: int) -> float:
        """The pause after so many failures in a row, in real seconds."""
        return BACK_OFF_S[min(failures, len(BACK_OFF_S)) - 1] / self.speed


def audit_s(config: Mapping[str, Any]) -> float:
    """What a venue's table says of `audit_s`."""
    return float(config.get("audit_s", AUDIT_S))
