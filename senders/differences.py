"""Compare a sender's file with a contract: for an engineer who meets a new case system.

Columns are told by name or by a near name, and values are judged as intake judges them, also where
intake would refuse the file for its header. No value is told, but for texts that look like codes.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from sightline.warehouse import clock
from sightline.warehouse.connection import open_quietly, safe_config
from sightline.warehouse.contracts.schema import Column, Contract, SentTable, compared, figure_name
from sightline.warehouse.intake.judge.column_rules import blanks, judgement
from sightline.warehouse.intake.judge.judged import SET_ASIDE, Checked
from sightline.warehouse.intake.judge.submission import give_submissions, judge
from sightline.warehouse.intake.judge.table import check
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.read.csv import header_of, read_text, starts_of_lines
from sightline.warehouse.intake.read.recognise import OTHER_DELIMITERS, recognise
from sightline.warehouse.intake.read.spool import Spool
from sightline.warehouse.intake.read.tables import NO_FIGURES, lines_of, reader_of
from sightline.warehouse.intake.receive.landing import UnsafeError, arrival_of
from sightline.warehouse.intake.receive.unpacking import landed
from sightline.warehouse.problems import Problem, Refused, escaped, refuse
from sightline.warehouse.pseudonyms.sql import set_key
from sightline.warehouse.submission import (
    TREES,
    Case,
    Keep,
    Member,
    Outcome,
    Part,
    Pending,
    Recognised,
    Sheet,
    Tally,
)

# How alike two headings are of which one may be meant for the other.
NEAR = 0.8
# The part of a table's columns that a file needs for being compared with it.
LEAST_KNOWN, LEAST_SHARE = 2, 0.5
# Texts that cannot name a person: short, with few digits, in capitals or with a digit.
CODE = re.compile(r"(?=.{1,12}$)(?!(.*\d){5})([A-Z0-9]+([._/-][A-Z0-9]+)*|\w*\d\w*)")
# A rare text is shown only where it is too short to be anybody's name or number.
RARE, SHORT = 5, re.compile(r"[A-Z]{0,2}\d{1,2}[A-Z]?|[A-Za-z]{1,2}")
# A column with more different texts than this holds something else than codes.
MOST_CODES = 40
WORDS, OTHERS = "<words>", "<others>"
FIRST_WORD = re.compile(r"[\s:]")
MANY_DIGITS = re.compile(r"(.*\d){5}")
NOT_SHOWN = "<not shown: it looks like a value>"
# Faults that a value has by itself, or a line; what rules say of rows is for `validate`.
MISSING = ("REQUIRED_MISSING", "ID_MISSING", "UPN_INVALID")
CODES = ("code", "codes", "boolean")


@dataclass(frozen=True)
class TableDiff:
    """One file or sheet beside a table; `file` and headings as the sender spells them.

    `renamed` and `near` say which column each heading stands for, and `codes` how often each text
    that is no code stands in a column.
    """

    file: str
    table: str
    rows: int
    renamed: dict[str, str] = field(default_factory=dict)
    near: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, int]] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)
    forms: list[Problem] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether all of it is read, in whatever form."""
        return not (self.near or self.missing or self.unknown or self.codes or self.faults)


@dataclass(frozen=True)
class Diff:
    """A sender's file beside a contract; `others` says of each file that was not compared why."""

    file: str
    extract: str
    tables: list[TableDiff] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)
    others: dict[str, str] = field(default_factory=dict)

    @property
    def is_same(self) -> bool:
        return not (self.lacking or self.others) and all(one.is_same for one in self.tables)


@dataclass(frozen=True)
class _Match:
    """A file taken for a table: where each column stands, and by which names."""

    member: Member
    table: str
    header: tuple[str, ...]
    delimiter: str
    positions: dict[str, int]
    near: dict[str, str]
    header_line: int = 1


