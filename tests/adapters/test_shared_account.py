"""`shared_account` in a venue's table: nothing is found by its terms where others trade there too."""

import pytest

from adapters.lost import AMBIGUOUS
from tests.adapters.one_route import OneRoute, one_route

_ONE = {"bitexbit": 1, "cryptex": {"n": 1, "on": "Trade"}}


def lose(route: OneRoute, kind: str) -> str:
    """An order that the venue took and whose answer is lost."""
    route.until_ready()
    route.there.do(lambda: route.tap.switch("lose_reply", _ONE[kind]))
    order_id = route.place()
    route.until(lambda: route.order(order_id).in_doubt is not None, "the doubt")
    return order_id


@pytest.mark.parametrize("kind", sorted(_ONE))
def test_where_others_trade_too_the_only_one_like_it_is_not_taken(kind: str) -> None:
    with one_route(kind, shared_account=True) as route:
        order_id = lose(route, kind)

        def given_up() -> bool:
            doubt = route.order(order_id).in_doubt
            return doubt is not None and AMBIGUOUS in doubt.text

        route.until(given_up, "the doubt that an operator settles")
        assert route.order(order_id).secondary_order_id == ""


@pytest.mark.parametrize("kind", sorted(_ONE))
def test_unless_it_is_said_the_only_one_like_it_is_taken(kind: str) -> None:
    with one_route(kind) as route:
        order_id = lose(route, kind)
        route.until(lambda: route.order(order_id).acknowledged, "the order to be found")
        assert route.order(order_id).secondary_order_id != ""
