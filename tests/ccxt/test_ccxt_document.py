"""docs/ccxt.md says what happens: its example runs, and it names every method and no other."""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from oms.ccxt import Exchange
from oms.ccxt.errors import CLASSES
from oms.web import Web
from tests.house.tree import texts
from tests.oms.small_engine import AS_GRID, TOKENS, running, within

NAME = "docs/ccxt.md"


def test_the_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```$", texts()[NAME], re.MULTILINE | re.DOTALL)

    async def main() -> None:
        with running(tmp_path, route="ANDX") as engine:
            engine.wait_until(
                "the markets are known", lambda: bool(engine.doors.instruments("ANDX"))
            )
            web = Web(engine.oms, TOKENS)
            await web.start("127.0.0.1", 0)
            source = example.replace("http://127.0.0.1:8080", web.url)
            code = compile(source, NAME, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            names: dict[str, Any] = {"token": AS_GRID}
            await within("the example", eval(code, names))  # noqa: S307  our own document
            await web.stop()

    asyncio.run(main())
    assert capsys.readouterr().out.splitlines() == ["open 0.01", "canceled"]


def _section(heading: str) -> str:
    return texts()[NAME].split(f"## {heading}\n")[1].split("\n## ")[0]


def test_every_method_is_named() -> None:
    table = [line for line in _section("Methods").splitlines() if line.startswith("| `")]
    named = {name for line in table for name in re.findall(r"`(\w+)`", line.split("|")[1])}
    there = {name for name, _ in inspect.getmembers(Exchange, callable) if not name.startswith("_")}
    assert named == there


def test_the_exceptions_that_are_named_are_ccxts() -> None:
    rows = [line for line in _section("Exceptions").splitlines() if line.startswith("| ")][1:]
    named = {name.strip() for row in rows for name in row.split("|")[1].split(",")}
    assert named - set(CLASSES) == set()
    assert "NetworkError" in CLASSES
