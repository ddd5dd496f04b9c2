"""[venues.apifiny]: an account at Apifiny, and the readings of its document that can be chosen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from oms.settings_tables import (
    HttpUrl,
    Names,
    RateLimit,
    RestSettings,
    Seconds,
    Secret,
    Text,
    WsUrl,
)

APIFINY_HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BINANCE": "https://apibn.apifiny.com",
        "BINANCEUS": "https://apibnu.apifiny.com",
        "COINBASEPRO": "https://apicb.apifiny.com",
        "HUOBI": "https://apihb.apifiny.com",
        "KUCOIN": "https://apikc.apifiny.com",
        "OKEX": "https://apiok.apifiny.com",
    }
)
"""The co-located exchanges of Apifiny's document and their REST hosts."""


def _hosts(given: Mapping[str, str]) -> Mapping[str, str]:
    """The built-in hosts with the given ones over them; none at all for an empty table."""
    named = {name.upper(): url for name, url in given.items()}
    return MappingProxyType({**APIFINY_HOSTS, **named} if named else {})


class ApifinySettings(RestSettings):
    """An account at Apifiny. Defaults: the venue's document of 2021-08-03."""

    kind: Literal["apifiny"] = Field(default="apifiny", description="the kind of venue")
    account_id: Text = Field(description='the account id, like "STA-00000001"')
    api_key_id: Secret = Field(description="the API key's id")
    api_secret_key: Secret = Field(description="the API secret key")
    exchanges: Annotated[Names, Field(min_length=1)] = Field(
        description='the exchanges to trade at, like ["BINANCE"]'
    )
    host: HttpUrl = Field(
        default="https://api.apifiny.com", description="the REST host of all other exchanges"
    )
    stream_host: WsUrl = Field(
        default="wss://api.apifiny.com", description="the WebSocket host of all other exchanges"
    )
    hosts: Annotated[Mapping[str, HttpUrl], AfterValidator(_hosts)] = Field(
        default_factory=lambda: APIFINY_HOSTS,
        description="the own hosts of co-located exchanges; an empty table switches them off",
    )
    auth_scheme: Literal["jwt", "hmac"] = Field(
        default="jwt", description='what signs REST requests, "jwt" or, of 2022, "hmac"'
    )
    recv_window_ms: Annotated[int, Field(gt=0, le=60_000)] = Field(
        default=5_000, description="a request's life with hmac, in milliseconds"
    )
    candle_exchanges: Names = Field(
        default=("BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX", "GATEIO"),
        description="the exchanges that REST tells candles and tickers of",
    )
    feed_exchanges: Names = Field(
        default=("BINANCE", "BINANCEUS", "COINBASEPRO", "HUOBI", "KUCOIN", "OKEX"),
        description="the exchanges that the feed tells trades, candles and tickers of",
    )
    jwt_exp_unit: Literal["s", "ms"] = Field(
        default="s", description='the unit of the claim exp, "s" or "ms"'
    )
    jwt_ttl_s: Seconds = Field(default=10, description="a token's life, in seconds")
    jwt_include_method: bool = Field(
        default=False, description="true to put the claim method into REST tokens"
    )
    fence_settle_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=5, description="how long after a token's end a lost request counts as not executed"
    )
    ws_path: Annotated[str, Field(pattern="^/")] = Field(
        default="/ac/ws/v2", description="the path of the account feeds below the stream host"
    )
    fee_path: Text = Field(
        default="asset/getCommissionRate", description="the path of the fee query"
    )
    activity_method: Literal["GET", "POST"] = Field(
        default="GET", description='the method of queryAssetActivityList, "GET" or "POST"'
    )
    kline_symbol_format: Literal["plain", "slash"] = Field(
        default="plain", description='the symbol in candle feeds, "plain" or "slash"'
    )
    part_filled_is_final: bool = Field(
        default=True, description="false if PART_FILLED orders can still trade"
    )
    market_rate_limit: RateLimit = Field(
        default=RateLimit(requests=1, per_seconds=1), description="the budget of market data"
    )
    rate_limit: RateLimit = Field(
        default=RateLimit(requests=20, per_seconds=1), description="the budget of the account"
    )


SETTINGS: Final = ApifinySettings
