"""The kinds of venue that a `[venues.<name>]` table can be of: one for each room of `adapters`."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, SerializeAsAny

from adapters import COUNTERPARTIES, VENUES
from oms.settings_tables import InstrumentSettings, RateLimit, Table, VenueSettings


def _settings_of(kind: str) -> type[VenueSettings]:
    settings: type[VenueSettings] = import_module(f"adapters.{kind}.settings").SETTINGS
    return settings


KINDS: Final[Mapping[str, type[VenueSettings]]] = MappingProxyType(
    {kind: _settings_of(kind) for kind in (*VENUES, *COUNTERPARTIES)}
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
    Mapping[str, SerializeAsAny[VenueSettings]],
    AfterValidator(lambda given: MappingProxyType(dict(given))),
]
