"""`oms demo`: the whole system on one machine, with simulated venues, within a minute."""

import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from oms.clock import SystemClock
from oms.core.errors import ConfigError, OmsError
from oms.demo.outcome import Outcome
from oms.demo.plan import VENUES, make_plan
from oms.demo.ports import find_layout
from oms.demo.screen import Screen
from oms.demo.stage import Script, Stage

INTERRUPTED = 130
"""The exit code of a process that an interrupt ended, by the shells' custom."""


def run(
    *,
    orders: int = 200,
    seed: int = 1,
    speed: int = 60,
    directory: Path | None = None,
    as_json: bool = False,
) -> int:
    """Play the demo and return its exit code: 0 when everything is as it should be.

    `speed` multiplies the documented rate limits and divides the documented waits, on both sides.
    `directory` takes store, configuration and logs; a new one under the system's folder for
    temporary files when None. With `as_json` one document goes to standard output and progress to
    standard error. ConfigError when the directory holds a configuration already.
    """
    if orders < 1 or speed < 1:
        raise ConfigError("--orders and --speed must be at least 1")
    folder = directory or Path(tempfile.mkdtemp(prefix="oms-demo-"))
    script = Script(orders=orders, seed=seed, speed=speed, directory=folder.resolve())
    console = Console(stderr=as_json)
    screen = Screen(console, [ground.route for ground in VENUES], orders)
    screen.say(_first_line(script))
    screen.say(f"store, logs and configuration: {script.directory}")
    try:
        outcome = asyncio.run(_play(script, screen))
    except asyncio.CancelledError:
        screen.say("interrupted; everything that was started has been ended")
        return INTERRUPTED
    except ConfigError:
        raise  # a mistake of the caller's, nothing was started
    except (OmsError, OSError) as error:
        screen.say(f"the demo failed: {error}")
        return 1
    screen.summarise(outcome, str(script.directory))
    if as_json:
        document = outcome.document(seed=seed, speed=speed, directory=str(script.directory))
        sys.stdout.write(f"{json.dumps(document)}\n")
    return 1 if outcome.problems else 0


async def _play(script: Script, screen: Screen) -> Outcome:
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    plan = make_plan(script.orders, script.seed)
    try:
        return await Stage(script, plan, screen, SystemClock()).play(find_layout())
    except ExceptionGroup as group:
        raise _innermost(group) from None


def _innermost(error: Exception) -> Exception:
    """What went wrong first, without the groups that it passed through on its way out."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def _first_line(script: Script) -> str:
    limits = ", ".join(
        f"{ground.venue} {ground.requests}/{ground.per_seconds} s" for ground in VENUES
    )
    if script.speed == 1:
        return f"speed 1: the venues' documented rate limits and time windows ({limits})"
    return (
        f"speed {script.speed}: the venues' documented rate limits ({limits}) and time windows "
        f"are {script.speed} times faster, for the engine and the simulators alike"
    )
