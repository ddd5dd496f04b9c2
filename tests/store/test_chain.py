"""Whoever changes the journal by hand is found out, record by record."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

import pytest

from oms.core.errors import StoreUnavailable
from oms.core.fields import ExecType
from oms.core.notes import Quarantined
from oms.store import links
from oms.store.chain import BEGINNING, link
from oms.store.queries import Reader
from oms.store.replay import verify
from oms.store.store import Store
from tests.store.trading_day import REST, START, Firm

ALTERED = "was altered: it is not what its hash was made of"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed store that two owners have written to."""
    path = tmp_path_factory.mktemp("written") / "oms.db"
    firm = Firm(path)
    for _ in range(4):
        order = firm.enter()
        firm.report(order, ExecType.NEW)
        firm.fill(order, "0.5")
    firm.restart()
    firm.venue(REST, Quarantined(reason="unreadable", text="\ud800"))
    firm.fill(firm.enter(), "0.5")
    firm.store.close()
    return path


def last(path: Path) -> int:
    """The number of the last record."""
    with Reader.open(f"sqlite:///{path}") as reader:
        return int(reader.head()["record"])


def found(path: Path) -> dict[str, str]:
    """What is wrong with the journal, by record."""
    with Reader.open(f"sqlite:///{path}") as reader:
        differences = [d for d in verify(reader).differences if d.table == "journal"]
    assert all(str(d) == f"journal {d.key} {d.journal}" for d in differences)
    told = [d for d in differences if "folded" not in d.journal]
    assert len({d.key for d in told}) == len(told)
    return {d.key: d.journal for d in told}


