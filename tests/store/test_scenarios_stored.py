"""FIX 4.2's Appendix D through engine and store, the book rebuilt from the journal after every step."""

from pathlib import Path

import pytest

from tests.core.matrix_steps import Matrix
from tests.core.scenario import MATRICES, capabilities_of, play
from tests.store.stored_desk import empty_store, stored_desk


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store."""
    return empty_store(tmp_path_factory.mktemp("template") / "oms.db")


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: matrix.name)
def test_matrix_on_the_store(matrix: Matrix, template: Path, tmp_path: Path) -> None:
    """No step needs anything that was not committed by the step before it."""
    with stored_desk(template, tmp_path / "oms.db", capabilities_of(matrix)) as desk:
        play(matrix, desk)
