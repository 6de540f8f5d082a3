"""Write what a query gave: as a table for people, as CSV, JSON, Markdown or Parquet.

Results are written by this process, never by SQL.
"""

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from sightline.orchestration.console import cell
from sightline.warehouse.spreadsheets import plain_or_number

Row = tuple[Any, ...]
Batches = Iterable[list[Row]]
Write = Callable[[TextIO, Sequence[str], Batches], None]
ENDINGS = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".md": "markdown",
    ".txt": "table",
    "": "table",
}
FORMATS = ("table", "csv", "json", "markdown", "parquet")
EXPLAINED = ["explain_key", "explain_value"]
MOST_LINES = 10_000
"""Rows of a table for people; the widths of its columns are known when all have been read."""


def write_table(out: TextIO, columns: Sequence[str], batches: Batches) -> None:
    """Columns in line, as wide as what stands in them; blanks for what is not there."""
    rows = chain.from_iterable(batches)
    if list(columns) == EXPLAINED:
        out.writelines(f"{plan}\n" for _, plan in rows)
        return
    cells = [[_line(cell(value)) for value in row] for row in islice(rows, MOST_LINES)]
    heads = [*map(_line, columns)]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    for line in (heads, *cells):
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        out.write("  ".join(padded).rstrip() + "\n")
    if next(rows, None) is not None:
        out.write(f"(only the first {MOST_LINES:,} rows; --format csv writes all)\n")


def write_csv(out: TextIO, columns: Sequence[str], batches: Batches) -> None:
    """UTF-8 with a header; a text that a spreadsheet would run begins with an apostrophe."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(plain_or_number, columns))
    for batch in batches:
        writer.writerows([_csv_cell(value) for value in row] for row in batch)


def write_json(out: TextIO, columns: Sequence[str], batches: Batches) -> None:
    """A list of one object for each row; what is not a number in JSON is null."""
    names = unique(columns)
    before = "["
    for row in chain.from_iterable(batches):
        said = json.dumps(
            {name: _json_value(value) for name, value in zip(names, row, strict=True)},
            ensure_ascii=False,
            default=str,
        )
        out.write(f"{before}\n  {said}")
        before = ","
    out.write("[]\n" if before == "[" else "\n]\n")


def write_markdown(out: TextIO, columns: Sequence[str], batches: Batches) -> None:
    """A table as GitHub's Markdown knows it, numbers to the right."""
    ahead = iter(batches)
    first = next(ahead, [])
    is_number = [
        any(_is_number(row[place]) for row in first)
        and all(row[place] is None or _is_number(row[place]) for row in first)
        for place in range(len(columns))
    ]
    _markdown_line(out, columns)
    out.write("|" + "|".join(" ---: " if each else " --- " for each in is_number) + "|\n")
    for row in chain(first, chain.from_iterable(ahead)):
        _markdown_line(out, row)


_WRITERS: dict[str, Write] = {
    "table": write_table,
    "csv": write_csv,
    "json": write_json,
    "markdown": write_markdown,
}


class Results:
    """Results written one after another: in JSON as a list of lists where there are `several`,
    else parted by an empty line."""

    def __init__(self, out: TextIO, form: str, *, several: bool) -> None:
        self._out = out
        self._write = _WRITERS[form]
        self._before, self._between, self._after = ("[\n", ",\n", "]\n")
        if form != "json" or not several:
            self._before, self._between, self._after = ("", "\n", "")
        self._is_begun = False

    def add(self, columns: Sequence[str], batches: Batches) -> None:
        self._out.write(self._between if self._is_begun else self._before)
        self._is_begun = True
        self._write(self._out, columns, batches)

    def end(self) -> None:
        if self._is_begun:
            self._out.write(self._after)


def write_parquet(path: Path, batches: Iterator[Any]) -> None:
    """Arrow batches, the first of which gives the columns, as one Parquet file."""
    import pyarrow.parquet as pq

    first = next(batches)
    names = unique(first.schema.names)
    with pq.ParquetWriter(path, first.rename_columns(names).schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch.rename_columns(names))


@contextmanager
def aside(path: Path, *, is_private: bool) -> Iterator[Path]:
    """A file beside the one that is wanted, which takes its place when something was written.

    A pipe or a device, as /dev/stdout, is written to as it stands.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    path = path.resolve()
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    mode = 0o600 if is_private else 0o644
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
    try:
        yield partial
        if partial.stat().st_size:
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def unique(names: Sequence[str]) -> list[str]:
    """Names of columns; one that stands there again gets a number."""
    found: list[str] = []
    for name in names:
        number, fresh = 1, name
        while fresh in found:
            number += 1
            fresh = f"{name}_{number}"
        found.append(fresh)
    return found


def _line(text: str) -> str:
    """On one line, with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def _markdown_line(out: TextIO, values: Iterable[Any]) -> None:
    out.write("|" + "|".join(f" {_markdown_cell(value)} " for value in values) + "|\n")


def _markdown_cell(value: Any) -> str:
    text = "" if value is None else str(value)
    for character, instead in (("&", "&amp;"), ("<", "&lt;"), ("\\", "\\\\"), ("|", "\\|")):
        text = text.replace(character, instead)
    return _line(" ".join(text.splitlines()))


def _csv_cell(value: Any) -> Any:
    if isinstance(value, str):
        return plain_or_number(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list | tuple):
        return plain_or_number(json.dumps(value, ensure_ascii=False, default=str))
    return value


def _json_value(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _json_value(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_json_value(held) for held in value]
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
