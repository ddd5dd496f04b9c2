"""The rounds' proxy on real sockets: each fate does to the bytes what it says."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.rounds import proxy
from tests.rounds.fates import Fate, Kind, draw
from tests.rounds.proxy import Connection, Wire

WITHIN_S = 10.0
SENT = b"0123456789" * 10


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _through(fate: Fate, *, storming: bool = True) -> tuple[bytes, bytes]:
    """What a venue that answers with the same got, and what came back."""
    got = bytearray()
    closed, served = asyncio.Event(), asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(1000):
                got.extend(piece)
                writer.write(piece)
        await _close(writer)
        closed.set()

    venue = await asyncio.start_server(answer, proxy.HOST, 0)
    wire = Wire(1)
    wire.storming = storming
    wire.fate = lambda door: fate  # type: ignore[method-assign]  # the test's own instead

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await Connection(wire, "v.rest", venue.sockets[0].getsockname()[1]).serve(
                reader, writer
            )
        await _close(writer)
        served.set()

    door = await asyncio.start_server(take, proxy.HOST, 0)
    reader, writer = await asyncio.open_connection(*door.sockets[0].getsockname()[:2])
    back = b""
    with suppress(OSError):
        writer.write(SENT)
        if fate.kind is not Kind.SLOW:
            back = await reader.readexactly(len(SENT)) if not storming else await reader.read()
    await _close(writer)
    if fate.kind is not Kind.TURNED_AWAY:
        await closed.wait()
    await served.wait()
    door.close()
    venue.close()
    return bytes(got), back


def _play(fate: Fate, **options: Any) -> tuple[bytes, bytes]:
    return asyncio.run(asyncio.wait_for(_through(fate, **options), WITHIN_S))


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.RESET, Kind.DROP])
def test_what_goes_to_the_venue_ends_at_the_byte(kind: Kind) -> None:
    """Not one more; what was answered to the rest may come back."""
    got, back = _play(Fate(kind, outward=True, after=37, seconds=0.1))
    assert got == SENT[:37]
    assert SENT[:37].startswith(back)


@pytest.mark.parametrize("kind", [Kind.CUT, Kind.RESET, Kind.DROP])
def test_what_comes_back_ends_at_the_byte(kind: Kind) -> None:
    """The venue has had all of it."""
    got, back = _play(Fate(kind, outward=False, after=5, seconds=0.1))
    assert got == SENT
    assert SENT[:5].startswith(back)


def test_what_is_late_arrives_after_its_sender_has_gone() -> None:
    """A request that nobody waits for any more."""
    got, _ = _play(Fate(Kind.SLOW, outward=True, after=0, seconds=0.2))
    assert got == SENT


def test_who_is_turned_away_sends_nothing() -> None:
    """It was taken up, though."""
    assert _play(Fate(Kind.TURNED_AWAY)) == (b"", b"")


@pytest.mark.parametrize("kind", list(Kind))
def test_in_a_calm_everything_passes(kind: Kind) -> None:
    """Whatever its fate would be."""
    if kind is not Kind.SLOW:
        assert _play(Fate(kind, after=3), storming=False) == (SENT, SENT)


def test_the_same_seed_draws_the_same_fates() -> None:
    """And every kind comes up at every door."""
    drawn = [draw(7, "andx.rest", number) for number in range(300)]
    assert drawn == [draw(7, "andx.rest", number) for number in range(300)]
    assert {fate.kind for fate in drawn} == set(Kind)
    assert drawn != [draw(8, "andx.rest", number) for number in range(300)]


def test_new_orders_are_noted_by_our_ids() -> None:
    """ANDX's and BtcTurk's bodies, Apifiny's D; no cancel, no status request."""
    wire = Wire(1)
    wire.note("andx.rest", b'POST /x HTTP/1.1\r\n\r\n{"side": "B", "client_id": 1001}')
    wire.note("andx.rest", b'{"client_id": 1001}')
    wire.note("btcturk.rest", b'{"newOrderClientId": "00ff"}')
    wire.note("apifiny.fix", b"8=FIX.4.2\x019=1\x0135=D\x0134=2\x0111=7-7\x0154=1\x01")
    wire.note("apifiny.fix", b"8=FIX.4.2\x019=1\x0135=F\x0134=3\x0111=7-8\x0154=1\x01")
    times = {name: seen[0] for name, seen in wire.left.items()}
    assert times == {"andx.rest/1001": 2, "btcturk.rest/00ff": 1, "apifiny.fix/7-7": 1}
