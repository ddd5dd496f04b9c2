"""What an initiator says of itself when it logs on to Apifiny."""

import hashlib
import time
from collections.abc import Callable

import jwt

from tests.fix.trading import ACCOUNT, KEY, SIGNING, Trading
from tests.fix.venue import Venue

TradeAt = Callable[..., Trading]


def _next_second() -> None:
    """Claims tell whole seconds: two tokens of one second are the same."""
    now = time.time  # the venue's clock is the machine's  # noqa: TID251
    begun = int(now())
    while int(now()) == begun:
        time.sleep(0.01)


def test_every_logon_carries_a_fresh_token(venue: Venue, trade_at: TradeAt) -> None:
    """Claims as in the document's section Logon; the numbers begin at 1 each time."""
    trading = trade_at({"": venue.port})
    tokens = []
    for _ in range(2):
        logon = venue.welcome()
        trading.wait_link(up=True)
        assert (logon[34], logon[98], logon[108], logon[141]) == ("1", "0", "30", "Y")
        assert logon[95] == str(len(logon[96]))
        claims = jwt.decode(logon[96], SIGNING, algorithms=["HS256"])
        assert claims["exp"] > time.time()  # noqa: TID251  the venue's clock is the machine's
        assert claims.items() >= {
            ("accountId", ACCOUNT),
            ("secretKeyId", KEY),
            ("method", "Fix"),
            ("digest", hashlib.sha256(ACCOUNT.encode()).hexdigest()),
        }
        tokens.append(logon[96])
        _next_second()
        venue.cut()
        trading.wait_link(up=False)
    assert tokens[0] != tokens[1]
