"""Wrong rules of what desks ask and venues answer: used ids, refusals, what follows."""

from typing import Final

from tests.core.mutants import Mutant, of

_IDS_USED: Final = (
    *of(
        (
            "a request's id is not used up",
            "            case OrderEntered() | RequestEntered():\n",
            "            case OrderEntered():\n",
        ),
        (
            "a refused request's id still names the order",
            'self._use(request.origin, request.cl_ord_id, "", changes)',
            "self._use(request.origin, request.cl_ord_id, order.order_id, changes)",
        ),
        (
            "a request refused here does not use its id up",
            "            case Answered() if message.consumes:\n",
            "            case Answered() if False:\n",
        ),
        (
            "no id is an id like any other",
            "        if cl_ord_id:  # D18",
            "        if True:  # D18",
            "voice",
        ),
        (
            "a telephoned order's name is its owner's",
            "self._use(record.origin, message.request.cl_ord_id, record.order_id, changes)",
            "self._use(message.origin, message.request.cl_ord_id, record.order_id, changes)",
            "voice",
        ),
    ),
    *of(
        (
            "the id of a refused request may be used again",
            "    if used is not None:\n        return _duplicate",
            "    if used:\n        return _duplicate",
        ),
        ("PossResend is a duplicate", "    if request.poss_resend:\n", "    if False:\n"),
        (
            "a duplicate is taken for a PossResend",
            "    if request.poss_resend:\n",
            "    if True:\n",
        ),
        (
            "a request's id may be used twice",
            "    if used is not None:\n        reject",
            "    if False:\n        reject",
        ),
        (
            "a request about nothing does not use its id up",
            "answer(inbound, now, order, reject, consumes=True)",
            "answer(inbound, now, order, reject)",
        ),
    ),
)

_REFUSALS: Final = of(
    (
        "a cancel of a filled order goes out",
        "if order.ended or (idle(order) and not (amends and can)):",
        "if order.ended:",
    ),
    (
        "an order that has ended can be cancelled",
        "if order.ended or (idle(order) and not (amends and can)):",
        "if idle(order) and not (amends and can):",
    ),
    (
        "a filled order can not be raised",
        "if order.ended or (idle(order) and not (amends and can)):",
        "if order.ended or idle(order):",
    ),
    (
        "a venue of one request at a time gets two",
        "if under_way and not route.capabilities.chains_requests:",
        "if False:",
    ),
    (
        "a venue that takes requests in line gets one at a time",
        "if under_way and not route.capabilities.chains_requests:",
        "if under_way:",
    ),
    (
        "a desk's cancel is refused beside the engine's own",
        "if amends or not (r.silent or r.emulated)]",
        "]",
        "house",
    ),
    (
        "an unknown order is the broker's option",
        '(CxlRejReason.UNKNOWN_ORDER, "unknown order")',
        '(CxlRejReason.BROKER_CREDIT, "unknown order")',
    ),
    (
        "anybody cancels anybody's order by OrderID",
        "if order is None or origin in (order.origin, OPERATOR):",
        "if True:",
        "voice",
    ),
    (
        "where the venue says Pending itself, we say it too",
        "pending = emulated or not route.capabilities.tells_pending",
        "pending = True",
    ),
)

