"""An engine that dies while it moves money: `python -m tests.treasury.dying_bank_engine FOLDER URL WHEN`.

WHEN is `committed`, between the commit and the sending, or `sent`, when the venue has done it and before its
answer is on record.
"""

import os
import sys
from pathlib import Path
from typing import Any

from oms.core.funding import Moved, Transfer
from oms.core.ports import ToTreasury
from tests.treasury.bank_engine import BankEngine
from tests.treasury.toy_bank import ToyClient

DEATH = 86


class Grave:
    """A gateway that takes nothing over."""

    def move(self, outbound: ToTreasury) -> None:
        """The process's last act."""
        os._exit(DEATH)


class Mortal(ToyClient):
    """A client that does not live to tell."""

    async def move(self, transfer: Transfer) -> Moved:
        """Send it, and die."""
        await super().move(transfer)
        os._exit(DEATH)


def main(folder: str, url: str, when: str) -> None:
    """Ask for one withdrawal; does not return."""
    engine = BankEngine(Path(folder), url)
    if when == "committed":
        engine.treasury_of = lambda runner: Grave()
    else:
        engine.client_of = lambda budget: Mortal(url, budget)
    engine.start()
    terms: dict[str, Any] = {"cl_ord_id": "W1"}
    engine.withdraw(**terms)


if __name__ == "__main__":
    main(*sys.argv[1:])
