"""The best prices of a market, asked for before a market order goes out as a limit order."""

import logging
from decimal import Decimal

from adapters.teller import Teller
from oms.core.errors import NotSupported, OmsError
from oms.core.messages import Quote, QuoteRequest
from oms.core.notes import NotSent, Request
from oms.core.numbers import number_text
from oms.core.ports import Evidence

_log = logging.getLogger(__name__)


async def quote(client: object, teller: Teller, asked: QuoteRequest) -> None:
    """Ask the client for the best prices and tell the engine.

    Where there are none to be had, the engine is told that nothing was sent: the order is refused.
    `client.best_prices(symbol, security_exchange)` gives bid and offer, None for an empty side.
    """
    best_prices = getattr(client, "best_prices", None)
    try:
        if best_prices is None:
            raise NotSupported(f"{teller.route} tells no prices")
        bid, offer = await best_prices(asked.symbol, asked.security_exchange)
    except Exception as error:  # noqa: BLE001  whatever it was, nothing was sent: say so
        if not isinstance(error, OmsError):
            _log.exception("a price could not be asked for")
        text = (
            f"market as limit: no price: {error if isinstance(error, OmsError) else 'our mistake'}"
        )
        note = NotSent(cl_ord_id=asked.quote_req_id, request=Request.NEW, text=text)
        teller.post(note, Evidence.POLICY)
        return
    told = Quote(quote_req_id=asked.quote_req_id, bid_px=bid, offer_px=offer)
    teller.post(told, Evidence.VENUE_QUERY, f"bid {_text(bid)}, offer {_text(offer)}")


def _text(price: Decimal | None) -> str:
    return "none" if price is None else number_text(price)
