"""Who may come in, and in what order.

Source: Cryptex API document, "Common Request Description" and "Python Example".
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from adapters.cryptex.simulator.wire import Barred, Refused
from adapters.simserver import SimRequest

NONCE_MAX: Final = 2**31 - 1
"""The largest nonce that is taken: the document says integer, and this is the narrowest one."""

_NONCE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_FORM: Final = "application/x-www-form-urlencoded"


def sign(secret: str, nonce: str, username: str, key: str) -> str:
    """Return the upper-case hexadecimal HMAC-SHA256 of nonce, user name and key run together."""
    message = (nonce + username + key).encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().upper()


class Door:
    """Admits the one key's requests, each with a nonce above the one before."""

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._username, self._key, self._secret = (
            credentials[name] for name in ("username", "api_key", "api_secret")
        )
        self.last_nonce = -1

    def admit(self, request: SimRequest) -> dict[str, str]:
        """Return the fields of a request that may come in, `method` and `nonce` taken out of them
        into the names "" and not at all; raises Barred or Refused.

        A nonce is used up as soon as the signature over it is right, whatever comes of the call.
        """
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise Barred(400, "the content type is not a form's")
        fields = _fields(request.body)
        nonce = fields.pop("nonce", "")
        if not _NONCE.fullmatch(nonce) or int(nonce) > NONCE_MAX:
            raise Refused("nonce is not an integer in range")
        self._demand_signed(request, nonce)
        if int(nonce) <= self.last_nonce:
            raise Refused(f"nonce must be greater than {self.last_nonce}")
        self.last_nonce = int(nonce)
        fields[""] = fields.pop("method", "")
        return fields

    def _demand_signed(self, request: SimRequest, nonce: str) -> None:
        given_key = request.headers.get("key", "")
        given_sign = request.headers.get("sign", "")
        right = sign(self._secret, nonce, self._username, self._key)
        given = f"{given_key}\0{given_sign}".encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, f"{self._key}\0{right}".encode()):
            raise Refused("the key or the signature is wrong")


def _fields(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise Barred(400, "the body is not a form") from None
    fields = dict(pairs)
    if not pairs or len(fields) != len(pairs) or "" in fields:
        raise Barred(400, "a field is given twice, or has no name, or there is none")
    return fields
