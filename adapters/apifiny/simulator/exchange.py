"""The account at Apifiny: one set of orders and balances that REST and FIX both work on.

Each exchange behind Apifiny has its own matching engine. An order waits in PENDING_SUBMIT until
`settle` takes it there.
"""

import random
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.balances import Balances
from adapters.apifiny.simulator.feed import Feed
from adapters.apifiny.simulator.instruments import Instrument, instruments
from adapters.apifiny.simulator.orders import (
    Fill,
    NewOrder,
    VenueOrder,
    account_digits,
    demand_order_id,
)
from adapters.apifiny.simulator.refusals import (
    ACCOUNT_STATUS,
    DUPLICATE,
    NO_EXCHANGE,
    NO_ORDER,
    NOT_CANCELLABLE,
    REQUEST,
    SIDE,
    STILL_PENDING,
    SYMBOL,
    refusal,
)
from adapters.matching import Market, MatchingEngine, SimOrder, Trade
from oms.core.values import frozen

TAKE_FEE: Final = Decimal("0.003")  # the rates of the sample of "Query Current Fee Rate"
MAKE_FEE: Final = Decimal(0)

MARKET_VENUES: Final = frozenset({"BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX"})
"""Where market orders are taken ("Create New Order")."""


@frozen
class Report:
    """Something that befell an order of the FIX side, as it was at that moment."""

    order: VenueOrder
    exec_id: str
    exec_type: str  # 0 new, 1 partial fill, 2 fill, 4 cancelled, 8 rejected; 39 is the same
    last_qty: Decimal
    px: Decimal | None  # of the fill, else of the order
    time_ms: int
    text: str = ""


class Exchange:
    """All that the account has and does, whichever side asks."""

    def __init__(
        self,
        account_id: str,
        venues: Iterable[str],
        markets: Iterable[Market],
        seed: int,
        funds: Mapping[str, Decimal],
    ) -> None:
        markets = tuple(markets)
        self.account_id = account_id
        self.instruments = instruments(markets)
        self.engines = {
            venue: MatchingEngine(markets, seed + number) for number, venue in enumerate(venues)
        }
        self.balances = Balances(self.engines, funds)
        self.orders: dict[str, VenueOrder] = {}
        self.feed = Feed(account_id)
        self.status = "OPENED"  # OPENED | RESTRICTED | SUSPENDED, of the whole account
        self.outbox: list[Report] = []  # of orders that came by FIX
        self._pending: list[VenueOrder] = []
        self._rng = random.Random(seed)  # noqa: S311  repeatable on purpose, guards nothing
        self._drawn = 0

    def new_id(self, now_ms: int) -> str:
        """Draw an OrderID (37) or ExecID (17): unique also after a restart, for it holds the time."""
        self._drawn += 1
        return f"{now_ms}{self._drawn:06d}"

    def new_order_id(self, now_ms: int) -> str:
        """Draw the id of an order whose client gave none."""
        middle, end = self._rng.randrange(10**8), self._rng.randrange(1000)
        return f"{account_digits(self.account_id)}{middle:08d}{now_ms:013d}{end:03d}"

    def place(self, asked: NewOrder, now_ms: int, submit_at_ms: int, *, fix: bool) -> VenueOrder:
        """Take an order as PENDING_SUBMIT; raises Refusal, and keeps nothing, if it may not be."""
        self.demand_opened()
        demand_order_id(asked.order_id, self.account_id, now_ms)
        if asked.order_id in self.orders:
            raise refusal(DUPLICATE)
        instrument = self._checked_instrument(asked)
        sim = _sim_order(asked, instrument)
        order = VenueOrder(
            asked, instrument, sim, self.new_id(now_ms), fix, submit_at_ms, now_ms, now_ms
        )
        held = _to_hold(order)
        self.balances.hold(asked.venue, _held_currency(order), held)
        order.held = held
        self.orders[order.order_id] = order
        self._pending.append(order)
        self.feed.order(order, now_ms)
        self._tell_balances(order, now_ms)
        return order

    def demand_opened(self) -> None:
        """Raise Refusal unless the account may place, cancel and move ("Account Status")."""
        if self.status != "OPENED":
            raise refusal(ACCOUNT_STATUS)

    def find(self, venue: str, order_id: str) -> VenueOrder:
        """Return the order; raises Refusal if that exchange has none of that id."""
        order = self.orders.get(order_id)
        if order is None or order.asked.venue != venue:
            raise refusal(NO_ORDER)
        return order

    def cancel(self, venue: str, order_id: str, now_ms: int) -> VenueOrder:
        """End a submitted order at once; raises Refusal if it is unknown, pending or final."""
        self.demand_opened()
        order = self.find(venue, order_id)
        if order.status == "PENDING_SUBMIT":
            raise refusal(STILL_PENDING)
        if not self.engines[venue].cancel(order_id, now_ms):
            raise refusal(NOT_CANCELLABLE)
        self._end(order, now_ms)
        return order

    def settle(self, now_ms: int) -> None:
        """Take the orders whose time has come to their exchange."""
        due = [order for order in self._pending if order.submit_at_ms <= now_ms]
        if due:
            self._pending = [order for order in self._pending if order.submit_at_ms > now_ms]
        for order in due:
            trades = self.engines[order.asked.venue].submit(order.sim, now_ms)
            order.updated_ms = now_ms
            if order.sim.status == "REJECTED":
                self._finish(order, "REJECTED", now_ms)
                self._report(order, "8", now_ms, text="Post only order would take liquidity")
                continue
            order.status = "SUBMITTED"
            self.feed.order(order, now_ms)
            self._report(order, "0", now_ms)
            self._book(order, trades)
            if order.sim.status == "CANCELED":
                self._end(order, now_ms)

    def advance(self, now_ms: int) -> None:
        """Let the exchanges trade up to now."""
        self.settle(now_ms)
        for engine in self.engines.values():
            for trade in engine.advance(now_ms):
                self._book(self.orders[trade.order_id], [trade])

    def _checked_instrument(self, asked: NewOrder) -> Instrument:
        if asked.venue not in self.engines:
            raise refusal(NO_EXCHANGE)
        if asked.symbol not in self.instruments:
            raise refusal(SYMBOL)
        if asked.side not in {"BUY", "SELL"}:
            raise refusal(SIDE)
        if asked.tif not in {1, 3, 7}:
            raise refusal(REQUEST, "timeInForce")
        instrument = self.instruments[asked.symbol]
        if asked.order_type == "LIMIT":
            _demand_limit(asked, instrument)
        elif asked.order_type == "MARKET":
            _demand_market(asked, instrument)
        else:
            raise refusal(REQUEST, "orderType")
        return instrument

    def _book(self, order: VenueOrder, trades: Iterable[Trade]) -> None:
        for trade in trades:
            notional = trade.qty * trade.px
            commission = notional * (TAKE_FEE if trade.taker else MAKE_FEE)
            order.cum += trade.qty
            order.notional += notional
            order.updated_ms = order.filled_ms = trade.time_ms
            fill = Fill(trade.qty, trade.px, commission, trade.taker, trade.time_ms)
            order.fills.append(fill)
            self._settle_money(order, trade, commission)
            last = order.sim.status == "FILLED" and order.cum == order.sim.cum
            if last:
                order.status = "FILLED"
                self._hold_less(order, Decimal(0))
            self.feed.order(order, trade.time_ms, fill)
            self._tell_balances(order, trade.time_ms)
            self._report(order, "2" if last else "1", trade.time_ms, trade.qty, trade.px)

    def _settle_money(self, order: VenueOrder, trade: Trade, commission: Decimal) -> None:
        sign = 1 if order.asked.side == "BUY" else -1
        venue, instrument = order.asked.venue, order.instrument
        self._hold_less(order, _to_hold(order))
        self.balances.add(venue, instrument.base, sign * trade.qty)
        self.balances.add(venue, instrument.quote, -sign * trade.qty * trade.px - commission)

    def _end(self, order: VenueOrder, now_ms: int) -> None:
        """Finish an order whose remainder is gone; PART_FILLED is a final status."""
        order.cancelled_ms = now_ms
        self._finish(order, "PART_FILLED" if order.cum else "CANCELLED", now_ms)
        self._report(order, "4", now_ms)

    def _finish(self, order: VenueOrder, status: str, now_ms: int) -> None:
        order.status = status
        order.updated_ms = now_ms
        self._hold_less(order, Decimal(0))
        self.feed.order(order, now_ms)
        self._tell_balances(order, now_ms)

    def _tell_balances(self, order: VenueOrder, now_ms: int) -> None:
        venue, instrument = order.asked.venue, order.instrument
        rows = self.balances.rows(venue, {instrument.base, instrument.quote})
        self.feed.balances(venue, rows, now_ms)

    def _hold_less(self, order: VenueOrder, held: Decimal) -> None:
        self.balances.release(order.asked.venue, _held_currency(order), order.held - held)
        order.held = held

    def _report(
        self,
        order: VenueOrder,
        exec_type: str,
        time_ms: int,
        last_qty: Decimal = Decimal(0),
        px: Decimal | None = None,
        text: str = "",
    ) -> None:
        if order.reported:
            px = order.asked.price if px is None else px
            exec_id = self.new_id(time_ms)
            self.outbox.append(Report(order, exec_id, exec_type, last_qty, px, time_ms, text))


