"""The tables of `oms.toml` as frozen models. A field's description completes "it is ..." in errors.

Defaults of venues are their documents': rates, hosts, units. Durations are in seconds.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)


def _split(value: object) -> object:
    """A comma-separated text, as the environment gives lists, as a list."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names in upper case, each once, in order."""
    return tuple(dict.fromkeys(name.upper() for name in names))


def _origin(name: str) -> str:
    """A name that can stand before the slash of ORIGIN/ClOrdID."""
    if not re.fullmatch(r"[!-.0-~]+( [!-.0-~]+)*", name):
        raise ValueError("must be printable ASCII without a slash and without spaces around it")
    return name


def _is_url(text: str, schemes: tuple[str, ...]) -> str:
    """A URL of one of those schemes, without its last slash."""
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"must be a URL like {schemes[0]}://host/path")
    return text.rstrip("/")


def _http_url(text: str) -> str:
    return _is_url(text, ("https", "http"))


def _ws_url(text: str) -> str:
    return _is_url(text, ("wss", "ws"))


def _symbol(text: str) -> str:
    """BASE/QUOTE, as every venue's markets are called here."""
    if not re.fullmatch(r"[A-Z0-9]+/[A-Z0-9]+", text):
        raise ValueError('must be BASE/QUOTE in capitals, like "BTC/USD"')
    return text


Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_split), AfterValidator(_upper)]
OriginName = Annotated[str, AfterValidator(_origin)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
WsUrl = Annotated[str, AfterValidator(_ws_url)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]


def _plain(value: object) -> object:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, Table):
        return value.plain()
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return value


class Table(BaseModel):
    """A table whose unknown keys are errors and whose values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @classmethod
    def secret_names(cls) -> tuple[str, ...]:
        """The keys that are secrets and may be given as `<key>_file`."""
        return tuple(n for n, field in cls.model_fields.items() if field.annotation is SecretStr)

    def plain(self) -> dict[str, Any]:
        """The values by name, secrets as text: only for the room that signs with them."""
        return {name: _plain(getattr(self, name)) for name in type(self).model_fields}

    @classmethod
    def meanings(cls) -> dict[str, str]:
        """The keys of this table and what each is."""
        return {name: field.description or name for name, field in cls.model_fields.items()}


class StoreSettings(Table):
    """[store]: where the journal is, and how long a trouble of it may last. `url` is hidden from reprs: it may hold a password."""

    url: str = Field(
        default="sqlite:///var/oms.db",
        repr=False,
        validate_default=True,
        description='the SQLAlchemy URL of the store, like "sqlite:///var/oms.db"',
    )
    patience_s: Seconds = Field(
        default=20, description="how long a commit that fails is tried again, in seconds"
    )

    @field_validator("url")
    @classmethod
    def _resolve(cls, url: str, info: ValidationInfo) -> str:
        """A relative SQLite path made absolute; a store that forgets refused."""
        if not re.match(r"[a-z][a-z0-9+_]*://", url):
            raise ValueError('must be a SQLAlchemy URL, like "sqlite:///var/oms.db"')
        scheme, _, rest = url.partition("://")
        if not scheme.startswith("sqlite"):
            return url
        path, mark, query = rest.removeprefix("/").partition("?")
        if not path or ":memory:" in path or "mode=memory" in query:
            raise ValueError(
                "is a store in memory, which forgets orders at exit; "
                'name a file, like "sqlite:///var/oms.db"'
            )
        folder = (info.context or {}).get("folder")
        if folder is None or path.startswith(("/", "file:")):
            return url
        return f"{scheme}:///{folder / path}{mark}{query}"


class FixSettings(Table):
    """[fix]: the sessions' transport, in quickfix's own format."""

    settings: Path = Field(
        default=Path("quickfix.cfg"), validate_default=True, description="the path of quickfix.cfg"
    )

    @field_validator("settings")
    @classmethod
    def _resolve(cls, path: Path, info: ValidationInfo) -> Path:
        """A relative path starts at the configuration file's folder."""
        folder = (info.context or {}).get("folder")
        return path if folder is None else folder / path


