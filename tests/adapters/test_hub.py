"""Watches over real sockets: streamed where the venue streams, asked for in turns where not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final, TypeVar

import pytest

from adapters.budget import Budget
from adapters.hub import KEPT_MAX
from adapters.loop import Loop
from adapters.options import Options
from adapters.port import Heard, Listening
from adapters.runner import Runner
from adapters.simserver import serve
from oms.clock import SystemClock
from oms.core.errors import NotSupported, VenueUnavailable
from oms.core.legs import VenueBooks
from oms.core.market import Ticker, Topic
from oms.core.notes import Quarantined
from oms.core.ports import Inbound
from oms.core.venue import Limit
from tests.adapters.fair import MARKET, Fair, FairClient, FairStream, balance, candle, trade
from tests.core.desk_of_one import DeskOfOne

WAIT_S: Final = 30.0
TICKER: Final = Topic("ticker", MARKET)
TRADES: Final = Topic("trades", MARKET)
CANDLES: Final = Topic("candles", MARKET, "1m")
BALANCES: Final = Topic("balances")
T = TypeVar("T")


class Ground:
    """The venue on its own thread, and a route's runner that watches it."""

    def __init__(self, fair: Fair, there: Loop, here: Loop, url: str, streams: bool) -> None:
        self.fair, self.there = fair, there
        self.posted: list[Inbound] = []
        self.stream = FairStream(url)
        clock = SystemClock()
        self.runner = Runner(
            "FAIR",
            FairClient(url),
            post=self._post,
            books=VenueBooks(DeskOfOne().book),
            clock=clock,
            budget=Budget([Limit("all", 1_000, Decimal(1))], clock=clock),
            loop=here,
            options=Options(speed=100),
            stream=self.stream if streams else None,
        )

    def _post(self, inbound: Inbound) -> None:
        self.posted.append(inbound)

    def listen(self, topic: Topic) -> "Radio":
        """Watch, and keep what comes."""
        woken = threading.Event()
        return Radio(self.runner.listen(topic, woken.set), woken)

    def do(self, deed: Callable[[], T]) -> T:
        """Do something on the venue's own thread."""

        async def done() -> T:
            return deed()

        return self.there.submit(done()).result(WAIT_S)

    def answer(self, path: str, told: Any) -> None:
        """From now on."""
        self.do(lambda: self.fair.answers.__setitem__(path, told))

    def say(self, *lines: str) -> None:
        """On the stream."""
        self.do(lambda: self.fair.say(*lines))

    def until(self, done: Callable[[], bool], what: str) -> None:
        """Wait until it is so."""
        deadline = time.monotonic() + WAIT_S
        while not done():
            assert time.monotonic() < deadline, f"waited {WAIT_S} s for {what}"
            threading.Event().wait(0.005)

    def until_asked(self, path: str, times: int) -> None:
        """Wait for so many more questions, the first of which may be under way already."""
        wanted = self.fair.asked.count(path) + times
        self.until(lambda: self.fair.asked.count(path) >= wanted, f"{times} more of {path}")

    def until_followed(self, *kinds: str) -> None:
        """Wait until the venue has been told to stream these and no others."""
        wanted = sorted(kinds)
        self.until(
            lambda: any(feed.follows == wanted for feed in list(self.fair.feeds)),
            f"the stream to follow {wanted}",
        )


class Radio:
    """A watch, and what was heard on it."""

    def __init__(self, listening: Listening, woken: threading.Event) -> None:
        self.listening, self.woken = listening, woken
        self.heard: list[Heard] = []

    def hear(self, count: int) -> list[Heard]:
        """Wait until so much has been heard in all. Raises what ended the watch."""
        deadline = time.monotonic() + WAIT_S
        while len(self.heard) < count:
            self.woken.wait(max(0.0, deadline - time.monotonic()))
            assert time.monotonic() < deadline, f"waited {WAIT_S} s for {count}: {self.heard}"
            self.woken.clear()
            self.heard += self.listening.take()
        return self.heard


@contextmanager
def ground(*, streams: bool = True, start: bool = True) -> Iterator[Ground]:
    """A venue on a socket, and a route that watches it; both gone afterwards."""
    fair, there, here = Fair(), Loop("venue"), Loop("adapters")
    there.start()
    here.start()
    server = there.submit(serve(fair, clock_ms=SystemClock().now_ms)).result(WAIT_S)
    made = Ground(fair, there, here, server.url, streams)
    if start:
        made.runner.start()
    try:
        yield made
    finally:
        made.runner.stop()
        here.stop()
        there.submit(server.close()).result(WAIT_S)
        there.stop()


