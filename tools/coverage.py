"""Render docs/coverage.md: what each venue's document offers, who serves it, and what proves it.

    python -m tools.coverage            write it
    python -m tools.coverage --check    exit 1 if it differs, or if a row is empty or wrong

The rows stand in each room's coverage.toml: an item of the document, by the name that spec/<venue>.md
gives it too, the methods that serve it (`module:Class.method`, below the room or in `fix.`) and the tests that
prove it (`file:test`, in the room's tests, or with a path from the root). A method or test that is
not there is an error, and so is an item that the venue's page does not name.
"""

import argparse
import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from adapters import VENUES

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "coverage.md"

_HEAD: Final = """# What the venues' documents offer, and where it is

Written by `python -m tools.coverage` from `adapters/<venue>/coverage.toml`; `make check` compares.
Methods are below the venue's room, tests in its `tests/` unless a path says otherwise.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a document offers: an endpoint, a channel, a message model."""

    venue: str
    name: str
    methods: tuple[str, ...]
    tests: tuple[str, ...]
    note: str = ""


def items(venue: str) -> tuple[str, list[Item]]:
    """The document's name, and what it offers."""
    told = tomllib.loads((ROOT / "adapters" / venue / "coverage.toml").read_text(encoding="utf-8"))
    return told["document"], [_item(venue, row) for row in told["items"]]


def _item(venue: str, row: dict[str, Any]) -> Item:
    return Item(
        venue, row["name"], _several(row, "method"), _several(row, "test"), row.get("note", "")
    )


def _several(row: dict[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key, ())
    return (value,) if isinstance(value, str) else tuple(value)


def faults(venue: str) -> Iterator[str]:
    """What is wrong with a venue's rows, one line each."""
    page = (ROOT / "spec" / f"{venue}.md").read_text(encoding="utf-8")
    seen: set[str] = set()
    for item in items(venue)[1]:
        if item.name in seen:
            yield f"{venue}: {item.name}: is there twice"
        if item.name not in page:
            yield f"{venue}: {item.name}: spec/{venue}.md does not name it"
        seen.add(item.name)
        yield from (f"{venue}: {item.name}: {fault}" for fault in _faults(item))


def _faults(item: Item) -> Iterator[str]:
    if not item.methods or not item.tests:
        yield "the row is empty"
    for method in item.methods:
        if not _is_there(item.venue, method):
            yield f"there is no {method}"
    for test in item.tests:
        if not _is_tested(item.venue, test):
            yield f"there is no test {test}"


def _is_there(venue: str, method: str) -> bool:
    module, _, path = method.partition(":")
    room = "" if module.startswith("fix.") else f"adapters.{venue}."
    try:
        found: Any = import_module(room + module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return False
    return True


def _is_tested(venue: str, test: str) -> bool:
    file, _, name = test.partition(":")
    path = ROOT / f"{file}.py" if "/" in file else ROOT / f"adapters/{venue}/tests/{file}.py"
    return path.is_file() and name in _tests_in(path)


@cache
def _tests_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rendered() -> str:
    """The whole page."""
    return _HEAD + "".join(_table(venue) for venue in sorted(VENUES))


def _table(venue: str) -> str:
    document, rows = items(venue)
    lines = [f"\n## {document}: {len(rows)} items\n"]
    lines += ["| offered | served by | proved by |", "|---|---|---|"]
    for item in rows:
        name = f"`{item.name}`" + (f" ({item.note})" if item.note else "")
        lines.append(f"| {name} | {_code(item.methods)} | {_code(item.tests)} |")
    return "\n".join(lines) + "\n"


def _code(names: tuple[str, ...]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def main(arguments: list[str]) -> int:
    """Write the page or compare it; the exit code."""
    parser = argparse.ArgumentParser(description="Render docs/coverage.md.")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args(arguments).check
    found = [fault for venue in VENUES for fault in faults(venue)]
    page = rendered()
    if check and (not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page):
        found.append("docs/coverage.md is not what its rows say; run python -m tools.coverage")
    if not check:
        PAGE.write_text(page, encoding="utf-8")
    for fault in found:
        print(fault, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
