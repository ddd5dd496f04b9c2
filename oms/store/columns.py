"""What all tables are made with."""

from typing import Final

from sqlalchemy import Column, MetaData, Text

metadata: Final = MetaData()


def word(name: str) -> Column[str]:
    """A text that is always there, "" for none."""
    return Column(name, Text, nullable=False)
