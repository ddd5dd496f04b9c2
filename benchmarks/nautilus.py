"""A yardstick for the kernel: NautilusTrader's ExecutionEngine with its cache, and no network.

The same four events a lifecycle: the order's submission, its acceptance, two fills. They are made
before anything is timed, the order object too, and what the venue's client would say of its own
(OrderSubmitted) is left out. There is no database behind the cache, no portfolio, no strategy, and
the log is not started: nothing is kept that outlives the process.

    python -m benchmarks.nautilus LIFECYCLES      prints one JSON document; needs the extra `bench`
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import nautilus_trader
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import MessageBus, TestClock
from nautilus_trader.common.factories import OrderFactory
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.client import ExecutionClient
from nautilus_trader.execution.engine import ExecutionEngine
from nautilus_trader.execution.messages import SubmitOrder
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import ClientId, StrategyId, TradeId, TraderId, VenueOrderId
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.test_kit.stubs.events import TestEventStubs
from nautilus_trader.test_kit.stubs.execution import TestExecStubs

WAVE: Final = 100
"""Orders that live side by side, as in the kernel's own script."""

_TRADER: Final = TraderId("BENCH-001")
_STRATEGY: Final = StrategyId("BENCH-1")


class _Silent(ExecutionClient):  # type: ignore[misc]  # the package brings no types
    """A venue's client that takes an order and says nothing."""

    def submit_order(self, command: Any) -> None:
        """Where a real one would send it."""


class Bench:
    """One engine and one cache."""

    def __init__(self) -> None:
        """An instrument and an account are known, nothing was traded."""
        self._clock = TestClock()
        self._instrument = TestInstrumentProvider.btcusdt_binance()
        bus = MessageBus(trader_id=_TRADER, clock=self._clock)
        self.cache = Cache()
        self.engine = ExecutionEngine(msgbus=bus, cache=self.cache, clock=self._clock)
        venue = self._instrument.id.venue
        self.engine.register_client(
            _Silent(
                client_id=ClientId(venue.value),
                venue=venue,
                oms_type=OmsType.HEDGING,
                account_type=AccountType.CASH,
                base_currency=None,
                msgbus=bus,
                cache=self.cache,
                clock=self._clock,
            )
        )
        self._account = TestExecStubs.cash_account()
        self.cache.add_instrument(self._instrument)
        self.cache.add_account(self._account)
        self.engine.start()
        self._factory = OrderFactory(
            trader_id=_TRADER, strategy_id=_STRATEGY, clock=self._clock, cache=self.cache
        )

    def steps(self, lifecycles: int) -> Iterator[tuple[Callable[[Any], None], Any]]:
        """What to call with what, in waves. Each order is a position of its own, which costs the engine a
        quarter of what netting them does; buys and sells by turns."""
        for start in range(0, lifecycles, WAVE):
            numbers = range(start, min(start + WAVE, lifecycles))
            orders = [self._order(number) for number in numbers]
            for order in orders:
                yield self.engine.execute, self._submission(order)
            for number, order in zip(numbers, orders, strict=True):
                yield self.engine.process, self._accepted(order, number)
            for part in (1, 2):
                for number, order in zip(numbers, orders, strict=True):
                    yield self.engine.process, self._filled(order, number, part)

    def _order(self, number: int) -> Any:
        return self._factory.limit(
            instrument_id=self._instrument.id,
            order_side=OrderSide.SELL if number % 2 else OrderSide.BUY,
            quantity=self._instrument.make_qty(1),
            price=self._instrument.make_price(40_000.10),
        )

    def _submission(self, order: Any) -> Any:
        return SubmitOrder(
            trader_id=_TRADER,
            strategy_id=_STRATEGY,
            order=order,
            command_id=UUID4(),
            ts_init=0,
        )

    def _accepted(self, order: Any, number: int) -> Any:
        return TestEventStubs.order_accepted(
            order, account_id=self._account.id, venue_order_id=VenueOrderId(f"V{number:012d}")
        )

    def _filled(self, order: Any, number: int, part: int) -> Any:
        return TestEventStubs.order_filled(
            order,
            self._instrument,
            account_id=self._account.id,
            account=self._account,
            venue_order_id=VenueOrderId(f"V{number:012d}"),
            trade_id=TradeId(f"X{number}-{part}"),
            last_qty=self._instrument.make_qty(0.5),
            last_px=self._instrument.make_price(40_000.10),
        )


def main() -> None:
    """Measure once."""
    lifecycles = int(sys.argv[1])
    bench = Bench()
    steps = list(bench.steps(lifecycles))
    gc.collect()
    gc.freeze()
    start, cpu = time.perf_counter(), time.process_time()
    for take, message in steps:
        take(message)
    took, used = time.perf_counter() - start, time.process_time() - cpu
    filled = sum(order.filled_qty == order.quantity for order in bench.cache.orders_closed())
    assert filled == lifecycles, f"{filled} of {lifecycles} orders are filled"
    told = {
        "version": nautilus_trader.__version__,
        "events": len(steps),
        "seconds": took,
        "cpu_s": used,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
