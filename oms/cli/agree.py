"""The verbs about agreement: what is broken, what a person says of it, and a comparison now."""

import asyncio
import getpass
from typing import Annotated

import typer

from oms.cli import show
from oms.cli.ends import FAILED, complain
from oms.cli.options import (
    AsJson,
    Config,
    Venue,
    client_of,
    reader_of,
    route_of,
    settings_of,
)
from oms.door import Row


def breaks(
    venue: Venue = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="Also the breaks of balances that are over.")
    ] = False,
    close: Annotated[
        str, typer.Option("--close", metavar="ID", help="Close this one: say what it was.")
    ] = "",
    because: Annotated[
        str, typer.Option("--because", metavar="TEXT", help="What it was: it is on record.")
    ] = "",
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help="Who says so; your login by default.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Where books and venues do not agree: executions that can not be, and balances.

    A break ends when it goes away, when the venue's lists explain it, or by --close: the books then
    go on from what the venue has. Orders that are not ours follow.
    """
    settings = settings_of(config)
    route = route_of(settings, venue)
    if close:
        if not because:
            raise typer.BadParameter("say why: --because TEXT")

        async def main() -> None:
            async with client_of(settings) as client:
                await client.close_break(close, by=by or getpass.getuser(), because=because)

        asyncio.run(main())
    with reader_of(settings) as reader:
        rows = reader.breaks(route=route, closed=closed)
        foreign = reader.foreign_orders(route=route)
    if as_json:
        show.document(rows)
        return
    show.listing(rows, show.BREAKS)
    if foreign:
        typer.echo()
        show.listing(foreign, show.FOREIGN)


def reconcile(
    venue: Annotated[
        str | None, typer.Argument(metavar="[VENUE]", help="One route; all without it.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Compare the books with the venues now, through the running engine: orders and balances.

    Takes some seconds: balances are looked at twice. Exit 0 only when all agree and no break is open.
    """
    settings = settings_of(config)
    route = route_of(settings, venue) or None

    async def main() -> list[Row]:
        async with client_of(settings) as client:
            return await client.reconcile(route)

    rows = asyncio.run(main())
    if as_json:
        show.document(rows)
    else:
        for row in rows:
            _tell(row)
    if not all(row["agrees"] for row in rows):
        complain("books and venues do not agree")
        raise typer.Exit(FAILED)


def _tell(row: Row) -> None:
    verdict = "agrees" if row["agrees"] else "DOES NOT AGREE"
    why = f": {row['text']}" if row["text"] else ""
    typer.echo(
        show.cell(
            f"{row['venue']} {verdict}{why}; {row['listed']} orders listed as open, "
            f"{row['working']} in the books, {row['assets']} assets"
        )
    )
    for rows, columns in (
        (row["differences"], show.DIFFERENCES),
        (row["breaks"], show.BREAKS),
        (row["foreign"], show.FOREIGN),
    ):
        if rows:
            show.listing(rows, columns)
