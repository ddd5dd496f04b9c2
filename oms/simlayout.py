"""Where the venue simulators stand and what they accept: one table for those who start them and
for those who write a configuration that points at them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

HOST: Final = "127.0.0.1"
"""Simulators listen on loopback only."""
DEFAULT_PORT_BASE: Final = 18200
"""Below the range from which Linux takes ports for outgoing connections."""


@dataclass(frozen=True, slots=True)
class SimPorts:
    """The ports of one simulator. None: it has no such door. `stream` may be the REST port."""

    rest: int
    stream: int | None = None
    fix: int | None = None
    graph: int | None = None


@dataclass(frozen=True, slots=True)
class SimLayout:
    """All ports of a simulated installation: each venue's, the desk acceptor's, the API's."""

    venues: Mapping[str, SimPorts]
    desk: int
    api: int


# Offsets from the port base. The last three are kept for venues that a later version serves.
_OFFSETS: Final[Mapping[str, SimPorts]] = MappingProxyType(
    {
        "apifiny": SimPorts(rest=0, stream=0, fix=1),
        "andx": SimPorts(rest=2),
        "cryptex": SimPorts(rest=3),
        "bitexbit": SimPorts(rest=4, stream=5),
        "btcturk": SimPorts(rest=6, graph=7, stream=8),
    }
)
_DESK: Final = 50
_API: Final = 51

# Names of an account that exists nowhere; they protect nothing.
_CREDENTIALS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "apifiny": {
            "account_id": "STA-00000001",
            "api_key_id": "sim-apifiny-key-id",
            "api_secret_key": "sim-apifiny-secret-key-that-protects-nothing",
        },
        "andx": {
            "username": "sim-andx-user",
            "passphrase": "sim-andx-passphrase",
            "api_key": "sim-andx-key",
            "api_secret": "sim-andx-secret",
            "account": "Main",
        },
    }
)


def sim_layout(port_base: int = DEFAULT_PORT_BASE) -> SimLayout:
    """The ports from `port_base` on. ValueError when they do not all fit between 1 and 65535."""
    if not 1 <= port_base <= 65535 - _API:
        raise ValueError(f"the port base must be from 1 to {65535 - _API}")

    def at(offset: int | None) -> int | None:
        return None if offset is None else port_base + offset

    venues = {
        venue: SimPorts(
            rest=port_base + ports.rest,
            stream=at(ports.stream),
            fix=at(ports.fix),
            graph=at(ports.graph),
        )
        for venue, ports in _OFFSETS.items()
    }
    return SimLayout(MappingProxyType(venues), port_base + _DESK, port_base + _API)


def sim_credentials(venue: str) -> dict[str, str]:
    """The keys of a venue's table that name its simulated account, and their values.

    KeyError for a venue without a simulator.
    """
    return dict(_CREDENTIALS[venue])
