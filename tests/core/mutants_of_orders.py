"""Wrong rules of an order's facts: ids, requests, executions, days, OrdStatus."""

from typing import Final

from tests.core.mutants import Mutant, of

_IDS_OF_REPORTS: Final = of(
    (
        "an answer carries the order's id, not the request's",
        "if request is not None and request.origin == (reader or order.origin):",
        "if False:",
    ),
    (
        "an answer carries another asker's id",
        "if request is not None and request.origin == (reader or order.origin):",
        "if request is not None:",
        "voice",
    ),
    (
        "OrigClOrdID of an answer is the id it leads to",
        "(before or order).cl_ord_id",
        "order.cl_ord_id",
    ),
    (
        "OrigClOrdID stays on later reports",
        'cl_ord_id, orig_cl_ord_id = order.cl_ord_id, ""',
        "cl_ord_id, orig_cl_ord_id = order.cl_ord_id, order.orig_cl_ord_id",
    ),
    (
        "a status is told under the current id",
        "        cl_ord_id=cl_ord_id or order.cl_ord_id,\n        transact_time=now,",
        "        cl_ord_id=order.cl_ord_id,\n        transact_time=now,",
    ),
    (
        "a refusal repeats the request's own OrigClOrdID",
        "order.order_id, order.cl_ord_id, order.ord_status",
        "order.order_id, request.orig_cl_ord_id, order.ord_status",
    ),
    (
        "a refusal tells an unknown order's status as the desk would like it",
        "NO_ORDER_ID, request.orig_cl_ord_id, OrdStatus.REJECTED",
        "NO_ORDER_ID, request.orig_cl_ord_id, OrdStatus.NEW",
    ),
    (
        "a duplicate is told as the refused order, not as the first one",
        '        exec_id=f"{order.order_id}:DUPLICATE:{seq}",',
        '        exec_id=f"{order.order_id}:DUPLICATE:{seq}",\n        ord_status=OrdStatus.REJECTED,',
    ),
    (
        "two duplicates have one ExecID",
        '{order.order_id}:DUPLICATE:{seq}"',
        '{order.order_id}:DUPLICATE"',
    ),
    (
        "a refused replace is answered as a cancel",
        "CxlRejResponseTo.ORDER_CANCEL_REQUEST if cancel else CxlRejResponseTo.ORDER_CANCEL",
        "CxlRejResponseTo.ORDER_CANCEL_REQUEST",
    ),
    (
        "a status has an ExecID of its own",
        "        exec_id=STATUS_EXEC_ID,\n        exec_type=_STATUS_AS_EXEC[status],",
        '        exec_id=f"{order.order_id}:STATUS",\n        exec_type=_STATUS_AS_EXEC[status],',
    ),
    (
        "LastShares of a pending order's report is what was asked",
        "last_shares=word.last_shares if executed else ZERO",
        "last_shares=word.last_shares if executed else order.leaves_qty",
    ),
    (
        "a guarantee has no quantity",
        "frozenset({ExecType.PARTIAL_FILL, ExecType.FILL, ExecType.STOPPED})",
        "frozenset({ExecType.PARTIAL_FILL, ExecType.FILL})",
    ),
    ("a bust does not say what it undoes", "if word.exec_ref_id else", "if False else"),
    (
        "a day's figures stay untold",
        "day_cum_qty=None if day is None else day.cum_qty",
        "day_cum_qty=None",
    ),
)

