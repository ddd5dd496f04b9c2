"""What each configured route can do: its venue, and what is done in the venue's stead."""

from dataclasses import replace

from adapters import venue
from oms.core.venue import Capabilities, Emulation
from oms.settings import VenueSettings


def capabilities_of(table: VenueSettings) -> Capabilities:
    """What the route's venue offers, and what is emulated there."""
    offered = venue(table.kind).capabilities(table.plain())
    return replace(
        offered,
        emulates=frozenset(Emulation(name.upper()) for name in table.emulate),
        market_margin=table.market_margin,
    )