class ApiSettings(Table):
    """[api]: the control API for the CLI, remote strategies and the blotter."""

    listen: str = Field(default="127.0.0.1:8080", description="the address to listen on, host:port")
    token: Secret = Field(description="the operator's token")

    @field_validator("listen")
    @classmethod
    def _check(cls, listen: str) -> str:
        """host:port, with brackets around an IPv6 host."""
        match = re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:\s/]+):([0-9]{1,5})", listen)
        if not match or int(match[2]) > 65535:
            raise ValueError('must be host:port, like "127.0.0.1:8080"')
        return listen

    @property
    def host(self) -> str:
        """The host part of `listen`, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `listen`; 0 lets the kernel choose."""
        return int(self.listen.rpartition(":")[2])


class DeskSettings(Table):
    """[[desks]]: one desk session of quickfix.cfg and what it may do."""

    comp_id: OriginName = Field(description="the desk's SenderCompID")
    secret: Secret = Field(description="the HS256 secret of the desk's logon token")
    venues: Names = Field(default=("*",), description='the routes it may use, ["*"] for all')
    drop_copy: bool = Field(
        default=False, description="true for a session that hears every report and sends no orders"
    )
    cancel_on_disconnect: bool = Field(
        default=False, description="true to cancel its orders when it falls off"
    )
    cancel_grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=5, description="how long it may be away before that, in seconds"
    )
    status_on_logon: bool = Field(
        default=False, description="true to tell it the state of its open orders at each logon"
    )
    news: bool = Field(default=True, description="false to tell it nothing of routes, by News (B)")
    max_orders_per_s: int = Field(
        default=200, gt=0, description="the orders and replaces it may send in a second"
    )
    may_kill: bool = Field(default=False, description="true if it may send the kill message U1")
    extended_tags: bool = Field(default=False, description="true to add tags 5001 to 5004")


class StrategySettings(Table):
    """[[strategies]]: a remote user of the API."""

    name: OriginName = Field(description="the strategy's name, the origin of its orders")
    token: Secret = Field(description="the strategy's own token")
    venues: Names = Field(default=("*",), description='the routes it may use, ["*"] for all')
    may_move_money: bool = Field(
        default=False, description="true if it may withdraw, transfer and make or redeem coupons"
    )


class RateLimit(Table):
    """So many requests in so many seconds."""

    requests: int = Field(gt=0, description="the number of requests in the period")
    per_seconds: Seconds = Field(description="the period in seconds")


class InstrumentSettings(Table):
    """One market, where the venue lists none. Base units, and quote units for price and notional."""

    venue_symbol: str = Field(
        default="", description="the venue's own code, where it is not the table's name"
    )
    tick: Amount = Field(description='the price step, like "0.01"')
    step: Amount = Field(description='the quantity step, like "0.0001"')
    min_qty: Annotated[Decimal, Field(ge=0)] = Field(
        default=Decimal(0), description="the least quantity"
    )
    max_qty: Amount | None = Field(default=None, description="the greatest quantity")
    min_notional: Annotated[Decimal, Field(ge=0)] = Field(
        default=Decimal(0), description="the least price times quantity"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        """The least quantity does not exceed the greatest."""
        if self.max_qty is not None and self.max_qty < self.min_qty:
            raise ValueError("max_qty is below min_qty; give the greater one to max_qty")
        return self


Emulated = Literal["replace", "ioc", "fok", "gtd", "market"]
Symbol = Annotated[str, AfterValidator(_symbol)]
Instruments = Annotated[
    Mapping[Symbol, InstrumentSettings], AfterValidator(lambda given: MappingProxyType(dict(given)))
]


class VenueSettings(Table):
    """What every [venues.<name>] has. The table's name is the route's."""

    kind: str
    max_wait_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=2, description="how long an order may wait for the rate budget, in seconds"
    )
    emulate: Annotated[tuple[Emulated, ...], BeforeValidator(_split)] = Field(
        default=(),
        description='what the engine does in the venue\'s stead, like ["replace", "ioc"]',
    )
    market_margin: Annotated[Decimal, Field(ge=0, lt=1)] = Field(
        default=Decimal("0.005"),
        description="how far beyond the best price an emulated market order may trade",
    )
    instruments: Instruments = Field(
        default_factory=lambda: MappingProxyType({}), description='tables by symbol, like "BTC/USD"'
    )


class RestSettings(VenueSettings):
    """What every venue has that is asked over HTTP."""

    rate_limit: RateLimit
    timeout_s: Seconds = Field(default=5, description="how long to wait for an answer, in seconds")
    audit_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=60, description="seconds between two looks at idle balances, 0: none of them"
    )
