"""The files of a desk's session: what is read from them, and what survives a stranger."""

import os
from pathlib import Path

import pytest

from fix.filestore import FileStore
from fix.transport import SessionConfig
from oms.core.errors import ConfigError

PARTS = ("body", "header", "seqnums", "session")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The files as quickfix leaves them: the second message was overwritten by a third."""
    bodies = [f"35=8\x0111={name}\x01".encode() for name in ("a", "b", "c")]
    offsets = [sum(map(len, bodies[:index])) for index in range(3)]
    entries = zip((1, 2, 2), offsets, map(len, bodies), strict=True)
    (tmp_path / "S.body").write_bytes(b"".join(bodies))
    (tmp_path / "S.header").write_text("".join("{},{},{} ".format(*one) for one in entries))
    (tmp_path / "S.seqnums").write_text("3 : 4")
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
    assert store.prepare() is False
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
    assert store.prepare() is False
    assert part(folder, "seqnums").read_text() == "3 : 4"


def test_a_desks_own_fresh_start_is_not_undone(folder: Path, store: FileStore) -> None:
    store.keep()
    store.mark_reset()
    part(folder, "seqnums").unlink()
    part(folder, "seqnums").write_text("1 : 1")
    assert store.prepare() is True
    assert part(folder, "seqnums").read_text() == "1 : 1"
    store.forget_reset()
    store.keep()
    assert store.prepare() is False
    assert part(folder, "seqnums").read_text() == "1 : 1"


def test_a_file_system_without_hard_links_is_said(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(ConfigError, match="hard links: Operation not permitted"):
        store.keep()