def differences(path: Path, contract: Contract) -> Diff:
    """What of a file, folder or archive is not as the contract has it."""
    with TemporaryDirectory() as folder:
        try:
            arrival = arrival_of(path, Path(folder))
        except UnsafeError as fault:
            return Diff(escaped(path.name), contract.name, others={escaped(path.name): str(fault)})
        if arrival is None:
            return Diff(escaped(path.name), contract.name, others={escaped(path.name): "empty"})
        at = (arrival.packed or path).absolute()
        day = clock.day()
        pending = Pending(1, None, path.name, at, arrival.sha256, day, is_whole=False)
        return _compared(pending, contract, Path(folder))


def _compared(pending: Pending, contract: Contract, folder: Path) -> Diff:
    name = escaped(pending.name)
    diff = Diff(name, contract.name)
    case = Case(pending, Outcome(1, None, name, pending.received_on), contract)
    try:
        bundle = open_bundle(*landed(pending), name)
        case.outcome.note(bundle.manifest)
    except Refused as fault:
        diff.others[name] = str(fault.problems[0])
        return diff
    spool = Spool(folder)
    matches: list[_Match] = []
    for member in bundle.members:
        try:
            matches += _add(member, case, contract, spool)
        except Refused as fault:
            diff.others[member.name] = fault.problems[0].message
    if matches:
        codes = _judge(case, spool)
        diff.tables.extend(_table_diff(one, contract, case, codes) for one in matches)
    held = {one.table for one in matches}
    wanted = [table for table, one in contract.tables.items() if one.required]
    diff.lacking.extend(table for table in wanted if table not in held)
    return diff


def _add(member: Member, case: Case, contract: Contract, spool: Spool) -> list[_Match]:
    """Spool the tables that a file holds; raises Refused where it is none or cannot be read."""
    found = _match_of(member, contract)
    if found.table in case.tallies:
        raise refuse("TABLE_TWICE", f"another file holds the table {found.table} too")
    draft = spool.draft(case.pending.submission_id)
    try:
        read = list(_read(found, contract, draft.add))
    except Refused:
        draft.take_back()
        raise
    for _, part in read:
        tally = Tally(part.file, part.records, part.duplicates, part.refused)
        case.tallies[part.table] = tally
    return [match for match, _ in read]


def _match_of(member: Member, contract: Contract) -> _Match:
    """The table of the contract that a file is, or is nearest to; raises Refused."""
    found = recognise(member)
    if found and found.contract.name == contract.name:
        if member.kind in TREES:
            return _Match(member, "", (), ",", {}, {})
        header = _header(member, contract, found.delimiter, found.header_line)
        match = _match(member, contract, found.table, header, found.delimiter)
        return replace(match, header_line=found.header_line)
    if found:
        message = f"it is a table of another extract, {found.contract.name}"
        raise refuse("AMBIGUOUS_EXTRACT", message)
    if member.kind == "empty":
        raise refuse("EMPTY_FILE", "it is empty")
    tried = [
        _match(member, contract, table, header, delimiter)
        for delimiter in (",", *OTHER_DELIMITERS)
        if (header := _header(member, contract, delimiter))
        for table in contract.tables
    ]
    best = max(tried, key=lambda one: len(one.positions), default=None)
    if best is None or not _is_enough(best, contract.tables[best.table]):
        message = f"its headings are not those of any table of {contract.name}"
        raise refuse("HEADER_MISMATCH", message)
    return best


def _header(member: Member, contract: Contract, delimiter: str, line: int = 1) -> tuple[str, ...]:
    if isinstance(member, Sheet):
        head = member.head[starts_of_lines(member.head, line)[-1] :]
        return header_of(head) if delimiter == "," else ()
    if member.kind in TREES:
        return ()
    read = read_text(member.opened, member.name, contract.encodings, delimiter, line)
    first = next(read, None)
    return tuple(first.header) if first else ()


def _is_enough(match: _Match, table: SentTable) -> bool:
    wanted = [name for name, column in table.columns.items() if not column.optional]
    held = len(match.positions)
    return held >= LEAST_KNOWN and held >= LEAST_SHARE * len(wanted)


