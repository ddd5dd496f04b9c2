"""The troubles that can be switched on, each with what is left of it.

Counted troubles take the number of next requests to hit: of those that change something, or of all
kinds, as the table says; `{"n": 1, "on": "CancelOrder"}` aims at one method instead.

| name | hits | effect |
|---|---|---|
| lose_reply | changes | done, then the connection breaks |
| lose_request | changes | the connection breaks before anything happens, the nonce unused |
| refuse | changes | a status that is not ok; nothing is done |
| order_zero | Trade | an order that filled at once is answered with `order: 0` |
| no_order | Trade | an order that filled at once is answered without `order` |
| send_to_moderation | CouponCreate | the bare string in place of a coupon |
| server_error | all | done, then HTTP 500 |
| throttle | all | HTTP 429, the nonce unused |
| garble, html, empty | all | the reply is half its JSON; a page of HTML; nothing |
| redirect, huge | all | the reply is a redirect; 9 MiB long |
| wrong_order | OrderInfo, CancelOrder | the reply is about another order |
| poison_nonce | | the key's last nonce jumps ahead by so much, once |
| delay_trades | | milliseconds before a trade is listed |
| hide_orders | | milliseconds before an order placed from now on is shown |
| skew_clock | | milliseconds that the venue's clock is ahead |
| flipped_pair | | true: trades name their pair the wrong way round |
| strangers | | so many trades of other people among those listed |
| exponents | | true: numbers are written with an exponent |
| text_numbers | | true: numbers of orders and trades are written as text |
| active_as_map | | true: ActiveOrders answers a map by order id |
| forget_ended | | true: OrderInfo does not know an order that has ended |
| always_active | | true: the status of an order is 1 for ever |
| acrive_orders | | true: the list of open orders answers to its misprinted name only |
| history_epoch | | true: `since` and `end` are epoch seconds |
| cross | | `[buy, sell]`: two open orders of the account meet, once |
| deposit | | `{"currency", "amount"}`: unconfirmed money arrives at the last address |
| confirm | | so many confirmations more for every deposit |
| stranger | | `{"symbol", "side", "qty", "price"}`: the account enters an order by another way |
| credit | | `{"asset", "amount"}`: a balance changes without a word, below 0 for a loss |
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from adapters.cryptex.simulator.wire import encode
from adapters.simserver import SimResponse

CHANGES: Final = ("Trade", "CancelOrder", "Withdraw", "CouponCreate", "CouponRedeem")
HITS: Final = {
    "lose_reply": CHANGES,
    "lose_request": CHANGES,
    "refuse": CHANGES,
    "order_zero": ("Trade",),
    "no_order": ("Trade",),
    "send_to_moderation": ("CouponCreate",),
    "wrong_order": ("OrderInfo", "CancelOrder"),
    **dict.fromkeys(
        ("server_error", "throttle", "garble", "html", "empty", "redirect", "huge"), ()
    ),
}
"""By counted trouble the methods it hits; none named: all."""

SPANS: Final = ("delay_trades", "hide_orders", "skew_clock", "strangers")
FLAGS: Final = (
    "flipped_pair",
    "exponents",
    "text_numbers",
    "active_as_map",
    "forget_ended",
    "always_active",
    "acrive_orders",
    "history_epoch",
)

_PAGE: Final = b"<html><body><h1>We will be back soon</h1></body></html>"
_HUGE: Final = 9 * 1024 * 1024


class Troubles:
    """What is switched on."""

    def __init__(self) -> None:
        self._left: dict[tuple[str, str], int] = {}
        self.spans = dict.fromkeys(SPANS, 0)
        self.flags = dict.fromkeys(FLAGS, False)

    def set(self, name: str, value: object) -> None:
        """Switch; raises KeyError for an unknown name, ValueError for a value that does not fit."""
        if name in SPANS:
            self.spans[name] = number(value, negative=name == "skew_clock")
        elif name in FLAGS:
            if not isinstance(value, bool):
                raise ValueError("true or false is wanted")
            self.flags[name] = value
        elif name in HITS:
            on, count = _aim(value)
            self._left[name, on] = count
        else:
            raise KeyError(name)

    def take(self, name: str, method: str) -> bool:
        """Tell whether a request of this method is hit, and use up one hit."""
        hits = HITS[name]
        for on in (method, "") if not hits or method in hits else (method,):
            if self._left.get((name, on), 0):
                self._left[name, on] -= 1
                return True
        return False

    def distort(self, answer: SimResponse, method: str) -> SimResponse:
        """Spoil an answer as far as that is switched on."""
        if answer.drop:
            return answer
        if self.take("garble", method):
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        if self.take("html", method):
            return replace(answer, body=_PAGE, headers={"Content-Type": "text/html"})
        if self.take("empty", method):
            return replace(answer, body=b"")
        if self.take("redirect", method):
            return SimResponse(302, b"", {"Location": "/elsewhere"})
        if self.take("huge", method):
            return replace(answer, body=answer.body + b" " * _HUGE)
        return answer

    def written(self, row: dict[str, object]) -> dict[str, object]:
        """A row of an order or trade as it is to be written now."""
        if not self.flags["text_numbers"]:
            return row
        return {name: v if isinstance(v, str) else encode(v) for name, v in row.items()}


def number(value: object, *, negative: bool = False) -> int:
    """Return a whole number of a switch; raises ValueError."""
    if isinstance(value, Decimal) and value == int(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or (value < 0 and not negative):
        raise ValueError("a whole number is wanted")
    return value


def _aim(value: object) -> tuple[str, int]:
    if not isinstance(value, dict):
        return "", number(value)
    if set(value) != {"n", "on"} or not isinstance(value["on"], str):
        raise ValueError("n and on are wanted")
    return value["on"], number(value["n"])
