"""Apifiny's list of activities, read to its end and by kind."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from adapters.apifiny.funding import PAGE
from adapters.apifiny.tests.apifiny_line import Line, on_line
from adapters.apifiny.tests.test_apifiny_client_money import OUT, OVER
from adapters.simserver import SimRequest, SimResponse
from oms.core.errors import MalformedMessage

D = Decimal


# The list


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_activities_by_kind(method: str) -> None:
    async def story(line: Line) -> None:
        since = line.clock.now() - timedelta(seconds=1)
        await line.client.move(OUT)
        await line.client.move(OVER)
        deposit = {"venue": "COINBASEPRO", "currency": "ETH", "amount": "2"}
        line.desk.pass_ms(1000)
        line.tap.switch("deposit", deposit)
        (out,) = await line.client.withdrawals(None, since)
        assert (out.asset, out.address, out.done, out.security_exchange) == (
            "BTC", "3Nx", True, "BINANCE",
        )  # fmt: skip
        both = await line.client.transfers("USDT", since)
        assert {(one.security_exchange, one.to_exchange) for one in both} == {
            ("BINANCE", "COINBASEPRO")
        }
        assert len({one.activity_id for one in both}) == 2
        (came,) = await line.client.deposits("ETH")
        assert (came.amount, came.done, came.security_exchange) == (D(2), True, "COINBASEPRO")
        assert await line.client.deposits("BTC") == []
        assert len(await line.client.activities()) == 4
        assert await line.client.activities(since + timedelta(minutes=1)) == []
        assert {
            asked.method for asked in line.tap.asked if asked.path.endswith("ActivityList")
        } == {method}

    on_line(story, activity_method=method)


def test_the_list_is_read_to_its_last_page() -> None:
    async def story(line: Line) -> None:
        for number in range(PAGE + 5):
            amount = D(1) + D(number) / 1000
            line.desk.sim.wallet.deposit("BINANCE", "BTC", amount, line.desk.now_ms)
        found = await line.client.deposits("BTC")
        assert len(found) == PAGE + 5
        pages = [asked.query for asked in line.tap.asked if "/BINANCE/" in asked.path]
        assert [query.rpartition("=")[2] for query in pages] == ["1", "2"]

    on_line(story)


def test_a_record_that_makes_no_sense_is_not_guessed_at() -> None:
    async def story(line: Line) -> None:
        line.answer({"result": [{"records": [{"logId": "1"}], "pages": 1}], "error": None})
        with pytest.raises(MalformedMessage):
            await line.client.activities()
        line.answer({"result": [], "error": None})
        with pytest.raises(MalformedMessage, match="one page"):
            await line.client.activities()

    on_line(story)


@pytest.mark.parametrize("pages", ["two", [1], True, "1e400"])
def test_a_number_of_pages_that_is_none(pages: object) -> None:
    async def story(line: Line) -> None:
        line.answer({"result": [{"records": [{"logId": "1"}], "pages": pages}], "error": None})
        with pytest.raises(MalformedMessage):
            await line.client.moved(OUT, line.clock.now())

    on_line(story)


@pytest.mark.parametrize("pages", [None, 0])
def test_a_full_page_is_not_the_last_where_nobody_counts_them(pages: object) -> None:
    async def story(line: Line) -> None:
        for number in range(PAGE + 5):
            amount = D(1) + D(number) / 1000
            line.desk.sim.wallet.deposit("BINANCE", "BTC", amount, line.desk.now_ms)

        def uncounted(request: SimRequest, answer: SimResponse) -> SimResponse:
            told = json.loads(answer.body)
            told["result"][0]["pages"] = pages
            return replace(answer, body=json.dumps(told).encode())

        line.tap.change = uncounted
        assert len(await line.client.activities()) == PAGE + 5

    on_line(story)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_full_list_is_read_on_whichever_end_it_begins_with(
    monkeypatch: pytest.MonkeyPatch, newest_first: bool
) -> None:
    monkeypatch.setattr("adapters.apifiny.client.LIST_MAX", 2)

    async def story(line: Line) -> None:
        now_ms = line.desk.now_ms

        def listed(request: SimRequest, answer: SimResponse) -> SimResponse:
            asked = {name: int(value) for name, value in parse_qsl(request.query) if "Time" in name}
            if "/BINANCE/" not in request.path:
                return answer
            times = [now_ms - 100 * number for number in range(5)]
            first, last = asked.get("startTime", 0), asked.get("endTime", now_ms)
            inside = sorted((t for t in times if first <= t <= last), reverse=newest_first)
            rows = [{"orderId": str(time), "updatedAt": time} for time in inside[:2]]
            return replace(answer, body=json.dumps(rows).encode())

        line.tap.change = listed
        found = await line.client.closed_orders(line.clock.now() - timedelta(minutes=1))
        assert len({sight.venue_cl_ord_id for sight in found}) == 5

    on_line(story)
