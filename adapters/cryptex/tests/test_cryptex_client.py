"""What the client sends, and what it makes of orders, against the simulator's own strictness."""

from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from adapters.cryptex import client
from adapters.cryptex.door import signature
from adapters.cryptex.tests.cryptex_line import (
    ACCESS,
    CROSSING,
    NOW,
    RESTING,
    Line,
    cancel_of,
    known,
    on_line,
)
from adapters.port import Unreadable, VenueOrder, VenueState
from oms.core.errors import OutcomeUnknown, VenueRefused
from oms.core.fields import Side

D = Decimal
WORKED = "E7D9B3DEE5A653FD4500C5D528A51A5CFC383E078D3635E11A45F5E9990B8D8C"
LITERAL = "59511B766E4C42FA7D9F4D210FF155FE2BCFA9BE5733CF50F512EB4D3EBFB1FB"


# What is sent


def test_the_worked_example_of_the_signature() -> None:
    """Computed outside this project: with the account's name, and with the sample's own word."""
    assert signature(ACCESS, 109) == WORKED
    assert signature(replace(ACCESS, signing_username="username"), 109) == LITERAL


def test_no_secret_is_shown() -> None:
    assert "ctx-secret" not in repr(ACCESS)
    assert "CTXKEY" not in repr(ACCESS)


def test_a_request_is_a_signed_form() -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        (request,) = line.tap.asked
        assert (request.method, request.path) == ("POST", "/api/v1")
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        assert request.headers["key"] == "CTXKEY0001"
        assert request.headers["sign"] == signature(ACCESS, 1)
        assert dict(parse_qsl(request.body.decode())) == {
            "method": "Trade",
            "nonce": "1",
            "pair": "BTC_USD",
            "type": "buy",
            "price": "30000",
            "amount": "0.01",
        }

    on_line(story)


def test_another_name_is_signed_where_that_is_chosen() -> None:
    """The simulator knows alice only."""

    async def story(line: Line) -> None:
        with pytest.raises(VenueRefused, match="signature"):
            await line.client.open_orders()

    on_line(story, signing_username="username")


def test_a_method_can_have_another_name() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("acrive_orders", True)
        assert await line.client.open_orders() == []

    on_line(story, method_names={"ActiveOrders": "AcriveOrders"})


def test_nonces_can_leap() -> None:
    async def story(line: Line) -> None:
        await line.client.open_orders()
        await line.client.open_orders()
        sent = [dict(parse_qsl(asked.body.decode()))["nonce"] for asked in line.tap.asked]
        assert sent == ["5", "10"]

    on_line(story, nonce_step=5)


# A nonce that is refused


@pytest.mark.parametrize("call", ["open_orders", "place", "cancel"])
def test_a_refused_nonce_is_raised_and_sent_once_more(call: str) -> None:
    """The venue did nothing, so there is one order, or one cancel."""

    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.switch("poison_nonce", 1000)
        asked = len(line.tap.asked)
        if call == "cancel":
            await line.client.cancel(cancel_of(placed))
        else:
            await (line.client.place(CROSSING) if call == "place" else line.client.open_orders())
        assert len(line.tap.asked) == asked + 2
        assert line.nonces.seen == [1001]
        assert line.nonces.last == 1002
        assert len(line.tap.orders()) == 1 + (call == "place")

    on_line(story)


def test_a_nonce_that_stays_refused_tells_the_way_out() -> None:
    async def story(line: Line) -> None:
        line.tap.change = lambda request, answer: replace(
            answer, body=b'{"status": "error", "error": "invalid nonce"}'
        )
        for call in (line.client.open_orders, lambda: line.client.place(RESTING)):
            asked = len(line.tap.asked)
            with pytest.raises(Exception, match="raise nonce_floor or use a new key") as told:
                await call()
            assert type(told.value).__name__ == "NonceRefused"
            assert len(line.tap.asked) == asked + 2

    on_line(story)


# Orders


def test_an_order_rests_and_is_shown() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        number = placed.secondary_order_id
        sight = await line.order(number)
        assert (sight.state, sight.cum_qty, sight.trades) == (VenueState.WORKING, D(0), ())
        assert (sight.symbol, sight.side, sight.order_qty) == ("BTC/USD", Side.BUY, D("0.01"))
        assert sight.names_fills
        listed = await line.client.open_orders()
        assert [one.secondary_order_id for one in listed] == [number]
        assert line.asked() == ["Trade", "OrderInfo", "ActiveOrders"]

    on_line(story)


