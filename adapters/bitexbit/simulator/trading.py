"""Orders on their way through the market, and what is told of it.

Source: Bitexbit API v1 document, sections "Create order", "Cancel order" and "Orderbook events".
The amount of an answer to a new order and of its event is what remained after matching.
"""

from decimal import Decimal
from typing import Final

from adapters.bitexbit.simulator.account import Account
from adapters.bitexbit.simulator.channel import Channel
from adapters.bitexbit.simulator.orders import FIRST_ID, Booked
from adapters.bitexbit.simulator.pairs import OPPOSITE, SIDES, Pair, pairs
from adapters.bitexbit.simulator.tape import Exchange, Tape
from adapters.bitexbit.simulator.troubles import Troubles
from adapters.bitexbit.simulator.wire import Barred, epoch_seconds, number, plain
from adapters.matching import MatchingEngine, SimOrder, Trade

FIRST_CANCEL_ID: Final = 4535  # of the document's sample


class Trading:
    """The market as far as the account is in it."""

    def __init__(self, seed: int, troubles: Troubles, account: Account, channel: Channel) -> None:
        self.pairs = pairs()
        self.tape = Tape()
        self.booked: dict[int, Booked] = {}
        self.engine = MatchingEngine((pair.market for pair in self.pairs.values()), seed)
        self._troubles = troubles
        self._account = account
        self._channel = channel
        self._next_id = FIRST_ID
        self._next_cancel_id = FIRST_CANCEL_ID
        self._opened_ms = 0

    def next_id(self) -> int:
        """Return the id of the order that comes next, whoever enters it."""
        return self._next_id

    def advance(self, now_ms: int) -> None:
        """Let other people's orders hit ours."""
        self._opened_ms = self._opened_ms or now_ms
        self.make(self.engine.advance(now_ms), now_ms)

    def enter(self, order: SimOrder, pair: Pair, now_ms: int) -> dict[str, object]:
        """Let an order in and return the answer to it."""
        order_id = int(order.order_id)
        self._next_id += 1
        shown_ms = now_ms + self._troubles.span_ms("hide_orders_ms")
        self.booked[order_id] = Booked(order, pair, shown_ms)
        self._account.reserve(order)
        trades = self.engine.submit(order, now_ms)
        self._account.book(trades)
        told = [
            {
                "type": SIDES[OPPOSITE[order.side]],
                "price": number(trade.px),
                "o_id": pair.standing_id(OPPOSITE[order.side], trade.px),
                "amount": number(trade.qty),
                "tid": self._write(trade, pair, order.side, now_ms),
            }
            for trade in trades
        ]
        assert order.price is not None
        answer: dict[str, object] = {
            "success": True,
            "type": SIDES[order.side],
            "date": epoch_seconds(self._date_ms(now_ms)),
            "oid": order_id,
            "price": number(order.price),
            "amount": number(order.leaves),
            "trades": told,
        }
        self._channel.tell(pair.name, _as_event(answer), self._due_ms(now_ms, bool(trades)))
        return answer

    def cancel(self, order_id: int, now_ms: int) -> None:
        """End an active order of the account; raises Barred."""
        booked = self.booked.get(order_id)
        if booked is None:
            others = order_id < self._next_id
            raise Barred(403 if others else 400, "not your order" if others else "no such order")
        left, price = booked.order.leaves, booked.order.price
        assert price is not None
        if not self.engine.cancel(booked.order.order_id, now_ms):
            raise Barred(400, "the order is done or cancelled")
        event: dict[str, object] = {
            "success": True,
            "date": epoch_seconds(self._date_ms(now_ms)),
            "oid": order_id,
            "cancel_order_id": self._next_cancel_id,
            "price": price,
            "type": SIDES[booked.order.side],
            "amount": left,
            "pair": booked.pair.name,
            "cancelled": True,
        }
        self._next_cancel_id += 1
        self._channel.tell(booked.pair.name, event, now_ms)

    def make(self, trades: list[Trade], now_ms: int) -> None:
        """Book trades in which the account's orders rested, each hit by an order of its own."""
        self._account.book(trades)
        for trade in trades:
            booked = self.booked[int(trade.order_id)]
            hitter, self._next_id = self._next_id, self._next_id + 1
            taker = OPPOSITE[trade.side]
            tid = self._write(trade, booked.pair, taker, now_ms)
            self._event(
                booked.pair, hitter, taker, tid, trade.order_id, trade.px, trade.qty, now_ms
            )

    def others(self, pair: Pair, taker: str, px: Decimal, qty: Decimal, now_ms: int) -> None:
        """Have other people trade with each other."""
        tid = self.tape.next_id()
        due_ms = self._due_ms(now_ms, True)
        self.tape.add(Exchange(tid, pair.name, taker, px, qty, self._date_ms(now_ms), due_ms))
        hitter, self._next_id = self._next_id, self._next_id + 1
        rests = str(pair.standing_id(OPPOSITE[taker], px))
        self._event(pair, hitter, taker, tid, rests, px, qty, now_ms)

    def side_of_book(self, pair: Pair, side: str) -> list[dict[str, object]]:
        """Return one side of a pair's book, the account's own orders among the others."""
        own = (booked.order for booked in self.booked.values())
        return pair.side_of_book(self.engine, own, side, self._opened_ms)

    def _event(
        self,
        pair: Pair,
        hitter: int,
        taker: str,
        tid: int,
        rests: str,
        px: Decimal,
        qty: Decimal,
        now_ms: int,
    ) -> None:
        trade = {"tid": tid, "type": SIDES[OPPOSITE[taker]], "price": px, "amount": qty}
        answer: dict[str, object] = {
            "success": True,
            "date": epoch_seconds(self._date_ms(now_ms)),
            "oid": hitter,
            "type": SIDES[taker],
            "price": px,
            "amount": Decimal("0.0"),
            "trades": [{**trade, "o_id": int(rests)}],
        }
        self._channel.tell(pair.name, _as_event(answer), self._due_ms(now_ms, True))

    def _write(self, trade: Trade, pair: Pair, taker: str, now_ms: int) -> int:
        tid = self.tape.next_id()
        time_ms = self._date_ms(trade.time_ms)
        due_ms = self._due_ms(now_ms, True)
        self.tape.add(
            Exchange(tid, pair.name, taker, trade.px, trade.qty, time_ms, due_ms, (trade.side,))
        )
        return tid

    def _date_ms(self, now_ms: int) -> int:
        return now_ms + self._troubles.span_ms("skew_clock")

    def _due_ms(self, now_ms: int, traded: bool) -> int:
        return now_ms + (self._troubles.span_ms("delay_trades") if traded else 0)


def _as_event(answer: dict[str, object]) -> dict[str, object]:
    """The answer as the channel tells it: amounts of its trades are text there."""
    trades = answer["trades"]
    assert isinstance(trades, list)
    told = [
        {
            "tid": trade["tid"],
            "type": trade["type"],
            "price": plain(trade["price"]),
            "amount": plain(trade["amount"]),
            "o_id": trade["o_id"],
        }
        for trade in trades
    ]
    names = ("success", "date", "oid", "type", "price", "amount")
    return {**{name: answer[name] for name in names}, "trades": told}
