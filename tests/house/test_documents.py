"""What the documents point at exists."""

import re
import tomllib
from pathlib import PurePosixPath

import pytest

from tests.house.tree import ROOT, texts

DOCUMENTS = [name for name in texts() if name.endswith(".md")]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def _anchors(text: str) -> set[str]:
    """The anchors that a forge makes of headings."""
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_resolve(name: str) -> None:
    for link in LINK.findall(texts()[name]):
        target, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        path = (ROOT / PurePosixPath(name).parent / target).resolve() if target else ROOT / name
        assert path.exists(), f"{name}: {link}"
        if anchor:
            assert anchor in _anchors(path.read_text()), f"{name}: {link}"


def _verbs() -> set[str]:
    phony = re.search(r"^\.PHONY: (.+)$", texts()["Makefile"], re.MULTILINE)
    assert phony
    return set(phony[1].split())


def test_the_verbs_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", texts()["README.md"], re.MULTILINE))
    assert named == _verbs()


def test_every_verb_is_a_target_that_makes_its_environment_first() -> None:
    for verb in _verbs():
        assert re.search(rf"^{verb}: \$\(STAMP\)$", texts()["Makefile"], re.MULTILINE), verb


def test_decisions_are_numbered_without_gaps_and_dated() -> None:
    names = sorted(name for name in DOCUMENTS if name.startswith("docs/decisions/"))
    for number, name in enumerate(names, 1):
        assert PurePosixPath(name).name.startswith(f"{number:04d}-")
        text = texts()[name]
        assert text.startswith(f"# {number}. ")
        assert re.search(r"^20\d\d-\d\d-\d\d, (accepted|superseded by \d+)$", text, re.MULTILINE)
        assert len(text.splitlines()) <= 60, f"{name}: longer than a page"


def _lock() -> dict[str, str]:
    lines = texts()["requirements.lock"].splitlines()
    pairs = [re.fullmatch(r"([\w.-]+)==([\w.+]+)", line) for line in lines]
    assert all(pairs), "the lock holds name==version and nothing else: no host, no path, no option"
    return {pair[1].lower().replace("_", "-"): pair[2] for pair in pairs if pair}


def test_the_lock_pins_every_dependency() -> None:
    project = tomllib.loads(texts()["pyproject.toml"])["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    names = {re.split(r"[<>=~!\[ ]", line)[0].lower() for line in wanted}
    assert names - set(_lock()) == set()


def test_quickfix_is_pinned_twice_alike() -> None:
    assert f'"quickfix=={_lock()["quickfix"]}"' in texts()["pyproject.toml"]
