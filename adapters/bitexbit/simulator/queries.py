"""What a query may say, name by name.

Source: the tables "Query Parameters" of the Bitexbit API v1 document. Names that it does not have
and values of another kind are refused: our choice.
"""

import re
from collections.abc import Mapping
from typing import Final

from adapters.bitexbit.simulator.wire import Barred

PAGES: Final = ("limit", "offset", "ordering")

_COUNT: Final = re.compile("[0-9]{1,9}")
_WORD: Final = re.compile("[A-Z0-9_]{1,20}")
_KINDS: Final = {
    "currency1": _WORD,
    "currency2": _WORD,
    "currency_id": _WORD,
    "pair": _WORD,
    "type": re.compile("buy|sell"),
    "status": _COUNT,
    "limit": _COUNT,
    "offset": _COUNT,
    "limit_sell": _COUNT,
    "limit_buy": _COUNT,
    "group": re.compile("0|1"),
    "ordering": re.compile("-?id"),
    "since": re.compile("[0-9]{1,12}"),
    "until": re.compile("[0-9]{1,12}"),
}


def demand_query(given: Mapping[str, str], names: tuple[str, ...]) -> None:
    """Return if the query has only these names, each with its kind of value; raises Barred(400)."""
    for name, value in given.items():
        if name not in names or not _KINDS[name].fullmatch(value):
            raise Barred(400, f"{name} is not asked for, or not like this")
