"""The best prices at Apifiny, and what becomes of a market order that waits for them."""

from decimal import Decimal

import pytest

from adapters.apifiny.tests.apifiny_line import Line, on_line
from adapters.quotes import quote
from adapters.teller import Teller
from oms.core.errors import MalformedMessage, VenueRefused
from oms.core.fields import Side
from oms.core.messages import Quote, QuoteRequest
from oms.core.notes import NotSent
from oms.core.ports import FromVenue, Inbound

ASKED = QuoteRequest(quote_req_id="7", symbol="BTCUSDT", side=Side.BUY, security_exchange="BINANCE")


def test_the_best_prices_are_the_tops_of_the_book() -> None:
    async def story(line: Line) -> None:
        bid, offer = await line.client.best_prices("BTCUSDT", "BINANCE")
        assert (bid, offer) == (Decimal("39999.99"), Decimal("40000.01"))
        (asked,) = line.tap.asked
        assert asked.path == "/md/orderbook/v1/BTCUSDT/BINANCE"
        assert "signature" not in asked.headers

    on_line(story)


def test_the_best_prices_are_found_in_any_order_and_in_an_envelope() -> None:
    """The sample has no envelope, the rule for all answers has one; nobody promises an order."""

    async def story(line: Line) -> None:
        book = {"asks": [["3", "1"], [2.5, 1]], "bids": [[1, 1], ["1.5", "1"]]}
        line.answer({"result": book, "error": None})
        assert await line.client.best_prices("X", "Y") == (Decimal("1.5"), Decimal("2.5"))
        line.answer({"asks": [], "bids": []})
        assert await line.client.best_prices("X", "Y") == (None, None)

    on_line(story)


@pytest.mark.parametrize("book", [{"asks": [], "bids": 1}, {"asks": [[]], "bids": []}, {"asks": 1}])
def test_a_book_that_is_none_is_malformed(book: object) -> None:
    async def story(line: Line) -> None:
        line.answer(book)
        with pytest.raises(MalformedMessage):
            await line.client.best_prices("X", "Y")

    on_line(story)


def test_a_refused_question_is_refused() -> None:
    async def story(line: Line) -> None:
        with pytest.raises(VenueRefused):
            await line.client.best_prices("NOSUCH", "BINANCE")

    on_line(story)


def _told(line: Line, client: object) -> tuple[Teller, list[FromVenue]]:
    told: list[FromVenue] = []

    def post(inbound: Inbound) -> None:
        told.append(inbound.message)  # type: ignore[arg-type]  # a route posts nothing else

    return Teller("APIFINY", post, None, line.clock, speed=1, lags=True), told  # type: ignore[arg-type]  # asks nothing


def test_the_engine_is_told_the_prices() -> None:
    async def story(line: Line) -> None:
        teller, told = _told(line, line.client)
        await quote(line.client, teller, ASKED)
        assert told == [
            Quote(quote_req_id="7", bid_px=Decimal("39999.99"), offer_px=Decimal("40000.01"))
        ]

    on_line(story)


def test_a_mistake_of_ours_is_no_price_either() -> None:
    """The order would else wait for its price for ever."""

    class Broken:
        async def best_prices(self, symbol: str, security_exchange: str) -> object:
            raise ValueError(symbol)

    async def story(line: Line) -> None:
        teller, told = _told(line, line.client)
        await quote(Broken(), teller, ASKED)
        assert [type(one) for one in told] == [NotSent]

    on_line(story)


def test_without_prices_the_engine_is_told_that_nothing_was_sent() -> None:
    """A venue that is silent, and one that tells no prices at all."""

    async def story(line: Line) -> None:
        teller, told = _told(line, line.client)
        line.answer({}, status=500)
        await quote(line.client, teller, ASKED)
        await quote(object(), teller, ASKED)
        assert [type(one) for one in told] == [NotSent, NotSent]
        assert all("no price" in one.text for one in told if isinstance(one, NotSent))

    on_line(story)
