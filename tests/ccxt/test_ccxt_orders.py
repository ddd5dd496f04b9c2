"""Orders through the ccxt-shaped face: what comes back, what is raised, and what never is."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt.async_support as theirs
import pytest

from oms.core.messages import NewOrderSingle
from tests.ccxt.bench import SYMBOL, Bench, call
from tests.oms.lossy_proxy import Loss

DOORS = pytest.mark.parametrize("remote", [True, False], ids=["remote", "in process"])


def _sent(bench: Bench, venue: str = "PLAIN") -> list[NewOrderSingle]:
    """The new orders that reached the venue."""
    requests = [outbound.message for outbound in bench.engine.venues[venue].received]
    return [request for request in requests if isinstance(request, NewOrderSingle)]


@DOORS
def test_a_limit_order_rests_is_found_and_is_cancelled(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange(remote=remote)
        order = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 40000.5)
        assert (order["status"], order["amount"], order["price"]) == ("open", 0.01, 40000.5)
        assert (order["filled"], order["remaining"], order["average"]) == (0, 0.01, None)
        assert (await exchange.fetch_order(order["id"], SYMBOL))["id"] == order["id"]
        assert [o["id"] for o in await exchange.fetch_open_orders(SYMBOL)] == [order["id"]]
        ended = await exchange.cancel_order(order["id"], SYMBOL)
        assert (ended["status"], ended["remaining"]) == ("canceled", 0.01)
        assert await exchange.fetch_open_orders(SYMBOL) == []
        assert [o["id"] for o in await exchange.fetch_canceled_orders()] == [order["id"]]
        with pytest.raises(theirs.OrderNotFound, match="canceled"):
            await exchange.cancel_order(order["id"], SYMBOL)

    call(tmp_path, test)


@DOORS
def test_a_filled_order_has_its_trades_and_exact_figures(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        bench.script("fill")
        exchange = bench.exchange(remote=remote)
        made = await exchange.create_limit_buy_order(SYMBOL, "0.01", "40001")
        order: dict[str, Any] = made
        while order["status"] == "open":
            (order,) = [o for o in await exchange.fetch_orders() if o["id"] == made["id"]]
        assert (order["status"], order["filled"], order["remaining"]) == ("closed", 0.01, 0)
        assert (order["average"], order["cost"]) == (40000.5, 400.005)
        assert [trade["amount"] for trade in order["trades"]] == [0.004, 0.006]
        trades = await exchange.fetch_my_trades(SYMBOL)
        assert [(t["order"], t["price"], t["cost"]) for t in trades] == [
            (order["id"], 40000.5, 160.002),
            (order["id"], 40000.5, 240.003),
        ]
        assert [t["id"] for t in await exchange.fetch_order_trades(order["id"])] == [
            t["id"] for t in trades
        ]
        assert order["info"]["avg_px"] == "40000.5"
        assert [o["id"] for o in await exchange.fetch_closed_orders()] == [order["id"]]
        with pytest.raises(theirs.OrderNotFound, match="closed"):
            await exchange.cancel_order(order["id"])

    call(tmp_path, test)


def test_figures_are_decimals_where_that_is_asked_for(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange(decimals=True)
        order = await exchange.create_order(
            SYMBOL, "limit", "buy", Decimal("0.0100"), Decimal("40000.50")
        )
        assert order["price"] == Decimal("40000.5")
        assert isinstance(order["price"], Decimal)
        assert isinstance(exchange.market(SYMBOL)["precision"]["amount"], Decimal)
        assert isinstance((await exchange.fetch_balance())["BTC"]["free"], Decimal)

    call(tmp_path, test)


MEANT: tuple[tuple[Any, Any, str, str], ...] = (
    (0.1 + 0.2, 40000.005, "0.3", "40000.01"),
    (0.0019999999, 0.1 + 0.2, "0.0019", "0.3"),
    (1, 1e4, "1", "10000"),
    ("0.30", "1.10", "0.30", "1.10"),
    (Decimal("3E-1"), Decimal("1E+2"), "0.3", "100"),
    ("3e-1", "1e2", "0.3", "100"),
)


def test_numbers_reach_the_venue_as_they_were_meant(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        for amount, price, _, _ in MEANT:
            await exchange.create_order(SYMBOL, "limit", "sell", amount, price)
        sent = [(str(request.order_qty), str(request.price)) for request in _sent(bench)]
        assert sent == [(qty, px) for _, _, qty, px in MEANT]

    call(tmp_path, test)


MISFITS: tuple[tuple[Any, Any, str], ...] = (
    ("0.30000000000000004", "1", "nearest 0.3"),
    (Decimal("0.00011"), "1", "nearest 0.0001"),
    (0.1, "1.001", "nearest 1"),
    (1e-8, 1.0, "must be above 0"),
    (float("nan"), 1.0, "not a finite number"),
    (float("inf"), 1.0, "not a finite number"),
    ("a lot", 1.0, "not a number"),
    (True, 1.0, "not a number"),
    (None, 1.0, "not a number"),
    (10**80, 1.0, "more than 64 digits"),
    (0.1, None, "requires a price"),
)


def test_what_does_not_fit_or_is_no_number_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        for amount, price, words in MISFITS:
            with pytest.raises(theirs.InvalidOrder, match=words):
                await exchange.create_order(SYMBOL, "limit", "buy", amount, price)
        assert _sent(bench) == []

    call(tmp_path, test)


NOT_TAKEN: tuple[tuple[tuple[Any, ...], Any, str], ...] = (
    (("limit", "buy", 1, 1, {"leverage": 3}), theirs.NotSupported, "leverage"),
    (("limit", "buy", 1, 1, {"reduceOnly": True}), theirs.NotSupported, "reduceOnly"),
    (("limit", "buy", 1, 1, {"timeInForce": "GTX"}), theirs.InvalidOrder, "GTX"),
    (("limit", "buy", 1, 1, {"postOnly": "yes"}), theirs.InvalidOrder, "true or false"),
    (("iceberg", "buy", 1, 1, {}), theirs.InvalidOrder, "iceberg"),
    (("limit", "hold", 1, 1, {}), theirs.InvalidOrder, "hold"),
    (("limit", "buy", 1, 1, {"triggerPrice": 2}), theirs.NotSupported, "STOP_LIMIT"),
    (("market", "buy", 1, 1, {"cost": 2}), theirs.NotSupported, "by the amount"),
    (("limit", "buy", 1, 1, {"timeInForce": "FOK"}), theirs.NotSupported, "FILL_OR_KILL"),
)


def test_an_order_that_is_not_understood_or_offered_is_refused(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        for asked, kind, words in NOT_TAKEN:
            with pytest.raises(kind, match=words):
                await exchange.create_order(SYMBOL, *asked)
        assert _sent(bench) == []

    call(tmp_path, test)


def test_terms_reach_the_venue(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        only = await exchange.create_post_only_order(SYMBOL, "limit", "buy", 1, 1)
        assert (only["postOnly"], only["timeInForce"]) == (True, "PO")
        at_once = {"timeInForce": "IOC", "clientOrderId": "mine-7", "reduceOnly": False}
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1, at_once)
        assert (order["timeInForce"], order["clientOrderId"]) == ("IOC", "mine-7")
        found = await exchange.fetch_order(None, SYMBOL, {"clientOrderId": "mine-7"})
        assert found["id"] == order["id"]
        market = await exchange.create_market_sell_order(SYMBOL, 1)
        assert (market["type"], market["side"], market["price"]) == ("market", "sell", None)
        first, second, third = _sent(bench)
        assert (first.exec_inst, second.time_in_force.name, third.ord_type.name) == (
            "6",
            "IMMEDIATE_OR_CANCEL",
            "MARKET",
        )

    call(tmp_path, test)


def test_a_name_is_used_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        named = {"clientOrderId": "mine-1"}
        await exchange.create_order(SYMBOL, "limit", "buy", 1, 1, named)
        with pytest.raises(theirs.DuplicateOrderId):
            await exchange.create_order(SYMBOL, "limit", "buy", 1, 1, named)
        assert len(_sent(bench)) == 1

    call(tmp_path, test)


def test_the_venue_refuses(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        venue = bench.engine.venues["PLAIN"]
        for text, kind in (
            ("insufficient_balance (1310)", theirs.InsufficientFunds),
            ("the price is out of the band", theirs.InvalidOrder),
            # Another's words about a rate limit are no leave to send it again.
            ("too many orders, ROUTE DOWN: try again", theirs.InvalidOrder),
        ):
            venue.script = f"refuse {text}"
            with pytest.raises(kind) as caught:
                await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
            assert not isinstance(caught.value, theirs.NetworkError)
            assert text in str(caught.value)
        assert await exchange.fetch_open_orders() == []

    call(tmp_path, test)


@DOORS
def test_an_order_in_doubt_is_open_and_says_so(tmp_path: Path, remote: bool) -> None:
    async def test(bench: Bench) -> None:
        bench.script("doubt")
        exchange = bench.exchange(remote=remote)
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        assert (order["status"], order["info"]["in_doubt"]) == ("open", True)
        assert "no answer" in order["info"]["in_doubt_text"]
        # A cancel is held until the doubt is settled: the order is still open.
        assert (await exchange.cancel_order(order["id"]))["status"] == "open"
        assert [o["id"] for o in await exchange.fetch_open_orders()] == [order["id"]]
        assert len(_sent(bench)) == 1

    call(tmp_path, test)


def test_a_silent_venue_is_waited_for_so_long_and_the_order_is_open(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.script("nothing")
        order = await bench.exchange(timeout=50).create_order(SYMBOL, "limit", "buy", 1, 1)
        assert (order["status"], order["info"]["ord_status"]) == ("open", "PENDING_NEW")

    call(tmp_path, test)


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST, Loss.LATE, Loss.GARBAGE])
def test_a_strategy_that_repeats_after_network_errors_has_one_order(
    tmp_path: Path, loss: Loss
) -> None:
    """The way of most strategies for ccxt: again after every NetworkError."""

    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        bench.proxy.loss = loss
        order = None
        for _ in range(5):
            try:
                order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
                break
            except theirs.NetworkError:
                continue
        assert order is not None
        assert order["status"] == "open"
        if loss is not Loss.REQUEST:
            arrived = "the order is at the venue"
            await asyncio.to_thread(bench.engine.wait_until, arrived, lambda: bool(_sent(bench)))
        assert len(_sent(bench)) == (0 if loss is Loss.REQUEST else 1)
        found = await exchange.fetch_order(order["id"])
        assert found["clientOrderId"] == order["clientOrderId"]
        assert found["info"]["in_doubt"] is (loss is Loss.REQUEST)
        assert len(await exchange.fetch_open_orders(SYMBOL)) == 1

    call(tmp_path, test)


def test_an_order_that_the_engine_does_not_know_yet_is_open_in_doubt_and_found_later(
    tmp_path: Path,
) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        await exchange.create_order(SYMBOL, "limit", "buy", 2, 1)  # the reports are followed now
        bench.proxy.loss = Loss.REQUEST
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1, {"clientOrderId": "m"})
        assert (order["id"], order["status"], order["info"]["in_doubt"]) == ("m", "open", True)
        assert set(order["info"]) <= {"exchange", *(await exchange.fetch_orders())[0]["info"]}
        with pytest.raises(theirs.OperationRejected, match="does not know m yet"):
            await exchange.cancel_order("m")
        assert [o["id"] for o in await exchange.fetch_open_orders()][1:] == ["m"]
        late = bench.engine.oms("grid-1")
        await late.submit(
            venue="PLAIN", symbol=SYMBOL, side="BUY", order_qty=1, price=1, cl_ord_id="m"
        )
        found = await exchange.fetch_order("m")
        assert (found["clientOrderId"], found["id"] != "m") == ("m", True)
        assert len(await exchange.fetch_open_orders()) == 2
        assert exchange._limbo == {}

    call(tmp_path, test)


def test_without_an_engine_nothing_is_sent_and_that_is_a_network_error(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        await exchange.load_markets()
        exchange.door._url = "http://127.0.0.1:1"  # type: ignore[attr-defined]  # behind its protocol
        with pytest.raises(theirs.ExchangeNotAvailable):
            await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)

    call(tmp_path, test)


def test_everything_is_cancelled_or_all_of_a_market(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        for price in (1, 2, 3):
            await exchange.create_order(SYMBOL, "limit", "buy", 1, price)
        (last, *others) = reversed(await exchange.fetch_open_orders())
        assert [o["status"] for o in await exchange.cancel_orders([last["id"]])] == ["canceled"]
        ended = await exchange.cancel_all_orders(SYMBOL)
        assert sorted(o["id"] for o in ended) == sorted(o["id"] for o in others)
        assert {o["status"] for o in ended} == {"canceled"}
        await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        assert [o["status"] for o in await exchange.cancel_all_orders()] == ["canceled"]
        assert await exchange.cancel_all_orders() == []

    call(tmp_path, test)


def test_a_replace_where_there_is_none(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        order = await exchange.create_order(SYMBOL, "limit", "buy", 1, 1)
        with pytest.raises(theirs.NotSupported, match="editOrder"):
            await exchange.edit_order(order["id"], SYMBOL, "limit", "buy", 2, 1)

    call(tmp_path, test)


@pytest.mark.parametrize("symbol", [SYMBOL, None])
def test_the_operator_cancels_no_orders_of_others(tmp_path: Path, symbol: str | None) -> None:
    async def test(bench: Bench) -> None:
        others = await bench.exchange().create_order(SYMBOL, "limit", "buy", 1, 1)
        operator = bench.exchange(door=bench.engine.oms("operator"))
        own = await operator.create_order(SYMBOL, "limit", "buy", 1, 2)
        assert len(await operator.fetch_open_orders()) == 2
        assert [o["id"] for o in await operator.cancel_all_orders(symbol)] == [own["id"]]
        assert (await operator.fetch_order(others["id"]))["status"] == "open"

    call(tmp_path, test)


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.REQUEST])
def test_a_cancel_of_all_whose_answer_is_lost_is_made_one_by_one(
    tmp_path: Path, loss: Loss
) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange()
        for price in (1, 2):
            await exchange.create_order(SYMBOL, "limit", "buy", 1, price)
        bench.proxy.loss = loss
        await exchange.cancel_all_orders()
        assert await exchange.fetch_open_orders() == []

    call(tmp_path, test)


def test_a_cancel_that_is_lost_does_not_keep_the_others(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        exchange = bench.exchange(timeout=300)
        for price in (1, 2):
            await exchange.create_order(SYMBOL, "limit", "buy", 1, price)
        bench.proxy.loss = Loss.REQUEST
        statuses = [order["status"] for order in await exchange.cancel_all_orders(SYMBOL)]
        assert statuses == ["open", "canceled"]

    call(tmp_path, test)
