"""Whatever the channel loses or doubles: never more than the venue has, and in the end the same."""

import random
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from oms.core.fields import OrdStatus
from tests.adapters.conformance import assert_agree, ledger_row
from tests.adapters.one_route import OneRoute, one_route

D = Decimal
PART = D("0.001")


def leaves(route: OneRoute, order_id: str) -> Decimal:
    row = ledger_row(route, order_id)
    return D(row["qty"]) - D(row["cum"])


def hit(route: OneRoute, order_id: str, qty: Decimal) -> None:
    oid = int(route.order(order_id).secondary_order_id)
    route.there.do(lambda: route.tap.switch("fill", {"order": oid, "amount": f"{qty:f}"}))


def trouble(route: OneRoute, draw: random.Random) -> None:
    """Now and then the channel loses the next event, says it twice, or breaks."""
    name = draw.choice(["lose_events", "duplicate", "drop_stream", "", "", ""])
    if name:
        route.there.do(lambda: route.tap.switch(name, 1))


def never_more(route: OneRoute, orders: list[str]) -> None:
    for order_id in orders:
        assert route.order(order_id).cum_qty <= D(ledger_row(route, order_id)["cum"])


@pytest.mark.parametrize("seed", range(3))
def test_the_sums_agree_in_the_end(seed: int) -> None:
    """Five orders, some of them at one price, hit in parts in any order until all are done."""
    draw = random.Random(seed)  # noqa: S311  repeatable on purpose
    with one_route("bitexbit") as route:
        route.until_ready()
        orders = [
            route.place(wait=True, price=D(draw.choice([30_000, 29_999])), order_qty=5 * PART)
            for _ in range(5)
        ]
        while open_ones := [one for one in orders if leaves(route, one)]:
            trouble(route, draw)
            one = draw.choice(open_ones)
            hit(route, one, min(leaves(route, one), draw.randint(1, 3) * PART))
            asked = route.tap.count("GET", "/own/")
            if draw.random() < 0.5:
                route.spin(partial(_asked, route, asked), "one more look")
            never_more(route, orders)
        for one in orders:
            route.until(_closed(route, one), "its end")
            assert route.order(one).ord_status is OrdStatus.FILLED
            assert_agree(route, one)
        assert not route.quarantined()


def _asked(route: OneRoute, before: int) -> bool:
    return route.tap.count("GET", "/own/") > before


def _closed(route: OneRoute, order_id: str) -> Callable[[], Any]:
    return lambda: route.order(order_id).closed
