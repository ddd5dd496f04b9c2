"""The verb that folds the journal again: to compare or mend the tables, or to see the past."""

import re
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer

from oms.cli import show
from oms.cli.ends import FAILED
from oms.cli.options import AsJson, Config, reader_of, settings_of
from oms.cli.progress import progress
from oms.clock import SystemClock
from oms.door import Row

if TYPE_CHECKING:
    from oms.settings import Settings
    from oms.store.replay import Past, Verdict

_SHOWN: Final = 20


def replay(
    config: Config = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Rebuild every table and compare; 1 on a difference.")
    ] = False,
    rebuild: Annotated[
        bool,
        typer.Option("--rebuild", help="Write every table anew, while no engine runs."),
    ] = False,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIMESTAMP", help="ISO 8601; UTC where it does not say."),
    ] = None,
    record: Annotated[
        int | None,
        typer.Option("--record", metavar="NUMBER", min=0, help="As --at, by a record's number."),
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
    """Rebuild the state from the journal: to check or mend the tables, or as of a past instant."""
    if (verify, rebuild, at is not None, record is not None).count(True) != 1:
        raise typer.BadParameter("write --verify, --rebuild, --at TIMESTAMP or --record NUMBER")
    if noted and not verify:
        raise typer.BadParameter("--noted goes with --verify")
    hashes = dict(map(_hash, noted or ()))
    until = record if at is None else _instant(at)
    settings = settings_of(config)
    if verify:
        _verify(settings, hashes, as_json)
    elif until is None:
        _rebuild(settings, as_json)
    else:
        _show(settings, until, as_json)


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


def _verify(settings: "Settings", noted: dict[int, bytes], as_json: bool) -> None:
    from oms.store.replay import verify

    with reader_of(settings) as reader, progress(silent=as_json) as told:
        verdict = verify(reader, told, noted=noted)
    said = "the tables agree with the journal" if verdict.agrees else "they do not agree"
    _tell(verdict, said, as_json)
    if not verdict.agrees:
        raise typer.Exit(FAILED)


def _rebuild(settings: "Settings", as_json: bool) -> None:
    from oms.store.rebuild import rebuild

    with progress(silent=as_json) as told:
        now = SystemClock().now()
        verdict = rebuild(settings.store.url, owner="oms replay --rebuild", now=now, progress=told)
    _tell(verdict, "every table was written anew from the journal", as_json)


def _tell(verdict: "Verdict", said: str, as_json: bool) -> None:
    if as_json:
        show.document(
            {
                "records": verdict.records,
                "agrees": verdict.agrees,
                "count": verdict.count,
                "differences": [asdict(difference) for difference in verdict.differences],
            }
        )
        return
    typer.echo(f"{verdict.records} records, {verdict.count} differences: {said}")
    for difference in verdict.differences[:_SHOWN]:
        typer.echo(show.cell(difference))


_LISTS: Final = {
    "orders": show.ORDERS,
    "fills": show.FILLS,
    "positions": show.POSITIONS,
    "balances": show.EXPECTED,
    "moves": show.MOVES,
    "sessions": show.DELIVERED,
}


def _show(settings: "Settings", until: datetime | int, as_json: bool) -> None:
    from oms.store.replay import as_of

    with (
        reader_of(settings) as reader,
        progress(silent=as_json) as told,
        as_of(reader, until, told) as books,
    ):
        facts = _facts(books, until)
        rows = {
            "orders": books.orders(),
            "fills": books.fills(),
            "positions": books.positions(),
            "balances": books.holdings(),
            "moves": books.moves(),
            "sessions": books.sessions(),
        }
    if as_json:
        show.document(facts | rows)
        return
    for line in _words(facts):
        typer.echo(line)
    for name, columns in _LISTS.items():
        typer.echo()
        typer.echo(f"{name}: {len(rows[name]) or 'none'}")
        if rows[name]:
            show.listing(rows[name], columns)


def _facts(books: "Past", until: datetime | int) -> Row:
    at = books.time if isinstance(until, int) else until
    return {
        "at": _text(at),
        "record": books.record,
        "hash": books.hash.hex(),
        "time": _text(books.time),
        "last": books.last,
        "set_back": books.set_back,
    }


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="microseconds")


def _words(facts: Row) -> list[str]:
    """What a person has to know before the lists."""
    told = f"record {facts['record']} of {facts['last']}, of {facts['time']}"
    if not facts["record"]:
        told = f"before the first of {facts['last']} records, nothing was known"
    lines = [f"as of {facts['at'] or 'the beginning'}: {told}"]
    if facts["record"] and facts["record"] == facts["last"]:
        lines.append("nothing has been recorded since")
    if facts["set_back"]:
        lines.append(
            f"{facts['set_back']} records behind it say no later time, because the clock was set "
            "back; they do not count. --record NUMBER shows what was known with each"
        )
    return lines
