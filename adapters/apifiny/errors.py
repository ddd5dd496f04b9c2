"""What each of Apifiny's codes means, for the request that it answers. Pure.

Source: the Apifiny Connect API document of 08/03/21, section "Status/Error Codes", by the printed
decimals and, in the rows where the two differ, by the printed hexadecimals too. The document's hint
that the last hex digit tells client from server errors does not hold, so each code stands by itself.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from adapters.http import Throttled
from oms.core.errors import OutcomeUnknown, VenueError, VenueRefused, VenueUnavailable
from oms.core.fields import CxlRejReason, OrdRejReason


class Operation(StrEnum):
    """What was asked for."""

    NEW = "NEW"
    CANCEL = "CANCEL"
    MOVE = "MOVE"
    """A withdrawal or a transfer."""
    QUERY = "QUERY"


class Verdict(StrEnum):
    """What an answer leaves."""

    NO = "NO"
    """A definite refusal; nothing was done."""
    LATER = "LATER"
    """Nothing was done, and it may be asked again."""
    SLOWER = "SLOWER"
    """The same, because there were too many requests."""
    UNKNOWN = "UNKNOWN"
    """It may have been done: only looking tells."""


NO, LATER, SLOWER, UNKNOWN = Verdict.NO, Verdict.LATER, Verdict.SLOWER, Verdict.UNKNOWN


def _row(
    new: Verdict, cancel: Verdict, move: Verdict, query: Verdict
) -> Mapping[Operation, Verdict]:
    return MappingProxyType(
        {
            Operation.NEW: new,
            Operation.CANCEL: cancel,
            Operation.MOVE: move,
            Operation.QUERY: query,
        }
    )


_REFUSED: Final = _row(NO, NO, NO, NO)
_NOBODY_KNOWS: Final = _row(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
_OF_A_CANCEL: Final = _row(UNKNOWN, NO, UNKNOWN, NO)
_TAKEN_ALREADY: Final = _row(UNKNOWN, NO, UNKNOWN, NO)

VERDICTS: Final[Mapping[int, Mapping[Operation, Verdict]]] = MappingProxyType(
    {
        65548: _NOBODY_KNOWS,  # common error
        65562: _REFUSED,  # request parameters
        65579: _NOBODY_KNOWS,  # general server error
        65595: _row(UNKNOWN, LATER, UNKNOWN, LATER),  # server busy
        65658: _REFUSED,  # address not in the white list
        131098: _REFUSED,  # account session stopped
        131099: _REFUSED,  # create account error
        131114: _row(SLOWER, SLOWER, SLOWER, SLOWER),  # too often
        131115: _REFUSED,  # no such account
        131130: _REFUSED,  # the exchange does not fit the URL
        131162: _REFUSED,  # account status
        131178: _row(UNKNOWN, UNKNOWN, UNKNOWN, NO),  # duplicate key: stored already, look
        196634: _REFUSED,  # token
        196650: _REFUSED,  # session
        196666: _REFUSED,  # session extension
        196682: _REFUSED,  # sso token
        196698: _REFUSED,  # session type
        262170: _REFUSED,  # withdraw address does not exist
        262186: _REFUSED,  # too many withdraw addresses
        262202: _REFUSED,  # symbol
        262218: _REFUSED,  # currency
        262250: _REFUSED,  # coin type
        262266: _REFUSED,  # coin
        262299: _row(UNKNOWN, NO, UNKNOWN, LATER),  # an address could not be made
        262427: _NOBODY_KNOWS,  # connection issue
        262443: _REFUSED,  # daily withdrawal limit
        327706: _row(NO, NO, UNKNOWN, NO),  # order id does not exist, make another
        327722: _TAKEN_ALREADY,  # order id is a duplicate: an order has it, look
        327723: _row(UNKNOWN, NO, UNKNOWN, NO),  # new order failure
        327738: _OF_A_CANCEL,  # order, or open order, does not exist
        327739: _OF_A_CANCEL,  # the second meaning by its hexadecimal
        327741: _REFUSED,  # exchange in maintenance
        327754: _row(UNKNOWN, LATER, UNKNOWN, NO),  # cancel while the order is pending
        327755: _NOBODY_KNOWS,  # cancel error
        327770: _NOBODY_KNOWS,  # timeout of a new order, by its hexadecimal
        327786: _NOBODY_KNOWS,  # three meanings: see WORDS
        327787: _NOBODY_KNOWS,  # order side, by its hexadecimal: see WORDS
        327802: _TAKEN_ALREADY,  # id repeated; or: can not be cancelled in this status
        327803: _TAKEN_ALREADY,  # id repeated, by its hexadecimal
        327818: _row(NO, UNKNOWN, UNKNOWN, NO),  # bad timestamp; or: a cancel's timeout
        327834: _REFUSED,  # timestamp
        327836: _NOBODY_KNOWS,  # order detail missing
        327946: _OF_A_CANCEL,  # not pending submit or cancel
        327948: _NOBODY_KNOWS,  # order log missing
        327962: _REFUSED,  # orders in 24 hours
        327978: _REFUSED,  # order id rule
        328010: _row(UNKNOWN, UNKNOWN, UNKNOWN, NO),  # is being cancelled
        328026: _row(UNKNOWN, LATER, UNKNOWN, NO),  # pending submit: cancel later
        328042: _NOBODY_KNOWS,  # GBBO error
        328058: _NOBODY_KNOWS,  # SOM error
        328074: _REFUSED,  # trade amount limit
        5243242: _OF_A_CANCEL,  # order does not exist, execution fails
        393242: _REFUSED,  # not enough available; or: withdraw ticket
        393243: _REFUSED,  # withdraw ticket, by its hexadecimal
        393258: _REFUSED,  # not enough asset
        393274: _REFUSED,  # free frozen not enough
        393290: _REFUSED,  # reduce frozen not enough
        393306: _NOBODY_KNOWS,  # cancel timeout
        393322: _row(UNKNOWN, NO, UNKNOWN, NO),  # submitted activity missing: look
        393338: _row(UNKNOWN, NO, UNKNOWN, LATER),  # deposit address query
        393354: _REFUSED,  # assets insufficient
        393355: _row(UNKNOWN, NO, UNKNOWN, NO),  # activity's txid: look
        393372: _row(UNKNOWN, NO, UNKNOWN, NO),  # asset log missing: look
        393482: _NOBODY_KNOWS,  # order create timeout
        393514: _row(UNKNOWN, NO, UNKNOWN, NO),  # activity id exists: look
        393530: _REFUSED,  # conversion not supported
        2097162: _REFUSED,  # signature
        2097163: _REFUSED,  # permission
        2097178: _REFUSED,  # no matching market
    }
)
"""Every documented code. Refusing a cancel is safe wherever it is doubtful: the order is looked at
before anybody is told so."""

_UNLISTED: Final = _row(UNKNOWN, UNKNOWN, UNKNOWN, NO)

WORDS: Final[Mapping[int, tuple[tuple[str, Verdict], ...]]] = MappingProxyType(
    {
        327786: (("timeout", UNKNOWN), ("too many open orders", NO), ("orderside", NO)),
        327787: (("orderside", NO),),
        327818: (("timeout", UNKNOWN), ("timestamp format", NO)),
    }
)
"""Codes of several meanings: what the text says, in this order, before the operation decides."""

RATE_WORDS: Final = "rate limit is exceeded"
"""The document's section on limits names these words and no code."""

