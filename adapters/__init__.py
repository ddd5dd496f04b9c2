"""The venues' rooms, and what they share."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from adapters.port import VenueSpec

VENUES: Final = (
    "andx",
    "apifiny",
    "bitexbit",
    "btcturk",
    "cryptex",
)
"""One line a venue: the kinds of `[venues.*]` that have a room here."""


COUNTERPARTIES: Final = ("fix42",)
"""Kinds of route whose other side is anybody's: rooms without a simulator, and nothing to query."""


def venue(kind: str) -> "VenueSpec":
    """The room of one kind of venue, loaded now. KeyError for a kind that has none."""
    if kind not in (*VENUES, *COUNTERPARTIES):
        raise KeyError(kind)
    spec: VenueSpec = import_module(f"adapters.{kind}.venue").VENUE
    return spec
