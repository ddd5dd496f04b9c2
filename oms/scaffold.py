"""What `oms init` writes: a commented oms.toml and quickfix.cfg to start from."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final

from oms.core.errors import ConfigError
from oms.settings_env import PLACEHOLDER
from oms.simlayout import HOST, SimLayout, sim_credentials

_HERE: Final = Path(__file__).resolve().parent
_CONFIG: Final = _HERE / "templates" / "config.toml"
_SESSIONS: Final = _HERE.parent / "quickfix.cfg"
"""The shipped sessions: one desk, and Apifiny at the endpoint of its document."""
_SAMPLE_ACCOUNT: Final = "STA-00000001"
CONFIG_NAME: Final = "oms.toml"
SESSIONS_NAME: Final = "quickfix.cfg"


@dataclass(frozen=True, slots=True)
class Budget:
    """A rate limit to write: so many requests in so many whole seconds."""

    requests: int
    per_seconds: int = 1


DOCUMENTED: Final[Mapping[str, Budget]] = MappingProxyType(
    {"apifiny": Budget(20, 1), "apifiny_market": Budget(1, 1), "andx": Budget(60, 60)}
)
"""The venues' documented budgets, by the name under which `write_scaffold` takes another."""

_REAL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "api_port": "8080",
        "apifiny_host": "https://api.apifiny.com",
        "apifiny_stream_host": "wss://api.apifiny.com",
        "apifiny_hosts": "# Co-located exchanges have hosts of their own; the six of the venue's "
        "document are built in.\n"
        '# hosts = { BINANCE = "https://apibn.apifiny.com" }    # {} switches them off',
        "andx_base_url": "https://platform.andx.one/api/v1",
    }
)


def write_scaffold(
    folder: Path,
    *,
    new_secret: Callable[[], str],
    sim: SimLayout | None = None,
    budgets: Mapping[str, Budget] = DOCUMENTED,
    strategies: Sequence[str] = (),
) -> tuple[Path, Path]:
    """Write oms.toml and quickfix.cfg into `folder`, readable by their owner alone.

    `new_secret` draws the API token, the desk's secret and the strategies' tokens. With `sim` the
    files point at simulators on those ports, ready to run; without it, what only the user knows
    holds a placeholder that no start accepts. `budgets` replace documented rate limits.
    Returns both paths. ConfigError when one of the files exists already, or cannot be written.
    """
    values = {
        **(_REAL if sim is None else _simulated(sim)),
        **_accounts(simulated=sim is not None),
        **_rates({**DOCUMENTED, **budgets}),
        "api_token": new_secret(),
        "desk_secret": new_secret(),
        "strategies": _strategies(strategies, new_secret),
    }
    files = {
        folder / CONFIG_NAME: Template(_CONFIG.read_text(encoding="utf-8")).substitute(values),
        folder / SESSIONS_NAME: _sessions(values["apifiny_account_id"], sim),
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


def _sessions(account_id: str, sim: SimLayout | None) -> str:
    """The shipped quickfix.cfg for that account; with `sim`, on its ports."""
    text = _SESSIONS.read_text(encoding="utf-8").replace(_SAMPLE_ACCOUNT, account_id)
    if sim is None:
        return text
    fix = sim.venues["apifiny"].fix
    assert fix is not None, "Apifiny is traded over FIX"
    ours = {"SocketAcceptPort": sim.desk, "SocketConnectHost": HOST, "SocketConnectPort": fix}
    for key, value in ours.items():
        text, count = re.subn(rf"^{key}=.*$", f"{key}={value}", text, flags=re.MULTILINE)
        assert count == 1, f"{_SESSIONS} has {count} lines {key}="
    return text


def _simulated(sim: SimLayout) -> dict[str, str]:
    """The addresses of simulators on the ports of `sim`."""
    apifiny, andx = sim.venues["apifiny"], sim.venues["andx"]
    stream = apifiny.rest if apifiny.stream is None else apifiny.stream
    return {
        "api_port": str(sim.api),
        "apifiny_host": f"http://{HOST}:{apifiny.rest}",
        "apifiny_stream_host": f"ws://{HOST}:{stream}",
        "apifiny_hosts": "hosts = {}                            # the simulator is one host",
        "andx_base_url": f"http://{HOST}:{andx.rest}/api/v1",
    }


def _accounts(*, simulated: bool) -> dict[str, str]:
    """The venues' credentials: the simulators', or placeholders under the same names."""
    return {
        f"{venue}_{key}": value if simulated else PLACEHOLDER
        for venue in ("apifiny", "andx")
        for key, value in sim_credentials(venue).items()
    }


def _rates(budgets: Mapping[str, Budget]) -> dict[str, str]:
    """The rate limits of both venues."""
    values: dict[str, str] = {}
    for name, budget in budgets.items():
        values[f"{name}_requests"] = str(budget.requests)
        values[f"{name}_per_seconds"] = str(budget.per_seconds)
    return values


def _strategies(names: Sequence[str], new_secret: Callable[[], str]) -> str:
    """A table for each strategy; an example to uncomment when there is none."""
    if not names:
        return (
            "\n# [[strategies]]                      # a remote user of the API\n"
            '# name = "grid-1"                     # the origin of its orders\n'
            '# token = "..."\n# venues = ["ANDX"]\n'
        )
    return "".join(
        f'\n[[strategies]]\nname = "{name}"\ntoken = "{new_secret()}"\nvenues = ["*"]\n'
        for name in names
    )
