"""BtcTurk as its API document describes it, strict where the document speaks.

Where it is silent a choice was made; the venue's README lists them all. One simulator answers for
the API host, the charts host and the feed's host: their paths do not overlap.
"""

from collections.abc import Mapping
from decimal import Decimal

from adapters.btcturk.simulator.venue import BtcturkSimulator


def build(seed: int, speed: Decimal | int, credentials: Mapping[str, str]) -> BtcturkSimulator:
    """Make a venue with one account.

    `credentials` holds api_key and api_secret (base64 text; KeyError or ValueError if missing or
    not base64), and may hold ws_api_key, ws_api_secret, ws_user_id, ws_username and ws_token for
    the feed. `speed` divides delays and multiplies rate limits; ValueError unless it is positive.
    """
    return BtcturkSimulator(seed, Decimal(speed), credentials)
