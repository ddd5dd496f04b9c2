"""What the environment and secret files add to the tables of a configuration file.

`OMS_VENUES__ANDX__API_SECRET` sets `api_secret` under `[venues.andx]`, in whatever case the file
writes that name. Entries of `[[desks]]` and `[[strategies]]` go by their names:
`OMS_DESKS__DESK1__SECRET`; a name that the file does not have makes a new entry.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from oms.settings_problems import NAMED, PREFIX, Key, Problems, normal, suggestion

Tables = dict[str, Any]

SECTIONS: Final = ("store", "fix", "api", "desks", "venues", "strategies")
NAME_KEYS: Final = {"desks": "comp_id", "strategies": "name"}
CONFIG_VARIABLE: Final = "OMS_CONFIG"
PLACEHOLDER: Final = "CHANGE-ME"
"""What `oms init` writes where only the user knows the value."""


def entry_name(section: str, entry: object, position: int) -> str | int:
    """What the entry of a named list goes by: its name, or its position where it has none."""
    name = entry.get(NAME_KEYS[section]) if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else position


def lay_over(tables: Tables, environ: Mapping[str, str], problems: Problems) -> None:
    """Write every `OMS_` variable into `tables`, and note in `problems` which fit no key.

    A variable without a double underscore that does not begin with a section's name is somebody
    else's (container platforms set OMS_SERVICE_HOST for a service called oms) and is left alone.
    """
    for name in sorted(environ):
        if name.startswith(PREFIX) and name != CONFIG_VARIABLE:
            parts = name.removeprefix(PREFIX).split("__")
            fault = _fault(parts)
            if fault:
                problems.add_variable(name, fault)
            elif len(parts) > 1:
                _place(tables, name, parts, environ[name], problems)


def _fault(parts: Sequence[str]) -> str:
    """Why a variable of these parts can not be a key; empty when it can, or is not ours."""
    if len(parts) == 1:
        section, _, rest = parts[0].partition("_")
        ours = section.lower() in SECTIONS and rest
        return f"unknown; did you mean {PREFIX}{section}__{rest}?" if ours else ""
    if not all(parts):
        return "has an empty part; write one double underscore between names"
    if parts[0].lower() not in SECTIONS:
        return f"unknown section; {suggestion(parts[0], SECTIONS)}"
    return ""


def _place(tables: Tables, name: str, parts: Sequence[str], value: str, problems: Problems) -> None:
    """Set the value at the place that `parts` name, making tables on the way."""
    section = parts[0].lower()
    table: Any
    key: tuple[Any, ...]
    if section in NAMED:
        if len(parts) < 3:
            problems.add_variable(name, f"must be {PREFIX}{parts[0]}__<NAME>__<KEY>")
            return
        entry = _entry(tables.setdefault(section, []), section, parts[1])
        if entry is None:
            return  # the section is no list of tables, which validation says
        table, key, rest = entry, (section, entry[NAME_KEYS[section]]), parts[2:]
    else:
        table, key, rest = tables.setdefault(section, {}), (section,), parts[1:]
    for part in rest[:-1]:
        if not isinstance(table, dict):
            break
        word = _written(table, part)
        key = (*key, word)
        table = table.setdefault(word, {})
    if isinstance(table, dict):  # otherwise validation says that it must be a table
        _set(table, key, _written(table, rest[-1]), value, name, problems)


def _entry(entries: object, section: str, part: str) -> Tables | None:
    """The entry of that name, made when missing; None when `entries` is no list."""
    if not isinstance(entries, list):
        return None
    name_key = NAME_KEYS[section]
    for entry in entries:
        if isinstance(entry, dict) and normal(str(entry.get(name_key, ""))) == normal(part):
            return entry
    made: Tables = {name_key: part if section == "desks" else part.lower()}
    entries.append(made)
    return made


def _written(table: Tables, part: str) -> str:
    """The key of `table` that `part` means, as the file writes it; else `part` in lower case."""
    return next((key for key in table if normal(key) == normal(part)), part.lower())


def _set(table: Tables, key: Key, word: str, value: str, name: str, problems: Problems) -> None:
    """Set one value; a secret and its `_file` twin from the file give way to the environment."""
    twin = word.removesuffix("_file") if word.endswith("_file") else f"{word}_file"
    if (*key, twin) not in problems.origins:
        table.pop(twin, None)
    table[word] = value
    problems.origins[(*key, word)] = name


def read_secret_files(
    table: Tables, names: Sequence[str], folder: Path, key: Key, problems: Problems
) -> None:
    """Replace `<name>_file` by `<name>` with that file's text, without its last line end.

    `folder`: where relative paths start; `key`: where the table stands.
    """
    for name in names:
        pointer = f"{name}_file"
        if pointer not in table:
            continue
        path = table.pop(pointer)
        here = (*key, pointer)
        if name in table:
            problems.add(here, f"{name} is given too; keep one of the two")
        elif not isinstance(path, str) or not path:
            problems.add(here, "must be the path of a file, in quotes")
        else:
            table[name] = _secret_text(folder / path, here, problems)


def _secret_text(path: Path, key: Key, problems: Problems) -> str:
    """The secret in `path`; a stand-in after a problem was noted, so that it is told once."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        problems.add(key, f"cannot read that file: {reason}; write the secret alone into it")
        return "unread"
    if not text:
        problems.add(key, "that file is empty; write the secret alone into it")
        return "unread"
    return text


def find_placeholders(value: object, key: Key, problems: Problems) -> None:
    """Note every value that is still what `oms init` wrote for the user to replace."""
    if value == PLACEHOLDER:
        problems.add(key, f"still holds the placeholder {PLACEHOLDER}; write the real value")
    elif isinstance(value, dict):
        for word, inner in value.items():
            find_placeholders(inner, (*key, word), problems)
    elif isinstance(value, list):
        named = len(key) == 1 and key[0] in NAMED
        for position, inner in enumerate(value):
            part = entry_name(str(key[0]), inner, position) if named else position
            find_placeholders(inner, (*key, part), problems)
