"""oms.toml and the environment: what is wrong is said with file, key and remedy, and no value."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from adapters.andx.settings import AndxSettings
from adapters.apifiny.settings import ApifinySettings
from oms.core.errors import ConfigError
from oms.settings import Settings, load_settings
from tests.oms.configs import COMPLETE, errors, load


def test_a_syntax_error_names_the_line(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, '[api]\ntoken = "op-hush\n')
    assert line.startswith("oms.toml: line 2, column ")
    assert "the file must be TOML: text values in quotes" in line
    (line,) = errors(tmp_path, "[api")
    assert line.startswith("oms.toml: ")
    assert "TOML" in line


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "oms.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text; save it as UTF-8"):
        load_settings(tmp_path / "oms.toml", {})


# What is changed in the complete file, the key that the refusal names, and words it must hold.
_WRONG = [
    ('token = "op-hush"', "", "api.token", "is missing: the operator's token; write token = ... "
     "(or token_file) under [api], or set OMS_API__TOKEN"),
    ('token = "op-hush"', 'token = ""', "api.token", "is empty"),
    ('token = "op-hush"', "token = 5", "api.token", "must be text in quotes; it is the operator's"),
    ('token = "op-hush"', 'token = "op-hush"\ntokn = "x"', "api.tokn",
     'unknown key; did you mean "token"?'),
    ('listen = "127.0.0.1:8080"', 'listen = "8080"', "api.listen", 'must be host:port, like "127'),
    ('listen = "127.0.0.1:8080"', 'listen = "h:70000"', "api.listen", 'must be host:port, like "127'),
    ('secret = "desk-hush"', "", "desks.DESK1.secret", "write secret = ... (or secret_file) under "
     '[[desks]] of "DESK1", or set OMS_DESKS__DESK1__SECRET'),
    ('comp_id = "DESK1"', "", "desks[0].comp_id", "is missing: the desk's SenderCompID"),
    ('comp_id = "DESK1"', 'comp_id = "A/B"', 'desks."A/B".comp_id', "without a slash"),
    ('comp_id = "DESK1"', 'comp_id = "operator"', "desks.operator.comp_id", "the operator's name"),
    ('comp_id = "DESK1"', 'comp_id = "house"', "desks.house.comp_id", "the engine's own name"),
    ("may_kill = true", 'may_kill = "perhaps"', "desks.DESK1.may_kill", "must be true or false"),
    ('"apifiny", "ANDX"', '"apifny"', "desks.DESK1.venues",
     '"APIFNY" is no [venues.*] table; did you mean "apifiny"?'),
    ('venues = ["ANDX"]', "venues = 7", "strategies.grid-1.venues", 'must be a list, like ["A"'),
    ('name = "grid-1"', 'name = "operator"', "strategies.operator.name", "another origin's name"),
    ('name = "grid-1"', 'name = "house"', "strategies.house.name", "another origin's name"),
    ('name = "grid-1"', 'name = "DESK1"', "strategies.DESK1.name", "choose another"),
    ('token = "grid-hush"', 'token = "op-hush"', "strategies.grid-1.token", "draw another"),
    ('exchanges = ["BINANCE", "coinbasepro"]', "exchanges = []", "venues.apifiny.exchanges",
     "is empty; it is the exchanges"),
    ('exchanges = ["BINANCE", "coinbasepro"]', 'exchanges = ["A", 5]', "venues.apifiny.exchanges[1]",
     "must be text in quotes"),
    ('account_id = "STA-00000001"', "", "venues.apifiny.account_id",
     "under [venues.apifiny], or set OMS_VENUES__APIFINY__ACCOUNT_ID"),
    ('username = "alice"', 'username = "alice"\nbase_url = "ftp://x"', "venues.andx.base_url",
     "must be a URL like https://"),
    ('username = "alice"', 'username = "alice"\ntimestamp_unit = "us"', "venues.andx.timestamp_unit",
     "must be 's' or 'ms'"),
    ('username = "alice"', 'username = "alice"\ntimeout_s = 0', "venues.andx.timeout_s",
     "must be above 0; it is how long to wait for an answer"),
    ('username = "alice"', 'username = "alice"\nmax_wait_s = -1', "venues.andx.max_wait_s",
     "must be at least 0"),
    ('username = "alice"', 'username = "alice"\nclient_id_bits = 64', "venues.andx.client_id_bits",
     "must be at most 63"),
    ('username = "alice"', 'username = "alice"\nclient_id_bits = "x"', "venues.andx.client_id_bits",
     "must be a whole number"),
    ('username = "alice"', 'username = "alice"\nrate_limit = 5', "venues.andx.rate_limit",
     "must be a table"),
    ('username = "alice"', 'username = "alice"\nrate_limit = {requests = 5}',
     "venues.andx.rate_limit.per_seconds", "under [venues.andx.rate_limit]"),
    ('username = "alice"', 'username = "alice"\nrate_limit = {requsts = 5, requests = 5, '
     "per_seconds = 1}", "venues.andx.rate_limit.requsts", 'did you mean "requests"?'),
    ('username = "alice"', 'username = "alice"\ninstruments."BTC/TRY" = {tick = 0, step = 1}',
     'venues.andx.instruments."BTC/TRY".tick', "must be above 0; it is the price step"),
    ('username = "alice"', 'username = "alice"\ninstruments.BTCTRY = {tick = 1, step = 1}',
     "venues.andx.instruments.BTCTRY", 'must be BASE/QUOTE in capitals, like "BTC/USD"'),
    ('username = "alice"', 'username = "CHANGE-ME"', "venues.andx.username",
     "still holds the placeholder CHANGE-ME; write the real value"),
    ('passphrase = "pass-hush"', 'passphrase = "pass-hush"\npassphrase_file = "x"',
     "venues.andx.passphrase_file", "passphrase is given too; keep one of the two"),
    ('passphrase = "pass-hush"', 'passphrase_file = "and-hush"', "venues.andx.passphrase_file",
     "cannot read that file: No such file"),
    ('passphrase = "pass-hush"', "passphrase_file = 3", "venues.andx.passphrase_file",
     "must be the path of a file"),
    ("[venues.andx]", "[venues.adnx]", "venues.adnx", 'unknown venue; did you mean "andx"?'),
    ("[venues.andx]", '[venues.andx]\nkind = "andy"', "venues.andx.kind", 'did you mean "andx"?'),
    ("[venues.andx]", '[venues.x]\nkind = "fix42"\n[venues.andx]', "venues.x.comp_id", "is missing"),
    ("[venues.andx]", '[venues.x]\nkind = "fix42"\n[venues.andx]', "venues.x.instruments", "is missing"),
    ("[venues.andx]", '[venues.x]\nkind = "fix42"\ninstruments = {}\n[venues.andx]',
     "venues.x.instruments", "is empty"),
    ("[venues.andx]", '[venues."a b"]', 'venues."a b"', "is no route name"),
    ('url = "sqlite:///var/oms.db"', 'url = "sqlite://"', "store.url", "forgets orders at exit"),
    ('url = "sqlite:///var/oms.db"', 'url = "sqlite:///:memory:"', "store.url", "name a file"),
    ('url = "sqlite:///var/oms.db"', 'url = "var/oms.db"', "store.url", "must be a SQLAlchemy URL"),
    ("[store]", "[stor]", "stor", 'unknown key; did you mean "store"?'),
    ("[store]", 'token = "x"\n[store]', "token", 'unknown key; did you mean "api.token"?'),
    ("[store]", "[andx]\n[store]", "andx", 'unknown key; did you mean "venues.andx"?'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "words"), _WRONG)
def test_a_wrong_value_names_file_key_and_remedy(
    tmp_path: Path, old: str, new: str, key: str, words: str
) -> None:
    """And nothing of the value, which may be a secret in the wrong place."""
    assert old in COMPLETE
    text = COMPLETE.replace(old, new, 1)
    tomllib.loads(text)
    line = next(x for x in errors(tmp_path, text) if x.startswith(f"oms.toml: {key}: "))
    assert words in line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("desks = 5\n", "oms.toml: desks: must be a list of tables; write [[desks]]"),
        ("venues = 5\n", "oms.toml: venues: must be a table; write [venues.<name>]"),
        ("venues.andx = 5\n", "oms.toml: venues.andx: must be a table; write [venues.andx]"),
        ("api = 5\n", "oms.toml: api: must be a table; write its keys under [api]"),
        ("desks = [5]\n", "oms.toml: desks[0]: must be a table; write its keys under [[desks]]"),
    ],
)
def test_a_table_of_the_wrong_shape_is_told(tmp_path: Path, text: str, line: str) -> None:
    assert line in errors(tmp_path, text)
    assert line in errors(tmp_path, text, {"OMS_DESKS__D__SECRET": "x", "OMS_API__TOKEN": "x",
                                            "OMS_VENUES__ANDX__ACCOUNT": "x"})  # fmt: skip


def test_all_problems_are_told_together(tmp_path: Path) -> None:
    text = COMPLETE.replace('"alice"', "5").replace('token = "op-hush"', "").replace("true", "3")
    lines = errors(tmp_path, text)
    assert [line.split(": ")[1] for line in lines] == [
        "api.token", "venues.andx.username", "desks.DESK1.may_kill",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("again", "key"),
    [
        ('[[desks]]\ncomp_id = "DESK1"\nsecret = "x"\n', "desks.DESK1"),
        ('[[strategies]]\nname = "grid-1"\ntoken = "x"\n', "strategies.grid-1"),
        ('[venues.ANDX]\nusername = "x"\n', "venues.ANDX"),
    ],
)
def test_a_name_is_given_once(tmp_path: Path, again: str, key: str) -> None:
    lines = errors(tmp_path, COMPLETE + again)
    assert [x for x in lines if x.startswith(f"oms.toml: {key}: is there twice")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("OMS_VENUS__ANDX__ACCOUNT", 'unknown section; did you mean "venues"?'),
        ("OMS_STORE_URL", "unknown; did you mean OMS_STORE__URL?"),
        ("OMS_API____TOKEN", "has an empty part; write one double underscore between names"),
        ("OMS_DESKS__DESK1", "must be OMS_DESKS__<NAME>__<KEY>"),
    ],
)
def test_a_variable_that_fits_no_key_is_told(tmp_path: Path, name: str, line: str) -> None:
    assert errors(tmp_path, COMPLETE, {name: "sec-hush"}) == [f"environment: {name}: {line}"]


def test_an_error_from_the_environment_names_the_variable(tmp_path: Path) -> None:
    environ = {"OMS_VENUES__ANDX__SIGN_ENCODING": "octal", "OMS_API__TOKN": "sec-hush"}
    lines = errors(tmp_path, COMPLETE, environ)
    assert lines[0] == 'oms.toml: api.tokn (from OMS_API__TOKN): unknown key; did you mean "token"?'
    assert lines[1].startswith(
        "oms.toml: venues.andx.sign_encoding (from OMS_VENUES__ANDX__SIGN_ENCODING): must be 'hex'"
    )


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    text = COMPLETE.replace('token = "op-hush"', 'token_file = "empty"')
    assert errors(tmp_path, text) == [
        "oms.toml: api.token_file: that file is empty; write the secret alone into it"
    ]


_KEYS = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


@given(_KEYS, st.sampled_from(["api", "store", "fix", "venues.andx", "venues.apifiny"]))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_unknown_key_slips_through(tmp_path: Path, word: str, table: str) -> None:
    """Whatever is misspelt, the refusal names it and never shows what was written there."""
    models: dict[str, type[AndxSettings | ApifinySettings]] = {
        "venues.andx": AndxSettings,
        "venues.apifiny": ApifinySettings,
    }
    known = {"listen", "token", "url", "settings", "token_file"}
    if table in models:
        model = models[table]
        known = {*model.model_fields, *(f"{name}_file" for name in model.secret_names())}
    if word in known:
        return
    text = COMPLETE.replace(f"[{table}]\n", f'[{table}]\n{word} = "sec-hush-2"\n')
    lines = errors(tmp_path, text)
    assert [x for x in lines if x.startswith(f"oms.toml: {table}.{word}: unknown key; ")]


_VALUES = st.one_of(
    st.just('"value-hush"'), st.just("[ 5 ]"), st.just("{}"), st.integers().map(str),
    st.just('["value-hush"]'), st.just("nan"), st.just("1979-05-27"), st.just("true"),
)  # fmt: skip


@given(st.sampled_from([x for x in COMPLETE.splitlines() if "=" in x]), _VALUES)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_anywhere_is_taken_or_refused_in_words(
    tmp_path: Path, line: str, value: str
) -> None:
    """No value ends in anything but settings or a ConfigError, and no error repeats the value."""
    key = line.split(" = ")[0]
    try:
        settings = load(tmp_path, COMPLETE.replace(line, f"{key} = {value}"))
    except ConfigError as refusal:
        assert "value-hush" not in str(refusal)  # noqa: PT017  either outcome is right
        assert key in str(refusal)  # noqa: PT017
    else:
        assert isinstance(settings, Settings)
