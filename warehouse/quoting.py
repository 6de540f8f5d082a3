"""A text as SQL writes it, for what takes no parameters."""

from pathlib import Path


def quoted(text: str | Path) -> str:
    """In single quotes, as ATTACH, COPY, COMMENT and the conditions of a contract need it."""
    return "'" + str(text).replace("'", "''") + "'"
