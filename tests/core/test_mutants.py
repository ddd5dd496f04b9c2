"""The mutants of the rules fit the source, and the trial can tell a wrong rule from a right one."""

from collections import Counter
from pathlib import Path

import pytest

from tests.core.mutants import Mutant
from tests.core.mutate_rules import MUTANTS, SCENARIOS, altered, trials


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_fits_the_source(mutant: Mutant) -> None:
    """A rule that was reworded is reworded in its mutant too; else nobody tries it any more."""
    altered(mutant)
    for name in mutant.tests.split():
        assert (Path(__file__).parent / f"test_{name}.py").is_file()


def test_a_rule_that_is_gone_is_named() -> None:
    """The complaint says what should be there."""
    gone = Mutant("gone", "no such rule", "")
    with pytest.raises(LookupError, match=r"oms\.core says 0 times: 'no such rule'"):
        altered(gone)


def test_mutants_have_names_of_their_own() -> None:
    """The list of those alive says which ones."""
    assert [name for name, n in Counter(m.name for m in MUTANTS).items() if n > 1] == []


def test_a_wrong_rule_is_caught_and_a_right_one_is_not() -> None:
    """A trial that caught everything would prove nothing. Two processes of their own: it takes a while."""
    rule = next(
        mutant for mutant in MUTANTS if mutant.name == "a duplicate is taken for a PossResend"
    )
    right = Mutant("as it is", rule.old, rule.old)
    assert trials([rule, right]) == [SCENARIOS, ""]
