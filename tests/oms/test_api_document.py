"""docs/api.md says what happens: its examples run, its tables are the code's."""

import ast
import asyncio
import json
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import httpx
import pytest

from oms.asks import QUERIES, WATCHES
from oms.core import errors
from oms.core.errors import OmsError
from oms.venue_table import table
from oms.web import Web
from oms.web.routes import ASK, ROUTES, WATCH
from tests.house.tree import texts
from tests.oms.small_engine import AS_GRID, TOKENS, SmallEngine, running, within
from tests.oms.told_items import ANSWERS, TRADE

ADDRESS = "http://127.0.0.1:8080"


def _document() -> str:
    return texts()["docs/api.md"]


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", _document(), re.MULTILINE | re.DOTALL)


async def _execute(source: str, names: dict[str, Any]) -> None:
    code = compile(source, "docs/api.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    await eval(code, names)  # noqa: S307  our own document


async def _play(engine: SmallEngine, test: Any) -> None:
    web = Web(engine.oms, TOKENS)
    await web.start("127.0.0.1", 0)
    try:
        await within("the example", test(web))
    finally:
        await web.stop()


def test_the_examples_for_a_client_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    examples = [block for block in _blocks("python") if ADDRESS in block]
    assert len(examples) == 3

    for route, told in (("ANDX", (examples[0], examples[1])), ("BTCTURK", (examples[2],))):

        async def test(web: Web, told: tuple[str, ...] = told) -> None:
            for example in told:
                names: dict[str, Any] = {"token": AS_GRID}
                await _execute(example.replace(ADDRESS, web.url), names)
                assert names.get("last", 4) == 4

        (tmp_path / route).mkdir()
        with running(tmp_path / route, route=route) as engine:
            engine.venues[route].answers = ANSWERS
            engine.venues[route].news = [TRADE]
            asyncio.run(_play(engine, test))
    assert capsys.readouterr().out.splitlines() == [
        "PENDING_NEW 0 0", "NEW 0 0", "PENDING_CANCEL 0 0", "CANCELED 0 0",
        "40000.5 None", "40000.50 0.010 False 2",
    ]  # fmt: skip


def test_the_examples_ask_a_venue_what_it_offers() -> None:
    """The engine of these tests answers everything; the venues do not."""
    offered = {row["venue"]: row for row in table()}
    called = re.findall(r"desk\.(\w+)\(\"(\w+)\"", "".join(_blocks("python")))
    asked = [(name, venue) for name, venue in called if name in QUERIES]
    watched = [(name[6:], venue) for name, venue in called if name.startswith("watch_")]
    assert ("candles", "BTCTURK") in asked
    assert ("trades", "BTCTURK") in watched
    for name, venue in asked:
        assert name in offered[venue]["queries"], f"{venue} has no {name}"
    for kind, venue in watched:
        assert offered[venue]["watches"][kind], f"{venue} tells no {kind}"


def test_the_example_for_an_engine_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = [block for block in _blocks("python") if "Engine" in block]
    (tmp_path / "oms.toml").write_text(
        '[api]\ntoken = "t"\n[[strategies]]\nname = "grid-1"\ntoken = "g"\n'
    )
    monkeypatch.chdir(tmp_path)
    asyncio.run(within("the example", _execute(example, {})))
    assert "'ready': True" in capsys.readouterr().out


def test_the_examples_over_http_are_answered_as_written(tmp_path: Path) -> None:
    examples = _blocks("http")
    assert len(examples) == 5

    async def test(web: Web) -> None:
        headers = {"Authorization": f"Bearer {AS_GRID}"}
        async with httpx.AsyncClient(base_url=web.url, headers=headers) as http:
            for example in examples:
                request, answer = example.strip().split("\n\n")
                line, _, body = request.partition("\n")
                method, _, path = line.partition(" ")
                response = await http.request(method, path, content=body or None)
                status, told = answer.split("\n", 1)
                assert (response.status_code, response.json()) == (int(status), json.loads(told))

    with running(tmp_path, route="ANDX") as engine:
        asyncio.run(_play(engine, test))


def test_its_routes_are_those_that_are_served() -> None:
    told = set(re.findall(r"`(GET|POST) (/api/[\w/]+)", _document()))
    served = {
        (method, path)
        for path, methods in ROUTES.items()
        for method in methods
        if not path.startswith((ASK, WATCH))
    }
    streams = {"/api/reports", f"{ASK}QUERY", f"{WATCH}KIND"}
    assert told == served | {("GET", path) for path in streams}


def test_its_questions_are_those_that_are_answered() -> None:
    """Each with its arguments and the fields of its rows, in order."""
    found = re.findall(r"^\| `(\w+)` \| `(venue[^`]*)` \| `([^`]+)` \|$", _document(), re.MULTILINE)
    assert [name for name, _, _ in found] == list(QUERIES)
    for name, arguments, row in found:
        query = QUERIES[name]
        assert _arguments(arguments) == (query.needs, query.takes), name
        assert row.split() == [
            field.name.replace("security_exchange", "exchange") for field in fields(query.kind)
        ]
    watched = re.findall(r"^\| `watch_(\w+)` \| `(venue[^`]*)` \|$", _document(), re.MULTILINE)
    assert [kind for kind, _ in watched] == list(WATCHES)
    for kind, arguments in watched:
        assert _arguments(arguments) == (WATCHES[kind].needs, WATCHES[kind].takes), kind


def _arguments(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Those that must be given, and all."""
    names = text.split()[1:]
    given = frozenset(name for name in names if name[0] != "[")
    return given, frozenset(name.strip("[]") for name in names)


def test_its_errors_are_those_that_exist() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \d+ \| (\w+) \|", _document(), re.MULTILINE)
    assert len(rows) == 11
    for code, name in rows:
        kind: type[OmsError] = getattr(errors, name)
        assert kind.code == code


def test_its_rows_are_those_that_are_given(tmp_path: Path) -> None:
    async def test(web: Web) -> None:
        headers = {"Authorization": f"Bearer {AS_GRID}"}
        async with httpx.AsyncClient(base_url=web.url, headers=headers) as http:
            terms = {"venue": "ANDX", "symbol": "BTC/TRY", "side": "BUY", "price": "1"}
            response = await http.post("/api/orders", json={**terms, "order_qty": "0.01"})
            order_id = response.json()["order_id"]
            async with http.stream("GET", "/api/reports") as reports:
                async for line in reports.aiter_lines():
                    if '"FILL"' in line:
                        break
            for name, path in (
                ("order", f"order?id={order_id}"),
                ("fill", "fills"),
                ("position", "positions"),
                ("balance", "balances?venue=andx"),
                ("timeline", f"timeline?id={order_id}"),
            ):
                told = (await http.get(f"/api/{path}")).json()
                row = told[0] if isinstance(told, list) else told
                (fields,) = re.findall(rf"^\| {name} \| `([^`]+)` \|$", _document(), re.MULTILINE)
                assert fields.split() == list(row), name

    with running(tmp_path, route="ANDX") as engine:
        engine.venues["ANDX"].script = "fill"
        asyncio.run(_play(engine, test))
