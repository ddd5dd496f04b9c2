"""Money at ANDX: withdrawals to addresses that were saved on its web site, and nothing else.

Source: the ANDX API document, section "Create Withdraw Request". The answer has no id, and nothing
lists withdrawals: what became of one that was not answered, no query can tell.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from adapters.documents import Row, text_in
from oms.core.errors import InvalidOrder, MalformedMessage, NotSupported, OutcomeUnknown
from oms.core.funding import Moved, Transfer, TransferKind
from oms.core.numbers import number_text

PATH: Final = "withdrawal/request/"


class Funding:
    """The part of the client that moves money."""

    _post_money: Callable[[str, bytes], Awaitable[Row]]
    _text: Callable[[Any], str]

    async def move(self, transfer: Transfer) -> Moved:
        """POST withdrawal/request/, once: to the address that is saved as `alias`.

        Raises VenueRefused, VenueUnavailable (nothing was done) or OutcomeUnknown; InvalidOrder
        for what can not be expressed, NotSupported for what is no withdrawal.
        """
        if transfer.kind is not TransferKind.WITHDRAWAL:
            raise NotSupported(f"{transfer.kind} is not offered")
        if not transfer.alias or transfer.address or transfer.memo or transfer.network:
            raise InvalidOrder("alias: the name of a saved address is wanted, and no address")
        if transfer.amount is None or transfer.amount <= 0:
            raise InvalidOrder("an amount above 0 is wanted")
        body = {
            "currency_code": transfer.asset,
            "amount": number_text(transfer.amount),
            "alias": transfer.alias,
        }
        try:
            document = await self._post_money(PATH, json.dumps(body).encode())
            status = text_in(document, "message")
        except MalformedMessage as error:
            raise OutcomeUnknown(f"POST {PATH}: {error}") from None
        return Moved(status=status, done=False, raw=self._text(document))
