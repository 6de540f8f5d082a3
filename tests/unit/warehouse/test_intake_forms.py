"""Forms that change no meaning give the rows of the plain form, in every extract and container.

The plain form of each return is the example of its senders' page: one row of each table, right and
nobody's. Every form of it is written into every container that can carry the extract; all are taken
in as one batch, and their kept rows compared with those of the plain form.
"""

import csv
import io
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import intake_files as files
import openpyxl
import pytest
from opendocument import spreadsheet
from test_intake_xml import ABSENT, CARE, census

from sightline.senders import pages as senders
from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Column, Contract, SentTable, date_formats
from sightline.warehouse.intake.batch import Workshop, load_batch
from sightline.warehouse.intake.read.days import day_of
from sightline.warehouse.intake.write import Files
from sightline.warehouse.submission import Outcome, Pending

pytestmark = pytest.mark.slow

CONTRACTS = contracts.load()
CELLS = [name for name, one in CONTRACTS.items() if one.reader == "csv"]
FIGURES = [name for name, one in CONTRACTS.items() if one.reader == "published"]
MONTH = {"period_start": "2026-03-01", "period_end": "2026-03-31", "released_on": "2026-03-26"}
DAYS = ("date", "month")
# A table by which a return says whose it is and for when: it is read before any value is judged.
TELLING_WHOSE = ("schoolcensus",)
Cell = Any
Row = list[Cell]


@dataclass(frozen=True)
class Table:
    """A table of a return as text; `columns` says what the contract has for each heading."""

    header: list[str]
    rows: list[Row]
    columns: list[Column | None]


Return = dict[str, Table]


def plain(contract: Contract) -> Return:
    """The tables of the example on a page."""
    if contract.reader == "published":
        return {
            "figures": _table(
                senders.figures_example(contract), SentTable(recognise=(), columns={})
            )
        }
    return {name: _table(senders.example(one), one) for name, one in contract.tables.items()}


def _table(text: str, table: SentTable) -> Table:
    header, *rows = csv.reader(io.StringIO(text))
    return Table(header, rows, [table.columns.get(name) for name in header])


# Forms of a cell: another text of the same meaning, or None where the form does not apply.
Form = Callable[[str, Column], Cell | None]


def _day(text: str, column: Column) -> date:
    return datetime.strptime(text, date_formats()[column.format].strptime).date()  # noqa: DTZ007


def days(pattern: str) -> Form:
    """Days written in another way."""

    def form(text: str, column: Column) -> Cell | None:
        if column.type not in DAYS:
            return None
        written = _day(text, column).strftime(pattern)
        return written if written != text else None

    return form


def lower(text: str, column: Column) -> Cell | None:
    is_code = column.type in ("code", "codes", "boolean", "upn")
    return text.lower() if is_code and text.lower() != text else None


def decimals(text: str, column: Column) -> Cell | None:
    is_whole = column.type in ("integer", "number", "code") and re.fullmatch(r"\d+", text)
    return f"{text}.0" if is_whole and not column.pad else None


def blanks_around(text: str, _column: Column) -> Cell | None:
    return f" {text}\t"


def behind_its_code(text: str, column: Column) -> Cell | None:
    """A code with its meaning, where it cannot be taken for another word."""
    has_words = column.type == "code" and not column.spellings and text in column.codes
    return f"{text} - some words" if has_words and re.fullmatch(r"[A-Z]*\d+[A-Z]?", text) else None


CELL_FORMS: dict[str, Form] = {
    "midnight": days("%Y-%m-%d 00:00:00"),
    "midnight with fractions": days("%Y-%m-%d 00:00:00.000"),
    "day first": days("%d/%m/%Y"),
    "day first with midnight": days("%d/%m/%Y 00:00:00"),
    "day first with a short midnight": days("%d/%m/%Y 0:00"),
    "T between": days("%Y-%m-%dT00:00:00"),
    "a time of day": days("%Y-%m-%d 14:05:00"),
    "iso": days("%Y-%m-%d"),
    "as a census": days("%Y-%b-%d 00:00:00"),
    "lower case": lower,
    "decimals": decimals,
    "blanks around": blanks_around,
    "words behind": behind_its_code,
}
# What stands for nothing, in the cells that may be blank; to be as if they were.
NOTHING = ("NULL", "null", "placeholder")
HEADINGS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "title": str.title,
    "underscores": lambda one: re.sub(r"\W+", "_", one).strip("_"),
    "blanks": lambda one: one.replace("_", " "),
    "blanks around": lambda one: f" {one} ",
}


