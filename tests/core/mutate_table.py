"""Wrong tables, made on purpose: `make mutate` counts how many the matrices and the page catch.

A mutation tool changes functions; of a table it makes no mutant. So they are made here: every cell
removed, led elsewhere, or allowed where it was impossible; every neighbouring pair of the
precedence swapped; every entry of the small tables removed.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import oms.core.order as order_module
import oms.core.transitions as table
import oms.core.venue_side as venue_side
from oms.core.transitions import CLEARS_PENDING, LIFE, PRECEDENCE, REACHED_BY, Event, Life
from tests.core.scenario import MATRICES
from tests.core.test_matrices import play_on_core
from tools import order_states

Mutant = tuple[str, Mapping[str, Any]]
"""Its name, and the names in the table's module that it replaces."""


def _cells() -> Iterator[Mutant]:
    lives = list(Life)
    for life in Life:
        for event in Event:
            target = LIFE[life].get(event)
            wrong = lives[(lives.index(target or life) + 1) % len(lives)]
            cells = [None, wrong] if target else [life]
            for cell in cells:
                yield f"{life.name} {event.name} -> {cell}", {"LIFE": _with(life, event, cell)}


def _with(life: Life, event: Event, cell: Life | None) -> Mapping[Life, Mapping[Event, Life]]:
    row = {key: value for key, value in LIFE[life].items() if key is not event}
    if cell is not None:
        row[event] = cell
    return MappingProxyType({**LIFE, life: row})


def _precedences() -> Iterator[Mutant]:
    for index in range(len(PRECEDENCE) - 1):
        swapped = list(PRECEDENCE)
        swapped[index : index + 2] = reversed(swapped[index : index + 2])
        ranks = {status: rank for rank, status in enumerate(swapped)}
        name = f"{PRECEDENCE[index].name} above {PRECEDENCE[index + 1].name}"
        yield name, {"PRECEDENCE": tuple(swapped), "_RANK": ranks}


def _small_tables() -> Iterator[Mutant]:
    for event in REACHED_BY:
        rest = {key: value for key, value in REACHED_BY.items() if key is not event}
        yield f"{event.name} is news again", {"REACHED_BY": rest}
    for event in Event:
        if event in CLEARS_PENDING:
            yield f"{event.name} answers nothing", {"CLEARS_PENDING": CLEARS_PENDING - {event}}


@contextlib.contextmanager
def _replaced(names: Mapping[str, Any]) -> Iterator[None]:
    modules = (table, order_module, venue_side, order_states)
    kept: list[tuple[Any, str, Any]] = [
        (module, name, getattr(module, name))
        for module in modules
        for name in names
        if hasattr(module, name)
    ]
    try:
        for module, name, _ in kept:
            setattr(module, name, names[name])
        yield
    finally:
        for module, name, value in kept:
            setattr(module, name, value)


def _fails(check: Callable[[], object]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001  any failure of the suite is a catch
        return True
    return False


def _matrices() -> None:
    for matrix in MATRICES:
        play_on_core(matrix)


def _page() -> None:
    assert order_states.PAGE.read_text(encoding="utf-8") == order_states.render()


def main() -> int:
    """Print what was caught by what; exit 1 when a mutant lives."""
    mutants = [*_cells(), *_precedences(), *_small_tables()]
    by_matrices, by_page, alive = 0, 0, []
    for name, names in mutants:
        with _replaced(names):
            seen, published = _fails(_matrices), _fails(_page)
        by_matrices += seen
        by_page += published
        if not (seen or published):
            alive.append(name)
    sys.stdout.write(
        f"table mutants: {len(mutants)}, caught by matrices {by_matrices}, by the published page "
        f"{by_page}, alive {len(alive)}\n"
    )
    for name in alive:
        sys.stdout.write(f"  alive: {name}\n")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
