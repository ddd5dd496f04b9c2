"""A route that its venue finds too busy: people see until when, and why."""

import pytest

from adapters.http import Banned
from adapters.runner import Runner
from oms.core.fields import OrdRejReason
from oms.system import _why
from tests.adapters.one_route import one_route


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


def test_a_ban_takes_the_route_down_until_it_ends() -> None:
    with one_route("andx", speed=120) as andx:
        andx.until_ready()
        runner = andx.runner
        assert isinstance(runner, Runner)
        banned = Banned("GET orders/: HTTP 403: blocked")
        andx.loop.call(lambda: runner._budget.throttled(banned))
        route = andx.book.routes["ANDX"]
        andx.until(lambda: not route.up, "the route to be down")
        assert route.text.startswith("banned until ")
        assert route.text.endswith("UTC, because GET orders/: HTTP 403: blocked")
        assert runner.slowed == route.text == _why(route.text, runner.slowed)
        asked = len(andx.tap.asked)
        order_id = andx.place()
        assert andx.order(order_id).closed
        assert andx.reports(order_id)[-1].ord_rej_reason is OrdRejReason.EXCHANGE_CLOSED
        assert len(andx.tap.asked) == asked
        andx.until_ready()
        assert runner.slowed == ""


def test_why_a_route_waits_is_shown_beside_its_own_text() -> None:
    assert _why("", "") == ""
    assert (
        _why("not reconciled yet", "slowed until noon") == "not reconciled yet; slowed until noon"
    )
