"""Switches that act at once; the counted troubles are in `troubles.py`.

| name | value | effect |
|---|---|---|
| poison_nonce | ms | the account's last nonce is so many ms ahead of the next request |
| drop_stream | n | above 0: all connections of the channel break now |
| socketio_generation | 3 or 4 | which protocol the channel speaks from now on |
| ping_ms | `{"interval": ms, "timeout": ms}` | the heartbeat of the connections to come |
| fill | `{"order": id, "amount": text}` | somebody takes that much of a resting order |
| outside | `{"type", "pair", "amount", "price"}` | the account enters an order by another way |
| stranger | `{"symbol", "side", "qty", "price"}` | the same, in words that all venues share |
| credit | `{"asset", "amount"}` | a balance changes without a word, below 0 for a loss |
| others | `{"type", "pair", "amount", "price"}` | two other people trade; `type` is the taker's |
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, Protocol

from adapters.bitexbit.simulator.account import Account
from adapters.bitexbit.simulator.channel import Channel
from adapters.bitexbit.simulator.door import Door
from adapters.bitexbit.simulator.orders import sim_order
from adapters.bitexbit.simulator.pairs import Pair
from adapters.bitexbit.simulator.socketio import GENERATIONS, Heartbeat
from adapters.bitexbit.simulator.trading import Trading
from adapters.bitexbit.simulator.troubles import count_of
from adapters.bitexbit.simulator.wire import Barred
from adapters.matching import Outside, credited


class Inside(Protocol):
    """What of the venue is moved here."""

    door: Door
    channel: Channel
    trading: Trading
    account: Account
    now_ms: int


def _poison_nonce(venue: Inside, value: object) -> None:
    venue.door.poison(count_of(value))


def _drop_stream(venue: Inside, value: object) -> None:
    if count_of(value):
        venue.channel.drop()


def _generation(venue: Inside, value: object) -> None:
    if value not in GENERATIONS:
        raise ValueError(f"one of {GENERATIONS} is wanted")
    venue.channel.generation = count_of(value)


def _ping(venue: Inside, value: object) -> None:
    told = _texts(value, ("interval", "timeout"))
    venue.channel.heartbeat = Heartbeat(count_of(told["interval"]), count_of(told["timeout"]))


def _fill(venue: Inside, value: object) -> None:
    told = _texts(value, ("order", "amount"))
    amount = _amount(told["amount"])
    trade = venue.trading.engine.hit(str(told["order"]), amount, venue.now_ms)
    venue.trading.make([trade], venue.now_ms)
    venue.channel.advance(venue.now_ms)


def _outside(venue: Inside, value: object) -> None:
    told, pair = _order(venue, value)
    try:
        order = sim_order(told, venue.trading.next_id(), pair)
    except Barred as barred:
        raise ValueError(barred.detail) from None
    venue.trading.enter(order, pair, venue.now_ms)


def _stranger(venue: Inside, value: object) -> None:
    outside = Outside.of(value)
    pairs = venue.trading.pairs.items()
    pair = next(name for name, one in pairs if one.market.symbol == outside.symbol)
    words = {"type": outside.side.lower(), "amount": outside.qty, "price": outside.price}
    _outside(venue, {**words, "pair": pair})


def _credit(venue: Inside, value: object) -> None:
    asset, amount = credited(value, venue.account.balances)
    venue.account.balances[asset] += amount


def _others(venue: Inside, value: object) -> None:
    told, pair = _order(venue, value)
    side, px = told["type"].upper(), _amount(told["price"])
    venue.trading.others(pair, side, px, _amount(told["amount"]), venue.now_ms)
    venue.channel.advance(venue.now_ms)


def _order(venue: Inside, value: object) -> tuple[dict[str, str], Pair]:
    told = _texts(value, ("type", "pair", "amount", "price"))
    pair = venue.trading.pairs.get(str(told["pair"]))
    if pair is None or told["type"] not in ("buy", "sell"):
        raise ValueError("no such pair or side")
    return {name: str(text) for name, text in told.items()}, pair


def _texts(value: object, names: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise ValueError(f"these are wanted: {', '.join(names)}")
    return value


def _amount(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError("a number is wanted") from None


DEEDS: Final[Mapping[str, Callable[[Inside, object], None]]] = {
    "poison_nonce": _poison_nonce,
    "drop_stream": _drop_stream,
    "socketio_generation": _generation,
    "ping_ms": _ping,
    "fill": _fill,
    "outside": _outside,
    "stranger": _stranger,
    "credit": _credit,
    "others": _others,
}
