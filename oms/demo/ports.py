"""Free ports for a whole simulated installation."""

import socket
from typing import Final

from oms.simlayout import HOST, SimLayout, sim_layout

_LOWEST: Final = 12_000
_SPAN: Final = 18_000
"""Below the range from which Linux takes ports for outgoing connections, lest one be taken."""
_ATTEMPTS: Final = 50


def find_layout() -> SimLayout:
    """A layout whose ports are all free now. OSError when none was found."""
    for _ in range(_ATTEMPTS):
        layout = sim_layout(_LOWEST + _drawn() % _SPAN)
        if all(_free(port) for port in _ports(layout)):
            return layout
    raise OSError(f"no free ports between {_LOWEST} and {_LOWEST + _SPAN} on {HOST}")


def port_base(layout: SimLayout) -> int:
    """What `oms sim --port-base` takes for that layout."""
    return min(ports.rest for ports in layout.venues.values())


def _drawn() -> int:
    """A number of the kernel's choice: its free ports, which differ from process to process."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port * 7919


def _ports(layout: SimLayout) -> set[int]:
    ports = {layout.desk, layout.api}
    for venue in layout.venues.values():
        doors = (venue.rest, venue.stream, venue.fix, venue.graph)
        ports |= {port for port in doors if port is not None}
    return ports


def _free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
