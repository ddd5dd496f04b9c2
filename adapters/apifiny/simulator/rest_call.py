"""What a REST endpoint is given."""

from collections.abc import Mapping

from adapters.apifiny.simulator.exchange import Exchange
from adapters.apifiny.simulator.feed import sub_account
from adapters.apifiny.simulator.refusals import REQUEST, refusal
from adapters.apifiny.simulator.wallet import Wallet
from oms.core.values import frozen


@frozen
class Call:
    """One request that was found to be the account's own."""

    exchange: Exchange
    asked: Mapping[str, object]  # query parameters or the body
    venue: str  # "" where the call is not about one exchange
    now_ms: int
    wallet: Wallet
    submit_ms: int
    move_ms: int
    incoming_word: str
    clock_ms: int  # the time that the venue tells

    def text(self, name: str) -> str:
        """Return a parameter that has to be there."""
        value = self.asked.get(name)
        if not isinstance(value, str) or not value:
            raise refusal(REQUEST, name)
        return value

    def optional(self, name: str) -> str:
        """Return a parameter that may be left out or empty."""
        value = self.asked.get(name, "")
        if not isinstance(value, str):
            raise refusal(REQUEST, name)
        return value

    def whole(self, name: str) -> int | None:
        """Return a parameter that is a whole number, None if it is left out or empty."""
        value = self.optional(name)
        if not value:
            return None
        if not (value.isascii() and value.isdigit()):
            raise refusal(REQUEST, name)
        return int(value)

    def sub_account(self, venue: str) -> str:
        """Return the name that replies give the account: STA-BINANCE_00000001."""
        return sub_account(self.exchange.account_id, venue)
