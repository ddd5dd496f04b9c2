"""The verbs that move money, through the running engine, as the operator. Each asks first.

What is asked shows every word that will be sent and where. Without a terminal there is nobody to
ask: a script says `--yes`.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from oms.cli import show
from oms.cli.ends import BAD_CONFIG, FAILED, OUTCOME_UNKNOWN, complain
from oms.cli.options import AsJson, Config, Venue, client_of, reader_of, route_of, settings_of
from oms.client import Client
from oms.clock import draw_id
from oms.core.decide import OPERATOR
from oms.core.errors import OmsError, UnknownOrder
from oms.door import Row
from oms.treasury.door import MoveHandle

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: for scripts.")]
Route = Annotated[str, typer.Option("--venue", metavar="ROUTE", help="The route.")]
Asset = Annotated[str, typer.Option("--asset", metavar="ASSET", help="What moves, like BTC.")]
Amount = Annotated[
    str, typer.Option("--amount", "--qty", metavar="AMOUNT", help="How much, in its own units.")
]
Exchange = Annotated[
    str, typer.Option("--exchange", metavar="NAME", help="The exchange behind the route.")
]
ClOrdID = Annotated[
    str | None,
    typer.Option("--cl-ord-id", metavar="ID", help="The request's id; drawn when not given."),
]
Timeout = Annotated[
    float,
    typer.Option("--timeout", metavar="SECONDS", help="How long to wait for the venue's word."),
]
MoveName = Annotated[
    str, typer.Argument(metavar="ID", help="A transfer's id, like T17, or ORIGIN/ClOrdID.")
]
RevealCode = Annotated[
    bool,
    typer.Option("--reveal-code", help="Show the coupon's code: who knows it can spend it."),
]


def withdraw(
    venue: Route,
    asset: Asset,
    amount: Amount,
    address: Annotated[
        str, typer.Option("--address", metavar="ADDRESS", help="Where to, outside the venue.")
    ] = "",
    memo: Annotated[
        str, typer.Option("--memo", metavar="TEXT", help="Memo or tag that the address needs.")
    ] = "",
    alias: Annotated[
        str, typer.Option("--alias", metavar="NAME", help="An address saved at the venue.")
    ] = "",
    network: Annotated[
        str, typer.Option("--network", metavar="NAME", help="The chain, where there are several.")
    ] = "",
    exchange: Exchange = "",
    cl_ord_id: ClOrdID = None,
    timeout: Timeout = 30.0,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send money out of a venue, once, and show what came of it."""
    terms = {
        "venue": venue,
        "asset": asset,
        "amount": amount,
        "address": address,
        "memo": memo,
        "alias": alias,
        "network": network,
        "exchange": exchange,
    }
    confirm("withdraw", terms, yes)
    name = cl_ord_id or draw_id()
    _act(config, lambda client: client.withdraw(**terms, cl_ord_id=name), name, timeout, as_json)


def transfer(
    venue: Route,
    asset: Asset,
    amount: Amount,
    exchange: Annotated[
        str, typer.Option("--exchange", "--from", metavar="NAME", help="The exchange it leaves.")
    ],
    to_exchange: Annotated[
        str, typer.Option("--to-exchange", "--to", metavar="NAME", help="The one it goes to.")
    ],
    cl_ord_id: ClOrdID = None,
    timeout: Timeout = 30.0,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Move money between two exchanges of one account, once, and show what came of it."""
    terms = {
        "venue": venue,
        "asset": asset,
        "amount": amount,
        "exchange": exchange,
        "to_exchange": to_exchange,
    }
    confirm("transfer", terms, yes)
    name = cl_ord_id or draw_id()
    _act(config, lambda client: client.transfer(**terms, cl_ord_id=name), name, timeout, as_json)


class Deed(StrEnum):
    """What is done with a coupon."""

    CREATE = "create"
    REDEEM = "redeem"


def coupon(
    deed: Annotated[Deed, typer.Argument(help="create makes one, redeem takes what one is worth.")],
    venue: Route,
    code: Annotated[
        str, typer.Argument(metavar="[CODE]", help="The coupon to redeem; - reads it from stdin.")
    ] = "",
    asset: Annotated[str, typer.Option("--asset", metavar="ASSET", help="Of what.")] = "",
    amount: Annotated[
        str, typer.Option("--amount", "--qty", metavar="AMOUNT", help="Worth how much.")
    ] = "",
    recipient: Annotated[
        str, typer.Option("--recipient", metavar="NAME", help="Who alone may redeem it.")
    ] = "",
    cl_ord_id: ClOrdID = None,
    timeout: Timeout = 30.0,
    yes: Yes = False,
    reveal_code: RevealCode = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Make a coupon, or redeem one. Its code is shown with --reveal-code alone."""
    name = cl_ord_id or draw_id()
    if deed is Deed.REDEEM:
        if asset or amount or recipient:
            raise typer.BadParameter("a coupon says itself what it is worth: give its code alone")
        secret = sys.stdin.readline().strip() if code == "-" else code
        if not secret:
            raise typer.BadParameter("which coupon? give its code, or - to read it from stdin")
        confirm("redeem a coupon", {"venue": venue}, yes)
        _act(
            config,
            lambda client: client.redeem_coupon(venue=venue, code=secret, cl_ord_id=name),
            name,
            timeout,
            as_json,
            reveal_code,
        )
        return
    if code or not asset or not amount:
        raise typer.BadParameter("a coupon is made of --asset and --amount")
    terms = {"venue": venue, "asset": asset, "amount": amount, "recipient": recipient}
    confirm("make a coupon", terms, yes)
    _act(
        config,
        lambda client: client.create_coupon(**terms, cl_ord_id=name),
        name,
        timeout,
        as_json,
        reveal_code,
    )


def moves(
    config: Config = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="Only those of which something may still become.")
    ] = False,
    venue: Venue = None,
    as_json: AsJson = False,
) -> None:
    """Money that everybody has asked to be moved, oldest first."""
    settings = settings_of(config)
    route = route_of(settings, venue)
    with reader_of(settings) as reader:
        rows = reader.moves(open_only=open_only, route=route)
    show.listing(rows, show.MOVES, as_json=as_json)


