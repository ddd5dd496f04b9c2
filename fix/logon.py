"""What a desk's Logon must say: parameters that we keep to, and a token that is its own."""

import hmac
from collections.abc import Mapping
from typing import Any, Final

import jwt

from fix import tags
from fix.session import LogonRefused
from oms.clock import Clock

LEEWAY_S: Final = 5
"""Seconds by which a desk's clock may be behind ours when its token expires."""

REFUSED: Final = "logon refused"
"""All that a refused desk is told, whichever part of its Logon was wrong."""


def demand_parameters(message: Mapping[int, str], *, reset: bool) -> None:
    """Raise LogonRefused for what quickfix would agree to; the token is not looked at."""
    if message.get(tags.ENCRYPT_METHOD) != "0":
        raise LogonRefused("EncryptMethod (98) must be 0")
    if message.get(tags.HEART_BT_INT, "").startswith("-"):
        raise LogonRefused("HeartBtInt (108) must be 0 or more")
    if reset and int(message[tags.MSG_SEQ_NUM]) != 1:
        raise LogonRefused("MsgSeqNum (34) must be 1 with ResetSeqNumFlag (141)")


def demand_token(token: str, comp_id: str, secret: str, clock: Clock) -> None:
    """Raise LogonRefused unless the token is this desk's and in time."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            secret,
            algorithms=["HS256"],
            # The time is our clock's, not the library's.
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise LogonRefused(REFUSED) from None
    subject, exp = claims.get("sub"), claims.get("exp")
    known = isinstance(subject, str) and hmac.compare_digest(subject.encode(), comp_id.encode())
    if not known or type(exp) is not int or exp + LEEWAY_S <= clock.stamp_us() // 1_000_000:
        raise LogonRefused(REFUSED)
