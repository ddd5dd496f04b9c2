"""The troubles that can be switched on, each with what is left of it.

Counted troubles take the number of next requests to hit. Those on orders hit new orders, or what
`on` says: `{"n": 1, "on": "cancel"}`; `on` is order or cancel.

| name | hits | effect |
|---|---|---|
| lose_reply | order | executed, then the connection breaks |
| lose_request | order | the connection breaks before anything happens |
| server_error | order | executed, then HTTP 500 |
| gateway_timeout | order | executed, then HTTP 504 with a page of HTML |
| refuse | order | HTTP 400 with BALANCE_NOT_ENOUGH, or ORDER_COULD_NOT_BE_CANCELED |
| wrong_echo | order | executed under another client id than the one sent |
| block_cancel | cancel | HTTP 400 with ORDER_CANCEL_BLOCKED |
| throttle | any | HTTP 429 with Retry-After 1 |
| bar | private | HTTP 401, Invalid Nonce, as if the clocks were apart |
| garble, html, empty | any | the reply is half its JSON; a page of HTML; nothing |
| wrong_order | a single order | the reply is about another order |
| trigger_stops | stop orders | so many waiting stop orders trigger now |
| slow_s | any | replies come so many seconds later |
| delay_trades | fills | listed so many milliseconds later; speed does not divide it |
| cancel_delay_ms | cancel | replaces the usual delay; speed does not divide it |
| hide_orders_ms | order | orders from now on are listed only so much later |
| skew_clock | clock | the venue's clock is ahead of ours by so many milliseconds |
| old_rows | rows | orders and fills have only the fields of the document's samples |
| stall_stream | feed | nothing is said, the socket stays |
| mute_login | feed | a login is not answered |
| mute_orders, mute_trades | feed | no 441, 451, 452; no 423 |
| tell_updates | feed | 453 is sent; the venue's users have never seen one |
| drop_stream | feed | so many sockets are broken, now or when they open |
| log_out | feed | so many sockets are told 113 and closed |
| duplicate, garble_stream | feed | so many events come twice; are half their JSON |
| skip_changes | feed | so many order book differences are lost |
| stranger | | `{"symbol", "side", "qty", "price"}`: the account enters an order by another way |
| credit | | `{"asset", "amount"}`: a balance changes without a word, below 0 for a loss |
| deposit | | the same, as a deposit that is listed, or a withdrawal |
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.simserver import SimResponse

ON_ORDERS: Final = ("lose_reply", "lose_request", "server_error", "gateway_timeout", "refuse")
COUNTED: Final = (
    "wrong_echo",
    "block_cancel",
    "throttle",
    "bar",
    "garble",
    "html",
    "empty",
    "wrong_order",
    "trigger_stops",
    "drop_stream",
    "log_out",
    "duplicate",
    "garble_stream",
    "skip_changes",
)
SPANS: Final = ("slow_s", "delay_trades", "cancel_delay_ms", "hide_orders_ms", "skew_clock")
FLAGS: Final = (
    "old_rows",
    "stall_stream",
    "mute_login",
    "mute_orders",
    "mute_trades",
    "tell_updates",
)

PAGE: Final = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
_HTML: Final = {"Content-Type": "text/html"}


class Troubles:
    """What is switched on."""

    def __init__(self, **spans_ms: int) -> None:
        self._left: dict[tuple[str, str], int] = {}
        self._flags = dict.fromkeys(FLAGS, False)
        self._spans = dict.fromkeys(SPANS, Decimal(0))
        self._spans.update({name: Decimal(span) for name, span in spans_ms.items()})

    def set(self, name: str, value: object) -> None:
        """Switch; raises KeyError for an unknown name, ValueError for a value that does not fit."""
        if name in SPANS:
            self._spans[name] = _span(value, signed=name == "skew_clock")
        elif name in FLAGS:
            self._flags[name] = _flag(value)
        elif name in ON_ORDERS:
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

    def on(self, name: str) -> bool:
        """Tell whether a lasting trouble is on."""
        return self._flags[name]

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
        if self.take("html"):
            return replace(answer, body=PAGE, headers=_HTML)
        return replace(answer, body=b"") if self.take("empty") else answer


def gateway_timeout() -> SimResponse:
    """The proxy in front of the venue gave up."""
    return SimResponse(504, PAGE, _HTML)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false is wanted")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number of requests is wanted")
    return value


def _aim(value: object) -> tuple[str, int]:
    if not isinstance(value, dict):
        return "order", _count(value)
    if value.get("on") not in ("order", "cancel") or set(value) != {"n", "on"}:
        raise ValueError("n and on are wanted, on either order or cancel")
    return value["on"], _count(value["n"])


def _span(value: object, *, signed: bool) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        span = Decimal(value)
        if span.is_finite() and (signed or span >= 0) and abs(span) < 10**6:
            return span
    raise ValueError("a span of time is wanted")