def _sim_order(asked: NewOrder, instrument: Instrument) -> SimOrder:
    return SimOrder(
        order_id=asked.order_id,
        client_id=asked.order_id,
        symbol=instrument.market.symbol,
        side=asked.side,
        qty=asked.qty or Decimal(0),
        price=asked.price,
        cash=asked.total,
        ioc=asked.tif == 3,
        post_only=asked.tif == 7,
    )


def _held_currency(order: VenueOrder) -> str:
    instrument = order.instrument
    return instrument.quote if order.asked.side == "BUY" else instrument.base


def _to_hold(order: VenueOrder) -> Decimal:
    """Return what the unfilled part may still cost; a buy's commission is paid on top."""
    asked = order.asked
    if asked.total is not None:
        return (asked.total - order.notional) * (1 + TAKE_FEE)
    assert asked.qty is not None
    left = asked.qty - order.cum
    if asked.side == "SELL":
        return left
    assert asked.price is not None
    return left * asked.price * (1 + TAKE_FEE)


def _demand_limit(asked: NewOrder, instrument: Instrument) -> None:
    if asked.price is None or asked.qty is None or asked.total is not None:
        raise refusal(REQUEST, "a limit order takes limitPrice and quantity")
    instrument.demand_price(asked.price)
    instrument.demand_quantity(asked.qty)
    instrument.demand_notional(asked.price * asked.qty)


def _demand_market(asked: NewOrder, instrument: Instrument) -> None:
    if asked.venue not in MARKET_VENUES:
        raise refusal(REQUEST, "this exchange takes no market orders")
    if asked.tif == 7 or asked.price is not None:
        raise refusal(REQUEST, "a market order takes no limitPrice and cannot be post only")
    if asked.side == "BUY":
        if asked.total is None or asked.qty is not None:
            raise refusal(REQUEST, "a market buy takes total")
        instrument.demand_notional(asked.total)
        return
    if asked.qty is None or asked.total is not None:
        raise refusal(REQUEST, "a market sale takes quantity")
    instrument.demand_quantity(asked.qty)
