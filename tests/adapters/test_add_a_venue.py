"""docs/add-a-venue.md, followed to the letter: its files become a venue, and it does as others do."""

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest

import adapters
from adapters import venue
from tests.adapters import conformance_data, conformance_trading
from tests.adapters.conformance import CASES
from tests.adapters.one_route import bench_of, carried_route

assert conformance_data
assert conformance_trading

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "add-a-venue.md"
_FILE: Final = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def toy() -> Iterator[Path]:
    """The room that the page describes, where imports find it."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        room = Path(folder) / "toy"
        files = dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))
        for name, text in {**files, "__init__.py": "", "tests/__init__.py": ""}.items():
            (room / name).parent.mkdir(parents=True, exist_ok=True)
            (room / name).write_text(text, encoding="utf-8")
        patch.setattr(adapters, "__path__", [*adapters.__path__, folder])
        patch.setattr(adapters, "VENUES", (*adapters.VENUES, "toy"))
        yield room
        for name in [name for name in sys.modules if name.startswith("adapters.toy")]:
            del sys.modules[name]


def test_the_page_names_every_file_of_the_room(toy: Path) -> None:
    made = {
        str(path.relative_to(toy)) for path in toy.rglob("*.*") if "__pycache__" not in str(path)
    }
    assert made == {
        "__init__.py",
        "client.py",
        "config.toml",
        "mapping.py",
        "settings.py",
        "simulator/__init__.py",
        "tests/__init__.py",
        "tests/toy_bench.py",
        "venue.py",
    }


def test_it_does_what_every_venue_does(tmp_path: Path) -> None:
    offered = venue("toy").capabilities(bench_of("toy").config("http://127.0.0.1"))
    asked = [case for case in CASES.values() if case.is_for("toy", offered)]
    assert len(asked) >= 15
    for case in asked:
        with carried_route("toy", tmp_path) as route:
            route.until_ready()
            case.question(route)


def test_its_table_is_read_by_its_own_settings(toy: Path) -> None:
    template = (toy / "config.toml").read_text(encoding="utf-8")
    spec = venue("toy")
    assert spec.simulated is not None
    text = template
    for name, value in {**spec.addresses, **spec.simulated.credentials}.items():
        text = text.replace(f"${name}", value)
    settings = import_module("adapters.toy.settings").SETTINGS
    table = settings.model_validate(tomllib.loads(text)["venues"]["toy"])
    assert table.plain()["api_key"] == "sim-toy-key"
