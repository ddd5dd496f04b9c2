"""What Bitexbit's answers look like, and the ways not to get one.

Source: Bitexbit API v1 document, sections "Success responses" and "Errors". Amounts and prices are
JSON numbers there, so they are written digit by digit: no float comes between.
"""

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Final

from adapters.simjson import writer
from adapters.simserver import SimResponse

DECIMALS: Final = 8
"""Decimals of every amount and price of an answer, as in most of the samples."""

_STRETCH: Final = Decimal(1).scaleb(-DECIMALS)
_JSON: Final = {"Content-Type": "application/json"}


class Barred(Exception):
    """An HTTP error; the document gives codes and meanings, the body is our choice."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


class Lost(Exception):
    """The connection breaks without an answer."""


def success(content: object) -> SimResponse:
    """Answer what was asked for, bare: the document has no envelope."""
    return SimResponse(200, dumps(content).encode(), _JSON)


def failure(barred: Barred) -> SimResponse:
    """Answer an HTTP error."""
    body = dumps({"detail": barred.detail}).encode()
    return SimResponse(barred.status, body, {**_JSON, **barred.headers})


dumps: Final = writer(", ", ": ", "{:f}".format, ensure_ascii=False)
"""Write JSON, decimals as numbers with the digits that they have."""


def number(value: Decimal) -> Decimal:
    """An amount or price with its eight decimals, cut off."""
    return value.quantize(_STRETCH, rounding=ROUND_DOWN) + 0  # the sum takes the sign from a zero


def plain(value: Decimal) -> str:
    """Write as it is, without exponent and without zeros behind it."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def epoch_seconds(time_ms: int) -> Decimal:
    """A `date` or `timestamp`: seconds since 1970 with a fraction."""
    return Decimal(time_ms).scaleb(-3)