def in_cells(told: Return, form: Form) -> Return:
    return {
        name: Table(
            one.header,
            [
                [
                    _changed(form, text, column)
                    for text, column in zip(row, one.columns, strict=True)
                ]
                for row in one.rows
            ],
            one.columns,
        )
        for name, one in told.items()
    }


def _changed(form: Form, text: str, column: Column | None) -> Cell:
    changed = form(text, column) if column and text else None
    return text if changed is None else changed


def _may_be_blank(one: Table, place: int) -> bool:
    column = one.columns[place]
    return column is not None and not column.required


def blank(told: Return, word: str = "") -> Return:
    """Every cell that may be blank holds a word that stands for nothing."""
    return {
        name: one
        if name in TELLING_WHOSE
        else Table(
            one.header,
            [
                [
                    _word(word, one.columns[place]) if _may_be_blank(one, place) else text
                    for place, text in enumerate(row)
                ]
                for row in one.rows
            ],
            one.columns,
        )
        for name, one in told.items()
    }


def _word(word: str, column: Column | None) -> str:
    if word != "placeholder" or column is None:
        return word
    return column.blanks[0] if column.blanks else ""


def with_headings(told: Return, form: Callable[[str], str]) -> Return:
    return {
        name: Table([form(heading) for heading in one.header], one.rows, one.columns)
        for name, one in told.items()
    }


def with_blank_rows(told: Return) -> Return:
    return {
        name: Table(
            one.header,
            [[""] * len(one.header), *one.rows, [" "] * len(one.header), [""] * len(one.header)],
            one.columns,
        )
        for name, one in told.items()
    }


# Containers: the bytes of a bundle.
Container = Callable[[Return, dict[str, Any] | None], bytes]


def text_of(one: Table, delimiter: str = ",", end: str = "\n") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows([one.header, *one.rows])
    return out.getvalue()


def zipped(encoding: str = "utf-8", delimiter: str = ",", end: str = "\n") -> Container:
    def container(told: Return, manifest: dict[str, Any] | None) -> bytes:
        tables = {
            f"{name}.csv": text_of(one, delimiter, end).encode(encoding)
            for name, one in told.items()
        }
        return files.zipped(tables, manifest)

    return container


def workbook(convert: Callable[[Cell, Column | None], Cell]) -> Container:
    def container(told: Return, manifest: dict[str, Any] | None) -> bytes:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, one in told.items():
            sheet = book.create_sheet(name[:31])
            sheet.append(one.header)
            for row in one.rows:
                sheet.append(
                    [convert(cell, column) for cell, column in zip(row, one.columns, strict=True)]
                )
        out = io.BytesIO()
        book.save(out)
        return files.zipped({"return.xlsx": out.getvalue()}, manifest)

    return container


def opened_sheets(told: Return, manifest: dict[str, Any] | None) -> bytes:
    """An OpenDocument spreadsheet, with a sheet for each table and cells as they are typed."""
    sheets = {
        name: [
            one.header,
            *(
                [as_typed(cell, column) for cell, column in zip(row, one.columns, strict=True)]
                for row in one.rows
            ),
        ]
        for name, one in told.items()
    }
    return files.zipped({"return.ods": spreadsheet(sheets)}, manifest)


def as_typed(cell: Cell, column: Column | None) -> Cell:
    """What a spreadsheet makes of a cell that somebody types: a day, a number, or text."""
    if not cell or column is None:
        return cell or None
    if column.type in DAYS:
        day = day_of(cell) if " " not in cell and "T" not in cell else None
        return datetime.combine(day, time()) if day else cell
    is_number = column.type in ("integer", "number") or (column.type == "code" and not column.pad)
    return float(cell) if is_number and re.fullmatch(r"\d+(\.\d+)?", cell) else cell


