"""The scenarios of tests/matrices are well written: they parse, add up, and keep FIX 4.2's rules.

No engine takes part: the expectations are held against a reckoning of their own.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.core.matrix import Matrix, MatrixError, Step, load_all, parse
from tests.core.matrix_checks import complaints

FOLDER = Path(__file__).resolve().parents[1] / "matrices"
MATRICES = load_all(FOLDER)
BY_NAME = {matrix.name: matrix for matrix in MATRICES}

HEAD = "# T: a title\n"
NEW = "desk> order X 10 -> PENDING_NEW 10 0 10 0 | -\nvenue> NEW -> NEW 10 0 10 0 | NEW 0 X -\n"


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: matrix.name)
def test_expectations_follow_from_the_events(matrix: Matrix) -> None:
    """Sums, precedence, ids and reasons of every line are what the rules make of its events."""
    assert complaints(matrix) == []


def test_every_matrix_of_the_appendix_is_here() -> None:
    """D1 to D37, each under its own number."""
    assert {f"D{number:02}" for number in range(1, 38)} <= set(BY_NAME)


def test_later_additions_are_here() -> None:
    """Unacknowledged and unknown orders, two replaces pending, two refused."""
    assert {f"L{number:02}" for number in range(1, 6)} <= set(BY_NAME)


def test_avg_px_of_d34_is_the_specification_s_run() -> None:
    """100, 109, 110, 100, 102, 120, and 120 to the end."""
    steps = [step for step in BY_NAME["D34"].steps if " @ " in step.text or "bust" in step.text]
    averages = [step.state.avg_px for step in steps if step.state is not None]
    assert averages == [Decimal(figure) for figure in (100, 109, 110, 100, 102, 120, 120)]


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: matrix.name)
def test_columns_stand_under_each_other(matrix: Matrix) -> None:
    """A file is read by people: its arrows and its bars are in one column."""
    text = (FOLDER / f"{matrix.name}.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "->" in line]
    bars = [line for line in text.splitlines() if "|" in line]
    assert len({line.index("->") for line in lines}) == 1
    assert len({line.index("|") for line in bars}) == 1


def _wrong(word: str) -> str:
    """Another word of the same kind."""
    if word in {"NEW", "FILLED"}:
        return "CANCELED"
    if re.fullmatch(r"[0-9.]+", word):
        return str(Decimal(word) + 1)
    if re.fullmatch(r"[A-Z][A-Z0-9]*", word) and len(word) == 1:
        return "Q"
    if "=" in word:
        key, _, said = word.partition("=")
        return f"{key}={_wrong(said)}"
    return {"-": "Q", "STATUS": "NEW", "CANCEL": "CORRECT", "CORRECT": "CANCEL"}.get(word, "NEW")


def _spoiled(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """The file's text with one expected word made wrong, for each word in turn."""
    lines = (FOLDER / f"{matrix.name}.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#") or "|" not in line:
            continue
        begin = line.index("->") + 2 if "->" in line else line.index("|") + 1
        for found in re.finditer(r"[^\s|]+", line[begin:]):
            start, end = begin + found.start(), begin + found.end()
            spoiled = line[:start] + _wrong(found[0]) + line[end:]
            yield spoiled, "\n".join([*lines[:number], spoiled, *lines[number + 1 :]])


def _silenced(matrix: Matrix) -> Iterator[tuple[str, str]]:
    """The file's text with one report left out, for each in turn."""
    lines = (FOLDER / f"{matrix.name}.txt").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if line.startswith("#") or "|" not in line or line.endswith("| -"):
            continue
        silent = line[: line.index("|") + 1] + " -" if "->" in line else ""
        yield line, "\n".join([*lines[:number], silent, *lines[number + 1 :]])


def _noticed(name: str, text: str) -> bool:
    try:
        return bool(complaints(parse(name, text)))
    except MatrixError:
        return True


@pytest.mark.parametrize(
    "matrix",
    [matrix for matrix in MATRICES if matrix.name[-1].isdigit()],  # forks add no other words
    ids=lambda matrix: matrix.name,
)
def test_no_expected_word_can_be_wrong_unnoticed(matrix: Matrix) -> None:
    """Every word right of an arrow is determined: changed, it is complained of."""
    spoiled = [*_spoiled(matrix), *_silenced(matrix)]
    assert len(spoiled) > len(matrix.steps)
    assert [line for line, text in spoiled if not _noticed(matrix.name, text)] == []


