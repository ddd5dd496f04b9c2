"""ANDX's client: its signature to the letter, and its calls over a real socket."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from adapters.andx.client import signature
from adapters.andx.tests.andx_bench import CREDENTIALS
from adapters.andx.tests.andx_line import ACCOUNT, NOW, RESTING, Line, cancel_of, known, on_line
from adapters.port import Balance, Unreadable, VenueState
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import (
    MalformedMessage,
    VenueRefused,
)
from oms.core.fields import Side

# Signatures


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (
            b'{"order_type": "limit", "market_code": "BTCTRY", "volume": "0.01000000", '
            b'"buy_sell": "B", "price": "40683.54", "client_id": 7001, "post_only": false, '
            b'"account_name": "Main"}',
            "BD88127FC5B3E76F0107DE1E2F5FBA99669D68096F942C797A3198B237DAE241",
        ),
        (
            b'{"order_type":"limit","market_code":"BTCTRY","volume":"0.01000000",'
            b'"buy_sell":"B","price":"40683.54","client_id":7001,"post_only":false,'
            b'"account_name":"Main"}',
            "87761362D55CF574C7A41F4B4DCB95C5A7EC1DA81716C64674CB26B6C0826288",
        ),
        (b"{}", "E5107F2B3E5E2643630076FB9CEF63CBDE2074CF097789E4608DC3AB6C61532F"),
    ],
    ids=["order", "the same order without spaces", "no body"],
)
def test_the_worked_signatures(body: bytes, signed: str) -> None:
    """Computed by the official client's own function from the same inputs."""
    assert signature(ACCOUNT, "1525884262.8114073", body) == signed


def test_the_other_reading_of_the_signatures_form() -> None:
    encoded = signature(replace(ACCOUNT, sign_encoding="base64"), "1525884262.8114073", b"{}")
    assert encoded == "5RB/Kz5eJkNjAHb7nO9jy94gdM8Jd4nkYI3Dq2xhUy8="


def test_an_account_shows_no_secret() -> None:
    shown = repr(ACCOUNT)
    for name in ("passphrase", "api_key", "api_secret"):
        assert CREDENTIALS[name] not in shown


# Calls


def test_an_order_is_placed_shown_and_cancelled() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        seen = await line.order(placed.secondary_order_id)
        assert seen.state is VenueState.WORKING
        assert (seen.venue_cl_ord_id, seen.symbol, seen.side) == ("7001", "BTC/TRY", Side.BUY)
        assert (seen.order_qty, seen.price) == (RESTING.order_qty, RESTING.price)
        line.tap.switch("cancel_delay_ms", 0)
        answer = await line.client.cancel(cancel_of(placed))
        assert "order_cancel_request_submitted" in answer

    on_line(story)


def test_what_is_sent_is_what_was_signed() -> None:
    """With the other readings too: the simulator takes only what the document says."""

    async def story(line: Line) -> SimRequest:
        await line.client.open_orders()
        return line.tap.asked[-1]

    asked = on_line(story)
    assert asked.method == "GET"
    stamp = asked.headers["access-timestamp"]
    assert asked.headers["access-sign"] == signature(ACCOUNT, stamp, b"{}")
    assert len(stamp.partition(".")[2]) == 6


def test_the_other_reading_of_the_timestamp_is_whole_milliseconds() -> None:
    async def story(line: Line) -> str:
        with pytest.raises(VenueRefused, match="HTTP 401"):
            await line.client.open_orders()
        return line.tap.asked[-1].headers["access-timestamp"]

    stamp = on_line(story, timestamp_unit="ms")
    assert stamp.isdigit()
    assert len(stamp) == 13


def test_public_calls_carry_no_credentials() -> None:
    async def story(line: Line) -> SimRequest:
        markets = await line.client.instruments()
        assert {market.symbol for market in markets} == {"BTC/TRY", "XRP/TRY"}
        return line.tap.asked[-1]

    assert not [name for name in on_line(story).headers if name.startswith("access")]


def test_a_market_that_can_not_be_read_is_left_out() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body["data"]["markets"][0].pop("base_currency_decimal"))
        assert len(await line.client.instruments()) == 1

    on_line(story)


def test_balances() -> None:
    async def story(line: Line) -> list[Balance]:
        return await line.client.balances()

    assert {balance.asset for balance in on_line(story)} >= {"BTC", "TRY"}


def test_an_order_that_the_venue_does_not_know_is_none() -> None:
    async def story(line: Line) -> None:
        assert await line.client.order(known("999999")) is None

    on_line(story)