@pytest.fixture
def found_after(written: Path, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """What is wrong with a copy of the store that the statements were run on."""

    def run(*statements: str) -> dict[str, str]:
        copy = tmp_path / "copy.db"
        copyfile(written, copy)
        with closing(sqlite3.connect(copy)) as vandal:
            for statement in statements:
                assert vandal.execute(statement).rowcount, f"it touches nothing: {statement}"
            vandal.commit()
        return found(copy)

    return run


Found = Callable[..., dict[str, str]]


def test_anybody_can_make_the_hashes_again(written: Path) -> None:
    """From what the module says of them, and nothing else of ours."""
    with closing(sqlite3.connect(written)) as connection:
        rows = connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()
        left = connection.execute("SELECT seq, hash FROM owner ORDER BY epoch").fetchall()
    before = bytes(32)
    for *said, kept in rows:
        line = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
        before = sha256(before + line.encode()).digest()
        assert kept == before
    assert left[-1] == (rows[-1][0], before)
    assert left[0] == (rows[left[0][0] - 1][0], rows[left[0][0] - 1][-1])


def test_what_is_as_it_was_written_is_whole(written: Path) -> None:
    """Nothing is wrong with it, and the head is the last record's."""
    assert found(written) == {}
    with Reader.open(f"sqlite:///{written}") as reader:
        head = reader.head()
    with closing(sqlite3.connect(written)) as connection:
        seq, kept = connection.execute("SELECT max(seq), hex(hash) FROM journal").fetchone()
    assert head == {"record": seq, "hash": kept.lower()}


def test_a_new_store_has_a_head_too(tmp_path: Path) -> None:
    """Zeros: nothing stands before the first record."""
    url = f"sqlite:///{tmp_path / 'oms.db'}"
    Store.open(url, owner="test", now=START).close()
    with Reader.open(url) as reader:
        assert reader.head() == {"record": 0, "hash": "00" * 32}
        assert verify(reader).agrees


@pytest.mark.parametrize(
    "change",
    [
        "time = '2025-03-01T09:30:00.000001Z'",
        "kind = 'Rumour'",
        "evidence = 'OPERATOR'",
        "origin = origin || 'x'",
        "route = 'CRYPTEX'",
        "order_id = '0000000001x'",
        "msg_seq_num = msg_seq_num + 1",
        "body = body || ' '",
        "raw = raw || ' '",
        "raw = x'00'",
        "raw = CAST(raw AS BLOB)",
    ],
)
def test_an_altered_column_is_named(found_after: Found, change: str) -> None:
    """Whichever it is, and the record alone: those behind it are as they were."""
    change = f"UPDATE journal SET {change} WHERE seq = 7"  # noqa: S608
    assert found_after(change) == {"7": ALTERED}


@pytest.mark.parametrize("seq", [1, 7, "(SELECT max(seq) - 1 FROM journal)"])
def test_an_altered_hash_is_told_from_an_altered_record(found_after: Found, seq: object) -> None:
    """The record behind it proves what it was."""
    told = found_after(f"UPDATE journal SET hash = zeroblob(32) WHERE seq = {seq}")  # noqa: S608
    assert list(told.values()) == ["its hash was altered; what it says is as it was written"]


def test_the_last_records_hash_is_held_against_the_owners(
    found_after: Found, written: Path
) -> None:
    """Nothing stands behind it that could prove it."""
    end = last(written)
    told = found_after(f"UPDATE journal SET hash = 'none' WHERE seq = {end}")  # noqa: S608
    assert told == {str(end): "its hash was altered; what it says is as it was written"}


def test_bytes_have_no_hash() -> None:
    """JSON would write them as it writes their base64: a column made a BLOB would go unseen."""
    with pytest.raises(TypeError, match="bytes"):
        link(BEGINNING, (1, b"abc"))
    assert link(BEGINNING, (1, "YWJj")) != link(BEGINNING, (1, "abc"))


def test_a_last_record_made_anew_is_held_against_the_owners(
    found_after: Found, written: Path
) -> None:
    """Its hash is right where it stands, and was never committed."""
    with closing(sqlite3.connect(written)) as connection:
        rows = connection.execute("SELECT * FROM journal ORDER BY seq DESC LIMIT 2").fetchall()
    columns = [*rows[0][:-2], "another"]
    kept = link(rows[1][-1], columns).hex()
    told = found_after(
        f"UPDATE journal SET raw = 'another', hash = x'{kept}' WHERE seq = {columns[0]}"  # noqa: S608
    )
    assert told == {str(columns[0]): "was another record when owner 2 left off there"}


@pytest.mark.parametrize(
    ("where", "key", "said"),
    [
        ("seq = 1", "1", "is missing"),
        ("seq = 9", "9", "is missing"),
        ("seq BETWEEN 5 AND 8", "5-8", "are missing"),
    ],
)
def test_a_removed_record_is_named(found_after: Found, where: str, key: str, said: str) -> None:
    """One or several; what follows them is not called altered."""
    assert found_after(f"DELETE FROM journal WHERE {where}") == {key: said}  # noqa: S608


def test_the_last_records_are_missed(found_after: Found, written: Path) -> None:
    """The owner's row knows how many there were."""
    end = last(written)
    assert found_after(f"DELETE FROM journal WHERE seq = {end}") == {  # noqa: S608
        str(end): "is missing: owner 2 left off there"
    }
    assert found_after(f"DELETE FROM journal WHERE seq > {end - 3}") == {  # noqa: S608
        f"{end - 2}-{end}": "are missing: owner 2 left off there"
    }
    assert found_after("DELETE FROM journal") == {f"1-{end}": "are missing: owner 2 left off there"}


def test_a_former_owner_remembers(found_after: Found, written: Path) -> None:
    """Who sets the last owner's row back to an end of his own finds another in his way."""
    first = "(SELECT min(seq) FROM owner)"
    end = last(written)
    told = found_after(
        f"DELETE FROM journal WHERE seq >= {first}",  # noqa: S608
        f"""UPDATE owner SET seq = {first} - 1,
        hash = (SELECT hash FROM journal ORDER BY seq DESC LIMIT 1) WHERE epoch = 2""",  # noqa: S608
    )
    assert list(told.values()) == ["is missing: owner 1 left off there"]
    assert int(next(iter(told))) < end


def _put(seq: str, other: str = "5") -> tuple[str, ...]:
    return (
        f"CREATE TEMP TABLE made AS SELECT * FROM journal WHERE seq = {other}",  # noqa: S608
        f"UPDATE made SET seq = {seq}",  # noqa: S608
        "INSERT INTO journal SELECT * FROM made",
    )


@pytest.mark.parametrize("seq", ["0", "-3", "(SELECT max(seq) + 1 FROM journal)", "99999"])
def test_a_record_put_in_at_an_end_is_named(found_after: Found, seq: str) -> None:
    """Before the first, or behind the last that was committed; with or without a gap."""
    told = found_after(*_put(seq))
    assert list(told.values()) == ["was put in: no such record was committed"]


_MAKE_ROOM = (
    "UPDATE journal SET seq = -seq - 1 WHERE seq >= 6",
    "UPDATE journal SET seq = -seq WHERE seq < 0",
)


def test_a_record_put_in_between_is_named(found_after: Found, written: Path) -> None:
    """Though all that follow were given other numbers."""
    end = last(written)
    assert found_after(*_MAKE_ROOM, *_put("6", "3")) == {
        "6": "was put in: record 6 stands at 7",
        "7": "is record 6, moved here",
        "8": "is record 7, renumbered like those behind it",
        str(end): "was another record when owner 2 left off there",
        str(end + 1): "was put in: no such record was committed",
        **_first_owner(found_after, written),
    }


def _first_owner(found_after: Found, written: Path) -> dict[str, str]:
    with closing(sqlite3.connect(written)) as connection:
        (seq,) = connection.execute("SELECT min(seq) FROM owner").fetchone()
    return {str(seq): "was another record when owner 1 left off there"}


def test_a_removed_record_is_missed_though_the_rest_closed_up(
    found_after: Found, written: Path
) -> None:
    """Renumbered records say which they are."""
    end = last(written)
    told = found_after(
        "DELETE FROM journal WHERE seq = 6",
        "UPDATE journal SET seq = -seq + 1 WHERE seq > 6",
        "UPDATE journal SET seq = -seq WHERE seq < 0",
    )
    assert told == {
        "6": "stands in the place of a record that is missing",
        "7": "is record 8, renumbered like those behind it",
        str(end): "is missing: owner 2 left off there",
        **_first_owner(found_after, written),
    }


def _swap(one: int, other: int) -> tuple[str, ...]:
    return (
        f"UPDATE journal SET seq = -1 WHERE seq = {one}",  # noqa: S608
        f"UPDATE journal SET seq = {one} WHERE seq = {other}",  # noqa: S608
        f"UPDATE journal SET seq = {other} WHERE seq = -1",  # noqa: S608
    )


@pytest.mark.parametrize("pair", [(1, 2), (5, 6), (5, 9)])
def test_exchanged_records_are_named(found_after: Found, pair: tuple[int, int]) -> None:
    """Each says where it belongs; those behind them are as they were."""
    one, other = pair
    assert found_after(*_swap(one, other)) == {
        str(one): f"is record {other}, moved here",
        str(other): f"is record {one}, moved here",
    }


def test_records_in_each_others_place_and_an_altered_one_beside(found_after: Found) -> None:
    """Three in a ring, and what was altered elsewhere is still named for itself."""
    told = found_after(*_swap(5, 6), *_swap(6, 7), "UPDATE journal SET raw = 'x' WHERE seq = 10")
    assert told == {
        "5": "is record 6, moved here",
        "6": "is record 7, moved here",
        "7": "is record 5, moved here",
        "10": ALTERED,
    }


def test_a_journal_wrong_throughout_is_named_record_by_record(
    found_after: Found, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not found out what each of very many once was, only that it is out of the chain."""
    monkeypatch.setattr(links, "SUSPECTS_KEPT", 3)
    told = found_after("UPDATE journal SET raw = raw || 'x'")
    assert len(told) == last(written)
    assert [told[str(seq)] for seq in (1, 2, 3, 4)] == [
        *[ALTERED] * 3,
        "does not follow from record 3",
    ]


def test_a_journal_that_lost_its_end_is_not_gone_on_with(written: Path, tmp_path: Path) -> None:
    """What was sent would be forgotten; no epoch begins, so the owner who knows stays the last."""
    copy = tmp_path / "copy.db"
    copyfile(written, copy)
    end = last(copy)
    with closing(sqlite3.connect(copy)) as vandal:
        vandal.execute("DELETE FROM journal WHERE seq = ?", (end,))
        vandal.commit()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=f"record {end - 1} and .* record {end}:"):
            Store.open(f"sqlite:///{copy}", owner="next", now=START)
    assert found(copy) == {str(end): "is missing: owner 2 left off there"}


def test_a_commit_that_fails_does_not_break_the_chain(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one goes on from what is on the disk."""
    before = firm.book.seq

    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr("oms.store.store.write_projections", fail)
        with pytest.raises(StoreUnavailable):
            firm.enter()
    firm.book = firm.loaded()
    assert firm.book.seq == before
    firm.venue(REST, Quarantined(reason="", text=""))
    with Reader.open(firm.url) as reader:
        assert verify(reader).agrees
        assert reader.head()["record"] == before + 1
