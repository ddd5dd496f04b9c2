"""The words of a scenario's line, taken one by one; what does not fit names file and line."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
_IDENTIFIER: Final = re.compile(r"[A-Z][A-Z0-9]*")


class MatrixError(Exception):
    """A line that the notation does not allow; the text says which file and line, and why."""


@dataclass
class Words:
    """The words of one half of a line, taken from the left; flags and key=value apart."""

    where: str
    plain: list[str] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def take(self, what: str) -> str:
        if not self.plain:
            raise MatrixError(f"{self.where}: {what} is missing")
        return self.plain.pop(0)

    def take_if(self, word: str) -> bool:
        found = bool(self.plain) and self.plain[0] == word
        if found:
            self.plain.pop(0)
        return found

    def expect(self, word: str) -> None:
        if not self.take_if(word):
            raise MatrixError(f"{self.where}: expected {word!r} before {' '.join(self.plain)!r}")

    def number(self, what: str) -> Decimal:
        return _number(self.where, what, self.take(what))

    def identifier(self, what: str) -> str:
        return _identifier(self.where, what, self.take(what))

    def key_number(self, key: str) -> Decimal | None:
        word = self.keys.pop(key, None)
        return None if word is None else _number(self.where, key, word)

    def key_word(self, key: str, allowed: Iterable[str]) -> str | None:
        word = self.keys.pop(key, None)
        return None if word is None else one_of(self.where, key, word, allowed)

    def end(self) -> None:
        rest = [*self.plain, *(f"{key}={word}" for key, word in self.keys.items())]
        if rest:
            raise MatrixError(f"{self.where}: not understood: {' '.join(rest)!r}")


def _number(where: str, what: str, word: str) -> Decimal:
    if not _NUMBER.fullmatch(word):
        raise MatrixError(f"{where}: {what} is not a number: {word!r}")
    return Decimal(word)


def _identifier(where: str, what: str, word: str) -> str:
    if not _IDENTIFIER.fullmatch(word):
        raise MatrixError(f"{where}: {what} is not an identifier (capitals, digits): {word!r}")
    return word


def one_of(where: str, what: str, word: str, allowed: Iterable[str]) -> str:
    if word not in allowed:
        raise MatrixError(f"{where}: {what} is not one of {', '.join(sorted(allowed))}: {word!r}")
    return word


def words_of(where: str, text: str) -> Words:
    words = Words(where)
    for word in text.split():
        key, equals, rest = word.partition("=")
        if not equals:
            words.plain.append(word)
        elif key in words.keys:
            raise MatrixError(f"{where}: {key} is given twice")
        else:
            words.keys[key] = rest
    return words
