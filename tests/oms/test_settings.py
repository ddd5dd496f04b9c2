"""oms.toml and the environment: what is right is read exactly."""

import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.andx.settings import AndxSettings
from adapters.apifiny.settings import ApifinySettings
from adapters.fix42.settings import Fix42Settings
from oms.core.errors import ConfigError
from oms.settings import InstrumentSettings, RateLimit, Settings, load_settings
from tests.oms.configs import COMPLETE, HUSH, load


def _andx(settings: Settings) -> AndxSettings:
    venue = settings.venues["ANDX"]
    assert isinstance(venue, AndxSettings)
    return venue


def _apifiny(settings: Settings) -> ApifinySettings:
    venue = settings.venues["APIFINY"]
    assert isinstance(venue, ApifinySettings)
    return venue


def test_a_complete_file_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, COMPLETE)
    assert settings.path == tmp_path / "oms.toml"
    assert settings.store.url == f"sqlite:///{tmp_path}/var/oms.db"
    assert settings.fix.settings == tmp_path / "quickfix.cfg"
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8080)
    desk = settings.desks[0]
    assert (desk.comp_id, desk.venues, desk.may_kill) == ("DESK1", ("APIFINY", "ANDX"), True)
    assert (desk.drop_copy, desk.cancel_on_disconnect, desk.extended_tags) == (False,) * 3
    assert settings.strategies[0].name == "grid-1"
    assert list(settings.venues) == ["APIFINY", "ANDX"]


def test_venues_default_to_their_documents(tmp_path: Path) -> None:
    """Hosts, units and budgets of the documents; waits of the house."""
    settings = load(tmp_path, COMPLETE)
    andx, apifiny = _andx(settings), _apifiny(settings)
    assert andx.base_url == "https://platform.andx.one/api/v1"
    assert (andx.account, andx.timestamp_unit, andx.sign_encoding) == ("Main", "s", "hex")
    assert andx.rate_limit == RateLimit(requests=60, per_seconds=60)
    assert (andx.max_wait_s, andx.timeout_s, andx.client_id_bits) == (2, 5, 31)
    assert apifiny.exchanges == ("BINANCE", "COINBASEPRO")
    assert apifiny.rate_limit == RateLimit(requests=20, per_seconds=1)
    assert apifiny.market_rate_limit == RateLimit(requests=1, per_seconds=1)
    assert (apifiny.auth_scheme, apifiny.jwt_exp_unit, apifiny.jwt_ttl_s) == ("jwt", "s", 10)
    assert apifiny.part_filled_is_final
    assert apifiny.stream_host == "wss://api.apifiny.com"


def test_apifinys_six_hosts_are_built_in(tmp_path: Path) -> None:
    """No table: the six; a table: over the six; an empty table: none."""
    six = _apifiny(load(tmp_path, COMPLETE)).hosts
    assert len(six) == 6
    assert six["KUCOIN"] == "https://apikc.apifiny.com"
    more = f'{COMPLETE}[venues.apifiny.hosts]\nokx = "http://h:1/"\nBINANCE = "https://other"\n'
    changed = _apifiny(load(tmp_path, more)).hosts
    assert changed == {**six, "OKX": "http://h:1", "BINANCE": "https://other"}
    assert _apifiny(load(tmp_path, f"{COMPLETE}[venues.apifiny.hosts]\n")).hosts == {}


def test_a_second_account_is_a_table_of_that_kind(tmp_path: Path) -> None:
    """The table's key is the route; kind says whose protocol it speaks."""
    second = COMPLETE.replace("[venues.andx]", '[venues.Andx-2]\nkind = "andx"')
    settings = load(tmp_path, second.replace("ANDX", "ANDX-2"))
    assert settings.venues["ANDX-2"].kind == "andx"


@given(st.decimals(min_value="0.000000000001", max_value="99999999", places=12))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_instruments_are_exact(tmp_path: Path, tick: Decimal) -> None:
    """In quotes or bare, a decimal is what was written: no binary float on the way."""
    table = f'[venues.andx.instruments."BTC/TRY"]\ntick = {tick:f}\nstep = "{tick:f}"\n'
    instrument = _andx(load(tmp_path, COMPLETE + table)).instruments["BTC/TRY"]
    assert (instrument.tick, instrument.step, instrument.min_qty) == (tick, tick, Decimal(0))


def test_settings_do_not_change(tmp_path: Path) -> None:
    """Neither their fields nor their mappings."""
    settings = load(tmp_path, COMPLETE)
    with pytest.raises(ValidationError, match="frozen"):
        settings.api.listen = "x:1"
    with pytest.raises(TypeError):
        settings.venues["X"] = _andx(settings)  # type: ignore[index]  # what fails


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    """Nor a password in the store's URL."""
    url = "postgresql+psycopg://oms:db%2Dhush@db/oms"
    settings = load(tmp_path, COMPLETE.replace("sqlite:///var/oms.db", url))
    shown = f"{settings!r} {settings!s}"
    assert "hush" not in shown
    assert settings.store.url == url
    assert settings.secrets() == {*HUSH, "db-hush", "db%2Dhush"}


