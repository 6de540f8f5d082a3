"""Turn a CSV file's bytes into its header and numbered lines, refusing what sniffing would bend.

Everything here works on blocks of whole lines at the speed of C: there are millions of lines.
Nearly every file is one block.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import chain, compress
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from sightline.warehouse.problems import Problem, Refused, refuse
from sightline.warehouse.submission import BLOCK, BlankRows, Lines, Opened, SetAside, notes_above

MAX_LINE_BYTES = 100_000
LINE_FEED, RETURN, QUOTE, FIRST_PRINTABLE = 10, 13, 34, 32
# Blanks of every kind, and marks without width.
UNSEEN = "\t\n\v\f\r \xa0\xad\u1680\u180e\u3000\ufeff" + "".join(
    map(chr, (*range(0x2000, 0x2010), *range(0x2028, 0x2030), *range(0x205F, 0x2070)))
)
# How lines begin that may hold nothing, beside their delimiter and quotes.
UNSEEN_STARTS = bytes(sorted({character.encode()[0] for character in UNSEEN}))
# Of the lines that may hold sums below a table, how many and how they begin.
LINES_BELOW = 5
TOTAL = re.compile(rb'(grand |sub-?)?totals?(?=[,;|\t" ]|$)', re.IGNORECASE)
QUOTED = re.compile(rb'"[^"]*"')
# Stands for a line feed inside quotes, so that every record is one line of the spool.
FOLDED_NEWLINE = "\x0b"
LINE_END = re.compile(rb"\r\n?|\n")
SWAPPED = bytes.maketrans(b"\r\n", b"\n\r")
LONGEST_HEADER = 1 << 16


@dataclass(frozen=True)
class Layout:
    """What the lines of a file have in common."""

    name: str
    header: tuple[str, ...]
    delimiter: str


def read_text(
    opened: Opened,
    name: str,
    encodings: tuple[str, ...] = ("utf-8",),
    delimiter: str = ",",
    header_line: int = 1,
) -> Iterator[Lines]:
    """The records below the header, in blocks of whole lines; raises Refused on a broken file."""
    encoding = _encoding(opened, name, encodings)
    layout, repeats, blank = None, Repeats(), BlankRows()
    for first, text, is_last in _blocks(opened, encoding, name):
        body, start = _with_line_feeds(text, name, first), first
        if layout is None:
            body = body[starts_of_lines(body, header_line)[-1] :]
            header = _first_record(body, delimiter)
            if header.count(b'"') & 1:
                raise _unterminated(name, header_line)
            layout = Layout(name, _names(header, delimiter), delimiter)
            body, start = body[len(header) + 1 :], header_line + header.count(b"\n") + 1
        lines = _read_block(body, layout, start, blank, is_last=is_last)
        if not (first == 1 and is_last):
            repeats.drop_from(lines)
        if is_last:
            lines.queries += [*notes_above(header_line, name), *blank.notes(name)]
        yield lines


def starts_of_lines(text: bytes, most: int) -> list[int]:
    """Where the first lines start, up to so many."""
    starts = [0]
    while len(starts) < most and (end := text.find(b"\n", starts[-1])) >= 0:
        starts.append(end + 1)
    return starts


def is_blank(value: str) -> bool:
    """Whether there is nothing to be seen in a value."""
    return not value.strip(UNSEEN)


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
    return tuple(" ".join(name.split()) for name in fields_of(record, delimiter))


def fields_of(record: bytes, delimiter: str) -> list[str]:
    """The values of a record; none where its quotes do not close."""
    try:
        return next(csv.reader([record.decode("utf-8")], delimiter=delimiter), [])
    except csv.Error:
        return []


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
        text = read(BLOCK).removeprefix(codecs.BOM_UTF8)
        if ends_in_returns(text):
            text, read = text.translate(SWAPPED), _swapping(read)
        first, rest = 1, b""
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


def _swapping(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda size: read(size).translate(SWAPPED)


def ends_in_returns(text: bytes) -> bool:
    """Whether the first line ends in a carriage return alone, as old programs for Macs write."""
    if b"\r" not in text:
        return False
    end = LINE_END.search(QUOTED.sub(b"", text[:LONGEST_HEADER]))
    return end is not None and end[0] == b"\r"


def plain_lines(head: bytes) -> bytes:
    """The first lines of a file, each ended by a line feed whatever ends them there."""
    if ends_in_returns(head):
        head = head.translate(SWAPPED)
    return head.replace(b"\r\n", b"\n").replace(b"\r", FOLDED_NEWLINE.encode())


def _end_of_lines(text: bytes) -> int:
    """Where the last line that ends outside quotes ends; 0 where none does."""
    end = text.rfind(b"\n") + 1
    if not text.count(b'"', 0, end) & 1:
        return end
    ends, is_inside = _places(text, LINE_FEED)
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
    """Lines end in line feeds; a carriage return alone belongs to a value, or nowhere."""
    if b"\r" not in text:
        return text
    text = text.replace(b"\r\n", b"\n")
    if b"\r" not in text:
        return text
    places, is_inside = _places(text, RETURN)
    if not is_inside.all():
        line = first + text.count(b"\n", 0, int(places[~is_inside][0]))
        raise refuse("LINE_ENDINGS", "it mixes kinds of line ending", file=name, line=line)
    return text.replace(b"\r", FOLDED_NEWLINE.encode())


def _read_block(
    body: bytes, layout: Layout, first: int, blank: BlankRows, *, is_last: bool
) -> Lines:
    lines, unfilled = _records(body, layout, first)
    for number, line in unfilled:
        if line:
            blank.add(number)
    if not lines.records:
        return lines
    if is_last and not body.endswith(b"\n"):
        _check_end(lines, unfilled, layout)
    if unfilled:
        body = b"\n".join(lines.records) + b"\n"
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


def _records(body: bytes, layout: Layout, first: int) -> tuple[Lines, list[tuple[int, bytes]]]:
    """The lines that hold a value, and those that hold none with their numbers."""
    if b'"' in body and _has_quoted_newline(body):
        return _joined(body, layout, first)
    records = body.split(b"\n")
    if not records[-1]:
        records.pop()
    unfilled = [at for at in _doubtful(body, layout.delimiter) if _is_unfilled(records[at], layout)]
    if not unfilled:
        return Lines(layout.header, records, first=first), []
    is_kept = bytearray(b"\1") * len(records)
    for at in unfilled:
        is_kept[at] = 0
    numbers = range(first, first + len(records))
    lines = Lines(layout.header, list(compress(records, is_kept)), list(compress(numbers, is_kept)))
    return lines, [(first + at, records[at]) for at in unfilled]


def _doubtful(body: bytes, delimiter: str) -> Iterable[int]:
    """Which lines may hold nothing, by how they begin: hardly any of most files."""
    if not body:
        return ()
    array = np.frombuffer(body, dtype=np.uint8)
    starts = np.flatnonzero(array == LINE_FEED) + 1
    starts = np.concatenate(([0], starts[starts < len(array)]))
    seconds = np.minimum(starts + 1, len(array) - 1)
    may_begin, may_follow = _beginnings(delimiter)
    is_empty = array[starts] == LINE_FEED
    is_doubtful = is_empty | (may_begin[array[starts]] & may_follow[array[seconds]])
    return np.flatnonzero(is_doubtful).tolist() if is_doubtful.any() else ()


@cache
def _beginnings(delimiter: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which bytes may begin a line that holds nothing, and which may come second."""
    first, second = np.zeros(256, dtype=np.bool_), np.zeros(256, dtype=np.bool_)
    first[list(UNSEEN_STARTS + delimiter.encode() + b'"')] = True
    second[0x80:0xC0] = True
    return first, first | second


