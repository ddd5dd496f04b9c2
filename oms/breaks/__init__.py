"""Where books and venues do not agree: told, compared at once, and closed by a person.

`door` is what a caller holds, `here` its half in the engine's process, `there` the one in another.
"""
