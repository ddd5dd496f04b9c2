"""What authenticates a REST request, a feed or a FIX logon: a JWT, or an HMAC of later years.

Source: the venue's document, sections "Signature" and, for FIX, "Logon". HS256 under the API
secret; claims accountId, secretKeyId, digest (SHA-256 in lower-case hex), exp (seconds) and, for
FIX, method; the feeds of the account have no digest, that of the market accessKey alone. The HMAC is
that of the venue's public clients of 2022: headers apiKey and signature, a time among the parameters.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import field
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.refusals import ACCOUNT, PERMISSION, SIGNATURE, TOKEN, refusal
from oms.core.values import frozen

LIFE_MAX_S: Final = 86_400
"""A token that lasts longer is refused, so that milliseconds given as seconds are noticed."""


RECV_WINDOW_MS: Final = 5_000
RECV_WINDOW_MS_MAX: Final = 60_000


@frozen
class Account:
    """The one account, and the one key it may use."""

    account_id: str
    api_key_id: str
    api_secret_key: str = field(repr=False)


def digest(content: bytes) -> str:
    """Return the digest claim for what is signed."""
    return hashlib.sha256(content).hexdigest()


def demand_token(
    token: str, content: bytes, account: Account, now_ms: int, method: str | None = None
) -> None:
    """Raise Refusal unless the token is the account's, in time, and made for this content.

    `content` is the raw query string, the raw body or, for FIX, the account id.
    """
    claims = _own_claims(token, account, now_ms)
    if not hmac.compare_digest(str(claims.get("digest")), digest(content)):
        raise refusal(SIGNATURE, "digest")
    if method is not None and claims.get("method") != method:
        raise refusal(SIGNATURE, "method")


def demand_feed_token(token: str, account: Account, now_ms: int) -> None:
    """Raise Refusal unless the token opens the account's feeds: as for REST, without a digest."""
    if "digest" in _own_claims(token, account, now_ms):
        raise refusal(SIGNATURE, "digest")


def demand_market_token(token: str, account: Account) -> None:
    """Raise Refusal unless the token opens the market's feed: its one claim is the key."""
    if _signed_claims(token, account) != {"accessKey": account.api_key_id}:
        raise refusal(PERMISSION)


def demand_hmac(
    key: str, signature: str, text: str, asked: Mapping[str, object], account: Account, now_ms: int
) -> None:
    """Raise Refusal unless the text was signed with the account's secret, not long ago.

    `text` is the query without its escapes, or the raw body; `asked` what it says.
    """
    if key != account.api_key_id:
        raise refusal(PERMISSION)
    made = hmac.new(account.api_secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, made):
        raise refusal(SIGNATURE)
    window = _whole(asked.get("recvWindow", RECV_WINDOW_MS))
    stamp = _whole(asked.get("timestamp"))
    if not 0 < window <= RECV_WINDOW_MS_MAX or not now_ms - window <= stamp <= now_ms + 1000:
        raise refusal(TOKEN, "timestamp")


def _whole(value: object) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() else 0


def _own_claims(token: str, account: Account, now_ms: int) -> Mapping[str, object]:
    claims = _signed_claims(token, account)
    if claims.get("accountId") != account.account_id:
        raise refusal(ACCOUNT)
    if claims.get("secretKeyId") != account.api_key_id:
        raise refusal(PERMISSION)
    _demand_in_time(claims.get("exp"), now_ms)
    return claims


def _signed_claims(token: str, account: Account) -> Mapping[str, object]:
    """What a token claims, read as RFC 7515 has it; PyJWT would judge it by the machine's clock."""
    if token.count(".") != 2:
        raise refusal(TOKEN)
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    told = _object(header)
    if told.get("alg") != "HS256" or "crit" in told:
        raise refusal(TOKEN)
    given = signature.encode("utf-8", "surrogateescape")
    content = signed.encode("utf-8", "surrogateescape")
    made = hmac.new(account.api_secret_key.encode(), content, hashlib.sha256).digest()
    if not hmac.compare_digest(_text(made), given):
        raise refusal(SIGNATURE)
    return _object(payload)


def _object(segment: str) -> Mapping[str, object]:
    """The JSON object in a segment of a token; raises Refusal, also for a second way to write it."""
    try:
        content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        found = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        raise refusal(TOKEN) from error
    if not isinstance(found, dict) or _text(content) != segment.encode():
        raise refusal(TOKEN)
    return found


def _text(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _demand_in_time(exp: object, now_ms: int) -> None:
    if type(exp) is not int or exp * 1000 <= now_ms:
        raise refusal(TOKEN, "exp")
    if exp * 1000 > now_ms + LIFE_MAX_S * 1000:
        raise refusal(TOKEN, "exp is too far")
