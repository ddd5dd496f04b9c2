"""What every test gets: no network beyond this machine, and as much time as the machine takes."""

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How fast a busy machine draws an example says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_REAL_CONNECT = socket.socket.connect
_REAL_CONNECT_EX = socket.socket.connect_ex
_REAL_GETADDRINFO = socket.getaddrinfo


def _is_local(host: Any) -> bool:
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _demand_local(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise AssertionError(f"a test tried to connect to {address[0]}: tests stay on loopback")


def _connect(self: socket.socket, address: Any) -> None:
    _demand_local(self, address)
    _REAL_CONNECT(self, address)


def _connect_ex(self: socket.socket, address: Any) -> int:
    _demand_local(self, address)
    return _REAL_CONNECT_EX(self, address)


def _getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
    name = host.decode() if isinstance(host, bytes) else host
    if not _is_local(name) and name not in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        raise AssertionError(f"a test tried to resolve {name}: tests stay on loopback")
    return _REAL_GETADDRINFO(host, *rest, **named)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Any:
    """Python's sockets reach this machine and no other, for the whole run."""
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _connect)
    patch.setattr(socket.socket, "connect_ex", _connect_ex)
    patch.setattr(socket, "getaddrinfo", _getaddrinfo)
    yield
    patch.undo()
