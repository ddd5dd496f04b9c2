"""The verbs that act, through the running engine, as the operator."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from oms.cli import show
from oms.cli.ends import OUTCOME_UNKNOWN, complain
from oms.cli.options import AsJson, Config, Name, client_of, settings_of
from oms.client import Client
from oms.clock import draw_id
from oms.core.decide import OPERATOR
from oms.core.errors import OmsError
from oms.door import Row

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, even on a terminal.")]
Price = Annotated[
    str | None, typer.Option("--price", metavar="PRICE", help="The limit, in quote units.")
]
Qty = typer.Option("--order-qty", "--qty", metavar="QTY", help="The quantity, in base units.")
ClOrdID = Annotated[
    str | None,
    typer.Option("--cl-ord-id", metavar="ID", help="The request's ClOrdID; drawn when not given."),
]
CashQty = Annotated[
    str | None, typer.Option("--cash-order-qty", metavar="AMOUNT", help="In place of a quantity.")
]
StopPx = Annotated[
    str | None, typer.Option("--stop-px", metavar="PRICE", help="The stop's trigger.")
]
Kind = Annotated[
    str, typer.Option("--ord-type", "--type", metavar="TYPE", help="LIMIT, MARKET, ...")
]
Tif = Annotated[
    str, typer.Option("--time-in-force", "--tif", metavar="TIF", help="GTC, IOC, FOK, ...")
]
Exchange = Annotated[
    str, typer.Option("--exchange", metavar="NAME", help="The exchange behind the route.")
]
PostOnly = Annotated[bool, typer.Option("--post-only", help="Never take what rests.")]
OnBehalfOf = Annotated[
    str,
    typer.Option("--for", metavar="ORIGIN", help="The desk or strategy that has telephoned."),
]


def new(
    venue: Annotated[str, typer.Option("--venue", metavar="ROUTE", help="The route.")],
    symbol: Annotated[str, typer.Option("--symbol", metavar="BASE/QUOTE", help="The market.")],
    side: Annotated[str, typer.Option("--side", metavar="SIDE", help="BUY or SELL.")],
    order_qty: Annotated[str | None, Qty] = None,
    cash_order_qty: CashQty = None,
    price: Price = None,
    stop_px: StopPx = None,
    ord_type: Kind = "LIMIT",
    time_in_force: Tif = "GTC",
    exchange: Exchange = "",
    account: Annotated[str, typer.Option("--account", metavar="NAME", help="For the books.")] = "",
    post_only: PostOnly = False,
    on_behalf_of: OnBehalfOf = "",
    cl_ord_id: ClOrdID = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Send an order. Returns when it is durable and on its way, and shows it."""
    size = order_qty or f"for {cash_order_qty}"
    limit = f" @ {price}" if price else ""
    owner = f" for {on_behalf_of}" if on_behalf_of else ""
    _ask(f"{side} {size} {symbol} {ord_type}{limit} at {venue}{owner}", yes)
    request_id = cl_ord_id or draw_id()

    async def send(client: Client) -> str:
        handle = await client.submit(
            venue=venue,
            symbol=symbol,
            side=side,
            ord_type=ord_type,
            order_qty=order_qty,
            cash_order_qty=cash_order_qty,
            price=price,
            stop_px=stop_px,
            time_in_force=time_in_force,
            exchange=exchange,
            account=account,
            post_only=post_only,
            on_behalf_of=on_behalf_of,
            cl_ord_id=request_id,
        )
        return handle.order_id

    _act(config, send, request_id, as_json)


def cancel(
    name: Name,
    cl_ord_id: ClOrdID = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an order's cancellation. Returns when the request is durable."""
    request_id = cl_ord_id or draw_id()

    async def send(client: Client) -> str:
        await client.cancel(name, cl_ord_id=request_id)
        return name

    _act(config, send, request_id, as_json)


def replace(
    name: Name,
    order_qty: Annotated[str, Qty],
    price: Price = None,
    cl_ord_id: ClOrdID = None,
    yes: Yes = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Ask for an order's new terms, where the venue replaces."""
    limit = f" @ {price}" if price else ""
    _ask(f"replace {name} by {order_qty}{limit}", yes)
    request_id = cl_ord_id or draw_id()

    async def send(client: Client) -> str:
        await client.replace(name, order_qty=order_qty, price=price, cl_ord_id=request_id)
        return name

    _act(config, send, request_id, as_json)


def _ask(what: str, yes: bool) -> None:
    """Have a person at a terminal confirm; a script said what it wants by being one."""
    if not yes and sys.stdin.isatty():
        typer.confirm(f"{show.cell(what)}: send it?", abort=True, err=True)


def _act(
    config: Path | None,
    send: Callable[[Client], Coroutine[Any, Any, str]],
    cl_ord_id: str,
    as_json: bool,
) -> None:
    """Send, then show the order; that it can not be shown does not undo what was sent."""
    settings = settings_of(config)

    async def main() -> Row:
        async with client_of(settings) as client:
            order_id = await send(client)
            try:
                return await client.order_row(order_id)
            except OmsError as error:
                complain(f"sent, but order {order_id} can not be shown: {error}")
                return {"order_id": order_id}

    try:
        row = asyncio.run(main())
    except KeyboardInterrupt:
        complain(
            "interrupted: it may have been sent. Before you do it again, look: "
            f"oms order {OPERATOR}/{cl_ord_id}"
        )
        raise typer.Exit(OUTCOME_UNKNOWN) from None
    if as_json:
        show.document(row)
    else:
        show.listing([row], show.ORDERS)
