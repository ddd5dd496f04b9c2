"""FIX 4.2's Appendix D, run as written over sockets: desk, engine, counterparty."""

from collections.abc import Callable, Iterator

import pytest

from tests.core.matrix_steps import Matrix
from tests.core.scenario import MATRICES
from tests.fix.socket_scenarios import over_sockets


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Matrix], None]]:
    """One engine plays all of them."""
    with over_sockets(tmp_path_factory.mktemp("scenarios")) as play:
        yield play


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: matrix.name)
def test_scenario(play: Callable[[Matrix], None], matrix: Matrix) -> None:
    """Every tag that the file prescribes, on the wire to the desk."""
    play(matrix)
