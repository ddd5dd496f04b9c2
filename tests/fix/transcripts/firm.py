"""A whole engine of real processes with a desk for every scenario."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from oms.settings import load_settings
from tests.e2e.installation import Installation

_EMULATE: Final = 'emulate = ["replace", "ioc", "fok", "gtd"]'
"""What the engine does in ANDX's stead."""

_PATTERN: Final = "of {}: 32 bytes at least, and these are more"


class Firm(Installation):
    """An installation whose desks are DESK1 and as many more as are named."""

    def __init__(self, folder: Path, desks: Mapping[str, str]) -> None:
        """Write the configuration; behind each name are further keys of its table."""
        super().__init__(folder)
        text = self.config.read_text(encoding="utf-8")
        self.config.write_text(text.replace("[venues.andx]\n", f"[venues.andx]\n{_EMULATE}\n"))
        for name, settings in desks.items():
            with self.config.open("a", encoding="utf-8") as file:
                file.write(
                    f'\n[[desks]]\ncomp_id = "{name}"\nsecret = "{secret(name)}"\n{settings}\n'
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

    def books(self, desk: str) -> list[tuple[str, ...]]:
        """That desk's orders: ClOrdID, status, CumQty."""
        rows: list[dict[str, Any]] = self.get("/orders")
        return [
            (row["cl_ord_id"], row["ord_status"], row["cum_qty"])
            for row in rows
            if row["origin"] == desk
        ]


def secret(desk: str) -> str:
    """What that desk signs its tokens with."""
    return _PATTERN.format(desk)