def test_the_list_can_be_a_map() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("active_as_map", True)
        placed = await line.client.place(RESTING)
        (sight,) = await line.client.open_orders()
        assert sight.secondary_order_id == placed.secondary_order_id

    on_line(story)


def test_a_filled_order_shows_its_fills() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("strangers", 3)
        placed = await line.client.place(replace(CROSSING, order_qty=D("0.05")))
        sight = await line.order(placed.secondary_order_id)
        assert (sight.state, sight.cum_qty) == (VenueState.FILLED, D("0.05"))
        (trade,) = sight.trades
        assert trade.exec_id == f"{trade.trade_id}-{placed.secondary_order_id}"
        assert (trade.side, trade.last_px, trade.last_shares) == (
            Side.BUY,
            D("40000.01"),
            D("0.05"),
        )

    on_line(story)


def test_a_partly_filled_order_shows_them_where_the_book_lacks_them() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(replace(CROSSING, order_qty=D("0.5")))
        number = placed.secondary_order_id
        sight = await line.order(number, order_qty=D("0.5"))
        assert sight.state is VenueState.WORKING
        traded = sum((trade.last_shares for trade in sight.trades), D(0))
        assert traded >= D("0.05")
        assert sight.cum_qty is not None
        asked = line.asked().count("TradeHistory")
        await line.order(number, cum_qty=D("0.5"))
        assert line.asked().count("TradeHistory") == asked

    on_line(story)


def test_a_cancelled_order_is_over_at_once() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        await line.client.cancel(cancel_of(placed))
        sight = await line.order(placed.secondary_order_id)
        assert (sight.state, sight.cum_qty) == (VenueState.CANCELED, D(0))

    on_line(story)


def test_a_cancelled_order_is_over_whatever_its_status_says() -> None:
    """Where the venue calls every order active, the list and its answer to the cancel decide."""

    async def story(line: Line) -> None:
        line.tap.switch("always_active", True)
        placed = await line.client.place(RESTING)
        await line.client.cancel(cancel_of(placed))
        sight = await line.order(placed.secondary_order_id)
        assert (sight.state, sight.cum_qty) == (VenueState.CANCELED, D(0))

    on_line(story)


def test_an_order_that_is_listed_works_after_all() -> None:
    """OrderInfo does not know it, the list does."""

    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.change = lambda request, answer: (
            replace(answer, body=b'{"status": "error", "error": "order not found"}')
            if b"method=OrderInfo" in request.body
            else answer
        )
        assert (await line.order(placed.secondary_order_id)).state is VenueState.WORKING

    on_line(story)


def test_an_order_that_somebody_else_ended_is_not_yet_known_to_be_over() -> None:
    """Nothing says that no fill is on its way: its sum may still grow."""

    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        number = placed.secondary_order_id
        await line.order(number)
        line.tap.simulator._engine.cancel(number, line.clock.now_ms())  # type: ignore[attr-defined]  # behind its protocol
        sight = await line.order(number)
        assert (sight.state, sight.cum_qty) == (VenueState.CANCELED, None)

    on_line(story)


def test_an_order_that_the_venue_has_forgotten_is_known_by_its_fills() -> None:
    async def story(line: Line) -> None:
        line.tap.switch("forget_ended", True)
        placed = await line.client.place(CROSSING)
        sight = await line.order(placed.secondary_order_id, price=CROSSING.price)
        assert (sight.state, sight.cum_qty) == (VenueState.FILLED, D("0.01"))
        rested = await line.client.place(RESTING)
        await line.client.cancel(cancel_of(rested))
        sight = await line.order(rested.secondary_order_id)
        assert (sight.state, sight.cum_qty) == (VenueState.CANCELED, None)

    on_line(story)


def test_an_order_that_the_venue_never_showed_is_not_over() -> None:
    """Taken, and not booked there yet."""

    async def story(line: Line) -> None:
        line.tap.switch("hide_orders", 60_000)
        placed = await line.client.place(RESTING)
        assert await line.client.order(known(placed.secondary_order_id)) is None

    on_line(story)


