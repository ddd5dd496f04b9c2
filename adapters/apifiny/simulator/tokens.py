"""The JWT that authenticates a REST request or a FIX logon.

Source: the venue's document, sections "Signature" and, for FIX, "Logon". HS256 under the API
secret; claims accountId, secretKeyId, digest (SHA-256 in lower-case hex), exp (seconds) and, for
FIX, method.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import jwt

from adapters.apifiny.simulator.refusals import ACCOUNT, PERMISSION, SIGNATURE, TOKEN, refusal

LIFE_MAX_S: Final = 86_400
"""A token that lasts longer is refused, so that milliseconds given as seconds are noticed."""


@dataclass(frozen=True, slots=True)
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
    claims = _signed_claims(token, account)
    if claims.get("accountId") != account.account_id:
        raise refusal(ACCOUNT)
    if claims.get("secretKeyId") != account.api_key_id:
        raise refusal(PERMISSION)
    if not hmac.compare_digest(str(claims.get("digest")), digest(content)):
        raise refusal(SIGNATURE, "digest")
    if method is not None and claims.get("method") != method:
        raise refusal(SIGNATURE, "method")
    _demand_in_time(claims.get("exp"), now_ms)


def _signed_claims(token: str, account: Account) -> Mapping[str, object]:
    try:
        claims: dict[str, object] = jwt.decode(
            token,
            account.api_secret_key.encode(),
            algorithms=["HS256"],
            # PyJWT would ask the machine what time it is
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except jwt.InvalidSignatureError as error:
        raise refusal(SIGNATURE) from error
    except jwt.InvalidTokenError as error:
        raise refusal(TOKEN) from error
    return claims


def _demand_in_time(exp: object, now_ms: int) -> None:
    if type(exp) is not int or exp * 1000 <= now_ms:
        raise refusal(TOKEN, "exp")
    if exp * 1000 > now_ms + LIFE_MAX_S * 1000:
        raise refusal(TOKEN, "exp is too far")
