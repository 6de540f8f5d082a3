"""Contracts: what each extract looks like, as data. A new extract of CSV tables is a new folder."""

import re
from collections.abc import Collection, Iterable
from datetime import date, timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sightline.warehouse import yaml_files
from sightline.warehouse.calendar import Span, event_window
from sightline.warehouse.contracts.rules import (
    Beside,
    CarriedOver,
    Event,
    Figures,
    Parent,
    Rule,
    Strict,
    VitalSign,
    Years,
)
from sightline.warehouse.errors import ConfigurationError

FOLDER = Path(__file__).parent

ColumnType = Literal[
    "id", "upn", "date", "month", "code", "codes", "boolean", "integer", "number", "text"
]
RAW_TYPES = {
    "id": "bigint",
    "upn": "bigint",
    "date": "date",
    "month": "date",
    "code": "varchar",
    "codes": "varchar",
    "boolean": "boolean",
    "integer": "integer",
    "number": "double",
    "text": "varchar",
}
PUBLISHED_FIGURES = {
    "series": "varchar",
    "time_period": "varchar",
    "time_identifier": "varchar",
    "geographic_level": "varchar",
    "area_code": "varchar",
    "la_code": "varchar",
    "filter": "varchar",
    "measure": "varchar",
    "value": "double",
    "marker": "varchar",
}
RAW_HEAD = {"submission_id": "integer", "line": "integer"}
NAME = re.compile(r"[a-z][a-z0-9_]*")
WORDS = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")


@lru_cache(maxsize=4096)
def compared(header: str) -> str:
    """A heading as it is compared: only its letters and digits, in small letters, count."""
    return "".join(one for one in header.lower() if one.isalnum())


def figure_name(header: str) -> str:
    """A heading of a published series, whose measures are kept under the names of the release."""
    return "".join(header.lower().split())


