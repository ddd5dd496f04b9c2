"""A whole engine of real processes with a desk for every scenario."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from oms.settings import load_settings
from tests.e2e.installation import Installation

OTHER: Final = "DESK1"
"""The desk that every installation has."""

_EMULATE: Final = 'emulate = ["replace", "ioc", "fok", "gtd"]'
"""What the engine does in ANDX's stead."""

_PATTERN: Final = "of {}: 32 bytes at least, and these are more"


class Firm(Installation):
    """An installation whose desks are DESK1 and as many more as are named."""

    def __init__(self, folder: Path, desks: Mapping[str, str]) -> None:
        """Write the configuration; behind each name are further keys of its table.

        Without `news = true` a desk is told none: what one test does to a route would reach all.
        """
        super().__init__(folder)
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("[venues.andx]\n", f"[venues.andx]\n{_EMULATE}\n"))
        for name, settings in desks.items():
            with self.config.open("a", encoding="utf-8") as file:
                lines = [*(settings.split(", ") if settings else ()), f'comp_id = "{name}"']
                if "news = true" not in lines:
                    lines.append("news = false")
                file.write(
                    "\n".join(["", "[[desks]]", f'secret = "{_PATTERN.format(name)}"', *lines, ""])
                )
        sessions = folder / "quickfix.cfg"
        with sessions.open("a", encoding="utf-8") as file:
            for name in desks:
                file.write(
                    "\n[SESSION]\nConnectionType=acceptor\nSenderCompID=OMS\n"
                    f"TargetCompID={name}\nDataDictionary=OMS42.xml\n"
                    f"SocketAcceptPort={self.layout.desk}\nSocketReuseAddress=Y\n"
                    "PersistMessages=Y\nFileStorePath=var/fix\n"
                )
        self.settings = load_settings(self.config, {})

    def secret(self, desk: str) -> str:
        """What that desk signs its tokens with."""
        found = {one.comp_id: one.secret.get_secret_value() for one in self.settings.desks}
        return found[desk]

    def books(self, desk: str) -> list[tuple[str, ...]]:
        """That desk's orders: ClOrdID, status, CumQty."""
        rows: list[dict[str, Any]] = self.get("/orders")
        return [
            (row["cl_ord_id"], row["ord_status"], row["cum_qty"])
            for row in rows
            if row["origin"] == desk
        ]
