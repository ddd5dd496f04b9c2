"""[venues.<name>] of kind fix42: an account with any counterparty that speaks plain FIX 4.2."""

from typing import Annotated, Final, Literal

from pydantic import Field

from oms.settings_tables import Instruments, Text, VenueSettings


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


SETTINGS: Final = Fix42Settings
