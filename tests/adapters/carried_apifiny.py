"""The engine's own FIX session between an Apifiny route and its simulator, over a real socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fix.initiator import Initiator, VenueLogin
from oms.core.legs import VenueBooks
from tests.adapters.one_route import WAIT_S, OneRoute

_SETTINGS: Final = """[DEFAULT]
BeginString=FIX.4.2
NonStopSession=Y
UseDataDictionary=Y
SocketNodelay=Y
MillisecondsInTimeStamp=Y
ConnectionType=initiator
SenderCompID={account_id}
TargetCompID=APIFINY
DataDictionary=APIFINY42.xml
SocketConnectHost=127.0.0.1
HeartBtInt=30
ReconnectInterval=1
ResetOnLogon=Y
ResetOnLogout=Y
ResetOnDisconnect=Y
PersistMessages=N
[SESSION]
SocketConnectPort={port}
"""


@contextmanager
def carry(route: OneRoute, folder: Path) -> Iterator[None]:
    """Orders of the route go over FIX while the block runs."""
    simulator = route.tap.simulator
    starting = simulator.start_fix("127.0.0.1", 0, route.clock.now_ms)  # type: ignore[attr-defined]  # this venue's own
    port = route.there.run(starting)[1]
    settings = folder / "quickfix.cfg"
    login = VenueLogin(**{name: route.config[name] for name in _LOGIN})
    settings.write_text(_SETTINGS.format(account_id=login.account_id, port=port))
    session = Initiator(
        settings,
        route.route,
        login,
        route.post,
        VenueBooks(route.book),
        route.runner.link_moved,
        route.clock,
        link_tore=route.runner.link_tore,
        max_wait_s=WAIT_S,
    )
    route.runner.trade_through(session)
    route.send = session.send
    session.start()
    try:
        yield
    finally:
        session.stop()
        session.drop()
        route.there.run(simulator.stop_fix())  # type: ignore[attr-defined]  # this venue's own


_LOGIN: Final = ("account_id", "api_key_id", "api_secret_key")