_REQUESTS: Final = of(
    (
        "any request of its kind is made pending",
        "replaced(request, pending=True) if request is target else request",
        "replaced(request, pending=True) if request.kind is kind else request",
    ),
    (
        "a request is never pending",
        "replaced(request, pending=True) if request is target else request",
        "request",
    ),
    (
        "pending without a request is accepted",
        "    if target is None:\n        raise",
        "    if target is None:\n        return order.requests\n    if not kind:\n        raise",
        "request_names",
    ),
    (
        "an accepted replace answers every request",
        'changes["requests"] = tuple(r for r in order.requests if r is not request)',
        'changes["requests"] = ()',
    ),
    (
        "an accepted replace stays open",
        'changes["requests"] = tuple(r for r in order.requests if r is not request)',
        'changes["requests"] = order.requests',
    ),
    (
        "an accepted replace keeps the old id",
        "\n    if request.origin == order.origin:\n",
        "\n    if False:\n",
    ),
    (
        "an accepted replace of another asker's gives the order its id",
        "\n    if request.origin == order.origin:\n",
        "\n    if request:\n",
        "survival",
    ),
    (
        "a replace takes no new quantity",
        "order_qty = order_qty if order_qty is not None else request.order_qty",
        "order_qty = order_qty if order_qty is not None else order.order_qty",
    ),
    (
        "a replace takes no new price",
        "changes = {name: getattr(request, name) for name in TERMS}",
        "changes = {name: getattr(request, name) for name in TERMS[1:]}",
    ),
    ("a replace may go below what is executed", "max(order_qty, cum_qty)", "order_qty"),
    (
        "a replace goes down to what is executed",
        "max(order_qty, cum_qty)",
        "min(order_qty, cum_qty)",
    ),
    (
        "what an end does not answer stays pending",
        "tuple(replaced(r, pending=False) for r in unanswered)",
        "tuple(unanswered)",
    ),
    (
        "an end answers every request without a word",
        "tuple(replaced(r, pending=False) for r in unanswered)",
        "()",
    ),
    (
        "an expiry answers the cancel under way",
        "request = order.cancel_answered(report.cl_ord_id) if canceled else None",
        "request = order.cancel_answered(report.cl_ord_id)",
    ),
    (
        "an accepted cancel keeps the old id",
        "    if request is not None and request.origin == order.origin:\n",
        "    if False:\n",
    ),
    (
        "an accepted cancel of another asker's gives the order its id",
        "    if request is not None and request.origin == order.origin:\n",
        "    if request is not None:\n",
        "voice",
    ),
    (
        "a refusal answers every request",
        "    rest = tuple(r for r in order.requests if r is not request)\n",
        "    rest = ()\n",
    ),
    (
        "a refused request stays open",
        "    rest = tuple(r for r in order.requests if r is not request)\n",
        "    rest = order.requests\n",
    ),
    (
        "Replaced outlives the next event",
        '"replaced": event is Event.REPLACED,',
        '"replaced": event is Event.REPLACED or order.replaced,',
    ),
    (
        "Replaced outlives the refusal of the next request",
        "in_doubt=doubt, replaced=False,",
        "in_doubt=doubt,",
    ),
    (
        "a guarantee ends with the next event",
        "event is Event.STOPPED or (order.stopped and event not in CLEARS_PENDING)",
        "event is Event.STOPPED",
    ),
    (
        "a guarantee never ends",
        "event is Event.STOPPED or (order.stopped and event not in CLEARS_PENDING)",
        "event is Event.STOPPED or order.stopped",
    ),
    (
        "an answer is taken for any request of its kind",
        "if cl_ord_id in (request.venue_cl_ord_id, request.cl_ord_id):",
        "if False:",
    ),
    (
        "more than ordered is not filled",
        "self.cum_qty >= self.order_qty",
        "self.cum_qty == self.order_qty",
    ),
    (
        "an ended order has leaves",
        "if self.ended or self.filled or day_over:",
        "if self.filled or day_over:",
    ),
    (
        "a day order has leaves after its day",
        "if self.ended or self.filled or day_over:",
        "if self.ended or self.filled:",
    ),
    (
        "a good-till order has no leaves overnight",
        "self.life is Life.DONE_FOR_DAY and self.time_in_force is TimeInForce.DAY",
        "self.life is Life.DONE_FOR_DAY",
    ),
    (
        "a telephoned order has the operator's id",
        'cl_ord_id="" if telephoned else request.cl_ord_id',
        "cl_ord_id=request.cl_ord_id",
        "voice",
    ),
)

_DAYS: Final = (
    *of(
        (
            "a renewal begins no day",
            "_RENEWS: Final = (ExecRestatementReason.GT_RENEWAL, ",
            "_RENEWS: Final = (",
        ),
        (
            "any restatement begins a day",
            "return restated and report.exec_restatement_reason in _RENEWS",
            "return restated",
        ),
        (
            "a day counts all executions",
            "if execution.stands and execution.day == day:",
            "if execution.stands:",
        ),
        (
            "a day counts what was undone",
            "if execution.stands and execution.day == day:",
            "if execution.day == day:",
        ),
        (
            "DayOrderQty is OrderQty",
            "DayFigures(subtract(order_qty, earlier)",
            "DayFigures(order_qty",
        ),
        (
            "a split makes executions dearer",
            "replaced(execution, split_shares=shares)",
            "replaced(execution, last_shares=shares)",
        ),
        (
            "a split that does not fit is booked",
            "if told <= 0 or multiply",
            "if told <= 0 and multiply",
            "days",
        ),
    ),
    *of(
        ("a correction is of today", "        day = undone.day", "        day = day"),
        ("what is busted stands", "replaced(undone, stands=False)", "undone"),
        (
            "a bust takes nothing away",
            "undone_qty, undone_notional = undone.qty, undone.notional",
            "pass",
        ),
        (
            "a bust takes away what was before the split",
            "undone_qty, undone_notional = undone.qty, undone.notional",
            "undone_qty, undone_notional = undone.last_shares, undone.notional",
        ),
        (
            "any execution can be busted",
            "if undone is None or not undone.stands:",
            "if undone is None:",
            "chaining",
        ),
    ),
)

_STATUS: Final = of(
    (
        "a refused order that was executed stays refused",
        "refuted = life is Life.REJECTED and bool(cum_qty)",
        "refuted = False",
    ),
    ("a pending cancel does not show", "    if cancel_pending:\n", "    if False:\n"),
    ("a pending replace does not show", "    if replace_pending:\n", "    if False:\n"),
    ("Replaced does not show", "    if replaced:\n", "    if False:\n"),
    ("Stopped does not show", "    if stopped:\n", "    if False:\n"),
    ("the lowest fact counts", "return max(facts, key", "return min(facts, key"),
)

OF_ORDERS: Final[tuple[Mutant, ...]] = (
    *_IDS_OF_REPORTS,
    *_REQUESTS,
    *_DAYS,
    *_STATUS,
)
