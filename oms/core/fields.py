"""FIX 4.2 enumerations; a member's name is the dictionary's, its value the character on the wire."""

from enum import StrEnum


class Side(StrEnum):
    """Side (54)."""

    BUY = "1"
    SELL = "2"
    BUY_MINUS = "3"
    SELL_PLUS = "4"
    SELL_SHORT = "5"
    SELL_SHORT_EXEMPT = "6"
    UNDISCLOSED = "7"
    CROSS = "8"
    CROSS_SHORT = "9"


class OrdType(StrEnum):
    """OrdType (40): the ones an order for a spot venue can have."""

    MARKET = "1"
    LIMIT = "2"
    STOP = "3"
    STOP_LIMIT = "4"


class TimeInForce(StrEnum):
    """TimeInForce (59)."""

    DAY = "0"
    GOOD_TILL_CANCEL = "1"
    AT_THE_OPENING = "2"
    IMMEDIATE_OR_CANCEL = "3"
    FILL_OR_KILL = "4"
    GOOD_TILL_CROSSING = "5"
    GOOD_TILL_DATE = "6"


class OrdStatus(StrEnum):
    """OrdStatus (39)."""

    NEW = "0"
    PARTIALLY_FILLED = "1"
    FILLED = "2"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    STOPPED = "7"
    REJECTED = "8"
    SUSPENDED = "9"
    PENDING_NEW = "A"
    CALCULATED = "B"
    EXPIRED = "C"
    ACCEPTED_FOR_BIDDING = "D"
    PENDING_REPLACE = "E"


class ExecType(StrEnum):
    """ExecType (150)."""

    NEW = "0"
    PARTIAL_FILL = "1"
    FILL = "2"
    DONE_FOR_DAY = "3"
    CANCELED = "4"
    REPLACED = "5"
    PENDING_CANCEL = "6"
    STOPPED = "7"
    REJECTED = "8"
    SUSPENDED = "9"
    PENDING_NEW = "A"
    CALCULATED = "B"
    EXPIRED = "C"
    RESTATED = "D"
    PENDING_REPLACE = "E"


class ExecTransType(StrEnum):
    """ExecTransType (20)."""

    NEW = "0"
    CANCEL = "1"
    CORRECT = "2"
    STATUS = "3"


class CxlRejReason(StrEnum):
    """CxlRejReason (102); FIX 4.2 ends at 3."""

    TOO_LATE_TO_CANCEL = "0"
    UNKNOWN_ORDER = "1"
    BROKER_CREDIT = "2"
    ORDER_ALREADY_IN_PENDING_STATUS = "3"


class CxlRejResponseTo(StrEnum):
    """CxlRejResponseTo (434)."""

    ORDER_CANCEL_REQUEST = "1"
    ORDER_CANCEL = "2"


class OrdRejReason(StrEnum):
    """OrdRejReason (103); FIX 4.2 ends at 8."""

    BROKER_CREDIT = "0"
    UNKNOWN_SYMBOL = "1"
    EXCHANGE_CLOSED = "2"
    ORDER_EXCEEDS_LIMIT = "3"
    TOO_LATE_TO_ENTER = "4"
    UNKNOWN_ORDER = "5"
    DUPLICATE_ORDER = "6"
    DUPLICATE_OF_A_VERBALLY_COMMUNICATED_ORDER = "7"
    STALE_ORDER = "8"


class ExecRestatementReason(StrEnum):
    """ExecRestatementReason (378)."""

    GT_CORPORATE_ACTION = "0"
    GT_RENEWAL = "1"
    VERBAL_CHANGE = "2"
    REPRICING_OF_ORDER = "3"
    BROKER_OPTION = "4"
    PARTIAL_DECLINE_OF_ORDER_QTY = "5"


class BusinessRejectReason(StrEnum):
    """BusinessRejectReason (380)."""

    OTHER = "0"
    UNKNOWN_ID = "1"
    UNKNOWN_SECURITY = "2"
    UNSUPPORTED_MESSAGE_TYPE = "3"
    APPLICATION_NOT_AVAILABLE = "4"
    CONDITIONALLY_REQUIRED_FIELD_MISSING = "5"


PARTICIPATE_DONT_INITIATE = "6"
"""ExecInst (18) value by which a desk asks for post-only."""
