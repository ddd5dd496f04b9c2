"""A firm of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.trading_day import Firm


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    """A firm with an empty store."""
    firm = Firm(tmp_path / "oms.db")
    yield firm
    firm.store.close()
