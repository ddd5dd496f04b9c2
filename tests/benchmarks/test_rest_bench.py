"""The REST figures compare the same bytes, answered. Nothing is timed here."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.figures import Sample
from benchmarks.rest import AT_ONCE, at_once, bare, one_by_one, ours, recorded, stock
from benchmarks.restvenue import Counterparty
from benchmarks.venue import HOST, port_of
from oms.clock import SystemClock


class Counting(Counterparty):
    """Keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.asked: list[tuple[bytes, bytes]] = []
        self.connections: list[asyncio.Task[None]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.connections.append(task)
        await super().serve(reader, writer)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        self.asked.append((head, body))
        return super()._answer(head, body)

    @property
    def orders(self) -> list[tuple[bytes, bytes]]:
        return [asked for asked in self.asked if asked[0].startswith(b"POST")]


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Counting, int]]:
    counterparty = Counting()
    server = await asyncio.start_server(counterparty.serve, HOST, 0)
    async with server:
        yield counterparty, port_of(server)
        await asyncio.gather(*counterparty.connections)


def test_the_bare_post_is_our_order_byte_for_byte() -> None:
    async def compare() -> list[tuple[bytes, bytes]]:
        async with serving() as (counterparty, port):
            wire = await recorded(port, SystemClock())
            async with bare(wire) as send:
                await send()
            return counterparty.orders

    sent, again = asyncio.run(compare())
    assert sent == again
    assert b"X-Signature" in sent[0]


def test_every_side_sends_as_many_orders() -> None:
    async def count() -> tuple[list[int], list[Sample]]:
        async with serving() as (counterparty, port):
            wire = await recorded(port, SystemClock())
            counts, samples = [len(counterparty.orders)], []
            for side in (ours(port, SystemClock()), bare(wire), stock(wire)):
                async with side as send:
                    samples += [await one_by_one(send, 3), await at_once(send, 20)]
                counts.append(len(counterparty.orders))
            return counts, samples

    counts, samples = asyncio.run(count())
    a_side = 10 + 3 + AT_ONCE + 20
    assert counts == [1, 1 + a_side, 1 + 2 * a_side, 1 + 3 * a_side]
    assert all(sample.value > 0 for sample in samples)
