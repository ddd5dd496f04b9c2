"""The search for secrets finds them however they were written down."""

import base64
import json
import sqlite3
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest

from oms.demo.leaks import find_secrets

SECRET = 'a "secret"/with+signs and more'  # noqa: S105  nobody's
OTHER = "another-secret-that-nobody-wrote"


@pytest.mark.parametrize(
    "text",
    [
        f"key={SECRET} and more",
        quote(SECRET, safe=""),
        json.dumps({"key": SECRET}),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_a_secret_in_a_file_is_found_in_every_spelling(tmp_path: Path, text: str) -> None:
    (tmp_path / "logs").mkdir()
    file = tmp_path / "logs" / "oms.err"
    file.write_text(f"a line\n{text}\n")
    found = find_secrets(tmp_path, [OTHER, SECRET])
    assert [leak.file for leak in found] == [file]


def test_a_secret_in_a_database_is_found(tmp_path: Path) -> None:
    file = tmp_path / "oms.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE journal (raw TEXT)")
    connection.execute("INSERT INTO journal VALUES (?)", (f"96={SECRET}",))
    connection.commit()
    connection.close()
    assert [leak.file for leak in find_secrets(tmp_path, [SECRET])] == [file]


def test_a_web_token_is_found_without_being_known(tmp_path: Path) -> None:
    """Each Logon's is drawn anew."""
    token = jwt.encode({"sub": "DESK1", "exp": 1}, OTHER * 2, algorithm="HS256")
    (tmp_path / "fix.body").write_text(f"35=A\x0196={token}\x01")
    (found,) = find_secrets(tmp_path, [SECRET])
    assert found.what == "a JSON web token"


def test_what_is_found_is_named_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(SECRET)
    (found,) = find_secrets(tmp_path, [SECRET, OTHER])
    assert SECRET not in str(found)
    assert str(tmp_path / "a.log") in str(found)


def test_clean_files_and_empty_secrets_are_no_leak(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("nothing to see, not even eyJhbGciOiJI")
    assert find_secrets(tmp_path, [SECRET, ""]) == []


def test_the_configuration_is_where_secrets_belong(tmp_path: Path) -> None:
    config = tmp_path / "oms.toml"
    config.write_text(SECRET)
    assert len(find_secrets(tmp_path, [SECRET])) == 1
    assert find_secrets(tmp_path, [SECRET], apart=(config,)) == []
