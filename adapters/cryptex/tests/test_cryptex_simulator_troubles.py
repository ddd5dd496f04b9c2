"""The troubles of Cryptex's simulator: each does what it says, and no more than that."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.cryptex.simulator.troubles import CHANGES
from adapters.cryptex.tests.cryptex_desk import NEAR, Desk, content, parsed, refused

D = Decimal


def desk_with(name: str, value: object = 1) -> Desk:
    desk = Desk()
    desk.venue.switch(name, value)
    return desk


def test_a_lost_reply_was_done() -> None:
    """Queries are spared, and one hit is one."""
    desk = desk_with("lose_reply")
    desk.call("Info")
    assert desk.post("Trade", **NEAR).drop
    assert len(desk.ledgered()) == 1
    desk.place()


def test_a_lost_request_was_not_done_and_its_nonce_is_free() -> None:
    desk = desk_with("lose_request", {"n": 1, "on": "CancelOrder"})
    number = desk.place()
    assert desk.post("CancelOrder", order_id=str(number)).drop
    assert desk.ledgered()[0]["status"] == "OPEN"
    desk.nonce -= 1
    desk.call("CancelOrder", order_id=str(number))


@pytest.mark.parametrize("method", CHANGES)
def test_what_changes_something_can_be_refused(method: str) -> None:
    desk = Desk()
    number, code = desk.place(), desk.call("CouponCreate", currency="USD", amount="5")["code"]
    fields: dict[str, dict[str, str]] = {
        "Trade": NEAR,
        "CancelOrder": {"order_id": str(number)},
        "Withdraw": {"amount": "1", "address": "1abc", "currency": "BTC"},
        "CouponCreate": {"currency": "USD", "amount": "1"},
        "CouponRedeem": {"code": code},
    }
    before = desk.ledgered(), desk.venue.ledger()["balances"]
    desk.venue.switch("refuse", 1)
    assert "refused" in refused(desk.post(method, **fields[method]))
    assert (desk.ledgered(), desk.venue.ledger()["balances"]) == before
    desk.call(method, **fields[method])


def test_an_error_500_was_done() -> None:
    desk = desk_with("server_error", {"n": 1, "on": "Trade"})
    assert desk.post("Trade", **NEAR).status == 500
    assert len(desk.ledgered()) == 1


@pytest.mark.parametrize("name", ["garble", "html", "empty", "redirect", "huge"])
def test_an_answer_can_be_spoilt(name: str) -> None:
    desk = desk_with(name)
    spoilt = desk.post("Info")
    whole = desk.post("Info")
    assert (spoilt.status, spoilt.body) != (whole.status, whole.body)
    content(whole)


@pytest.mark.parametrize(("name", "shown"), [("order_zero", {"order": 0}), ("no_order", {})])
def test_an_instant_fill_can_be_answered_without_a_number(name: str, shown: object) -> None:
    """A resting order is always answered with one."""
    desk = desk_with(name)
    assert desk.place() > 0
    answer = desk.call("Trade", **NEAR)
    assert {key: value for key, value in answer.items() if key == "order"} == shown
    (row,) = desk.call("TradeHistory")
    assert row["buy_order_id"] > 0


def test_the_answer_can_be_about_another_order() -> None:
    desk = Desk()
    number = desk.place()
    desk.venue.switch("wrong_order", 2)
    assert list(desk.call("OrderInfo", order_id=str(number))) == [str(number + 1)]
    assert desk.call("CancelOrder", order_id=str(number))["order_id"] == number + 1


def test_a_nonce_can_be_poisoned() -> None:
    desk = Desk()
    desk.call("Info")
    desk.venue.switch("poison_nonce", 1000)
    assert refused(desk.post("Info")) == "nonce must be greater than 1001"
    desk.nonce = 1001
    desk.call("Info")


def test_trades_can_be_late() -> None:
    """The order shows them before the list does."""
    desk = desk_with("delay_trades", 2000)
    number = desk.place(**NEAR)
    assert desk.info(number)["filled"] == D("0.01")
    assert desk.call("TradeHistory") == []
    desk.wait(2000)
    assert len(desk.call("TradeHistory")) == 1


def test_orders_can_be_late() -> None:
    desk = desk_with("hide_orders", 2000)
    number = desk.place()
    assert desk.call("ActiveOrders") == []
    assert refused(desk.post("OrderInfo", order_id=str(number))) == "order not found"
    desk.wait(2000)
    assert len(desk.call("ActiveOrders")) == 1


def test_the_clock_can_be_off() -> None:
    desk = desk_with("skew_clock", -3_600_000)
    desk.place(**NEAR)
    assert desk.call("TradeHistory")[0]["timestamp"] == 20180509154422
    assert desk.info(desk.place())["timestamp"] == 20180509154422


def test_the_pair_can_be_flipped() -> None:
    desk = desk_with("flipped_pair", True)
    desk.place(**NEAR)
    (row,) = desk.call("TradeHistory", pair="BTC_USD")
    assert (row["pair"], row["price"]) == ("USD_BTC", D("40000.01"))


def test_other_peoples_trades_can_be_listed() -> None:
    desk = desk_with("strangers", 3)
    number = desk.place(**NEAR)
    rows = desk.call("TradeHistory")
    assert len(rows) == 4
    assert sum(number in (row["buy_order_id"], row["sell_order_id"]) for row in rows) == 1


@pytest.mark.parametrize(
    ("name", "filled"), [("exponents", b'"filled": 0E+0'), ("text_numbers", b'"filled": "0"')]
)
def test_numbers_can_be_written_otherwise(name: str, filled: bytes) -> None:
    desk = desk_with(name, True)
    number = desk.place()
    assert filled in desk.post("OrderInfo", order_id=str(number)).body


def test_open_orders_can_be_a_map() -> None:
    desk = desk_with("active_as_map", True)
    number = desk.place()
    assert list(desk.call("ActiveOrders")) == [str(number)]


def test_ended_orders_can_be_forgotten() -> None:
    desk = desk_with("forget_ended", True)
    number = desk.place()
    desk.info(number)
    desk.call("CancelOrder", order_id=str(number))
    assert refused(desk.post("OrderInfo", order_id=str(number))) == "order not found"


def test_the_status_can_be_one_for_ever() -> None:
    desk = desk_with("always_active", True)
    number = desk.place()
    desk.call("CancelOrder", order_id=str(number))
    assert desk.info(number)["status"] == 1


def test_the_misprinted_name_can_be_the_right_one() -> None:
    desk = desk_with("acrive_orders", True)
    number = desk.place()
    assert refused(desk.post("ActiveOrders")) == "unknown method"
    assert [row["order_id"] for row in desk.call("AcriveOrders")] == [number]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("refuse", -1),
        ("refuse", True),
        ("refuse", {"n": 1}),
        ("refuse", {"n": 1, "on": 2}),
        ("delay_trades", "1"),
        ("strangers", -1),
        ("flipped_pair", 1),
        ("poison_nonce", -1),
        ("deposit", 5),
        ("deposit", {"currency": "XXX", "amount": 1}),
        ("cross", [1]),
        ("cross", 5),
    ],
)
def test_values_that_do_not_fit_are_turned_away(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"wanted|unknown"):
        Desk().venue.switch(name, value)


def test_unknown_troubles_are_turned_away() -> None:
    with pytest.raises(KeyError):
        Desk().venue.switch("unheard_of", 1)


def test_decimals_of_a_switch_are_whole_numbers() -> None:
    desk = desk_with("refuse", D(1))
    assert "error" in parsed(desk.post("Trade", **NEAR))
