"""What Cryptex's answers look like, and the ways not to get one.

Source: Cryptex API document, the sample answers. They are printed as Python literals; what is sent
is JSON with the same names, numbers as JSON numbers.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from adapters.simjson import writer
from adapters.simserver import SimResponse

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_JSON: Final = {"Content-Type": "application/json"}


class Refused(Exception):
    """A call that was understood and not done: HTTP 200, a status that is not ok, and a text."""


class Barred(Exception):
    """An HTTP error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Lost(Exception):
    """The connection breaks without an answer."""


def success(content: object, *, exponents: bool = False) -> SimResponse:
    """Wrap what was asked for."""
    body = encode({"status": "ok", "data": content}, exponents=exponents)
    return SimResponse(200, body.encode(), _JSON)


def refusal(refused: Refused) -> SimResponse:
    """Wrap a refusal."""
    return _error(200, str(refused))


def failure(barred: Barred) -> SimResponse:
    """Wrap an HTTP error."""
    return _error(barred.status, str(barred))


def encode(value: object, *, exponents: bool = False) -> str:
    """JSON with every Decimal written as a number, digit by digit or with an exponent."""
    return _with_exponents(value) if exponents else _in_full(value)


def plain(value: Decimal) -> str:
    """Write without exponent and without trailing zeros of the fraction."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_in_full: Final = writer(", ", ": ", plain)
_with_exponents: Final = writer(", ", ": ", "{:E}".format)


def calendar(time_ms: int) -> int:
    """Write a time as the number YYYYMMDDhhmmss, in UTC, cut to the second."""
    return int((_EPOCH + timedelta(milliseconds=time_ms)).strftime("%Y%m%d%H%M%S"))


def _error(status: int, text: str) -> SimResponse:
    return SimResponse(status, encode({"status": "error", "error": text}).encode(), _JSON)
