"""What `oms init` writes: accepted as it stands for simulators, and safe to start from."""

import re
import stat
from itertools import count
from pathlib import Path

import pytest

from adapters import VENUES
from adapters.andx.settings import AndxSettings
from adapters.apifiny.settings import ApifinySettings
from oms.core.errors import ConfigError
from oms.fixconfig import check_fix_config, parse_fix_config
from oms.scaffold import Budget, write_scaffold
from oms.settings import RateLimit, load_settings
from oms.settings_env import PLACEHOLDER
from oms.simlayout import SimLayout, SimPorts, sim_credentials, sim_layout


def _numbered() -> str:
    """A drawn secret, recognisable in a test."""
    return f"drawn-{next(_numbers):032d}"


_numbers = count()


def test_a_simulated_installation_is_ready_to_run(tmp_path: Path) -> None:
    """Both files are accepted together, without a change."""
    config, sessions = write_scaffold(tmp_path, new_secret=_numbered, sim=sim_layout(20000))
    assert (config, sessions) == (tmp_path / "oms.toml", tmp_path / "quickfix.cfg")
    settings = load_settings(config, {})
    check_fix_config(settings)
    assert [desk.comp_id for desk in settings.desks] == ["DESK1"]
    assert sorted(settings.venues) == sorted(kind.upper() for kind in VENUES)
    assert settings.strategies == ()


def test_a_simulated_installation_points_at_the_simulators(tmp_path: Path) -> None:
    """Addresses and credentials are those that `oms sim` uses for the same port base."""
    config, sessions = write_scaffold(tmp_path, new_secret=_numbered, sim=sim_layout(20000))
    settings = load_settings(config, {})
    apifiny, andx = settings.venues["APIFINY"], settings.venues["ANDX"]
    assert isinstance(apifiny, ApifinySettings)
    assert isinstance(andx, AndxSettings)
    assert apifiny.host == f"http://127.0.0.1:{sim_layout(20000).venues['apifiny'].rest}"
    assert apifiny.stream_host == f"ws://127.0.0.1:{sim_layout(20000).venues['apifiny'].rest}"
    assert apifiny.hosts == {}
    assert andx.base_url == f"http://127.0.0.1:{sim_layout(20000).venues['andx'].rest}/api/v1"
    assert settings.api.port == sim_layout(20000).api
    desk, venue = parse_fix_config(sessions.read_text(), "quickfix.cfg")
    assert desk.text("SocketAcceptPort") == str(sim_layout(20000).desk)
    assert (venue.text("SocketConnectHost"), venue.text("SocketConnectPort")) == (
        "127.0.0.1",
        str(sim_layout(20000).venues["apifiny"].fix),
    )
    known = sim_credentials("apifiny")
    assert apifiny.account_id == venue.text("SenderCompID") == known["account_id"]
    assert apifiny.api_key_id.get_secret_value() == known["api_key_id"]
    assert apifiny.api_secret_key.get_secret_value() == known["api_secret_key"]
    known = sim_credentials("andx")
    assert andx.username == known["username"]
    assert andx.passphrase.get_secret_value() == known["passphrase"]
    assert andx.api_key.get_secret_value() == known["api_key"]
    assert andx.api_secret.get_secret_value() == known["api_secret"]


def test_a_real_installation_lacks_only_what_the_user_knows(tmp_path: Path) -> None:
    """Every placeholder is refused by its key; filled in, both files are accepted."""
    config, sessions = write_scaffold(tmp_path, new_secret=_numbered)
    with pytest.raises(ConfigError) as caught:
        load_settings(config, {})
    keys = {line.split(": ")[1] for line in str(caught.value).splitlines()}
    assert keys >= {
        "venues.apifiny.account_id",
        "venues.apifiny.api_key_id",
        "venues.apifiny.api_secret_key",
        "venues.andx.username",
        "venues.andx.passphrase",
        "venues.andx.api_key",
        "venues.andx.api_secret",
    }
    for path in (config, sessions):
        path.write_text(path.read_text().replace(PLACEHOLDER, "mine"))
    settings = load_settings(config, {})
    check_fix_config(settings)
    apifiny = settings.venues["APIFINY"]
    assert isinstance(apifiny, ApifinySettings)
    assert len(apifiny.hosts) == 6
    assert apifiny.rate_limit == RateLimit(requests=20, per_seconds=1)


