"""[venues.cryptex]: an account at Cryptex, and the readings of its document that can be chosen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from oms.settings_tables import HttpUrl, RateLimit, RestSettings, Secret, Text


def _frozen(given: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(given))


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError('must be a time zone\'s name, like "UTC" or "Europe/Moscow"') from None
    return name


Pair = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,12}_[A-Z0-9]{2,12}$")]
Texts = Annotated[Mapping[str, str], AfterValidator(_frozen)]


class CryptexSettings(RestSettings):
    """An account at Cryptex. Defaults: the recommended readings of spec/cryptex.md."""

    kind: Literal["cryptex"] = Field(default="cryptex", description="the kind of venue")
    base_url: HttpUrl = Field(
        default="https://cryptex.net/api/v1", description="the one URL of the API"
    )
    username: Text = Field(description="the account's user name")
    api_key: Secret = Field(description="the API key")
    api_secret: Secret = Field(description="the API secret")
    signing_username: str = Field(
        default="",
        description="the text signed between nonce and key, where it is not the user name",
    )
    method_names: Texts = Field(
        default_factory=lambda: MappingProxyType({}),
        description='other names of methods, like { ActiveOrders = "AcriveOrders" }',
    )
    nonce_seed: Literal["seconds", "milliseconds", "zero"] = Field(
        default="seconds", description="what nonces begin at: the epoch's time, or zero"
    )
    nonce_step: int = Field(default=1, ge=1, le=1000, description="from one nonce to the next")
    nonce_floor: int = Field(
        default=0, ge=0, lt=2**53, description="a nonce that the key's next one is above"
    )
    fence_settle_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=10,
        description="how long after a later request's answer a lost order counts as not executed",
    )
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", description="the zone of times that are written as a calendar"
    )
    history_time_format: Literal["calendar", "epoch"] = Field(
        default="calendar", description='the form of times sent, "calendar" (14 digits) or "epoch"'
    )
    pair_alias: Annotated[Mapping[Pair, Pair], AfterValidator(_frozen)] = Field(
        default_factory=lambda: MappingProxyType({}),
        description='pairs that stand for another one, like { USD_BTC = "BTC_USD" }',
    )
    with_reserves: Literal["0", "1", "TRUE", "FALSE", "YES", "NO"] = Field(
        default="1", description="the flag with which balances count what orders hold"
    )
    active_statuses: Annotated[
        tuple[Annotated[int, Field(ge=-(2**31), lt=2**31)], ...], Field(min_length=1)
    ] = Field(default=(1,), description="the status numbers of an order that works")
    amount_is: Literal["original", "remaining"] = Field(
        default="original",
        description="what an order's amount is, what was ordered or what is left",
    )
    deposit_addresses: Texts = Field(
        default_factory=lambda: MappingProxyType({}),
        description="assets by the deposit addresses to be asked after",
    )
    public_market_data: bool = Field(
        default=False, description="true to read the public pages, which the document has not"
    )
    shared_account: bool = Field(
        default=False,
        description="true if others enter orders on the account too: a lost order is then never "
        "found by its terms alone",
    )
    rate_limit: RateLimit = Field(
        default=RateLimit(requests=1, per_seconds=1), description="the budget of all requests"
    )


SETTINGS: Final = CryptexSettings
