"""Turn a CSV file's bytes into its header and numbered lines, refusing what sniffing would bend.

Everything here works on whole files at the speed of C: there are millions of lines.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from warehouse.intake.problems import Problem, refuse

MAX_LINE_BYTES = 100_000
LINE_FEED, QUOTE, FIRST_PRINTABLE = 10, 34, 32
QUOTED = re.compile(rb'"[^"]*"')
# Stands for a line feed inside quotes, so that every record is one line of the spool.
FOLDED_NEWLINE = "\x0b"


class SetAside(NamedTuple):
    """A record that was not read: its physical line, the rule it broke and perhaps the column."""

    line: int
    rule: str
    column: str | None = None


@dataclass
class Lines:
    """The records of one file; `numbers` are physical line numbers, None means 2, 3, 4 and on."""

    header: list[str]
    records: list[bytes]
    numbers: list[int] | None = None
    duplicates: int = 0
    refused: list[SetAside] = field(default_factory=list)
    queries: list[Problem] = field(default_factory=list)

    @property
    def physical(self) -> int:
        return len(self.records) + self.duplicates + len(self.refused)

    def numbered(self) -> Iterable[tuple[int, bytes]]:
        numbers = self.numbers if self.numbers is not None else range(2, len(self.records) + 2)
        return zip(numbers, self.records, strict=True)


def decoded(data: bytes, name: str, encodings: tuple[str, ...]) -> bytes:
    """The same text as UTF-8 without a byte-order mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16").encode("utf-8")
        except UnicodeError:
            raise refuse("ENCODING", "it is marked as UTF-16 but is not", file=name) from None
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.isascii():
        return data
    encodings = ("utf-8", *(name for name in encodings if name != "utf-8"))
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as fault:
            start = fault.start
        else:
            return data if encoding == "utf-8" else text.encode("utf-8")
    raise refuse(
        "ENCODING",
        f"byte {start + 1} is not {' or '.join(encodings).upper()}; save the file as UTF-8",
        file=name,
        line=data.count(b"\n", 0, start) + 1,
    )


def header_of(text: bytes, delimiter: str = ",") -> list[str]:
    """The names in the first line, trimmed."""
    first = text[: text.find(b"\n")] if b"\n" in text else text
    line = first.decode("utf-8").rstrip("\r")
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [name.strip() for name in names]


def read_lines(text: bytes, name: str, delimiter: str = ",") -> Lines:
    """The header and the records, each with its physical line; raises Refused on a broken file."""
    text = _with_line_feeds(text, name)
    header = header_of(text, delimiter)
    start = text.find(b"\n") + 1
    if not start:
        return Lines(header, [])
    body = text[start:]
    lines = _records(body, header, name, delimiter)
    _check_end(body, lines, len(header), name, delimiter)
    if not _has_width(body, len(lines.records), len(header), delimiter):
        _set_aside(lines, lambda line: _width(line, delimiter) != len(header), "RAGGED_ROW")
    if not _is_clean(body):
        _set_aside(lines, _has_control, "CONTROL_CHAR")
    if lines.records and max(map(len, lines.records)) > MAX_LINE_BYTES:
        _set_aside(lines, lambda line: len(line) > MAX_LINE_BYTES, "FIELD_TOO_LONG")
    return _without_repeats(lines)


def _with_line_feeds(text: bytes, name: str) -> bytes:
    if b"\r" not in text:
        return text
    text = text.replace(b"\r\n", b"\n")
    if (at := text.find(b"\r")) >= 0:
        line = text.count(b"\n", 0, at) + 1
        raise refuse("LINE_ENDINGS", "it mixes kinds of line ending", file=name, line=line)
    return text


def _records(body: bytes, header: list[str], name: str, delimiter: str) -> Lines:
    if b'"' in body and _has_quoted_newline(body):
        return Lines(header, *_joined(body, name, delimiter))
    records = body.split(b"\n")
    if not records[-1]:
        records.pop()
    if b"" not in records:
        return Lines(header, records)
    kept = [(number, line) for number, line in enumerate(records, 2) if line.strip()]
    return Lines(header, [line for _, line in kept], [number for number, _ in kept])


def _has_quoted_newline(body: bytes) -> bool:
    """Whether any line holds an odd number of quotes."""
    array = np.frombuffer(body, dtype=np.uint8)
    ends = np.flatnonzero(array == LINE_FEED)
    quotes = np.flatnonzero(array == QUOTE)
    before = np.searchsorted(quotes, ends)
    return bool((before & 1).any() or len(quotes) & 1)


def _joined(body: bytes, name: str, delimiter: str) -> tuple[list[bytes], list[int]]:
    """The exact, slower way for values that hold line feeds: one line a record."""
    text = body.decode("utf-8")
    csv.field_size_limit(max(len(text), 131_072))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records, numbers, first = [], [], 2
    try:
        for row in reader:
            if row:
                records.append(_written(row, delimiter))
                numbers.append(first)
            first = reader.line_num + 2
    except csv.Error:
        raise refuse(
            "UNTERMINATED_QUOTE", "a quote is opened and never closed", file=name, line=first
        ) from None
    return records, numbers


def _written(row: list[str], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(row)
    return out.getvalue().replace("\n", FOLDED_NEWLINE).encode("utf-8")


def _check_end(body: bytes, lines: Lines, width: int, name: str, delimiter: str) -> None:
    if not lines.records or body.endswith(b"\n"):
        return
    last = lines.records[-1].decode("utf-8", "replace")
    fields = next(csv.reader([last], delimiter=delimiter), [])
    number = lines.numbers[-1] if lines.numbers else len(lines.records) + 1
    if len(fields) < width:
        raise refuse(
            "TRUNCATED",
            f"the last line is cut off, so the transfer broke; the last whole line is {number - 1}."
            " Send the file again",
            file=name,
            line=number,
        )
    message = "the last line has no line ending: check that the file is whole"
    lines.queries.append(Problem("NO_FINAL_NEWLINE", message, "query", file=name, line=number))


def _has_width(body: bytes, records: int, width: int, delimiter: str) -> bool:
    """Whether there are as many delimiters outside quotes as the lines should have."""
    outside = QUOTED.sub(b"", body) if b'"' in body else body
    return outside.count(delimiter.encode()) == records * (width - 1)


def _width(line: bytes, delimiter: str) -> int:
    return QUOTED.sub(b"", line).count(delimiter.encode()) + 1


def _is_clean(body: bytes) -> bool:
    """Whether the only control characters are line feeds."""
    controls = np.count_nonzero(np.frombuffer(body, dtype=np.uint8) < FIRST_PRINTABLE)
    return bool(controls == body.count(b"\n"))


def _has_control(line: bytes) -> bool:
    return any(byte < FIRST_PRINTABLE and byte not in (9, 11) for byte in line)


def _set_aside(lines: Lines, is_bad: Callable[[bytes], bool], rule: str) -> None:
    kept: list[tuple[int, bytes]] = []
    for number, line in lines.numbered():
        if is_bad(line):
            lines.refused.append(SetAside(number, rule))
        else:
            kept.append((number, line))
    lines.numbers = [number for number, _ in kept]
    lines.records = [line for _, line in kept]


def _without_repeats(lines: Lines) -> Lines:
    """Lines that repeat an earlier one byte for byte are counted and dropped."""
    if len(set(lines.records)) == len(lines.records):
        return lines
    first_of: dict[bytes, int] = {}
    for number, line in lines.numbered():
        first_of.setdefault(line, number)
    lines.duplicates = len(lines.records) - len(first_of)
    lines.records, lines.numbers = list(first_of), list(first_of.values())
    return lines
