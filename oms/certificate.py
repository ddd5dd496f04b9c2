"""The certificate of a kill: what the books prove of every order, beside what the venues list.

Done means: the end of every order is proved by a record, or the order is named as in doubt; no venue
lists an order of ours as open; and where a venue lists an ended order, it shows the quantity that is
booked. What a venue lists as open and the engine does not know is foreign: it is named, and
another's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from adapters.port import Sight, VenueOrder
from oms.core.book import EVERY_ROUTE
from oms.core.numbers import ZERO, number_text
from oms.door import Row

LINES_MAX: Final = 200
"""Orders that the journal's copy and a News name; `oms kill` and the API list all."""


def killed_venues(kills: Sequence[Row]) -> Row | bool:
    """What `kill` is in the status: False, or where the switch is on."""
    if not kills:
        return False
    names = [kill["venue"] for kill in kills]
    venues = [name for name in names if name != EVERY_ROUTE]
    return {"everywhere": EVERY_ROUTE in names, "venues": venues}


def in_scope(switch: str, venue: str) -> bool:
    """Whether a switch is the route's."""
    return switch in (EVERY_ROUTE, venue)


def covers(kills: Iterable[Row], venue: str) -> bool:
    """Whether one of the switches is the route's."""
    return any(in_scope(kill["venue"], venue) for kill in kills)


def still_open(orders: Iterable[Row]) -> list[Row]:
    """The orders whose end nothing proves and that are not in doubt either."""
    return [order for order in orders if order["open"] and not order["in_doubt"]]


def compare(orders: Sequence[Row], sights: Iterable[Sight]) -> list[Row]:
    """Write what the venue shows as executed to each of its orders; those that have ended in the
    books and were executed otherwise at the venue."""
    seen = [sight for sight in sights if isinstance(sight, VenueOrder)]
    by_name = {sight.venue_cl_ord_id: sight for sight in seen if sight.venue_cl_ord_id}
    by_id = {sight.secondary_order_id: sight for sight in seen if sight.secondary_order_id}
    for order in orders:
        # An emulated order is several at its venue, one after the other.
        parts = [by_name.get(name) or by_id.get(number) for name, number in order["at_venue"]]
        told = [part.cum_qty for part in parts if part is not None]
        whole = [cum_qty for cum_qty in told if cum_qty is not None]
        shown = number_text(sum(whole, ZERO)) if len(whole) == len(parts) else None
        order["venue_cum_qty"] = shown
    return [order for order in orders if differs(order)]


def differs(order: Row) -> bool:
    """Whether the end is proved and the venue shows another quantity than is booked."""
    shown = order["venue_cum_qty"]
    return not (order["open"] or shown is None or shown == order["cum_qty"])


def venue_row(
    venue: str,
    listed: Sequence[tuple[Sight, str | None]] | None,
    listed_at: str | None,
    text: str,
) -> Row:
    """What a venue lists as open, each with our OrderID where we have one.

    Without a list, `text` says why; with a time all the same where the venue has none to give.
    """
    rows = None if listed is None else [_listed(sight, ours) for sight, ours in listed]
    return {"venue": venue, "open_at_venue": rows, "listed_at": listed_at, "text": text}


def _listed(sight: Sight, ours: str | None) -> Row:
    row: Row = {
        "order_id": ours,
        "foreign": ours is None,
        "secondary_order_id": sight.secondary_order_id,
        "venue_cl_ord_id": sight.venue_cl_ord_id,
    }
    if isinstance(sight, VenueOrder):
        row |= {
            "exchange": sight.security_exchange,
            "symbol": sight.symbol,
            "side": sight.side.name,
            "order_qty": number_text(sight.order_qty),
            "cum_qty": None if sight.cum_qty is None else number_text(sight.cum_qty),
        }
    return row


def certificate(
    kills: Sequence[Row], orders: Sequence[Row], venues: Sequence[Row], now: str, head: Row
) -> Row:
    """The whole of it; `venues` has a row for each route under the switch, `head` is the journal's."""
    working = still_open(orders)
    unseen = [venue for venue in venues if venue["listed_at"] is None]
    listed = [one for venue in venues for one in venue["open_at_venue"] or ()]
    ours = [one for one in listed if not one["foreign"]]
    done = bool(kills) and not (working or unseen or ours or any(map(differs, orders)))
    times = [order["proved_at"] for order in orders if order["proved_at"]]
    times += [venue["listed_at"] for venue in venues] + [kill["since"] for kill in kills]
    return {
        "kill": killed_venues(kills),
        "done": done,
        "done_at": max(times) if done else None,
        "as_of": now,
        "journal": head,
        "working": len(working),
        "in_doubt": sum(order["in_doubt"] for order in orders),
        "foreign": sum(one["foreign"] for one in listed),
        "switches": list(kills),
        "orders": list(orders),
        "venues": list(venues),
    }


def lines(told: Mapping[str, Any], switch: str) -> str:
    """What one switch covers, a line an order and a line a venue, for the journal and a News."""
    orders = [row for row in told["orders"] if in_scope(switch, row["venue"])]
    found = [_order_line(row) for row in orders[:LINES_MAX]]
    if len(orders) > LINES_MAX:
        found.append(f"and {len(orders) - LINES_MAX} orders more")
    venues = [row for row in told["venues"] if in_scope(switch, row["venue"])]
    found += [_venue_line(row) for row in venues]
    head = told["journal"]
    return "\n".join([*found, f"journal: record {head['record']}, hash {head['hash']}"])


def _order_line(row: Row) -> str:
    state = f"IN DOUBT: {row['in_doubt_text']}" if row["in_doubt"] else row["ord_status"]
    name = f"{row['order_id']} {row['origin']}/{row['cl_ord_id']}"
    return f"{name} {row['venue']} {row['symbol']} cum {row['cum_qty']} {state}"


def _venue_line(row: Row) -> str:
    listed = row["open_at_venue"]
    if listed is None:
        return f"{row['venue']}: no list of open orders: {row['text']}"
    foreign = f", {len(listed)} of others" if listed else ""
    return f"{row['venue']} lists no open order of ours{foreign}"
