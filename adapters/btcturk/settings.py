"""[venues.btcturk]: an account at BtcTurk, and the readings of its documents that can be chosen."""

from typing import Final, Literal

from pydantic import Field

from oms.settings_tables import HttpUrl, RateLimit, RestSettings, Seconds, Secret, WsUrl


class BtcturkSettings(RestSettings):
    """An account at BtcTurk. Defaults: what spec/btcturk.md recommends where sources differ."""

    kind: Literal["btcturk"] = Field(default="btcturk", description="the kind of venue")
    base_url: HttpUrl = Field(
        default="https://api.btcturk.com", description="the host of api/v1 and api/v2"
    )
    graph_url: HttpUrl = Field(
        default="https://graph-api.btcturk.com", description="the host of the candles"
    )
    stream_url: WsUrl = Field(
        default="wss://ws-feed-pro.btcturk.com", description="the feed's host"
    )
    mirror_url: HttpUrl = Field(
        default="https://ws-feed-pro.btcturk.com",
        description="the host that repeats the feed over HTTP",
    )
    api_key: Secret = Field(description="the public key (X-PCK)")
    api_secret: Secret = Field(description="the private key, base64 text as the venue issues it")
    ws_api_key: Secret | None = Field(
        default=None, description="the key of the kind WebSocket, where it is another one"
    )
    ws_api_secret: Secret | None = Field(default=None, description="its private key")
    ws_login: Literal["114", "111", "none"] = Field(
        default="114", description='how the feed is entered: by "114" key, "111" token, or "none"'
    )
    ws_user_id: int = Field(default=0, ge=0, description="the user's number, for login 111")
    ws_username: str = Field(default="", description="the user's name, for login 111")
    ws_token: Secret | None = Field(default=None, description="the web token, for login 111")
    market_buy_qty: Literal["quote", "base"] = Field(
        default="quote", description="what sizes a market buy at the venue"
    )
    allow_stop_orders: bool = Field(
        default=False, description="true to offer stop orders, whose id changes on trigger"
    )
    history_method: Literal["GET", "POST"] = Field(
        default="GET", description="how deposits and withdrawals are asked for"
    )
    history_parameters: Literal["type", "balanceTypes"] = Field(
        default="type",
        description='the names of its filters: "type" and symbol, or "balanceTypes" and '
        "currencySymbols",
    )
    open_orders_by_pair: bool = Field(
        default=False, description="true if open orders are told of one pair at a time only"
    )
    all_orders_time_unit: Literal["", "s", "ms"] = Field(
        default="", description="the unit of allOrders' startTime; empty: it is not sent"
    )
    market_from: Literal["api", "feed"] = Field(
        default="api",
        description="where tickers, books and trades are read: api, or feed's mirrors",
    )
    daily_candles_from: Literal["klines", "ohlcs", "ohlc"] = Field(
        default="klines", description="which call tells daily candles"
    )
    fence_s: Seconds = Field(
        default=70,
        description="after how many seconds a lost order that no list shows counts as never sent",
    )
    rate_limit: RateLimit = Field(
        default=RateLimit(requests=600, per_seconds=60),
        description="the budget of all signed requests",
    )


SETTINGS: Final = BtcturkSettings
