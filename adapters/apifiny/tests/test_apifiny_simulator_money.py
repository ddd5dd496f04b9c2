"""Withdrawals, transfers, deposits and their list at the simulator."""

import json
from decimal import Decimal
from typing import Any

import pytest

from adapters.apifiny.simulator.wallet import TICKET_MS
from adapters.apifiny.tests.apifiny_desk import Desk, code, parsed

D = Decimal


@pytest.fixture
def desk() -> Desk:
    """Return a client of a fresh simulator, its clock known to the venue."""
    desk = Desk()
    desk.pass_ms(1000)
    return desk


def ticket(desk: Desk, venue: str = "BINANCE") -> str:
    """Return a fresh ticket."""
    row = desk.get(f"{venue}/asset/createWithdrawTicket", venue=venue)["result"][0]
    assert row["expiredAt"] == desk.now_ms + TICKET_MS
    return str(row["ticket"])


def withdraw(desk: Desk, **changed: object) -> Any:
    """Withdraw one and a half BTC, with changes."""
    asked: dict[str, object] = {"coin": "BTC", "amount": 1.5, "address": "3Nx", **changed}
    return desk.post("BINANCE/asset/withdraw", **asked)


def amounts(desk: Desk, venue: str = "BINANCE") -> dict[str, tuple[Decimal | int, ...]]:
    """Return amount and frozen by currency."""
    rows = desk.get(f"{venue}/asset/listBalance", venue=venue)["result"]
    return {row["currency"]: (row["amount"], row["frozen"]) for row in rows}


def activities(desk: Desk, venue: str = "BINANCE", **asked: str) -> dict[str, Any]:
    """Return the page of activities, all of them unless told otherwise."""
    times = {"startTimeDate": "0", "endTimeDate": str(desk.now_ms)}
    path = f"{venue}/asset/queryAssetActivityList"
    page: dict[str, Any] = desk.get(path, **(times | asked))["result"][0]
    return page


def test_a_withdrawal_freezes_and_then_leaves(desk: Desk) -> None:
    row = withdraw(desk, ticket=ticket(desk))["result"][0]
    assert (row["status"], row["type"], row["currency"]) == ("SUBMITTED", "OUTGOING", "BTC")
    assert (row["amount"], row["fee"]) == (D("1.5"), D("0.0005"))
    assert amounts(desk)["BTC"] == (1000, D("1.5005"))
    desk.pass_ms(200)
    assert amounts(desk)["BTC"] == (D("998.4995"), 0)
    (record,) = activities(desk)["records"]
    assert (record["logId"], record["status"]) == (row["logId"], "COMPLETED")
    assert record["logCreatedAt"] == str(row["logCreatedAt"])


def test_a_ticket_is_good_once_in_time_and_at_its_exchange(desk: Desk) -> None:
    once = ticket(desk)
    assert withdraw(desk, ticket=once)["error"] is None
    stale = ticket(desk)
    elsewhere = ticket(desk, "COINBASEPRO")
    refused = [withdraw(desk, ticket=once), withdraw(desk, ticket=elsewhere)]
    desk.pass_ms(TICKET_MS)
    refused += [withdraw(desk, ticket=stale), withdraw(desk, ticket="made up")]
    assert [code(answer) for answer in refused] == [393242] * 4
    assert all("ticket" in answer["error"]["message"] for answer in refused)


def test_a_refusal_leaves_the_ticket_good(desk: Desk) -> None:
    held = ticket(desk)
    assert code(withdraw(desk, ticket=held, amount=100_000)) == 393258
    assert withdraw(desk, ticket=held)["error"] is None


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"coin": "DOGE"}, 262266),
        ({"coin": "USDT"}, 262266),
        ({"amount": "1.5"}, 65562),
        ({"amount": True}, 65562),
        ({"amount": 0.001}, 65562),
        ({"address": ""}, 65562),
        ({"memo": 7}, 65562),
    ],
)
def test_what_a_withdrawal_is_refused_for(
    desk: Desk, changed: dict[str, object], wanted: int
) -> None:
    assert code(withdraw(desk, ticket=ticket(desk), **changed)) == wanted
    assert activities(desk)["records"] == []


def test_a_transfer_is_told_of_at_both_ends(desk: Desk) -> None:
    path = "BINANCE/asset/transferToVenue"
    asked: dict[str, object] = {"currency": "USDT", "amount": 10, "targetVenue": "COINBASEPRO"}
    row = desk.post(path, **asked)["result"][0]
    assert (row["status"], row["targetVenue"]) == ("SUBMITTED", "COINBASEPRO")
    desk.pass_ms(200)
    assert amounts(desk)["USDT"] == (D("99999989.9995"), 0)
    assert amounts(desk, "COINBASEPRO")["USDT"] == (100_000_010, 0)
    (out,), (came,) = (activities(desk, venue)["records"] for venue in ("BINANCE", "COINBASEPRO"))
    assert (out["type"], came["type"]) == ("OUTGOING", "IMCOMING")
    assert out["fromAccountId"] == came["fromAccountId"] == "STA-BINANCE_00000001"
    assert out["toAccountId"] == came["toAccountId"] == "STA-COINBASEPRO_00000001"
    desk.sim.switch("spell_incoming", 1)
    assert activities(desk, "COINBASEPRO")["records"][0]["type"] == "INCOMING"


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"targetVenue": "FTX"}, 327741),
        ({"targetVenue": "BINANCE"}, 65562),
        ({"currency": "DOGE"}, 262218),
        ({"amount": 0}, 65562),
        ({"amount": "10"}, 65562),
    ],
)
def test_what_a_transfer_is_refused_for(
    desk: Desk, changed: dict[str, object], wanted: int
) -> None:
    asked = {"currency": "USDT", "amount": 10, "targetVenue": "COINBASEPRO"} | changed
    assert code(desk.post("BINANCE/asset/transferToVenue", **asked)) == wanted