def _is_unfilled(line: bytes, layout: Layout) -> bool:
    """Whether a line holds delimiters, blanks and empty quotes alone."""
    text = line.decode("utf-8")
    if text.strip(f'{UNSEEN}{layout.delimiter}"'):
        return False
    return '"' not in text or all(
        map(is_blank, next(csv.reader([text], delimiter=layout.delimiter), []))
    )


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
    _, is_inside = _places(body, LINE_FEED)
    return bool(is_inside.any() or body.count(b'"') & 1)


def _places(text: bytes, byte: int) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where a byte stands, and which of the places are inside quotes."""
    array = np.frombuffer(text, dtype=np.uint8)
    places = np.flatnonzero(array == byte)
    before = np.searchsorted(np.flatnonzero(array == QUOTE), places)
    return places, (before & 1).astype(np.bool_)


def _joined(body: bytes, layout: Layout, first: int) -> tuple[Lines, list[tuple[int, bytes]]]:
    """The exact, slower way for values that hold line feeds: one line a record."""
    text = body.decode("utf-8")
    csv.field_size_limit(max(len(text), 131_072))
    source = io.StringIO(text, newline="")
    reader = csv.reader(source, delimiter=layout.delimiter, strict=True)
    records, numbers, unfilled, number = [], [], [], first
    try:
        for row in reader:
            record = written(row, layout.delimiter)
            if all(map(is_blank, row)):
                unfilled.append((number, record))
            else:
                records.append(record)
                numbers.append(number)
            number = first + reader.line_num
    except csv.Error:
        raise _unterminated(layout.name, number) from None
    return Lines(layout.header, records, numbers), unfilled


def written(row: list[str], delimiter: str) -> bytes:
    """A record as one line of CSV."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(row)
    return out.getvalue().replace("\n", FOLDED_NEWLINE).encode("utf-8")


