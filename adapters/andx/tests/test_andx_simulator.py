"""Orders, cancels, balances and withdrawals at ANDX's simulator; one test on a real socket."""

import asyncio
import re
from decimal import Decimal

import pytest

from adapters.andx.tests.andx_desk import NEAR, NOW_MS, Desk, content, error, order_body
from adapters.simserver import serve


def test_a_resting_order_as_status_and_list_show_it() -> None:
    """All fields of the document's sample, decimals as text, each kind as documented."""
    desk = Desk()
    number = desk.place(volume="0.01", price="1000000.5", post_only=True)
    row = desk.status(number)
    assert row == {
        "order_number": 54264,
        "account_number": 109,
        "order_type": "limit",
        "market_code": "BTCTRY",
        "base_currency": "BTC",
        "counter_currency": "TRY",
        "channel_code": "A",
        "price": "1000000.50",
        "volume": "0.01000000",
        "volume_executed": "0.00000000",
        "volume_remaining": "0.01000000",
        "buy_sell": "B",
        "status": "N",
        "add_date": "2018-05-09 16:44:22.811000+00:00",
        "total": "10000.00",
        "avg_price": "0.00",
        "client_id": 7001,
        "post_only": True,
    }
    listed = desk.get("orders/Main/O/BTCTRY/1/")
    assert listed == {
        "orders": [row],
        "page_number": 1,
        "total_page_count": 1,
        "has_next": False,
    }


def test_an_order_near_the_market_goes_through_partial_fills_to_filled() -> None:
    """N, then P with growing volume_executed, then F; volumes always add up."""
    desk = Desk()
    number = desk.place(**NEAR)
    seen = [desk.status(number)]
    for _ in range(57):
        desk.wait(50)
        seen.append(desk.status(number))
    executed = [Decimal(row["volume_executed"]) for row in seen]
    assert executed == sorted(executed)
    assert re.fullmatch("N+P+F+", "".join(row["status"] for row in seen))
    for row in seen:
        total = Decimal(row["volume_executed"]) + Decimal(row["volume_remaining"])
        assert total == Decimal("0.01")
    assert (seen[-1]["avg_price"], seen[-1]["volume_remaining"]) == ("1199999.99", "0.00000000")


def test_a_market_buy_names_its_volume_in_base_currency() -> None:
    """Our choice: the document does not say; avg_price is cut to the market's decimals."""
    desk = Desk()
    number = desk.place(order_type="market", price="0", volume="0.1")
    row = desk.status(number)
    assert (row["status"], row["order_type"], row["price"]) == ("F", "market", "0.00")
    assert row["volume_executed"] == "0.10000000"
    # 0.05 at 1200000.01 and 0.05 at 1200000.02 make 120000.0015, that is 1200000.015 each
    assert (row["avg_price"], row["total"]) == ("1200000.01", "120000.00")


def test_a_market_order_beyond_the_book_is_cancelled_with_what_it_got() -> None:
    """The remainder does not rest: C with volume_executed above nothing."""
    desk = Desk()
    row = desk.status(desk.place(order_type="market", price="0", volume="1.5"))
    assert (row["status"], row["volume_executed"]) == ("C", "1.00000000")
    assert row["volume_remaining"] == "0.50000000"


def test_post_only_that_would_cross_gets_a_number_and_is_rejected() -> None:
    """Our choice: it succeeds as a request and ends as R."""
    desk = Desk()
    row = desk.status(desk.place(price="1200000.01", post_only=True))
    assert (row["status"], row["volume_executed"]) == ("R", "0.00000000")


