"""The calls that move money, and those that show where it went ("Account", "Asset")."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from adapters.apifiny.simulator.refusals import NO_EXCHANGE, REQUEST, refusal
from adapters.apifiny.simulator.rest_call import Call
from adapters.apifiny.simulator.wallet import Move

_PAGE: Final = 10
_PAGE_MAX: Final = 100


def address(call: Call) -> list[dict[str, object]]:
    """asset/queryAddress."""
    return [call.wallet.address(call.venue, call.text("coin"), call.now_ms)]


def ticket(call: Call) -> list[dict[str, object]]:
    """asset/createWithdrawTicket: good for one withdrawal from that exchange."""
    call.exchange.demand_opened()
    drawn, end_ms = call.wallet.ticket(call.venue, call.now_ms)
    return [{"ticket": drawn, "expiredAt": end_ms}]


def withdraw(call: Call) -> list[dict[str, object]]:
    """asset/withdraw: taken, and under way."""
    call.exchange.demand_opened()
    move = call.wallet.withdraw(
        call.venue,
        call.text("coin"),
        _amount(call),
        call.text("address"),
        call.optional("memo"),
        call.text("ticket"),
        call.now_ms,
        call.now_ms + call.move_ms,
    )
    return [
        {
            "accountId": call.sub_account(move.venue),
            "venue": move.venue,
            "currency": move.currency,
            "coin": move.coin,
            "amount": move.amount,
            "fee": move.fee,
            "fromAddress": None,
            "targetAddress": move.address,
            "type": "OUTGOING",
            "actionType": move.action,
            "actionNote": move.action,
            "logId": move.log_id,
            "txId": move.tx_id,
            "status": move.status,
            "logCreatedAt": move.created_ms,
            "logUpdatedAt": move.updated_ms,
        }
    ]


def transfer(call: Call) -> list[dict[str, object]]:
    """asset/transferToVenue: taken, and under way."""
    call.exchange.demand_opened()
    target = call.text("targetVenue")
    if target not in call.exchange.engines:
        raise refusal(NO_EXCHANGE)
    if target == call.venue:
        raise refusal(REQUEST, "targetVenue")
    amount, currency = _amount(call), call.text("currency")
    due_ms = call.now_ms + call.move_ms
    move = call.wallet.transfer(call.venue, target, currency, amount, call.now_ms, due_ms)
    return [
        {
            "accountId": call.exchange.account_id,
            "venue": move.venue,
            "currency": move.currency,
            "amount": move.amount,
            "fee": move.fee,
            "targetVenue": move.target,
            "logId": move.log_id,
            "status": move.status,
            "logCreatedAt": move.created_ms,
            "logUpdatedAt": move.updated_ms,
        }
    ]


def activities(call: Call) -> list[dict[str, object]]:
    """asset/queryAssetActivityList: newest first, in pages; times and pages are text."""
    start_ms, end_ms = _demanded(call, "startTimeDate"), _demanded(call, "endTimeDate")
    limit, page = call.whole("limit"), call.whole("page")
    limit, page = _PAGE if limit is None else limit, 1 if page is None else page
    if not 1 <= limit <= _PAGE_MAX or page < 1:
        raise refusal(REQUEST, "page")
    found = [
        move
        for move in reversed(call.wallet.moves)
        if start_ms <= move.created_ms <= end_ms and call.venue in {"", move.venue}
    ]
    shown = found[(page - 1) * limit : page * limit]
    return [
        {
            "records": [_record(call, move) for move in shown],
            "total": len(found),
            "size": len(shown),
            "current": page,
            "orders": [],
            "hitCount": False,
            "searchCount": True,
            "pages": -(-len(found) // limit),
        }
    ]


def _record(call: Call, move: Move) -> dict[str, object]:
    name: Callable[[str], str] = call.sub_account
    here, there = name(move.venue), name(move.target) if move.target else ""
    ends = {"fromAccountId": here, "toAccountId": there}
    if move.incoming:
        ends = {"fromAccountId": there, "toAccountId": here}
    return {
        "accountId": here,
        "currency": move.currency,
        "status": move.status,
        "type": call.incoming_word if move.incoming else "OUTGOING",
        "amount": move.amount,
        "fee": move.fee,
        "targetAddress": move.address,
        "coin": move.coin,
        "logId": move.log_id,
        "logCreatedAt": str(move.created_ms),
        "logUpdatedAt": str(move.updated_ms),
        "actionType": move.action,
        "actionNote": move.action,
        **ends,
    }


def _amount(call: Call) -> Decimal:
    """Return the amount, which is a JSON number here and never text."""
    amount = call.asked.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise refusal(REQUEST, "amount")
    return Decimal(amount)


def _demanded(call: Call, name: str) -> int:
    value = call.whole(name)
    if value is None:
        raise refusal(REQUEST, name)
    return value
