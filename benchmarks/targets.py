"""Every figure of `make bench`: what is measured, against what, and what it has to come to.

`must` and `aim` are ratios, ours through theirs: at least that for rates, at most for all else. A
figure without them is shown for comparison.
"""

from typing import Final

from benchmarks.figures import Figure

RELAY: Final = "hand-written quickfix relay: fields style, MemoryStore, no database"
RELAY_ONE_CORE: Final = "the same relay, its threads kept on one core as ours are"
RELAY_COMMITS: Final = "the same relay with one sqlite3 commit per message, FULL"
RELAY_STRINGS: Final = "string-style quickfix relay: MemoryStore, no database"
BARE_ROWS: Final = "bare sqlite3: same rows, statements, groups; rows made beforehand"

_PATH: Final = "desk -> OMS -> Apifiny -> desk"

# The round trips

ONE_REPORT: Final = Figure(
    name=f"{_PATH}, 64 in flight, one report",
    against=RELAY,
    unit="orders/s",
    durable=True,
    must=1.0,
    aim=1.5,
)
THREE_REPORTS: Final = Figure(
    name=f"{_PATH}, 64 in flight, three reports",
    against=RELAY,
    unit="orders/s",
    durable=True,
    must=1.0,
    aim=1.5,
)
AGAINST_ONE_CORE: Final = Figure(
    name=f"{_PATH}, 64 in flight, one report",
    against=RELAY_ONE_CORE,
    unit="orders/s",
    durable=True,
)
AGAINST_COMMITS: Final = Figure(
    name=f"{_PATH}, 64 in flight, one report",
    against=RELAY_COMMITS,
    unit="orders/s",
    durable=True,
    must=3.0,
    aim=5.0,
)
AGAINST_STRINGS: Final = Figure(
    name=f"{_PATH}, 64 in flight, one report",
    against=RELAY_STRINGS,
    unit="orders/s",
    durable=True,
)
P50: Final = Figure(
    name=f"{_PATH}, one in flight, p50",
    against=RELAY,
    unit="ms",
    durable=True,
    must=3.0,
    aim=2.2,
)
P99: Final = Figure(
    name=f"{_PATH}, one in flight, p99",
    against=RELAY,
    unit="ms",
    durable=True,
    must=4.0,
    aim=2.5,
)

# In process

KERNEL: Final = Figure(
    name="kernel: decided, applied, indexed, journal row made",
    against="NautilusTrader's execution engine and cache, in memory",
    unit="events/s",
    must=4.0,
    aim=8.0,
)
KERNEL_TRACKER: Final = Figure(
    name="kernel: decided, applied, indexed, journal row made",
    against="a hand-written tracker: a dict of orders, and json.dumps of each event",
    unit="events/s",
)
GROUPS_OF_1: Final = Figure(
    name="durable lifecycles in process, groups of 1",
    against=BARE_ROWS,
    unit="lifecycles/s",
    durable=True,
    must=0.75,
    aim=0.9,
)
GROUPS_OF_100: Final = Figure(
    name="durable lifecycles in process, groups of 100",
    against=BARE_ROWS,
    unit="lifecycles/s",
    durable=True,
    must=0.5,
    aim=0.65,
)

# REST

REST_P50: Final = Figure(
    name="REST order without the durable part, p50",
    against="bare POST of the same bytes on the same transport",
    unit="ms",
    must=1.25,
    aim=1.15,
)
REST_AT_ONCE: Final = Figure(
    name="REST, 16 orders at once",
    against="bare stock httpx client, one pool, 16 at once",
    unit="orders/s",
    must=1.5,
    aim=3.0,
)

# History

START: Final = Figure(
    name="start to ready, a million historical orders, 1,000 open",
    against="the same start on an empty database",
    unit="s",
    durable=True,
    must=1.2,
    aim=1.05,
)
START_S: Final = Figure(
    name="the same start, in seconds",
    against="one second",
    unit="s",
    durable=True,
    must=2.0,
)
HISTORY_CPU: Final = Figure(
    name="CPU per order, a million orders in history",
    against="ten thousand orders in history",
    unit="us",
    must=1.2,
    aim=1.05,
)
HISTORY_MEMORY: Final = Figure(
    name="memory, a million orders in history",
    against="ten thousand orders in history",
    unit="MiB",
    must=1.2,
    aim=1.05,
)
VERIFY: Final = Figure(
    name="verify a million-order journal",
    against="bare loop: read every row, decode it, apply it to a dict of orders",
    unit="events/s",
    must=0.3,
    aim=0.5,
)

TABLE: Final = (
    ONE_REPORT,
    THREE_REPORTS,
    AGAINST_ONE_CORE,
    AGAINST_COMMITS,
    AGAINST_STRINGS,
    P50,
    P99,
    KERNEL,
    KERNEL_TRACKER,
    GROUPS_OF_1,
    GROUPS_OF_100,
    REST_P50,
    REST_AT_ONCE,
    START,
    START_S,
    HISTORY_CPU,
    HISTORY_MEMORY,
    VERIFY,
)