def _match(
    member: Member, contract: Contract, name: str, header: tuple[str, ...], delimiter: str
) -> _Match:
    """Where each column stands: first by its names, then what is left by a near name."""
    table = contract.tables.get(name)
    if table is None:  # figures of an official series, all of which are read
        figures = [figure_name(heading) for heading in header]
        names = [(one, one) for one in figures]
        return _Match(member, name, header, delimiter, _places(figures, names), {})
    written = [compared(heading) for heading in header]
    meant = [table.headers.get(heading, "") for heading in written]
    positions = _places(written, table.headers.items())
    near: dict[str, str] = {}
    pairs = [
        (alike, place, column)
        for place, heading in enumerate(header)
        if not meant[place]
        for column in table.columns
        if column not in positions and (alike := _alike(heading, column, table)) >= NEAR
    ]
    for _, place, column in sorted(pairs, key=lambda one: (-one[0], one[1])):
        if column not in positions and header[place] not in near:
            positions[column] = place
            near[header[place]] = column
    return _Match(member, name, header, delimiter, positions, near)


def _places(written: list[str], names: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Where each column stands; of two headings for one, the contract's first is read."""
    places: dict[str, int] = {}
    for heading, column in names:
        if heading in written:
            places.setdefault(column, written.index(heading))
    return places


def _alike(heading: str, column: str, table: SentTable) -> float:
    names = [spelled for spelled, meant in table.headers.items() if meant == column]
    written = compared(heading)
    return max(SequenceMatcher(None, written, name).ratio() for name in names)


def _read(match: _Match, contract: Contract, keep: Keep) -> Iterator[tuple[_Match, Part]]:
    """The lines of each table go to `keep`; raises Refused where a file cannot be read."""
    member = match.member
    if member.kind in TREES:
        yield from _read_tree(match, contract, keep)
        return
    part = _part(match)
    of = Recognised(contract, match.table, member, match.delimiter, match.header_line)
    for lines in lines_of(of):
        part.count(lines)
        keep(contract, part, lines)
    yield match, part


def _read_tree(match: _Match, contract: Contract, keep: Keep) -> Iterator[tuple[_Match, Part]]:
    held: dict[str, tuple[_Match, Part]] = {}
    with match.member.opened() as file:
        for table, lines in reader_of(contract).read_tables(file, match.member.name):
            if table not in held:
                of_table = _match(match.member, contract, table, tuple(lines.header), ",")
                held[table] = of_table, _part(of_table)
            held[table][1].count(lines)
            keep(contract, held[table][1], lines)
    yield from held.values()


def _part(match: _Match) -> Part:
    return Part(match.table, match.member.name, match.header, match.positions, match.delimiter)


def _judge(case: Case, spool: Spool) -> dict[str, dict[str, dict[str, int]]]:
    """Judge what was read into the case's outcome; by table and column the unknown codes."""
    config = safe_config(memory_limit="1GB", threads=1)
    config["temp_directory"] = str(spool.folder / "spill")
    connection = open_quietly(None, config)
    try:
        set_key(connection, secrets.token_bytes(32))
        give_submissions(connection, [case])
        checks = check(connection, spool.close(), every_text=True)
        judge(connection, [case], checks)
        return {one.table: _unknown_codes(connection, one) for one in checks}
    finally:
        connection.close()


def _unknown_codes(
    connection: duckdb.DuckDBPyConnection, checked: Checked
) -> dict[str, dict[str, int]]:
    table = checked.contract.tables.get(checked.table)
    found: dict[str, dict[str, int]] = {}
    if table is None:
        return found
    for name, column in table.columns.items():
        # Rows of another kind are passed over and told as a note.
        is_read = name in checked.positions and name != table.reads_only
        if column.type in CODES and is_read:
            unread = "" if column.type == "codes" else f" where v_{name} is null"
            texts = connection.execute(
                f"select json_extract_string(row_text, '$.{name}') as text, count(*)"
                f" from {checked.relation}{unread} group by text"
            ).fetchall()
            if codes := _told(_unknown(texts, column)):
                found[name] = codes
    return found


def _unknown(texts: Iterable[tuple[str | None, int]], column: Column) -> Counter[str]:
    """How often each text that is no code stands in a column."""
    empty = blanks(column)
    known = {one.upper() for one in (*column.codes, *column.also_written)}
    counts: Counter[str] = Counter()
    for text, count in texts:
        for one in _elements(text or "") if column.type == "codes" else [(text or "").strip()]:
            is_known = column.type == "codes" and _code_of(one).upper() in known
            if one not in empty and not is_known:
                counts[one] += count
    return counts


def _elements(text: str) -> list[str]:
    """The codes of a list; none where it cannot be read, which is a fault of its own."""
    try:
        held = json.loads(text)
    except ValueError:
        return []
    return [str(one).strip() for one in held if one is not None] if _is_list(held) else []


def _is_list(held: object) -> bool:
    return isinstance(held, list | dict)


def _told(counts: Counter[str]) -> dict[str, int]:
    """The texts that may be shown, the commonest first; of others only how often they stand."""
    if len(counts) > MOST_CODES:
        return {WORDS: counts.total()}
    told: Counter[str] = Counter()
    for text, count in counts.items():
        told[_shown(text, count)] += count
    return dict(sorted(told.items(), key=lambda one: (-one[1], one[0])))


def _shown(text: str, count: int) -> str:
    code = _code_of(text)
    has_words = code != text
    if not CODE.fullmatch(code) or (has_words and not any(map(str.isdigit, code))):
        return WORDS
    if count < RARE and not SHORT.fullmatch(code):
        return OTHERS
    return f"{code} {WORDS}" if has_words else code


def _code_of(text: str) -> str:
    """What stands before the words of a code that is written with its meaning."""
    return FIRST_WORD.split(text.strip(), maxsplit=1)[0]


def _table_diff(
    match: _Match, contract: Contract, case: Case, codes: dict[str, dict[str, dict[str, int]]]
) -> TableDiff:
    table = contract.tables.get(match.table, NO_FIGURES)
    problems = [one for one in case.outcome.problems if one.table == match.table]
    tally = case.tallies[match.table]
    held = tally.spooled - tally.rejected - tally.passed_over
    of_table = codes.get(match.table, {})
    return TableDiff(
        match.member.name,
        match.table,
        held + tally.duplicates + len(tally.set_aside),
        _renamed(match, table),
        {_heading(one): meant for one, meant in match.near.items()},
        _missing(match, contract, table),
        _unknown_headings(match, contract, table),
        of_table,
        [one for one in problems if _is_of_value(one, table, of_table)],
        [one for one in problems if one.severity == "note"],
    )


def _is_of_value(problem: Problem, table: SentTable, codes: dict[str, dict[str, int]]) -> bool:
    """Whether a value or a line cannot be read; unknown codes are told one by one."""
    column = table.columns.get(problem.column or "")
    by_text = {fault.rule for fault in judgement(column).faults} if column else set()
    is_told = problem.rule == "CODE_UNKNOWN" and problem.column in codes
    is_figure = table is NO_FIGURES and problem.rule != "TOO_MANY_BAD_ROWS"
    is_of_value = problem.rule in {*by_text, *MISSING, *SET_ASIDE} or is_figure
    return is_of_value and problem.severity != "note" and not is_told


def _renamed(match: _Match, table: SentTable) -> dict[str, str]:
    """Headings that are another name of a column than its first."""
    return {
        match.header[place]: column
        for column, place in match.positions.items()
        if column in table.columns
        and match.header[place] not in match.near
        and compared(match.header[place]) != compared(column)
    }


def _missing(match: _Match, contract: Contract, table: SentTable) -> list[str]:
    held = set(match.positions) - set(match.near.values())
    if contract.reader == "published":
        return [name for name in contract.measures if figure_name(name) not in held]
    return [
        name
        for name, column in table.columns.items()
        if name not in match.positions and not column.optional
    ]


def _unknown_headings(match: _Match, contract: Contract, table: SentTable) -> list[str]:
    if contract.reader == "published":
        return []
    return [
        _heading(one)
        for one in match.header
        if compared(one) not in table.headers and one not in match.near
    ]


def _heading(written: str) -> str:
    """A heading, unless it looks like a value, as in a file without a header."""
    return NOT_SHOWN if MANY_DIGITS.match(written) else escaped(written)