def ticker(last: str) -> Ticker:
    return Ticker(symbol=MARKET.symbol, last=Decimal(last))


def test_a_streamed_ticker_is_heard_by_all_who_listen() -> None:
    """One subscription at the venue, two listeners; whoever comes later begins with the latest."""
    with ground() as venue:
        first = venue.listen(TICKER)
        venue.until_followed("ticker")
        venue.say("ticker 101")
        assert first.hear(1) == [Heard(ticker("101"), emulated=False)]
        second = venue.listen(TICKER)
        assert second.hear(1) == [Heard(ticker("101"), emulated=False)]
        venue.say("ticker 102")
        assert (first.hear(2)[1], second.hear(2)[1]) == (Heard(ticker("102"), False),) * 2
        assert "/ticker" not in venue.fair.asked


def test_what_nobody_listens_to_is_not_followed() -> None:
    """The last to leave ends the subscription, and no one before."""
    with ground() as venue:
        radios = [venue.listen(TICKER), venue.listen(TICKER), venue.listen(TRADES)]
        venue.until_followed("ticker", "trades")
        radios[0].listening.close()
        radios[0].listening.close()
        radios[2].listening.close()
        venue.until_followed("ticker")
        radios[1].listening.close()
        venue.until_followed()


def test_of_a_price_only_the_latest_waits() -> None:
    """A listener who takes his time gets what is so now."""
    with ground() as venue:
        radio, other = venue.listen(TICKER), venue.listen(TRADES)
        venue.until_followed("ticker", "trades")
        venue.say("ticker 1", "ticker 2", "ticker 3", "trades 1")
        other.hear(1)
        assert radio.listening.take() == [Heard(ticker("3"), emulated=False)]
        assert radio.listening.take() == []


def test_trades_wait_up_to_a_bound_and_the_rest_is_counted() -> None:
    """Who takes too long is told how many were dropped, once."""
    with ground() as venue:
        slow, other = venue.listen(TRADES), venue.listen(TICKER)
        venue.until_followed("ticker", "trades")
        venue.say(*(f"trades {number}" for number in range(KEPT_MAX + 3)), "ticker 1")
        other.hear(1)
        waiting = slow.listening.take()
        assert len(waiting) == KEPT_MAX
        assert waiting[0] == Heard(trade(3), emulated=False, missed=3)
        assert waiting[1] == Heard(trade(4), emulated=False)
        venue.say("trades 7")
        assert slow.hear(1) == [Heard(trade(7), emulated=False)]


def test_a_connection_that_was_lost_counts_as_a_trade_missed() -> None:
    """The venue is followed again on the new one; nobody knows what happened meanwhile."""
    with ground() as venue:
        radio = venue.listen(TRADES)
        venue.until_followed("trades")
        venue.do(lambda: setattr(venue.fair.feeds[0], "closed", ""))
        venue.until(lambda: len(venue.fair.feeds) > 1, "another connection")
        venue.do(lambda: venue.fair.feeds.pop(0))
        venue.until_followed("trades")
        status = venue.runner.stream_status
        venue.until(lambda: (told := status()) is not None and told.up, "the stream to be up")
        venue.say("trades 5")
        (heard,) = radio.hear(1)
        assert (heard.told, heard.missed >= 1) == (trade(5), True)


def test_what_is_not_streamed_is_asked_for_in_turns() -> None:
    """A change is news, the same again is none, and it is marked as emulated."""
    with ground(streams=False) as venue:
        radio = venue.listen(TICKER)
        assert radio.hear(1) == [Heard(ticker("100"), emulated=True)]
        venue.until_asked("/ticker", 3)
        assert radio.listening.take() == []
        venue.answer("/ticker", {"last": "104"})
        assert radio.hear(2)[1] == Heard(ticker("104"), emulated=True)
        radio.listening.close()


def test_questions_end_with_the_last_listener() -> None:
    """Nobody's watch costs a venue's rate limit."""
    with ground(streams=False) as venue:
        radio, other = venue.listen(TICKER), venue.listen(CANDLES)
        radio.hear(1)
        other.hear(1)
        radio.listening.close()
        venue.until_asked("/candles", 3)
        asked = venue.fair.asked.count("/ticker")
        venue.until_asked("/candles", 3)
        assert venue.fair.asked.count("/ticker") == asked


