"""Importing a part wakes that part alone."""

import subprocess
import sys

import pytest

import oms
from oms.core.errors import OmsError
from tests.house.tree import ROOT

HEAVY = ("quickfix", "sqlalchemy", "httpx", "aiohttp", "pydantic", "typer", "rich", "asyncio")


@pytest.mark.parametrize("module", ["oms", "oms.core.decide", "adapters", "fix.tags"])
def test_it_wakes_no_library_of_an_outer_room(module: str) -> None:
    look = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run(  # noqa: S603  our own modules
        [sys.executable, "-c", look],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "[]\n"


def test_the_names_of_the_package_come_from_where_they_live() -> None:
    assert oms.OmsError is OmsError
    assert set(oms.__all__) == {"Client", "Engine", "OmsError"}


def test_another_name_is_an_ordinary_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Order'"):
        _ = oms.Order