CONTAINERS: dict[str, Container] = {
    "csv": zipped(),
    "csv with a mark": zipped("utf-8-sig"),
    "csv of Windows": zipped(end="\r\n"),
    "utf-16": zipped("utf-16"),
    "cp1252": zipped("cp1252"),
    "semicolons": zipped(delimiter=";"),
    "workbook of text": workbook(lambda cell, _: cell or None),
    "workbook": workbook(as_typed),
    "workbook ods": opened_sheets,
}


def can_carry(contract: Contract, container: str) -> bool:
    needed = {"cp1252": "cp1252" in contract.encodings, "semicolons": ";" in contract.delimiters}
    is_book = container.startswith("workbook")
    return needed.get(container, True) and not (is_book and contract.reader == "published")


def forms(contract: Contract) -> Iterator[tuple[str, Return, str]]:
    """Each form of a return by name, and the form whose rows it must give."""
    told = plain(contract)
    yield "plain", told, "plain"
    yield "blank", blank(told), "blank"
    for name, form in CELL_FORMS.items():
        if (changed := in_cells(told, form)) != told:
            yield name, changed, "plain"
    for word in NOTHING:
        if (changed := blank(told, word)) != blank(told):
            yield word, changed, "blank"
    for name, heading in HEADINGS.items():
        # A publisher's headings are a standard, in which underscores tell names apart.
        if contract.reader == "published" and name in ("underscores", "blanks"):
            continue
        if (changed := with_headings(told, heading)) != told:
            yield f"headings {name}", changed, "plain"
    yield "rows of blanks", with_blank_rows(told), "plain"


@dataclass(frozen=True)
class Trial:
    extract: str
    container: str
    form: str
    told: Return
    like: str

    def __str__(self) -> str:
        return f"{self.extract}-{self.container}-{self.form}"

    @property
    def bytes(self) -> bytes:
        contract = CONTRACTS[self.extract]
        manifest = MONTH
        if contract.period.found_in == "census":
            manifest = MONTH | senders.CENSUS
        return CONTAINERS[self.container](self.told, manifest)


TRIALS = [
    Trial(extract, container, form, told, like)
    for extract in (*CELLS, *FIGURES)
    for container in CONTAINERS
    if can_carry(CONTRACTS[extract], container)
    for form, told, like in forms(CONTRACTS[extract])
]


class Taken:
    """One batch of many submissions: the outcome and the kept rows of each."""

    def __init__(self, folder: Path, contents: dict[str, tuple[str, bytes]]) -> None:
        self.files = Files(folder / "raw", folder / "quarantine")
        pending = []
        self.numbers: dict[str, int] = {}
        for number, (name, (sender, content)) in enumerate(contents.items(), 1):
            path = folder / str(number)
            path.write_bytes(content)
            self.numbers[name] = number
            digest = sha256(content).hexdigest()
            pending.append(Pending(number, sender, f"{number}.zip", path, digest, files.TODAY))
        workshop = Workshop(folder / "spool", secrets.token_bytes(32), self.files)
        self.outcomes = {one.submission_id: one for one in load_batch("b", pending, workshop)}
        self.rows: dict[int, list[Any]] = {number: [] for number in self.numbers.values()}
        with duckdb.connect() as connection:
            for path in sorted(self.files.raw.glob("*/*.parquet")):
                found = connection.execute(
                    f"select submission_id, * exclude (submission_id, line) from '{path}'"
                    " order by all"
                ).fetchall()
                for number, *values in found:
                    self.rows[number].append((path.parent.name, *values))

    def outcome(self, name: str) -> Outcome:
        return self.outcomes[self.numbers[name]]

    def kept(self, name: str) -> list[Any]:
        return self.rows[self.numbers[name]]


def sender_of(extract: str) -> str:
    return PUBLISHER if CONTRACTS[extract].sent_by == "publisher" else senders.AUTHORITY


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    folder = tmp_path_factory.mktemp("forms")
    return Taken(folder, {str(one): (sender_of(one.extract), one.bytes) for one in TRIALS})


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_a_form_that_changes_no_meaning_gives_the_same_rows(taken: Taken, trial: Trial) -> None:
    outcome = taken.outcome(str(trial))
    assert outcome.extract == trial.extract, outcome.problems
    expected = f"{trial.extract}-csv-{trial.like}"
    assert taken.kept(str(trial)) == taken.kept(expected), outcome.problems
    plainly = taken.outcome(expected)
    assert (outcome.records, outcome.accepted) == (plainly.records, plainly.accepted)
    is_right = trial.like == "plain"
    assert (outcome.quarantined, outcome.duplicates) == (0, 0) or not is_right


