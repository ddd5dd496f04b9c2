"""A configuration, an engine behind it when one is wanted, and verbs run in this process."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from oms.cli import app
from oms.web import Web
from tests.oms.small_engine import AS_GRID, AS_OPERATOR, TOKENS, WITHIN_S, SmallEngine, running

ORDER = ("--venue", "plain", "--symbol", "BTC/TRY", "--side", "buy", "--qty", "0.01")
LIMIT = (*ORDER, "--price", "40000.50")

_CONFIG = """
[store]
url = "sqlite:///oms.db"
[api]
listen = "{listen}"
token = "{operator}"
[venues.plain]
kind = "andx"
username = "user-of-the-tests"
passphrase = "pass-of-the-tests"
api_key = "venue-key-of-the-tests"
api_secret = "venue-secret-of-the-tests"
[venues.native]
kind = "andx"
username = "user-of-the-tests"
passphrase = "pass-of-the-tests"
api_key = "venue-key-of-the-tests"
api_secret = "venue-secret-of-the-tests"
[[strategies]]
name = "grid-1"
token = "{grid}"
"""


@dataclass(frozen=True)
class Told:
    """What a verb said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        """Standard output, line by line."""
        return self.out.splitlines()


class Bench:
    """A folder with a configuration. `engine` is there while one runs."""

    def __init__(self, folder: Path, engine: SmallEngine | None, listen: str) -> None:
        self.config = folder / "oms.toml"
        self._engine = engine
        self.config.write_text(
            _CONFIG.format(listen=listen, operator=AS_OPERATOR, grid=AS_GRID), encoding="utf-8"
        )

    @property
    def engine(self) -> SmallEngine:
        """The engine that runs."""
        assert self._engine is not None, "this bench has an engine"
        return self._engine

    def oms(self, verb: str, *words: str) -> Told:
        """Run a verb with this configuration; it must not show a traceback."""
        return oms(verb, *words, "-c", str(self.config))


def oms(*words: str) -> Told:
    """Run the command line in this process."""
    done = CliRunner().invoke(app, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exc_info
    assert "Traceback" not in done.output
    return Told(done.exit_code, done.stdout, done.stderr)


@contextmanager
def idle_bench(folder: Path) -> Iterator[Bench]:
    """A configuration whose engine does not run."""
    yield Bench(folder, None, "127.0.0.1:1")


@contextmanager
def running_bench(folder: Path) -> Iterator[Bench]:
    """An engine, with its control API on a thread of its own."""
    with running(folder) as engine, _served(engine) as listen:
        yield Bench(folder, engine, listen)


@contextmanager
def _served(engine: SmallEngine) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="web")
    thread.start()
    web = Web(engine.oms, TOKENS)
    try:
        asyncio.run_coroutine_threadsafe(web.start("127.0.0.1", 0), loop).result(WITHIN_S)
        host, port = web.address
        yield f"{host}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(web.stop(), loop).result(WITHIN_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WITHIN_S)
        loop.close()


def filled(bench: Bench) -> None:
    """An order that fills at once."""
    bench.engine.venues["PLAIN"].script = "fill"
    assert bench.oms("new", *LIMIT, "--cl-ord-id", "A1").code == 0
    wait_for(bench, "FILLED")


def wait_for(bench: Bench, ord_status: str) -> None:
    """The first order has that status soon."""

    def holds() -> bool:
        row = bench.engine.reader.order("1")
        return row is not None and row["ord_status"] == ord_status

    bench.engine.wait_until(f"order 1 is {ord_status}", holds)
