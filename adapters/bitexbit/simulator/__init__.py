"""Bitexbit's HTTP API v1 and its order book channel as the document describes them.

Strict where the document speaks. Where it is silent a choice was made; the venue's README lists
them all, and a client must not rely on any.
"""

from collections.abc import Mapping
from decimal import Decimal

from adapters.bitexbit.simulator.venue import BitexbitSimulator


def build(seed: int, speed: Decimal | int, credentials: Mapping[str, str]) -> BitexbitSimulator:
    """Make a venue with one account.

    `credentials` holds api_key and api_secret; KeyError if one is missing. `speed` multiplies the
    rate limits; ValueError unless it is positive.
    """
    return BitexbitSimulator(seed, Decimal(speed), credentials)
