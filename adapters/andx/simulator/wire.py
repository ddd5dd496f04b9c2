"""What ANDX's answers look like, and the ways not to get one.

Source: ANDX API document, sections "Response" and "Pagination". The reasons 1101, 1201 and 1319
are the document's; it numbers no others, so 1301 to 1310 are inventions of this simulator.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Final

from adapters.simserver import SimResponse

ACCOUNT_OWNER_DIFFERENT: Final = ("account_owner_different", 1101)
ORDER_NOT_FOUND: Final = ("order_not_found", 1201)
ADDRESS_NOT_FOUND: Final = ("Withdraw address not found", 1319)

MARKET_NOT_FOUND: Final = ("market_not_found", 1301)
INVALID_VOLUME: Final = ("invalid_volume", 1302)
INVALID_PRICE: Final = ("invalid_price", 1303)
BELOW_MINIMUM: Final = ("minimum_order_amount", 1304)
INVALID_AMOUNT: Final = ("invalid_amount", 1305)
INSUFFICIENT_BALANCE: Final = ("insufficient_balance", 1310)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """A business error: answered with HTTP 200 and an error envelope."""

    def __init__(self, error: tuple[str, int]) -> None:
        super().__init__(error[0])
        self.reason, self.status_code = error


class Barred(Exception):
    """An HTTP error; the document gives codes and meanings, the body is our choice."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


class Lost(Exception):
    """The connection breaks without an answer."""


def success(content: Mapping[str, object]) -> SimResponse:
    """Wrap what was asked for."""
    return _json(200, {"status": "success", "data": content})


def refusal(refused: Refused) -> SimResponse:
    """Wrap a business error."""
    return _json(
        200,
        {
            "status": "error",
            "reason": refused.reason,
            "status_code": refused.status_code,
            "data": {},
        },
    )


def failure(barred: Barred) -> SimResponse:
    """Wrap an HTTP error."""
    return _json(barred.status, {"detail": barred.detail}, barred.headers)


def fixed(value: Decimal, decimals: int) -> str:
    """Write with exactly so many decimals, cut off as in the document's `total` of 406.83."""
    cut = value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN)
    return format(cut + 0, "f")  # the sum takes the sign from a zero


def plain(value: Decimal) -> str:
    """Write as it is, without exponent."""
    return format(value, "f")


def add_date(time_ms: int) -> str:
    """Write an order's time as the document's samples do: a space, microseconds, +00:00."""
    moment = _EPOCH + timedelta(milliseconds=time_ms)
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f+00:00")


def epoch_seconds(time_ms: int) -> str:
    """Write a time of the market data: seconds since 1970 with a fraction."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def _json(
    status: int, content: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> SimResponse:
    body = json.dumps(content).encode()
    return SimResponse(status, body, {"Content-Type": "application/json", **(headers or {})})
