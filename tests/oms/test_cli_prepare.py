"""The verbs before a start: what is written, what is found wrong, and where simulators stand."""

from pathlib import Path

import pytest

from adapters import VENUES
from oms.settings import load_settings
from tests.oms.cli_bench import idle_bench, oms, running_bench

MINIMAL = '[api]\ntoken = "t"\n'


def test_init_writes_what_check_config_takes(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "oms"
    told = oms("init", str(folder), "--sim", "--port-base", "20000")
    assert told.code == 0
    config = str(folder / "oms.toml")
    assert f"next: oms sim all --port-base 20000, and beside it: oms run -c {config}" in told.out
    assert load_settings(folder / "oms.toml", {}).api.listen == "127.0.0.1:20051"
    told = oms("check-config", "-c", config)
    assert told.code == 0
    assert told.lines[0] == f"{config}: in order"
    assert f"routes      {', '.join(kind.upper() for kind in VENUES)}" in told.out
    assert "desks       DESK1" in told.out
    assert "made by the first start" in told.out


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "quickfix.cfg").write_text("mine")
    told = oms("init", str(tmp_path))
    assert told.code == 2
    assert "exists; move it away first" in told.err
    assert not (tmp_path / "oms.toml").exists()


def test_what_init_leaves_to_the_user_is_named_one_line_each(tmp_path: Path) -> None:
    assert oms("init", str(tmp_path)).code == 0
    told = oms("check-config", "-c", str(tmp_path / "oms.toml"))
    assert told.code == 2
    assert "venues.andx.api_secret: still holds the placeholder" in told.err
    assert all(line.startswith("oms: ") for line in told.err.splitlines())


@pytest.mark.parametrize(
    "words",
    [
        ("init", "--port-base", "20000"),
        ("init", "--sim", "--port-base", "65535"),
        ("sim", "nowhere"),
        ("sim",),
        ("sim", "all", "--speed", "0"),
        ("sim", "all", "--speed", "fast"),
        ("sim", "all", "--port-base", "0"),
        ("demo", "--orders", "0"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_makes_no_sense_ends_with_2(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = oms(*words)
    assert (told.code, told.out) == (2, "")
    assert told.err
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_is_there_is_looked_into(tmp_path: Path) -> None:
    with running_bench(tmp_path):
        pass
    with idle_bench(tmp_path) as bench:
        told = bench.oms("check-config", "--json")
        assert told.document["ok"] is True
        assert "0 orders in" in told.document["store"]
    (tmp_path / "oms.db").write_text("not a database at all, and longer than nothing")
    with idle_bench(tmp_path) as bench:
        told = bench.oms("check-config")
        assert told.code in (1, 2)
        assert "Error" not in told.err


def test_a_store_that_can_not_be_made_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "oms.toml"
    config.write_text(f'[store]\nurl = "sqlite:///file/oms.db"\n{MINIMAL}')
    told = oms("check-config", "-c", str(config))
    assert told.code == 2
    assert "store.url" in told.err
    assert "can not be written to" in told.err


def test_a_password_in_a_refused_url_is_not_repeated(tmp_path: Path) -> None:
    config = tmp_path / "oms.toml"
    config.write_text(f'[store]\nurl = "postgresql+x://user:hush-hush@host/oms"\n{MINIMAL}')
    told = oms("check-config", "-c", str(config))
    assert told.code == 2
    assert "url" in told.err
    assert "hush-hush" not in told.err


def test_a_missing_dictionary_or_session_is_found(tmp_path: Path) -> None:
    assert oms("init", str(tmp_path), "--sim").code == 0
    sessions = tmp_path / "quickfix.cfg"
    sessions.write_text(sessions.read_text().replace("OMS42.xml", "OMS43.xml"))
    told = oms("check-config", "-c", str(tmp_path / "oms.toml"))
    assert told.code == 2
    assert "OMS43.xml" in told.err