def move(
    name: MoveName,
    reveal_code: RevealCode = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """One transfer and its whole story."""
    with reader_of(settings_of(config)) as reader:
        row = reader.move(name, reveal=reveal_code)
        if row is None:
            raise UnknownOrder(f"no transfer {name}")
        story = reader.timeline(row["transfer_id"])
    if as_json:
        show.document({**row, "timeline": story})
        return
    show.listing([row], show.MOVES)
    for what in ("in_doubt_text", "text"):
        if row[what]:
            typer.echo(show.cell(row[what]))
    typer.echo()
    show.listing(story, show.TIMELINE)


TOLD: Final = ("state", "kind", "amount", "asset", "venue", "exchange", "to_exchange", "address", "alias", "memo", "recipient", "created")  # fmt: skip


def at_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty()


def confirm(what: str, terms: dict[str, str], yes: bool) -> None:
    """Have a person at a terminal agree to exactly this; exit 2 where there is nobody to ask."""
    if yes:
        return
    if not at_terminal():
        complain(f"{what}: there is no terminal to ask at; a script says --yes")
        raise typer.Exit(BAD_CONFIG)
    typer.echo(f"{what}:", err=True)
    for name, value in terms.items():
        if value:
            typer.echo(f"  {name:<12} {show.cell(value)}", err=True)
    typer.confirm("Send exactly this?", abort=True, err=True)


def _act(
    config: Path | None,
    send: Callable[[Client], Awaitable[MoveHandle]],
    cl_ord_id: str,
    timeout_s: float,
    as_json: bool,
    reveal_code: bool = False,
) -> None:
    """Send once, wait for an outcome, show it; the exit code says which it is."""
    settings = settings_of(config)

    async def main() -> Row:
        async with client_of(settings) as client:
            handle = await send(client)
            try:
                row = await handle.outcome(timeout_s)
                if reveal_code and row["code"]:
                    row = {**row, "code": await client.coupon_code(handle.transfer_id)}
            except OmsError as error:
                # It is on its way: no error of the looking may read as if nothing was sent.
                complain(f"sent, but {handle.transfer_id} can not be shown: {error}")
                complain(f"Do not do it again; look: oms move {handle.transfer_id}")
                raise typer.Exit(OUTCOME_UNKNOWN) from None
            return row

    try:
        row = asyncio.run(main())
    except KeyboardInterrupt:
        complain(
            "interrupted: it may have been sent. Before you do it again, look: "
            f"oms move {OPERATOR}/{cl_ord_id}"
        )
        raise typer.Exit(OUTCOME_UNKNOWN) from None
    if as_json:
        show.document(row)
    else:
        show.listing([row], show.MOVES)
    _end(row)


def _end(row: Row) -> None:
    name = row["transfer_id"]
    if row["state"] in ("REFUSED", "NOT_SENT"):
        complain(f"{row['state'].replace('_', ' ').lower()}: {row['text']}")
        raise typer.Exit(FAILED)
    if row["state"] in ("IN_DOUBT", "UNDER_WAY"):
        why = row["in_doubt_text"] or "the venue has not answered yet"
        complain(f"{why}. Do not do it again; look: oms move {name}")
        raise typer.Exit(OUTCOME_UNKNOWN)