def test_trades_that_are_asked_for_are_news_once() -> None:
    """What was traded before anybody listened is none; a whole new list says that some are missing."""
    with ground(streams=False) as venue:
        venue.answer("/trades", [2, 1])
        radio = venue.listen(TRADES)
        venue.until_asked("/trades", 2)
        venue.answer("/trades", [4, 3, 2])
        assert radio.hear(2) == [Heard(trade(3), True), Heard(trade(4), True)]
        venue.answer("/trades", [9, 8])
        assert radio.hear(4)[2:] == [Heard(trade(8), True, missed=1), Heard(trade(9), True)]


def test_the_first_trades_of_a_quiet_market_are_news() -> None:
    """A list that was empty missed nothing."""
    with ground(streams=False) as venue:
        radio = venue.listen(TRADES)
        venue.until_asked("/trades", 2)
        venue.answer("/trades", [1])
        assert radio.hear(1) == [Heard(trade(1), emulated=True)]


def test_a_candle_takes_the_place_of_its_own_minute() -> None:
    """Both the last word on a minute and the one that follows are heard."""
    with ground() as venue:
        radio = venue.listen(CANDLES)
        assert radio.hear(1) == [Heard(candle(0, "100"), emulated=True)]
        radio.woken.clear()
        venue.answer("/candles", {"1": "103", "0": "102"})
        assert radio.hear(3)[1:] == [
            Heard(candle(0, "102"), emulated=True),
            Heard(candle(1, "103"), emulated=True),
        ]


def test_balances_are_kept_by_asset() -> None:
    """News of one asset does not displace another's."""
    with ground() as venue:
        radio = venue.listen(BALANCES)
        venue.until_followed("balances")
        venue.say("balances 7")
        assert radio.hear(1) == [Heard(balance("USD", "7"), emulated=False)]
    with ground(streams=False) as venue:
        venue.answer("/balances", {"USD": "5", "BTC": "1"})
        radio = venue.listen(BALANCES)
        assert radio.hear(2) == [
            Heard(balance("USD", "5"), emulated=True),
            Heard(balance("BTC", "1"), emulated=True),
        ]


def test_what_is_neither_streamed_nor_told_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and by name."""
    monkeypatch.delattr(FairClient, "order_book")
    with ground(streams=False) as venue, pytest.raises(NotSupported, match="FAIR does not offer"):
        venue.listen(Topic("order_book", MARKET))


def test_a_definite_no_ends_the_watch() -> None:
    """Whoever listens is told, and so is whoever asks again."""
    with ground(streams=False) as venue:
        venue.answer("/ticker", 404)
        for _ in range(2):
            with pytest.raises(NotSupported, match="HTTP 404"):
                venue.listen(TICKER).hear(1)


def test_trouble_is_waited_out() -> None:
    """An unreachable venue, and an answer that can not be read; a human sees the latter."""
    with ground(streams=False) as venue:
        venue.answer("/ticker", 503)
        radio = venue.listen(TICKER)
        venue.until_asked("/ticker", 2)
        venue.answer("/ticker", {})
        venue.until(
            lambda: any(isinstance(told.message, Quarantined) for told in venue.posted),
            "the quarantine",
        )
        venue.answer("/ticker", {"last": "9"})
        assert radio.hear(1) == [Heard(ticker("9"), emulated=True)]


def test_our_mistake_ends_the_watch_loudly(caplog: pytest.LogCaptureFixture) -> None:
    """Not in silence."""
    with ground(streams=False) as venue:
        venue.answer("/ticker", {"last": None})
        with pytest.raises(VenueUnavailable, match="TypeError in the adapter"):
            venue.listen(TICKER).hear(1)
    assert "FAIR" in caplog.text


def test_the_end_of_the_route_ends_its_watches() -> None:
    """Nobody waits for ever."""
    with ground() as venue:
        radio = venue.listen(TICKER)
        venue.until_followed("ticker")
        venue.runner.stop()
        with pytest.raises(VenueUnavailable, match="stopping"):
            radio.hear(1)


def test_a_stream_that_our_mistake_ends_is_begun_anew(caplog: pytest.LogCaptureFixture) -> None:
    """The route lives, the log says what happened, and the status that the stream stands again."""
    with ground(start=False) as venue:
        venue.stream.fault = RuntimeError("in the stream")
        told = venue.runner.stream_status()
        assert told is not None
        assert (told.up, told.text) == (False, "not connected yet")
        venue.runner.start()
        status = venue.runner.stream_status
        venue.until(lambda: (told := status()) is not None and told.up, "the stream to be up")
        assert venue.stream.runs == 2
        assert "in the stream" in caplog.text
    with ground(streams=False) as venue:
        assert venue.runner.stream_status() is None
