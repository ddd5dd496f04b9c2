"""The verbs that look: at the store, whoever runs, and at the venues through the engine."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from oms.certificate import killed_venues
from oms.cli import show
from oms.cli.ends import FAILED, complain
from oms.cli.options import (
    AsJson,
    Config,
    Limit,
    Name,
    Venue,
    client_of,
    reader_of,
    route_of,
    settings_of,
)
from oms.client import Client
from oms.core.errors import EngineUnavailable, NotSupported, UnknownOrder, VenueError
from oms.door import Row
from oms.settings import Settings


def status(config: Config = None, as_json: AsJson = False) -> None:
    """Whether it runs and is ready; sessions, venues, orders in doubt, breaks."""
    settings = settings_of(config)
    row = asyncio.run(_status(settings))
    if as_json:
        show.document(row)
        return
    running = "ready" if row["ready"] else "running, not ready" if row["running"] else "not running"
    typer.echo(f"{running}: {row['open']} open orders of {row['orders']}, {row['fills']} fills")
    if not row["running"]:
        typer.echo(row["text"])
    typer.echo(
        f"in doubt: {row['in_doubt']}   breaks: {row['breaks']}   foreign: {row['foreign']}"
        f"   quarantined: {row['quarantined']}"
        f"   money in doubt: {row['moves_in_doubt']}   kill: {_kill_words(row['kill'])}"
    )
    typer.echo(f"journal: record {row['journal']['record']}, hash {row['journal']['hash']}")
    show.listing(row["venues"], show.VENUES)
    if row["streams"]:
        show.listing(row["streams"], show.STREAMS)
    show.listing(row["sessions"], show.SESSIONS)


def _kill_words(kill: Any) -> str:
    if not kill:
        return "off"
    return "ON everywhere" if kill["everywhere"] else f"ON at {', '.join(kill['venues'])}"


async def _status(settings: Settings) -> Row:
    async with client_of(settings) as client:
        try:
            return {"running": True, **await client.status()}
        except EngineUnavailable as error:
            return _stored_status(settings, str(error))


def _stored_status(settings: Settings, why: str) -> Row:
    """What the store says while nothing runs."""
    with reader_of(settings) as reader:
        counts = reader.counts()
        sessions = reader.sessions()
        kills = reader.kills()
        head = reader.head()
    return {
        "running": False,
        "ready": False,
        "text": why,
        "sessions": [
            {
                "name": session["origin"],
                "kind": "desk",
                "comp_id": session["origin"],
                "logged_on": False,
                "msg_seq_num_in": session["msg_seq_num_in"] + 1,
                "msg_seq_num_out": session["msg_seq_num_out"] + 1,
                "text": f"reports handed over: {session['delivered']}",
            }
            for session in sessions
        ],
        "venues": [
            {"venue": name, "up": False, "ready": False, "text": "not running", "working": None}
            for name in settings.venues
        ],
        "streams": [],
        "kill": killed_venues(kills),
        "journal": head,
        **counts,
    }


def orders(
    config: Config = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only orders from which something may still come.")
    ] = False,
    venue: Venue = None,
    limit: Limit = 0,
    as_json: AsJson = False,
) -> None:
    """Orders of everybody, oldest first."""
    settings = settings_of(config)
    route = route_of(settings, venue)
    with reader_of(settings) as reader:
        rows = reader.orders(open_only=open_only, route=route, limit=limit)
    show.listing(rows, show.ORDERS, as_json=as_json)


def order(
    name: Name,
    config: Config = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Also the raw messages, secrets removed.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """One order and its whole story: who asked what, what went out, what came back."""
    with reader_of(settings_of(config)) as reader:
        row = reader.order(name)
        if row is None:
            raise UnknownOrder(f"no order {name}; write an OrderID, or ORIGIN/ClOrdID")
        fills = reader.fills(order_id=row["order_id"])
        timeline = reader.timeline(row["order_id"])
    if as_json:
        show.document({**row, "fills": fills, "timeline": timeline})
        return
    _tell_order(row)
    if fills:
        typer.echo()
        show.listing(fills, show.FILLS)
    typer.echo()
    for line, event in zip(show.aligned(timeline, show.TIMELINE), [None, *timeline], strict=True):
        typer.echo(line)
        if raw and event is not None and event["raw"]:
            typer.echo(f"    {show.cell(event['raw'])}")


def _tell_order(row: Row) -> None:
    limit = f" @ {row['price']}" if row["price"] is not None else ""
    where = " ".join(filter(None, (row["venue"], row["exchange"], row["account"])))
    size = row["order_qty"]
    if row["cash_order_qty"] is not None:
        size = f"for {row['cash_order_qty']} of"
    lines = [
        f"{row['order_id']}  {row['origin']}/{row['cl_ord_id']}  at {where}",
        f"{row['side']} {size} {row['symbol']} {row['ord_type']}{limit} {row['time_in_force']}",
        f"{row['ord_status']}: cum {row['cum_qty']}, leaves {row['leaves_qty']}, "
        f"avg {row['avg_px']}",
    ]
    if row["in_doubt"]:
        lines.append(
            f"IN DOUBT since {row['in_doubt_since']}: {row['in_doubt_request']}: "
            f"{row['in_doubt_text']}"
        )
    if row["waits"]:
        lines.append(f"NOT SENT YET: {row['waits']}")
    if row["secondary_order_id"]:
        lines.append(f"the venue calls it {row['secondary_order_id']}")
    if row["text"]:
        lines.append(row["text"])
    for line in lines:
        typer.echo(show.cell(line))


def fills(
    config: Config = None, venue: Venue = None, limit: Limit = 0, as_json: AsJson = False
) -> None:
    """Executions that stand, oldest first."""
    settings = settings_of(config)
    route = route_of(settings, venue)
    with reader_of(settings) as reader:
        rows = reader.fills(route=route, limit=limit)
    show.listing(rows, show.FILLS, as_json=as_json)


def positions(config: Config = None, as_json: AsJson = False) -> None:
    """What executions have moved, per route, exchange, account and asset."""
    with reader_of(settings_of(config)) as reader:
        rows = reader.positions()
    show.listing(rows, show.POSITIONS, as_json=as_json)


def balances(config: Config = None, venue: Venue = None, as_json: AsJson = False) -> None:
    """The venues' own word on what the accounts hold, through the running engine."""
    _ask_venues(config, venue, Client.balances, show.BALANCES, as_json)


def instruments(config: Config = None, venue: Venue = None, as_json: AsJson = False) -> None:
    """What trades, and in which steps, through the running engine."""
    _ask_venues(config, venue, Client.instruments, show.INSTRUMENTS, as_json)


def _ask_venues(
    config: Any,
    venue: str | None,
    ask: Callable[[Client, str], Awaitable[list[Row]]],
    columns: show.Columns,
    as_json: bool,
) -> None:
    """Show what each route answers; one that does not costs its rows and the exit code."""
    settings = settings_of(config)
    route = route_of(settings, venue)
    rows, failures = asyncio.run(_gather(settings, route, ask))
    show.listing(rows, columns, as_json=as_json)
    for failure in failures:
        complain(failure)
    if failures:
        raise typer.Exit(FAILED)


async def _gather(
    settings: Settings, route: str, ask: Callable[[Client, str], Awaitable[list[Row]]]
) -> tuple[list[Row], list[str]]:
    rows: list[Row] = []
    failures: list[str] = []
    async with client_of(settings) as client:
        for name in [route] if route else settings.venues:
            try:
                rows += await ask(client, name)
            except (VenueError, NotSupported) as error:
                failures.append(f"{name}: {error}")
    return rows, failures
