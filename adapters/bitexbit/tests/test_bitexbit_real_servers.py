"""The channel against socket.io's own servers, of both generations, beyond their heartbeats.

A client of the wrong generation looks right until the server has waited for its heartbeat in vain:
so each test goes on for longer than that.
"""

import asyncio
from functools import partial
from typing import Final

import pytest

from adapters.bitexbit.fills import Fills
from adapters.bitexbit.socketio import Event, Session
from adapters.bitexbit.stream import BitexbitStream, Channel
from adapters.bitexbit.tests.bitexbit_ear import Notes
from adapters.bitexbit.tests.bitexbit_line import BTC_USD, Shelf
from adapters.bitexbit.tests.socketio_servers import real_server
from adapters.options import Options
from oms.clock import SystemClock
from oms.core.market import OrderBook, PublicTrade, Topic
from oms.core.venue import Instrument

INTERVAL_MS: Final = 200
TIMEOUT_MS: Final = 200
LONG_S: Final = 2 * (INTERVAL_MS + TIMEOUT_MS) / 1000
PACKAGES: Final = {"socket.io-2": 3, "socket.io-4": 4}


class NoBooks:
    """Nobody asks for a book here."""

    async def order_book(self, instrument: Instrument, depth: int | None = None) -> OrderBook:
        raise AssertionError("no book was asked for")


async def listen(url: str, generations: tuple[int, ...], seconds: float, losses: int) -> Notes:
    """What is heard in so many seconds after the last of so many lost connections."""
    clock, notes = SystemClock(), Notes()
    stream = BitexbitStream(
        Channel(stream_url=url, generations=generations),
        Fills("BITEXBIT", Shelf(), clock),
        NoBooks(),
        clock,
        Options(speed=60),
        pairs=lambda: ["BTC/USD"],
    )
    stream.follow(frozenset({Topic("trades", BTC_USD)}))
    running = asyncio.create_task(stream.run(notes))
    try:
        await notes.until(lambda: len(notes.losses) == losses, "the lost connections")
        began = clock.monotonic()
        while clock.monotonic() < began + seconds:
            heard = len(notes.news)
            await notes.until(partial(_more, notes, heard), "one more event")
    finally:
        running.cancel()
        await asyncio.wait((running,))
    return notes


def _more(notes: Notes, heard: int) -> bool:
    return len(notes.news) > heard


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("generations", [(4, 3), (3, 4)], ids=["newer first", "older first"])
def test_the_generation_is_found_and_stands(package: str, generations: tuple[int, ...]) -> None:
    wrong = generations[0] != PACKAGES[package]
    with real_server(package, INTERVAL_MS, TIMEOUT_MS) as url:
        notes = asyncio.run(listen(url, generations, LONG_S, losses=int(wrong)))
    assert len(notes.gaps) == 1, notes.losses
    assert len(notes.losses) == wrong
    trades = [told for _, told in notes.news if isinstance(told, PublicTrade)]
    ids = [int(trade.trade_id) for trade in trades]
    assert ids == list(range(ids[0], ids[0] + len(ids))), "events were lost or doubled"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_generation_that_was_chosen_stands(package: str) -> None:
    with real_server(package, INTERVAL_MS, TIMEOUT_MS) as url:
        notes = asyncio.run(listen(url, (PACKAGES[package],), LONG_S, losses=0))
    assert (len(notes.gaps), notes.losses) == (1, [])


@pytest.mark.parametrize("package", PACKAGES)
def test_without_our_part_of_the_heartbeat_the_server_ends_the_connection(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the tests above go on for long enough to see it."""
    take = Session.take

    def mute(session: Session, text: str, now: float) -> tuple[list[str], Event | None]:
        answers, event = take(session, text, now)
        return [answer for answer in answers if not answer.startswith("3")], event

    monkeypatch.setattr(Session, "take", mute)
    monkeypatch.setattr(Session, "beat", lambda session, now: [])
    with real_server(package, INTERVAL_MS, TIMEOUT_MS) as url:
        notes = asyncio.run(listen(url, (PACKAGES[package],), LONG_S, losses=1))
    assert len(notes.gaps) > 1
