"""A yardstick for the round trips: the pass-through relay of quickfix's tutorials, by hand.

One acceptor for the desk, one initiator for the venue, a MemoryStore, no log, no database. A
message is taken apart and put together with field objects (`fix.ClOrdID()`, `getField`, `setField`).
It checks no token, keeps no order, knows nothing of what was filled; what it passes on is what the
stock dictionary requires and what the desk's load looks at.

    python -m benchmarks.relay VENUE_PORT DESK_PORT
"""
# ruff: noqa: N802  quickfix names its callbacks

import sys
import threading
from typing import Any, Final

import quickfix

# The house's stub lists what the house uses of quickfix; the tutorials use field classes too.
fix: Final[Any] = quickfix

_SETTINGS: Final = """
[DEFAULT]
BeginString=FIX.4.2
NonStopSession=Y
HeartBtInt=30
UseDataDictionary=Y
DataDictionary={dictionary}
SocketNodelay=Y
ReconnectInterval=1
ResetOnLogon=Y
ResetOnLogout=Y
ResetOnDisconnect=Y

[SESSION]
ConnectionType={kind}
SenderCompID={sender}
TargetCompID={target}
{address}
"""
"""SocketNodelay, because without it the relay waits for Nagle's algorithm and is no yardstick."""


class DeskSide(quickfix.Application):
    """Orders in, reports out."""

    venue: "VenueSide"
    session: quickfix.SessionID

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        self.session = session_id

    def onLogon(self, session_id: quickfix.SessionID) -> None:
        pass

    def onLogout(self, session_id: quickfix.SessionID) -> None:
        pass

    def toAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def fromAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def toApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def fromApp(self, message: Any, session_id: quickfix.SessionID) -> None:
        msg_type = fix.MsgType()
        message.getHeader().getField(msg_type)
        if msg_type.getValue() == fix.MsgType_NewOrderSingle:
            self._order(message)

    def _order(self, message: Any) -> None:
        cl_ord_id, handl_inst, symbol = fix.ClOrdID(), fix.HandlInst(), fix.Symbol()
        side, transact_time, ord_type = fix.Side(), fix.TransactTime(), fix.OrdType()
        order_qty, price, exchange = fix.OrderQty(), fix.Price(), fix.SecurityExchange()
        time_in_force = fix.TimeInForce()
        message.getField(cl_ord_id)
        message.getField(handl_inst)
        message.getField(symbol)
        message.getField(side)
        message.getField(transact_time)
        message.getField(ord_type)
        message.getField(order_qty)
        message.getField(price)
        message.getField(exchange)
        message.getField(time_in_force)
        order = fix.Message()
        order.getHeader().setField(fix.MsgType(fix.MsgType_NewOrderSingle))
        order.setField(cl_ord_id)
        order.setField(handl_inst)
        order.setField(symbol)
        order.setField(side)
        order.setField(transact_time)
        order.setField(ord_type)
        order.setField(order_qty)
        order.setField(price)
        order.setField(exchange)
        order.setField(time_in_force)
        fix.Session.sendToTarget(order, self.venue.session)


class VenueSide(quickfix.Application):
    """Orders out, reports in."""

    desk: DeskSide
    session: quickfix.SessionID

    def __init__(self) -> None:
        super().__init__()
        self.logged_on = threading.Event()

    def onCreate(self, session_id: quickfix.SessionID) -> None:
        self.session = session_id

    def onLogon(self, session_id: quickfix.SessionID) -> None:
        self.logged_on.set()

    def onLogout(self, session_id: quickfix.SessionID) -> None:
        pass

    def toAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def fromAdmin(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def toApp(self, message: quickfix.Message, session_id: quickfix.SessionID) -> None:
        pass

    def fromApp(self, message: Any, session_id: quickfix.SessionID) -> None:
        msg_type = fix.MsgType()
        message.getHeader().getField(msg_type)
        if msg_type.getValue() == fix.MsgType_ExecutionReport:
            self._report(message)

    def _report(self, message: Any) -> None:
        order_id, exec_id, trans_type = fix.OrderID(), fix.ExecID(), fix.ExecTransType()
        exec_type, ord_status, cl_ord_id = fix.ExecType(), fix.OrdStatus(), fix.ClOrdID()
        symbol, side, leaves_qty = fix.Symbol(), fix.Side(), fix.LeavesQty()
        cum_qty, avg_px = fix.CumQty(), fix.AvgPx()
        message.getField(order_id)
        message.getField(exec_id)
        message.getField(trans_type)
        message.getField(exec_type)
        message.getField(ord_status)
        message.getField(cl_ord_id)
        message.getField(symbol)
        message.getField(side)
        message.getField(leaves_qty)
        message.getField(cum_qty)
        message.getField(avg_px)
        report = fix.Message()
        report.getHeader().setField(fix.MsgType(fix.MsgType_ExecutionReport))
        report.setField(order_id)
        report.setField(exec_id)
        report.setField(trans_type)
        report.setField(exec_type)
        report.setField(ord_status)
        report.setField(cl_ord_id)
        report.setField(symbol)
        report.setField(side)
        report.setField(leaves_qty)
        report.setField(cum_qty)
        report.setField(avg_px)
        if exec_type.getValue() != fix.ExecType_NEW:
            self._execution(message, report)
        fix.Session.sendToTarget(report, self.desk.session)

    def _execution(self, message: Any, report: Any) -> None:
        last_shares, last_px = fix.LastShares(), fix.LastPx()
        message.getField(last_shares)
        message.getField(last_px)
        report.setField(last_shares)
        report.setField(last_px)


def _settings(kind: str, sender: str, target: str, address: str) -> quickfix.SessionSettings:
    settings = quickfix.SessionSettings()
    dictionary = f"{sys.prefix}/share/quickfix/FIX42.xml"
    settings.setFromString(
        _SETTINGS.format(
            dictionary=dictionary, kind=kind, sender=sender, target=target, address=address
        )
    )
    return settings


def relay(desk: DeskSide, venue: VenueSide) -> None:
    """Relay until killed, on the ports of the command line; says `ready` once it is logged on at
    the venue."""
    venue_port, desk_port = sys.argv[1:3]
    desk.venue, venue.desk = venue, desk
    store = quickfix.MemoryStoreFactory()
    accepting = _settings("acceptor", "OMS", "DESK1", f"SocketAcceptPort={desk_port}")
    connecting = _settings(
        "initiator",
        "RELAY1",
        "APIFINY",
        f"SocketConnectHost=127.0.0.1\nSocketConnectPort={venue_port}",
    )
    initiator = quickfix.ThreadedSocketInitiator(venue, store, connecting)
    acceptor = quickfix.ThreadedSocketAcceptor(desk, store, accepting)
    initiator.start()
    acceptor.start()
    if not venue.logged_on.wait(20):
        sys.exit("the relay could not log on at the venue within 20 s")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    relay(DeskSide(), VenueSide())