def test_the_environment_wins(tmp_path: Path) -> None:
    """Any key, at any depth, in tables that the file has or has not; lists by commas."""
    environ = {
        "OMS_VENUES__ANDX__API_SECRET": "env-secret",
        "OMS_VENUES__ANDX__RATE_LIMIT__REQUESTS": "120",
        "OMS_VENUES__ANDX__RATE_LIMIT__PER_SECONDS": "60",
        "OMS_VENUES__APIFINY__EXCHANGES": "kucoin, GBBO",
        "OMS_API__LISTEN": "[::1]:0",
        "OMS_DESKS__DESK1__SECRET": "env-desk",
        "OMS_DESKS__DESK1__MAY_KILL": "false",
        "OMS_STRATEGIES__GRID_1__TOKEN": "env-grid",
        "OMS_STORE__URL": "sqlite:////data/oms.db",
        "UNRELATED__X": "1",
    }
    settings = load(tmp_path, COMPLETE, environ)
    assert _andx(settings).api_secret.get_secret_value() == "env-secret"
    assert _andx(settings).rate_limit == RateLimit(requests=120, per_seconds=60)
    assert _apifiny(settings).exchanges == ("KUCOIN", "GBBO")
    assert (settings.api.host, settings.api.port) == ("::1", 0)
    assert settings.desks[0].secret.get_secret_value() == "env-desk"
    assert not settings.desks[0].may_kill
    assert [s.token.get_secret_value() for s in settings.strategies] == ["env-grid"]
    assert settings.store.url == "sqlite:////data/oms.db"


def test_an_empty_file_and_the_environment_suffice(tmp_path: Path) -> None:
    """A container needs no secret on its disk, and a new name makes a new entry."""
    environ = {
        "OMS_API__TOKEN": "t",
        "OMS_DESKS__DESK2__SECRET": "s",
        "OMS_STRATEGIES__TREND__TOKEN": "u",
        "OMS_VENUES__ANDX__USERNAME": "alice",
        "OMS_VENUES__ANDX__PASSPHRASE": "p",
        "OMS_VENUES__ANDX__API_KEY": "k",
        "OMS_VENUES__ANDX__API_SECRET": "x",
    }
    settings = load(tmp_path, "", environ)
    assert [desk.comp_id for desk in settings.desks] == ["DESK2"]
    assert [strategy.name for strategy in settings.strategies] == ["trend"]
    assert list(settings.venues) == ["ANDX"]


def test_a_secret_can_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    """Relative to oms.toml; the line end that editors add is not part of it."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "andx").write_text("from file \r\n")
    text = COMPLETE.replace('api_secret = "sec-hush"', 'api_secret_file = "keys/andx"')
    assert _andx(load(tmp_path, text)).api_secret.get_secret_value() == "from file "
    environ = {"OMS_VENUES__ANDX__API_SECRET": "from env"}
    assert _andx(load(tmp_path, text, environ)).api_secret.get_secret_value() == "from env"
    environ = {"OMS_VENUES__ANDX__API_SECRET_FILE": "keys/andx"}
    assert _andx(load(tmp_path, COMPLETE, environ)).api_secret.get_secret_value() == "from file "


def test_every_secret_key_has_its_file_twin() -> None:
    """Which keys are secrets is read from the models."""
    assert set(AndxSettings.secret_names()) == {"passphrase", "api_key", "api_secret"}
    assert set(ApifinySettings.secret_names()) == {"api_key_id", "api_secret_key"}
    assert InstrumentSettings.secret_names() == ()


def test_every_key_says_what_it_is() -> None:
    """Errors complete `it is ...` with this."""
    for model in (AndxSettings, ApifinySettings, Fix42Settings, InstrumentSettings, RateLimit):
        named = {name for name, meaning in model.meanings().items() if meaning == name}
        assert named == set(), model


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """-c, then $OMS_CONFIG, then ./oms.toml; the process's environment when none is given."""
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        (folder / "oms.toml").write_text(COMPLETE)
    monkeypatch.chdir(second)
    monkeypatch.delenv("OMS_CONFIG", raising=False)
    assert load_settings(None, {}).path == second / "oms.toml"
    environ = {"OMS_CONFIG": str(first / "oms.toml")}
    assert load_settings(None, environ).path == first / "oms.toml"
    assert load_settings(second / "oms.toml", environ).path == second / "oms.toml"
    monkeypatch.setitem(os.environ, "OMS_CONFIG", str(first / "oms.toml"))
    assert load_settings().path == first / "oms.toml"


def test_without_a_file_the_remedy_is_oms_init(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"^oms\.toml: no such .*`oms init` writes") as plain:
        load_settings(None, {})
    assert "names it" not in str(plain.value)
    with pytest.raises(ConfigError, match=r"^gone\.toml \(OMS_CONFIG names it\): no such"):
        load_settings(None, {"OMS_CONFIG": "gone.toml"})


def test_other_peoples_variables_are_left_alone(tmp_path: Path) -> None:
    """A container platform sets these for a service that is called oms."""
    environ = {"OMS_SERVICE_HOST": "10.0.0.1", "OMS_PORT": "tcp://10.0.0.1:80", "OMS_STORE": "x"}
    assert load(tmp_path, COMPLETE, environ).api.port == 8080
