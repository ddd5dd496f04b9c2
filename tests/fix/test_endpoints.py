"""Co-located exchanges: an endpoint each, with sessions of their own, at the venue's simulator."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.fix.gateway import WAIT_S, Gateway
from tests.fix.trading import Trading


@pytest.fixture
def other() -> Iterator[Gateway]:
    """A second endpoint."""
    gateway = Gateway()
    yield gateway
    gateway.close()


def names(gateway: Gateway) -> set[str]:
    """The ids of the orders that came in at an endpoint."""
    return {order["order_id"] for order in gateway.ledger()["orders"]}


def test_each_endpoint_gets_its_own_exchanges_orders_and_questions(
    gateway: Gateway, other: Gateway, trade_at: Callable[..., Trading]
) -> None:
    """After a loss of one session its orders are asked for there, and the other's nowhere."""
    trading = trade_at({"BINANCE": gateway.port, "": other.port})
    trading.wait_link(up=True)
    for name, exchange in (
        ("b1", "BINANCE"),
        ("g1", "GBBO"),
        ("b2", "BINANCE"),
        ("c1", "COINBASEPRO"),
    ):
        trading.new(name, security_exchange=exchange)
        trading.wait_status(name, "NEW")
    ids = {name: trading.order(name)["venue_cl_ord_id"] for name in ("b1", "b2", "g1", "c1")}
    assert names(gateway) == {ids["b1"], ids["b2"]}
    assert names(other) == {ids["g1"], ids["c1"]}
    before = other.ledger()["fix_messages"]
    trading.child.posted("ExecutionReport")
    trading.child.posts.clear()
    gateway.switch("cut_fix")
    assert ":BINANCE: the session was lost" in trading.wait_link(up=False)
    trading.wait_link(up=True)
    told = [trading.post("ExecutionReport") for _ in range(2)]
    assert {one["cl_ord_id"] for one in told} == {ids["b1"], ids["b2"]}
    assert {one["exec_trans_type"] for one in told} == {"3"}
    assert trading.child.posted("ExecutionReport") is None, "asked for once each"
    assert other.ledger()["fix_messages"] == before
    trading.child.call("cancel", "x1", "b1")
    trading.wait_status("b1", "CANCELED")
    trading.child.call("cancel", "x2", "g1")
    trading.wait_status("g1", "CANCELED")


def said(trading: Trading) -> dict[str, str]:
    """The status text of each session."""
    return {one["name"].rpartition(">")[2]: one["text"] for one in trading.child.call("status")}


def test_one_refused_session_waits_alone(
    gateway: Gateway, other: Gateway, trade_at: Callable[..., Trading]
) -> None:
    """The other one stands, and the status of each says how it is."""
    gateway.switch("refuse_logon")
    trading = trade_at({"BINANCE": gateway.port, "": other.port})
    assert ":BINANCE: the logon was refused: logon refused" in trading.wait_link(up=False)
    until = time.monotonic() + WAIT_S
    while (texts := said(trading))["APIFINY"] != "logged on":
        assert time.monotonic() < until, f"waited {WAIT_S} s for the other session: {texts}"
    assert "the logon was refused: logon refused; " in texts["APIFINY:BINANCE"]
    gateway.switch("refuse_logon", 0)
    trading.wait_link(up=True)