class DateFormat(BaseModel):
    """One way to write a date: as people say it, as a pattern and as strptime reads it.

    `day` and `day_strptime` are the same of the day alone, hyphens between its parts.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str
    pattern: str
    strptime: str
    day: str
    day_strptime: str


class Code(Years):
    """A code of a list and what it means; for `same_as`, a spelling and the code it stands for."""

    means: str


class Column(Years):
    type: ColumnType
    means: str = ""
    official: dict[str, str] = Field(default_factory=dict)
    """By rule, the number that it has in the official rules for this column."""
    kind: str | None = None
    raw: str | None = None
    """Under which name it is kept. Where several columns share one, the first that is filled is."""
    told_as: str | None = None
    """The name of a mark on each row: whether the file has this column at all."""
    required: bool = False
    """Whether a row says nothing without it: the identity of an event or child, its day, its kind.
    What cannot be read in any other column is blank, and its sender is asked."""
    strict: bool = False
    """Whether the row would say something else without it: blank it may be, but what cannot be
    read keeps the row out."""
    asked_for: bool = False
    """Whether a sender is asked where it is blank."""
    blanks: tuple[str, ...] = ()
    """What is written where there is nothing, beside the word NULL."""
    optional: bool = False
    may_be_future: bool = False
    filled_later: bool = False
    """Blank at first and filled as time goes by, so that how full it is says nothing."""
    in_period: bool = False
    not_before: str | None = None
    format: str = "iso"
    codes: dict[str, Code] = Field(default_factory=dict)
    same_as: dict[str, Code] = Field(default_factory=dict)
    pattern: str | None = None
    example: str = ""
    minimum: float | None = None
    maximum: float | None = None
    aliases: tuple[str, ...] = ()
    pad: int = 0
    """How many digits a code has that a workbook may hold as a number, without its first zeros."""
    spellings: dict[str, str] = Field(default_factory=dict)
    """Words that senders write instead of a code, in small letters; other ways fold to them."""

    @property
    def also_written(self) -> dict[str, str]:
        """Whatever a sender may write for a code, and the code."""
        return {word: code.means for word, code in self.same_as.items()} | self.spellings

    @field_validator("codes", "same_as", mode="before")
    @classmethod
    def words_alone_are_a_code(cls, codes: dict[str, Any]) -> dict[str, Any]:
        return {
            code: {"means": meant} if isinstance(meant, str) else meant
            for code, meant in codes.items()
        }

    @model_validator(mode="after")
    def is_complete(self) -> Self:
        if self.type == "id" and not self.kind:
            raise ValueError("an id needs its kind, such as person")
        if self.type in ("code", "codes") and not self.codes:
            raise ValueError("a code needs its list")
        if self.type == "text" and not self.pattern:
            raise ValueError("text is only kept when a pattern says what it may hold")
        if unknown := {meant.means for meant in self.same_as.values()} - set(self.codes):
            raise ValueError(f"same_as names codes outside the list: {sorted(unknown)}")
        if strange := [word for word in self.spellings if not WORDS.fullmatch(word)]:
            raise ValueError(f"spellings hold small letters, digits and blanks: {strange}")
        if unknown := set(self.spellings.values()) - set(self.codes):
            raise ValueError(f"spellings name codes outside the list: {sorted(unknown)}")
        return self


class UnreadTable(Strict):
    """A table that belongs to an extract and is not used; nothing of it is read or kept."""

    title: str
    recognise: tuple[str, ...]
    """Headings of which two are enough to know the table, or one where there is no other."""
    named: tuple[str, ...] = ()
    """What files and sheets that hold it are called, beside its own name."""
    known: tuple[str, ...] = ()

    @cached_property
    def headers(self) -> frozenset[str]:
        """Its headings as they are compared."""
        return frozenset(map(compared, (*self.recognise, *self.known)))


class SentTable(Strict):
    title: str = ""
    means: str = ""
    raw: str | None = None
    recognise: tuple[str, ...]
    named: tuple[str, ...] = ()
    """What files and sheets that hold it are called, beside its own name; asked only where
    headings fit two tables."""
    never_named: tuple[str, ...] = ()
    """Words in the name of a file or sheet that say it is another table."""
    required: bool = False
    unique: tuple[str, ...] = ()
    parent: Parent | None = None
    event: Event | None = None
    carried_over: CarriedOver | None = None
    beside: dict[str, Beside] = Field(default_factory=dict)
    """What its rows usually have, by name: a share that changes is a vital sign."""
    qualifies: str | None = None
    """The table that would say something else without this one: if this one is set aside, that
    one is not told either."""
    reads_only: str | None = None
    """The column whose codes tell the rows that are read; all others are passed over."""
    passes_over: tuple[str, ...] = ()
    """Words of values in that column, in small letters, that are known to be of no use. With any,
    other rows that are passed over are asked about."""
    columns: dict[str, Column]
    rules: tuple[Rule, ...] = ()
    known: tuple[str, ...] = ()

    @cached_property
    def headers(self) -> dict[str, str]:
        """Every spelling of a header, as it is compared, and the column that it means."""
        columns = (
            (alias, name)
            for name, column in self.columns.items()
            for alias in (name, *column.aliases)
        )
        return _meant([*columns, *((name, name) for name in self.known)])

    @model_validator(mode="after")
    def headings_are_told_apart(self) -> Self:
        _ = self.headers
        return self


def _meant(spellings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """By spelling as it is compared, the column; raises ValueError where two are spelt alike."""
    found: dict[str, str] = {}
    for spelling, name in spellings:
        if found.setdefault(compared(spelling), name) != name:
            raise ValueError(f"{spelling} is a heading of {found[compared(spelling)]} and {name}")
    return found


class Period(Strict):
    """Which days an extract speaks for, and where that is read when no manifest says so."""

    every: Literal["month", "quarter", "term", "year", "any"]
    found_in: Literal[
        "manifest", "header", "census", "dates", "window", "snapshot", "time_period"
    ] = "manifest"
    named: str | None = None
    """What stands in the names of files that tell the term too: a pattern with the groups `year`
    and `term`."""
    example: str = ""
    """A name that tells it."""

    @model_validator(mode="after")
    def names_tell_a_term(self) -> Self:
        if self.named and not {"year", "term"} <= set(re.compile(self.named).groupindex):
            raise ValueError("names of files tell a year and a term")
        return self


Window = Literal["period", "term_before", "two_terms_before"]
"""Which days a submission tells of: those of its period, or of terms that ended before it."""


class Told(Strict):
    """Of which days a submission tells something, and the tables that it must hold to do so."""

    days: Window = "period"
    tables: tuple[str, ...] = ()


OFTEN = ("month", "quarter", "term", "year")


class Due(Strict):
    """How often a return is owed, and how many days after its period ends or starts."""

    every: Literal["month", "quarter", "term", "year"]
    days: int
    counted_from: Literal["start", "end"] = "end"

    def begins_on(self, period: Span) -> date:
        """The day of a period from which the days to its due date are counted."""
        return period.start if self.counted_from == "start" else period.end

    def due_on(self, period: Span) -> date:
        """The last day on which the return of a period is not late."""
        return self.begins_on(period) + timedelta(days=self.days)


class Contract(Strict):
    name: str
    title: str
    short_title: str
    """What it is called on the report's pages; for an official series, whose figures they are."""
    sent_by: Literal["authority", "publisher"]
    family: str
    rank: int = 1
    tells: dict[str, Told] = Field(default_factory=dict)
    """What it is a source of, in the words that indicators use, and of which days."""
    reader: Literal["csv", "xml", "published"] = "csv"
    root: str | None = None
    told_by_key: str | None = None
    """A key that each record has where the extract comes as JSON."""
    period: Period
    due: Due | None = None
    resends: Literal["rolling", "whole", "never"] = "never"
    """What a return repeats of earlier ones: the months before its own, whose newest is therefore
    provisional until it is sent again; the whole of its year so far; or nothing."""
    shows_delay: bool = False
    """Whether the delay with which referrals are recorded is learned from what it resends."""
    max_bad_share: float = 0.1
    vital_signs: dict[str, VitalSign] = Field(default_factory=dict)
    nil_return: bool = False
    encodings: tuple[Literal["utf-8", "cp1252"], ...] = ("utf-8",)
    blanks: tuple[str, ...] = ()
    """What its senders write where there is nothing, in any column."""
    delimiters: tuple[str, ...] = (",",)
    measures: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """Of a published series with many measures, those that are kept; none means all."""
    filter: tuple[str, ...] = ()
    """The column that parts a published series, by every name that releases have given it."""
    figures: Figures = Figures()
    tables: dict[str, SentTable] = Field(default_factory=dict)
    not_read: dict[str, UnreadTable] = Field(default_factory=dict)
    """Tables that may travel with the others and are named and passed over."""

    @field_validator("name")
    @classmethod
    def name_is_plain(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("names hold small letters, digits and underscores")
        return name

    @field_validator("tells", mode="before")
    @classmethod
    def days_alone_are_enough(cls, tells: dict[str, Any]) -> dict[str, Any]:
        return {
            source: {"days": told} if isinstance(told, str) else told
            for source, told in tells.items()
        }

    @model_validator(mode="after")
    def names_are_plain(self) -> Self:
        columns = [column for table in self.tables.values() for column in table.columns.values()]
        kept = [name for column in columns for name in (column.raw, column.told_as)]
        names = [*self.tables, *(table.raw for table in self.tables.values()), *kept]
        if bad := [name for name in names if name and not NAME.fullmatch(name)]:
            raise ValueError(f"names hold small letters, digits and underscores: {bad}")
        if strange := [
            rule.rule
            for table in self.tables.values()
            for rule in table.rules
            if rule.column not in table.columns
        ]:
            raise ValueError(f"rules name a column that their table lacks: {strange}")
        if strange := [
            name
            for table in self.tables.values()
            for name in (table.event.columns if table.event else ())
            if name not in table.columns
        ]:
            raise ValueError(f"an event names a column that its table lacks: {strange}")
        if strange := [
            table.event.source
            for table in self.tables.values()
            if table.event and table.event.source and table.event.source not in self.sources
        ]:
            raise ValueError(f"an event names a source that is not told: {strange}")
        if strange := [
            table.reads_only
            for table in self.tables.values()
            if table.reads_only and table.reads_only not in table.columns
        ]:
            raise ValueError(f"reads_only names a column that its table lacks: {strange}")
        words = [word for table in self.tables.values() for word in table.passes_over]
        if strange := [word for word in words if not WORDS.fullmatch(word)]:
            raise ValueError(f"passes_over holds small letters, digits and blanks: {strange}")
        if strange := [
            table.parent.also_by
            for table in self.tables.values()
            if table.parent and table.parent.also_by and table.parent.also_by not in table.columns
        ]:
            raise ValueError(f"also_by names a column that its table lacks: {strange}")
        if strange := sorted(self.telling_tables - set(self.tables)):
            raise ValueError(f"tells names tables that it lacks: {strange}")
        if self.reader == "published" and not (self.measures or self.figures.long):
            raise ValueError("a published series needs measures to be recognised by")
        return self

    def can_do_without(self, table: str, held: Collection[str]) -> bool:
        """Whether a return still says what it is for without one of the tables that it holds.

        A return in XML is one whole, and without a needed table beside it nothing would be left.
        """
        needed = {name for name, one in self.tables.items() if one.required}
        return self.reader == "csv" and table not in needed and not needed.isdisjoint(held)

    @property
    def sources(self) -> dict[str, Told]:
        """What it tells, by source; a contract that does not say so tells of its family."""
        return self.tells or {self.family: Told()}

    @property
    def telling_tables(self) -> set[str]:
        """The tables without which a submission does not tell all that it may."""
        return {table for told in self.tells.values() for table in told.tables}

    def windows(self, period: Span, tables: Collection[str] | None = None) -> dict[str, Span]:
        """The days that a submission for a period tells of, by what it tells.

        `tables` are those of `telling_tables` that it holds: what needs another one is not told,
        which is not the same as nought. Without them, all that it may tell.
        """
        return {
            source: event_window(one.days, period)
            for source, one in self.sources.items()
            if tables is None or set(one.tables) <= set(tables)
        }

    def window(self, period: Span) -> Span:
        """All the days that a submission for a period tells of anything."""
        spans = self.windows(period).values()
        return Span(min(one.start for one in spans), max(one.end for one in spans))

    def raw_tables(self) -> dict[str, dict[str, str]]:
        """The raw tables that this extract fills, with the type of each column."""
        if self.reader == "published":
            return {"published_figures": PUBLISHED_FIGURES}
        tables: dict[str, dict[str, str]] = {}
        for table in self.tables.values():
            if table.raw:
                held = tables.setdefault(table.raw, {})
                held |= {c.raw: RAW_TYPES[c.type] for c in table.columns.values() if c.raw}
                held |= {c.told_as: "boolean" for c in table.columns.values() if c.told_as}
        return tables


@cache
def date_formats() -> dict[str, DateFormat]:
    """The ways to write dates that contracts may name."""
    texts = yaml_files.read(FOLDER / "dates.yml")
    return {name: DateFormat.model_validate(text) for name, text in texts.items()}


@cache
def load() -> dict[str, Contract]:
    """Every contract by its name, which is its folder's."""
    paths = sorted(FOLDER.glob("*/contract.yml"))
    return {path.parent.name: load_one(path) for path in paths}


def by_due() -> list[Contract]:
    """The contracts of returns that are due, those due most often first."""
    often = {every: place for place, every in enumerate(OFTEN)}
    owed = [(contract, contract.due) for contract in load().values() if contract.due]
    return [contract for contract, due in sorted(owed, key=lambda one: often[one[1].every])]


def load_one(path: Path) -> Contract:
    shared = yaml_files.read(FOLDER / "codes.yml")
    text = yaml_files.read(path)
    text["name"] = path.parent.name
    lists = {**shared, **text.pop("code_lists", {})}
    headings = text.pop("headings", {})
    signs = yaml_files.read(FOLDER / "vital_signs.yml")
    own = text.get("vital_signs", {})
    text["vital_signs"] = {name: sign | own.get(name, {}) for name, sign in signs.items()}
    spellings = _spellings(path.parent / "spellings.yml")
    try:
        for table in text.get("tables", {}).values():
            blanks = text.get("blanks", [])
            columns = {n: _column(c, lists, spellings, blanks) for n, c in table["columns"].items()}
            for column in columns.values():
                column["aliases"] = _spelt(column.get("aliases", ()), headings)
            table["columns"] = columns
            table["known"] = _spelt(table.get("known", ()), headings)
        for table in text.get("not_read", {}).values():
            for key in ("recognise", "known"):
                table[key] = _spelt(table.get(key, ()), headings)
        return Contract.model_validate(text)
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where}: {first['msg']}") from None
    except KeyError as fault:
        raise ConfigurationError(f"{path}: {fault} is missing") from None


