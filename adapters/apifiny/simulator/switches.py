"""The troubles that can be turned on."""

from typing import Final

_DEFAULTS: Final = {
    # how many of the next ones are hit
    "lose_new": 0,  # D: dropped, connection cut before it was accepted
    "lose_new_ack": 0,  # D: accepted, connection cut before the acknowledgement
    "refuse": 0,  # D: answered 150=8; POST: answered with an error
    "reject_cancel": 0,  # F: answered 9
    "lose_fill": 0,  # fill reports that are not sent although the trade happened
    "duplicate_report": 0,  # reports sent twice with the same 17
    "fill_before_ack": 0,  # D: its acknowledgement follows its first fill
    "lose_reply": 0,  # REST POST: done, connection dropped without a byte
    "lose_request": 0,  # REST POST: not done, connection dropped without a byte
    "server_error": 0,  # REST: not done, answered 500
    "throttle": 0,  # REST: not done, answered with the error for too many requests
    "garble": 0,  # REST: done, the answer is cut in the middle
    "html": 0,  # REST: done, the answer is a page for people
    "cancel_move": 0,  # withdrawals and transfers that end CANCELLED
    "drop_stream": 0,  # feeds whose connection is cut
    "duplicate": 0,  # events of a feed that are pushed twice
    "lose_event": 0,  # events of an order or asset feed that are not pushed
    # while not 0
    "refuse_logon": 0,
    "silent": 0,  # the FIX gateway neither handles nor sends anything, and catches up afterwards
    "rest_down": 0,  # every REST request is answered 502
    "fill_clordid": 0,  # fills and cancellations carry 11 too
    "envelope_lists": 0,  # the two lists that the document shows bare come in the envelope
    "spell_incoming": 0,  # activities say INCOMING, not IMCOMING as the document's list does
    "restrict": 0,  # the account is RESTRICTED: it sees everything and does nothing
    "refuse_stream": 0,  # no feed takes a connection
    "stall_stream": 0,  # feeds say nothing; what happens meanwhile is never told
    "slash_klines": 0,  # the feed takes BTC/USDT for candles, not BTCUSDT
    # milliseconds
    "slow_ack_ms": 0,  # an order of the FIX side stays PENDING_SUBMIT so long
    "submit_ms": 20,  # the same for an order of the REST side
    "move_ms": 200,  # a withdrawal or transfer is under way so long
    "ping_ms": 30_000,  # between two pings of a feed
    "skew_clock": 0,  # the venue's clock is so far ahead, for tokens and when it tells the time
}


class Switches:
    """Counters, flags and lengths of time by name."""

    def __init__(self) -> None:
        self._values = dict(_DEFAULTS)

    def turn(self, name: str, value: object) -> None:
        """Set a switch; KeyError if there is none of that name, ValueError for no whole number."""
        if name not in self._values:
            raise KeyError(name)
        if not isinstance(value, int | str):
            raise ValueError(f"switch {name} takes a whole number or true or false")
        self._values[name] = int(value)

    def value(self, name: str) -> int:
        """Return what the switch stands at."""
        return self._values[name]

    def take(self, name: str) -> bool:
        """Use up one of the switch's count; False if none is left."""
        if self._values[name] <= 0:
            return False
        self._values[name] -= 1
        return True
