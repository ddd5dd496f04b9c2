"""ccxt's exceptions, and which of them an error of the engine is.

They are ccxt's own classes where ccxt is installed, so that a strategy's `except` clauses hold, and
classes of the same names and descent where it is not.

A strategy for ccxt sends again after a NetworkError. So none is ever raised for a request that may
have been carried out: the only ones that an order can end in are those of which the engine knows
that nothing was sent.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

from oms.core import errors

_DESCENT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BaseError": "",
        "ExchangeError": "BaseError",
        "AuthenticationError": "ExchangeError",
        "PermissionDenied": "AuthenticationError",
        "AccountNotEnabled": "PermissionDenied",
        "AccountSuspended": "AuthenticationError",
        "ArgumentsRequired": "ExchangeError",
        "BadRequest": "ExchangeError",
        "BadSymbol": "BadRequest",
        "OperationRejected": "ExchangeError",
        "NoChange": "OperationRejected",
        "MarginModeAlreadySet": "NoChange",
        "MarketClosed": "OperationRejected",
        "ManualInteractionNeeded": "OperationRejected",
        "RestrictedLocation": "OperationRejected",
        "InsufficientFunds": "ExchangeError",
        "InvalidAddress": "ExchangeError",
        "AddressPending": "InvalidAddress",
        "InvalidOrder": "ExchangeError",
        "OrderNotFound": "InvalidOrder",
        "OrderNotCached": "InvalidOrder",
        "OrderImmediatelyFillable": "InvalidOrder",
        "OrderNotFillable": "InvalidOrder",
        "DuplicateOrderId": "InvalidOrder",
        "ContractUnavailable": "InvalidOrder",
        "NotSupported": "ExchangeError",
        "InvalidProxySettings": "ExchangeError",
        "ExchangeClosedByUser": "ExchangeError",
        "OperationFailed": "BaseError",
        "NetworkError": "OperationFailed",
        "DDoSProtection": "NetworkError",
        "RateLimitExceeded": "NetworkError",
        "ExchangeNotAvailable": "NetworkError",
        "OnMaintenance": "ExchangeNotAvailable",
        "InvalidNonce": "NetworkError",
        "ChecksumError": "InvalidNonce",
        "RequestTimeout": "NetworkError",
        "BadResponse": "OperationFailed",
        "NullResponse": "BadResponse",
        "CancelPending": "OperationFailed",
        "UnsubscribeError": "BaseError",
    }
)
"""Each of ccxt 4.5's exceptions and the one that it is a kind of."""


def make_classes(theirs: Any = None) -> Mapping[str, type[Exception]]:
    """The exceptions by name: those of the module `theirs`, our own in place of what it lacks."""
    made: dict[str, type[Exception]] = {}
    for name, parent in _DESCENT.items():
        own = getattr(theirs, name, None)
        base = made.get(parent, Exception)
        made[name] = own or type(name, (base,), {"__module__": __name__, "__doc__": "As in ccxt."})
    return MappingProxyType(made)


def _installed() -> Any:
    try:
        from ccxt.base import errors as theirs
    except ImportError:
        return None
    return theirs


CLASSES: Final = make_classes(_installed())
"""The exceptions that are raised here."""

_OF_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        errors.InvalidOrder.code: "InvalidOrder",
        errors.MalformedMessage.code: "BadRequest",
        errors.NotAuthorised.code: "AuthenticationError",
        errors.UnknownOrder.code: "OrderNotFound",
        errors.OrderRejected.code: "InvalidOrder",
        errors.NotSupported.code: "NotSupported",
        errors.VenueRefused.code: "ExchangeError",
        errors.VenueUnavailable.code: "ExchangeNotAvailable",
        errors.EngineUnavailable.code: "ExchangeNotAvailable",
        errors.StoreUnavailable.code: "ExchangeNotAvailable",
        errors.OutcomeUnknown.code: "RequestTimeout",
    }
)
"""By the stable codes of docs/api.md. RequestTimeout is for looks: they may be repeated."""

_IN_WORDS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        # The engine's own words, and the only ones after which an order is sent again: at the
        # beginning, where no venue's words stand that it might quote.
        (r"^ROUTE DOWN: |^the engine is stopping", "ExchangeNotAvailable"),
        (r"^the rate limit (?:would delay|delayed) the order", "RateLimitExceeded"),
        (r"^KILL SWITCH", "ManualInteractionNeeded"),
        (r"^duplicate ClOrdID", "DuplicateOrderId"),
        (r"insufficient|not enough|balance|funds", "InsufficientFunds"),
        (r"post.?only.*(?:match|cross|immediate|taker)", "OrderImmediatelyFillable"),
        (r"unknown (?:symbol|market|instrument|pair)|has no market", "BadSymbol"),
        (r"is not offered|does not offer", "NotSupported"),
        (r"does not (?:replace|cancel)", "NotSupported"),
    )
)
"""What a refusal's text tells more closely than its class; the first that fits."""

_TOLD_IN_WORDS: Final = (
    errors.OrderRejected,
    errors.VenueRefused,
    errors.InvalidOrder,
)


def name_of(error: errors.OmsError) -> str:
    """Which of ccxt's exceptions an error of the engine is."""
    if isinstance(error, _TOLD_IN_WORDS):
        named = name_of_text(str(error))
        if named:
            return named
    return _OF_CODES.get(error.code, "ExchangeError")


def name_of_text(text: str) -> str:
    """Which of ccxt's exceptions a refusal's text speaks of, "" for none in particular."""
    return next((name for pattern, name in _IN_WORDS if pattern.search(text)), "")


def error(name: str, text: str) -> Exception:
    """An exception by ccxt's name for it, to be raised."""
    return CLASSES[name](text)


@contextmanager
def translated(who: str) -> Iterator[None]:
    """Errors of the engine as ccxt's, the exchange's id in front of the text as ccxt has it."""
    try:
        yield
    except errors.OmsError as fault:
        raise error(name_of(fault), f"{who} {fault}") from fault