_FOLLOWING: Final = (
    *of(
        (
            "an order that ends leaves its requests unanswered",
            "if story.order.ended or (filled and not answers_itself):",
            "if filled and not answers_itself:",
        ),
        (
            "a filled order leaves its cancel unanswered",
            "if story.order.ended or (filled and not answers_itself):",
            "if story.order.ended:",
            "requests",
        ),
        (
            "a filled order's cancel is answered before the venue does",
            "if story.order.ended or (filled and not answers_itself):",
            "if story.order.ended or filled:",
        ),
        (
            "a filled order's replace is too late",
            "filled = at_venue(story.order).filled and request.kind is Request.CANCEL",
            "filled = at_venue(story.order).filled",
            "chaining",
        ),
        (
            "what is too late is the broker's option",
            "refuse(story, request, CxlRejReason.TOO_LATE_TO_CANCEL, text)",
            "refuse(story, request, CxlRejReason.BROKER_CREDIT, text)",
        ),
        (
            "too late is not told",
            "    told = () if request.silent else (ToOrigin(request.origin, answer),)\n    story.add(reject",
            "    told = ()\n    story.add(reject",
        ),
        (
            "a held request is never sent",
            "elif not filled and not request.released:",
            "elif False:",
            "requests",
        ),
        (
            "requests do not chain at the venue",
            "return ahead[-1] if ahead else order.name_at_venue",
            "return order.name_at_venue",
        ),
        (
            "a replaced order keeps its first name at the venue",
            "return ahead[-1] if ahead else order.name_at_venue",
            "return ahead[-1] if ahead else order.venue_cl_ord_id",
        ),
        (
            "a cancel overtakes its order",
            "return order.acknowledged or route.capabilities.cancel_before_ack",
            "return True",
            "requests",
        ),
    ),
    *of(
        (
            "a bust is booked twice",
            "return report.exec_id in order.executions or REACHED_BY.get(event) is order.life",
            "return REACHED_BY.get(event) is order.life",
        ),
        (
            "a renewal is told twice",
            "        return True  # it would put",
            "        return False  # it would put",
            "days",
        ),
        (
            "a fill is booked twice",
            "if report.exec_id in order.executions or not left:",
            "if not left:",
        ),
        (
            "an end is told twice",
            "return report.exec_id in order.executions or REACHED_BY.get(event) is order.life",
            "return report.exec_id in order.executions",
        ),
        ("Pending New is told unasked", "if event is not Event.PENDING_NEW:", "if event:"),
        (
            "a bust or correction is told as the venue tells it",
            "if event in (Event.BUST, Event.CORRECTION):",
            "if False:",
        ),
        (
            "a fill is told as the venue tells it",
            "    exec_type = ExecType.FILL if after.filled else ExecType.PARTIAL_FILL\n    text",
            "    exec_type = report.exec_type\n    text",
        ),
        ("a pending cancel names no request", "    Event.PENDING_CANCEL: Request.CANCEL,\n", ""),
        ("a pending replace names no request", "    Event.PENDING_REPLACE: Request.REPLACE,\n", ""),
        ("a replace names no request", "    Event.REPLACED: Request.REPLACE,\n", ""),
        (
            "a cancel names no request",
            "        return order.cancel_answered(report.cl_ord_id)\n",
            "        return None\n",
        ),
        (
            "OrigClOrdID is what the order was called after the answer",
            "            before=order,\n",
            "            before=after,\n",
        ),
        (
            "the venue's reason for a refusal is lost",
            "reason = reject.cxl_rej_reason or CxlRejReason.BROKER_CREDIT",
            "reason = CxlRejReason.TOO_LATE_TO_CANCEL",
        ),
        (
            "the venue's reason for refusing an order is lost",
            "return report.ord_rej_reason or OrdRejReason.BROKER_CREDIT",
            "return OrdRejReason.BROKER_CREDIT",
        ),
        (
            "a refusal of something answered before answers the next request",
            "and order.requests and not order.names_request(reject.cl_ord_id):",
            "and order.requests:",
        ),
        (
            "a fill after the end is no break",
            "elif order.ended and after.cum_qty > booked:",
            "elif False:",
            "doubt",
        ),
        (
            "more than ordered is no break",
            "if after.cum_qty > after.order_qty and not after.cash_order_qty:",
            "if False:",
            "doubt",
        ),
    ),
)

OF_REQUESTS: Final[tuple[Mutant, ...]] = (
    *_IDS_USED,
    *_REFUSALS,
    *_FOLLOWING,
)
