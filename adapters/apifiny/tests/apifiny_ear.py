"""An Ear that keeps what Apifiny's feeds tell, and stories that run while they are heard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from adapters.apifiny.stream import ApifinyStream
from adapters.apifiny.tests.apifiny_line import Line, on_line
from adapters.options import Options
from adapters.port import Balance, Choosy, Ear, MarketNews, Sight, Stream, VenueTrade
from oms.core.market import Topic
from oms.core.venue import Instrument

WAIT_S: Final = 20.0
STEP_S: Final = 0.01
FEEDS: Final = 4
"""Order and asset feeds of two exchanges."""


@dataclass
class Heard:
    """An Ear that keeps everything."""

    sights: list[Sight] = field(default_factory=list)
    stirred: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    owned: list[Balance] = field(default_factory=list)
    news: list[tuple[Topic, MarketNews]] = field(default_factory=list)
    shown: list[tuple[str, str]] = field(default_factory=list)

    def sight(self, sight: Sight) -> None:
        self.sights.append(sight)

    def trade(self, trade: VenueTrade) -> None:
        raise AssertionError("fills are FIX's")

    def stir(self, venue_cl_ord_id: str = "", secondary_order_id: str = "") -> None:
        self.stirred.append(venue_cl_ord_id)

    def gap(self, text: str) -> None:
        self.gaps.append(text)

    def lost(self, text: str) -> None:
        self.losses.append(text)

    def balances(self, balances: Sequence[Balance]) -> None:
        self.owned += balances

    def market(self, topic: Topic, told: MarketNews) -> None:
        self.news.append((topic, told))

    def quarantine(self, text: str, raw: str) -> None:
        self.shown.append((text, raw))

    def told(self, kind: type) -> list[Any]:
        """The news of one kind."""
        return [one for _, one in self.news if isinstance(one, kind)]


async def until(done: Callable[[], Any], what: str) -> None:
    """Wait until it is so."""
    for _ in range(int(WAIT_S / STEP_S)):
        if done():
            return
        await asyncio.sleep(STEP_S)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


def on_stream(
    story: Callable[[Line, ApifinyStream, Heard], Awaitable[None]],
    *,
    silence_s: float = WAIT_S,
    **choices: Any,
) -> None:
    """Run a story while the feeds are heard, all of the account's connected already."""

    async def run(line: Line) -> None:
        heard = Heard()
        ear: Ear = heard
        options = Options(trades_here=False, speed=20)
        stream = ApifinyStream(
            line.account, line.client, line.budget, line.clock, options, silence_s
        )
        check: Stream = stream
        assert isinstance(check, Choosy)
        listening = asyncio.create_task(stream.run(ear))
        try:
            feeds = 2 * len(line.account.exchanges)
            await until(lambda: len(heard.gaps) == feeds, "the feeds")
            await story(line, stream, heard)
            assert not listening.done()
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    on_line(run, **choices)


async def market(line: Line, exchange: str = "BINANCE") -> Instrument:
    """BTC/USDT at an exchange."""
    found = await line.client.instruments()
    return next(m for m in found if (m.symbol, m.security_exchange) == ("BTC/USDT", exchange))


def feed_paths(line: Line) -> list[str]:
    """The feeds that were connected to."""
    return [asked.path for asked in line.tap.asked if "/ws/" in asked.path]