def raw_tables() -> dict[str, dict[str, str]]:
    """Every raw table of every contract: its columns and their types, in order."""
    tables: dict[str, dict[str, str]] = {}
    for contract in load().values():
        for name, columns in contract.raw_tables().items():
            tables.setdefault(name, dict(RAW_HEAD)).update(columns)
    return tables


def _column(
    written: dict[str, Any],
    lists: dict[str, dict[str, Any]],
    spellings: dict[str, dict[str, str]],
    blanks: list[str],
) -> dict[str, Any]:
    column = dict(written)
    column["blanks"] = [*blanks, *column.get("blanks", [])]
    if isinstance(column.get("codes"), str):
        column["codes"] = lists[column["codes"]]
    if isinstance(column.get("spellings"), str):
        column["spellings"] = spellings[column["spellings"]]
    return column


def _spelt(names: Iterable[str], headings: dict[str, list[str]]) -> list[str]:
    """Headings, those of a contract's list of `headings` in place of the name of the list."""
    return [spelling for name in names for spelling in headings.get(name, [name])]


def _spellings(path: Path) -> dict[str, dict[str, str]]:
    """Of each list in a contract's file of spellings, the code that each word means."""
    lists = yaml_files.read(path) if path.exists() else {}
    return {name: _by_word(path, words) for name, words in lists.items()}


def _by_word(path: Path, words: dict[str, list[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for code, spelt in words.items():
        for word in spelt:
            if found.setdefault(word, code) != code:
                raise ConfigurationError(f"{path}: {word} is given to {found[word]} and to {code}")
    return found


# Returns of a month that do not list what is still open do so as a snapshot of a longer time.
SNAPSHOT_DAYS = 100


# A time of day may follow a day. One with a zone only at midnight: another may be of another day.
CLOCK = r"\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?[AaPp][Mm])?"


MIDNIGHT = r"00:00(:00([.,]0{1,9})?)? ?(Z|UTC|GMT|[+-]\d{2}(:?\d{2})?)"


TIME = rf"([ T]+({CLOCK}|{MIDNIGHT})|Z|[+-]\d{{2}}:\d{{2}})?"
