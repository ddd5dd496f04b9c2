"""What can be asked of the venue and the account ("Base Information", "Account", "Asset")."""

from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.exchange import MAKE_FEE, TAKE_FEE
from adapters.apifiny.simulator.refusals import SYMBOL, refusal
from adapters.apifiny.simulator.rest_call import Call
from adapters.apifiny.simulator.wallet import (
    WITHDRAW_FEE,
    WITHDRAW_MAX,
    WITHDRAW_MIN,
    coin_of,
)

_CLOSED: Final = "FTX"  # one exchange that is listed but not traded
_MONTH_MS: Final = 30 * 86_400_000


def current_time(call: Call) -> int:
    """utils/currentTimeMillis."""
    return call.clock_ms


def venues(call: Call) -> list[dict[str, str]]:
    """utils/listVenueInfo: keys with the stray spaces of the document's sample."""
    rows = [{"exchange ": venue, "status": "enabled"} for venue in call.exchange.engines]
    return [*rows, {"exchange ": _CLOSED, "status ": "disabled"}]


def currencies(call: Call) -> list[dict[str, object]]:
    """utils/listCurrency."""
    traded = call.exchange.instruments.values()
    names = dict.fromkeys(coin for row in traded for coin in (row.base, row.quote))
    return [
        {
            "currency": name,
            "currencyPrecision": 8,
            "status": "DEPOSIT_WITHDRAW",
            "withdrawMaxAmount": WITHDRAW_MAX,
            "withdrawMinAmount": WITHDRAW_MIN,
            "withdrawMinFee": WITHDRAW_FEE,
            "nextStatus": None,
            "nextStatusAt": None,
            "coin": coin_of(name),
        }
        for name in names
    ]


def symbols(call: Call) -> list[dict[str, object]]:
    """utils/listSymbolInfo."""
    return [instrument.info() for instrument in call.exchange.instruments.values()]


def account(call: Call) -> list[dict[str, object]]:
    """account/queryAccountInfo: the account and its sub-account at each exchange."""
    opened = {"accountStatus": call.exchange.status, "createdAt": 0, "updatedAt": 0}
    names = [call.venue] if call.venue else list(call.exchange.engines)
    subs = [{"accountId": call.sub_account(name), "venue": name, **opened} for name in names]
    return [{"accountId": call.exchange.account_id, **opened, "subAccountInfo": subs}]


def balances(call: Call) -> list[dict[str, object]]:
    """asset/listBalance."""
    owner = {"accountId": call.sub_account(call.venue), "venue": call.venue}
    return [{**owner, **row} for row in call.exchange.balances.rows(call.venue)]


def commission(call: Call) -> list[dict[str, object]]:
    """order/getCommissionRate, which clients have found under asset/ as well."""
    if call.text("symbol") not in call.exchange.instruments:
        raise refusal(SYMBOL)
    volume = sum(
        (
            fill.qty * fill.px
            for order in call.exchange.orders.values()
            if order.asked.venue == call.venue
            for fill in order.fills
            if fill.time_ms > call.now_ms - _MONTH_MS
        ),
        Decimal(0),
    )
    return [
        {
            "accountId": call.sub_account(call.venue),
            "tradingVolume": volume,
            "takeFee": TAKE_FEE,
            "makeFee": MAKE_FEE,
            "specialRate": 0,
        }
    ]