def test_an_answer_about_another_order_is_not_taken() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(RESTING)
        line.tap.switch("wrong_order", 1)
        sight = await line.client.order(known(placed.secondary_order_id))
        assert isinstance(sight, Unreadable)
        assert sight.secondary_order_id == placed.secondary_order_id
        assert "asked for order" in sight.reason
        assert sight.raw
        line.tap.switch("wrong_order", {"n": 1, "on": "CancelOrder"})
        with pytest.raises(OutcomeUnknown, match="answered for"):
            await line.client.cancel(cancel_of(placed))

    on_line(story)


@pytest.mark.parametrize("trouble", ["order_zero", "no_order"])
def test_an_order_that_is_taken_without_a_number_is_not_lost(trouble: str) -> None:
    """Its outcome is unknown; its trade leads to it."""

    async def story(line: Line) -> None:
        line.tap.switch(trouble, 1)
        with pytest.raises(OutcomeUnknown, match="taken without an id"):
            await line.client.place(CROSSING)
        (sight,) = await line.client.closed_orders(line.clock.now())
        assert isinstance(sight, VenueOrder)
        assert sight.secondary_order_id == line.tap.orders()[0]["order_id"]
        assert (sight.state, sight.price) == (VenueState.FILLED, CROSSING.price)
        assert [trade.last_shares for trade in sight.trades] == [D("0.01")]

    on_line(story)


# Orders that are over


def test_orders_that_are_over_are_found_by_their_trades_and_asked_once() -> None:
    async def story(line: Line) -> None:
        await line.client.place(RESTING)
        placed = [await line.client.place(CROSSING) for _ in range(2)]
        for _ in range(2):
            found = await line.client.closed_orders(NOW)
            numbers = [one.secondary_order_id for one in found]
            assert numbers == [one.secondary_order_id for one in placed]
        # two of ours and two strangers' behind the trades, each asked for once
        assert line.asked().count("OrderInfo") == 4

    on_line(story)


def test_a_trade_that_nothing_attributes_is_told_as_unreadable() -> None:
    """Somebody else's, or of an order that the venue has forgotten: it may be the lost one's."""

    async def story(line: Line) -> None:
        line.tap.switch("forget_ended", True)
        placed = await line.client.place(CROSSING)
        (nobodys,) = await line.client.closed_orders(NOW)
        assert isinstance(nobodys, Unreadable)
        assert "whose trade" in nobodys.reason
        assert placed.secondary_order_id in nobodys.raw
        line.owned.add(placed.secondary_order_id)
        assert await line.client.closed_orders(NOW) == []

    on_line(story)


def test_what_could_not_be_read_or_attributed_is_asked_again() -> None:
    """A refusal or a bad answer of one moment must not hide an order for good."""

    async def story(line: Line) -> None:
        placed = await line.client.place(CROSSING)
        for body in (b'{"status": "error", "error": "later"}', b'{"status": "ok", "data": {}}'):
            line.tap.change = lambda request, answer, body=body: (  # type: ignore[misc]  # a lambda's default
                replace(answer, body=body) if b"OrderInfo" in request.body else answer
            )
            found = await line.client.closed_orders(NOW)
            assert found
            assert all(isinstance(one, Unreadable) for one in found)
        line.tap.change = lambda _, answer: answer
        (sight,) = await line.client.closed_orders(NOW)
        assert isinstance(sight, VenueOrder)
        assert sight.secondary_order_id == placed.secondary_order_id

    on_line(story)


def test_what_is_remembered_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "KNOWN_MAX", 2)

    async def story(line: Line) -> None:
        for number in range(5):
            await line.client.place(replace(RESTING, price=D(30000 + number)))
            await line.client.place(CROSSING)
        assert len(await line.client.open_orders()) == 5
        assert len(await line.client.closed_orders(NOW)) == 5
        assert len(line.client._shown) == len(line.client._over) == 2

    on_line(story)


def test_fills_that_can_not_be_read_together_are_looked_at_one_by_one() -> None:
    async def story(line: Line) -> None:
        placed = await line.client.place(replace(CROSSING, order_qty=D("0.5")))
        order = known(placed.secondary_order_id, order_qty=D("0.5"))
        assert await line.client.fills([order]) == {}
        await line.client.open_orders()
        (trades,) = (await line.client.fills([order])).values()
        assert trades[0].last_shares == D("0.05")
        line.change(lambda rows: [{**row, "price": None} for row in rows], "TradeHistory")
        assert await line.client.fills([order]) == {}

    on_line(story)
