"""Turn a CSV file's bytes into its header and numbered lines, refusing what sniffing would bend.

Everything here works on blocks of whole lines at the speed of C: there are millions of lines.
Nearly every file is one block.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import chain
from string import whitespace
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from warehouse.intake.lines import Lines, SetAside
from warehouse.intake.problems import Problem, Refused, refuse
from warehouse.intake.repeats import Repeats, without_repeats

Opened = Callable[[], BinaryIO]
# A block is held in memory three times over while its lines are told apart.
BLOCK = 16 << 20
MAX_LINE_BYTES = 100_000
LINE_FEED, QUOTE, FIRST_PRINTABLE = 10, 34, 32
# Before it come empty lines, and those that begin with a blank as lines of blanks alone do.
FIRST_VISIBLE = b"!"
# Of the lines that may hold sums below a table, how many and how they begin.
LINES_BELOW = 5
TOTAL = re.compile(rb'(grand |sub-?)?totals?(?=[,;|\t" ]|$)', re.IGNORECASE)
QUOTED = re.compile(rb'"[^"]*"')
# Stands for a line feed inside quotes, so that every record is one line of the spool.
FOLDED_NEWLINE = "\x0b"
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Layout:
    """What the lines of a file have in common."""

    name: str
    header: tuple[str, ...]
    delimiter: str


def read_text(
    opened: Opened, name: str, encodings: tuple[str, ...] = ("utf-8",), delimiter: str = ","
) -> Iterator[Lines]:
    """The records of a file, in blocks of whole lines; raises Refused on a broken file."""
    encoding = _encoding(opened, name, encodings)
    layout, repeats = None, Repeats()
    for first, text, is_last in _blocks(opened, encoding, name):
        body, start = _with_line_feeds(text, name, first), first
        if layout is None:
            header = _first_record(body, delimiter)
            if header.count(b'"') & 1:
                raise _unterminated(name, 1)
            layout = Layout(name, _names(header, delimiter), delimiter)
            body, start = body[len(header) + 1 :], header.count(b"\n") + 2
        lines = _read_block(body, layout, start, is_last=is_last)
        if not (first == 1 and is_last):
            repeats.drop_from(lines)
        yield lines


def header_of(text: bytes, delimiter: str = ",") -> tuple[str, ...]:
    """The names in the first record, with single blanks."""
    return _names(_first_record(text, delimiter), delimiter)


def _first_record(text: bytes, delimiter: str) -> bytes:
    """The header, whose names may be broken into lines; its first line where a quote stays open."""
    line = text.partition(b"\n")[0]
    if b'"' not in line:
        return line
    source = io.StringIO(text[:LONGEST_HEADER].decode("utf-8", "ignore"), newline="")
    reader = csv.reader(source, delimiter=delimiter)
    try:
        next(reader)
    except csv.Error:
        return line
    record = b"\n".join(text.split(b"\n", reader.line_num)[: reader.line_num])
    return line if record.count(b'"') & 1 else record


@lru_cache(maxsize=256)
def _names(record: bytes, delimiter: str) -> tuple[str, ...]:
    """Thousands of files share a few headers."""
    try:
        names = next(csv.reader([record.decode("utf-8").rstrip("\r")], delimiter=delimiter), [])
    except csv.Error:
        return ()
    return tuple(" ".join(name.split()) for name in names)


def _encoding(opened: Opened, name: str, allowed: tuple[str, ...]) -> str:
    """What a whole file is written in; raises Refused where the contract does not allow it."""
    with opened() as file:
        start = file.read(BLOCK)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(start) < BLOCK and start.isascii():
        return "utf-8"
    allowed = ("utf-8", *(encoding for encoding in allowed if encoding != "utf-8"))
    place = line = 0
    for encoding in allowed:
        place, line = _undecodable(opened, encoding)
        if not place:
            return encoding
    message = f"byte {place} is not {' or '.join(allowed).upper()}; save the file as UTF-8"
    raise refuse("ENCODING", message, file=name, line=line)


def _undecodable(opened: Opened, encoding: str) -> tuple[int, int]:
    """The first byte that cannot be read in an encoding and its line, counted from 1; or 0, 0."""
    decoder = codecs.getincrementaldecoder(encoding)()
    size = lines = 0
    with opened() as file:
        for chunk in chain(iter(partial(file.read, BLOCK), b""), [b""]):
            held, _ = decoder.getstate()
            try:
                if held or not chunk.isascii():
                    decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as fault:
                line = lines + fault.object.count(b"\n", 0, fault.start) + 1
                return size - len(held) + fault.start + 1, line
            size += len(chunk)
            lines += chunk.count(b"\n")
    return 0, 0


def _blocks(opened: Opened, encoding: str, name: str) -> Iterator[tuple[int, bytes, bool]]:
    """Whole lines as UTF-8: the number of the first, the text, and whether they are the last."""
    with opened() as file:
        read = _reader(file, encoding, name)
        first, rest, text = 1, b"", read(BLOCK).removeprefix(codecs.BOM_UTF8)
        while following := read(BLOCK):
            text = rest + text
            end = _end_of_lines(text)
            if not end:
                raise _endless(text, name, first)
            yield first, text[:end], False
            first += text.count(b"\n", 0, end)
            rest, text = text[end:], following
        yield first, rest + text, True


def _reader(file: BinaryIO, encoding: str, name: str) -> Callable[[int], bytes]:
    if encoding == "utf-8":
        return file.read
    decoded = io.TextIOWrapper(file, encoding, newline="")

    def read(size: int) -> bytes:
        try:
            return decoded.read(size).encode()
        except UnicodeError:
            raise refuse("ENCODING", "it is marked as UTF-16 but is not", file=name) from None

    return read


def _end_of_lines(text: bytes) -> int:
    """Where the last line that ends outside quotes ends; 0 where none does."""
    end = text.rfind(b"\n") + 1
    if not text.count(b'"', 0, end) & 1:
        return end
    ends, is_inside = _line_ends(text)
    outside = ends[~is_inside]
    return int(outside[-1]) + 1 if len(outside) else 0


def _endless(text: bytes, name: str, line: int) -> Refused:
    if b'"' in text:
        return _unterminated(name, line)
    return refuse("FIELD_TOO_LONG", "the line does not end", file=name, line=line)


def _unterminated(name: str, line: int) -> Refused:
    message = "a quote is opened and never closed"
    return refuse("UNTERMINATED_QUOTE", message, file=name, line=line)


def _with_line_feeds(text: bytes, name: str, first: int) -> bytes:
    if b"\r" not in text:
        return text
    text = text.replace(b"\r\n", b"\n")
    if (at := text.find(b"\r")) >= 0:
        line = first + text.count(b"\n", 0, at)
        raise refuse("LINE_ENDINGS", "it mixes kinds of line ending", file=name, line=line)
    return text


def _read_block(body: bytes, layout: Layout, first: int, *, is_last: bool) -> Lines:
    lines = _records(body, layout, first)
    if not lines.records:
        return lines
    if is_last and not body.endswith(b"\n"):
        _check_end(lines, layout)
    if b'"' in body:
        _set_badly_quoted_aside(lines, body, layout.delimiter)
    width = len(layout.header)
    if not _has_width(body, len(lines.records), width, layout.delimiter):
        _set_aside(lines, lambda line: _width(line, layout.delimiter) != width, "RAGGED_ROW")
    if not _is_clean(body):
        _set_aside(lines, _has_control, "CONTROL_CHAR")
    if len(body) > MAX_LINE_BYTES and max(map(len, lines.records), default=0) > MAX_LINE_BYTES:
        _set_aside(lines, lambda line: len(line) > MAX_LINE_BYTES, "FIELD_TOO_LONG")
    if is_last:
        set_totals_aside(lines, layout.delimiter)
    return without_repeats(lines)


def _records(body: bytes, layout: Layout, first: int) -> Lines:
    if b'"' in body and _has_quoted_newline(body):
        return Lines(layout.header, *_joined(body, layout, first))
    records = body.split(b"\n")
    if not records[-1]:
        records.pop()
    if not records or min(records) > FIRST_VISIBLE:
        return Lines(layout.header, records, first=first)
    kept = [(number, line) for number, line in enumerate(records, first) if line.strip()]
    return Lines(layout.header, [line for _, line in kept], [number for number, _ in kept])


def _set_badly_quoted_aside(lines: Lines, body: bytes, delimiter: str) -> None:
    """Quotes belong around whole fields; the database engine loses its place at others."""
    line, block = _quoting(delimiter)
    if not block.fullmatch(body):
        _set_aside(lines, lambda record: not line.fullmatch(record), "BAD_QUOTE")


@cache
def _quoting(delimiter: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """A line, and lines, of fields that are quoted whole or hold no quote; never searched twice."""
    edge = re.escape(delimiter.encode())
    field = rb'(?:"[^"\n]*+(?:""[^"\n]*+)*+"|[^"\n%b]*+)' % edge
    line = rb"%b(?:%b%b)*+" % (field, edge, field)
    return re.compile(line), re.compile(rb"(?:%b\n)*+(?:%b)?" % (line, line))


def _has_quoted_newline(body: bytes) -> bool:
    """Whether any line holds an odd number of quotes."""
    _, is_inside = _line_ends(body)
    return bool(is_inside.any() or body.count(b'"') & 1)


def _line_ends(text: bytes) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where the lines end, and which of the ends stand inside quotes."""
    array = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(array == LINE_FEED)
    before = np.searchsorted(np.flatnonzero(array == QUOTE), ends)
    return ends, (before & 1).astype(np.bool_)


