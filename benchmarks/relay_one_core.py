"""A yardstick for the round trips: the hand-written relay with all its threads on one core.

`oms run` keeps its own there, which costs a process of quickfix's threads and Python far less; this
says what a relay would gain by the same line.

    python -m benchmarks.relay_one_core VENUE_PORT DESK_PORT
"""

from benchmarks.relay import DeskSide, VenueSide, relay
from oms.cores import keep_to_one

if __name__ == "__main__":
    keep_to_one()
    relay(DeskSide(), VenueSide())
