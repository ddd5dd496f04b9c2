"""What any venue must do, asked of each against its own simulator; no venue is named here."""

from importlib import import_module
from pathlib import Path

import pytest

from adapters import VENUES, venue
from oms.core.fields import OrdType
from tests.adapters import conformance_data, conformance_trading
from tests.adapters.conformance import CASES
from tests.adapters.one_route import bench_of, carried_route

assert conformance_data
assert conformance_trading  # both register their questions


def _asked() -> list[tuple[str, str]]:
    return [
        (kind, name)
        for kind in VENUES
        for name, case in CASES.items()
        if case.is_for(kind, venue(kind).capabilities(bench_of(kind).config("http://127.0.0.1")))
    ]


@pytest.mark.parametrize(("kind", "name"), _asked())
def test_a_venue_does(kind: str, name: str, tmp_path: Path) -> None:
    with carried_route(kind, tmp_path) as route:
        route.until_ready()
        CASES[name].question(route)


@pytest.mark.parametrize("name", CASES)
def test_every_question_is_put_to_somebody(name: str) -> None:
    assert any(asked == name for _, asked in _asked())


@pytest.mark.parametrize("kind", VENUES)
def test_the_capabilities_fit_the_bench(kind: str) -> None:
    """What every question takes for granted: resting limit orders, where the bench places them."""
    order = bench_of(kind).ORDER
    offered = venue(kind).capabilities(bench_of(kind).config("http://127.0.0.1"))
    assert OrdType.LIMIT in offered.ord_types
    assert order.time_in_force in offered.time_in_force
    assert (order.security_exchange in offered.exchanges) == bool(offered.exchanges)


@pytest.mark.parametrize("kind", VENUES)
def test_the_room_of_each_venue_is_complete(kind: str) -> None:
    assert import_module(f"adapters.{kind}.mapping").STATES
    assert bench_of(kind).CREDENTIALS
