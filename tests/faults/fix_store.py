"""What a model session handles and what it keeps: messages, names, and a store in memory."""

from dataclasses import dataclass, field

import quickfix

from fix.wire import SOH, Fields


class Telegram:
    """A message as quickfix hands it to the callbacks."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields

    def getHeader(self) -> "Telegram":
        """Header and body are one list here."""
        return self

    def getField(self, tag: int) -> str:
        """The first value of that tag."""
        for name, value in self.fields:
            if name == tag:
                return value
        raise quickfix.FieldNotFound(tag)

    def setField(self, tag: int, value: str) -> None:
        """Put it in the place of the one that is there."""
        for place, (name, _) in enumerate(self.fields):
            if name == tag:
                self.fields[place] = (tag, value)
                return
        self.fields.append((tag, value))

    def toString(self) -> str:
        """As on the wire."""
        return SOH.join(f"{tag}={value}" for tag, value in self.fields) + SOH


class Named:
    """A SessionID."""

    def __init__(self, name: str) -> None:
        self._name = name

    def toString(self) -> str:
        """Its text."""
        return self._name


@dataclass(eq=False)
class Box:
    """The numbers of the next messages, and what was sent."""

    next_in: int = 1
    next_out: int = 1
    sent: dict[int, Fields] = field(default_factory=dict)


@dataclass
class Kept:
    """What is stored of a session; where that is in files it outlives the process."""

    box: Box = field(default_factory=Box)
    second: Box | None = None
    """The same under its second name: what it was before it was emptied."""
    begun: bool = False
    """Whether there are files at all."""
    torn: bool = False
    """Whether the files can not be trusted."""
    resets_marked: int = 0

    def reset(self) -> None:
        """Begin anew."""
        self.box = Box()

    def lose(self) -> None:
        """Put aside what can not be trusted."""
        self.box, self.second, self.torn = Box(), None, False