BY_TYPE = {
    "code": "CODE_FORM",
    "boolean": "CODE_FORM",
    "integer": "NUMBER_FORM",
    "number": "NUMBER_FORM",
    "date": "DATE_FORM",
    "month": "DATE_FORM",
}
# Of a list of codes and a pupil number the letter case is no form of its own.
TOLD = [
    one
    for one in TRIALS
    if one.container == "csv" and one.extract in CELLS and one.form in (*CELL_FORMS, *NOTHING)
]


def expected_note(column: Column, before: str, after: str) -> str | None:
    """The note that a changed cell deserves."""
    if after in (*NOTHING, *column.blanks):
        return "BLANK_WORD"
    if after.strip() == before or column.type not in BY_TYPE or column.spellings:
        return None
    if column.type in DAYS:
        pattern = date_formats()[column.format].pattern
        return None if re.fullmatch(pattern, after) else BY_TYPE[column.type]
    words = {*column.codes, *column.same_as}
    is_plain = after in words or (column.type == "boolean" and not column.same_as)
    return None if is_plain else BY_TYPE[column.type]


@pytest.mark.parametrize("trial", TOLD, ids=str)
def test_a_form_is_told_as_a_note_by_column(taken: Taken, trial: Trial) -> None:
    before = blank(plain(CONTRACTS[trial.extract])) if trial.like == "blank" else None
    before = before or plain(CONTRACTS[trial.extract])
    expected = {
        (name, heading, rule)
        for name, one in trial.told.items()
        for row, old in zip(one.rows, before[name].rows, strict=True)
        for heading, column, text, was in zip(one.header, one.columns, row, old, strict=True)
        if column and text != was and (rule := expected_note(column, was, text))
    }
    notes = [one for one in taken.outcome(str(trial)).problems if one.severity == "note"]
    told = {(one.table, one.column, one.rule) for one in notes if one.column}
    assert told == expected
    assert all(one.count >= 1 for one in notes)


@pytest.mark.parametrize("extract", CELLS)
def test_rows_of_blanks_are_counted_as_a_note(taken: Taken, extract: str) -> None:
    notes = [
        one
        for one in taken.outcome(f"{extract}-csv-rows of blanks").problems
        if one.rule == "BLANK_ROWS"
    ]
    tables = plain(CONTRACTS[extract])
    assert [(one.severity, one.count) for one in notes] == [("note", 3)] * len(tables)


# What loses meaning, in each column of its kind: what is written, and what must be said.
@dataclass(frozen=True)
class Loss:
    extract: str
    table: str
    column: str
    text: Cell
    rule: str
    container: str = "csv"

    def __str__(self) -> str:
        return f"{self.extract}-{self.table}-{self.column}-{self.text}-{self.container}"

    @property
    def sent(self) -> Column:
        return CONTRACTS[self.extract].tables[self.table].columns[self.column]

    @property
    def bytes(self) -> bytes:
        told = plain(CONTRACTS[self.extract])
        one = told[self.table]
        place = one.header.index(self.column)
        rows = [[self.text if at == place else x for at, x in enumerate(row)] for row in one.rows]
        changed = told | {self.table: Table(one.header, rows, one.columns)}
        manifest = MONTH
        if CONTRACTS[self.extract].period.found_in == "census":
            manifest = MONTH | senders.CENSUS
        return CONTAINERS[self.container](changed, manifest)


def losses() -> Iterator[Loss]:
    for extract in CELLS:
        for name, table in CONTRACTS[extract].tables.items():
            if name in TELLING_WHOSE:
                continue
            for heading, column in table.columns.items():
                yield from _losses(extract, name, heading, column)


