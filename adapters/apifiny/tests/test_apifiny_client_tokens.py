"""Apifiny's client: its tokens to the letter, and how it takes a no."""

import hashlib
from typing import Any, Final

import jwt
import pytest

from adapters.apifiny.access import claims, token
from adapters.apifiny.tests.apifiny_bench import CREDENTIALS
from adapters.apifiny.tests.apifiny_line import ACCOUNT, Line, known, on_line
from adapters.http import Banned, Throttled
from adapters.port import VenueState
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import OutcomeUnknown, VenueError, VenueRefused

EXP: Final = 1_535_526_941
QUERY: Final = "accountId=STA-00000001&venue=VENUE1"
BODY: Final = (
    '{"accountId": "STA-00000001", "venue": "VENUE1", "orderId": "000000011584603011942221", '
    '"orderInfo": {"symbol": "BTCUSD", "orderType": "LIMIT", "timeInForce": 1, '
    '"orderSide": "BUY", "limitPrice": "100", "quantity": "1.12"}}'
)


# Tokens


@pytest.mark.parametrize(
    ("payload", "signed"),
    [
        (claims(ACCOUNT, QUERY, EXP), "03LAk94xDClDsgB1ZeJXMK9W4xkhO3gTOLECuba9qlM"),
        (claims(ACCOUNT, BODY, EXP), "J9WRH8ZixAZ_jcTcRMgXp6xcMHJxlYM4T8YbcJBN3Wg"),
        (
            claims(ACCOUNT, "STA-00000001", EXP, "Fix"),
            "Tbp-kY_RIwHTVBWJZ0Y3QlwgQh4KSmbSVCoVvd6yFec",
        ),
        (
            {"accountId": "STA-00000001", "secretKeyId": "ak-0001", "exp": EXP},
            "vcsptMF8QohsVhKdK0BmPt1odfDKGalKFHKTXiUdTF0",
        ),
        ({"accessKey": "ak-0001"}, "CSMTA2ac8Wd7PqNwQJdMcCeHg-9rKRbTTNLtElRo0QM"),
    ],
    ids=["query", "body", "FIX logon", "order feed", "market data feed"],
)
def test_the_worked_tokens(payload: dict[str, object], signed: str) -> None:
    assert token(ACCOUNT, payload).rpartition(".")[2] == signed


def test_the_worked_token_of_a_query_is_the_same_to_the_letter() -> None:
    assert token(ACCOUNT, claims(ACCOUNT, QUERY, EXP)) == (
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
        "eyJhY2NvdW50SWQiOiJTVEEtMDAwMDAwMDEiLCJzZWNyZXRLZXlJZCI6ImFrLTAwMDEiLCJkaWdlc3QiOiI1N2JjMm"
        "QzNDEwMWJiNTRkZGRjYzcwNWJkNjJlNTk3MGMyNjFmMTUxZDQwMDZkZWM4MTQ5M2U5NTY1MjU0N2I0IiwiZXhwIjox"
        "NTM1NTI2OTQxfQ.03LAk94xDClDsgB1ZeJXMK9W4xkhO3gTOLECuba9qlM"
    )


def test_an_account_shows_no_secret() -> None:
    shown = repr(ACCOUNT)
    assert CREDENTIALS["api_secret_key"] not in shown
    assert CREDENTIALS["api_key_id"] not in shown


# What is sent


def claims_of(request: SimRequest) -> dict[str, Any]:
    decoded: dict[str, Any] = jwt.decode(
        request.headers["signature"],
        CREDENTIALS["api_secret_key"],
        algorithms=["HS256"],
        options={"verify_exp": False},
    )
    return decoded


def test_the_digest_is_of_the_query_exactly_as_sent() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        await line.ask(order_id)
        (asked,) = line.tap.asked
        assert asked.query == f"accountId=STA-00000001&venue=BINANCE&orderId={order_id}"
        said = claims_of(asked)
        assert list(said) == ["accountId", "secretKeyId", "digest", "exp"]
        assert said["digest"] == hashlib.sha256(asked.query.encode()).hexdigest()
        assert said["exp"] == line.clock.now_ms() // 1000 + 10

    on_line(story)


def test_the_other_readings_of_a_token() -> None:
    async def story(line: Line) -> None:
        with pytest.raises(VenueError):
            await line.client.open_orders()
        said = claims_of(line.tap.asked[0])
        assert said["method"] == "order.listOpenOrder"
        assert said["exp"] == line.clock.now_ms() + 5000

    on_line(story, jwt_exp_unit="ms", jwt_ttl_s=5, jwt_include_method=True)


def test_a_co_located_exchange_has_a_host_of_its_own_and_is_not_in_the_path() -> None:
    async def story(line: Line) -> None:
        order_id = line.desk.working()
        assert (await line.ask(order_id)).state is VenueState.WORKING
        assert line.tap.asked[-1].path == "/ac/v2/order/queryOrderInfo"

    on_line(story, own_host=True)


# Troubles


def test_a_wrong_secret_is_refused_and_told_without_it() -> None:
    async def story(line: Line) -> None:
        for query in (line.client.open_orders(), line.client.order(known("1"))):
            with pytest.raises(VenueRefused, match="2097162") as caught:
                await query
            assert "another" not in str(caught.value)

    on_line(story, api_secret_key="another-secret-0001-another-secret")  # noqa: S106  wrong


def test_a_venue_that_is_down_gives_no_usable_answer() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("rest_down", 1)
        with pytest.raises(OutcomeUnknown, match="HTTP 502"):
            await line.client.open_orders()

    on_line(story)


def test_too_often_is_said_in_the_envelope() -> None:
    async def story(line: Line) -> None:
        line.answer({"result": None, "error": {"code": 131114, "message": "too often"}})
        with pytest.raises(Throttled, match="too often"):
            await line.client.open_orders()

    on_line(story)


def test_the_rate_limits_own_status_does_as_well() -> None:
    async def story(line: Line) -> None:
        line.answer({}, 429)
        with pytest.raises(Throttled):
            await line.client.open_orders()

    on_line(story)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, VenueRefused), (403, Banned), (418, OutcomeUnknown)]
)
def test_an_http_error_without_words(status: int, kind: type[VenueError]) -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda _, __: SimResponse(status, b"<html>")
        with pytest.raises(kind, match=f"HTTP {status}"):
            await line.client.open_orders()

    on_line(story)


def test_what_the_venue_says_back_of_our_secrets_is_hidden() -> None:
    async def story(line: Line) -> None:
        words = f"bad key {CREDENTIALS['api_key_id']} {token(ACCOUNT, {'a': 1})}"
        line.answer({"result": None, "error": {"code": 2097163, "message": words}})
        with pytest.raises(VenueRefused) as caught:
            await line.client.open_orders()
        assert str(caught.value) == "order/listOpenOrder: bad key *** *** (2097163)"

    on_line(story)
