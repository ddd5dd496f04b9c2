"""What the account owns at each exchange, and how much of it working orders hold."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal

from adapters.apifiny.simulator.refusals import FUNDS, refusal


class Balances:
    """Amounts by (exchange, currency); what is frozen is still part of the amount."""

    def __init__(self, venues: Iterable[str], funds: Mapping[str, Decimal]) -> None:
        self._amounts = {
            (venue, coin): amount for venue in venues for coin, amount in funds.items()
        }
        self._frozen: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)

    def available(self, venue: str, currency: str) -> Decimal:
        """Return what a new order could hold."""
        key = venue, currency
        return self._amounts.get(key, Decimal(0)) - self._frozen[key]

    def hold(self, venue: str, currency: str, amount: Decimal) -> None:
        """Freeze an amount; raises Refusal, and freezes nothing, if there is not so much."""
        if amount > self.available(venue, currency):
            raise refusal(FUNDS)
        self._frozen[venue, currency] += amount

    def release(self, venue: str, currency: str, amount: Decimal) -> None:
        """Give back a part of what is held."""
        self._frozen[venue, currency] -= amount
        assert self._frozen[venue, currency] >= 0

    def add(self, venue: str, currency: str, amount: Decimal) -> None:
        """Book an amount, negative for what was paid."""
        self._amounts[venue, currency] = self._amounts.get((venue, currency), Decimal(0)) + amount

    def rows(
        self, venue: str, currencies: Collection[str] | None = None
    ) -> list[Mapping[str, object]]:
        """Return currency, amount, available and frozen of one exchange, all or some of them."""
        return [
            {
                "currency": currency,
                "amount": amount,
                "available": self.available(venue, currency),
                "frozen": self._frozen[venue, currency],
            }
            for (owner, currency), amount in self._amounts.items()
            if owner == venue and (currencies is None or currency in currencies)
        ]

    def ledger(self) -> dict[str, dict[str, str]]:
        """Return every amount by exchange and currency, as text."""
        told: dict[str, dict[str, str]] = {}
        for (venue, currency), amount in self._amounts.items():
            told.setdefault(venue, {})[currency] = format(amount, "f")
        return told
