"""What several of Cryptex's tests need of a route: aimed troubles, forms, changed answers."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from adapters.cryptex.simulator.wire import encode
from adapters.simserver import SimRequest, SimResponse
from oms.core.notes import Request
from tests.adapters.one_route import OneRoute


def form(request: SimRequest) -> dict[str, str]:
    """The fields of a call."""
    return dict(parse_qsl(request.body.decode()))


def forms(route: OneRoute, method: str) -> list[dict[str, str]]:
    """The calls of a method that the venue has seen."""
    seen = [form(request) for request in list(route.tap.asked)]
    return [fields for fields in seen if fields.get("method") == method]


def switch(route: OneRoute, name: str, value: object) -> None:
    """Turn a trouble on, on the venue's own thread."""
    route.there.do(lambda: route.tap.switch(name, value))


def change(
    route: OneRoute, method: str, how: Callable[[Any], Any], times: int | None = None
) -> None:
    """Have the data of a method's answers changed on their way, so often or for good."""
    left = [times]

    def changed(request: SimRequest, answer: SimResponse) -> SimResponse:
        if form(request).get("method") != method or left[0] == 0:
            return answer
        if left[0] is not None:
            left[0] -= 1
        told = json.loads(answer.body, parse_float=Decimal)
        if told["status"] == "ok":
            told["data"] = how(told["data"])
        return replace(answer, body=encode(told).encode())

    route.tap.change = changed


def until_in_doubt(route: OneRoute, order_id: str, request: Request) -> None:
    """Wait for the doubt."""

    def doubted() -> bool:
        doubt = route.order(order_id).in_doubt
        return doubt is not None and doubt.request is request

    route.until(doubted, f"the doubt about {request}")
