"""The list of trades, read back as far as is needed, and balances that two calls tell."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adapters.cryptex import history
from adapters.cryptex.mapping import Reading
from adapters.cryptex.tests.cryptex_line import CROSSING, NOW, RESTING, Line, on_line
from oms.core.errors import MalformedMessage
from oms.core.fields import Side

D = Decimal


def test_own_trades_are_those_of_our_orders() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("strangers", 2)
        placed = [await line.client.place(CROSSING) for _ in range(3)]
        assert await line.client.own_trades() == []
        line.owned |= {one.secondary_order_id for one in placed[:2]}
        found = await line.client.own_trades(line.clock.now() - timedelta(minutes=1))
        assert [one.secondary_order_id for one in found] == sorted(line.owned)
        assert await line.client.own_trades(line.clock.now() + timedelta(minutes=1)) == []

    on_line(story)


def test_a_trade_with_oneself_is_two_fills() -> None:
    async def story(line: Line) -> None:
        buy = await line.client.place(RESTING)
        sell = await line.client.place(replace(RESTING, side=Side.SELL, price=D(50000)))
        numbers = [int(one.secondary_order_id) for one in (buy, sell)]
        line.tap.switch("cross", numbers)
        line.owned |= {str(number) for number in numbers}
        found = await line.client.own_trades()
        assert [one.side for one in found] == [Side.BUY, Side.SELL]
        assert len({one.exec_id for one in found}) == 2
        for placed, side in ((buy, Side.BUY), (sell, Side.SELL)):
            sight = await line.order(placed.secondary_order_id, side=side)
            assert [one.side for one in sight.trades] == [side]

    on_line(story)


def _rows(row: dict[str, Any], first: int, count: int, time: int) -> list[dict[str, Any]]:
    return [
        {**row, "transaction_id": first - number, "timestamp": time + 58 - number * 59 // count}
        for number in range(count)
    ]


def _paged(line: Line, *, moves: bool) -> None:
    """A thousand trades a page, one a second; `end` is obeyed or not."""

    rows: list[dict[str, Any]] = []

    def page(data: Any) -> Any:
        rows.extend(data)
        asked = dict(parse_qsl(line.tap.asked[-1].body.decode()))
        if "end" in asked and moves:
            return _rows(rows[0], 9_000, 5, 20260104235900)
        return _rows(rows[0], 10_000, 1000, 20260105000000)

    line.change(page, "TradeHistory")


def test_more_than_a_page_is_read_back_in_time() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(CROSSING)
        _paged(line, moves=True)
        line.owned.add(placed.secondary_order_id)
        assert len(await line.client.own_trades()) == 1005
        forms = [dict(parse_qsl(asked.body.decode())) for asked in line.tap.asked]
        assert [form.get("end") for form in forms[1:]] == [None, "20260105000001"]
        assert all("since" not in form for form in forms)

    on_line(story)


@pytest.mark.parametrize("inclusive", [True, False])
def test_no_trade_of_the_second_that_a_page_ends_in_is_missed(inclusive: bool) -> None:
    """Whether the list goes up to `end` or ends before it is not told."""
    at = 20260105000000

    async def story(line: Line) -> None:
        placed = await line.client.place(CROSSING)
        rows: list[dict[str, Any]] = []

        def page(data: Any) -> Any:
            rows.extend(data)
            row = rows[0]
            late = _rows(row, 10_000, 999, at + 1)
            both = [{**row, "transaction_id": 9_001 - n, "timestamp": at} for n in range(2)]
            asked = dict(parse_qsl(line.tap.asked[-1].body.decode()))
            end = int(asked.get("end", at + 99)) + inclusive
            return [row for row in late + both if row["timestamp"] < end][:1000]

        line.change(page, "TradeHistory")
        line.owned.add(placed.secondary_order_id)
        assert len(await line.client.own_trades()) == 1001

    on_line(story)


def test_a_full_list_that_begins_with_the_oldest_trade_is_no_evidence() -> None:
    """Where `order` is not obeyed, the newest trades are cut off."""

    async def story(line: Line) -> None:
        await line.client.place(CROSSING)

        def oldest_first(data: Any) -> Any:
            rows = _rows(data[0], 10_000, 1000, 20260105000000)
            return sorted(rows, key=lambda row: row["timestamp"])

        line.change(oldest_first, "TradeHistory")
        with pytest.raises(MalformedMessage, match="cut off"):
            await line.client.own_trades(NOW + timedelta(minutes=5))

    on_line(story)


def test_a_list_that_does_not_go_back_is_not_taken_for_the_whole() -> None:
    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        _paged(line, moves=False)
        with pytest.raises(MalformedMessage, match="does not lead to earlier"):
            await line.client.own_trades()

    on_line(story)


def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "PAGES_MAX", 1)

    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        _paged(line, moves=True)
        with pytest.raises(MalformedMessage, match="more than 1 pages"):
            await line.client.own_trades()

    on_line(story)


def test_no_more_is_read_than_is_needed() -> None:
    async def story(line: Line) -> None:
        await line.client.place(CROSSING)
        _paged(line, moves=True)
        await line.client.own_trades(NOW + timedelta(minutes=5))
        assert line.asked().count("TradeHistory") == 1

    on_line(story)


def test_a_flipped_pair_is_another_market_unless_an_alias_says_otherwise() -> None:
    async def story(line: Line) -> str:
        line.tap.switch("flipped_pair", True)
        placed = await line.client.place(CROSSING)
        sight = await line.order(placed.secondary_order_id)
        return sight.trades[0].symbol

    assert on_line(story) == "USD/BTC"
    assert on_line(story, Reading(pair_alias={"USD_BTC": "BTC_USD"})) == "BTC/USD"


# Balances


def test_balances_say_what_orders_hold() -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        found = {one.asset: one for one in await line.client.balances()}
        usd = found["USD"]
        assert (usd.total, usd.available, usd.held) == (D(10_000_000), D(9_999_700), D(300))
        assert found["BTC"].held == 0

    on_line(story)


def test_balances_that_contradict_each_other_are_not_told() -> None:
    """The flag read the wrong way round: more free than there is."""

    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        line.client._whole, line.client._free = line.client._free, line.client._whole
        with pytest.raises(MalformedMessage, match="with_reserves"):
            await line.client.balances()
        assert line.asked().count("Info") == 6

    on_line(story)


def test_the_markets_are_the_configurations() -> None:
    async def story(line: Line) -> None:
        assert [one.symbol for one in await line.client.instruments()] == ["BTC/USD", "LTC/USD"]
        assert line.asked() == []

    on_line(story)