def test_secrets_are_drawn_and_readable_by_the_owner_alone(tmp_path: Path) -> None:
    """No two installations share a token, and no other user reads it."""
    paths = write_scaffold(
        tmp_path, new_secret=_numbered, sim=sim_layout(20000), strategies=["grid", "trend"]
    )
    settings = load_settings(paths[0], {})
    secrets = [
        settings.api.token.get_secret_value(),
        settings.desks[0].secret.get_secret_value(),
        *(strategy.token.get_secret_value() for strategy in settings.strategies),
    ]
    assert len(set(secrets)) == 4
    assert all(secret.startswith("drawn-") for secret in secrets)
    assert [strategy.name for strategy in settings.strategies] == ["grid", "trend"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in paths] == [0o600, 0o600]
    assert "drawn-" not in paths[1].read_text()


@pytest.mark.parametrize("there", ["oms.toml", "quickfix.cfg"])
def test_nothing_is_overwritten(tmp_path: Path, there: str) -> None:
    """With one file there, neither is written; a dangling link counts as a file."""
    (tmp_path / there).write_text("mine")
    with pytest.raises(ConfigError, match=re.escape(f"{there}: exists; move it away first")):
        write_scaffold(tmp_path, new_secret=_numbered)
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"
    (tmp_path / there).unlink()
    (tmp_path / there).symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="exists"):
        write_scaffold(tmp_path, new_secret=_numbered)


def test_the_folder_is_made(tmp_path: Path) -> None:
    config, _ = write_scaffold(tmp_path / "a" / "b", new_secret=_numbered)
    assert config.is_file()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="file/sub: cannot write there: Not a directory"):
        write_scaffold(tmp_path / "file" / "sub", new_secret=_numbered)


def test_budgets_can_be_others(tmp_path: Path) -> None:
    """A demonstration runs faster than the documents allow, on both sides alike."""
    config, _ = write_scaffold(
        tmp_path,
        new_secret=_numbered,
        sim=sim_layout(20000),
        budgets={"andx": Budget(3600, 60), "apifiny": Budget(1200)},
    )
    settings = load_settings(config, {})
    apifiny = settings.venues["APIFINY"]
    assert isinstance(apifiny, ApifinySettings)
    andx = settings.venues["ANDX"]
    assert isinstance(andx, AndxSettings)
    assert andx.rate_limit == RateLimit(requests=3600, per_seconds=60)
    assert apifiny.rate_limit == RateLimit(requests=1200, per_seconds=1)
    assert apifiny.market_rate_limit == RateLimit(requests=1, per_seconds=1)


def test_orders_can_be_made_more_patient(tmp_path: Path) -> None:
    config, _ = write_scaffold(tmp_path, new_secret=_numbered, sim=sim_layout(20000), max_wait_s=15)
    assert {venue.max_wait_s for venue in load_settings(config, {}).venues.values()} == {15}


def test_ports_can_be_the_kernels(tmp_path: Path) -> None:
    """Any layout will do; a simulator without a stream port streams where it answers."""
    layout = SimLayout(
        {"apifiny": SimPorts(rest=41001, fix=41002), "andx": SimPorts(rest=41003)}, 41004, 41005
    )
    config, sessions = write_scaffold(tmp_path, new_secret=_numbered, sim=layout)
    text = config.read_text() + sessions.read_text()
    assert all(str(port) in text for port in range(41001, 41006))
    assert "ws://127.0.0.1:41001" in text


def test_a_layout_gives_every_door_its_own_port() -> None:
    """Apifiny streams on its REST port; nothing else is shared."""
    layout = sim_layout(30000)
    doors = [layout.desk, layout.api]
    for ports in layout.venues.values():
        doors += [p for p in (ports.rest, ports.fix, ports.graph) if p is not None]
        doors += [ports.stream] if ports.stream not in (None, ports.rest) else []
    assert len(doors) == len(set(doors))
    assert min(doors) == 30000
    assert max(doors) == layout.api == 30051


@pytest.mark.parametrize("base", [0, -1, 65485, 70000])
def test_a_base_without_room_is_refused(base: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 65484"):
        sim_layout(base)


def test_credentials_are_a_copy() -> None:
    """One caller's change is not another's account."""
    sim_credentials("andx")["api_key"] = "changed"
    assert sim_credentials("andx")["api_key"] == "sim-andx-key"
    with pytest.raises(KeyError):
        sim_credentials("nowhere")
