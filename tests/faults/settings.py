"""What the engine of a scenario is configured as: its routes, one strategy, no files."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from oms.settings import (
    ApiSettings,
    DeskSettings,
    FixSettings,
    Settings,
    StoreSettings,
    StrategySettings,
)
from oms.settings_venues import KINDS
from tests.adapters.one_route import bench_of
from tests.faults.far import ADDRESS
from tests.faults.plan import DESK, STRATEGY

DESK_SECRET: Final = "a-secret-of-a-desk-that-there-is-not"  # noqa: S105
_CONFIGS: Final = Path(__file__).parent / "fix"
_TOKEN: Final = "a-token-that-opens-nothing"  # noqa: S105
_TRADER: Final = StrategySettings(name=STRATEGY, token=SecretStr(_TOKEN), may_move_money=True)


@cache
def settings_of(kinds: tuple[str, ...], on_fix: bool = False) -> Settings:
    """An engine with one route of each kind, called like it in capitals. `on_fix`: and a desk."""
    config = "apifiny.cfg" if "apifiny" in kinds else "desk.cfg"
    has_desk = on_fix or "apifiny" in kinds
    desks = (DeskSettings(comp_id=DESK, secret=SecretStr(DESK_SECRET)),) if has_desk else ()
    return Settings(
        path=Path("/dev/null/oms.toml"),
        store=StoreSettings(url="sqlite:////dev/null/oms.db"),
        fix=FixSettings(settings=_CONFIGS / config),
        desks=desks,
        api=ApiSettings(token=SecretStr(_TOKEN)),
        strategies=(_TRADER,),
        venues={kind.upper(): KINDS[kind](**_config(kind)) for kind in kinds},
    )


def _config(kind: str) -> dict[str, Any]:
    told = dict(bench_of(kind).config(ADDRESS.format(kind=kind)))
    return {**told, "kind": kind, "emulate": ["replace"]}
