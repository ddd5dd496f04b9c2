"""The verb that shows it all."""

from pathlib import Path
from typing import Annotated

import typer

from oms.cli.options import AsJson, UnreadConfig


def demo(
    orders: Annotated[
        int, typer.Option("--orders", metavar="N", min=1, help="How many orders.")
    ] = 200,
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="The same seed sends the same requests.")
    ] = 1,
    speed: Annotated[
        int,
        typer.Option(
            "--speed", metavar="X", min=1, help="Times the documents' limits; 1 is their pace."
        ),
    ] = 60,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="For store and logs; a new folder if not given."),
    ] = None,
    as_json: AsJson = False,
    _: UnreadConfig = None,
) -> None:
    """Simulated venues, the engine, a desk and a strategy, within a minute; books compared."""
    from oms.demo import run

    code = run(orders=orders, seed=seed, speed=speed, directory=directory, as_json=as_json)
    raise typer.Exit(code)
