"""Wrong rules, one at a time: what each is, where it stands, and how it is made wrong.

A rule is a piece of source that stands once in its module. Where one is reworded, it is reworded here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """`old`, which stands once in the module, becomes `new`.

    `tests` are of this room, where no scenario reaches the rule.
    """

    name: str
    module: str
    old: str
    new: str
    tests: str = ""


def of(module: str, *rules: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Each rule: its name, old, new, and the tests where no scenario catches it."""
    return tuple(Mutant(rule[0], f"oms.core.{module}", *rule[1:]) for rule in rules)
