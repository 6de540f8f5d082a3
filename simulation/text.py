"""Text of fixed width in numpy arrays: a table is one structured array, a file is a slice of it.

Unused width stays zero and is deleted when bytes are made, so columns may be of any length.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray

Text = NDArray[np.bytes_]
Rows = NDArray[np.void]
Flags = NDArray[np.bool_]
Integers = NDArray[np.int32] | NDArray[np.int64]

DATE_ORIGIN = -1_000  # the oldest day that can be written, in days since 1970
_DATES = np.arange(DATE_ORIGIN, 22_000).astype("datetime64[D]")
_ISO = np.datetime_as_string(_DATES, unit="D").astype("S10")
_MONTHS = np.array(
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
).astype("S3")


def _rearranged() -> tuple[Text, Text]:
    parts = _ISO.view("S1").reshape(-1, 10)
    slash = np.full((len(_ISO), 1), b"/")
    british = np.concatenate([parts[:, 8:], slash, parts[:, 5:7], slash, parts[:, :4]], axis=1)
    names = _MONTHS[_DATES.astype("datetime64[M]").astype(int) % 12].view("S1").reshape(-1, 3)
    dash = np.full((len(_ISO), 1), b"-")
    census = np.concatenate([parts[:, :4], dash, names, dash, parts[:, 8:]], axis=1)
    return british.copy().view("S10").ravel(), np.char.add(
        census.copy().view("S11").ravel(), b" 00:00:00"
    ).astype("S20")


_BRITISH, _CENSUS = _rearranged()


def _index(days: Integers) -> Integers:
    """A day after the last that can be written stands for never, and no file shows it."""
    return np.minimum(days, 21_999) - DATE_ORIGIN


def iso(days: Integers, after: bytes = b"") -> Text:
    """Days as ISO writes them, with the same text behind each."""
    return _iso(after)[_index(days)]


@cache
def _iso(after: bytes) -> Text:
    return np.char.add(_ISO, after)


def british(days: Integers) -> Text:
    return _BRITISH[_index(days)]


def census(days: Integers) -> Text:
    return _CENSUS[_index(days)]


_FOUR_DIGITS = np.array([f"{number:04}" for number in range(10_000)]).astype("S4")
_FOUR = _FOUR_DIGITS.view(np.uint8).reshape(-1, 4)


def digits(numbers: Integers, width: int) -> NDArray[np.uint8]:
    """A row of digit characters for each number, four at a time from a table."""
    rest = np.asarray(numbers, dtype=np.uint32)
    groups = []
    for _ in range(0, width, 4):
        groups.append(_FOUR[rest % 10_000])
        rest = rest // 10_000
    return np.concatenate(groups[::-1], axis=1)[:, -width:]


def joined(*columns: NDArray[np.uint8]) -> Text:
    whole = np.ascontiguousarray(np.concatenate(columns, axis=1))
    return whole.view(f"S{whole.shape[1]}").ravel()


def numbered(prefix: str, numbers: Integers, width: int) -> Text:
    """A letter or so and a number with leading zeros."""
    start = np.frombuffer(prefix.encode(), dtype=np.uint8)
    return joined(np.broadcast_to(start, (len(numbers), len(start))), digits(numbers, width))


def where(mask: NDArray[np.bool_], yes: Text | bytes, no: Text | bytes = b"") -> Text:
    return np.where(mask, yes, no)


def table(columns: Mapping[str, Text | bytes], *, separator: bytes = b",") -> Rows:
    """One row a line; a column given as plain bytes is the same on every line."""
    length = next(len(values) for values in columns.values() if not isinstance(values, bytes))
    fields: list[tuple[str, str]] = []
    constants: dict[str, bytes] = {}
    pending = b""
    for position, (name, values) in enumerate(columns.items()):
        pending += separator if position else b""
        if isinstance(values, bytes):
            pending += values
            continue
        if pending:
            constants[f"_{position}"] = pending
            fields.append((f"_{position}", f"S{len(pending)}"))
            pending = b""
        fields.append((name, values.dtype.str))
    constants["_end"] = pending + b"\n"
    fields.append(("_end", f"S{len(pending) + 1}"))
    rows = np.zeros(length, dtype=fields)
    for name, _ in fields:
        rows[name] = constants[name] if name in constants else columns[name]
    return rows


def lines(rows: Rows) -> bytes:
    return rows.tobytes().translate(None, b"\0")


def file(header: str, rows: Rows) -> bytes:
    return header.encode() + b"\n" + lines(rows)
