"""The troubles that can be switched on, each with what is left of it.

Counted troubles take the number of next requests to hit. Those on POST requests hit any, or what
`on` says: `{"n": 1, "on": "cancel"}`; `on` is order or cancel.

| name | hits | effect |
|---|---|---|
| lose_reply | POST | executed, then the connection breaks |
| lose_request | POST | the connection breaks before anything happens |
| server_error | POST | executed, then HTTP 500 |
| overload | POST | HTTP 502 and nothing happens |
| refuse | POST | HTTP 400 |
| unsuccessful | order | HTTP 200 with `success` false, and nothing happens |
| throttle | any | HTTP 429 |
| bar | private | HTTP 401, whatever the headers |
| garble, html, empty | any | the reply is half its JSON; a page of HTML; nothing |
| redirect | any | HTTP 302 to another host, and nothing happens |
| wrong_order | order/<id> | the reply is about another order |
| slow_s | any | replies come so many seconds later |
| hide_orders_ms | order | orders placed from now on are listed only so much later |
| delay_trades | fill | trades from now on are listed and streamed only so many ms later |
| lose_events | event | the next so many events of the stream are not sent |
| duplicate | event | the next so many are sent twice |
| stall_stream | | 1: the streams say nothing more, no ping either, and stay open |
| skew_clock | | the venue's clock is so many ms ahead (below 0: behind) |

`poison_nonce` (ms), `sign_get_params` (0 or 1), `single_order_auth` (0 or 1), `drop_stream` (n),
`socketio_generation` (3 or 4), `ping_ms`, `fill`, `outside` and `others` act at once: see
`venue.py`.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.simserver import SimResponse

ON_POST: Final = ("lose_reply", "lose_request", "server_error", "overload", "refuse")
COUNTED: Final = (
    "unsuccessful",
    "throttle",
    "bar",
    "garble",
    "html",
    "empty",
    "redirect",
    "wrong_order",
    "lose_events",
    "duplicate",
)
SPANS: Final = ("slow_s", "hide_orders_ms", "delay_trades", "skew_clock")
FLAGS: Final = ("stall_stream", "sign_get_params", "single_order_auth")
POSTS: Final = ("order", "cancel")

_PAGE: Final = b"<html><body><h1>We will be back soon</h1></body></html>"


class Troubles:
    """What is switched on."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], int] = {}
        self._spans = dict.fromkeys(SPANS, Decimal(0))
        self._flags = dict.fromkeys(FLAGS, False)

    def set(self, name: str, value: object) -> None:
        """Switch; raises KeyError for an unknown name, ValueError for a value that does not fit."""
        if name in SPANS:
            self._spans[name] = _span(value, below_0=name == "skew_clock")
        elif name in FLAGS:
            self._flags[name] = bool(count_of(value))
        elif name in ON_POST:
            on, count = _aim(value)
            self._left[name, on] = count
        elif name in COUNTED:
            self._left[name, ""] = count_of(value)
        else:
            raise KeyError(name)

    def take(self, name: str, on: str = "") -> bool:
        """Tell whether this request is hit, and use up one hit."""
        for key in ((name, on), (name, "")):
            if left := self._left.get(key, 0):
                self._left[key] = left - 1
                return True
        return False

    def flag(self, name: str) -> bool:
        """Tell whether a flag is on."""
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
            return replace(answer, body=_PAGE, headers={"Content-Type": "text/html"})
        if self.take("empty"):
            return replace(answer, body=b"")
        return answer


def count_of(value: object) -> int:
    """A number of requests, events or milliseconds; raises ValueError."""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, int) or value < 0:
        raise ValueError("a number is wanted, not negative")
    return value


def _aim(value: object) -> tuple[str, int]:
    if not isinstance(value, dict):
        return "", count_of(value)
    if value.get("on") not in POSTS or set(value) != {"n", "on"}:
        raise ValueError(f"n and on are wanted, on one of {POSTS}")
    return value["on"], count_of(value["n"])


def _span(value: object, *, below_0: bool) -> Decimal:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        span = Decimal(value)
        if span.is_finite() and abs(span) < 10**9 and (below_0 or span >= 0):
            return span
    raise ValueError("a span of time is wanted, not negative")
