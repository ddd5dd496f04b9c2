"""What a plain counterparty offers, and the markets it is said to have."""

from decimal import Decimal
from pathlib import Path

import pytest

from adapters import COUNTERPARTIES, venue
from adapters.fix42.venue import VENUE
from oms.core.errors import NotSupported
from oms.core.fields import OrdType, TimeInForce
from oms.core.notes import Instruments
from oms.core.ports import Inbound
from oms.core.venue import Fence
from tests.oms.configs import COMPLETE, load

ROUTE = """
[venues.Broker]
kind = "fix42"
comp_id = "HOUSE"
{more}
[venues.Broker.instruments."BTC/USD"]
venue_symbol = "XBTUSD"
tick = "0.5"
step = "1"
max_qty = "100"
[venues.Broker.instruments."ETH/USD"]
tick = "0.01"
step = "0.1"
"""


def _plain(folder: Path, more: str = "") -> dict[str, object]:
    settings = load(folder, COMPLETE + ROUTE.format(more=more))
    return settings.venues["BROKER"].plain()


def test_it_is_a_room_of_its_own() -> None:
    """Anybody's other side: nothing to simulate."""
    assert COUNTERPARTIES == ("fix42",)
    assert venue("fix42") is VENUE
    assert VENUE.simulated is None
    assert not VENUE.trades_here


def test_it_offers_all_of_fix_42(tmp_path: Path) -> None:
    """Times in force go through as they are; day orders too."""
    offered = VENUE.capabilities(_plain(tmp_path))
    assert offered.ord_types == frozenset(OrdType)
    assert offered.time_in_force == frozenset(TimeInForce)
    assert offered.can_replace
    assert offered.chains_requests
    assert offered.tells_pending
    assert offered.fence is Fence.SEQUENCE


def test_what_it_does_not_do_is_configured(tmp_path: Path) -> None:
    """One request at a time, no Pending, no answer to a status request: absence proves nothing."""
    more = "takes_requests_in_line = false\ntells_pending = false\nstatus_on_logon = false"
    offered = VENUE.capabilities(_plain(tmp_path, more))
    assert not offered.chains_requests
    assert not offered.tells_pending
    assert offered.fence is Fence.NOTHING


def test_its_markets_are_the_configuration_s(tmp_path: Path) -> None:
    """Told once, when the route begins; there is nothing else to ask."""
    posted: list[Inbound] = []
    runner = VENUE.build(_plain(tmp_path), route="BROKER", post=posted.append)
    runner.start()
    (inbound,) = posted
    assert isinstance(inbound.message, Instruments)
    bitcoin, ether = inbound.message.instruments
    assert (bitcoin.symbol, bitcoin.venue_symbol) == ("BTC/USD", "XBTUSD")
    assert (bitcoin.tick, bitcoin.max_qty) == (Decimal("0.5"), Decimal(100))
    assert (ether.venue_symbol, ether.max_qty) == ("ETH/USD", None)
    with pytest.raises(NotSupported, match="balances"):
        runner.ask("balances").result(0)
    runner.link_moved(True, "")
    runner.link_tore()
    runner.trade_through(runner)
    runner.stop()
    assert len(posted) == 1
