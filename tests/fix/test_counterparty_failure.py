"""A report that a mistake of ours kept from being handled: the orders' states are asked for."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from fix.counterparty import Counterparty, Identity
from fix.fix42 import Terms
from oms.clock import SystemClock
from oms.core.notes import Quarantined
from oms.core.ports import Inbound
from oms.core.sessions import Session
from tests.core.desk_of_one import NATIVE, ROUTE, DeskOfOne
from tests.core.test_checks import GOOD

_SETTINGS = """[SESSION]
BeginString=FIX.4.2
ConnectionType=initiator
SenderCompID=HOUSE
TargetCompID=BROKER
DataDictionary=FIX42.xml
SocketConnectHost=127.0.0.1
SocketConnectPort=1
HeartBtInt=30
NonStopSession=Y
FileStorePath=var/fix
"""


def test_a_report_that_was_not_handled_is_asked_for(tmp_path: Path) -> None:
    """It may have been a fill, and nobody would look for it before the next logon."""
    core = DeskOfOne(NATIVE)
    core.desk(replace(GOOD, cl_ord_id="A1", order_qty=Decimal(1)))
    (tmp_path / "quickfix.cfg").write_text(_SETTINGS)
    posted: list[Inbound] = []

    def post(inbound: Inbound) -> None:
        posted.append(inbound)

    identity = Identity(comp_id="HOUSE")
    counterparty = Counterparty(
        tmp_path / "quickfix.cfg",
        ROUTE,
        identity,
        Terms(),
        post,
        core.book,
        Session(),
        SystemClock(),
    )
    counterparty.failed("S", "8=FIX.4.2|35=8|", ValueError())
    (told,) = posted
    assert isinstance(told.message, Quarantined)
    assert told.message.reason == "internal error"
    assert counterparty._inquiry.awaits
