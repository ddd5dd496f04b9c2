"""The simulator's FIX gateway over a real loopback socket, spoken to with simplefix."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import simplefix

from adapters.apifiny.simulator import build
from adapters.apifiny.simulator.fix_fields import Fields, timestamp
from adapters.apifiny.simulator.fix_gateway import encode
from adapters.apifiny.simulator.venue import ApifinySimulator
from adapters.apifiny.tests.apifiny_desk import ACCOUNT, KEY_ID, SECRET, START_MS
from adapters.apifiny.tests.apifiny_fix_desk import token
from adapters.matching import STEP_MS

WAIT_S = 30


class Peer:
    """One connection of a client; the venue's clock is set by hand."""

    def __init__(
        self, sim: ApifinySimulator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.sim = sim
        self._reader = reader
        self._writer = writer
        self._parser = simplefix.FixParser()
        self._seq = count(1)

    def send(self, kind: str, *fields: tuple[int, str]) -> None:
        """Send one message."""
        header = [(35, kind), (34, str(next(self._seq))), (49, ACCOUNT), (52, timestamp(START_MS))]
        self.send_bytes(encode([[*header, (56, "APIFINY"), *fields]]))

    def send_bytes(self, sent: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(sent)

    def log_on(self) -> None:
        """Send a Logon."""
        signed = token(START_MS)
        self.send("A", (95, str(len(signed))), (96, signed), (98, "0"), (108, "30"), (141, "Y"))

    def order(self, order_id: str, price: str) -> None:
        """Send a D."""
        fields: Fields = [(11, order_id), (21, "1"), (55, "BTCUSDT"), (40, "2"), (59, "1")]
        fields += [(60, timestamp(START_MS)), (54, "1"), (44, price), (1, ACCOUNT)]
        self.send("D", *fields, (38, "0.0800"), (207, "BINANCE"))

    def close(self) -> None:
        """Close the connection from this end."""
        self._writer.close()

    async def receive(self, what: str) -> simplefix.FixMessage:
        """Wait for the next message, `what` it should be is for the failure's text."""
        while (message := self._parser.get_message()) is None:
            received = await within(self._reader.read(65_536), what)
            assert received, f"connection closed while waiting for {what}"
            self._parser.append_buffer(received)
        return message

    async def ended(self) -> None:
        """Wait until the venue has closed the connection."""
        assert await within(self._reader.read(65_536), "the end of the connection") == b""


async def within(awaited: Awaitable[bytes], what: str) -> bytes:
    """Wait for a bounded time."""
    try:
        return await asyncio.wait_for(awaited, WAIT_S)
    except TimeoutError:
        raise AssertionError(f"waited {WAIT_S} s in vain for {what}") from None


def meet(
    talk: Callable[[Callable[[], Awaitable[Peer]], ApifinySimulator], Awaitable[None]],
) -> None:
    """Start a gateway on a port of the kernel's choice and talk to it."""

    async def run() -> None:
        faults: list[dict[str, object]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        account = {"account_id": ACCOUNT, "api_key_id": KEY_ID, "api_secret_key": SECRET}
        sim = build(7, 1, account)
        host, port = await sim.start_fix("127.0.0.1", 0, lambda: START_MS)
        writers = []

        async def connect() -> Peer:
            reader, writer = await asyncio.open_connection(host, port)
            writers.append(writer)
            return Peer(sim, reader, writer)

        try:
            await talk(connect, sim)
        finally:
            await sim.stop_fix()
            for writer in writers:
                writer.close()
        assert faults == []

    asyncio.run(run())


def live(sim: ApifinySimulator) -> bool:
    """Tell whether a connection is logged on."""
    return sim.fix.live is not None


def value(message: simplefix.FixMessage, name: int) -> str:
    """Return a field that has to be there."""
    found = message.get(name)
    assert found is not None, f"no {name} in {message}"
    return found.decode()


def test_an_order_goes_in_and_its_fills_come_out_over_a_socket() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        peer.log_on()
        assert value(await peer.receive("the logon"), 35) == "A"
        sim.advance(START_MS)
        order_id = f"00000001{START_MS}100"
        peer.order(order_id, "39999.99")
        ack = await peer.receive("the acknowledgement")
        assert (value(ack, 150), value(ack, 11)) == ("0", order_id)
        sim.advance(START_MS + 400 * STEP_MS)
        fill = await peer.receive("a fill that the gateway pushes")
        assert value(fill, 37) == value(ack, 37)
        assert fill.get(11) is None

    meet(talk)


def test_messages_may_arrive_in_pieces_and_together() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        signed = token(START_MS)
        header = [(49, ACCOUNT), (52, timestamp(START_MS)), (56, "APIFINY")]
        logon = [(35, "A"), (34, "1"), *header, (95, str(len(signed))), (96, signed), (98, "0")]
        test = [(35, "1"), (34, "2"), *header, (112, "x")]
        sent = encode([[*logon, (108, "30")], test])
        for begin in range(0, len(sent), 100):
            peer.send_bytes(sent[begin : begin + 100])
            await asyncio.sleep(0)
        assert value(await peer.receive("the logon"), 35) == "A"
        assert value(await peer.receive("the heartbeat"), 112) == "x"

    meet(talk)


def test_a_raw_data_length_that_lies_gets_a_logout_and_the_end() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        peer.send("A", (95, "1000"), (96, token(START_MS)), (98, "0"), (108, "30"))
        logout = await peer.receive("the logout")
        assert (value(logout, 35), "RawDataLength" in value(logout, 58)) == ("5", True)
        await peer.ended()

    meet(talk)


def test_a_message_with_a_wrong_checksum_is_ignored() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        peer.log_on()
        await peer.receive("the logon")
        test = [(35, "1"), (34, "2"), (49, ACCOUNT), (56, "APIFINY"), (112, "x")]
        peer.send_bytes(encode([test]).replace(b"112=x", b"112=y"))
        peer.send_bytes(encode([test]))
        assert value(await peer.receive("the heartbeat"), 112) == "x"

    meet(talk)


def test_what_is_no_fix_at_all_ends_the_connection() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        peer.send_bytes(b"GET / HTTP/1.1\r\nx=\r\n\r\n")
        await peer.ended()

    meet(talk)


def test_a_cut_and_a_second_logon_close_the_socket() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        first, second = await connect(), await connect()
        first.log_on()
        await first.receive("the first logon")
        second.log_on()
        await second.receive("the second logon")
        await first.ended()
        sim.switch("cut_fix", True)
        await second.ended()

    meet(talk)


def test_a_connection_that_the_client_drops_is_forgotten() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        peer = await connect()
        peer.log_on()
        await peer.receive("the logon")
        assert live(sim)
        peer.close()
        for _ in range(WAIT_S * 100):
            if not live(sim):
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"waited {WAIT_S} s in vain for the gateway to notice")

    meet(talk)


def test_stopping_ends_every_connection_and_the_listener() -> None:
    async def talk(connect: Callable[[], Awaitable[Peer]], sim: ApifinySimulator) -> None:
        logged_on, mute = await connect(), await connect()
        logged_on.log_on()
        await logged_on.receive("the logon")
        await sim.stop_fix()
        await logged_on.ended()
        await mute.ended()
        host, port = await sim.start_fix("127.0.0.1", 0, lambda: START_MS)
        assert (host, port > 0) == ("127.0.0.1", True)

    meet(talk)
