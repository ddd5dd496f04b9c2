"""The environment and `oms.toml` as one frozen `Settings`; the only reader of `os.environ`.

Unknown keys, missing keys and wrong values are told together, one line each. Secrets are
`SecretStr`: neither a repr nor an error shows them.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError

from oms.core.errors import ConfigError
from oms.core.house import HOUSE
from oms.settings_env import (
    CONFIG_VARIABLE,
    SECTIONS,
    Tables,
    entry_name,
    find_placeholders,
    lay_over,
    read_secret_files,
)
from oms.settings_problems import Key, Problems, heading, sentence, suggestion
from oms.settings_tables import (
    ApiSettings,
    DeskSettings,
    FixSettings,
    InstrumentSettings,
    RateLimit,
    StoreSettings,
    StrategySettings,
    Table,
    VenueSettings,
)
from oms.settings_venues import KINDS, NESTED, Venues

__all__ = [
    "ApiSettings",
    "DeskSettings",
    "FixSettings",
    "InstrumentSettings",
    "RateLimit",
    "Settings",
    "StoreSettings",
    "StrategySettings",
    "VenueSettings",
    "find_config",
    "load_settings",
]

DEFAULT_CONFIG: Final = Path("oms.toml")
OPERATOR: Final = "operator"
"""The origin of what the API's own token orders."""

_T = TypeVar("_T", bound=Table)


class Settings(Table):
    """Everything that is configured. `path` is the file it came from, absolute."""

    path: Path
    store: StoreSettings
    fix: FixSettings
    api: ApiSettings
    desks: tuple[DeskSettings, ...] = ()
    venues: Venues = Field(default_factory=dict)
    """By route name, upper case."""
    strategies: tuple[StrategySettings, ...] = ()

    def secrets(self) -> frozenset[str]:
        """Every secret value, for the log's redaction; never to be shown."""
        password = urlsplit(self.store.url).password
        found = set(_secret_values(self))
        if password:
            found |= {password, unquote(password)}
        return frozenset(found)


def _secret_values(value: object) -> Iterator[str]:
    """The secrets in a model, a mapping or a tuple, at any depth."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secret_values(getattr(value, name))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _secret_values(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _secret_values(inner)


def find_config(path: Path | None, environ: Mapping[str, str]) -> Path:
    """The file to read: `path`, else $OMS_CONFIG, else ./oms.toml.

    ConfigError when it is not there, with what to write.
    """
    chosen = path or Path(environ.get(CONFIG_VARIABLE) or DEFAULT_CONFIG)
    if chosen.is_file():
        return chosen
    source = f" ({CONFIG_VARIABLE} names it)" if not path and environ.get(CONFIG_VARIABLE) else ""
    raise ConfigError(
        f"{chosen}{source}: no such configuration file; `oms init` writes a commented oms.toml and "
        "quickfix.cfg to start from (`oms init --sim` ones for the simulators), "
        f"-c FILE or {CONFIG_VARIABLE} names another"
    )


def load_settings(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check the configuration.

    `path`: the file, else $OMS_CONFIG, else ./oms.toml. `environ`: the variables to lay over it,
    the process's own when None. ConfigError names every problem, one on a line.
    """
    environ = os.environ if environ is None else environ
    file = find_config(path, environ)
    problems = Problems(str(file))
    tables = _read(file)
    lay_over(tables, environ, problems)
    find_placeholders(tables, (), problems)
    return _Loader(file.resolve(), problems).load(tables)


