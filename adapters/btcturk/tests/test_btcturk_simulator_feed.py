"""The feed of BtcTurk's simulator: frames, channels, logins and what the user is told."""

from decimal import Decimal

import pytest

from adapters.btcturk.tests.btcturk_desk import KEY, NOW_MS, Desk, Feed, error, signed
from adapters.simserver import SimRequest


def joined(desk: Desk, channel: str, event: str) -> Feed:
    """A socket that has subscribed, its greeting and answer heard; the first model is next."""
    feed = desk.feed()
    assert feed.models() == [991]
    feed.join(channel, event)
    return feed


def test_the_first_frame_is_a_greeting() -> None:
    feed = Desk().feed()
    ((model, fields),) = feed.hear()
    assert (model, set(fields)) == (991, {"type", "current", "min"})


def test_the_feed_is_at_the_root() -> None:
    desk = Desk()
    refused = desk.venue.connect(SimRequest("GET", "/feed", "", {}, b""), NOW_MS)
    assert getattr(refused, "status", None) == 404


@pytest.mark.parametrize(
    ("channel", "event", "ok"),
    [
        ("ticker", "all", True),
        ("ticker", "BTCTRY", True),
        ("trade", "BTCTRY", True),
        ("tradeview", "BTCTRY_60", True),
        ("tradeview", "BTCTRY_7", False),
        ("trade", "btctry", False),
        ("obdiff", "BTC_TRY", False),
        ("gossip", "BTCTRY", False),
    ],
)
def test_a_subscription_is_answered(channel: str, event: str, ok: bool) -> None:
    feed = joined(Desk(), channel, event)
    model, told = feed.hear()[0]
    assert model == 100
    assert (told["ok"], told["message"]) == (ok, f"join|{channel}:{event}")


def test_tickers_come_a_second_apart() -> None:
    desk = Desk()
    feed = joined(desk, "ticker", "all")
    (_, told) = feed.hear()[1]
    assert [item["PS"] for item in told["items"]] == ["BTCTRY", "XRPTRY", "BTCUSDT", "ETHUSDT"]
    assert all("type" not in item for item in told["items"])
    desk.wait(999)
    assert feed.models() == []
    desk.wait(1)
    assert feed.models() == [401]
    feed.join("ticker", "all", join=False)
    desk.wait(1000)
    assert feed.hear() == [(100, {"type": 100, "id": 0, "ok": True, "message": "leave|ticker:all"})]


def test_one_ticker() -> None:
    feed = joined(Desk(), "ticker", "BTCTRY")
    assert feed.hear()[1][1]["DPr"] == 2


def test_trades_come_as_a_list_and_then_one_by_one() -> None:
    desk = Desk()
    desk.place(price="1200010")
    feed = joined(desk, "trade", "BTCTRY")
    (_, told) = feed.hear()[1]
    item = {"D": NOW_MS, "I": "638000000000000001", "A": "0.01", "P": "1200010.00"}
    assert told["items"] == [item]
    desk.wait(1000)
    desk.place(price="1200010")
    desk.place(pairSymbol="XRPTRY", price="18.01", quantity="10")
    ((model, single),) = feed.hear()
    assert (model, single["PS"], single["D"]) == (422, "BTCTRY", desk.now_ms)
    feed.say(101, code=421, channel="trade", event="BTCTRY")
    assert feed.models() == [421]


def test_differences_add_up_to_the_book() -> None:
    desk = Desk()
    feed = joined(desk, "obdiff", "BTCTRY")
    (_, full) = feed.hear()[1]
    asks = {row["P"]: row["A"] for row in full["AO"]}
    sets = [full["CS"]]
    desk.place(price="1200020", quantity="0.07")
    for _ in range(30):
        for model, told in feed.hear():
            assert model == 432
            sets.append(told["CS"])
            for change in told["AO"]:
                assert (change["P"] in asks) == (change["CP"] != 1)
                if change["CP"] == 3:
                    del asks[change["P"]]
                else:
                    asks[change["P"]] = change["A"]
        desk.wait(50)
    assert sets == list(range(1, len(sets) + 1))
    assert len(sets) > 3
    book = desk.get("/api/v2/orderbook", pairSymbol="BTCTRY")["asks"]
    assert asks == {px: str(Decimal(qty).normalize()) for px, qty in book}
    feed.say(101, code=431, channel="obdiff", event="BTCTRY")
    assert feed.models() == [431]


def test_lost_differences_leave_a_gap_in_the_numbers() -> None:
    desk = Desk()
    feed = joined(desk, "obdiff", "BTCTRY")
    feed.hear()
    desk.venue.switch("skip_changes", 1)
    desk.place(price="1200010")
    assert feed.models() == []
    desk.place(price="1200010")
    ((_, told),) = feed.hear()
    assert told["CS"] == 3


def test_books_and_candles() -> None:
    desk = Desk()
    feed = joined(desk, "orderbook", "BTCTRY")
    feed.join("tradeview", "BTCTRY_1D")
    told = feed.hear()
    assert [model for model, _ in told] == [100, 100, 431, 428]
    book, candle = (fields for _, fields in told[2:])
    assert book["PS"] == "BTCTRY"
    assert (candle["P"], candle["R"], candle["D"]) == (
        "BTCTRY",
        "1D",
        NOW_MS // 86_400_000 * 86_400,
    )


