"""Deposits, addresses, withdrawals: what moves money, in ccxt's words."""

from typing import Any

from oms.ccxt import figures, tidings
from oms.ccxt.base import Base
from oms.ccxt.errors import error, name_of_text, translated
from oms.ccxt.figures import instant, iso8601
from oms.ccxt.structures import Struct
from oms.clock import draw_id
from oms.core.errors import OmsError, OutcomeUnknown
from oms.core.numbers import number_text
from oms.door import Row


class Funds(Base):
    """Moves money, and looks at what has."""

    async def fetch_deposit_address(self, code: str, params: Row | None = None) -> Struct:
        """Where to send an asset to. Some venues make a new address each time."""
        with translated(self.id):
            told = await self.door.deposit_address(
                self.route, code, exchange=self.security_exchange
            )
        return tidings.deposit_address(told)

    async def fetch_deposits(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Deposits as the venue lists them, oldest first."""
        with translated(self.id):
            told = await self.door.deposits(self.route, code, since=instant(since))
        return self._transactions(told, since, limit)

    async def fetch_withdrawals(
        self,
        code: str | None = None,
        since: int | None = None,
        limit: int | None = None,
        params: Row | None = None,
    ) -> list[Struct]:
        """Withdrawals as the venue lists them, oldest first."""
        with translated(self.id):
            told = await self.door.withdrawals(self.route, code, since=instant(since))
        return self._transactions(told, since, limit)

    async def withdraw(
        self,
        code: str,
        amount: Any,
        address: str,
        tag: str | None = None,
        params: Row | None = None,
    ) -> Struct:
        """Send money away; the transaction once its sending has an outcome, or after `timeout`.

        `params`: network, clientOrderId. At a venue that sends to saved addresses alone, `address`
        is the name of one. It is sent once. Whatever then is not known is `pending`, its state in
        `info`; a NetworkError is only raised where nothing was sent.
        """
        capabilities = await self._load_abilities()
        given = {name: value for name, value in (params or {}).items() if value is not None}
        foreign = sorted(given.keys() - {"network", "clientOrderId"})
        if foreign:
            raise error("NotSupported", f"params {', '.join(foreign)}: network, clientOrderId")
        where = "alias" if capabilities["withdraws_to_alias"] else "address"
        name = str(given.get("clientOrderId") or draw_id())
        asked: Row = {
            "asset": code,
            "amount": figures.exact("amount", amount),
            where: address,
            "memo": tag or "",
            "network": str(given.get("network", "")),
            "exchange": self.security_exchange,
        }
        with translated(self.id):
            try:
                move = await self.door.withdraw(venue=self.route, cl_ord_id=name, **asked)
            except OutcomeUnknown as lost:
                return self._in_limbo_moved(name, asked, str(lost))
        try:
            row = await move.outcome(self.timeout / 1000)
        except OmsError as fault:
            return self._in_limbo_moved(move.transfer_id, asked, str(fault))
        if row["state"] == "NOT_SENT":
            raise error("ExchangeNotAvailable", f"{self.id} {row['text']}")
        if row["state"] == "REFUSED":
            raise error(name_of_text(row["text"]) or "ExchangeError", f"{self.id} {row['text']}")
        return tidings.move(row, self._figures)

    def _in_limbo_moved(self, name: str, asked: Row, text: str) -> Struct:
        """A transfer that was asked for and that the engine does not tell of."""
        now = iso8601(self.milliseconds())
        row = {
            "transfer_id": name,
            "asset": asked["asset"],
            "amount": number_text(asked["amount"]),
            "address": asked.get("address", ""),
            "alias": asked.get("alias", ""),
            "memo": asked["memo"],
            "network": asked["network"],
            "state": "IN_DOUBT",
            "in_doubt": True,
            "in_doubt_text": text,
            "reference": "",
            "fee": None,
            "created": now,
            "updated": now,
        }
        return tidings.move(row, self._figures)

    def _transactions(self, told: Any, since: int | None, limit: int | None) -> list[Struct]:
        here = [one for one in told if one.security_exchange in ("", self.security_exchange)]
        return tidings.latest(
            [tidings.transaction(one, self._figures) for one in here], since, limit
        )