@pytest.mark.parametrize(
    ("body", "where", "why"),
    [
        ("desk> order X 10\n", 2, "a step is"),
        ("desk order X 10 -> - | -\n", 2, "begins with"),
        ("bank> order X 10 -> - | -\n", 2, "source"),
        ("desk> order x 10 -> - | -\n", 2, "ClOrdID is not an identifier"),
        ("desk> order X -> - | -\n", 2, "OrderQty is missing"),
        ("desk> order X 1e3 -> - | -\n", 2, "OrderQty is not a number"),
        ("desk> order X 10 tif=NEVER -> - | -\n", 2, "tif is not one of"),
        ("desk> order X 10 px=1 px=2 -> - | -\n", 2, "given twice"),
        ("desk> order X 10 twice -> - | -\n", 2, "not understood"),
        ("desk> shout X -> - | -\n", 2, "the desk sends"),
        ("phone> hello -> - | -\n", 2, "expected 'order'"),
        ("clock> tomorrow -> - | -\n", 2, "expected 'next_day'"),
        ("needs luck\n", 2, "an ability is not one of"),
        ("| NEW 0 X -\n", 2, "a step is"),
        (NEW + "venue> SUSPENDED -> - | -\n", 4, "the venue's event is not one of"),
        (NEW + "venue> PENDING_CANCEL Y -> - | -\n", 4, "no cancel Y above"),
        (NEW + "venue> REJECTED -> - | -\n", 4, "needs reason="),
        (NEW + "venue> PARTIAL_FILL 5 at 3 -> - | -\n", 4, "expected '@'"),
        (NEW + "venue> bust E1 -> - | -\n", 4, "no execution E1 above"),
        (
            NEW
            + "venue> FILL 9 @ 3 as B -> FILLED 10 9 1 3 | -\n"
            + "venue> FILL 1 @ 3 as B -> FILLED 10 10 0 3 | -\n",
            5,
            "B is told already",
        ),
        (NEW + "venue> again E1 -> - | -\n", 4, "no execution E1 above"),
        (NEW + "venue> NEW -> NEW 10 0 10 | -\n", 4, "AvgPx is missing"),
        (NEW + "venue> NEW -> GONE 10 0 10 0 | -\n", 4, "OrdStatus is not one of"),
        (NEW + "venue> NEW -> NEW 10 0 10 0 0 | -\n", 4, "not understood"),
        (NEW + "venue> NEW -> NEW 10 0 10 0 | OLD 0 X -\n", 4, "ExecType is not one of"),
        (NEW + "venue> NEW -> NEW 10 0 10 0 | NEW 0 X - colour=red\n", 4, "not understood"),
        (NEW + "venue> NEW order=Q -> NEW 10 0 10 0 | -\n", 4, "no order Q above"),
        (NEW + "desk> status Q -> - | REJECTED - Q -\n", 4, "needs ord_status="),
        (NEW + "venue> NEW -> NEW 10 0 10 0 | -\n| NEW 0 X -\n", 5, "follows a first one"),
        (NEW + NEW.replace("X", "Y"), 5, "say order="),
    ],
)
def test_a_bad_line_is_named(body: str, where: int, why: str) -> None:
    """A complaint says the file, the line and the reason."""
    with pytest.raises(MatrixError, match=re.escape(f"T.txt:{where}: ")) as raised:
        parse("T", HEAD + body, "T.txt")
    assert why in str(raised.value)


@pytest.mark.parametrize("text", ["", "# S: a title\n" + NEW, "T: a title\n" + NEW])
def test_a_file_begins_with_its_name(text: str) -> None:
    """The first line names the file, so that a copy that was not renamed is found."""
    with pytest.raises(MatrixError, match="the first line is '# T: title'"):
        parse("T", text, "T.txt")


def test_a_scenario_has_steps() -> None:
    """A file of comments proves nothing."""
    with pytest.raises(MatrixError, match="without a step"):
        parse("T", HEAD + "# nothing\n")


def test_a_folder_without_scenarios_is_not_silently_fine(tmp_path: Path) -> None:
    """Else every test over the files would pass by running on none."""
    with pytest.raises(MatrixError, match="no scenario there"):
        load_all(tmp_path)


def _step(name: str, text: str) -> Step:
    return next(step for step in BY_NAME[name].steps if step.text.endswith(text))


def test_what_is_answered_here_is_not_forwarded() -> None:
    """Requests go on to the venue unless their own line answers them."""
    assert _step("D03", "cancel Y X").forwarded
    assert not _step("H06", "cancel Y X").forwarded
    assert not _step("D22", "order X 15000").forwarded
    assert not _step("D25", "status X").forwarded
    assert not _step("D03", "PENDING_CANCEL Y").forwarded


def test_a_step_belongs_to_the_order_that_began_its_chain() -> None:
    """However often an order was replaced, its steps name the id under which it came."""
    assert {step.order for step in BY_NAME["D13"].steps} == {"X"}
    assert {step.order for step in BY_NAME["D31"].steps} == {"X", "Y"}
    assert {step.order for step in BY_NAME["D18"].steps} == {"-"}
    assert BY_NAME["D24"].steps[0].order is None
