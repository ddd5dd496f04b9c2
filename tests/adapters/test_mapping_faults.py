"""The conformance suite notices what it is there for: each mistake fails the question named for it."""

from pathlib import Path
from typing import Final

import pytest

from adapters import VENUES, venue
from tests.adapters import conformance_data, conformance_trading, one_route
from tests.adapters.conformance import CASES
from tests.adapters.mapping_faults import FAULTS, HARMLESS, Fault, made_at
from tests.adapters.one_route import bench_of, carried_route

assert conformance_data
assert conformance_trading

PATIENCE_S: Final = 2.0
"""A mistake makes some question wait in vain; it need not do so for long."""

_OF_ORDERS: Final = frozenset({"VenueOrder", "VenueTrade"})
"""What a venue whose orders go another way uses for repair only."""


def _asked(fault: Fault) -> list[str]:
    """The venues to which the question is put whose answer comes from the mapping."""
    about_orders = fault.types[0].__name__ in _OF_ORDERS
    case, found = CASES[fault.caught_by], []
    for kind in VENUES:
        offered = venue(kind).capabilities(bench_of(kind).config("http://127.0.0.1"))
        if case.is_for(kind, offered) and (venue(kind).trades_here or not about_orders):
            found.append(kind)
    return found


def _is_made_unseen(fault: Fault, kind: str, folder: Path) -> bool | None:
    """Whether the question passes in spite of the mistake; None where it changes nothing."""
    folder.mkdir()
    with made_at(kind, fault) as made, carried_route(kind, folder) as route:
        try:
            route.until_ready()
            CASES[fault.caught_by].question(route)
        except Exception:  # noqa: BLE001  however it fails, it fails
            return False
        return True if made else None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_mistake_in_a_mapping_is_noticed_wherever_it_changes_anything(
    fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_route, "WAIT_S", PATIENCE_S)
    unseen = {kind: _is_made_unseen(fault, kind, tmp_path / kind) for kind in _asked(fault)}
    passed = [kind for kind, passes in unseen.items() if passes]
    assert [kind for kind in passed if (fault.name, kind) not in HARMLESS] == []
    assert False in unseen.values(), f"no room can make it: {unseen}"
