"""The order book on REST: no token, and no envelope around the answer."""

from typing import Final

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.refusals import NO_EXCHANGE, SYMBOL, Refusal, refusal
from adapters.apifiny.simulator.wire import dumps
from adapters.simserver import SimRequest, SimResponse

MARKET_DATA: Final = "/md/"

_DEPTH: Final = 20


def answer(exchange: Exchange, request: SimRequest, now_ms: int) -> SimResponse:
    """GET /md/orderbook/v1/{SYMBOL}/{VENUE} ("Market Data", Order Book)."""
    parts = request.path.removeprefix(MARKET_DATA).split("/")
    if parts[:2] != ["orderbook", "v1"] or len(parts) != 4:
        return SimResponse(404, b"Not Found")
    if request.method != "GET":
        return SimResponse(405, b"Method Not Allowed")
    try:
        text = dumps(_book(exchange, parts[2], parts[3], now_ms))
    except Refusal as no:
        text = dumps({"result": None, "error": {"code": no.code, "message": no.message}})
    return SimResponse(200, text.encode(), {"content-type": "application/json"})


def _book(exchange: Exchange, symbol: str, venue: str, now_ms: int) -> dict[str, object]:
    if venue not in exchange.engines:
        raise refusal(NO_EXCHANGE)
    instrument = exchange.instruments.get(symbol)
    if instrument is None:
        raise refusal(SYMBOL)
    bids, asks = exchange.engines[venue].book(instrument.market.symbol, _DEPTH)
    return {
        "symbol": symbol,
        "updatedAt": now_ms,
        "asks": [list(level) for level in asks],
        "bids": [list(level) for level in bids],
    }
