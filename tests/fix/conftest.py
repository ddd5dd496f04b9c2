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


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    """An acceptor with desks as they are by default."""
    return open_office()
