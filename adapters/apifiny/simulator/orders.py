"""An order as Apifiny keeps it, and the rule for its id."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.instruments import Instrument
from adapters.apifiny.simulator.refusals import ORDER_ID, TIMESTAMP, refusal
from adapters.matching import SimOrder
from oms.core.values import frozen

ID_TOLERANCE_MS: Final = 300_000
"""How far the time inside an order id may be from now; the document gives no number."""

_ID_LENGTH_MAX: Final = 64
_ID_TAIL: Final = 16  # 13 digits of milliseconds and three more
_FIX_STATUS: Final = {
    "PENDING_SUBMIT": "A",
    "SUBMITTED": "0",
    "PART_FILLED": "4",
    "FILLED": "2",
    "CANCELLED": "4",
    "REJECTED": "8",
}
_LEDGER_STATUS: Final = {
    "PENDING_SUBMIT": "OPEN",
    "SUBMITTED": "OPEN",
    "PART_FILLED": "CANCELED",
    "FILLED": "FILLED",
    "CANCELLED": "CANCELED",
    "REJECTED": "REJECTED",
}


@frozen
class NewOrder:
    """What a client asks for, from either side."""

    order_id: str
    venue: str
    symbol: str
    order_type: str  # LIMIT | MARKET
    side: str  # BUY | SELL
    tif: int  # 1 good till cancelled, 3 immediate or cancel, 7 post only
    price: Decimal | None  # quote currency; None for MARKET
    qty: Decimal | None  # base currency; None for a market buy
    total: Decimal | None = None  # quote currency, of a market buy


@frozen
class Fill:
    """One execution."""

    qty: Decimal
    px: Decimal
    commission: Decimal  # quote currency
    taker: bool
    time_ms: int


@dataclass(slots=True)
class VenueOrder:
    """One order and what became of it; times in milliseconds."""

    asked: NewOrder
    instrument: Instrument
    sim: SimOrder
    fix_id: str  # OrderID (37); the REST side never shows it
    reported: bool  # whether the FIX side tells of it
    submit_at_ms: int
    created_ms: int
    updated_ms: int
    status: str = "PENDING_SUBMIT"
    cum: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)
    held: Decimal = Decimal(0)  # of the quote currency for a buy, of the base for a sale
    cancelled_ms: int | None = None
    filled_ms: int | None = None
    fills: list[Fill] = field(default_factory=list)

    @property
    def order_id(self) -> str:
        """The one id the client knows it by."""
        return self.asked.order_id

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.status in {"PENDING_SUBMIT", "SUBMITTED"}

    @property
    def qty(self) -> Decimal:
        """Base quantity asked for; of a market buy by total, what it has bought."""
        return self.cum if self.asked.qty is None else self.asked.qty

    @property
    def leaves(self) -> Decimal:
        """Base quantity that may still trade."""
        return self.qty - self.cum if self.open else Decimal(0)

    @property
    def commission(self) -> Decimal:
        """What its fills have cost so far, in quote currency."""
        return sum((fill.commission for fill in self.fills), Decimal(0))

    @property
    def fix_status(self) -> str:
        """OrdStatus (39)."""
        return "1" if self.status == "SUBMITTED" and self.cum else _FIX_STATUS[self.status]

    def ledger(self) -> dict[str, object]:
        """Return the order as every simulator's ledger shows one; decimals as text."""
        price = self.asked.price
        return {
            "order_id": self.order_id,
            "client_id": self.order_id,
            "venue": self.asked.venue,
            "symbol": self.instrument.market.symbol,
            "side": self.asked.side,
            "qty": format(self.qty, "f"),
            "price": None if price is None else format(price, "f"),
            "cum": format(self.cum, "f"),
            "notional": format(self.notional, "f"),
            "status": _LEDGER_STATUS[self.status],
            "venue_status": self.status,
            "fees": {self.instrument.quote: format(self.commission, "f")} if self.fills else {},
        }


def account_digits(account_id: str) -> str:
    """Return the account number: STA-00000001 gives 00000001."""
    return "".join(filter(str.isdigit, account_id))


def demand_order_id(order_id: str, account_id: str, now_ms: int) -> None:
    """Raise Refusal unless the id keeps the rule of "Create New Order".

    Account number, then anything, then a time in 13 digits of milliseconds and three more
    digits, 64 characters at most. The time has to be within ID_TOLERANCE_MS of now.
    """
    shape = rf"{account_digits(account_id)}[0-9A-Za-z_-]*[0-9]{{{_ID_TAIL}}}"
    if len(order_id) > _ID_LENGTH_MAX or not re.fullmatch(shape, order_id):
        raise refusal(ORDER_ID)
    if abs(now_ms - int(order_id[-_ID_TAIL:-3])) > ID_TOLERANCE_MS:
        raise refusal(TIMESTAMP)
