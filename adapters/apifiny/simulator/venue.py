"""Apifiny as one simulator: the REST side, the FIX gateway, and what they share."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.fix_gateway import FixGateway
from adapters.apifiny.simulator.fix_session import FixAcceptor
from adapters.apifiny.simulator.rest import RestSide
from adapters.apifiny.simulator.switches import Switches
from adapters.apifiny.simulator.tokens import Account
from adapters.matching import default_markets
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
        self.rest = RestSide(account, self.exchange, self._switches, speed)
        self._gateway: FixGateway | None = None

    def handle(self, request: SimRequest, now_ms: int) -> SimResponse:
        """Answer one REST request."""
        return self.rest.handle(request, now_ms)

    def advance(self, now_ms: int) -> None:
        """Let the exchanges trade; reports wait for the session's next tick."""
        self.exchange.advance(now_ms)
        self.fix.pass_time()

    def ledger(self) -> dict[str, object]:
        """Return every order and the counts of what came in; decimals as text."""
        return {
            "orders": [order.ledger() for order in self.exchange.orders.values()],
            "requests": self.rest.requests,
            "throttled": self.rest.throttled,
            "fix_messages": self.fix.received,
            "rejected_by_client": self.fix.orders.rejected_by_client,
        }

    def switch(self, name: str, value: object) -> None:
        """Turn a trouble on or off; KeyError for an unknown one. `cut_fix` happens at once."""
        if name == "cut_fix":
            self.fix.cut()
            return
        self._switches.turn(name, value)

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
