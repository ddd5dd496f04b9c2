"""docs/scenarios.md: every scenario, each way, as `make scenarios` saw them."""

import re
from dataclasses import replace

from tests.core.matrix_steps import Matrix
from tests.core.scenario import MATRICES
from tests.scenarios import FAILED, PAGE, PASS, Result, page, result_of, table, totals

WAYS = ("core", "store", "sockets")
ROWS = [(matrix, dict.fromkeys(WAYS, Result(PASS))) for matrix in MATRICES]


def test_the_page_has_every_scenario_every_way() -> None:
    """Neither a file nor a title is missing, and none failed: run `make scenarios`."""
    assert PAGE.read_text(encoding="utf-8") == page(ROWS)


def test_a_failure_is_a_row_a_line_and_a_number() -> None:
    """What goes wrong is shown where it is looked for, and nothing hides behind it."""

    def wrong(matrix: Matrix) -> None:
        raise AssertionError(f"{matrix.name} went\nanother way")

    matrix = MATRICES[0]
    result = result_of(matrix, wrong)
    assert result == Result(FAILED, "AssertionError: D01 went")
    rows = [(matrix, {"core": Result(PASS), "store": result}), *ROWS[1:]]
    assert totals(rows) == f"{len(MATRICES)} scenarios, {3 * len(MATRICES) - 1} plays: " + (
        f"{3 * len(MATRICES) - 2} {PASS}, 1 {FAILED}"
    )
    lines = table([(matrix, {"core": Result(PASS), "store": result})]).splitlines()
    assert lines[0].split() == ["scenario", "core", "store", "title"]
    assert re.match(r"D01 +pass +FAILED +\S", lines[1])
    assert lines[-2] == "D01 store: AssertionError: D01 went"


def test_a_scenario_that_goes_another_way_fails() -> None:
    """The page would be worth nothing otherwise: one state made wrong is one failure."""
    from tests.core.test_matrices import play_on_core

    matrix = next(matrix for matrix in MATRICES if matrix.name == "D03")
    step = matrix.steps[-1]
    assert step.state is not None
    wrong = replace(step, state=replace(step.state, ord_status="EXPIRED"))
    spoiled = replace(matrix, steps=(*matrix.steps[:-1], wrong))
    assert result_of(matrix, play_on_core).verdict == PASS
    assert result_of(spoiled, play_on_core).verdict == FAILED
