"""The files of a desk's session: what is read from them, and what survives a stranger."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fix.filestore import Condition, FileStore
from fix.transport import SessionConfig
from oms.core.errors import ConfigError
from oms.core.sessions import Session

SEQNUMS = f"{3:20} : {4:20}"
PARTS = ("body", "header", "seqnums", "session")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files as quickfix leaves them: the second message was overwritten by a third."""
    bodies = [f"35=8\x0111={name}\x01".encode() for name in ("a", "b", "c")]
    offsets = [sum(map(len, bodies[:index])) for index in range(3)]
    entries = zip((1, 2, 2), offsets, map(len, bodies), strict=True)
    (tmp_path / "S.body").write_bytes(b"".join(bodies))
    (tmp_path / "S.header").write_text("".join("{},{},{} ".format(*one) for one in entries))
    (tmp_path / "S.seqnums").write_text(SEQNUMS)
    (tmp_path / "S.session").write_text("20260102-03:04:05")
    for part in PARTS:
        (tmp_path / f"S.{part}").rename(tmp_path / f"FIX.4.2-OMS-DESK1.{part}")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> FileStore:
    """The session's store."""
    settings = {"BEGINSTRING": "FIX.4.2", "SENDERCOMPID": "OMS", "TARGETCOMPID": "DESK1"}
    return FileStore(SessionConfig({**settings, "FILESTOREPATH": str(folder)}))


def part(folder: Path, name: str) -> Path:
    """One of the files."""
    return folder / f"FIX.4.2-OMS-DESK1.{name}"


def names(store: FileStore, first: int = 1, last: int = 99) -> list[str]:
    """The ClOrdIDs in the messages."""
    return [dict(fields)[11] for fields in store.messages(first, last)]


def test_the_last_message_under_a_number_counts(store: FileStore) -> None:
    assert names(store) == ["a", "c"]
    assert names(store, 2) == ["c"]
    assert names(store, 1, 1) == ["a"]
    assert names(store, 3) == []


@pytest.mark.parametrize("tail", ["3,3", "3", "3,,9 ", "\x00\x00\x00", "é,1,1 ", "3,9000,20 "])
def test_what_a_power_failure_broke_is_passed_over(
    folder: Path, store: FileStore, tail: str
) -> None:
    with part(folder, "header").open("a") as header:
        header.write(tail)
    assert names(store) == ["a", "c"]


def test_a_body_in_pieces_is_passed_over(folder: Path, store: FileStore) -> None:
    part(folder, "body").write_bytes(part(folder, "body").read_bytes()[:-2])
    assert names(store) == ["a"]


def test_what_a_stranger_emptied_is_put_back(folder: Path, store: FileStore) -> None:
    """quickfix unlinks the files and makes new ones; what it wrote meanwhile is kept too."""
    store.keep()
    part(folder, "seqnums").write_text("9 : 9")
    for name in PARTS:
        part(folder, name).unlink()
        part(folder, name).write_text("")
    store.restore()
    assert names(store) == ["a", "c"]
    assert part(folder, "seqnums").read_text() == "9 : 9"


def test_a_start_puts_back_what_was_left_emptied(folder: Path, store: FileStore) -> None:
    store.keep()
    part(folder, "seqnums").unlink()
    assert store.prepare(Session()) == Condition(sound=True, resets=0, used=2)
    assert part(folder, "seqnums").read_text() == SEQNUMS


def test_a_desks_own_fresh_start_is_not_undone(folder: Path, store: FileStore) -> None:
    """Until the journal knows it, what the desk did is told by a mark."""
    store.keep()
    store.mark_reset(1)
    for name in PARTS:
        part(folder, name).unlink()
        part(folder, name).write_text("")
    part(folder, "seqnums").write_text(f"{1:20} : {1:20}")
    fresh = Condition(sound=True, resets=1, used=0)
    assert store.prepare(Session()) == fresh
    assert store.prepare(Session()) == fresh
    store.keep()
    assert store.prepare(Session(resets=1)) == fresh
    assert names(store) == []


# Whether the files can be trusted


def test_files_in_good_order_are_gone_on_from(store: FileStore) -> None:
    store.keep()
    assert store.prepare(Session(msg_seq_num_out=2)) == Condition(True, 0, 2)


def test_files_of_another_day_are_made_those_of_today(folder: Path, store: FileStore) -> None:
    """quickfix would empty them."""
    store.make_young(datetime(2026, 1, 5, tzinfo=UTC))
    assert part(folder, "session").read_text() == "20260105-00:00:00"


def test_a_message_stored_and_not_counted_is_no_harm(folder: Path, store: FileStore) -> None:
    """It was never sent: quickfix counts first, and sends then."""
    part(folder, "seqnums").write_text(f"{2:20} : {4:20}")
    store.keep()
    assert store.prepare(Session()) == Condition(True, 0, 2)


def test_a_session_that_was_never_begun_has_no_files(store: FileStore, folder: Path) -> None:
    for name in PARTS:
        part(folder, name).unlink()
    assert store.prepare(Session()).sound
    assert not store.prepare(Session(stored_from=1)).sound


def _cut(path: Path, to: int) -> None:
    os.truncate(path, to)


TORN: dict[str, Callable[[Path], object]] = {
    "no body": lambda folder: part(folder, "body").unlink(),
    "an empty body": lambda folder: _cut(part(folder, "body"), 0),
    "a shorter body": lambda folder: _cut(part(folder, "body"), 20),
    "an empty header": lambda folder: _cut(part(folder, "header"), 0),
    "a shorter header": lambda folder: _cut(part(folder, "header"), 7),
    "a header with a gap": lambda folder: part(folder, "header").write_text("2,10,10 "),
    "numbers that can not be read": lambda folder: part(folder, "seqnums").write_text("3 : "),
    "older numbers": lambda folder: part(folder, "seqnums").write_text(f"{1:20} : {1:20}"),
    "newer numbers": lambda folder: part(folder, "seqnums").write_text(f"{9:20} : {1:20}"),
    "a body of zeros": lambda folder: part(folder, "body").write_bytes(bytes(30)),
    "another start of the machine": lambda folder: part(folder, "boot").write_text("long ago"),
}


@pytest.mark.parametrize("tear", TORN.values(), ids=TORN.keys())
def test_torn_files_are_put_aside(
    folder: Path, store: FileStore, tear: Callable[[Path], object]
) -> None:
    """The journal knows of number 1 only; nothing can be made of what is there."""
    store.keep()
    for name in PARTS:
        part(folder, f"{name}.kept").unlink()
    tear(folder)
    condition = store.prepare(Session(msg_seq_num_out=1))
    assert not condition.sound
    assert not any(part(folder, name).exists() for name in PARTS)
    assert part(folder, "header.lost").exists()


def test_files_behind_the_journal_are_put_aside(store: FileStore) -> None:
    """They are of an earlier time than the journal."""
    store.keep()
    assert not store.prepare(Session(msg_seq_num_out=3)).sound


def test_an_orderly_end_is_trusted_after_the_machine_was_started_again(
    folder: Path, store: FileStore
) -> None:
    store.keep()
    store.settle()
    assert store.prepare(Session()).sound
    assert part(folder, "boot").read_text() == "settled"


def test_a_file_system_without_hard_links_is_said(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigError, match="hard links: Operation not permitted"):
        store.keep()
