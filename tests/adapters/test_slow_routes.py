"""A route that its venue finds too busy: people see until when, and why."""

from collections.abc import Sequence
from typing import cast

import pytest

from adapters.http import Banned
from adapters.port import Lane, Sight
from adapters.runner import Runner
from oms.core.fields import OrdRejReason
from oms.system import _why
from tests.adapters.one_route import OneRoute, one_route


def test_a_route_that_is_slowed_says_so_and_recovers(caplog: pytest.LogCaptureFixture) -> None:
    with one_route("andx") as andx:
        andx.until_ready()
        andx.tap.switch("throttle", 1)
        order_id = andx.place()
        andx.until(lambda: andx.order(order_id).closed, "the order to be turned away")
        assert "HTTP 429" in andx.order(order_id).text
        andx.spin(lambda: andx.runner.slowed == "", "the route to be as before")
        assert andx.book.routes["ANDX"].ready, "it was slow, not down"
        andx.place(wait=True)
    (told,) = (record.getMessage() for record in caplog.records if "slowed" in record.getMessage())
    assert told.startswith("ANDX slowed until ")
    assert told.endswith("UTC, because POST /api/v1/orders/: HTTP 429")


def ban(route: OneRoute, retry_after_s: int) -> None:
    """As a client does that is told so, when the route looks at its orders the next time."""
    runner, client = route.runner, cast(Runner, route.runner)._client
    assert isinstance(runner, Runner)
    honest = client.open_orders

    async def open_orders() -> Sequence[Sight]:
        client.open_orders = honest  # type: ignore[method-assign]  # the test's own instead
        async with runner._budget.turn(Lane.STATUS):
            raise Banned("GET orders/: HTTP 403: blocked", retry_after_s)

    client.open_orders = open_orders  # type: ignore[method-assign]  # the test's own instead
    route.loop.call(runner._suspect)
    route.until(lambda: not route.book.routes["ANDX"].up, "the route to be down")


def test_a_ban_takes_the_route_down() -> None:
    with one_route("andx") as andx:
        andx.until_ready()
        ban(andx, retry_after_s=1_000_000)
        andx.spin(andx.inbox.empty, "all that was told of it")
        route = andx.book.routes["ANDX"]
        assert route.text.startswith("banned until ")
        assert route.text.endswith("UTC, because GET orders/: HTTP 403: blocked")
        assert andx.runner.slowed == route.text == _why(route.text, andx.runner.slowed)
        asked = andx.tap.count("POST", "orders")
        order_id = andx.place()
        assert andx.order(order_id).closed
        assert andx.reports(order_id)[-1].ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
        assert andx.tap.count("POST", "orders") == asked


def test_after_a_ban_the_route_is_back_by_itself() -> None:
    with one_route("andx", speed=600) as andx:
        andx.until_ready()
        ban(andx, retry_after_s=0)
        andx.until_ready()
        assert andx.runner.slowed == ""


def test_why_a_route_waits_is_shown_beside_its_own_text() -> None:
    assert _why("", "") == ""
    assert (
        _why("not reconciled yet", "slowed until noon") == "not reconciled yet; slowed until noon"
    )
