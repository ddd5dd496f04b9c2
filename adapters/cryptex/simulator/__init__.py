"""Cryptex as its API document describes it, strict where the document speaks.

Where it is silent a choice was made; the venue's README lists them all. The document has no error
answer: the envelope and the words of refusals are ours, and a client must take any.
"""

from collections.abc import Mapping
from decimal import Decimal

from adapters.cryptex.simulator.venue import CryptexSimulator


def build(seed: int, speed: Decimal | int, credentials: Mapping[str, str]) -> CryptexSimulator:
    """Make a venue with one account and one key.

    `credentials` holds username, api_key and api_secret; KeyError if one is missing. `speed`
    changes nothing here, as the document names no time; ValueError unless it is positive.
    """
    if speed <= 0:
        raise ValueError("speed must be positive")
    return CryptexSimulator(seed, credentials)
