"""The files of this repository, as the tests of the house see them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]

GENERATED: Final = frozenset(
    {"fix/tags.py", "spec/APIFINY42.xml", "spec/OMS42.xml", "spec/OMS42X.xml"}
)
"""Written by tools/dialects.py: nobody reads them from top to bottom."""

_MADE_HERE: Final = frozenset({"build", "dist", "htmlcov", "mutants", "var", "__pycache__"})
_OURS_WITH_A_DOT: Final = frozenset(
    {".ci", ".gitattributes", ".gitignore", ".pre-commit-config.yaml"}
)


def _is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") and part not in _OURS_WITH_A_DOT for part in parts)
    made = any(part in _MADE_HERE or part.endswith(".egg-info") for part in parts)
    return not hidden and not made


@cache
def texts() -> dict[str, str]:
    """Every text file by its path from the root; what git ignores by directory is left out."""
    found = {}
    for top in sorted(ROOT.iterdir()):
        for path in [top] if top.is_file() else sorted(top.rglob("*")) if _is_ours(top) else []:
            if path.is_file() and _is_ours(path):
                found[str(path.relative_to(ROOT))] = path.read_text(encoding="utf-8")
    return found


def python_files() -> list[str]:
    """Every Python file but the generated ones and the stub."""
    return [
        name
        for name in texts()
        if name.endswith(".py") and name not in GENERATED and not name.startswith("typings/")
    ]


def is_test(name: str) -> bool:
    """Whether the file belongs to the tests and not to what they test."""
    return "tests" in name.split("/") or name.split("/")[-1] == "conftest.py"


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of one Python file."""
    return ast.parse(texts()[name], name)


def nodes(name: str) -> Iterator[ast.AST]:
    """Every node of one Python file."""
    return ast.walk(tree(name))