def test_a_move_that_fails_gives_everything_back(desk: Desk) -> None:
    desk.sim.switch("cancel_move", 1)
    withdraw(desk, ticket=ticket(desk))
    desk.pass_ms(200)
    assert amounts(desk)["BTC"] == (1000, 0)
    assert activities(desk)["records"][0]["status"] == "CANCELLED"


def test_the_list_comes_in_pages_by_get_or_post_and_its_numbers_are_text(desk: Desk) -> None:
    desk.sim.switch("move_ms", 0)
    for _ in range(5):
        withdraw(desk, ticket=ticket(desk), amount=1)
    first, last = (activities(desk, limit="2", page=page) for page in ("1", "3"))
    assert (first["total"], first["size"], first["pages"], first["current"]) == (5, 2, 3, 1)
    assert (len(last["records"]), last["current"]) == (1, 3)
    body = {"accountId": "STA-00000001", "startTimeDate": "0", "endTimeDate": str(desk.now_ms)}
    path = "BINANCE/asset/queryAssetActivityList"
    posted = parsed(desk.send("POST", path, json.dumps(body)))["result"][0]
    assert posted["total"] == 5
    wrong = parsed(desk.send("POST", path, json.dumps(body | {"limit": 2})))
    assert code(wrong) == 65562
    assert code(desk.get(path, startTimeDate="0")) == 65562
    assert activities(desk, endTimeDate="1")["records"] == []


def test_a_deposit_is_in_the_list_and_in_the_balance(desk: Desk) -> None:
    desk.sim.switch("deposit", {"venue": "BINANCE", "currency": "ETH", "amount": "2.5"})
    assert amounts(desk)["ETH"] == (D("10002.5"), 0)
    (record,) = activities(desk)["records"]
    assert (record["type"], record["status"], record["amount"]) == (
        "IMCOMING", "COMPLETED", D("2.5"),
    )  # fmt: skip
    with pytest.raises(ValueError, match="deposit takes"):
        desk.sim.switch("deposit", 5)


def test_addresses_stay_and_name_their_coin(desk: Desk) -> None:
    path = "BINANCE/asset/queryAddress"
    row = desk.get(path, venue="BINANCE", coin="USDT.ETH")["result"][0]
    assert (row["currency"], row["coin"]) == ("USDT", "USDT.ETH")
    assert desk.get(path, venue="BINANCE", coin="USDT.ETH")["result"][0] == row
    assert code(desk.get(path, venue="BINANCE", coin="USDT")) == 262266


def test_a_restricted_account_sees_and_does_nothing(desk: Desk) -> None:
    order_id = desk.working()
    desk.sim.switch("restrict", 1)
    shown = desk.get("account/queryAccountInfo")["result"][0]
    assert shown["accountStatus"] == "RESTRICTED"
    assert desk.query(order_id)["orderStatus"] == "SUBMITTED"
    refused = [
        desk.order(),
        desk.post("BINANCE/order/cancelOrder", orderId=order_id),
        desk.get("BINANCE/asset/createWithdrawTicket", venue="BINANCE"),
        withdraw(desk, ticket="any"),
    ]
    assert [code(answer) for answer in refused] == [131162] * 4
    desk.sim.switch("restrict", 0)
    assert desk.post("BINANCE/order/cancelOrder", orderId=order_id)["error"] is None


def test_a_lost_answer_is_of_a_withdrawal_that_was_taken(desk: Desk) -> None:
    held = ticket(desk)
    desk.sim.switch("lose_reply", 1)
    body = {"accountId": "STA-00000001", "venue": "BINANCE", "coin": "BTC", "amount": 1}
    text = json.dumps(body | {"address": "3Nx", "ticket": held})
    assert desk.send("POST", "BINANCE/asset/withdraw", text).drop
    assert len(activities(desk)["records"]) == 1
    desk.sim.switch("lose_request", 1)
    assert desk.send("POST", "BINANCE/asset/withdraw", text).drop
    assert len(activities(desk)["records"]) == 1


def test_the_ledger_shows_moves_and_amounts(desk: Desk) -> None:
    withdraw(desk, ticket=ticket(desk))
    desk.pass_ms(200)
    ledger: Any = desk.sim.ledger()
    assert ledger["balances"]["BINANCE"]["BTC"] == "998.4995"
    (row,) = ledger["transfers"]
    assert (row["kind"], row["amount"], row["status"]) == ("WITHDRAWAL", "1.5", "COMPLETED")


@pytest.mark.parametrize(("name", "body"), [("garble", b'{"resu'), ("html", b"<html>")])
def test_answers_that_are_no_json(desk: Desk, name: str, body: bytes) -> None:
    desk.sim.switch(name, 1)
    answer = desk.send("GET", "BINANCE/utils/currentTimeMillis", "")
    assert answer.body.startswith(body)
    with pytest.raises(ValueError, match="line 1"):
        json.loads(answer.body)


def test_a_throttled_request_and_a_refused_post_do_nothing(desk: Desk) -> None:
    desk.sim.switch("throttle", 1)
    assert code(desk.order()) == 131114
    desk.sim.switch("refuse", 1)
    assert code(desk.order()) == 65562
    assert desk.sim.ledger()["orders"] == []


def test_a_clock_that_is_ahead_tells_so_and_refuses_tokens(desk: Desk) -> None:
    desk.sim.switch("skew_clock", 20_000)
    assert desk.get("utils/currentTimeMillis")["result"] == desk.now_ms + 20_000
    assert code(desk.get("BINANCE/asset/listBalance", venue="BINANCE")) == 196634
