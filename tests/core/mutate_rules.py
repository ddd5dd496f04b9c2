"""Wrong rules, made on purpose: `make mutate` counts how many the scenarios and the core's tests catch.

Each mutant is tried in a process of its own, in which its module is made of the altered source. It is
caught by the first scenario that goes another way than its file says; where no scenario reaches the rule,
by the tests that the mutant names.
"""

import importlib.util
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from functools import cache
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from tests.core.mutants import Mutant
from tests.core.mutants_of_orders import OF_ORDERS
from tests.core.mutants_of_requests import OF_REQUESTS

AT_ONCE: Final = 2
"""Processes; each is busy all the time."""

MUTANTS: Final = (*OF_ORDERS, *OF_REQUESTS)

SCENARIOS: Final = "scenarios"
TESTS: Final = "tests"


def altered(mutant: Mutant) -> tuple[str, CodeType]:
    """The module that has the mutant's rule, and its wrong code. LookupError unless there is one."""
    found = [(path, text) for path, text in _sources().items() if mutant.old in text]
    count = sum(text.count(mutant.old) for _, text in found)
    if count != 1:
        raise LookupError(f"oms.core says {count} times: {mutant.old!r}")
    (path, text) = found[0]
    code: CodeType = compile(text.replace(mutant.old, mutant.new), str(path), "exec")
    return f"oms.core.{path.stem}", code


@cache
def _sources() -> dict[Path, str]:
    spec = importlib.util.find_spec("oms.core")
    assert spec is not None
    assert spec.origin is not None
    return {
        path: path.read_text(encoding="utf-8") for path in Path(spec.origin).parent.glob("*.py")
    }


class _Altered(MetaPathFinder, Loader):
    """Finds one module, and makes it of the mutant's code."""

    def __init__(self, mutant: Mutant) -> None:
        self._name, self._code = altered(mutant)
        assert self._name not in sys.modules, "the mutant comes too late"

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self._code.co_filename)

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)  # noqa: S102  that is what a loader does


def caught_by(mutant: Mutant) -> str:
    """SCENARIOS, TESTS, or nothing. For a fresh process: it imports the core anew."""
    sys.meta_path.insert(0, _Altered(mutant))
    if not _scenarios_pass():
        return SCENARIOS
    return TESTS if mutant.tests and not _tests_pass(mutant.tests) else ""


def _scenarios_pass() -> bool:
    try:
        from tests.core.scenario import MATRICES
        from tests.core.test_matrices import play_on_core

        for matrix in MATRICES:
            play_on_core(matrix)
    except Exception:  # noqa: BLE001  any failure of the scenarios is a catch
        return False
    return True


def _tests_pass(names: str) -> bool:
    import pytest

    files = [str(Path(__file__).parent / f"test_{name}.py") for name in names.split()]
    quiet = ["-q", "-q", "-x", "--tb=no", "-r", "N", "--no-header", "-p", "no:cacheprovider"]
    with redirect_stdout(StringIO()):
        return pytest.main([*quiet, *files]) == pytest.ExitCode.OK


def trials(mutants: Sequence[Mutant]) -> list[str]:
    """What caught each."""
    with ProcessPoolExecutor(
        AT_ONCE, mp_context=get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        return list(pool.map(caught_by, mutants))


def main() -> int:
    """Print what was caught by what; exit 1 when a mutant lives."""
    caught = trials(MUTANTS)
    alive = [m for m, by in zip(MUTANTS, caught, strict=True) if not by]
    sys.stdout.write(
        f"rule mutants: {len(MUTANTS)}, caught by scenarios {caught.count(SCENARIOS)}, by tests "
        f"alone {caught.count(TESTS)}, alive {len(alive)}\n"
    )
    for mutant in alive:
        sys.stdout.write(f"  alive: {mutant.name}\n")
    return 1 if alive else 0


if __name__ == "__main__":
    raise SystemExit(main())
