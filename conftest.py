"""What every test gets: no network beyond this machine, and as much time as the machine takes."""

import ipaddress
import socket
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

# How fast a busy machine draws an example says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

_REAL_CONNECT = socket.socket.connect
_REAL_CONNECT_EX = socket.socket.connect_ex
_REAL_GETADDRINFO = socket.getaddrinfo


# Only what covers the pure part is traced (PURE in the Makefile: 100 %). Tracing costs two thirds
# of a test's time again, whichever files it is told to leave out, and the other tests run whole
# systems: a line of the pure part that only they reach has no test of its own, and fails the gate.
_TRACED: Final = (
    "adapters/",
    "tests/adapters/test_budget_limits.py",
    "tests/adapters/test_fills_of_cash.py",
    "tests/adapters/test_named_fills.py",
    "tests/adapters/test_reconcile.py",
    "tests/core/",
    "tests/fix/test_apifiny_dialect.py",
    "tests/fix/test_codec",
    "tests/fix/test_fix42_dialect.py",
    "tests/fix/test_wire.py",
    "tests/store/test_load.py",
    "tests/store/test_troubles.py",
)

# Tests of ten seconds and more: begun last, each would leave the other workers with nothing to do.
_LONG: Final = (
    "tests/e2e/test_demo.py",
    "tests/e2e/test_disks.py",
    "tests/faults/test_faults.py",
    "tests/rounds/test_small_rounds.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests; have the tracing stop while a test runs that it is not for."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))
    for item in items:
        if not item.nodeid.startswith(_TRACED):
            item.add_marker("no_cover")


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
