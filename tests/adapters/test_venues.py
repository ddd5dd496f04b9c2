"""The list of venues: rooms that wake only when they are asked for."""

import subprocess
import sys

import pytest

from adapters import VENUES, venue
from adapters.port import VenueSpec


@pytest.mark.parametrize("kind", VENUES)
def test_each_line_is_a_room(kind: str) -> None:
    spec = venue(kind)
    assert isinstance(spec, VenueSpec)
    assert spec.name == kind
    assert spec.simulated is not None
    assert spec.simulated.build == f"adapters.{kind}.simulator:build"


def test_a_kind_without_a_room_is_unknown() -> None:
    with pytest.raises(KeyError, match="os"):
        venue("os")


def _modules_after(statement: str) -> set[str]:
    told = subprocess.run(  # noqa: S603  our own interpreter on our own text
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(told.stdout.split())


def test_naming_the_venues_wakes_no_library() -> None:
    assert not {"httpx", "jwt", "asyncio"} & _modules_after("import adapters")


@pytest.mark.parametrize("kind", VENUES)
def test_a_mapping_wakes_no_library(kind: str) -> None:
    statement = f"import adapters.{kind}.mapping"
    assert not {"httpx", "jwt", "aiohttp"} & _modules_after(statement)


@pytest.mark.parametrize("kind", VENUES)
def test_a_room_does_not_wake_its_simulator(kind: str) -> None:
    woken = _modules_after(f"import adapters\nadapters.venue({kind!r})")
    assert "httpx" in woken
    assert not {name for name in woken if "simulator" in name or name == "adapters.matching"}
