"""The channel of Bitexbit's simulator: both protocol generations, both messages."""

import json

import pytest

from adapters.bitexbit.simulator.socketio import Client
from adapters.bitexbit.tests.bitexbit_desk import NOW_MS, Desk
from adapters.simserver import SimRequest, SimResponse

GENERATIONS = pytest.mark.parametrize("generation", [3, 4])


def knock(desk: Desk, query: str, path: str = "/socket.io/") -> Client | SimResponse:
    return desk.venue.connect(SimRequest("GET", path, query, {}, b""), desk.now_ms)


@GENERATIONS
def test_a_new_order_is_told_with_what_remained_and_whom_it_hit(generation: int) -> None:
    desk = Desk()
    desk.venue.switch("socketio_generation", generation)
    client = desk.listen(generation)
    desk.place(amount="0.07", price="40000.001")
    ((name, event),) = desk.heard(client)
    assert name == "book_BTC_USD"
    assert event == {
        "success": True,
        "date": "1525884262.811",
        "oid": 15234,
        "type": "buy",
        "price": "40000.00100000",
        "amount": "0.02000000",
        "trades": [
            {
                "tid": 6030,
                "type": "sell",
                "price": "40000.001",
                "amount": "0.05",
                "o_id": 10021,
            }
        ],
    }


def test_a_fill_of_a_resting_order_names_it() -> None:
    """The incoming order is somebody's; ours is the one that its trade hit."""
    desk = Desk()
    client = desk.listen()
    order_id = desk.place()["oid"]
    desk.heard(client)
    desk.venue.switch("fill", {"order": order_id, "amount": "0.004"})
    ((_, event),) = desk.heard(client)
    (trade,) = event["trades"]
    assert (event["type"], event["amount"], trade["type"]) == ("sell", "0.0", "buy")
    assert (trade["o_id"], trade["amount"], trade["price"]) == (order_id, "0.004", "30000")
    assert event["oid"] == order_id + 1
    (row,) = desk.get("exchanges/own/")
    assert (row["id"], row["type"]) == (trade["tid"], "sell")
    assert desk.place()["oid"] == order_id + 2  # one sequence for everybody


def test_a_cancel_is_told_with_what_it_removed() -> None:
    desk = Desk()
    client = desk.listen()
    order_id = desk.place()["oid"]
    desk.venue.switch("fill", {"order": order_id, "amount": "0.004"})
    desk.heard(client)
    desk.post("order-cancel/", {"order": order_id})
    ((_, event),) = desk.heard(client)
    assert event == {
        "success": True,
        "date": "1525884262.811",
        "oid": order_id,
        "cancel_order_id": 4535,
        "price": 30000,
        "type": "buy",
        "amount": "0.006",
        "pair": "BTC_USD",
        "cancelled": True,
    }


def test_only_what_was_subscribed_is_told() -> None:
    desk = Desk()
    client = desk.listen(pair="ETH_USD")
    desk.place()
    assert desk.heard(client) == []
    client.receive('42["subscribe","book_BTC_USD"]', desk.now_ms)
    desk.place()
    assert len(desk.heard(client)) == 1
    client.receive('42["unsubscribe","book_BTC_USD"]', desk.now_ms)
    desk.place()
    assert desk.heard(client) == []


def test_events_are_lost_doubled_held_back_and_cut_off() -> None:
    desk = Desk()
    client = desk.listen()
    desk.venue.switch("lose_events", 1)
    desk.place()
    assert desk.heard(client) == []
    desk.venue.switch("duplicate", 1)
    desk.place()
    one, other = desk.heard(client)
    assert one == other
    desk.venue.switch("stall_stream", 1)
    desk.place()
    assert desk.heard(client) == []
    assert client.closed is None
    desk.venue.switch("drop_stream", 1)
    assert client.closed == ""


