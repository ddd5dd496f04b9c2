"""What `oms init` writes: a commented oms.toml and quickfix.cfg to start from."""

import os
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any, Final

import adapters
from adapters import VENUES, venue
from oms.core.errors import ConfigError
from oms.core.values import frozen
from oms.settings_env import PLACEHOLDER
from oms.simlayout import HOST, SimLayout, sim_credentials, sim_doors, sim_of

_HERE: Final = Path(__file__).resolve().parent
_ROOMS: Final = Path(adapters.__file__).resolve().parent
_CONFIG: Final = _HERE / "templates" / "config.toml"
_SESSIONS: Final = _HERE.parent / "quickfix.cfg"
"""The shipped sessions: one desk, and Apifiny at the endpoint of its document."""
_SAMPLE_ACCOUNT: Final = "STA-00000001"
CONFIG_NAME: Final = "oms.toml"
SESSIONS_NAME: Final = "quickfix.cfg"


@frozen
class Budget:
    """A rate limit to write: so many requests in so many whole seconds."""

    requests: int
    per_seconds: int = 1

    def __str__(self) -> str:
        """As TOML."""
        return f"{{ requests = {self.requests}, per_seconds = {self.per_seconds} }}"


def write_scaffold(
    folder: Path,
    *,
    new_secret: Callable[[], str],
    sim: SimLayout | None = None,
    budgets: Mapping[str, Budget] = MappingProxyType({}),
    strategies: Sequence[str] = (),
    venues: Sequence[str] = VENUES,
    max_wait_s: int | None = None,
) -> tuple[Path, Path]:
    """Write oms.toml and quickfix.cfg into `folder`, readable by their owner alone.

    `new_secret` draws the API token, the desk's secret and the strategies' tokens. With `sim` the
    files point at simulators on those ports, ready to run; without it, what only the user knows
    holds a placeholder that no start accepts. `budgets` replace documented rate limits, by
    `<venue>` or `<venue>_market`. `venues` are the kinds that get a table; with `max_wait_s`
    orders wait longer for rate limits than by default.
    Returns both paths. ConfigError when one of the files exists already, or cannot be written.
    """
    values = {
        "api_port": "8080" if sim is None else str(sim.api),
        "venues": "\n".join(_patient(_venue(kind, sim, budgets), max_wait_s) for kind in venues),
        "api_token": new_secret(),
        "desk_secret": new_secret(),
        "strategies": _strategies(strategies, new_secret),
    }
    files = {
        folder / CONFIG_NAME: Template(_CONFIG.read_text(encoding="utf-8")).substitute(values),
        folder / SESSIONS_NAME: _sessions(sim),
    }
    there = [str(path) for path in files if os.path.lexists(path)]
    if there:
        raise ConfigError("\n".join(f"{path}: exists; move it away first" for path in there))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            _create(path, text)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot write there: {error.strerror}") from None
    return folder / CONFIG_NAME, folder / SESSIONS_NAME


def _create(path: Path, text: str) -> None:
    """Write a new file with mode 0600. FileExistsError when there is one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _sessions(sim: SimLayout | None) -> str:
    """The shipped quickfix.cfg; with `sim`, for its account and on its ports."""
    text = _SESSIONS.read_text(encoding="utf-8")
    if sim is None:
        return text.replace(_SAMPLE_ACCOUNT, PLACEHOLDER)
    text = text.replace(_SAMPLE_ACCOUNT, sim_credentials("apifiny")["account_id"])
    fix = sim.venues["apifiny"].fix
    assert fix is not None, "Apifiny is traded over FIX"
    ours = {"SocketAcceptPort": sim.desk, "SocketConnectHost": HOST, "SocketConnectPort": fix}
    for key, value in ours.items():
        text, count = re.subn(rf"^{key}=.*$", f"{key}={value}", text, flags=re.MULTILINE)
        assert count == 1, f"{_SESSIONS} has {count} lines {key}="
    return text


def _venue(kind: str, sim: SimLayout | None, budgets: Mapping[str, Budget]) -> str:
    """The venue's table, after the template in its room; where it has none, nothing."""
    template = _ROOMS / kind / "config.toml"
    if not template.exists() or (sim is not None and kind not in sim.venues):
        return ""
    credentials = sim_credentials(kind)
    if sim is None:
        values = {**venue(kind).addresses, **dict.fromkeys(credentials, PLACEHOLDER)}
    else:
        values = {**sim_of(kind).addresses(sim_doors(sim.venues[kind])), **credentials}
    text = Template(template.read_text(encoding="utf-8")).substitute(values)
    for key, name in (("rate_limit", kind), ("market_rate_limit", f"{kind}_market")):
        if name in budgets:
            text, count = re.subn(
                rf"^{key} = .*$", f"{key} = {budgets[name]}", text, flags=re.MULTILINE
            )
            assert count == 1, f"{template} has {count} lines {key} ="
    return text


def sample_table(kind: str) -> dict[str, Any]:
    """A venue's own table as a configuration begins with it, at the venue's hosts, of the account
    that exists nowhere; rate limits left to the documents."""
    template = (_ROOMS / kind / "config.toml").read_text(encoding="utf-8")
    values = {**venue(kind).addresses, **sim_credentials(kind)}
    table: dict[str, Any] = tomllib.loads(Template(template).substitute(values))["venues"][kind]
    limits = ("rate_limit", "market_rate_limit")
    return {"kind": kind, **{key: value for key, value in table.items() if key not in limits}}


def _patient(table: str, max_wait_s: int | None) -> str:
    """The table with another `max_wait_s`, where one is wanted."""
    if max_wait_s is None or not table:
        return table
    head, _, keys = re.sub(r"^max_wait_s = .*\n", "", table, flags=re.MULTILINE).partition("\n")
    return f"{head}\nmax_wait_s = {max_wait_s}\n{keys}"


def _strategies(names: Sequence[str], new_secret: Callable[[], str]) -> str:
    """A table for each strategy; an example to uncomment when there is none."""
    if not names:
        return (
            "\n# [[strategies]]                      # a remote user of the API\n"
            '# name = "grid-1"                     # the origin of its orders\n'
            '# token = "..."\n# venues = ["ANDX"]\n'
            "# may_move_money = false              # true: may withdraw, transfer, use coupons\n"
        )
    return "".join(
        f'\n[[strategies]]\nname = "{name}"\ntoken = "{new_secret()}"\nvenues = ["*"]\n'
        for name in names
    )
