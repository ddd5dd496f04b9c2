"""The rules of style that no linter knows. Each names what it found, and where."""

import ast
import itertools
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePath

import grimp
import pytest

from tests.house.tree import ROOT, is_test, nodes, python_files, texts

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

# Where quantities, prices and fees are worked on.
MONEY_ROOMS = (
    "oms/core/*", "oms/store/*", "fix/codec*.py", "adapters/port.py", "adapters/reconcile.py",
    "adapters/matching.py", "adapters/simjson.py", "adapters/*/mapping.py", "adapters/*/simulator/*",
)  # fmt: skip

# In pieces, so that this file does not break its own rule.
NOT_TO_BE_SAID = {
    "unfinished work": "TO" + "DO|FIX" + "ME",
    "a path of one machine": r"(?<![\w.])/(?:wo" + "rk|ro" + "ot|ho" + "me|t" + r"mp)/",
    "a folder beside this one": r"\.\./sha" + "red",
    "a package registry": "py" + r"pi\.org|pythonho" + r"sted|npm" + r"js\.(?:org|com)",
}


def _in(name: str, patterns: tuple[str, ...]) -> bool:
    return not is_test(name) and any(fnmatch(name, pattern) for pattern in patterns)


def _product() -> list[str]:
    return [
        name
        for name in python_files()
        if name.split("/")[0] in ("oms", "fix", "adapters") and not is_test(name)
    ]


def test_a_file_is_a_page() -> None:
    long = {name: len(texts()[name].splitlines()) for name in python_files()}
    assert {name: n for name, n in long.items() if n > FILE_LINES_MAX} == {}


def _functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes(name):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_function_is_a_screen() -> None:
    found = {
        f"{name}:{node.lineno} {node.name}": lines
        for name in python_files()
        for node in _functions(name)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert found == {}


@pytest.mark.parametrize("what", NOT_TO_BE_SAID)
def test_the_repository_speaks_of_itself_alone(what: str) -> None:
    pattern = re.compile(NOT_TO_BE_SAID[what])
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_names_say_what_a_thing_is() -> None:
    vague = re.compile(r"Manager|Handler|Helper|Utils?\b|^_?(process|handle)_|^utils?$")
    foreign = {
        "process_bind_param",  # SQLAlchemy's
        "process_result_value",
        "handle_async_request",  # httpx's
    }
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name in python_files()
        for node in nodes(name)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and vague.search(node.name)
        and node.name not in foreign
    ]
    modules = {"data", "helper", "helpers", "manager", "util", "utils", "misc", "common"}
    found += [name for name in python_files() if PurePath(name).stem in modules]
    assert found == []


def _is_a_time(name: str, line: int) -> bool:
    """Spans of time in seconds are the one thing that is a float here."""
    return bool(re.search(r"\w_s\b|seconds", texts()[name].splitlines()[line - 1]))


def test_no_binary_float_where_money_is() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in python_files()
        if _in(name, MONEY_ROOMS)
        for node in nodes(name)
        if isinstance(node, ast.Name) and node.id == "float" and not _is_a_time(name, node.lineno)
    ]
    assert found == []


def _reads_json(call: ast.Call) -> bool:
    """json.loads(...), json.load(...) or something.json(...)."""
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    of_module = isinstance(function.value, ast.Name) and function.value.id == "json"
    return function.attr == "json" or (of_module and function.attr in ("loads", "load"))


def test_numbers_in_json_are_read_as_decimals() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name in _product()
        for node in nodes(name)
        if isinstance(node, ast.Call)
        and _reads_json(node)
        and not {keyword.arg for keyword in node.keywords} & {"parse_float", "loads"}
    ]
    assert found == []


def test_foreign_json_is_not_read_by_a_parser_that_makes_floats() -> None:
    """msgspec makes floats where it is not told a type: here it writes, and reads what we wrote."""
    found = [
        f"{name}:{node.lineno}"
        for name in _product()
        if not name.startswith("oms/")
        for node in nodes(name)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node) in ("msgspec.json.decode", "msgspec.json.Decoder")
    ]
    assert found == []


def _keeps_everything(node: ast.AST) -> bool:
    """An `except BaseException` that does not end by raising it again."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    everything = node.type is None or "BaseException" in ast.unparse(node.type)
    return everything and not (isinstance(node.body[-1], ast.Raise) and not node.body[-1].exc)


def test_only_the_tops_of_two_threads_catch_everything() -> None:
    """quickfix's callbacks, and the writer: neither may die without a word (decision 5)."""
    found = {name for name in _product() for node in nodes(name) if _keeps_everything(node)}
    assert found <= {"fix/application.py", "oms/writer.py"}


def test_only_the_settings_read_the_environment() -> None:
    found = {
        name
        for name in _product()
        for node in nodes(name)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }
    assert [name for name in found if not fnmatch(name, "oms/settings*.py")] == []


def test_test_folders_are_not_packages() -> None:
    assert [name for name in texts() if is_test(name) and name.endswith("__init__.py")] == []


def test_venues_are_strangers() -> None:
    """By the folders, not by a list: a venue that nobody listed is a venue all the same."""
    rooms = sorted(path.parent.name for path in (ROOT / "adapters").glob("*/__init__.py"))
    graph = grimp.build_graph("adapters")
    met = [
        (one, other)
        for one, other in itertools.permutations(rooms, 2)
        if graph.direct_import_exists(
            importer=f"adapters.{one}", imported=f"adapters.{other}", as_packages=True
        )
    ]
    assert met == []
