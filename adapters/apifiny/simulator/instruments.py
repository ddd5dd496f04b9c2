"""The markets that can be traded, and the bounds an order has to keep."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.refusals import REQUEST, refusal
from adapters.matching import Market
from oms.core.values import frozen

MIN_NOTIONAL: Final = Decimal(1)
MAX_NOTIONAL: Final = Decimal(1_000_000)
_MAX_STEPS: Final = 10_000_000
_MAX_PRICE_OF_MID: Final = 10


@frozen
class Instrument:
    """One symbol of one exchange: prices in quote currency, quantities in base currency."""

    symbol: str  # the venue's spelling, "BTCUSDT"
    market: Market

    @property
    def base(self) -> str:
        """Base currency."""
        return self.market.symbol.split("/")[0]

    @property
    def quote(self) -> str:
        """Quote currency."""
        return self.market.symbol.split("/")[1]

    @property
    def max_price(self) -> Decimal:
        """Highest price that is taken."""
        return self.market.mid * _MAX_PRICE_OF_MID

    @property
    def max_quantity(self) -> Decimal:
        """Highest quantity that is taken."""
        return self.market.step * _MAX_STEPS

    def demand_quantity(self, qty: Decimal) -> None:
        """Raise Refusal unless the quantity is on the step and within the bounds."""
        if qty % self.market.step:
            raise refusal(REQUEST, "quantity does not fit stepSize")
        if not self.market.step <= qty <= self.max_quantity:
            raise refusal(REQUEST, "quantity is outside minQuantity and maxQuantity")

    def demand_price(self, px: Decimal) -> None:
        """Raise Refusal unless the price is on the tick and within the bounds."""
        if px % self.market.tick:
            raise refusal(REQUEST, "limitPrice does not fit tickSize")
        if not self.market.tick <= px <= self.max_price:
            raise refusal(REQUEST, "limitPrice is outside minPrice and maxPrice")

    def demand_notional(self, notional: Decimal) -> None:
        """Raise Refusal unless the quote amount is within the bounds."""
        if not MIN_NOTIONAL <= notional <= MAX_NOTIONAL:
            raise refusal(REQUEST, "amount is outside minNotional and maxNotional")

    def info(self) -> dict[str, object]:
        """Return the row of utils/listSymbolInfo."""
        return {
            "symbol": self.symbol,
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "minPrice": self.market.tick,
            "maxPrice": self.max_price,
            "minQuantity": self.market.step,
            "maxQuantity": self.max_quantity,
            "tickSize": self.market.tick,
            "stepSize": self.market.step,
            "minNotional": MIN_NOTIONAL,
            "maxNotional": MAX_NOTIONAL,
            "status": "enabled",
        }


def instruments(markets: Iterable[Market]) -> dict[str, Instrument]:
    """Return the instruments of the markets by the venue's symbol."""
    named = [Instrument(market.symbol.replace("/", ""), market) for market in markets]
    return {instrument.symbol: instrument for instrument in named}
