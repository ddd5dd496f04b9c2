"""Processes that tests of FIX run, gone when the test is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fix.office import Office


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Start an acceptor with desks."""
    offices: list[Office] = []

    def start(**how: Any) -> Office:
        offices.append(Office(tmp_path, **how))
        return offices[-1]

    yield start
    for office in offices:
        office.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One acceptor for the tests of a file, each with a desk of its own."""
    office = Office(tmp_path_factory.mktemp("office"), desks=40)
    yield office
    office.close()
