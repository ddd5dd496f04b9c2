"""Where the venue simulators stand and what they accept: one table for those who start them and
for those who write a configuration that points at them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters import VENUES, venue
from adapters.port import Doors, Simulated
from oms.core.values import frozen

HOST: Final = "127.0.0.1"
"""Simulators listen on loopback only."""
DEFAULT_PORT_BASE: Final = 18200
"""Below the range from which Linux takes ports for outgoing connections."""


@frozen
class SimPorts:
    """The ports of one simulator. None: it has no such door. `stream` may be the REST port."""

    rest: int
    stream: int | None = None
    fix: int | None = None
    graph: int | None = None


@frozen
class SimLayout:
    """All ports of a simulated installation: each venue's, the desk acceptor's, the API's."""

    venues: Mapping[str, SimPorts]
    desk: int
    api: int


_SPAN: Final = 4
"""Ports kept for each venue: REST, FIX, graph, stream."""
_DESK: Final = 50
_API: Final = 51


def sim_layout(port_base: int = DEFAULT_PORT_BASE) -> SimLayout:
    """The ports from `port_base` on. ValueError when they do not all fit between 1 and 65535."""
    if not 1 <= port_base <= 65535 - _API:
        raise ValueError(f"the port base must be from 1 to {65535 - _API}")
    venues = {
        kind: _ports(port_base + index * _SPAN, sim_of(kind).own_doors)
        for index, kind in enumerate(VENUES)
    }
    return SimLayout(MappingProxyType(venues), port_base + _DESK, port_base + _API)


def _ports(first: int, own: frozenset[str]) -> SimPorts:
    return SimPorts(
        rest=first,
        fix=first + 1 if "fix" in own else None,
        graph=first + 2 if "graph" in own else None,
        stream=first + 3 if "stream" in own else None,
    )


def sim_of(venue_kind: str) -> Simulated:
    """The simulator of a kind of venue. KeyError for a kind without one."""
    simulated = venue(venue_kind).simulated
    if simulated is None:
        raise KeyError(venue_kind)
    return simulated


def sim_doors(ports: SimPorts) -> Doors:
    """Where a configuration finds a simulator on those ports."""
    return Doors(
        host=HOST,
        rest=ports.rest,
        stream=ports.stream or ports.rest,
        graph=ports.graph or ports.rest,
        fix=ports.fix,
    )


def sim_credentials(venue_kind: str) -> dict[str, str]:
    """The keys of a venue's table that name its simulated account, and their values.

    KeyError for a venue without a simulator.
    """
    return dict(sim_of(venue_kind).credentials)
