"""What BtcTurk's answers look like, and the ways not to get one.

Source: BtcTurk API document, the samples and the sections "Errors" and "FAQ". A 401 says
`success: true` in its body, as the venue's users have reported. Codes are those seen in the
field; where none was seen, the code is 0 and only the message speaks.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from adapters.simserver import SimResponse

Message = tuple[str, int]

INVALID_NONCE: Final = ("Unauthorized - Invalid Nonce", 1037)
INVALID_SIGNATURE: Final = ("Unauthorized - Invalid Signature", 0)
INVALID_KEY: Final = ("Unauthorized - Invalid Public/Private key", 0)
HEADERS_MISSING: Final = ("Unauthorized - Headers are missing", 0)

PARAMETERS_ERROR: Final = ("PARAMETERS_ERROR", 0)
ORDER_PARAMETER: Final = ("FAILED_ORDER_PARAMETER", 0)
NOT_ENOUGH: Final = ("BALANCE_NOT_ENOUGH", 1055)
OPEN_ORDERS_HOLD: Final = ("FAILED_ORDER_WITH_OPEN_ORDERS", 1122)
MIN_TOTAL: Final = ("FAILED_MIN_TOTAL_AMOUNT", 1123)
MARKET_ORDER: Final = ("FAILED_MARKET_ORDER", 1118)
STOP_TOO_LOW: Final = ("FAILED_STOP_PRICE_LESS_THAN_BEST_BID", 1125)
STOP_TOO_HIGH: Final = ("FAILED_STOP_PRICE_GREATER_THAN_BEST_ASK", 1124)
PRICE_SCALE: Final = ("FAILED_INVALID_PRICE_SCALE", 1126)
QUANTITY_SCALE: Final = ("FAILED_INVALID_QUANTITY_SCALE", 1127)
STOP_PRICE_SCALE: Final = ("FAILED_INVALID_STOP_PRICE_SCALE", 1128)
METHOD_NOT_SUPPORTED: Final = ("ORDER_METHOD_NOT_SUPPORTED", 1134)
TYPE_NOT_SUPPORTED: Final = ("ORDER_TYPE_NOT_SUPPORTED", 1193)
PRICE_TOO_HIGH: Final = ("PRICE_MUST_BE_LESS_THAN_MAXPRICE", 1226)
PRICE_TOO_LOW: Final = ("PRICE_MUST_BE_LESS_THAN_MINPRICE", 1227)  # the venue's own wording
NO_SUCH_ORDER: Final = ("NO_ORDER_MATCHES_YOUR_REQUEST", 1051)
NOT_CANCELABLE: Final = ("ORDER_COULD_NOT_BE_CANCELED", 1050)
CANCEL_BLOCKED: Final = ("ORDER_CANCEL_BLOCKED", 0)
ORDER_NOT_FOUND: Final = ("Order not found", 1152)

JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_SIXTEEN: Final = Decimal("1E-16")


class Refused(Exception):
    """A business error: answered with HTTP 400 and an error envelope."""

    def __init__(self, error: Message) -> None:
        super().__init__(error[0])
        self.message, self.code = error


class Barred(Exception):
    """An HTTP error with an envelope of its own."""

    def __init__(
        self, status: int, error: Message, headers: Mapping[str, str] | None = None, **more: object
    ) -> None:
        super().__init__(error[0])
        self.status, self.headers = status, headers or {}
        self.message, self.code = error
        self.more = more


class Lost(Exception):
    """The connection breaks without an answer."""


def dumps(content: object) -> bytes:
    """Write JSON; every Decimal is a number in full with exactly its own digits."""
    return _ENCODER.encode(content)


_ENCODER: Final = msgspec.json.Encoder(
    decimal_format=lambda number: msgspec.Raw(format(number, "f").encode())
)


def envelope(data: object, message: str | None = None) -> dict[str, object]:
    """Wrap what was asked for."""
    return {"data": data, "success": True, "message": message, "code": 0}


def answer(content: object) -> SimResponse:
    """Answer 200 with a JSON document."""
    return SimResponse(200, dumps(content), JSON)


def refusal(refused: Refused) -> SimResponse:
    """Wrap a business error."""
    content = {"success": False, "message": refused.message, "code": refused.code, "data": None}
    return SimResponse(400, dumps(content), JSON)


def failure(barred: Barred) -> SimResponse:
    """Wrap an HTTP error; of a 401 the body says success."""
    content = {
        "success": barred.status == 401,
        "message": barred.message,
        "code": barred.code,
        **barred.more,
    }
    return SimResponse(barred.status, dumps(content), {**JSON, **barred.headers})


def plain(value: Decimal) -> str:
    """Write as it is, without exponent."""
    return format(value, "f")


def short(value: Decimal) -> str:
    """Write without exponent and without zeros at the end."""
    return format(value.normalize() + 0, "f")


def fixed(value: Decimal, decimals: int) -> str:
    """Write with exactly so many decimals, cut off."""
    return format(value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_DOWN) + 0, "f")


def rounded(value: Decimal, decimals: int) -> Decimal:
    """Round to so many decimals, half to even."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_EVEN).normalize() + 0


def money(value: Decimal) -> Decimal:
    """Cut to the 16 decimals that the venue keeps of money."""
    return value.quantize(_SIXTEEN, rounding=ROUND_DOWN)
