"""Apifiny's client about account and money, against the simulator over a real socket."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.apifiny.tests.apifiny_line import Line, on_line
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import (
    InvalidOrder,
    MalformedMessage,
    NotSupported,
    OmsError,
    OutcomeUnknown,
    VenueRefused,
    VenueUnavailable,
)
from oms.core.funding import Transfer, TransferKind

D = Decimal
OUT = Transfer(
    transfer_id="t1",
    kind=TransferKind.WITHDRAWAL,
    route="APIFINY",
    asset="BTC",
    amount=D("1.50"),
    address="3Nx",
    security_exchange="BINANCE",
)
OVER = Transfer(
    transfer_id="t2",
    kind=TransferKind.TRANSFER,
    route="APIFINY",
    asset="USDT",
    amount=D(10),
    security_exchange="BINANCE",
    to_exchange="COINBASEPRO",
)


def posts(line: Line) -> list[str]:
    """The last words of the paths that were posted to."""
    return [asked.path.rpartition("/")[2] for asked in line.tap.asked if asked.method == "POST"]


def change_rows(line: Line, part: str, **changed: object) -> None:
    """Have the rows that answer a path changed."""

    def change(request: SimRequest, answer: SimResponse) -> SimResponse:
        if part not in request.path:
            return answer
        told = json.loads(answer.body)
        told["result"] = [row | changed for row in told["result"]]
        return replace(answer, body=json.dumps(told).encode())

    line.tap.change = change


# The account


def test_the_account_and_its_parts() -> None:
    async def story(line: Line) -> None:
        told = await line.client.account()
        assert (told.account_id, told.status, told.can_trade) == ("STA-00000001", "OPENED", True)
        assert [part.account_id for part in told.parts] == [
            "STA-BINANCE_00000001",
            "STA-COINBASEPRO_00000001",
        ]
        line.tap.switch("restrict", 1)
        assert (await line.client.account()).can_cancel is False
        line.answer({"result": [], "error": None})
        with pytest.raises(MalformedMessage, match="one account"):
            await line.client.account()

    on_line(story)


def test_the_fees_of_a_market_and_of_one_of_each_exchange() -> None:
    async def story(line: Line) -> None:
        markets = await line.client.instruments()
        (told,) = await line.client.fees(markets[1])
        assert (told.symbol, told.taker, told.maker) == ("ETH/USDT", D("0.003"), D(0))
        each = await line.client.fees()
        assert [(fee.security_exchange, fee.symbol) for fee in each] == [
            ("BINANCE", "BTC/USDT"),
            ("COINBASEPRO", "BTC/USDT"),
        ]

    on_line(story)


@pytest.mark.parametrize("gone", ["asset", "order"])
def test_the_fees_are_found_under_the_other_path(gone: str) -> None:
    async def story(line: Line) -> None:
        def change(request: SimRequest, answer: SimResponse) -> SimResponse:
            return SimResponse(404, b"") if f"/{gone}/getCom" in request.path else answer

        line.tap.change = change
        (market, *_) = await line.client.instruments()
        assert len(await line.client.fees(market)) == 1
        assert f"/{gone}/" in line.tap.asked[-2].path

    on_line(story, fee_path=f"{gone}/getCommissionRate")


def test_currencies_and_exchanges() -> None:
    async def story(line: Line) -> None:
        found = await line.client.currencies()
        assert [(told.asset, told.name) for told in found] == [
            ("BTC", "BTC"),
            ("USDT", "USDT.ETH"),
            ("ETH", "ETH"),
        ]
        told = await line.client.exchanges()
        assert told["BINANCE"] is True
        assert told["FTX"] is False

    on_line(story)


# Where to


def test_the_address_of_an_asset_or_of_its_coin() -> None:
    async def story(line: Line) -> None:
        told = await line.client.deposit_address("USDT", "BINANCE")
        assert (told.asset, told.network) == ("USDT", "USDT.ETH")
        assert await line.client.deposit_address("USDT.ETH", "BINANCE") == told
        with pytest.raises(VenueRefused, match="does not list DOGE"):
            await line.client.deposit_address("DOGE", "BINANCE")
        change_rows(line, "queryAddress", coin="BTC", currency="BTC")
        with pytest.raises(MalformedMessage, match=r"asked for an address of USDT\.ETH"):
            await line.client.deposit_address("USDT", "BINANCE")

    on_line(story)


def test_an_asset_on_several_chains_wants_its_network() -> None:
    async def story(line: Line) -> None:
        def change(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "listCurrency" not in request.path:
                return answer
            told = json.loads(answer.body)
            (usdt,) = (row for row in told["result"] if row["currency"] == "USDT")
            told["result"].append(usdt | {"coin": "USDT.TRX"})
            return replace(answer, body=json.dumps(told).encode())

        line.tap.change = change
        usdt = replace(OUT, asset="USDT")
        for asked in (usdt, replace(usdt, network="BTC.X")):
            with pytest.raises(InvalidOrder, match=r"one of USDT\.ETH, USDT\.TRX"):
                await line.client.move(asked)
        for network in ("USDT.ETH", "ETH"):
            await line.client.move(replace(usdt, network=network))
        assert posts(line) == ["withdraw"] * 2

    on_line(story)


# Moving


def test_a_withdrawal_has_its_ticket_first_and_goes_once() -> None:
    async def story(line: Line) -> None:
        told = await line.client.move(OUT)
        assert (told.status, told.done, told.refused) == ("SUBMITTED", False, False)
        assert (told.amount, told.fee) == (D("1.5"), D("0.0005"))
        ledger: Any = line.desk.sim.ledger()
        assert [row["transfer_id"] for row in ledger["transfers"]] == [told.reference]
        *_, ticket, withdrawal = line.tap.asked
        assert ticket.path.endswith("createWithdrawTicket")
        body = withdrawal.body.decode()
        assert '"amount": 1.5, "address": "3Nx", "ticket": ' in body
        assert json.loads(body)["ticket"] not in told.raw

    on_line(story)


def test_a_memo_goes_along() -> None:
    async def story(line: Line) -> None:
        await line.client.move(replace(OUT, memo="77"))
        assert b'"memo": "77", "ticket"' in line.tap.asked[-1].body

    on_line(story)


def test_a_transfer_to_another_exchange() -> None:
    async def story(line: Line) -> None:
        told = await line.client.move(OVER)
        assert (told.status, told.amount) == ("SUBMITTED", D(10))
        assert b'"currency": "USDT", "amount": 10, "targetVenue"' in line.tap.asked[-1].body
        assert posts(line) == ["transferToVenue"]

    on_line(story)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (replace(OUT, amount=None), InvalidOrder),
        (replace(OUT, amount=D(0)), InvalidOrder),
        (replace(OUT, address=""), InvalidOrder),
        (replace(OUT, security_exchange=""), InvalidOrder),
        (replace(OUT, kind=TransferKind.COUPON_CREATE), NotSupported),
        (replace(OVER, to_exchange="BINANCE"), InvalidOrder),
        (replace(OVER, to_exchange=""), InvalidOrder),
        (replace(OUT, amount=D(100_000)), VenueRefused),
        (replace(OVER, to_exchange="FTX"), VenueRefused),
    ],
)
def test_moves_that_do_not_happen(asked: Transfer, error: type[OmsError]) -> None:
    async def story(line: Line) -> None:
        with pytest.raises(error):
            await line.client.move(asked)
        assert line.desk.sim.ledger()["transfers"] == []

    on_line(story)


@pytest.mark.parametrize("name", ["lose_reply", "garble", "html"])
@pytest.mark.parametrize("asked", [OUT, OVER])
def test_a_lost_answer_leaves_the_outcome_unknown_and_the_list_tells(
    name: str, asked: Transfer
) -> None:
    async def story(line: Line) -> None:
        since = line.clock.now()

        def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
            if request.method == "POST" and name != "lose_reply":
                return replace(answer, body={"garble": b'{"res', "html": b"<html>"}[name])
            return answer

        line.tap.change = spoil
        if name == "lose_reply":
            line.tap.switch(name, 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.move(asked)
        assert len(posts(line)) == 1
        told = await line.client.moved(asked, since)
        assert told is not None
        assert (told.status, told.done) == ("SUBMITTED", False)
        line.desk.pass_ms(1000)
        later = await line.client.moved(asked, since)
        assert later is not None
        assert (later.reference, later.done) == (told.reference, True)

    on_line(story)


def test_a_request_that_was_lost_on_the_way_is_not_in_the_list() -> None:
    async def story(line: Line) -> None:
        since = line.clock.now()
        line.tap.switch("lose_request", 1)
        with pytest.raises(OutcomeUnknown):
            await line.client.move(OVER)
        assert await line.client.moved(OVER, since) is None

    on_line(story)


def test_only_the_right_row_is_evidence() -> None:
    async def story(line: Line) -> None:
        since = line.clock.now()
        await line.client.move(OUT)
        for other in (
            replace(OUT, amount=D("1.4")),
            replace(OUT, address="3Ny"),
            replace(OUT, asset="ETH"),
            replace(OVER, asset="BTC", amount=D("1.5")),
        ):
            assert await line.client.moved(other, since) is None
        assert await line.client.moved(OUT, since + timedelta(minutes=1)) is None
        assert await line.client.moved(OUT, since) is not None
        second = await line.client.move(OUT)
        # Two that look the same: nothing tells which of them it is, but their names do.
        assert await line.client.moved(OUT, since) is None
        named = await line.client.moved(OUT, since, second.reference)
        assert named is not None
        assert named.reference == second.reference
        assert await line.client.moved(OUT, since, "no such name") is None

    on_line(story)


def test_a_move_that_the_venue_cancelled_is_refused() -> None:
    async def story(line: Line) -> None:
        since = line.clock.now()
        line.tap.switch("cancel_move", 1)
        await line.client.move(OUT)
        line.desk.pass_ms(1000)
        told = await line.client.moved(OUT, since)
        assert told is not None
        assert (told.done, told.refused) == (False, True)
        change_rows(line, "asset/withdraw", status="CANCELLED")
        with pytest.raises(VenueRefused, match="CANCELLED"):
            await line.client.move(OUT)

    on_line(story)


@pytest.mark.parametrize(
    "changed", [{"amount": 2}, {"coin": "ETH"}, {"targetAddress": "3Ny"}, {"status": "MAYBE"}]
)
def test_an_answer_about_something_else_leaves_the_outcome_unknown(changed: Any) -> None:
    async def story(line: Line) -> None:
        change_rows(line, "asset/withdraw", **changed)
        with pytest.raises(OutcomeUnknown, match="asset/withdraw"):
            await line.client.move(OUT)

    on_line(story)


@pytest.mark.parametrize("name", ["garble", "html", "server_error"])
def test_a_ticket_that_can_not_be_had_means_that_nothing_was_sent(name: str) -> None:
    async def story(line: Line) -> None:
        def spoil(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "createWithdrawTicket" not in request.path:
                return answer
            return SimResponse(500 if name == "server_error" else 200, b"<html>")

        line.tap.change = spoil
        with pytest.raises(VenueUnavailable, match="before the withdrawal"):
            await line.client.move(OUT)
        assert posts(line) == []

    on_line(story)


def test_a_ticket_that_is_refused_refuses_the_withdrawal() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("restrict", 1)
        with pytest.raises(VenueRefused, match="131162"):
            await line.client.move(OUT)
        assert posts(line) == []

    on_line(story)


def test_several_addresses_or_tickets_are_one_too_many() -> None:
    async def story(line: Line) -> None:
        def twice(request: SimRequest, answer: SimResponse) -> SimResponse:
            if "queryAddress" not in request.path and "Ticket" not in request.path:
                return answer
            told = json.loads(answer.body)
            return replace(answer, body=json.dumps(told | {"result": told["result"] * 2}).encode())

        line.tap.change = twice
        with pytest.raises(MalformedMessage, match="one address"):
            await line.client.deposit_address("BTC", "BINANCE")
        with pytest.raises(VenueUnavailable, match="one ticket"):
            await line.client.move(OUT)
        assert posts(line) == []

    on_line(story)
