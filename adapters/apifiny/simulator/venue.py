"""Apifiny as one simulator: REST, feeds, the FIX gateway, and what they share."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.doors import Doors
from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.feeds import Socket
from adapters.apifiny.simulator.fix_gateway import FixGateway
from adapters.apifiny.simulator.fix_session import FixAcceptor
from adapters.apifiny.simulator.market_data import MarketData
from adapters.apifiny.simulator.orders import NewOrder
from adapters.apifiny.simulator.rest import RestSide
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tokens import Account
from adapters.apifiny.simulator.wallet import Wallet
from adapters.matching import Outside, credited, default_markets
from adapters.simserver import SimRequest, SimResponse

VENUES: Final = ("BINANCE", "COINBASEPRO", "GBBO")
_QUOTE: Final = "/USDT"
_FUNDS: Final = {
    "BTC": Decimal(1_000),
    "ETH": Decimal(10_000),
    "USDT": Decimal(100_000_000),
}


class ApifinySimulator:
    """One account at Apifiny. Pure but for `start_fix`; the time is an argument."""

    name: str = "apifiny"

    def __init__(
        self,
        account: Account,
        seed: int,
        speed: Decimal,
        venues: tuple[str, ...] = VENUES,
        funds: Mapping[str, Decimal] = _FUNDS,
    ) -> None:
        self._switches = Switches()
        markets = [market for market in default_markets() if market.symbol.endswith(_QUOTE)]
        self.exchange = Exchange(account.account_id, venues, markets, seed, funds)
        self.fix = FixAcceptor(account, self.exchange, self._switches)
        self.wallet = Wallet(
            account.account_id, self.exchange.balances, self.exchange.feed, self._switches
        )
        self.market = MarketData(self.exchange, self._switches, speed)
        self.rest = RestSide(
            account, self.exchange, self.wallet, self.market, self._switches, speed
        )
        self._doors = Doors(account, self.exchange, self.market, self._switches, self.rest.do)
        self._gateway: FixGateway | None = None
        self._now_ms = 0

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one REST request."""
        self._now_ms = now_ms
        self.exchange.advance(now_ms)  # an answer has in it what was executed before it
        self.wallet.settle(now_ms)
        return self.rest.handle(request, now_ms)

    def connect(self, request: SimRequest, now_ms: int) -> Socket | SimResponse:
        """Open a feed."""
        return self._doors.connect(request, now_ms)

    def advance(self, now_ms: int) -> None:
        """Let the exchanges trade; reports wait for the session's next tick."""
        self._now_ms = now_ms
        self.exchange.advance(now_ms)
        self.wallet.settle(now_ms)
        self.fix.pass_time()

    def ledger(self) -> dict[str, object]:
        """Return every order and the counts of what came in; decimals as text."""
        return {
            "orders": [order.ledger() for order in self.exchange.orders.values()],
            "requests": self.rest.requests,
            "balances": self.exchange.balances.ledger(),
            "transfers": [move.ledger() for move in self.wallet.moves],
            "throttled": self.rest.throttled + self.market.throttled,
            "fix_messages": self.fix.received,
            "rejected_by_client": self.fix.orders.rejected_by_client,
        }

    def switch(self, name: str, value: object) -> None:
        """Turn a trouble on or off; KeyError for an unknown one.

        At once: `cut_fix`, `restrict`, `deposit` with {"venue", "currency", "amount"}, `credit`
        with {"asset", "amount"} (a balance of the first exchange changes without a word) and
        `stranger` with {"symbol", "side", "qty", "price"} (an order by another way, there).
        """
        if name == "cut_fix":
            self.fix.cut()
        elif name == "deposit":
            self._deposit(value)
        elif name == "credit":
            asset, amount = credited(value, _FUNDS)
            self.exchange.balances.add(VENUES[0], asset, amount)
        elif name == "stranger":
            self._enter(Outside.of(value))
        else:
            self._switches.turn(name, value)
            restricted = self._switches.value("restrict")
            self.exchange.status = "RESTRICTED" if restricted else "OPENED"

    def _enter(self, outside: Outside) -> None:
        asked = NewOrder(
            order_id=self.exchange.new_order_id(self._now_ms),
            venue=VENUES[0],
            symbol=outside.symbol.replace("/", ""),
            order_type="LIMIT",
            side=outside.side,
            tif=1,
            price=outside.price,
            qty=outside.qty,
        )
        self.exchange.place(asked, self._now_ms, self._now_ms, fix=False)
        self.exchange.settle(self._now_ms)

    def _deposit(self, value: object) -> None:
        if not isinstance(value, Mapping):
            raise ValueError("deposit takes venue, currency and amount")
        amount = Decimal(str(value["amount"]))
        self.wallet.deposit(str(value["venue"]), str(value["currency"]), amount, self._now_ms)

    async def start_fix(self, host: str, port: int, clock_ms: Callable[[], int]) -> tuple[str, int]:
        """Listen for FIX; port 0 lets the kernel choose. Returns the host and port."""
        assert self._gateway is None
        self._gateway = FixGateway(self.fix, clock_ms)
        return await self._gateway.start(host, port)

    async def stop_fix(self) -> None:
        """Close the listener and every FIX connection."""
        if self._gateway is not None:
            await self._gateway.stop()
            self._gateway = None
