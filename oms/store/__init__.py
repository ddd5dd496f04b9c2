"""Where the engine keeps what it knows: the journal, and the tables that are read off it.

The room of SQLAlchemy, Alembic and SQLite; no other room imports them.
"""
