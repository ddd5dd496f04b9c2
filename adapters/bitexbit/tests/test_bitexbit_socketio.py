"""Socket.IO frame by frame, in both generations, and what the channel's messages say."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.bitexbit.events import BookEvent, Hit, Rooms, book_event
from adapters.bitexbit.socketio import Event, OtherGeneration, Session, address, emit
from adapters.documents import parse
from oms.core.errors import MalformedMessage, VenueUnavailable
from oms.core.fields import Side

RECORDED = Path(__file__).parents[1] / "recorded"
OPEN: Final = '0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
ROOMS: Final = Rooms("book_{pair}")
D = Decimal


def opened(generation: int) -> Session:
    """A session that has been through its handshake at second 0."""
    session = Session(generation, 0)
    session.take(OPEN, 0)
    session.take("40" if generation == 3 else '40{"sid":"y"}', 0)
    assert session.connected
    return session


# Frames


def test_where_to_connect() -> None:
    told = address("wss://bitexbit.com", 4)
    assert told == "wss://bitexbit.com/socket.io/?EIO=4&transport=websocket"
    assert address("ws://h:1/", 3) == "ws://h:1/socket.io/?EIO=3&transport=websocket"
    assert address("ws://h:1/ws/", 3) == "ws://h:1/ws/?EIO=3&transport=websocket"


def test_an_event_that_is_sent() -> None:
    assert emit("subscribe", "book_BTC_USD") == '42["subscribe","book_BTC_USD"]'


def test_generation_4_asks_to_be_connected() -> None:
    session = Session(4, 0)
    assert session.take(OPEN, 0) == (["40"], None)
    assert not session.connected
    assert session.take('40{"sid":"y"}', 0) == ([], None)
    assert session.connected


def test_generation_3_is_connected_without_asking() -> None:
    session = Session(3, 0)
    assert session.take(OPEN, 0) == ([], None)
    session.take("40", 0)
    assert session.connected


def test_a_connection_without_a_session_of_its_own_is_of_generation_3() -> None:
    """It would look right until the server misses our pings."""
    session = Session(4, 0)
    session.take(OPEN, 0)
    with pytest.raises(OtherGeneration):
        session.take("40", 0)


def test_generation_4_answers_pings_and_notices_their_absence() -> None:
    session = opened(4)
    assert session.take("2", 25) == (["3"], None)
    assert session.wait_s(26) == 44
    assert session.beat(69.9) == []
    with pytest.raises(VenueUnavailable, match="silent for 45 s"):
        session.beat(70)


def test_generation_3_pings_and_notices_silence() -> None:
    session = opened(3)
    assert session.wait_s(0) == 25
    assert session.beat(24) == []
    assert session.beat(25) == ["2"]
    assert session.take("3", 25.1) == ([], None)
    assert session.wait_s(26) == 24
    assert session.beat(50) == ["2"]
    with pytest.raises(VenueUnavailable, match="silent"):
        session.beat(70.1)


def test_a_handshake_that_does_not_come_is_not_waited_for() -> None:
    session = Session(4, 0)
    assert session.beat(19) == []
    with pytest.raises(VenueUnavailable, match="silent for 20 s"):
        session.beat(20)


@pytest.mark.parametrize(
    "frame",
    ['42["a",{"oid":1.10}]', '42/,["a",{"oid":1.10}]', '4217["a",{"oid":1.10}]'],
    ids=["plain", "with a namespace", "with an acknowledgement"],
)
def test_an_event_that_came(frame: str) -> None:
    answers, event = opened(4).take(frame, 1)
    assert answers == []
    assert event is not None
    assert (event.name, event.arguments) == ("a", ({"oid": D("1.10")},))


@pytest.mark.parametrize("frame", ["6", "430[]", "3probe"])
def test_frames_that_say_nothing(frame: str) -> None:
    assert opened(4).take(frame, 1) == ([], None)


@pytest.mark.parametrize("frame", ["1", "41", '44{"message":"no"}', "41/,"])
def test_frames_that_end_the_connection(frame: str) -> None:
    with pytest.raises(VenueUnavailable):
        opened(4).take(frame, 1)


@pytest.mark.parametrize(
    "frame",
    ["", "x", "7", "4", "45-[]", "42", "42{}", "42[]", "42[1]", "42[", '42["a"', "0", "0[]"],
)
def test_what_is_no_frame_is_malformed(frame: str) -> None:
    with pytest.raises(MalformedMessage):
        opened(4).take(frame, 1)


@pytest.mark.parametrize("interval", [0, -1, "25000", None, True])
def test_a_handshake_without_a_heartbeat_is_malformed(interval: object) -> None:
    with pytest.raises(MalformedMessage):
        Session(4, 0).take("0" + json.dumps({"pingInterval": interval, "pingTimeout": 1}), 0)


# Messages


def message(name: str, **changed: object) -> dict[str, Any]:
    told: dict[str, Any] = parse((RECORDED / f"{name}.json").read_bytes())["body"]
    return told | changed


def said(*arguments: Any, name: str = "book_BTC_USD") -> BookEvent | None:
    return book_event(Event(name, arguments, "raw"), ROOMS, frozenset({"BTC_USD", "ETH_USD"}))


NEW: Final = BookEvent(
    symbol="BTC/USD",
    order_id="15234",
    side=Side.SELL,
    price=D("935.23"),
    left=D("0.0"),
    time=datetime(2017, 1, 29, 10, 41, 47, 94000, UTC),
    hits=(
        Hit(
            trade_id="14876",
            resting_id="15201",
            resting_side=Side.BUY,
            qty=D("0.1"),
            px=D("936.00"),
        ),
    ),
    raw="raw",
)


def test_a_new_order() -> None:
    assert said(message("new_order_event")) == NEW


def test_a_cancel_names_its_pair() -> None:
    told = said(message("cancel_event"), name="orderbook")
    assert told is not None
    assert (told.cancelled, told.order_id, told.left, told.hits) == (
        True,
        "15235",
        D("0.0123"),
        (),
    )
    assert told.symbol == "BTC/USD"


def test_a_message_may_stand_behind_its_channels_name_or_be_text() -> None:
    row = message("new_order_event")
    assert said("book_BTC_USD", row, name="message") == NEW
    text = json.dumps(row, default=str)
    found = said(text)
    assert found is not None
    assert found.hits == NEW.hits


def test_with_one_pair_there_is_no_doubt_whose_it_is() -> None:
    event = Event("orderbook", (message("new_order_event"),), "raw")
    assert book_event(event, ROOMS, frozenset({"BTC_USD"})) == NEW
    with pytest.raises(MalformedMessage, match="no pair"):
        book_event(event, ROOMS, frozenset({"BTC_USD", "ETH_USD"}))


def test_a_pair_that_contradicts_its_channel_is_malformed() -> None:
    with pytest.raises(MalformedMessage, match="several"):
        said(message("cancel_event"), name="book_ETH_USD")


def test_other_events_say_nothing() -> None:
    assert said("hello", {"users": 3}) is None
    assert said() is None


def test_a_rooms_name_as_configured() -> None:
    rooms = Rooms("orders/{pair}/v1")
    assert rooms.of("BTC_USD") == "orders/BTC_USD/v1"
    assert rooms.pair("orders/BTC_USD/v1") == "BTC_USD"
    assert rooms.pair("orders//v1") == rooms.pair("book_BTC_USD") == ""


TRADE: Final = {"tid": 1, "type": "buy", "price": "1", "amount": "1", "o_id": 2}


@pytest.mark.parametrize(
    "changed",
    [
        {"success": False},
        {"oid": "15234"},
        {"type": "bid"},
        {"price": None},
        {"amount": "none"},
        {"date": None},
        {"trades": None},
        {"trades": [1]},
        {"trades": [TRADE | {"tid": "1"}]},
        {"trades": [TRADE | {"o_id": None}]},
        {"trades": [TRADE | {"amount": "0"}]},
        {"trades": [TRADE | {"price": "-1"}]},
        {"trades": [TRADE | {"type": 1}]},
    ],
    ids=str,
)
def test_what_is_not_documented_is_malformed(changed: dict[str, object]) -> None:
    with pytest.raises(MalformedMessage):
        said(message("new_order_event", **changed))
