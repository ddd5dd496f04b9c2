"""The account's orders: taken, stopped, triggered, filled, cancelled, and told to the feed."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from adapters.btcturk.simulator.account import Account, fee_and_tax
from adapters.btcturk.simulator.channels import Market
from adapters.btcturk.simulator.feed import UserEvents
from adapters.btcturk.simulator.history import (
    Asked as Query,
)
from adapters.btcturk.simulator.history import (
    Movement,
    Span,
    check_trade_query,
    fill_row,
    first_movements,
    is_asked_for,
    movements,
)
from adapters.btcturk.simulator.listing import Listing
from adapters.btcturk.simulator.orders import FEED_METHODS, TRIGGERED, Asked, Booked
from adapters.btcturk.simulator.troubles import Troubles
from adapters.btcturk.simulator.wire import (
    CANCEL_BLOCKED,
    NO_SUCH_ORDER,
    NOT_CANCELABLE,
    ORDER_NOT_FOUND,
    PARAMETERS_ERROR,
    STOP_TOO_HIGH,
    STOP_TOO_LOW,
    Refused,
    plain,
    rounded,
    short,
)
from adapters.matching import Outside, SimOrder, Trade

FIRST_NUMBER: Final = 9_932_534
_FIAT: Final = frozenset({"TRY"})


class Desk:
    """The orders of the one account."""

    def __init__(
        self, market: Market, account: Account, users: UserEvents, troubles: Troubles, user_id: int
    ) -> None:
        self.market = market
        self.account = account
        self._users = users
        self._troubles = troubles
        self._user_id = user_id
        self._booked: dict[int, Booked] = {}
        self._due: dict[int, int] = {}  # order number: when its cancel happens
        self._movements: list[Movement] = []
        account.changed = self._tell_balance

    @property
    def old(self) -> bool:
        """Whether rows have the fields of the document's samples alone."""
        return self._troubles.on("old_rows")

    def advance(self, now_ms: int) -> None:
        """Let the market move, stop orders trigger and cancels happen, in order of time."""
        if not self._movements:
            self._movements = first_movements(now_ms)
        for number, due_ms in sorted(self._due.items(), key=lambda item: item[1]):
            if due_ms <= now_ms:
                self._book(self.market.engine.advance(due_ms))
                self._end(number, due_ms)
        self._book(self.market.engine.advance(now_ms))
        self._trigger(now_ms)

    # Orders

    def create(self, asked: Asked, now_ms: int) -> dict[str, object]:
        """Take an order; raises Refused."""
        listing = self.market.listings.get(asked.pair)
        if listing is None:
            raise Refused(PARAMETERS_ERROR)
        asked.check(listing)
        number = FIRST_NUMBER + len(self._booked)
        client_id = asked.client_id or f"00000000-0000-4000-8000-{number:012d}"
        if self._troubles.take("wrong_echo"):
            client_id = f"another-{number}"
        order = asked.sim_order(number, listing, client_id, now_ms)
        self.account.demand(order)
        stop = asked.stop if asked.method in TRIGGERED and asked.stop else Decimal(0)
        if stop:
            self._demand_ahead(listing, asked.side, stop)
        booked = Booked(number, listing, order, asked.method, asked.quantity, stop, 0)
        self._enter(booked, now_ms)
        self._trigger(now_ms)
        return booked.answer(old=self.old, asked_stop=stop or None)

    def enter_outside(self, outside: Outside, now_ms: int) -> None:
        """The account enters a limit order by another way, without a client id."""
        rows = self.market.listings.values()
        listing = next(row for row in rows if row.market.symbol == outside.symbol)
        number = FIRST_NUMBER + len(self._booked)
        order = SimOrder(str(number), "", outside.symbol, outside.side, outside.qty, outside.price)
        self._enter(Booked(number, listing, order, "Limit", outside.qty, Decimal(0), 0), now_ms)

    def receive(self, asset: str, amount: Decimal, now_ms: int, *, listed: bool) -> None:
        """A balance changes; `listed`: by a deposit, or a withdrawal below 0."""
        self.account.balances[asset] += amount
        if listed:
            number = 1_000_000 + len(self._movements)
            kind = "Deposit" if amount > 0 else "Withdrawal"
            funds = self.account.balances[asset]
            self._movements.append(Movement(number, kind, asset, amount, funds, now_ms))

    def cancel(self, number: int, now_ms: int) -> None:
        """Note the wish to cancel; raises Refused. An order that was cancelled takes it again."""
        if number not in self._booked:
            raise Refused(NO_SUCH_ORDER)
        if self._troubles.take("block_cancel"):
            raise Refused(CANCEL_BLOCKED)
        status = self._booked[number].order.status
        if status == "FILLED":
            raise Refused(NOT_CANCELABLE)
        if status == "OPEN":
            self._due.setdefault(number, now_ms + self._troubles.span_ms("cancel_delay_ms"))

    def _enter(self, booked: Booked, now_ms: int) -> None:
        booked.shown_ms = now_ms + self._troubles.span_ms("hide_orders_ms")
        self._booked[booked.number] = booked
        self.account.hold(booked.order)
        self._tell_order(451, booked)
        self._tell_balance("order insert")
        if booked.method not in TRIGGERED:
            self._book(self.market.engine.submit(booked.order, now_ms))
            if booked.order.status == "CANCELED":
                self._tell_order(452, booked)

    def _demand_ahead(self, listing: Listing, side: str, stop: Decimal) -> None:
        bids, asks = self.market.engine.book(listing.market.symbol, 1)
        if side == "BUY" and asks and stop <= asks[0][0]:
            raise Refused(STOP_TOO_LOW)
        if side == "SELL" and bids and stop >= bids[0][0]:
            raise Refused(STOP_TOO_HIGH)

    def _trigger(self, now_ms: int) -> None:
        for booked in [one for one in self._booked.values() if one.waits]:
            if self._is_reached(booked) or self._troubles.take("trigger_stops"):
                self._replace(booked, now_ms)

    def _is_reached(self, booked: Booked) -> bool:
        bids, asks = self.market.engine.book(booked.listing.market.symbol, 1)
        if booked.order.side == "BUY":
            return bool(asks) and asks[0][0] >= booked.stop
        return bool(bids) and bids[0][0] <= booked.stop

    def _replace(self, stopped: Booked, now_ms: int) -> None:
        """Put a triggered stop order into the market: under a new id, and the old row ends."""
        old = stopped.order
        old.status, old.updated_ms = "CANCELED", now_ms
        self._due.pop(stopped.number, None)
        self._tell_order(452, stopped)
        number = FIRST_NUMBER + len(self._booked)
        order = SimOrder(
            str(number), old.client_id, old.symbol, old.side, old.qty, old.price, cash=old.cash
        )
        method = TRIGGERED[stopped.method]
        booked = Booked(number, stopped.listing, order, method, stopped.amount, stopped.stop, 0)
        self._enter(booked, now_ms)

    def _end(self, number: int, now_ms: int) -> None:
        del self._due[number]
        booked = self._booked[number]
        if booked.waits:
            booked.order.status, booked.order.updated_ms = "CANCELED", now_ms
        elif not self.market.engine.cancel(booked.order.order_id, now_ms):
            return
        self._tell_order(452, booked)
        self._tell_balance("order delete")

    def _book(self, trades: Iterable[Trade]) -> None:
        for trade in trades:
            self.account.book([trade])
            booked = self._booked[int(trade.order_id)]
            self._tell_match(booked, trade)
            if booked.order.status == "FILLED" and trade is self._last_of(booked):
                self._tell_order(452, booked)
            elif self._troubles.on("tell_updates"):
                self._tell_order(453, booked)

    def _last_of(self, booked: Booked) -> Trade:
        trades = self.market.engine.trades
        return next(t for t in reversed(trades) if t.order_id == booked.order.order_id)

    # What is asked

    def listed(self, now_ms: int, listing: Listing | None) -> list[Booked]:
        """Return the orders that lists show, newest first; of one pair or of all."""
        return [
            booked
            for booked in reversed(self._booked.values())
            if booked.shown_ms <= now_ms and listing in (None, booked.listing)
        ]

    def row(self, number: int, now_ms: int) -> dict[str, object]:
        """Return one order; raises Refused."""
        booked = self._booked.get(number)
        if booked is None or booked.shown_ms > now_ms:
            raise Refused(ORDER_NOT_FOUND)
        row = booked.row(old=self.old)
        return {**row, "id": number + 1} if self._troubles.take("wrong_order") else row

    def fills(self, asked: Query, span: Span, now_ms: int) -> list[dict[str, object]]:
        """Return the fills that are asked for, newest first, as far as they are listed yet."""
        check_trade_query(asked)
        listed_ms = now_ms - self._troubles.span_ms("delay_trades")
        rows = []
        for trade in reversed(self.market.engine.trades):
            booked = self._booked[int(trade.order_id)]
            if trade.time_ms <= listed_ms and is_asked_for(trade, booked.listing, asked, span):
                rows.append(fill_row(trade, booked.listing, booked.order.client_id, old=self.old))
        return rows

    def movements(self, asked: Query, now_ms: int, *, fiat: bool) -> list[dict[str, object]]:
        """Return deposits and withdrawals, of money or of coins."""
        assets = {asset for asset in self.account.balances if (asset in _FIAT) == fiat}
        return movements(self._movements, assets, asked, now_ms)

    def ledger_rows(self) -> list[dict[str, object]]:
        """Return the venue's own books of the orders."""
        fees: dict[str, Decimal] = {}
        for trade in self.market.engine.trades:
            fees[trade.order_id] = fees.get(trade.order_id, Decimal(0)) + sum(fee_and_tax(trade))
        return [_ledger_row(booked, fees) for booked in self._booked.values()]

    # What the feed tells

    def _tell_balance(self, payload: str) -> None:
        self._users.add(201, {"userId": self._user_id, "payload": payload})

    def _tell_order(self, model: int, booked: Booked) -> None:
        order, listing = booked.order, booked.listing
        left = booked.left
        fields = {
            "pairId": listing.number,
            "symbol": listing.pair,
            "id": booked.number,
            "method": FEED_METHODS[booked.method],
            "userId": self._user_id,
            "price": listing.price(order.price or Decimal(0)),
            "amount": short(booked.amount),
        }
        if not self.old:
            fields |= {
                "orderType": int(order.side == "SELL"),
                "numLeft": short(left),
                "denomLeft": short(left * (order.price or 0)),
                "newOrderClientId": order.client_id,
            }
        self._users.add(model, fields)

    def _tell_match(self, booked: Booked, trade: Trade) -> None:
        order, listing = booked.order, booked.listing
        match: dict[str, object] = {
            "id": booked.number,
            "user": self._user_id,
            "isBid": order.side == "BUY",
            "method": FEED_METHODS[booked.method],
            "pair": listing.number,
            "symbol": listing.pair,
            "amount": short(rounded(trade.qty, listing.quantity_scale)),
            "price": listing.price(trade.px),
        }
        if not self.old:
            match |= {"clientId": order.client_id, "timestamp": trade.time_ms}
            self._users.add(423, fill_row(trade, listing, order.client_id, old=False))
        self._users.add(441, match)


def _ledger_row(booked: Booked, fees: dict[str, Decimal]) -> dict[str, object]:
    order = booked.order
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": order.side,
        "qty": plain(order.qty),
        "price": None if order.price is None else plain(order.price),
        "cum": plain(order.cum),
        "notional": plain(order.notional),
        "status": order.status,
        "fees": plain(fees.get(order.order_id, Decimal(0))),
    }
