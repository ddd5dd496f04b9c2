"""The FIX 4.2 messages the engine speaks, as frozen values.

Field names are FIX 4.2's in snake_case. The few that FIX has no field for are defined in
docs/index.md. The same classes serve both sides: towards a venue, `cl_ord_id` is the id that the
engine drew for the venue and `order_id` the venue's own; towards a desk, they are the desk's
ClOrdID and the engine's OrderID.
"""

from datetime import datetime
from decimal import Decimal

from oms.core.fields import (
    BusinessRejectReason,
    CxlRejReason,
    CxlRejResponseTo,
    ExecRestatementReason,
    ExecTransType,
    ExecType,
    OrdRejReason,
    OrdStatus,
    OrdType,
    Side,
    TimeInForce,
)
from oms.core.values import frozen


@frozen(kw_only=True)
class NewOrderSingle:
    """D: quantities in base units, `cash_order_qty` and prices in quote units.

    With `on_behalf_of_comp_id` the operator enters what a desk or a strategy has asked for by
    telephone: the order is theirs and has no ClOrdID; `cl_ord_id` is the operator's own name for
    the request, and may be empty.
    """

    cl_ord_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    ex_destination: str = ""
    security_exchange: str = ""
    account: str = ""
    order_qty: Decimal | None = None
    cash_order_qty: Decimal | None = None
    price: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GOOD_TILL_CANCEL
    expire_time: datetime | None = None
    exec_inst: str = ""
    text: str = ""
    poss_resend: bool = False
    on_behalf_of_comp_id: str = ""


@frozen(kw_only=True)
class OrderCancelRequest:
    """F: cancel all that remains of the order that `orig_cl_ord_id` names."""

    cl_ord_id: str
    orig_cl_ord_id: str
    symbol: str = ""
    side: Side | None = None
    order_id: str = ""
    order_qty: Decimal | None = None
    text: str = ""
    poss_resend: bool = False


@frozen(kw_only=True)
class OrderCancelReplaceRequest:
    """G: restates the order that `orig_cl_ord_id` names. What is None stays as it is."""

    cl_ord_id: str
    orig_cl_ord_id: str
    symbol: str
    side: Side
    ord_type: OrdType
    order_id: str = ""
    order_qty: Decimal | None = None
    cash_order_qty: Decimal | None = None
    price: Decimal | None = None
    stop_px: Decimal | None = None
    time_in_force: TimeInForce | None = None
    expire_time: datetime | None = None
    exec_inst: str = ""
    text: str = ""
    poss_resend: bool = False


@frozen(kw_only=True)
class OrderStatusRequest:
    """H: ask for the state of one order."""

    cl_ord_id: str
    symbol: str = ""
    side: Side | None = None
    order_id: str = ""


@frozen(kw_only=True)
class ExecutionReport:
    """8: one event of one order.

    From a venue, `cum_qty`, `leaves_qty` and `avg_px` are None where the venue does not tell
    them. `derived` marks a fill whose identity was made from cumulative quantities. The day's
    figures are told of a good-till order once a day of it has been renewed.
    """

    exec_id: str
    exec_type: ExecType
    order_id: str = ""
    cl_ord_id: str = ""
    orig_cl_ord_id: str = ""
    secondary_order_id: str = ""
    client_id: str = ""
    """On a copy: the origin whose report it is."""
    exec_trans_type: ExecTransType = ExecTransType.NEW
    exec_ref_id: str = ""
    ord_status: OrdStatus | None = None
    ord_rej_reason: OrdRejReason | None = None
    exec_restatement_reason: ExecRestatementReason | None = None
    exec_broker: str = ""
    account: str = ""
    symbol: str = ""
    security_exchange: str = ""
    side: Side | None = None
    ord_type: OrdType | None = None
    time_in_force: TimeInForce | None = None
    expire_time: datetime | None = None
    exec_inst: str = ""
    order_qty: Decimal | None = None
    cash_order_qty: Decimal | None = None
    price: Decimal | None = None
    stop_px: Decimal | None = None
    last_shares: Decimal | None = None
    last_px: Decimal | None = None
    leaves_qty: Decimal | None = None
    cum_qty: Decimal | None = None
    avg_px: Decimal | None = None
    day_order_qty: Decimal | None = None
    day_cum_qty: Decimal | None = None
    day_avg_px: Decimal | None = None
    commission: Decimal | None = None
    fee_currency: str = ""
    trade_id: str = ""
    derived: bool = False
    in_doubt: bool = False
    transact_time: datetime | None = None
    text: str = ""


@frozen(kw_only=True)
class OrderCancelReject:
    """9: a cancel or replace was refused; the order stays what `ord_status` says."""

    cl_ord_id: str
    orig_cl_ord_id: str = ""
    order_id: str = ""
    secondary_order_id: str = ""
    client_id: str = ""
    """On a copy: the origin whose refusal it is."""
    ord_status: OrdStatus | None = None
    cxl_rej_response_to: CxlRejResponseTo = CxlRejResponseTo.ORDER_CANCEL_REQUEST
    cxl_rej_reason: CxlRejReason | None = None
    account: str = ""
    transact_time: datetime | None = None
    text: str = ""


@frozen(kw_only=True)
class QuoteRequest:
    """R: what are the best prices? Asked of a venue before a market order is made a limit one."""

    quote_req_id: str
    symbol: str
    side: Side
    security_exchange: str = ""


@frozen(kw_only=True)
class Quote:
    """S: the best prices, None where that side of the book is empty. `quote_req_id` is the id by
    which the venue will know the order."""

    quote_req_id: str
    bid_px: Decimal | None = None
    offer_px: Decimal | None = None


@frozen(kw_only=True)
class BusinessMessageReject:
    """j: a well-formed message that can not be worked on."""

    ref_msg_type: str
    business_reject_reason: BusinessRejectReason
    ref_seq_num: int | None = None
    business_reject_ref_id: str = ""
    text: str = ""


@frozen(kw_only=True)
class News:
    """B: something that concerns no single order. Each line of `text` is a line of the message."""

    headline: str
    text: str = ""
