"""Processes that tests of FIX run, gone when the test is."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fix.gateway import Gateway
from tests.fix.office import Office
from tests.fix.trading import Trading
from tests.fix.venue import Venue


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    """Start an acceptor with desks."""
    offices: list[Office] = []

    def start(**how: Any) -> Office:
        offices.append(Office(tmp_path, **how))
        return offices[-1]

    yield start
    for office in offices:
        office.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One acceptor for the tests of a file, each with a desk of its own."""
    office = Office(tmp_path_factory.mktemp("office"), desks=40)
    yield office
    office.close()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Apifiny's simulator."""
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def venue() -> Iterator[Venue]:
    """A venue that says what the test tells it to."""
    venue = Venue()
    yield venue
    venue.close()


@pytest.fixture
def trade_at(tmp_path: Path) -> Iterator[Callable[..., Trading]]:
    """Start an initiator towards those ports, by exchange."""
    running: list[Trading] = []

    def start(ports: Mapping[str, int], **how: Any) -> Trading:
        running.append(Trading(tmp_path, ports, **how))
        return running[-1]

    yield start
    for trading in running:
        trading.close()


@pytest.fixture
def trading(gateway: Gateway, trade_at: Callable[..., Trading]) -> Trading:
    """An initiator that is logged on to the simulator."""
    trading = trade_at({"": gateway.port})
    trading.wait_link(up=True)
    return trading
