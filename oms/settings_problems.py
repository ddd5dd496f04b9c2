"""What is wrong with a configuration, in sentences that a person can act on.

Every sentence names the file, the dotted key, what is wrong and what to write instead. No sentence
repeats a value: any of them may be a secret in the wrong place.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from oms.core.errors import ConfigError

Key = tuple[str | int, ...]
"""Where a value stands: ("venues", "andx", "api_key"); entries of lists go by their names."""

PREFIX: Final = "OMS_"
NAMED: Final = ("desks", "strategies")
"""Lists whose entries are found by a name of their own."""

# pydantic's error types, by prefix, and our words for them.
_WORDS: Final[Mapping[str, str]] = {
    "string_type": "must be text in quotes",
    "bool": "must be true or false",
    "int": "must be a whole number",
    "float": "must be a number",
    "finite_number": "must be a finite number",
    "decimal": 'must be a decimal number, like "0.01"',
    "string_too_short": "is empty",
    "too_short": "is empty",
    "model": "must be a table",
    "dict": "must be a table",
    "mapping": "must be a table",
    "tuple": 'must be a list, like ["A", "B"]',
    "path_type": "must be a path in quotes",
    "literal_error": "must be {expected}",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
}


def normal(name: str) -> str:
    """A name as an environment variable can spell it: upper case, underscores for the rest."""
    return re.sub(r"[^A-Z0-9]", "_", name.upper())


def variable(key: Key) -> str:
    """The environment variable that sets `key`."""
    return PREFIX + "__".join(normal(str(part)) for part in key)


def dotted(key: Key) -> str:
    """`key` as TOML writes it: dots, quotes where a bare word will not do, [n] for positions."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part) is not None
        text += ("." if text else "") + (part if bare else f'"{part}"')
    return text


def heading(key: Key) -> str:
    """The TOML heading under which the last part of `key` is written."""
    if key and key[0] in NAMED:
        named = f' of "{key[1]}"' if len(key) > 2 and isinstance(key[1], str) else ""
        return f"[[{key[0]}]]{named}"
    return f"[{dotted(key[:-1])}]"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` when something known is near; otherwise the list of what is known."""
    choices = sorted(known)
    near = difflib.get_close_matches(word.lower(), choices, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    return f"known here: {', '.join(choices)}"


@dataclass(slots=True)
class Problems:
    """The problems of one file, collected so that all are told together."""

    file: str
    origins: dict[Key, str] = field(default_factory=dict)
    """The environment variable that gave a key its value, where one did."""
    lines: list[str] = field(default_factory=list)

    def add(self, key: Key, text: str) -> None:
        """Note that `key` is wrong; `text` says how, and the remedy."""
        origin = self.origins.get(key) or self.origins.get(key[:-1])
        source = f" (from {origin})" if origin else ""
        self.lines.append(f"{self.file}: {dotted(key)}{source}: {text}")

    def add_variable(self, name: str, text: str) -> None:
        """Note that an environment variable fits no key."""
        self.lines.append(f"environment: {name}: {text}")

    def raise_any(self) -> None:
        """Raise ConfigError with one line for each problem, if there are any."""
        if self.lines:
            raise ConfigError("\n".join(self.lines))


def sentence(
    error: Mapping[str, Any], key: Key, meanings: Mapping[str, str], secrets: Sequence[str]
) -> str:
    """One of pydantic's error dictionaries, without its input, as what is wrong and a remedy.

    `meanings`: the keys allowed in that table and what each is; `secrets`: those among them that
    may come from a file.
    """
    kind = str(error["type"])
    name = str(key[-1])
    if kind == "missing":
        also = f" (or {name}_file)" if name in secrets else ""
        return (
            f"is missing: {meanings[name]}; write {name} = ...{also} under {heading(key)}, "
            f"or set {variable(key)}"
        )
    if kind == "extra_forbidden":
        return f"unknown key; {suggestion(name, [*meanings, *(f'{s}_file' for s in secrets)])}"
    context: Mapping[str, Any] = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    words = next((text for start, text in _WORDS.items() if kind.startswith(start)), None)
    wrong = str(error["msg"]) if words is None else words.format(**context)
    owner = next((str(p) for p in reversed(key) if str(p) in meanings), None)
    return f"{wrong}; it is {meanings[owner]}" if owner else wrong
