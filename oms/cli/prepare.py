"""The verbs before a start: write a configuration, check one."""

import os
from pathlib import Path
from typing import Annotated

import typer

from oms.cli.options import AsJson, Config, UnreadConfig, reader_of, settings_of
from oms.cli.show import document
from oms.clock import draw_secret
from oms.core.errors import ConfigError
from oms.fixconfig import check_fix_config
from oms.scaffold import write_scaffold
from oms.settings import Settings
from oms.simlayout import DEFAULT_PORT_BASE, SimLayout, sim_layout

PortBase = Annotated[
    int | None,
    typer.Option(
        "--port-base",
        metavar="P",
        help=f"The first of the simulators' ports; {DEFAULT_PORT_BASE} when not given.",
    ),
]


def layout_of(port_base: int | None) -> SimLayout:
    """The simulators' ports. Raises typer.BadParameter when they do not fit."""
    try:
        return sim_layout(DEFAULT_PORT_BASE if port_base is None else port_base)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def init(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where to; the current folder by default.")
    ] = Path(),
    sim: Annotated[
        bool, typer.Option("--sim", help="Point at `oms sim all`: ready to run.")
    ] = False,
    port_base: PortBase = None,
    _: UnreadConfig = None,
) -> None:
    """Write a commented oms.toml and quickfix.cfg to start from, tokens drawn."""
    if port_base is not None and not sim:
        raise typer.BadParameter("--port-base is the simulators': write --sim too")
    layout = layout_of(port_base) if sim else None
    config, sessions = write_scaffold(folder, new_secret=draw_secret, sim=layout)
    typer.echo(f"wrote {config} and {sessions}")
    if sim:
        base = "" if port_base is None else f" --port-base {port_base}"
        typer.echo(f"next: oms sim all{base}, and beside it: oms run -c {config}")
    else:
        typer.echo(f"next: write the venues' keys, then: oms check-config -c {config}")


def check_config(config: Config = None, as_json: AsJson = False) -> None:
    """Check configuration, keys, FIX sessions, dictionaries and store, without starting."""
    from oms.web import demand_loopback

    settings = settings_of(config)
    check_fix_config(settings)
    demand_loopback(settings.api.host)
    store = _check_store(settings)
    if as_json:
        document({"path": str(settings.path), "ok": True, "store": store})
        return
    typer.echo(f"{settings.path}: in order")
    typer.echo(f"  routes      {', '.join(settings.venues) or 'none'}")
    typer.echo(f"  desks       {', '.join(d.comp_id for d in settings.desks) or 'none'}")
    typer.echo(f"  strategies  {', '.join(s.name for s in settings.strategies) or 'none'}")
    typer.echo(f"  store       {store}")


def _check_store(settings: Settings) -> str:
    """What the store is, or will be. Raises ConfigError, StoreUnavailable."""
    from oms.store.database import store_path

    path = store_path(settings.store.url)
    if path.exists():
        with reader_of(settings) as reader:
            counts = reader.counts()
        return f"{path}, {counts['orders']} orders in {counts['records']} records"
    folder = next(parent for parent in path.parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(
            f"{settings.path}: store.url: {folder} can not be written to; choose another folder"
        )
    return f"{path}, made by the first start"