def test_client_ids_are_echoed_and_may_repeat() -> None:
    """Uniqueness is not promised, so it is not enforced."""
    desk = Desk()
    first, second = desk.place(client_id=5), desk.place(client_id=5)
    assert first != second
    assert desk.status(first)["client_id"] == desk.status(second)["client_id"] == 5


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"account_name": "Other"}, ("account_owner_different", 1101)),
        ({"market_code": "BTCUSD"}, ("market_not_found", 1301)),
        ({"volume": "0.000100001"}, ("invalid_volume", 1302)),
        ({"price": "1000000.001"}, ("invalid_price", 1303)),
        ({"price": "0"}, ("invalid_price", 1303)),
        ({"order_type": "market", "price": "1"}, ("invalid_price", 1303)),
        ({"volume": "0.00009999"}, ("minimum_order_amount", 1304)),
        ({"volume": "0"}, ("minimum_order_amount", 1304)),
        ({"volume": "100.00000001"}, ("insufficient_balance", 1310)),
        ({"volume": "100.00000001", "buy_sell": "S"}, ("insufficient_balance", 1310)),
        (
            {"market_code": "XRPTRY", "order_type": "market", "price": "0", "buy_sell": "S",
             "volume": "1000001"},
            ("insufficient_balance", 1310),
        ),
    ],
)  # fmt: skip
def test_business_errors_come_with_http_200(
    fields: dict[str, object], answer: tuple[str, int]
) -> None:
    """And the order does not exist."""
    desk = Desk()
    assert error(desk.post("orders/", order_body(**fields))) == answer
    assert desk.ledgered() == []


def test_trailing_zeros_are_not_precision() -> None:
    """0.0100000000 is two decimals long."""
    desk = Desk()
    row = desk.status(desk.place(volume="0.0100000000", price="1000000.000"))
    assert (row["volume"], row["price"]) == ("0.01000000", "1000000.00")


def test_a_market_buy_must_be_affordable_at_the_books_prices() -> None:
    """Money held by resting orders cannot be spent twice."""
    desk = Desk()
    desk.place(volume="99.95", price="1000000")
    market = order_body(order_type="market", price="0", volume="0.05")
    assert error(desk.post("orders/", market)) == ("insufficient_balance", 1310)
    assert content(desk.post("orders/", {**market, "volume": "0.04"}))


# --- lists ---------------------------------------------------------------------------------


def test_pages_hold_twenty_orders_newest_first() -> None:
    """45 orders are three pages; beyond the last there is an empty one."""
    desk = Desk(speed=10)
    numbers = [desk.place() for _ in range(45)]
    pages = [desk.get(f"orders/Main/A/BTCTRY/{page}/") for page in (1, 2, 3, 4)]
    assert [len(page["orders"]) for page in pages] == [20, 20, 5, 0]
    assert [page["has_next"] for page in pages] == [True, True, False, False]
    assert {page["total_page_count"] for page in pages} == {3}
    assert [page["page_number"] for page in pages] == [1, 2, 3, 4]
    listed = [row["order_number"] for page in pages for row in page["orders"]]
    assert listed == numbers[::-1]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("O/BTCTRY/1/", ["N"]),
        ("C/BTCTRY/1/", ["F"]),
        ("A/BTCTRY/1/", ["F", "N"]),
        ("A/BTCTRY/", ["F", "N"]),
        ("A/XRPTRY/1/", ["N"]),
        ("A/1/", ["N", "F", "N"]),
        ("A/", ["N", "F", "N"]),
        ("O/1/", ["N", "N"]),
        ("O/2/", []),
    ],
)
def test_lists_by_status_market_and_page(path: str, expected: list[str]) -> None:
    """O and C are filters here, C meaning closed; the third part is a market or a page."""
    desk = Desk()
    desk.place()
    desk.place(order_type="market", price="0")
    desk.place(market_code="XRPTRY", volume="1", price="1")
    orders = desk.get(f"orders/Main/{path}")["orders"]
    assert [row["status"] for row in orders] == expected


def test_an_account_of_somebody_else() -> None:
    """account_owner_different, for lists and balances alike."""
    desk = Desk()
    for path in ("orders/Other/A/1/", "balance/Other/"):
        answer = desk.send(desk.request("GET", path))
        assert error(answer) == ("account_owner_different", 1101)


def test_an_unknown_number_is_not_found() -> None:
    """1201 for a status and for a cancel."""
    desk = Desk()
    for method, path in (("GET", "order_status/122/"), ("POST", "cancel_order/122/")):
        assert error(desk.send(desk.request(method, path))) == ("order_not_found", 1201)


