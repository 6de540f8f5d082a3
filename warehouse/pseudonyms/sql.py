"""Keyed pseudonyms in SQL: the first 64 bits of HMAC-SHA-256 over kind, scope and identifier.

They follow from the key alone, so that nothing has to be remembered between files.
"""

import hashlib

import duckdb

BLOCK = 64
SEPARATOR = "chr(31)"


def set_key(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give the connection the two padded keys of HMAC, as variables and never as text."""
    short = hashlib.sha256(key).digest() if len(key) > BLOCK else key
    padded = short.ljust(BLOCK, b"\0")
    for name, pad in (("inner_key", 0x36), ("outer_key", 0x5C)):
        value = bytes(byte ^ pad for byte in padded)
        connection.execute(f"set variable {name} = $1", [value]).fetchall()


def pseudonym(kind: str, scope: str, identifier: str) -> str:
    """SQL for the pseudonym of an identifier; null stays null."""
    message = f"encode({kind} || {SEPARATOR} || {scope} || {SEPARATOR} || {identifier})"
    inner = f"unhex(sha256(getvariable('inner_key') || {message}))"
    digest = f"sha256(getvariable('outer_key') || {inner})"
    return f"cast(cast(unhex({digest}[1:16]) as bit) as bigint)"
