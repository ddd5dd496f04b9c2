"""What several of ANDX's tests need: a doubt waited for, a list changed on its way."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from adapters.simserver import SimRequest, SimResponse
from oms.core.messages import ExecutionReport
from oms.core.notes import Request
from tests.adapters.one_route import OneRoute


def until_in_doubt(route: OneRoute, order_id: str, request: Request) -> None:
    """Wait for the doubt."""

    def doubted() -> bool:
        doubt = route.order(order_id).in_doubt
        return doubt is not None and doubt.request is request

    route.until(doubted, f"the doubt about {request}")


def doubts_told(route: OneRoute) -> list[str]:
    """What the desk has read about doubts."""
    reports = [report for report in route.told if isinstance(report, ExecutionReport)]
    return [report.text for report in reports if report.text.startswith("IN DOUBT")]


def show_all(andx: OneRoute) -> None:
    """Have the venue list what it hid, now: how long a test takes to see that it is hidden, the
    machine decides."""
    simulator: Any = andx.tap.simulator

    def show() -> None:
        for booked in simulator._booked.values():
            booked.shown_ms = 0

    andx.there.do(show)


def change_list(andx: OneRoute, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Have the open list changed on its way."""

    def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
        if "/O/" not in request.path:
            return answer
        body = json.loads(answer.body)
        change(body["data"]["orders"])
        return replace(answer, body=json.dumps(body).encode())

    andx.tap.change = changed
