"""The venue: one address, twelve methods, orders that live and end, and the ledger.

Source: Cryptex API document.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from adapters.cryptex.simulator import calls
from adapters.cryptex.simulator.account import START, Account, unconfirmed
from adapters.cryptex.simulator.door import Door
from adapters.cryptex.simulator.market import Meeting, code, history, markets, public
from adapters.cryptex.simulator.troubles import Troubles, number
from adapters.cryptex.simulator.wire import (
    Barred,
    Lost,
    Refused,
    calendar,
    failure,
    plain,
    refusal,
    success,
)
from adapters.matching import MatchingEngine, Outside, SimOrder, Trade, credited
from adapters.simserver import SimRequest, SimResponse

ROOT: Final = "/api/v1"
FIRST_ORDER: Final = 1001
ACTIVE: Final = 1
ENDED: Final = {"FILLED": 2, "CANCELED": 3}
"""Status numbers of orders that are over: our choice, the document shows only 1."""


class CryptexSimulator:
    """Cryptex with one user who has one key."""

    name = "cryptex"

    def __init__(self, seed: int, credentials: Mapping[str, str]) -> None:
        self._door = Door(credentials)
        self._engine = MatchingEngine(markets(), seed)
        self._markets = {code(market.symbol): market for market in markets()}
        self._account = Account(seed)
        self._troubles = Troubles()
        self._meetings: list[Meeting] = []
        self._shown_ms: dict[str, int] = {}
        self._next_order = FIRST_ORDER
        self._now_ms = 0
        self._counts = {"requests": 0, "throttled": 0}

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one request; never raises, whatever the request."""
        self.advance(now_ms)
        self._counts["requests"] += 1
        method = _method(request)
        try:
            answer = self._answer(request, method, now_ms)
        except Refused as refused:
            answer = refusal(refused)
        except Barred as barred:
            self._counts["throttled"] += barred.status == 429
            answer = failure(barred)
        except Lost:
            answer = SimResponse(200, b"", drop=True)
        return self._troubles.distort(answer, method)

    def advance(self, now_ms: int) -> None:
        """Let the market move."""
        self._now_ms = now_ms
        self._book(self._engine.advance(now_ms))

    def ledger(self) -> dict[str, object]:
        """Return the venue's own books."""
        return {
            "orders": [_ledger_row(order) for order in self._engine.orders.values()],
            "balances": {name: plain(held) for name, held in self._account.balances.items()},
            "transfers": list(self._account.transfers),
            "last_nonce": self._door.last_nonce,
            **self._counts,
        }

    def switch(self, name: str, value: object) -> None:
        """Set a trouble of `troubles.py`; raises KeyError or ValueError."""
        if name == "poison_nonce":
            self._door.last_nonce += number(value)
        elif name == "confirm":
            self._account.confirm(number(value))
        elif name == "deposit":
            self._deposit(value)
        elif name == "cross":
            self._cross(value)
        elif name == "credit":
            asset, sum_of_it = credited(value, self._account.balances)
            self._account.balances[asset] += sum_of_it
        elif name == "stranger":
            self._enter(Outside.of(value))
        else:
            self._troubles.set(name, value)

    # The way of a request

    def _answer(self, request: SimRequest, method: str, now_ms: int) -> SimResponse:
        exponents = self._troubles.flags["exponents"]
        if self._troubles.take("throttle", method):
            raise Barred(429, "too many requests")
        if request.path != ROOT:
            return success(self._public(request, now_ms), exponents=exponents)
        if request.method != "POST":
            raise Barred(405, "POST is wanted")
        if self._troubles.take("lose_request", method):
            raise Lost
        fields = self._door.admit(request)
        calls.demand_fields(self._named(fields[""]), fields)
        if self._troubles.take("refuse", method):
            raise Refused("refused, as was wished")
        content = _METHODS[self._named(fields[""])](self, fields, now_ms)
        if self._troubles.take("lose_reply", method):
            raise Lost
        if self._troubles.take("server_error", method):
            raise Barred(500, "internal server error")
        return success(content, exponents=exponents)

    def _named(self, method: str) -> str:
        if not self._troubles.flags["acrive_orders"]:
            return method
        return {"AcriveOrders": "ActiveOrders", "ActiveOrders": ""}.get(method, method)

    def _public(self, request: SimRequest, now_ms: int) -> object:
        found = public(self._engine, request.path.removeprefix(f"{ROOT}/"), now_ms)
        if found is None:
            raise Barred(404, "no such page")
        if request.method != "GET":
            raise Barred(405, "GET is wanted")
        return found

    # The methods

    def info(self, fields: calls.Fields, now_ms: int) -> object:
        """Balances, and how many orders are open."""
        shown = self._account.shown(reserved=calls.flag(fields, "with_reserves"))
        return {"balances": shown, "open_orders": len(self._account.open_orders())}

    def active_orders(self, fields: calls.Fields, now_ms: int) -> object:
        """The orders that work."""
        pair, latest_first = calls.pair(fields), calls.descending(fields)
        rows = [
            self._row(order)
            for order in self._account.open_orders()
            if self._shows(order, now_ms) and pair in (None, code(order.symbol))
        ]
        if latest_first:
            rows.reverse()
        if self._troubles.flags["active_as_map"]:
            return {str(row["order_id"]): row for row in rows}
        return rows

    def order_info(self, fields: calls.Fields, now_ms: int) -> object:
        """One order, under its own number."""
        wanted = calls.order_id(fields)
        order = self._find(wanted, now_ms)
        if order.status != "OPEN" and self._troubles.flags["forget_ended"]:
            raise Refused("order not found")
        row = self._row(order)
        if self._troubles.take("wrong_order", "OrderInfo"):
            row["order_id"] = wanted + 1
        return {str(row["order_id"]): row}

    def cancel_order(self, fields: calls.Fields, now_ms: int) -> object:
        """End an order at once."""
        wanted = calls.order_id(fields)
        if self._find(wanted, now_ms).status != "OPEN":
            raise Refused("order is not active")
        self._engine.cancel(str(wanted), now_ms)
        wrong = self._troubles.take("wrong_order", "CancelOrder")
        return {"order_id": wanted + wrong, "balances": self._account.shown(reserved=False)}

    def trade_history(self, fields: calls.Fields, now_ms: int) -> object:
        """Trades of the account."""
        return history(self._meetings, fields, self._troubles, now_ms)

    def trade(self, fields: calls.Fields, now_ms: int) -> object:
        """Take a limit order."""
        market = self._markets.get(calls.pair(fields) or "")
        if market is None or fields["type"] not in ("buy", "sell"):
            raise Refused("unknown pair or type")
        price, amount = calls.amount(fields, "price"), calls.amount(fields, "amount")
        if price % market.tick or amount % market.step:
            raise Refused("price or amount is not a multiple of the step")
        side = fields["type"].upper()
        order = SimOrder(str(self._next_order), "", market.symbol, side, amount, price)
        self._account.demand(order)
        self._next_order += 1
        self._shown_ms[order.order_id] = now_ms + self._troubles.spans["hide_orders"]
        self._account.hold(order)
        self._book(self._engine.submit(order, now_ms))
        return self._taken(order)

    def get_new_address(self, fields: calls.Fields, now_ms: int) -> object:
        """An address to pay to."""
        return {"address": self._account.new_address(fields["currency"])}

    def deposit_info(self, fields: calls.Fields, now_ms: int) -> object:
        """What came to an address."""
        found = self._account.deposit_to(fields["address"])
        if found is None:
            return {"status": 0, "amount": 0, "confirmations": 0, "txid": ""}
        return {
            "status": int(found.confirmations >= 3),
            "amount": found.amount,
            "confirmations": found.confirmations,
            "txid": found.txid,
        }

    def unconfirmed_transactions(self, fields: calls.Fields, now_ms: int) -> object:
        """Money that is not credited yet, by currency."""
        pair = calls.pair(fields)
        rows = self._account.deposits if calls.descending(fields) else self._account.deposits[::-1]
        shown = unconfirmed(reversed(rows[-1000:]))
        wanted = shown if pair is None else pair.split("_")
        return {currency: shown[currency] for currency in wanted if currency in shown}

    def withdraw(self, fields: calls.Fields, now_ms: int) -> object:
        """Send money away."""
        address = fields["address"]
        if not (address.isascii() and address.isalnum()):
            raise Refused("bad address")
        self._account.withdraw(fields["currency"], calls.amount(fields, "amount"), address)
        return "Opened"

    def coupon_create(self, fields: calls.Fields, now_ms: int) -> object:
        """Write a coupon, or leave it to a moderator."""
        amount = calls.amount(fields, "amount")
        coupon = self._account.create_coupon(
            fields["currency"], amount, fields.get("recipient", "")
        )
        if self._troubles.take("send_to_moderation", "CouponCreate"):
            return "send_to_moderation"
        return {"amount": plain(amount), "code": coupon}

    def coupon_redeem(self, fields: calls.Fields, now_ms: int) -> object:
        """Turn a coupon into money."""
        return {"amount": plain(self._account.redeem_coupon(fields["code"]))}

    # Orders

    def _taken(self, order: SimOrder) -> dict[str, object]:
        answer: dict[str, object] = {"balances": self._account.shown(reserved=False)}
        instant = order.status == "FILLED"
        if instant and self._troubles.take("no_order", "Trade"):
            return answer
        zero = instant and self._troubles.take("order_zero", "Trade")
        return {**answer, "order": 0 if zero else int(order.order_id)}

    def _find(self, wanted: int, now_ms: int) -> SimOrder:
        order = self._engine.orders.get(str(wanted))
        if order is None or not self._shows(order, now_ms):
            raise Refused("order not found")
        return order

    def _shows(self, order: SimOrder, now_ms: int) -> bool:
        return self._shown_ms[order.order_id] <= now_ms

    def _row(self, order: SimOrder) -> dict[str, object]:
        active = order.status == "OPEN" or self._troubles.flags["always_active"]
        row: dict[str, object] = {
            "order_id": int(order.order_id),
            "timestamp": calendar(self._dated(order.created_ms)),
            "pair": code(order.symbol),
            "type": order.side.lower(),
            "price": order.price,
            "amount": order.qty,
            "filled": order.cum,
            "status": ACTIVE if active else ENDED[order.status],
        }
        return self._troubles.written(row)

    def _book(self, trades: list[Trade]) -> None:
        self._account.book(trades)
        for trade in trades:
            other, self._next_order = self._next_order, self._next_order + 1
            own = int(trade.order_id)
            buy, sell = (own, other) if trade.side == "BUY" else (other, own)
            later = trade.side if trade.taker else {"BUY": "SELL", "SELL": "BUY"}[trade.side]
            self._meet(buy, sell, trade.symbol, later, trade.px, trade.qty, trade.time_ms)

    def _meet(
        self, buy: int, sell: int, symbol: str, side: str, px: Decimal, qty: Decimal, time_ms: int
    ) -> None:
        number, dated_ms = len(self._meetings) + 1, self._dated(time_ms)
        listed_ms = time_ms + self._troubles.spans["delay_trades"]
        self._meetings.append(
            Meeting(number, buy, sell, symbol, side, px, qty, dated_ms, listed_ms)
        )

    def _dated(self, time_ms: int) -> int:
        """A time by the venue's own clock."""
        return time_ms + self._troubles.spans["skew_clock"]

    # Switches

    def _enter(self, outside: Outside) -> None:
        order = SimOrder(
            str(self._next_order), "", outside.symbol, outside.side, outside.qty, outside.price
        )
        self._next_order += 1
        self._shown_ms[order.order_id] = 0
        self._account.hold(order)
        self._book(self._engine.submit(order, self._now_ms))

    def _deposit(self, value: object) -> None:
        if not isinstance(value, dict) or set(value) != {"currency", "amount"}:
            raise ValueError("currency and amount are wanted")
        if value["currency"] not in START:
            raise ValueError("unknown currency")
        amount = Decimal(str(value["amount"]))
        self._account.deposit(value["currency"], amount, self._dated(self._now_ms))

    def _cross(self, value: object) -> None:
        found = [self._engine.orders.get(str(part)) for part in _list(value)]
        buy, sell = found if len(found) == 2 else (None, None)
        if buy is None or sell is None or (buy.side, sell.side) != ("BUY", "SELL"):
            raise ValueError("an own buy and an own sell order are wanted")
        qty, px = min(buy.leaves, sell.leaves), sell.price or Decimal(0)
        if buy.symbol != sell.symbol or not qty:
            raise ValueError("two open orders of one market are wanted")
        for order in (buy, sell):
            order.cum += qty
            order.notional += qty * px
            if order.cum == order.qty:
                self._engine.cancel(order.order_id, order.updated_ms)
                order.status = "FILLED"
        sides = int(buy.order_id), int(sell.order_id)
        self._meet(*sides, buy.symbol, "BUY", px, qty, self._now_ms)


_METHODS: Final[Mapping[str, Callable[[CryptexSimulator, calls.Fields, int], object]]] = {
    "Info": CryptexSimulator.info,
    "GetNewAddress": CryptexSimulator.get_new_address,
    "DepositInfo": CryptexSimulator.deposit_info,
    "Withdraw": CryptexSimulator.withdraw,
    "ActiveOrders": CryptexSimulator.active_orders,
    "UnconfirmedTransactions": CryptexSimulator.unconfirmed_transactions,
    "OrderInfo": CryptexSimulator.order_info,
    "CancelOrder": CryptexSimulator.cancel_order,
    "TradeHistory": CryptexSimulator.trade_history,
    "Trade": CryptexSimulator.trade,
    "CouponCreate": CryptexSimulator.coupon_create,
    "CouponRedeem": CryptexSimulator.coupon_redeem,
}


def _method(request: SimRequest) -> str:
    """The method that a request names, as far as that can be seen before the door."""
    named = [part for part in request.body.split(b"&") if part.startswith(b"method=")]
    return named[0].removeprefix(b"method=").decode("ascii", "replace") if named else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _ledger_row(order: SimOrder) -> dict[str, object]:
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
        "fees": "0",
    }
