"""What verbs have in common: their options, and what the configuration leads to.

In this room, libraries that take long to load are imported by the functions that need them.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oms.client import Client
from oms.core.errors import ConfigError
from oms.log import register_secrets
from oms.settings import Settings, load_settings

if TYPE_CHECKING:
    from oms.store.queries import Reader

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="The configuration: $OMS_CONFIG, else ./oms.toml."
    ),
]
UnreadConfig = Annotated[
    Path | None,
    typer.Option("--config", "-c", metavar="FILE", hidden=True, help="Taken, and not read."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Venue = Annotated[
    str | None, typer.Option("--venue", metavar="ROUTE", help="Only this route, in any case.")
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=0, help="Only the newest N; 0 shows all.")
]
Name = Annotated[
    str, typer.Argument(metavar="ID", help="An OrderID, its digits, or ORIGIN/ClOrdID.")
]


def settings_of(config: Path | None) -> Settings:
    """The settings, their secrets registered for redaction. Raises ConfigError."""
    settings = load_settings(config)
    register_secrets(settings.secrets())
    return settings


def reader_of(settings: Settings) -> "Reader":
    """The store, to read. Raises ConfigError, StoreUnavailable."""
    from oms.store.queries import Reader

    return Reader.open(settings.store.url)


def client_of(settings: Settings) -> Client:
    """The running engine, as the operator."""
    return Client(api_url(settings), settings.api.token.get_secret_value())


def api_url(settings: Settings) -> str:
    """Where the control API is."""
    return f"http://{settings.api.listen}"


def route_of(settings: Settings, venue: str | None) -> str:
    """The route in upper case, "" for none. Raises ConfigError for one that is not configured."""
    route = (venue or "").upper()
    if route and route not in settings.venues:
        known = ", ".join(settings.venues) or "none"
        raise ConfigError(f"{settings.path}: there is no [venues.*] table {route}; routes: {known}")
    return route
