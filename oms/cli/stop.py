"""The verbs that stop: the kill switch with its certificate, and cancel-all."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Final

import typer

from oms.cli import show
from oms.cli.ends import FAILED, OUTCOME_UNKNOWN, complain
from oms.cli.options import AsJson, Config, Venue, client_of, route_of, settings_of
from oms.client import Client
from oms.core.errors import OmsError
from oms.door import Row

LOOK_EVERY_S: Final = 0.5


class Turn(StrEnum):
    """Which way the switch is turned."""

    ON = "on"
    OFF = "off"


def kill(
    turn: Annotated[Turn, typer.Argument(help="on stops and cancels, off lets trade again.")],
    venue: Venue = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="How long to wait for the proof.")
    ] = 30.0,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Turn the kill switch. On: no new orders, all that works is cancelled, and each end proved.

    Waits until the end of every order is proved or it is named as in doubt, and says which. Exit 0
    only when all are proved; 4 while orders are in doubt, 1 while some may still work.
    """
    settings = settings_of(config)
    route = route_of(settings, venue) or None

    async def main() -> Row:
        async with client_of(settings) as client:
            told = await client.kill(turn is Turn.ON, route)
            return await _certified(client, told, timeout) if turn is Turn.ON else told

    told = asyncio.run(main())
    if as_json:
        show.document(told)
    else:
        _tell(told)
    if turn is Turn.ON and not told["done"]:
        complain("not done: orders may still work, or a venue has not shown its list")
        raise typer.Exit(FAILED)
    if turn is Turn.ON and told["in_doubt"]:
        complain(f"done, with {told['in_doubt']} orders in doubt: see what would settle each")
        raise typer.Exit(OUTCOME_UNKNOWN)


async def _certified(client: Client, told: Row, timeout_s: float) -> Row:
    """The certificate when nothing is open and nothing in doubt, or as it is after that time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            while not told["done"] or told["in_doubt"]:
                await asyncio.sleep(LOOK_EVERY_S)
                try:
                    told = await client.kill_certificate()
                except OmsError as error:
                    # The switch is on, whatever hides its certificate.
                    complain(f"the certificate can not be seen: {error}")
    return told


def _tell(told: Row) -> None:
    typer.echo(_headline(told))
    if told["kill"]:
        head = told["journal"]
        typer.echo(f"journal: record {head['record']}, hash {head['hash']}")
    if told["orders"]:
        typer.echo()
        show.listing(told["orders"], show.CERTIFICATE)
    for venue in told["venues"]:
        typer.echo()
        if venue["open_at_venue"] is None:
            typer.echo(show.cell(f"{venue['venue']}: no list of open orders: {venue['text']}"))
            continue
        listed = [{"venue": venue["venue"], **row} for row in venue["open_at_venue"]]
        typer.echo(
            f"{venue['venue']} lists {len(listed) or 'no'} open orders, at {venue['listed_at']}"
        )
        if listed:
            show.listing(listed, show.LISTED)


def _headline(told: Row) -> str:
    killed = told["kill"]
    if not killed:
        return "the kill switch is off"
    where = "everywhere" if killed["everywhere"] else f"at {', '.join(killed['venues'])}"
    state = f"done at {told['done_at']}" if told["done"] else "NOT DONE"
    return (
        f"the kill switch is ON {where}: {state}; {len(told['orders'])} orders, "
        f"{told['working']} may still work, {told['in_doubt']} in doubt"
    )


def cancel_all(
    venue: Venue = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="The orders of all desks and strategies too.")
    ] = False,
    account_wide: Annotated[
        bool,
        typer.Option(
            "--account-wide", help="By the venue's own call: whatever the account has there."
        ),
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask for the cancellation of the operator's orders, or of everybody's; shows which."""
    settings = settings_of(config)
    route = route_of(settings, venue) or None

    async def main() -> list[Row]:
        async with client_of(settings) as client:
            return await client.cancel_all(route, everybody=everybody, account_wide=account_wide)

    show.listing(asyncio.run(main()), show.ORDERS, as_json=as_json)
