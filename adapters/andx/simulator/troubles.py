"""The troubles that can be switched on, each with what is left of it.

Counted troubles take the number of next requests to hit. Those on POST requests hit orders, or
what `on` says: `{"n": 1, "on": "cancel"}`; `on` is order, cancel or withdrawal.

| name | hits | effect |
|---|---|---|
| lose_reply | POST | executed, then the connection breaks |
| lose_request | POST | the connection breaks before anything happens |
| error_500 | POST | executed, then HTTP 500 |
| error_500_before | POST | HTTP 500 and nothing happens |
| refuse | POST | HTTP 200 with an error envelope (1101) |
| async_reject | order | accepted, and R a cancel's delay later |
| throttle | any | HTTP 429 |
| garble, garble_html | any | the reply is half its JSON; a page of HTML |
| wrong_order | order_status | the reply is about another order number |
| slow_s | any | replies come so many seconds later |
| hide_orders_ms | order | orders placed from now on are listed only so much later |
| cancel_delay_ms | cancel | replaces the usual delay; speed does not divide it |
| stranger | | `{"symbol", "side", "qty", "price"}`: the account enters an order by another way |
| credit | | `{"asset", "amount"}`: a balance changes without a word, below 0 for a loss |
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.simserver import SimResponse

ON_POST: Final = ("lose_reply", "lose_request", "error_500", "error_500_before", "refuse")
COUNTED: Final = ("async_reject", "throttle", "garble", "garble_html", "wrong_order")
SPANS: Final = ("slow_s", "hide_orders_ms", "cancel_delay_ms")
POSTS: Final = ("order", "cancel", "withdrawal")

_PAGE: Final = b"<html><body><h1>We will be back soon</h1></body></html>"


class Troubles:
    """What is switched on."""

    def __init__(self, cancel_delay_ms: int) -> None:
        self._left: dict[tuple[str, str], int] = {}
        self._spans = dict.fromkeys(SPANS, Decimal(0))
        self._spans["cancel_delay_ms"] = Decimal(cancel_delay_ms)

    def set(self, name: str, value: object) -> None:
        """Switch; raises KeyError for an unknown name, ValueError for a value that does not fit."""
        if name in SPANS:
            self._spans[name] = _span(value)
        elif name in ON_POST:
            on, count = _aim(value)
            self._left[name, on] = count
        elif name in COUNTED:
            self._left[name, ""] = _count(value)
        else:
            raise KeyError(name)

    def take(self, name: str, on: str = "") -> bool:
        """Tell whether this request is hit, and use up one hit."""
        if left := self._left.get((name, on), 0):
            self._left[name, on] = left - 1
        return left > 0

    def span_ms(self, name: str) -> int:
        """Return a span in whole milliseconds."""
        return int(self._spans[name])

    def distort(self, answer: SimResponse) -> SimResponse:
        """Delay and garble an answer as far as that is switched on."""
        if slow_s := self._spans["slow_s"]:
            answer = replace(answer, delay_s=float(slow_s))
        if answer.drop:
            return answer
        if self.take("garble"):
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        if self.take("garble_html"):
            return replace(answer, body=_PAGE, headers={"Content-Type": "text/html"})
        return answer


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number of requests is wanted")
    return value


def _aim(value: object) -> tuple[str, int]:
    if not isinstance(value, dict):
        return "order", _count(value)
    if value.get("on") not in POSTS or set(value) != {"n", "on"}:
        raise ValueError(f"n and on are wanted, on one of {POSTS}")
    return value["on"], _count(value["n"])


def _span(value: object) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        span = Decimal(value)
        if span.is_finite() and 0 <= span < 10**6:
            return span
    raise ValueError("a span of time is wanted, not negative")