def test_generation_4_is_pinged_and_must_answer() -> None:
    desk = Desk()
    desk.venue.switch("ping_ms", {"interval": 100, "timeout": 50})
    client = knock(desk, "EIO=4&transport=websocket")
    assert isinstance(client, Client)
    (opened,) = client.drain(NOW_MS)
    told = json.loads(opened[1:])
    assert (opened[0], told["pingInterval"], told["pingTimeout"]) == ("0", 100, 50)
    assert "maxPayload" in told
    assert client.drain(NOW_MS + 100) == ["2"]
    client.receive("3", NOW_MS + 120)
    client.drain(NOW_MS + 260)
    assert client.closed is None
    client.drain(NOW_MS + 271)
    assert client.closed == "ping timeout"


def test_generation_3_pings_and_is_dropped_if_it_does_not() -> None:
    """It is connected without asking."""
    desk = Desk()
    desk.venue.switch("socketio_generation", 3)
    desk.venue.switch("ping_ms", {"interval": 100, "timeout": 50})
    client = knock(desk, "EIO=3&transport=websocket")
    assert isinstance(client, Client)
    opened, connected = client.drain(NOW_MS)
    assert (opened[0], connected) == ("0", "40")
    client.receive("2probe", NOW_MS + 100)
    assert client.drain(NOW_MS + 240) == ["3probe"]
    client.drain(NOW_MS + 251)
    assert client.closed == "ping timeout"


def test_generation_3_takes_a_client_of_generation_4_and_drops_it_in_time() -> None:
    """As the real servers do: it looks right until the heartbeat fails."""
    desk = Desk()
    desk.venue.switch("socketio_generation", 3)
    client = knock(desk, "EIO=4&transport=websocket")
    assert isinstance(client, Client)
    client.drain(NOW_MS)
    client.receive("40", NOW_MS)
    assert client.drain(NOW_MS) == ["40"]  # and no sid, which tells the generation
    client.receive('42["subscribe","book_BTC_USD"]', NOW_MS)
    desk.place()
    assert len(desk.heard(client)) == 1
    client.drain(NOW_MS + 45_001)
    assert client.closed == "ping timeout"


@pytest.mark.parametrize(
    ("query", "path", "status"),
    [
        ("EIO=3&transport=websocket", "/socket.io/", 400),
        ("EIO=2&transport=websocket", "/socket.io/", 400),
        ("EIO=4&transport=polling", "/socket.io/", 400),
        ("EIO=4&transport=websocket", "/", 404),
    ],
)
def test_a_connection_that_is_refused(query: str, path: str, status: int) -> None:
    refused = knock(Desk(), query, path)
    assert isinstance(refused, SimResponse)
    assert refused.status == status


@pytest.mark.parametrize(
    "text",
    [
        "2",
        "7",
        "49",
        '42["subscribe","book_BTC_USD"]',
        "40/admin",
        "1",
        "41",
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(text: str) -> None:
    """An event before the connect packet does too."""
    client = knock(Desk(), "EIO=4&transport=websocket")
    assert isinstance(client, Client)
    client.receive(text, NOW_MS)
    assert client.closed


@pytest.mark.parametrize("text", ["42{}", "42[1]", "42[", '42["subscribe",{}]'])
def test_an_event_that_can_not_be_read_ends_the_connection(text: str) -> None:
    client = Desk().listen()
    client.receive(text, NOW_MS)
    assert client.closed == "parse error"


def test_other_events_are_ignored() -> None:
    client = Desk().listen()
    client.receive('42["hello","book_BTC_USD"]', NOW_MS)
    assert client.closed is None
    assert client.rooms == {"book_BTC_USD"}


def test_other_peoples_trades_are_told_too() -> None:
    desk = Desk()
    client = desk.listen()
    others = {"type": "sell", "pair": "BTC_USD", "amount": "0.1", "price": "39999.999"}
    desk.venue.switch("others", others)
    ((_, event),) = desk.heard(client)
    assert event["trades"][0]["o_id"] == 10001
    assert desk.get("exchanges/own/") == []
    assert len(desk.get("exchanges/")) == 1
