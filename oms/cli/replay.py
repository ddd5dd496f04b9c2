"""The verb that folds the journal again: to compare it with the tables, or to see the past."""

import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from oms.cli import show
from oms.cli.ends import FAILED
from oms.cli.options import AsJson, Config, reader_of, settings_of

if TYPE_CHECKING:
    from oms.store.queries import Reader

_SHOWN: Final = 20


def replay(
    config: Config = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Rebuild every table and compare; 1 on a difference.")
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIMESTAMP", help="ISO 8601; UTC where it does not say."),
    ] = None,
    noted: Annotated[
        list[str] | None,
        typer.Option(
            "--noted",
            metavar="RECORD:HASH",
            help="With --verify: a hash as it was noted elsewhere; may be repeated.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rebuild the state from the journal: to check the tables, or as of a past instant."""
    if verify == (at is not None):
        raise typer.BadParameter("write --verify, or --at TIMESTAMP")
    hashes = dict(map(_hash, noted or ()))
    instant = _instant(at) if at is not None else None
    with reader_of(settings_of(config)) as reader:
        if instant is None:
            _verify(reader, hashes, as_json)
        else:
            _show(reader, instant, as_json)


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no ISO 8601 instant, like 2026-01-31T12:00:00Z"
        ) from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _hash(text: str) -> tuple[int, bytes]:
    record, _, digits = text.partition(":")
    if not re.fullmatch(r"\d+:[0-9a-fA-F]{64}", text, re.ASCII):
        raise typer.BadParameter(f"{text!r} is no record and hash, like 17:5af0... of `oms status`")
    return int(record), bytes.fromhex(digits)


def _verify(reader: "Reader", noted: dict[int, bytes], as_json: bool) -> None:
    from oms.store.replay import verify

    def progress(done: int, last: int) -> None:
        sys.stderr.write(f"\r{done} of {last} records")
        sys.stderr.flush()

    watched = sys.stderr.isatty() and not as_json
    verdict = verify(reader, progress if watched else None, noted=noted)
    if watched:
        sys.stderr.write("\r\x1b[K")
    if as_json:
        show.document(
            {
                "records": verdict.records,
                "agrees": verdict.agrees,
                "count": verdict.count,
                "differences": [asdict(difference) for difference in verdict.differences],
            }
        )
    else:
        said = "the tables agree with the journal" if verdict.agrees else "they do not agree"
        typer.echo(f"{verdict.records} records, {verdict.count} differences: {said}")
        for difference in verdict.differences[:_SHOWN]:
            typer.echo(show.cell(difference))
    if not verdict.agrees:
        raise typer.Exit(FAILED)


def _show(reader: "Reader", instant: datetime, as_json: bool) -> None:
    from oms.store.replay import as_of

    with as_of(reader, instant) as books:
        orders, fills, positions = books.orders(), books.fills(), books.positions()
        moves = books.moves()
    if as_json:
        told = {"orders": orders, "fills": fills, "positions": positions, "moves": moves}
        show.document({"at": instant.isoformat(timespec="microseconds"), **told})
        return
    typer.echo(f"as of {instant.isoformat(timespec='microseconds')}")
    for rows, columns in (
        (orders, show.ORDERS),
        (fills, show.FILLS),
        (positions, show.POSITIONS),
        (moves, show.MOVES),
    ):
        typer.echo()
        show.listing(rows, columns)
