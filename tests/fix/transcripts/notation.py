"""The notation of the session transcripts, read from text: README.md says what each line means."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent

Pair = tuple[str, str]

_WIRE: Final = re.compile(
    r"(?P<who>desk|twin|other)(?: (?P<how>raw|bytewise|joined|cut \d+))?> +(?P<what>.+)"
)
_EXPECT: Final = re.compile(
    r"oms(?: to (?P<who>twin|other))?(?: after (?P<least>[\d.]+)s\.\.(?P<most>[\d.]+)s)?> +(?P<what>.+)"
)
_CLOSES: Final = re.compile(r"oms closes(?: (?P<who>twin|other))?(?: within (?P<most>[\d.]+)s)?")
_DEEDS: Final = re.compile(
    r"(?P<who>desk|twin|other) (?P<deed>connects|closes|logs on|waits (?P<wait>[\d.]+)s)|(?P<quiet>oms says nothing more)"
    r"|(?P<engine>engine is killed and starts again|engine stops|engine starts)"
    r"|venue (?P<venue>[a-z]+) (?P<trouble>[a-z_0-9]+) (?P<value>\S+)"
)
_SHORT: Final = re.compile(r"short ([A-Z]+) = (.+)")
_HEADS: Final = ("source", "deviation", "time", "alone", "own", "setting")


class NotationError(Exception):
    """A line that means nothing; the text names file and line."""


@dataclass(frozen=True)
class Step:
    """One line of a scenario."""

    line: int
    text: str


@dataclass(frozen=True)
class Send(Step):
    """Somebody sends a message: `how` is "", raw, bytewise, joined or cut N."""

    who: str
    how: str
    fields: tuple[Pair, ...]


@dataclass(frozen=True)
class Expect(Step):
    """The engine's next message; `least` and `most` are seconds since the last step."""

    who: str
    fields: tuple[Pair, ...]
    open_ended: bool
    least: float
    most: float


@dataclass(frozen=True)
class Closes(Step):
    """The engine ends the connection, and says nothing before."""

    who: str
    most: float


@dataclass(frozen=True)
class Deed(Step):
    """Something other than a message."""

    who: str
    deed: str
    wait_s: float = 0.0


@dataclass(frozen=True)
class Trouble(Step):
    """A simulator's documented trouble is switched; the value is JSON."""

    venue: str
    name: str
    value: str


@dataclass(frozen=True)
class Books(Step):
    """The desk's orders as the engine has them: ClOrdID, status, CumQty of each."""

    orders: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Scenario:
    """One conversation."""

    name: str
    title: str
    steps: tuple[Step, ...]
    text: str
    """The conversation as written, without heads."""
    heads: tuple[Pair, ...]

    def head(self, name: str) -> str:
        """What stands behind `name:`, "" if nothing does."""
        return dict(self.heads).get(name, "")

    @property
    def slow(self) -> bool:
        """Whether it waits for a clock."""
        return bool(self.head("time"))


WITHIN_S: Final = 5.0
"""Seconds for whatever is not said to take longer."""


def read_all() -> list[Scenario]:
    """Every scenario of this folder. Raises NotationError."""
    found = [one for path in sorted(FOLDER.glob("*.txt")) for one in read(path)]
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise NotationError(f"two scenarios are named {name}")
    return found


def read(path: Path) -> Iterator[Scenario]:
    """The scenarios of one file. Raises NotationError."""
    numbered = list(enumerate(path.read_text(encoding="utf-8").splitlines(), 1))
    short = {m[1]: m[2] for _, line in numbered if (m := _SHORT.fullmatch(line))}
    numbered = [
        (number, re.sub(r"\$([A-Z]+)", lambda m: short[m[1]], line))
        for number, line in numbered
        if not _SHORT.fullmatch(line)
    ]
    begins = [at for at, (_, line) in enumerate(numbered) if line.startswith("scenario ")]
    for begin, end in zip(begins, [*begins[1:], len(numbered)], strict=True):
        yield _scenario(path, numbered[begin:end])


def _scenario(path: Path, lines: list[tuple[int, str]]) -> Scenario:
    found = re.fullmatch(r"scenario ([a-z0-9-]+): (.+)", lines[0][1])
    if found is None:
        raise NotationError(f"{path.name}:{lines[0][0]}: scenario NAME: TITLE is expected")
    heads: list[Pair] = []
    steps: list[Step] = []
    said: list[str] = []
    for number, line in lines[1:]:
        text = line.strip()
        name, colon, rest = text.partition(": ")
        if not text or text.startswith("#"):
            continue
        if colon and name in _HEADS and not steps:
            heads.append((name, rest))
            continue
        try:
            steps.append(step(number, text))
        except NotationError as error:
            raise NotationError(f"{path.name}:{number}: {error}") from None
        said.append(text)
    if not steps or not isinstance(steps[-1], Books):
        raise NotationError(f"{path.name}:{lines[0][0]}: a scenario ends with its books")
    return Scenario(found[1], found[2], tuple(steps), "\n".join(said), tuple(heads))


def step(number: int, text: str) -> Step:
    """One line. Raises NotationError."""
    if (m := _WIRE.fullmatch(text)) is not None:
        return Send(number, text, m["who"], m["how"] or "", fields(m["what"]))
    if (m := _EXPECT.fullmatch(text)) is not None:
        what, dots = re.subn(r"\|\.\.\.$", "", m["what"])
        most = float(m["most"] or WITHIN_S)
        return Expect(
            number, text, m["who"] or "desk", fields(what), bool(dots), float(m["least"] or 0), most
        )
    if (m := _CLOSES.fullmatch(text)) is not None:
        return Closes(number, text, m["who"] or "desk", float(m["most"] or WITHIN_S))
    if (m := _DEEDS.fullmatch(text)) is not None:
        if m["venue"]:
            return Trouble(number, text, m["venue"], m["trouble"], m["value"])
        if m["wait"]:
            return Deed(number, text, m["who"], "waits", float(m["wait"]))
        deed = m["deed"] or m["quiet"] or m["engine"]
        return Deed(number, text, m["who"] or "desk", deed)
    if text.startswith("books: "):
        return Books(number, text, _orders(text.removeprefix("books: ")))
    raise NotationError(f"not understood: {text}")


def fields(text: str) -> tuple[Pair, ...]:
    """tag=value pairs parted by |. Raises NotationError."""
    pairs = tuple(part.partition("=") for part in text.split("|"))
    for tag, equals, _ in pairs:
        if not equals or not tag:
            raise NotationError(f"not tag=value: {text}")
    return tuple((tag, value) for tag, _, value in pairs)


def _orders(text: str) -> tuple[tuple[str, ...], ...]:
    if text == "nothing":
        return ()
    orders = tuple(tuple(part.split()) for part in text.split(", "))
    if any(len(one) != 3 for one in orders):
        raise NotationError(f"orders are written ClOrdID STATUS CumQty: {text}")
    return orders