# --- cancels -------------------------------------------------------------------------------


@pytest.mark.parametrize(("speed", "delay_ms"), [(1, 300), (10, 30)])
def test_a_cancel_is_only_submitted_and_happens_later(speed: int, delay_ms: int) -> None:
    """The order works on for 300 ms divided by speed."""
    desk = Desk(speed=speed)
    number = desk.place()
    answer = content(desk.post(f"cancel_order/{number}/"))
    assert answer == {"message": "order_cancel_request_submitted"}
    desk.wait(delay_ms - 1)
    assert desk.status(number)["status"] == "N"
    desk.wait(1)
    assert desk.status(number)["status"] == "C"


def test_an_order_may_fill_while_its_cancel_is_pending() -> None:
    """A partial fill first, and C with it; with more time, F in spite of the cancel."""
    ends = set()
    for delay_ms in (300, 30_000):
        desk = Desk()
        desk.venue.switch("cancel_delay_ms", delay_ms)
        number = desk.place(**NEAR)
        desk.post(f"cancel_order/{number}/")
        desk.wait(delay_ms)
        row = desk.status(number)
        assert Decimal(row["volume_executed"]) > 0
        ends.add(row["status"])
    assert ends == {"C", "F"}


def test_a_second_cancel_is_harmless_and_a_late_one_finds_nothing() -> None:
    """While it is pending the answer is the same and the time does not move; then 1201."""
    desk = Desk()
    number = desk.place()
    desk.post(f"cancel_order/{number}/")
    desk.wait(200)
    assert content(desk.post(f"cancel_order/{number}/"))
    desk.wait(100)
    assert desk.status(number)["status"] == "C"
    assert error(desk.post(f"cancel_order/{number}/")) == ("order_not_found", 1201)


def test_a_cancels_body_is_an_empty_object_or_nothing() -> None:
    """Anything in it is a bad request."""
    desk = Desk()
    number = desk.place()
    path = f"cancel_order/{number}/"
    assert desk.post(path, {"order_number": number}).status == 400
    assert desk.send(desk.request("POST", path, b"[]")).status == 400
    assert desk.send(desk.request("POST", path)).status == 200


# --- money ---------------------------------------------------------------------------------


def test_balances_hold_for_open_orders_and_move_with_trades() -> None:
    """Nothing is lost: what left one currency came into the other at the price of the trade."""
    desk = Desk()
    start = desk.get("balance/")["balances"]
    assert set(start) == {"ETH", "LTC", "USD", "TRY", "BTC", "XRP"}
    assert start["BTC"]["balance"] == start["BTC"]["available_balance"] == "100.00000000"
    desk.place(volume="0.01", price="1000000")
    desk.place(volume="1", price="1300000", buy_sell="S")
    desk.place(order_type="market", price="0", volume="0.02")
    after = desk.get("balance/Main/")["balances"]
    assert after["TRY"] == {
        "currency_code": "TRY",
        "balance": "99975999.99980000",
        "available_balance": "99965999.99980000",
    }
    assert after["BTC"] == {
        "currency_code": "BTC",
        "balance": "100.02000000",
        "available_balance": "99.02000000",
    }
    desk.place(order_type="market", price="0", volume="0.01", buy_sell="S")
    sold = desk.get("balance/Main/")["balances"]
    assert (sold["TRY"]["balance"], sold["BTC"]["balance"]) == (
        "99987999.99970000", "100.01000000",
    )  # fmt: skip


def test_a_hold_ends_with_its_order() -> None:
    """After the cancel everything is available again."""
    desk = Desk()
    number = desk.place()
    assert desk.get("balance/")["balances"]["TRY"]["available_balance"] == "99990000.00000000"
    desk.post(f"cancel_order/{number}/")
    desk.wait(300)
    assert desk.get("balance/")["balances"]["TRY"]["available_balance"] == "100000000.00000000"


