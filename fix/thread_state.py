"""The Python thread state of a thread of quickfix's, kept while its session stands.

The binding makes one for every callback and frees it again, with its memory and its decimal context,
because such a thread has none of its own. One more claim on it, from logon to logout, lets it stay.
"""

import ctypes
import threading
from typing import Final

KEPT: Final = True
"""Whether it is kept at all; all works the same without, at more cost."""

_claim: Final = ctypes.pythonapi.PyGILState_Ensure
_release: Final = ctypes.pythonapi.PyGILState_Release

# Such a variable lives as long as the thread's state, so that it tells of the one there is.
_claimed: Final = threading.local()


def keep() -> None:
    """From a callback: let this thread's state outlive it. Once is enough."""
    if KEPT and not hasattr(_claimed, "state"):
        _claimed.state = _claim()


def let_go() -> None:
    """From a callback: let this thread's state end with it, where it was kept.

    Where a session ends on another thread than its own, one state stays in memory.
    """
    if hasattr(_claimed, "state"):
        state = _claimed.state
        del _claimed.state
        _release(state)
