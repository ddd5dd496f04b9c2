"""The verb by which a person says what became of something that no evidence tells of."""

import asyncio
import getpass
from enum import StrEnum
from typing import Annotated, Final

import typer

from oms.cli import show
from oms.cli.money import TOLD, Yes, confirm
from oms.cli.options import AsJson, Config, client_of, settings_of
from oms.client import Client
from oms.core.transfers import is_transfer
from oms.door import Row


class Verdict(StrEnum):
    """What became of it: the first two of a transfer, the others of an order."""

    DONE = "done"
    REFUSED = "refused"
    FILLED = "filled"
    CANCELED = "canceled"
    ABSENT = "absent"


_OF_MONEY: Final = (Verdict.DONE, Verdict.REFUSED)

_OF_ORDERS: Final = ("in_doubt_request", "in_doubt_text", "origin", "cl_ord_id", "venue", "exchange", "side", "order_qty", "symbol", "price", "cum_qty", "avg_px", "secondary_order_id", "venue_cl_ord_id", "created")  # fmt: skip


Name = Annotated[
    str,
    typer.Argument(metavar="ID", help="A transfer, like T17; an order by OrderID; ORIGIN/ClOrdID."),
]
Because = Annotated[
    str, typer.Option("--because", metavar="TEXT", help="How you know: it is on record.")
]
By = Annotated[
    str, typer.Option("--by", metavar="NAME", help="Who says so; your login by default.")
]
Qty = Annotated[
    str | None,
    typer.Option(
        "--qty", metavar="QTY", help="Executed at the venue, if not all or what is booked."
    ),
]
Px = Annotated[
    str | None,
    typer.Option("--px", "--price", metavar="PRICE", help="Of what is not booked yet."),
]


def settle(
    name: Name,
    verdict: Annotated[Verdict, typer.Option("--as", help="What became of it.")],
    because: Because,
    by: By = "",
    qty: Qty = None,
    px: Px = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Say what became of an order in doubt, or of a transfer. On record with name and reason."""
    money = verdict in _OF_MONEY
    _demand_fit(name, verdict, sized=(qty, px) != (None, None))
    settings = settings_of(config)
    who = by or getpass.getuser()

    async def main() -> Row:
        async with client_of(settings) as client:
            if money:
                return await _move(client)
            row = await client.order_row(name)
            told = {word: str(row[word]) for word in _OF_ORDERS if row[word]}
            said = {"qty": qty or "", "px": px or "", "by": who, "because": because}
            confirm(f"settle order {row['order_id']} as {verdict}", {**told, **said}, yes)
            return await client.settle(
                row["order_id"], verdict=verdict, by=who, because=because, qty=qty, px=px
            )

    async def _move(client: Client) -> Row:
        row = await client.move_row(name)
        told = {word: str(row[word]) for word in TOLD if row[word]}
        confirm(f"settle {row['transfer_id']} as {verdict}", {**told, "by": who}, yes)
        done = verdict is Verdict.DONE
        return await client.settle(row["transfer_id"], done=done, by=who, because=because)

    row = asyncio.run(main())
    if as_json:
        show.document(row)
    else:
        show.listing([row], show.MOVES if money else show.ORDERS)


def _demand_fit(name: str, verdict: Verdict, *, sized: bool) -> None:
    """The name and the verdict must be about the same kind of thing."""
    named = None if "/" in name else is_transfer(name.upper())
    if verdict in _OF_MONEY:
        if named is False:
            raise typer.BadParameter(
                f"{name} is no transfer: only transfers, like T17, are {verdict}"
            )
        if sized:
            raise typer.BadParameter("--qty and --px are of orders")
    elif named:
        raise typer.BadParameter(f"{name} is a transfer: it was done or refused")
