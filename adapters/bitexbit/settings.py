"""[venues.bitexbit]: an account at Bitexbit, and the readings of its document that can be chosen."""

from typing import Annotated, Final, Literal

from pydantic import Field

from oms.settings_tables import HttpUrl, RateLimit, RestSettings, Secret, Text, WsUrl


class BitexbitSettings(RestSettings):
    """An account at Bitexbit. Defaults: the venue's document; where it disputes with itself, the
    reading that spec/bitexbit.md gives reasons for."""

    kind: Literal["bitexbit"] = Field(default="bitexbit", description="the kind of venue")
    base_url: HttpUrl = Field(
        default="https://bitexbit.com", description="the REST host; paths begin with /api"
    )
    stream_url: WsUrl = Field(
        default="wss://bitexbit.com", description="the host of the order book channels"
    )
    api_key: Secret = Field(description="the API key")
    api_secret: Secret = Field(description="the API secret")
    nonce_floor: int = Field(
        default=0,
        ge=0,
        lt=2**53,
        description="what every X-NONCE exceeds: to be set above the last one that the key has "
        "used, in milliseconds since 1970, if the venue turns all of them down",
    )
    sign_get_params: bool = Field(
        default=False, description="true if filters of a GET are signed too"
    )
    sign_single_order: bool = Field(
        default=True, description="false if the query of one order is not signed"
    )
    book_limit_params: Literal["table", "samples", "both"] = Field(
        default="table",
        description='the names of a book\'s depth, "table" (limit_sell), "samples" (limit_asks) '
        'or "both"',
    )
    balance_includes_reserve: bool = Field(
        default=False, description="true if a wallet's balance includes its reserve"
    )
    amount_decimals: int = Field(
        default=8, ge=0, le=18, description="how many decimals an order's amount may have"
    )
    socketio_generation: Literal["auto", "3", "4"] = Field(
        default="auto",
        description='the generation of Engine.IO, "3", "4", or "auto": 4, then 3',
    )
    subscribe_event: Text = Field(
        default="subscribe", description="the event that subscribes to a channel"
    )
    room_format: Annotated[str, Field(pattern=r"^[^{}]*\{pair\}[^{}]*$")] = Field(
        default="book_{pair}", description="the name of a pair's channel"
    )
    public_rate_limit: RateLimit = Field(
        default=RateLimit(requests=100, per_seconds=1), description="the budget of public calls"
    )
    shared_account: bool = Field(
        default=False,
        description="true if others enter orders on the account too: a lost order is then never "
        "found by its terms alone",
    )
    rate_limit: RateLimit = Field(
        default=RateLimit(requests=2, per_seconds=1), description="the budget of private calls"
    )


SETTINGS: Final = BitexbitSettings
