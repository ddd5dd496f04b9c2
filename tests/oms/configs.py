"""A complete oms.toml, and what becomes of a file with such a text."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from oms.core.errors import ConfigError
from oms.settings import Settings, load_settings

HUSH = (
    "op-hush",
    "desk-hush",
    "kid-hush",
    "key-hush",
    "pass-hush",
    "and-hush",
    "sec-hush",
    "grid-hush",
)

COMPLETE = """
[store]
url = "sqlite:///var/oms.db"
[fix]
settings = "quickfix.cfg"
[api]
listen = "127.0.0.1:8080"
token = "op-hush"
[[desks]]
comp_id = "DESK1"
secret = "desk-hush"
venues = ["apifiny", "ANDX"]
may_kill = true
[venues.apifiny]
account_id = "STA-00000001"
api_key_id = "kid-hush"
api_secret_key = "key-hush"
exchanges = ["BINANCE", "coinbasepro"]
[venues.andx]
username = "alice"
passphrase = "pass-hush"
api_key = "and-hush"
api_secret = "sec-hush"
[[strategies]]
name = "grid-1"
token = "grid-hush"
venues = ["ANDX"]
"""  # fmt: skip


def load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file with that text, and no other environment."""
    file = folder / "oms.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ or {})


def errors(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    """The lines of the refusal, each with the file's folder taken off."""
    with pytest.raises(ConfigError) as caught:
        load(folder, text, environ)
    assert caught.value.__cause__ is None
    assert not any(hush in str(caught.value) for hush in HUSH)
    return str(caught.value).replace(f"{folder}/", "").splitlines()