def test_an_answer_about_another_order_is_malformed() -> None:
    """The document's own sample asks for 122 and gets 54259."""

    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.switch("wrong_order", 1)
        with pytest.raises(MalformedMessage, match="asked for order"):
            await line.client.order(known(placed.secondary_order_id))

    on_line(story)


def test_an_order_in_an_unknown_state_can_not_be_read() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.change(lambda body: body["data"]["order"].update(status="X"), "order_status")
        sight = await line.client.order(known(placed.secondary_order_id))
        assert isinstance(sight, Unreadable)
        assert (sight.venue_cl_ord_id, sight.secondary_order_id) == (
            "7001",
            placed.secondary_order_id,
        )
        assert "'X'" in sight.reason

    on_line(story)


# Lists


def test_all_pages_are_read_and_the_first_again() -> None:
    async def story(line: Line) -> None:
        for number in range(45):
            await line.client.place(replace(RESTING, cl_ord_id=str(number + 1)))
        before = len(line.tap.asked)
        sights = await line.client.open_orders()
        assert {sight.venue_cl_ord_id for sight in sights} == {str(n + 1) for n in range(45)}
        pages = [asked.path for asked in line.tap.asked[before:]]
        assert [path.rstrip("/").rpartition("/")[2] for path in pages] == ["1", "2", "3", "1"]

    on_line(story)


def test_a_list_without_end_is_malformed() -> None:
    async def story(line: Line) -> None:
        line.change(lambda body: body["data"].update(has_next=True), "orders/")
        with pytest.raises(MalformedMessage, match="100 pages"):
            await line.client.open_orders()

    on_line(story)


def paged(pages: list[list[tuple[int, str]]]) -> Callable[[SimRequest, SimResponse], SimResponse]:
    """A list of closed orders by number and day, in that order."""

    def answer(request: SimRequest, original: SimResponse) -> SimResponse:
        number = int(request.path.rstrip("/").rpartition("/")[2])
        rows = [
            {"order_number": order, "add_date": f"{day} 10:00:00.000001+00:00"}
            for order, day in pages[number - 1]
        ]
        page = {"orders": rows, "page_number": number, "total_page_count": len(pages)}
        return SimResponse(
            200,
            json.dumps(
                {"status": "success", "data": page | {"has_next": number < len(pages)}}
            ).encode(),
        )

    return answer


NEWEST_FIRST: Final = [
    [(9, "2026-01-09"), (8, "2026-01-08")],
    [(7, "2026-01-07"), (6, "2026-01-06")],
    [(5, "2026-01-04"), (4, "2026-01-03")],
    [(3, "2026-01-02"), (2, "2026-01-01")],
]


@pytest.mark.parametrize(
    ("pages", "read"),
    [
        (NEWEST_FIRST, ["1", "2", "3"]),
        ([page[::-1] for page in NEWEST_FIRST[::-1]], ["1", "4", "3", "2"]),
    ],
    ids=["newest first", "oldest first"],
)
def test_closed_orders_are_read_back_to_an_instant(
    pages: list[list[tuple[int, str]]], read: list[str]
) -> None:
    """The document does not say how the list is sorted."""

    async def story(line: Line) -> None:
        line.tap.change = paged(pages)
        sights = await line.client.closed_orders(datetime(2026, 1, 5, tzinfo=UTC))
        assert {sight.secondary_order_id for sight in sights} >= {"9", "8", "7", "6"}
        assert [a.path.rstrip("/").rpartition("/")[2] for a in line.tap.asked] == read

    on_line(story)


@pytest.mark.parametrize("date", ["yesterday", "2026-01-05 10:00:00"])
def test_a_date_that_can_not_be_read_stops_nothing(date: str) -> None:
    async def story(line: Line) -> None:
        line.tap.switch("cancel_delay_ms", 0)
        placed = await line.client.place(RESTING)
        await line.client.cancel(cancel_of(placed))
        while (await line.order(placed.secondary_order_id)).state is not VenueState.CANCELED:
            pass
        line.change(lambda body: body["data"]["orders"][0].update(add_date=date), "orders/")
        (sight,) = await line.client.closed_orders(NOW)
        assert sight.secondary_order_id == placed.secondary_order_id

    on_line(story)


def test_no_closed_orders_is_an_empty_list() -> None:
    async def story(line: Line) -> None:
        assert await line.client.closed_orders(NOW) == []

    on_line(story)
