"""FIX 4.2's Appendix D, run as written on the pure core."""

import pytest

from oms.core.transitions import LIFE, Event, Life
from tests.core.desk_of_one import DeskOfOne
from tests.core.matrix_steps import Matrix
from tests.core.scenario import MATRICES, Scenario, capabilities_of, play


def play_on_core(matrix: Matrix) -> Scenario:
    """The scenario on the core alone; every record is applied a second time, as a replay does."""
    return play(matrix, DeskOfOne(capabilities_of(matrix)))


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: matrix.name)
def test_matrix(matrix: Matrix) -> None:
    """Each step leaves the state, and tells the desk the reports, that the file states."""
    play_on_core(matrix)


def test_every_row_of_the_state_table_is_used_by_some_matrix() -> None:
    """Coverage does not see a table; this does."""
    used: set[tuple[Life, Event]] = set()
    for matrix in MATRICES:
        used |= play_on_core(matrix).used
    rows = {(life, event) for life, events in LIFE.items() for event in events}
    assert rows - used == set()