def _check_end(lines: Lines, unfilled: list[tuple[int, bytes]], layout: Layout) -> None:
    """Refuse a file that was cut off in the middle of a line."""
    number, record = max([(lines.every_number[-1], lines.records[-1]), *unfilled[-1:]])
    last = record.decode("utf-8", "replace")
    fields = next(csv.reader([last], delimiter=layout.delimiter), [])
    if len(fields) < len(layout.header) and not is_blank(last):
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


# Whole numbers up to here are exact as floats.
EXACT_BITS = 52


# Lines of a run; 16 bytes each.
LONG_RUN = 4_000_000


def without_repeats(lines: Lines) -> Lines:
    """Lines that repeat an earlier one byte for byte are counted and dropped."""
    if len(set(lines.records)) == len(lines.records):
        return lines
    first_of: dict[bytes, int] = {}
    for number, line in lines.numbered():
        first_of.setdefault(line, number)
    lines.duplicates = len(lines.records) - len(first_of)
    lines.records, lines.numbers = list(first_of), list(first_of.values())
    return lines


class Repeats:
    """The lines of earlier blocks, each as 104 bits of a keyed hash: two never look alike.

    Kept as sorted runs of ever smaller size, so that looking one up takes few steps. Those that
    are long are not merged, which would take their memory three times over.
    """

    def __init__(self) -> None:
        self.runs: list[NDArray[np.complex128]] = []

    def drop_from(self, lines: Lines) -> None:
        """Take out of a block, itself without repeats, what an earlier block held."""
        keys = _keys(lines.records)
        is_known = np.zeros(len(keys), dtype=np.bool_)
        for run in self.runs:
            places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            is_known |= run[places] == keys
        if is_known.any():
            is_new = ~is_known
            lines.numbers = list(compress(lines.every_number, is_new))
            lines.records = list(compress(lines.records, is_new))
            lines.duplicates += int(is_known.sum())
            keys = keys[is_new]
        if len(keys):
            self._add(np.sort(keys))

    def _add(self, run: NDArray[np.complex128]) -> None:
        while self.runs and len(self.runs[-1]) <= len(run) < LONG_RUN:
            run = np.concatenate((self.runs.pop(), run))
            run.sort()
        self.runs.append(run)


def _keys(records: list[bytes]) -> NDArray[np.complex128]:
    """Of each line two hashes, as numbers that sort as one."""
    keys = np.empty(len(records), dtype=np.complex128)
    keys.real = _hashes(records, len(records))
    keys.imag = _hashes((record + b"\n" for record in records), len(records))
    return keys


def _hashes(records: Iterable[bytes], count: int) -> NDArray[np.int64]:
    return np.fromiter(map(hash, records), np.int64, count) >> (64 - EXACT_BITS)
