"""The desk's own process: logs on, plays its part of the plan, and says how it went.

Standard output is one JSON object a line: {"event": "logged_on"}, and at the end the desk's log in
short. The plan is drawn here anew: the seed is all that the two processes share.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from oms.clock import SystemClock
from oms.demo.desk import Desk, sign_logon
from oms.demo.plan import DESK, make_plan
from oms.demo.player import Tempo, play
from oms.settings import load_settings
from oms.simlayout import HOST


async def trade(folder: Path, task: Mapping[str, Any]) -> dict[str, Any]:
    """Play the desk's orders. ConnectionError when the engine is not there."""
    settings = load_settings(folder / "oms.toml", {})
    secret = next(desk.secret for desk in settings.desks if desk.comp_id == DESK)
    clock = SystemClock()
    token = partial(sign_logon, DESK, secret.get_secret_value())
    desk = Desk(DESK, token, clock, folder / "desk.log")
    await desk.log_on(HOST, task["port"])
    _say({"event": "logged_on"})
    try:
        mine = [order for order in make_plan(task["orders"], task["seed"]) if order.origin == DESK]
        tempo = Tempo(task["interval_s"], task["patience_s"])
        complaints = await play(mine, desk, tempo)
    finally:
        await desk.log_out()
    return {**desk.reports.summary(complaints), "resends": desk.session.resends}


def _say(event: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(event)}\n")
    sys.stdout.flush()


def main() -> int:
    """`FOLDER TASK`, the task as JSON."""
    folder, task = Path(sys.argv[1]), json.loads(sys.argv[2], parse_float=float)
    try:
        seen = asyncio.run(trade(folder, task))
    except OSError as error:
        sys.stderr.write(f"desk: {error}\n")
        return 1
    _say({"event": "done", **seen})
    return 0


if __name__ == "__main__":
    sys.exit(main())