def _read(file: Path) -> Tables:
    """The file's tables, decimals exact. ConfigError names file and line of a syntax error."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).removesuffix(")").rpartition(" (at ")
        raise ConfigError(
            f"{file}: {where}: {what}; the file must be TOML: text values in quotes, "
            "one key on a line"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}; check its mode") from None


class _Loader:
    """One pass over the tables of a file; problems are noted and raised at the end."""

    def __init__(self, file: Path, problems: Problems) -> None:
        self._file = file
        self._problems = problems

    def load(self, tables: Tables) -> Settings:
        """The checked settings, or ConfigError."""
        self._refuse_unknown(tables)
        store = self._table(StoreSettings, tables.get("store", {}), ("store",))
        fix = self._table(FixSettings, tables.get("fix", {}), ("fix",))
        api = self._table(ApiSettings, tables.get("api", {}), ("api",))
        venues = self._venues(tables.get("venues", {}))
        desks = self._entries(DeskSettings, tables, "desks")
        strategies = self._entries(StrategySettings, tables, "strategies")
        self._check_routes(tables, desks, strategies)
        self._check_origins(desks, strategies)
        self._check_tokens(api, strategies)
        self._problems.raise_any()
        assert store
        assert fix
        assert api
        return Settings(
            path=self._file,
            store=store,
            fix=fix,
            api=api,
            desks=tuple(desks.values()),
            venues=venues,
            strategies=tuple(strategies.values()),
        )

    def _refuse_unknown(self, tables: Tables) -> None:
        """Note top-level keys that are no section; a key of a section is told where it belongs."""
        homes = {section: section for section in SECTIONS}
        homes |= {kind: f"venues.{kind}" for kind in KINDS}
        for section, model in (
            ("store", StoreSettings),
            ("fix", FixSettings),
            ("api", ApiSettings),
        ):
            homes |= {name: f"{section}.{name}" for name in model.model_fields}
        for word in tables.keys() - set(SECTIONS):
            home = homes.get(word.lower())
            hint = f'did you mean "{home}"?' if home else suggestion(word, SECTIONS)
            self._problems.add((word,), f"unknown key; {hint}")

    def _table(self, model: type[_T], raw: object, key: Key) -> _T | None:
        """`raw` as `model`, or None after its problems were noted."""
        if not isinstance(raw, dict):
            self._problems.add(key, f"must be a table; write its keys under {heading((*key, ''))}")
            return None
        read_secret_files(raw, model.secret_names(), self._file.parent, key, self._problems)
        try:
            return model.model_validate(raw, context={"folder": self._file.parent})
        except ValidationError as failure:
            errors = failure.errors(include_url=False, include_input=False)
        for error in errors:
            where = (*key, *(part for part in error["loc"] if part != "[key]"))
            owner = next((NESTED[p] for p in reversed(error["loc"][:-1]) if p in NESTED), model)
            self._problems.add(
                where, sentence(error, where, owner.meanings(), owner.secret_names())
            )
        return None

    def _entries(self, model: type[_T], tables: Tables, section: str) -> dict[str | int, _T]:
        """The valid entries of a named list, by name."""
        raw = tables.get(section, [])
        if not isinstance(raw, list):
            self._problems.add((section,), f"must be a list of tables; write [[{section}]]")
            return {}
        made: dict[str | int, _T] = {}
        for position, entry in enumerate(raw):
            name = entry_name(section, entry, position)
            if name in made:
                self._problems.add((section, name), "is there twice; give each its own name")
            table = self._table(model, entry, (section, name))
            if table is not None:
                made[name] = table
        return made

    def _venues(self, raw: object) -> dict[str, VenueSettings]:
        """The valid venue tables, by route name in upper case."""
        if not isinstance(raw, dict):
            self._problems.add(("venues",), "must be a table; write [venues.<name>]")
            return {}
        made: dict[str, VenueSettings] = {}
        seen: set[str] = set()
        for name, table in raw.items():
            key = ("venues", name)
            if name.upper() in seen:
                self._problems.add(key, "is there twice in different case; routes ignore case")
            elif not re.fullmatch(r"[A-Za-z0-9_-]+", name):
                self._problems.add(key, "is no route name; use letters, digits, - and _")
            elif not isinstance(table, dict):
                self._problems.add(key, f"must be a table; write [venues.{name}]")
            else:
                kind = str(table.get("kind", name)).lower()
                model = self._kind(name, kind, told="kind" in table)
                venue = self._table(model, {**table, "kind": kind}, key) if model else None
                if venue is not None:
                    made[name.upper()] = venue
            seen.add(name.upper())
        return made

    def _kind(self, name: str, kind: str, *, told: bool) -> type[VenueSettings] | None:
        """The model of that kind; None after a problem was noted. `told`: the table names it."""
        if kind in KINDS:
            return KINDS[kind]
        served = ", ".join(sorted(KINDS))
        if told:
            fault = f"unknown kind; {suggestion(kind, KINDS)}"
        else:
            fault = f'unknown venue; {suggestion(kind, KINDS)} Or say which with kind = "..."'
        key = ("venues", name, "kind") if told else ("venues", name)
        self._problems.add(key, f"{fault} (served: {served})")
        return None

    def _check_routes(
        self,
        tables: Tables,
        desks: Mapping[str | int, DeskSettings],
        strategies: Mapping[str | int, StrategySettings],
    ) -> None:
        """Note routes that a desk or strategy may use and that do not exist."""
        raw = tables.get("venues", {})
        routes = {name.upper() for name in raw} if isinstance(raw, dict) else set()
        owners: dict[Key, tuple[str, ...]] = {}
        owners |= {("desks", name, "venues"): desk.venues for name, desk in desks.items()}
        owners |= {("strategies", name, "venues"): s.venues for name, s in strategies.items()}
        for key, wanted in owners.items():
            for route in sorted(set(wanted) - routes - {"*"}):
                known = {name.lower(): name for name in routes}
                self._problems.add(
                    key, f'"{route}" is no [venues.*] table; {suggestion(route, [*known, "*"])}'
                )

    def _check_origins(
        self,
        desks: Mapping[str | int, DeskSettings],
        strategies: Mapping[str | int, StrategySettings],
    ) -> None:
        """Note a name that would be mistaken for another origin of orders."""
        for taken, whose in ((OPERATOR, "the operator's"), (HOUSE, "the engine's own")):
            if taken in desks:
                self._problems.add(
                    ("desks", taken, "comp_id"),
                    f"is {whose} name, who may cancel everybody's orders; choose another",
                )
        for name in strategies:
            if name in (OPERATOR, HOUSE) or name in desks:
                self._problems.add(
                    ("strategies", name, "name"),
                    f"is another origin's name (a desk's comp_id, {OPERATOR} or {HOUSE}); "
                    "choose another",
                )

    def _check_tokens(
        self, api: ApiSettings | None, strategies: Mapping[str | int, StrategySettings]
    ) -> None:
        """Note tokens that are not unique: the token alone tells who gives an order."""
        seen = {api.token.get_secret_value()} if api else set()
        for name, strategy in strategies.items():
            token = strategy.token.get_secret_value()
            if token in seen:
                self._problems.add(
                    ("strategies", name, "token"),
                    "is used elsewhere too; the token tells who orders, so draw another",
                )
            seen.add(token)