UNKNOWN_ORDER: Final = frozenset({327706, 327738, 327739, 5243242})
"""Codes that say, of a query or a cancel, that there is no such order."""

_REASONS: Final[Mapping[int, OrdRejReason]] = MappingProxyType(
    {
        262202: OrdRejReason.UNKNOWN_SYMBOL,
        2097178: OrdRejReason.UNKNOWN_SYMBOL,
        327741: OrdRejReason.EXCHANGE_CLOSED,
        327786: OrdRejReason.ORDER_EXCEEDS_LIMIT,
        327962: OrdRejReason.ORDER_EXCEEDS_LIMIT,
        328074: OrdRejReason.ORDER_EXCEEDS_LIMIT,
        393242: OrdRejReason.ORDER_EXCEEDS_LIMIT,
        393258: OrdRejReason.ORDER_EXCEEDS_LIMIT,
        393354: OrdRejReason.ORDER_EXCEEDS_LIMIT,
    }
)


def verdict(code: int, message: str, operation: Operation) -> Verdict:
    """What an error leaves of the request that it answers."""
    said = message.lower()
    if RATE_WORDS in said:
        return SLOWER
    for words, meant in WORDS.get(code, ()):
        if words in said:
            return meant
    return VERDICTS.get(code, _UNLISTED)[operation]


def error_for(code: int, message: str, operation: Operation, text: str) -> VenueError:
    """The same as an error to raise; `text` names it without secrets."""
    match verdict(code, message, operation):
        case Verdict.SLOWER:
            return Throttled(text)
        case Verdict.LATER:
            return VenueUnavailable(text)
        case Verdict.UNKNOWN:
            return OutcomeUnknown(text)
        case Verdict.NO:
            return _refused(code, text)


def _refused(code: int, text: str) -> VenueRefused:
    if code in UNKNOWN_ORDER:
        return VenueRefused(text, OrdRejReason.UNKNOWN_ORDER, CxlRejReason.UNKNOWN_ORDER)
    return VenueRefused(text, _REASONS.get(code, OrdRejReason.BROKER_CREDIT))
