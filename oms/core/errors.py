"""The error tree, sorted by what the caller must do next.

- OmsError: everything this project raises on purpose; `code` is stable
  - MalformedMessage: the peer broke the protocol; Reject (3) or BusinessMessageReject (j)
  - IllegalTransition: perhaps true, but impossible; quarantine it, tell a human
  - VenueError
    - VenueRefused: the venue said no; report it
    - VenueUnavailable: nothing was sent; cancels and queries may go again, an order is refused
    - OutcomeUnknown: sent, no answer; never send again, ask
  - ConfigError: do not start
  - InvalidOrder, OrderRejected, UnknownOrder, NotAuthorised, NotSupported: what the API tells
    a strategy
An AssertionError is our own mistake and stops the engine; the journal is intact.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from oms.core.fields import BusinessRejectReason, CxlRejReason, OrdRejReason


class OmsError(Exception):
    """Base of all errors raised on purpose."""

    code = "oms_error"


class MalformedMessage(OmsError):
    """A message that breaks the protocol; `ref_tag_id` is the tag at fault, 0 if none is."""

    code = "malformed_message"

    def __init__(
        self,
        text: str,
        ref_tag_id: int = 0,
        business: BusinessRejectReason | None = None,
    ) -> None:
        """`business` set: the answer is a BusinessMessageReject (j) with that reason."""
        super().__init__(text)
        self.ref_tag_id = ref_tag_id
        self.business = business


class IllegalTransition(OmsError):
    """An event that the state table does not allow in the order's life."""

    code = "illegal_transition"


class VenueError(OmsError):
    """Something a venue or the way to it did."""

    code = "venue_error"


class VenueRefused(VenueError):
    """The venue answered no, definitely; nothing has changed there."""

    code = "venue_refused"

    def __init__(
        self,
        text: str,
        ord_rej_reason: OrdRejReason = OrdRejReason.BROKER_CREDIT,
        cxl_rej_reason: CxlRejReason = CxlRejReason.BROKER_CREDIT,
    ) -> None:
        """Text is the venue's own words, secrets removed."""
        super().__init__(text)
        self.ord_rej_reason = ord_rej_reason
        self.cxl_rej_reason = cxl_rej_reason


class VenueUnavailable(VenueError):
    """Nothing reached the venue, or it provably did not act."""

    code = "venue_unavailable"

    def __init__(self, text: str, retry_after_s: int | None = None) -> None:
        """`retry_after_s`: seconds the venue asked to wait, where it said so."""
        super().__init__(text)
        self.retry_after_s = retry_after_s


class OutcomeUnknown(VenueError):
    """A request left and no usable answer came back: only evidence can tell what happened."""

    code = "outcome_unknown"


class ConfigError(OmsError):
    """The configuration is wrong; the message names file, key and remedy."""

    code = "config"


class InvalidOrder(OmsError):
    """An order or request that can not be expressed; nothing was recorded."""

    code = "invalid_order"


class OrderRejected(OmsError):
    """The engine or the venue refused the order or the request."""

    code = "rejected"


class UnknownOrder(OmsError):
    """No such order among the caller's own."""

    code = "unknown_order"


class NotAuthorised(OmsError):
    """The token or session does not entitle to this."""

    code = "not_authorised"


class NotSupported(OmsError):
    """The venue does not offer this."""

    code = "not_supported"


class EngineUnavailable(OmsError):
    """No engine answers at the control address, or it is stopping."""

    code = "engine_unavailable"


class StoreLocked(OmsError):
    """Another process owns the store; the message says which."""

    code = "store_locked"


class StoreUnavailable(OmsError):
    """The store could not be read or written: nothing of the attempt was kept."""

    code = "store_unavailable"

    def __init__(self, text: str, *, passing: bool = False) -> None:
        """`passing`: the cause may go away by itself or by a person's hand, as a lock, a full disk
        or a file that is read-only may; the same attempt can succeed later."""
        super().__init__(text)
        self.passing = passing


class StoreFenced(OmsError):
    """A newer owner has taken the store; this process may write nothing more."""

    code = "store_fenced"


BY_CODE: Final[Mapping[str, type[OmsError]]] = MappingProxyType(
    {
        kind.code: kind
        for kind in list(globals().values())
        if isinstance(kind, type) and issubclass(kind, OmsError)
    }
)
"""The errors by their codes."""
