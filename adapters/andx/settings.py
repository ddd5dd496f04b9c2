"""[venues.andx]: an account at ANDX, and the readings of its document that can be chosen."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from oms.settings_tables import HttpUrl, RateLimit, RestSettings, Secret, Text


class AndxSettings(RestSettings):
    """An account at ANDX. Defaults: the venue's document; units are what its samples dispute."""

    kind: Literal["andx"] = Field(default="andx", description="the kind of venue")
    base_url: HttpUrl = Field(
        default="https://platform.andx.one/api/v1", description="the API's base URL"
    )
    username: Text = Field(description="the account's user name")
    passphrase: Secret = Field(description="the passphrase chosen with the API key")
    api_key: Secret = Field(description="the API key")
    api_secret: Secret = Field(description="the API secret")
    account: Text = Field(default="Main", description="the account's name at the venue")
    timestamp_unit: Literal["s", "ms"] = Field(
        default="s", description='the unit of ACCESS-TIMESTAMP, "s" (with a fraction) or "ms"'
    )
    sign_encoding: Literal["hex", "base64"] = Field(
        default="hex", description='the form of ACCESS-SIGN, "hex" (upper case) or "base64"'
    )
    client_id_bits: int = Field(
        default=31, ge=28, le=63, description="the width of the integer client_id, in bits"
    )
    error_map: Annotated[
        Mapping[
            Annotated[str, Field(pattern=r"^[0-9]+$")], Literal["refused", "unavailable", "unknown"]
        ],
        AfterValidator(lambda given: MappingProxyType(dict(given))),
    ] = Field(
        default_factory=lambda: MappingProxyType({}),
        description='what a status_code means: "refused", "unavailable" or "unknown"',
    )
    rate_limit: RateLimit = Field(
        default=RateLimit(requests=60, per_seconds=60), description="the budget of all requests"
    )


SETTINGS: Final = AndxSettings
