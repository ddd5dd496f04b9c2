"""Wrong rules of the core, one at a time: what each is, and how it is made wrong.

A rule is a piece of source that stands once in oms/core, in whichever module. Where one is reworded, it is
reworded here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old`, which stands once in the core, becomes `new`.

    `tests` are of this room, where no scenario reaches the rule.
    """

    name: str
    old: str
    new: str
    tests: str = ""


def of(*rules: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Each rule: its name, old, new, and the tests where no scenario catches it."""
    return tuple(Mutant(*rule) for rule in rules)
