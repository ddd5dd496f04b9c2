"""Every session scenario of this folder, played over sockets against a running engine.

Scenarios that wait for a clock are played side by side in threads of their own.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fix.transcripts.firm import Firm
from tests.fix.transcripts.notation import Scenario, read_all
from tests.fix.transcripts.player import Player
from tests.fix.transcripts.wire import Mismatch

READ = read_all()
OWN = [one for one in READ if one.head("own")]
SCENARIOS = [one for one in READ if one not in OWN]
DESKS = {one.name: f"T{number:03d}" for number, one in enumerate(SCENARIOS)}
ALONE = [one for one in SCENARIOS if one.head("alone")]
SLOW = [one for one in SCENARIOS if one.slow and one not in ALONE]
QUICK = [one for one in SCENARIOS if not one.slow and one not in ALONE]


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """One engine for all of them."""
    keys = {DESKS[one.name]: one.head("setting") for one in SCENARIOS}
    with _running(tmp_path_factory.mktemp("transcripts"), keys) as made:
        yield made


@contextmanager
def _running(folder: Path, desks: Mapping[str, str]) -> Iterator[Firm]:
    firm = Firm(folder, desks)
    with firm.simulators():
        firm.start()
        try:
            firm.wait_ready()
            yield firm
        finally:
            firm.kill()


@pytest.fixture(scope="module")
def slow_ones(firm: Firm) -> Iterator[dict[str, Future[None]]]:
    """Those that wait, begun."""
    with ThreadPoolExecutor(max_workers=max(len(SLOW), 1)) as pool:
        yield {one.name: pool.submit(_play, firm, one) for one in SLOW}


def _play(firm: Firm, scenario: Scenario, desk: str = "") -> None:
    try:
        Player(firm, desk or DESKS[scenario.name]).play(scenario)
    except Mismatch as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _name(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", QUICK, ids=_name)
def test_quick(firm: Firm, scenario: Scenario) -> None:
    """As written, line by line."""
    _play(firm, scenario)


@pytest.mark.parametrize("scenario", SLOW, ids=_name)
def test_slow(slow_ones: dict[str, Future[None]], scenario: Scenario) -> None:
    """As written, line by line, while others are played."""
    slow_ones[scenario.name].result(timeout=60)


@pytest.mark.parametrize("scenario", ALONE, ids=_name)
def test_alone(firm: Firm, slow_ones: dict[str, Future[None]], scenario: Scenario) -> None:
    """As written; it would disturb others, so that those that are played aside end first."""
    for one in slow_ones.values():
        one.exception(timeout=60)
    _play(firm, scenario)


@pytest.mark.parametrize("scenario", OWN, ids=_name)
def test_own(tmp_path: Path, scenario: Scenario) -> None:
    """As written, at an engine of its own."""
    with _running(tmp_path, {"OWN": scenario.head("setting")}) as firm:
        _play(firm, scenario, "OWN")