@pytest.mark.parametrize(
    "wrong", [{"publicKey": "x"}, {"signature": "x"}, {"nonce": "3000"}, {"timestamp": None}]
)
def test_a_login_by_signature(wrong: dict[str, object]) -> None:
    feed = Desk().feed()
    right = {
        "publicKey": KEY,
        "timestamp": NOW_MS,
        "nonce": 3000,
        "signature": "wxZ/yo9/uTkhVZ99G9lNpslZksJuz/l4HxgXwivmb6s=",
    }
    feed.say(114, **{**right, **wrong})
    feed.say(114, **right)
    assert [(m, f["ok"]) for m, f in feed.hear()[1:]] == [(114, False), (114, True)]
    assert right["signature"] == signed(f"{KEY}3000")


def test_a_login_by_token_and_a_logout() -> None:
    feed = Desk().feed()
    right = {"id": 4711, "username": "alice@example.com", "token": "web-session-token"}
    feed.say(111, **{**right, "id": 4712}, app="pro", platform="linux")
    feed.say(111, **right, app="pro", platform="linux")
    assert [(m, f["ok"]) for m, f in feed.hear()[1:]] == [(112, False), (112, True)]
    feed.say(113, id=4711)
    assert feed.hear() == [(113, {"type": 113, "id": 4711})]
    assert feed.socket.closed
    assert feed.hear() == []


def test_what_the_user_is_told_of_an_order() -> None:
    desk = Desk()
    deaf, feed = desk.feed(), desk.feed().login()
    deaf.hear()
    number = desk.place(price="1200010", newOrderClientId="abc")
    told = feed.hear()
    assert [model for model, _ in told] == [451, 201, 201, 423, 441, 452]
    by_model = dict(told)
    assert by_model[451]["newOrderClientId"] == by_model[423]["orderClientId"] == "abc"
    assert by_model[423]["orderId"] == by_model[441]["id"] == by_model[452]["id"] == number
    desk.wait(2000)
    (fill,) = desk.fills(number)
    assert by_model[423] == {"type": 423, **fill}
    assert by_model[441]["isBid"] is True
    assert deaf.hear() == []


def test_a_cancel_ends_with_452() -> None:
    desk = Desk()
    feed = desk.feed().login()
    number = desk.place()
    desk.cancel(number)
    assert feed.models() == [451, 201]
    desk.wait(300)
    ((model, told), (_, balance)) = feed.hear()
    assert (model, told["id"], told["numLeft"]) == (452, number, "0.01")
    assert balance["payload"] == "order delete"


@pytest.mark.parametrize(
    ("name", "left"),
    [("mute_orders", [201, 201, 423]), ("mute_trades", [451, 201, 201, 441, 452])],
)
def test_models_that_cease_while_the_socket_lives(name: str, left: list[int]) -> None:
    desk = Desk()
    feed = desk.feed().login()
    desk.venue.switch(name, True)
    desk.place(price="1200010")
    assert feed.models() == left


def test_updates_are_told_only_where_asked_for() -> None:
    desk = Desk()
    desk.venue.switch("tell_updates", True)
    feed = desk.feed().login()
    desk.place(price="1200010", quantity="0.08")
    assert 453 in feed.models()


def test_a_feed_that_stalls_says_nothing_ever() -> None:
    desk = Desk()
    feed = desk.feed().login()
    desk.venue.switch("stall_stream", True)
    desk.place()
    assert feed.models() == []
    desk.venue.switch("stall_stream", False)
    assert feed.models() == []
    desk.wait(1000)
    desk.place()
    assert feed.models() == [451, 201]


def test_a_socket_that_breaks() -> None:
    desk = Desk()
    feed = desk.feed()
    feed.hear()
    desk.venue.switch("drop_stream", 1)
    assert feed.models() == []
    assert feed.socket.closed == ""
    assert desk.feed().models() == [991]


def test_events_that_come_twice_or_in_halves() -> None:
    desk = Desk()
    feed = desk.feed().login()
    desk.venue.switch("duplicate", 1)
    desk.place()
    assert feed.models() == [451, 451, 201]
    desk.venue.switch("garble_stream", 1)
    desk.place()
    halved = feed.socket.drain(desk.now_ms)[0]
    assert not halved.endswith("]")


@pytest.mark.parametrize("text", ["", "{", "[]", "[151]", '["151",{}]', "[999,{}]", "[151,[]]"])
def test_what_is_not_known_is_ignored(text: str) -> None:
    feed = Desk().feed()
    feed.socket.receive(text, NOW_MS)
    assert feed.models() == [991]


def test_a_venue_of_the_documents_age_has_no_user_trades() -> None:
    desk = Desk()
    desk.venue.switch("old_rows", True)
    feed = desk.feed().login()
    desk.place(price="1200010")
    told = feed.hear()
    assert 423 not in dict(told)
    assert "newOrderClientId" not in dict(told)[451]
    assert error(desk.cancel(1))[0] == 400
