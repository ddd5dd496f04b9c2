"""The kill switch at a venue behind a socket: nothing leaves after it, everything is ended."""

from adapters.andx.tests.andx_trouble import show_all
from oms.core.fields import OrdRejReason, OrdStatus
from oms.core.notes import KillSweep, KillSwitch
from oms.core.ports import Evidence, Inbound
from tests.adapters.one_route import OneRoute, one_route


def _kill(route: OneRoute) -> None:
    switch = KillSwitch(on=True, route="*", origin="operator", cl_ord_id="K1")
    route.inbox.put(Inbound(source="operator", message=switch, evidence=Evidence.OPERATOR))
    route.until(lambda: route.book.killed(route.route), "the kill switch")


def _sweep(route: OneRoute) -> None:
    route.inbox.put(Inbound(source="engine", message=KillSweep(), evidence=Evidence.POLICY))


def test_orders_that_wait_for_the_rate_limit_do_not_leave() -> None:
    """Refused as not sent; what had left is cancelled, and the venue has no other."""
    limit = {"requests": 8, "per_seconds": 20}
    with one_route("andx", rate_limit=limit, max_wait_s=60) as andx:
        andx.until_ready()
        orders = [andx.place() for _ in range(6)]
        andx.until(lambda: any(andx.order(o).acknowledged for o in orders), "the first order")
        posted = andx.tap.count("POST", "/orders/")
        assert posted < len(orders), "some wait"
        _kill(andx)
        andx.until(lambda: all(andx.order(o).closed for o in orders), "every end")
        ends = [andx.order(o).ord_status for o in orders]
        assert ends.count(OrdStatus.REJECTED) == len(orders) - posted
        assert ends.count(OrdStatus.CANCELED) == posted
        assert andx.tap.count("POST", "/orders/") == posted
        for order_id in orders:
            if andx.order(order_id).ord_status is OrdStatus.REJECTED:
                (report,) = andx.reports(order_id)
                assert report.ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
                assert report.text == "KILL SWITCH"


def test_a_cancel_that_the_venue_refuses_is_asked_for_again() -> None:
    """The refusal leaves the order working; a sweep does not leave it there."""
    with one_route("andx") as andx:
        andx.until_ready()
        order_id = andx.place(wait=True)
        andx.there.do(lambda: andx.tap.switch("refuse", {"n": 1, "on": "cancel"}))
        _kill(andx)
        andx.until(lambda: not andx.order(order_id).requests, "the venue's refusal")
        assert not andx.order(order_id).closed
        _sweep(andx)
        andx.until(lambda: andx.order(order_id).closed, "the end")
        assert andx.order(order_id).ord_status is OrdStatus.CANCELED
        assert andx.tap.count("POST", "/cancel_order/") == 2


def test_a_lost_order_that_turns_up_is_cancelled_at_once() -> None:
    """It was in doubt when the switch was turned, and the venue had it all the time."""
    with one_route("andx") as andx:
        andx.until_ready()
        andx.there.do(lambda: andx.tap.switch("hide_orders_ms", 999_999))
        andx.there.do(lambda: andx.tap.switch("lose_reply", 1))
        order_id = andx.place()
        andx.until(lambda: andx.order(order_id).in_doubt is not None, "the doubt")
        _kill(andx)
        assert andx.tap.count("POST", "/cancel_order/") == 0
        show_all(andx)
        andx.until(lambda: andx.order(order_id).closed, "the end of the order that was lost")
        assert andx.order(order_id).ord_status is OrdStatus.CANCELED
        assert andx.order(order_id).text == "KILL SWITCH"
        (row,) = andx.tap.orders()
        assert row["status"] == "CANCELED"


def test_a_kill_while_the_venue_is_away_is_done_when_it_is_back() -> None:
    """The cancel is held, and leaves as soon as the venue has been looked at."""
    with one_route("andx") as andx:
        andx.until_ready()
        order_id = andx.place(wait=True)
        andx.there.go_away()
        andx.until(lambda: not andx.book.routes["ANDX"].up, "the route to be down")
        _kill(andx)
        assert andx.order(order_id).requests[0].released is False
        andx.there.come_back()
        andx.until(lambda: andx.order(order_id).closed, "the end")
        (row,) = andx.tap.orders()
        assert row["status"] == "CANCELED"


def test_open_orders_can_be_asked_for() -> None:
    """Read-only, for the certificate."""
    with one_route("andx") as andx:
        andx.until_ready()
        order_id = andx.place(wait=True)
        (seen,) = andx.runner.ask("open_orders").result(10)
        assert seen.venue_cl_ord_id == andx.order(order_id).venue_cl_ord_id