def _losses(extract: str, table: str, heading: str, column: Column) -> Iterator[Loss]:
    match column.type:
        case "id":
            yield Loss(extract, table, heading, "1.23457E+12", "ID_EXPONENT")
            yield Loss(extract, table, heading, 1234567890123456789, "ID_PRECISION", "workbook")
        case "integer" if column.minimum == 0:
            yield Loss(extract, table, heading, "1.5", "INTEGER")
            yield Loss(extract, table, heading, "-1", "OUT_OF_RANGE")
        case "code" | "boolean" if table_reads(extract, table) != heading:
            yield Loss(extract, table, heading, "QX77", "CODE_UNKNOWN")
        case "date" | "month":
            yield Loss(extract, table, heading, "31/02/2026", "DATE_INVALID")


def table_reads(extract: str, table: str) -> str | None:
    return CONTRACTS[extract].tables[table].reads_only


LOSSES = list(losses())


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    folder = tmp_path_factory.mktemp("losses")
    return Taken(folder, {str(one): (sender_of(one.extract), one.bytes) for one in LOSSES})


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_what_loses_meaning_is_named_by_column(taken: Taken, lost: Taken, loss: Loss) -> None:
    """Where the row says nothing without it, the row is out; else the event stays, blank there."""
    outcome = lost.outcome(str(loss))
    named = [
        one
        for one in outcome.problems
        if (one.table, one.column, one.rule) == (loss.table, loss.column, loss.rule)
    ]
    assert named, outcome.problems
    is_out = loss.sent.required or loss.sent.strict or loss.container == "workbook"
    assert named[0].severity == ("error" if is_out else "query")
    assert (outcome.quarantined > 0) == is_out
    if not is_out:
        assert len(lost.kept(str(loss))) == len(taken.kept(f"{loss.extract}-csv-plain"))


# Returns in XML: what stands in elements, in other forms.
XML = {"cin_census": census(3), "ssda903": CARE.format(upn=files.upn(1), inside=ABSENT, beside="")}
IN_ELEMENT = re.compile(r">([^<>\s][^<>]*)<")
IN_XML: dict[str, Callable[[str], str]] = {
    "plain": str,
    "midnight": lambda text: f"{text} 00:00:00" if _is_day(text) else text,
    "T between": lambda text: f"{text}T00:00:00" if _is_day(text) else text,
    "day first": lambda text: _written(text, "%d/%m/%Y"),
    "iso": lambda text: _written(text, "%Y-%m-%d"),
    "lower case": lambda text: text.lower() if len(text) <= 3 else text,
    "blanks around": lambda text: f"\n  {text} ",
}


def _is_day(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}", text) is not None


def _written(text: str, pattern: str) -> str:
    if not _is_day(text):
        return text
    form = "%Y-%m-%d" if text[4] == "-" else "%d/%m/%Y"
    return datetime.strptime(text, form).strftime(pattern)  # noqa: DTZ007


def in_xml(extract: str, form: Callable[[str], str]) -> str:
    """Every element of the children in another form; what heads the return stands as it is."""
    head, tag, body = XML[extract].rpartition("<Children>")
    return head + tag + IN_ELEMENT.sub(lambda found: f">{form(found[1])}<", body)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    year = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
    contents = {}
    for extract in XML:
        for name, form in IN_XML.items():
            held = {"return.xml": in_xml(extract, form)}
            manifest = year if CONTRACTS[extract].period.found_in != "header" else None
            contents[f"{extract}-{name}"] = ("301", files.zipped(held, manifest))
    return Taken(tmp_path_factory.mktemp("streamed"), contents)


@pytest.mark.parametrize("extract", XML)
@pytest.mark.parametrize("form", IN_XML)
def test_a_form_in_xml_gives_the_same_rows(streamed: Taken, extract: str, form: str) -> None:
    outcome = streamed.outcome(f"{extract}-{form}")
    assert streamed.kept(f"{extract}-{form}") == streamed.kept(f"{extract}-plain")
    assert outcome.accepted == streamed.outcome(f"{extract}-plain").accepted > 0
    assert outcome.quarantined == 0
    notes = {one.rule for one in outcome.problems if one.severity == "note"}
    is_other = in_xml(extract, IN_XML[form]) != XML[extract] and form != "blanks around"
    assert bool(notes) == is_other, notes
