"""BtcTurk's errors: every documented message and status, for each operation, and answers that are none."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest

from adapters.btcturk.tests.btcturk_bench import CREDENTIALS
from adapters.btcturk.tests.btcturk_line import RESTING, Line, cancel_of, known, on_line
from adapters.http import Banned, Throttled, Unreachable
from adapters.port import Placed
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import (
    MalformedMessage,
    OutcomeUnknown,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.fields import CxlRejReason, OrdRejReason

OPERATIONS: Final[dict[str, Callable[[Line], Awaitable[Any]]]] = {
    "new": lambda line: line.client.place(RESTING),
    "cancel": lambda line: line.client.cancel(
        cancel_of(Placed(secondary_order_id="9932534", raw=""))
    ),
    "look": lambda line: line.client.order(known("9932534")),
    "lists": lambda line: line.client.open_orders(),
}

MESSAGES: Final = [
    ("Unauthorized - Invalid Signature", 0, 401),
    ("Unauthorized - Invalid Public/Private key", 0, 401),
    ("Unauthorized - Headers are missing", 0, 401),
    ("Unauthorized - Invalid Request", 0, 401),
    ("PARAMETERS_ERROR", 0, 400),
    ("FAILED_ORDER_PARAMETER", 0, 400),
    ("BALANCE_NOT_ENOUGH", 1055, 400),
    ("BALANCE_NOT_ENOUGH_WITHOUT_OPEN_ORDERS", 0, 400),
    ("FAILED_ORDER_WITH_OPEN_ORDERS", 1122, 400),
    ("MIN_TOTAL", 0, 422),
    ("FAILED_MIN_TOTAL_AMOUNT", 1123, 400),
    ("FAILED_MARKET_ORDER", 1118, 400),
    ("FAILED_LIMIT_ORDER", 1120, 400),
    ("STOP_PRICE_GREATER_THAN_MARKET", 0, 422),
    ("STOP_PRICE_LESS_THAN_MARKET", 0, 422),
    ("FAILED_STOP_PRICE_GREATER_THAN_BEST_ASK", 1124, 400),
    ("FAILED_STOP_PRICE_LESS_THAN_BEST_BID", 1125, 400),
    ("FAILED_INVALID_PRICE_SCALE", 1126, 400),
    ("FAILED_INVALID_QUANTITY_SCALE", 1127, 400),
    ("FAILED_INVALID_STOP_PRICE_SCALE", 1128, 400),
    ("ORDER_METHOD_NOT_SUPPORTED", 1134, 400),
    ("ORDER_TYPE_NOT_SUPPORTED", 1193, 400),
    ("PRICE_MUST_BE_LESS_THAN_MAXPRICE", 1226, 400),
    ("PRICE_MUST_BE_LESS_THAN_MINPRICE", 1227, 400),
    ("ORDER_MIN_PRICE_EXCEEDED", 0, 400),
    ("ORDER_MAX_PRICE_EXCEEDED", 0, 400),
    ("NO_ORDER_MATCHES_YOUR_REQUEST", 1051, 400),
    ("NO_ORDER_MATCHES_YOUR_REQUEST", "1052", 400),
    ("ORDER_COULD_NOT_BE_CANCELED", 1050, 400),
    ("502 - Not enough balance", 502, 400),
    ("SOMETHING_NEW", "", 400),
]
"""Every message that a document or a user has told of, with its code and status."""


def answered(line: Line, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
    """Have every signed request about orders answered so, in the simulator's stead."""

    def change(request: SimRequest, told: SimResponse) -> SimResponse:
        if "rder" not in request.path:
            return told
        return SimResponse(status, body, headers or {})

    line.tap.change = change


def envelope(message: str, code: object, *, success: bool = False) -> bytes:
    return json.dumps({"success": success, "message": message, "code": code}).encode()


def raised(
    operation: str, status: int, body: bytes, headers: dict[str, str] | None = None
) -> tuple[Any, int]:
    """What an operation raises at such an answer, or returns; and how often it was asked."""

    async def story(line: Line) -> tuple[Any, int]:
        answered(line, status, body, headers)
        try:
            told: Any = await OPERATIONS[operation](line)
        except Exception as error:  # noqa: BLE001  it is looked at
            told = error
        return told, sum("rder" in asked.path for asked in line.tap.asked)

    return on_line(story)


@pytest.mark.parametrize(("message", "code", "status"), MESSAGES)
@pytest.mark.parametrize("operation", ["new", "cancel"])
def test_every_message_is_a_refusal_in_the_venues_words(
    operation: str, message: str, code: object, status: int
) -> None:
    """Whatever the number: codes have moved. Nothing is sent twice."""
    body = envelope(message, code, success=status == 401)
    error, count = raised(operation, status, body)
    assert isinstance(error, VenueRefused)
    assert message in str(error)
    assert count == 1


def test_what_a_refused_cancel_says() -> None:
    error, _ = raised("cancel", 400, envelope("NO_ORDER_MATCHES_YOUR_REQUEST", 1051))
    assert error.cxl_rej_reason is CxlRejReason.UNKNOWN_ORDER
    error, _ = raised("cancel", 400, envelope("ORDER_COULD_NOT_BE_CANCELED", 1050))
    assert error.cxl_rej_reason is CxlRejReason.TOO_LATE_TO_CANCEL
    error, _ = raised("new", 400, envelope("BALANCE_NOT_ENOUGH", 1055))
    assert error.ord_rej_reason is OrdRejReason.ORDER_EXCEEDS_LIMIT


