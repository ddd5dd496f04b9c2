"""The verb that runs: one process, from the configuration to the last commit."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, cast

import typer

from oms.cli.ends import FAILED, complain, exit_code
from oms.cli.options import Config, settings_of
from oms.clock import SystemClock
from oms.core.decide import OPERATOR
from oms.core.errors import OmsError
from oms.cores import keep_to_one
from oms.cycles import loading
from oms.log import catch_uncaught, configure_logging, room
from oms.settings import Settings

if TYPE_CHECKING:
    from oms.system import System
    from oms.web import Web

STOP_S: Final = 4.0
"""What a stop may take before the process leaves anyway; the journal is intact then too."""

_log = room("run")


class Level(StrEnum):
    """What the log tells at least."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def run(
    config: Config = None,
    json_log: Annotated[
        bool, typer.Option("--json-log", help="Log and `ready` as one JSON object a line.")
    ] = False,
    log_level: Annotated[
        Level, typer.Option("--log-level", help="The least that is logged.")
    ] = Level.INFO,
    speed: Annotated[
        int,
        typer.Option(
            "--speed", min=1, help="Rate limits times, waits over this: as `oms sim --speed`."
        ),
    ] = 1,
    all_cores: Annotated[
        bool,
        typer.Option("--all-cores", help="Run on any core; one is faster, threads take turns."),
    ] = False,
) -> None:
    """Run the engine until SIGTERM or SIGINT. Prints `ready` when it accepts desks.

    It does not wait for the venues: their state is in `oms status`.
    """
    settings = settings_of(config)
    level = logging.getLevelNamesMapping()[log_level.name]
    configure_logging(json_lines=json_log, level=level, secrets=settings.secrets())
    catch_uncaught()
    if not all_cores:
        keep_to_one()  # before any thread begins
    asyncio.run(_serve(settings, json_log, speed))


async def _serve(settings: Settings, json_log: bool, speed: int) -> None:
    """Start, wait for the end, stop. Never returns: quickfix's objects must not be destroyed."""
    with loading():
        _leave_out("cryptography", "jwt")
        from oms.system import System
        from oms.web import Web

    loop = asyncio.get_running_loop()
    asked = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)

    def give_up(_: BaseException) -> None:
        loop.call_soon_threadsafe(asked.set)

    system = System(settings, speed=speed, on_fault=give_up)
    try:
        with loading():
            await asyncio.to_thread(system.start)
    except Exception as error:  # noqa: BLE001  whatever it is, it is one line and an exit code
        complain(error)
        _leave(exit_code(error))
    web = Web(system.oms, tokens_of(settings))
    code = 0
    try:
        await web.start(settings.api.host, settings.api.port)
    except OmsError as error:
        complain(error)
        code = exit_code(error)
    else:
        _say_ready(web.url, system.desk_port, json_log)
        await asked.wait()
    code = await _stop(web, system, code)
    if system.fault is not None:
        code = FAILED  # it may have come up only while what waited was committed
    if system.stuck:
        _begin_anew()
    _leave(code)


def _leave_out(name: str, importing: str) -> None:
    """Import a package without another one that it would take along: PyJWT wants cryptography for
    signatures that nobody here uses, which took a twentieth of the start where it is installed."""
    if name not in sys.modules:
        cast(dict[str, None], sys.modules)[name] = None  # as if it were not installed
        import_module(importing)
        del sys.modules[name]


def tokens_of(settings: Settings) -> dict[str, str]:
    """Whose token is whose: token -> origin."""
    tokens = {settings.api.token.get_secret_value(): OPERATOR}
    return tokens | {s.token.get_secret_value(): s.name for s in settings.strategies}


def _say_ready(url: str, desk_port: int, json_log: bool) -> None:
    ready = {"ready": True, "message": "ready", "api": url, "desks": desk_port}
    ready["time"] = SystemClock().now().isoformat(timespec="microseconds")
    # Whoever started it may have closed the pipe: no reason to end.
    with contextlib.suppress(OSError):
        typer.echo(json.dumps(ready) if json_log else "ready")
    _log.info("ready", api=url, desks=desk_port)


async def _stop(web: "Web", system: "System", code: int) -> int:
    """Shut the doors, commit, close. The exit code."""
    _log.info("stopping")
    try:
        async with asyncio.timeout(STOP_S):
            await web.stop()
            await asyncio.to_thread(system.stop)
    except TimeoutError:
        _log.error("not stopped in time, leaving", seconds=STOP_S)
        return FAILED
    except Exception as error:  # noqa: BLE001  the process ends all the same
        _log.exception("while stopping", error)
        return FAILED
    _log.info("stopped")
    return code


def _begin_anew() -> NoReturn:
    """Become the same command once more: threads that never end are gone with the old image, and
    the journal says where to go on."""
    _log.error("threads of quickfix do not end: the process begins anew")
    _flush()
    for name in os.listdir("/proc/self/fd"):
        # quickfix's sockets would stay open, and the port taken.
        with contextlib.suppress(OSError):
            if int(name) > sys.stderr.fileno():
                os.set_inheritable(int(name), False)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  ourselves


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


def _leave(code: int) -> NoReturn:
    _flush()
    os._exit(code)