def _joined(body: bytes, layout: Layout, first: int) -> tuple[list[bytes], list[int]]:
    """The exact, slower way for values that hold line feeds: one line a record."""
    text = body.decode("utf-8")
    csv.field_size_limit(max(len(text), 131_072))
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=layout.delimiter, strict=True)
    records, numbers, number = [], [], first
    try:
        for row in reader:
            # Unlike text, bytes know no other blanks than these.
            if row and not (len(row) == 1 and row[0] and not row[0].strip(whitespace)):
                records.append(written(row, layout.delimiter))
                numbers.append(number)
            number = first + reader.line_num
    except csv.Error:
        raise _unterminated(layout.name, number) from None
    return records, numbers


def written(row: list[str], delimiter: str) -> bytes:
    """A record as one line of CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(row)
    return out.getvalue().replace("\n", FOLDED_NEWLINE).encode("utf-8")


def _check_end(lines: Lines, layout: Layout) -> None:
    """Refuse a file that was cut off in the middle of a line."""
    number, record = lines.every_number[-1], lines.records[-1]
    last = record.decode("utf-8", "replace")
    fields = next(csv.reader([last], delimiter=layout.delimiter), [])
    if len(fields) < len(layout.header):
        raise refuse(
            "TRUNCATED",
            f"the last line is cut off, so the transfer broke; the last whole line is {number - 1}."
            " Send the file again",
            file=layout.name,
            line=number,
        )
    message = "the last line has no line ending: check that the file is whole"
    query = Problem("NO_FINAL_NEWLINE", message, "query", file=layout.name, line=number)
    lines.queries.append(query)


def _has_width(body: bytes, records: int, width: int, delimiter: str) -> bool:
    """Whether there are as many delimiters outside quotes as the lines should have."""
    outside = QUOTED.sub(b"", body) if b'"' in body else body
    return _count(outside, ord(delimiter)) == records * (width - 1)


def _width(line: bytes, delimiter: str) -> int:
    return QUOTED.sub(b"", line).count(delimiter.encode()) + 1


def _is_clean(body: bytes) -> bool:
    """Whether the only control characters are line feeds."""
    controls = np.count_nonzero(np.frombuffer(body, dtype=np.uint8) < FIRST_PRINTABLE)
    return bool(controls == _count(body, LINE_FEED))


def _count(body: bytes, byte: int) -> int:
    """How often a byte stands there; for a frequent one faster than bytes can count."""
    return int(np.count_nonzero(np.frombuffer(body, dtype=np.uint8) == byte))


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


def set_totals_aside(lines: Lines, delimiter: str) -> None:
    """Sums below a table are no records of anybody."""
    blanks = f'{delimiter}" '.encode()
    ends = lines.records[-LINES_BELOW:]
    if any(TOTAL.match(line.lstrip(blanks)) for line in ends):
        is_below = set(ends).__contains__
        _set_aside(
            lines,
            lambda line: is_below(line) and bool(TOTAL.match(line.lstrip(blanks))),
            "TOTAL_ROW",
        )