def test_a_cancel_that_is_blocked_may_be_asked_for_again() -> None:
    error, _ = raised("cancel", 400, envelope("ORDER_CANCEL_BLOCKED", 0))
    assert isinstance(error, VenueUnavailable)


@pytest.mark.parametrize("message", ["Order not found", "ORDER NOT FOUND"])
def test_an_order_that_is_not_found(message: str) -> None:
    assert raised("look", 400, envelope(message, 1152))[0] is None


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_stamp_that_is_refused_twice_was_not_executed(operation: str) -> None:
    body = envelope("Unauthorized - Invalid Nonce", 1037, success=True)
    error, count = raised(operation, 401, body)
    assert isinstance(error, VenueUnavailable)
    assert count == 2


@pytest.mark.parametrize("success", [True, False])
@pytest.mark.parametrize("operation", ["new", "cancel", "lists"])
def test_the_status_comes_before_the_body(operation: str, success: bool) -> None:
    """A 401 says success."""
    body = envelope("Unauthorized - Invalid Signature", 0, success=success)
    assert isinstance(raised(operation, 401, body)[0], VenueRefused)


def test_a_failure_under_status_200_is_one() -> None:
    error, _ = raised("new", 200, envelope("BALANCE_NOT_ENOUGH", "1055"))
    assert isinstance(error, VenueRefused)


PAGE: Final = b"<html><body><h1>504 Gateway Time-out</h1></body></html>"
STATUSES: Final = {
    400: VenueRefused,
    401: VenueRefused,
    403: VenueRefused,
    404: VenueRefused,
    405: VenueRefused,
    408: OutcomeUnknown,
    415: VenueRefused,
    422: VenueRefused,
    429: Throttled,
    500: OutcomeUnknown,
    502: OutcomeUnknown,
    503: OutcomeUnknown,
    504: OutcomeUnknown,
    301: OutcomeUnknown,
    307: OutcomeUnknown,
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", STATUSES)
def test_every_status(operation: str, status: int) -> None:
    """With a page of HTML for a body: only the status speaks."""
    error, count = raised(operation, status, PAGE, {"Location": "http://127.0.0.1:1/elsewhere"})
    assert isinstance(error, STATUSES[status])
    assert count == 1


def test_retry_after_is_obeyed_where_it_was_told_and_nowhere_else() -> None:
    async def story(line: Line) -> None:
        await line.client.balances()
        answered(line, 429, b"{}", {"Retry-After": "7"})
        with pytest.raises(Throttled) as caught:
            await line.client.place(RESTING)
        assert caught.value.retry_after_s == 7
        assert "slowed until" in line.budget.slowed
        assert await line.client.server_time()  # another limit

    on_line(story)


NONSENSE: Final = {
    "a page": PAGE,
    "nothing": b"",
    "half of it": b'{"success":true,"data":{"id":99',
    "a list": b"[]",
    "a number": b"7",
    "no envelope": b'{"id": 9932534}',
    "success as text": b'{"success":"true","data":{}}',
    "no data": b'{"success":true}',
    "data of another kind": b'{"success":true,"data":"yes"}',
    "not a number": b'{"success":true,"data":{"id":NaN}}',
    "a deep hole": b"[" * 100_000,
    "too much": b'{"success":true,"data":"' + b"x" * (8 * 1024 * 1024) + b'"}',
}


@pytest.mark.parametrize("what", NONSENSE)
def test_an_answer_that_is_none_leaves_a_new_order_in_doubt(what: str) -> None:
    error, count = raised("new", 200, NONSENSE[what])
    assert isinstance(error, OutcomeUnknown)
    assert count == 1


@pytest.mark.parametrize("what", sorted(set(NONSENSE) - {"no data", "data of another kind"}))
def test_an_answer_that_is_none_leaves_a_cancel_in_doubt(what: str) -> None:
    """The data of a cancel may be missing, and are not read."""
    assert isinstance(raised("cancel", 200, NONSENSE[what])[0], OutcomeUnknown)


@pytest.mark.parametrize("what", NONSENSE)
@pytest.mark.parametrize("operation", ["look", "lists"])
def test_a_question_without_an_answer(operation: str, what: str) -> None:
    error, _ = raised(operation, 200, NONSENSE[what])
    assert isinstance(error, MalformedMessage | OutcomeUnknown)


def test_a_venue_that_is_not_there() -> None:
    async def story(line: Line) -> None:
        line.door.account = replace(line.door.account, base_url="http://127.0.0.1:1")
        with pytest.raises(Unreachable):
            await line.client.place(RESTING)

    on_line(story)


def test_too_many_refusals_to_let_us_in_are_not_tried_on() -> None:
    """Fifty in a row bar the address."""

    async def story(line: Line) -> None:
        bans: list[bool] = []
        line.budget.when_slowed(lambda text, banned: bans.append(banned))
        answered(line, 401, envelope("Unauthorized - Invalid Signature", 0, success=True))
        for number in range(10):
            with pytest.raises(VenueRefused):
                await line.client.order(known("1"))
            assert bans == ([True] if number == 9 else [])
        assert Banned.__name__ not in line.budget.slowed
        assert "unauthorised" in line.budget.slowed

    on_line(story)


def test_no_error_quotes_a_secret() -> None:
    key = CREDENTIALS["api_key"]
    error, _ = raised("new", 400, envelope(f"no such key: {key}", 0))
    assert key not in str(error)
    assert "***" in str(error)