def test_a_withdrawal_to_a_saved_address() -> None:
    """The answer has no number; the money has left."""
    desk = Desk()
    body = {"currency_code": "XRP", "amount": "100.25", "alias": "alias_name"}
    answer = content(desk.post("withdrawal/request/", body))
    assert answer == {"message": "Your withdraw request is processing."}
    assert desk.get("balance/")["balances"]["XRP"]["balance"] == "999899.75000000"
    assert desk.venue.ledger()["withdrawals"] == [body]


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"alias": "elsewhere"}, ("Withdraw address not found", 1319)),
        ({"currency_code": "BTC"}, ("Withdraw address not found", 1319)),
        ({"amount": "0"}, ("invalid_amount", 1305)),
        ({"amount": "1000000.01"}, ("insufficient_balance", 1310)),
    ],
)
def test_withdrawals_refused(fields: dict[str, str], answer: tuple[str, int]) -> None:
    """And no money has left."""
    desk = Desk()
    body = {"currency_code": "XRP", "amount": "100.25", "alias": "alias_name", **fields}
    assert error(desk.post("withdrawal/request/", body)) == answer
    assert desk.get("balance/")["balances"]["XRP"]["balance"] == "1000000.00000000"


@pytest.mark.parametrize(
    "body",
    [
        {"currency_code": "XRP", "amount": 100.25, "alias": "alias_name"},
        {"currency_code": "XRP", "amount": "-1", "alias": "alias_name"},
        {"currency_code": "XRP", "amount": "1"},
        {"currency_code": "XRP", "amount": "1", "alias": "alias_name", "note": ""},
    ],
)
def test_withdrawals_malformed(body: dict[str, object]) -> None:
    """Amounts are text; there are no other fields."""
    assert Desk().post("withdrawal/request/", body).status == 400


# --- the whole -----------------------------------------------------------------------------


def test_the_ledger_is_the_sum_of_the_answers() -> None:
    """Canonical symbols, decimals as text, the venue's number and the client's."""
    desk = Desk()
    desk.place(order_type="market", price="0", volume="0.05", client_id=9)
    desk.place(buy_sell="S", price="1300000")
    assert desk.ledgered() == [
        {
            "order_id": "54264", "client_id": "9", "symbol": "BTC/TRY", "side": "BUY",
            "qty": "0.05", "price": None, "cum": "0.05", "notional": "60000.0005",
            "status": "FILLED", "fees": "0",
        },
        {
            "order_id": "54265", "client_id": "7001", "symbol": "BTC/TRY", "side": "SELL",
            "qty": "0.01", "price": "1300000", "cum": "0", "notional": "0", "status": "OPEN",
            "fees": "0",
        },
    ]  # fmt: skip


def test_one_seed_one_history() -> None:
    """The same seed and requests give the same ledger, another seed another one."""

    def history(seed: int) -> object:
        desk = Desk(seed)
        desk.place(**NEAR, client_id=1)
        desk.wait(700)
        return desk.venue.ledger()

    assert history(1) == history(1)
    assert history(1) != history(2)


def test_an_order_over_a_real_socket() -> None:
    """The bytes that were signed arrive as the bytes that are checked."""

    async def run() -> bytes:
        desk = Desk()
        server = await serve(desk.venue, clock_ms=lambda: NOW_MS)
        try:
            host, port = server.url.removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            body = (
                b'{"order_type": "limit",  "market_code":"BTCTRY","volume":"0.01","buy_sell":"B",'
            )
            body += b'"price":"1000000","account_name":"Main"}'
            request = desk.request("POST", "orders/", body)
            lines = ["POST /api/v1/orders/ HTTP/1.1", "Host: x", "Connection: close"]
            lines += [f"{name.upper()}: {value}" for name, value in request.headers.items()]
            lines += [f"Content-Length: {len(body)}", "", ""]
            writer.write("\r\n".join(lines).encode() + body)
            answer = await asyncio.wait_for(reader.read(), 5)
            writer.close()
            return answer
        finally:
            await server.close()

    head, _, body = asyncio.run(run()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b'{"status": "success", "data": {"order_number": 54264}}'
