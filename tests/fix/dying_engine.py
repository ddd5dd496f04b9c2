"""`oms run` with quickfix threads that die on purpose, once.

Run as a script: `dying_engine.py HOW MARK run -c FILE`. The first message whose ClOrdID begins with
`die` ends the thread that brings it, as HOW says: `escape` by an exception that leaves the callback,
`block` by never coming back, `late` by coming back after some seconds. MARK is made then: there
it is, nothing dies any more. A file beside it that ends in .armed says that the test is ready.
"""

import functools
import sys
import threading
import time
from pathlib import Path
from typing import Any

import fix.session
from fix.acceptor import Acceptor
from fix.application import Application
from fix.initiator import Initiator
from fix.pulse import Pulse
from oms.__main__ import main

LATE_S = 3.0


def dying(received: Any, how: str, mark: Path) -> Any:
    """The peer's callback, in which the thread dies."""

    @functools.wraps(received)
    def receive(self: Any, session: str, fields: Any, raw: str) -> None:
        names = [value for tag, value in fields if tag in (11, 37)]
        marked = any(name.startswith("die") for name in names) or isinstance(self, Initiator)
        if marked and not mark.exists() and mark.with_suffix(".armed").exists():
            mark.touch()
            if how == "block":
                threading.Event().wait()
            if how == "late":
                time.sleep(LATE_S)
            if how == "escape":
                setattr(Application, "fail", _fail)  # noqa: B010  mypy forbids the plain way
                raise RuntimeError("on purpose")
        received(self, session, fields, raw)

    return receive


def _fail(*_: Any) -> None:
    raise RuntimeError("past the guard, on purpose")


if __name__ == "__main__":
    how_, mark_ = sys.argv[1], Path(sys.argv[2])
    del sys.argv[1:3]
    quick: dict[str, Any] = {
        "Pulse": functools.partial(Pulse, stuck_s=1.0),
        "CONNECTIONS_WAIT_S": 0.5,
        "DROP_WAIT_S": 2 * LATE_S if how_ == "late" else 1.0,
    }
    vars(fix.session).update(quick)
    side: Any = Initiator if mark_.stem == "venue" else Acceptor
    side.received = dying(side.received, how_, mark_)
    main()
