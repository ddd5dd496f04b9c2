"""Apifiny's sessions in trouble: ever longer waits, clear words, nothing asked or sent twice."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.fix.desk import WAIT_S
from tests.fix.trading import Trading
from tests.fix.venue import Venue

TradeAt = Callable[..., Trading]


def status(trading: Trading, session: int = 0) -> dict[str, Any]:
    """One session's status."""
    found: dict[str, Any] = trading.child.call("status")[session]
    return found


def test_a_refused_logon_waits_longer_each_time_and_says_so(
    venue: Venue, trade_at: TradeAt
) -> None:
    """What the venue said, since when, how often, and when the next try is; each with a new token."""
    trading = trade_at({"": venue.port})
    tries, tokens = [], set()
    for number in (1, 2):
        logon = venue.accept()
        tries.append(time.monotonic())
        tokens.add(logon[96])
        venue.send("5", (58, "token expired"))
        until = time.monotonic() + WAIT_S
        while f"{number} times since" not in (text := status(trading)["text"]):
            assert time.monotonic() < until, text
        assert "the logon was refused: token expired; " in text
        assert ", next try at " in text
        venue.cut()
    tokens.add(venue.welcome()[96])
    tries.append(time.monotonic())
    assert len(tokens) == 3
    first, second = tries[1] - tries[0], tries[2] - tries[1]
    # 1 s and 2 s, each with what quickfix takes to notice: less is a hot loop.
    assert first >= 1.0
    assert second >= 2.0
    trading.wait_link(up=True)
    assert status(trading)["text"] == "logged on"


def test_the_same_refusal_is_told_to_the_engine_in_the_same_words(
    venue: Venue, trade_at: TradeAt
) -> None:
    """Each other text would be one more line in the journal, for ever."""
    trading = trade_at({"": venue.port})
    told = set()
    for _ in range(2):
        venue.accept()
        venue.send("5", (58, "token expired"))
        told.add(trading.wait_link(up=False))
        venue.cut()
    assert len(told) == 1


@pytest.mark.parametrize(("ahead_s", "word"), [(90, "ahead of"), (-90, "behind")])
def test_clocks_that_differ_are_named_beside_the_venues_words(
    venue: Venue, trade_at: TradeAt, ahead_s: int, word: str
) -> None:
    """A token is refused for its time, and the operator looks for a wrong key."""
    trading = trade_at({"": venue.port})
    venue.accept()
    venue.ahead_s = ahead_s
    venue.send("5", (58, "invalid token"))
    text = trading.wait_link(up=False)
    assert "the logon was refused: invalid token (its clock is " in text
    assert f" s {word} ours)" in text


def test_a_venue_whose_clock_is_wrong_is_listened_to(venue: Venue, trade_at: TradeAt) -> None:
    """What we reject for its SendingTime is lost."""
    trading = trade_at({"": venue.port})
    venue.welcome()
    trading.wait_link(up=True)
    trading.new("a1")
    order = venue.expect("D")
    venue.ahead_s = -3600
    head = [(37, "v1"), (17, "e1"), (55, "BTCUSDT"), (54, "1"), (38, "1"), (32, "0")]
    fields = [(11, order[11]), *head, (150, "0"), (39, "0")]
    venue.send("8", *fields)
    trading.wait_status("a1", "NEW")


def test_a_venue_that_lets_in_and_throws_out_is_no_hot_loop(
    venue: Venue, trade_at: TradeAt
) -> None:
    trading = trade_at({"": venue.port})
    for _ in range(2):
        venue.welcome()
        trading.wait_link(up=True)
        venue.send("5", (58, "go away"))
        assert "logged out by the venue: go away" in trading.wait_link(up=False)
        venue.expect("5")
        venue.cut()
    assert ", next try at " in status(trading)["text"]


def test_no_port_is_tried_less_and_less_often(trade_at: TradeAt) -> None:
    gone = Venue()
    gone.close()
    trading = trade_at({"": gone.port})
    text = trading.wait_link(up=False)
    assert f"no connection to 127.0.0.1:{gone.port}" in text
    assert ", next try at " in status(trading)["text"]
