"""ANDX as its API document describes it, strict where the document speaks.

Where it is silent a choice was made; the venue's README lists them all. Business errors that the
document does not number carry codes of our own, in `wire.py`: a client must take any code.
"""

from collections.abc import Mapping
from decimal import Decimal

from adapters.andx.simulator.venue import AndxSimulator


def build(seed: int, speed: Decimal | int, credentials: Mapping[str, str]) -> AndxSimulator:
    """Make a venue with one account.

    `credentials` holds username, passphrase, api_key, api_secret and account (the account's
    name, "Main" in the document); KeyError if one is missing. `speed` divides the delay of a
    cancel and multiplies the rate limit; ValueError unless it is positive.
    """
    return AndxSimulator(seed, Decimal(speed), credentials)
