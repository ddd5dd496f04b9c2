"""The kinds of venue that a `[venues.<name>]` table can be of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from oms.settings_tables import (
    AndxSettings,
    ApifinySettings,
    Instruments,
    InstrumentSettings,
    RateLimit,
    Table,
    Text,
    VenueSettings,
)


class Fix42Settings(VenueSettings):
    """An account with any counterparty that speaks plain FIX 4.2."""

    kind: Literal["fix42"] = Field(description="the kind of venue")
    comp_id: Text = Field(description="our SenderCompID there, which names the session")
    target_comp_id: str = Field(
        default="", description="the counterparty's CompID, where comp_id names several sessions"
    )
    account: str = Field(default="", description="Account (1) on every request")
    security_exchange: str = Field(
        default="", description="SecurityExchange (207) on every request"
    )
    status_on_logon: bool = Field(
        default=True, description="false if it does not answer OrderStatusRequests"
    )
    takes_requests_in_line: bool = Field(
        default=True, description="false if it takes one cancel or replace at a time"
    )
    tells_pending: bool = Field(
        default=True, description="false if it never says Pending Cancel or Pending Replace"
    )
    instruments: Annotated[Instruments, Field(min_length=1)] = Field(
        description='tables by symbol, like "BTC/USD"'
    )


AnyVenue = AndxSettings | ApifinySettings | Fix42Settings
KINDS: Final[Mapping[str, type[AnyVenue]]] = MappingProxyType(
    {"andx": AndxSettings, "apifiny": ApifinySettings, "fix42": Fix42Settings}
)
NESTED: Final[Mapping[Any, type[Table]]] = MappingProxyType(
    {
        "rate_limit": RateLimit,
        "market_rate_limit": RateLimit,
        "instruments": InstrumentSettings,
    }
)
"""Tables inside a venue's table, by the key under which they stand."""
Venues = Annotated[
    Mapping[str, AnyVenue],
    AfterValidator(lambda given: MappingProxyType(dict(given))),
]
