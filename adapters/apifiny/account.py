"""What Apifiny tells of the account and of itself: states, balances, fees, currencies, exchanges."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from adapters.apifiny import funding_rows, mapping
from adapters.apifiny.access import Door, NoSuchPath
from adapters.documents import instant_of_ms, list_of
from adapters.port import Balance
from oms.core.errors import MalformedMessage
from oms.core.funding import AccountState, FeeRate
from oms.core.market import Currency
from oms.core.venue import Instrument


class AccountQueries:
    """The account's part of the client."""

    _door: Door
    _markets: dict[str, Instrument]
    """Exchange -> one of its markets."""

    async def account(self) -> AccountState:
        """GET account/queryAccountInfo at every exchange: one account, with its sub-accounts."""
        found: AccountState | None = None
        for exchange in self._door.account.exchanges:
            rows = await self._door.rows(exchange, "account/queryAccountInfo")
            if len(rows) != 1:
                raise MalformedMessage("queryAccountInfo: one account is wanted")
            told = funding_rows.account_state(rows[0])
            parts = (*(found.parts if found else ()), *told.parts)
            found = replace(found or told, parts=tuple(dict.fromkeys(parts)))
        assert found is not None, "an account has an exchange"
        return found

    async def balances(self) -> list[Balance]:
        """GET asset/listBalance at every exchange."""
        return [
            mapping.balance(row, exchange)
            for exchange in self._door.account.exchanges
            for row in await self._door.rows(exchange, "asset/listBalance")
        ]

    async def fees(self, instrument: Instrument | None = None) -> list[FeeRate]:
        """GET getCommissionRate of a market; without one, of one market of each exchange.

        The venue tells rates of single markets only. The document has the call under order/, its
        clients under asset/: where the one chosen is not there, the other is asked.
        """
        markets = self._markets.values() if instrument is None else (instrument,)
        found = []
        for market in markets:
            parameters = {"symbol": market.venue_symbol}
            rows = await self._fee_rows(market.security_exchange, parameters)
            found += [
                funding_rows.fee_rate(row, market.symbol, market.security_exchange) for row in rows
            ]
        return found

    async def _fee_rows(self, exchange: str, parameters: dict[str, str]) -> Sequence[object]:
        path = self._door.account.fee_path
        try:
            return await self._door.rows(exchange, path, parameters)
        except NoSuchPath:
            group, _, call = path.partition("/")
            other = "order" if group == "asset" else "asset"
            return await self._door.rows(exchange, f"{other}/{call}", parameters)

    async def currencies(self) -> list[Currency]:
        """GET utils/listCurrency at every exchange; the name of each is its coin."""
        found: dict[Currency, None] = {}
        for exchange in self._door.account.exchanges:
            for _, told in await self._coins(exchange):
                found[told] = None
        return list(found)

    async def _coins(self, exchange: str) -> list[tuple[str, Currency]]:
        answer = await self._door.public(exchange, "utils/listCurrency")
        return [funding_rows.currency(row) for row in list_of(answer, "currencies")]

    async def server_time(self) -> datetime:
        """GET utils/currentTimeMillis at the first exchange."""
        exchange = self._door.account.exchanges[0]
        answer = await self._door.public(exchange, "utils/currentTimeMillis")
        if not isinstance(answer, int) or isinstance(answer, bool):
            raise MalformedMessage("currentTimeMillis: a whole number is wanted")
        return instant_of_ms(answer)

    async def exchanges(self) -> dict[str, bool]:
        """GET utils/listVenueInfo: every exchange behind the account, and whether it is enabled."""
        first = self._door.account.exchanges[0]
        answer = await self._door.public(first, "utils/listVenueInfo")
        return dict(mapping.exchange(row) for row in list_of(answer, "exchanges"))
