"""A firm of its own for every test, and a reader beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from oms.store.queries import Reader
from tests.store.trading_day import Firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    """A firm with an empty store."""
    firm = Firm(tmp_path / "oms.db")
    yield firm
    firm.store.close()


@pytest.fixture
def reader(firm: Firm) -> Iterator[Reader]:
    """A reader beside the running firm."""
    with Reader.open(firm.url) as reader:
        yield reader
