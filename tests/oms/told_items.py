"""One of everything that a venue may tell, with exact numbers and every field that matters set."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.port import Balance, VenueTrade
from oms.core.fields import Side
from oms.core.funding import AccountState, Activity, ActivityKind, DepositAddress, FeeRate
from oms.core.market import Candle, Currency, Level, OrderBook, PublicTrade, Ticker

NOON: Final = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)

TICKER: Final = Ticker(symbol="BTC/TRY", bid=Decimal("40000.5"), volume=Decimal("1E-8"), time=NOON)
BOOK: Final = OrderBook(
    symbol="BTC/TRY",
    bids=(Level(Decimal("40000.5"), Decimal("1.0")), Level(Decimal(40000), Decimal(2))),
    asks=(Level(Decimal(40001), Decimal(3)), Level(Decimal(40002), Decimal("0.50"))),
)
PUBLIC_TRADE: Final = PublicTrade(
    symbol="BTC/TRY",
    price=Decimal("40000.50"),
    qty=Decimal("0.010"),
    trade_id="T7",
    side=Side.SELL,
    time=NOON,
    security_exchange="BINANCE",
)
CANDLE: Final = Candle(
    symbol="BTC/TRY",
    period="1h",
    time=NOON,
    open=Decimal(1),
    high=Decimal(3),
    low=Decimal("0.5"),
    close=Decimal(2),
)
DEPOSIT: Final = Activity(
    kind=ActivityKind.DEPOSIT,
    activity_id="D1",
    asset="BTC",
    amount=Decimal("0.10"),
    status="confirmed",
    done=True,
    time=NOON,
)
ANSWERS: Final[dict[str, Any]] = {
    "ticker": TICKER,
    "tickers": (TICKER,),
    "order_book": BOOK,
    "trades": (PUBLIC_TRADE,),
    "candles": [CANDLE],
    "currencies": [Currency(asset="BTC", precision=8, can_deposit=False)],
    "server_time": NOON,
    "account": AccountState(
        account_id="1",
        status="ok",
        can_trade=True,
        parts=(AccountState(account_id="2", status="locked", can_trade=False),),
    ),
    "fees": [FeeRate(maker=Decimal("0.0010"), taker=Decimal("0.002"))],
    "deposits": [DEPOSIT],
    "withdrawals": [],
    "transfers": [],
    "activities": [DEPOSIT],
    "deposit_address": DepositAddress(asset="BTC", address="1abc", memo="7", expires=NOON),
    "own_trades": [
        VenueTrade(
            trade_id="9",
            symbol="BTC/TRY",
            last_shares=Decimal("0.1"),
            last_px=Decimal("5.0"),
            side=Side.BUY,
            commission=Decimal("-0.01"),
        )
    ],
}
"""By the names that clients have for the questions."""

TRADE: Final = (PUBLIC_TRADE, False, 2)
BALANCE: Final = Balance(
    asset="BTC", total=Decimal("1.0"), available=Decimal("0.7"), held=Decimal("0.3")
)
