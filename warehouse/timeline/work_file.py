"""Write a new work file: views of the accepted rows, and what this run knows about submissions."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import duckdb

from sightline.warehouse import indicators
from sightline.warehouse.calendar import month_of
from sightline.warehouse.connection import connect
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import annotations
from sightline.warehouse.ledger.annotations import Annotation
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import load_settings
from sightline.warehouse.timeline import identity_decisions
from sightline.warehouse.timeline.continuity import write_breaks
from sightline.warehouse.timeline.coverage import Covered, coverage, expected
from sightline.warehouse.timeline.identities import write_identities
from sightline.warehouse.timeline.in_force import (
    FIRST_DAY,
    LAST_DAY,
    Slice,
    Submitted,
    all_slices,
    in_force,
    in_sequence,
    known,
)
from sightline.warehouse.timeline.raw_views import write_views

TABLES = {
    "extracts": {
        "extract": "varchar",
        "short_title": "varchar",
        "sent_by": "varchar",
        "family": "varchar",
        "resends": "varchar",
        "shows_delay": "boolean",
        "years_are": "varchar",
    },
    "extract_sources": {"extract": "varchar", "source": "varchar", "days": "varchar"},
    "submissions": {
        "submission_id": "integer",
        "extract": "varchar",
        "sender": "varchar",
        "period_start": "date",
        "period_end": "date",
        "received_on": "date",
        "released_on": "date",
        "sequence": "integer",
        "place": "integer",
        "is_in_force": "boolean",
        "simulated": "boolean",
        "records": "integer",
        "refused": "integer",
    },
    "slices": {
        "submission_id": "integer",
        "extract": "varchar",
        "la_code": "varchar",
        "source": "varchar",
        "slice_start": "date",
        "slice_end": "date",
        "place": "integer",
        "is_own": "boolean",
        "speaks": "boolean",
        "window_end": "date",
        "late_from": "date",
    },
    "coverage": {
        "la_code": "varchar",
        "extract": "varchar",
        "period_start": "date",
        "period_end": "date",
        "due_on": "date",
        "received_on": "date",
        "status": "varchar",
        "submission_id": "integer",
    },
    "windows": {
        "la_code": "varchar",
        "extract": "varchar",
        "source": "varchar",
        "period_start": "date",
        "period_end": "date",
        "window_start": "date",
        "window_end": "date",
    },
    "authorities": {"la_code": "varchar"},
    "annotations": {
        "annotation_id": "integer",
        "indicator": "varchar",
        "area_code": "varchar",
        "kind": "varchar",
        "starts_on": "date",
        "ends_on": "date",
        "reason_code": "varchar",
        "public_sentence": "varchar",
        "recorded_on": "date",
    },
    "series_breaks": {"series": "varchar", "starts_on": "date", "says": "varchar"},
    "months": {"month_start": "date"},
    "run": {"as_of": "date", "simulated": "boolean", "first_month": "date", "last_month": "date"},
}
# Nobody can say who was who before a sender numbered its children anew: what a return of afterwards
# names of before may have been told under the former numbers, and is not told late.
LATE_ACROSS_BREAKS = """
update control.slices set late_from = breaks.broke_on
from (
    select la_code, source, max(broke_on) as broke_on from control.breaks group by all
) as breaks
where slices.la_code = breaks.la_code
    and slices.source = breaks.source
    and slices.window_end >= breaks.broke_on
"""
Rows = Iterable[Sequence[object]]


def prepare(home: Home, state: State, as_of: date, *, without: Collection[int] = ()) -> None:
    """Everything that the models read, as it was known at a date.

    `without` are submissions that are not used, whatever the state says of them.
    """
    settings = load_settings(home)
    submitted = [
        replace(
            submission,
            is_accepted=submission.is_accepted and submission.submission_id not in without,
        )
        for submission in known(state, as_of)
    ]
    pieces = all_slices(submitted)
    cut = [piece for piece in pieces if piece.is_own and piece.speaks]
    senders = expected(submitted, settings.authorities)
    covered = coverage(submitted, cut, senders, as_of)
    for leftover in home.work.glob(f"{home.work_db.name}*"):
        leftover.unlink()
    with connect(home.work_db, home=home, settings=settings) as connection:
        connection.execute("create schema raw; create schema control").fetchall()
        write_views(connection, home, submitted)
        _write(connection, "extracts", map(_extract_row, contracts.load().values()))
        _write(connection, "extract_sources", _extract_source_rows())
        _write(connection, "submissions", _submission_rows(submitted, cut))
        _write(connection, "slices", map(_slice_row, pieces))
        _write(connection, "coverage", map(_coverage_row, covered))
        _write(connection, "windows", _window_rows(covered, pieces))
        _write(connection, "authorities", [(authority.la_code,) for authority in senders])
        months = _months(cut, covered, as_of)
        _write(connection, "months", [(month,) for month in months])
        _write(connection, "run", [_run_row(submitted, months, as_of)])
        annotated = annotations.known(state, as_of)
        _write(connection, "annotations", _annotation_rows(annotated))
        _write(connection, "series_breaks", _break_rows())
        indicators.write(connection)
        decided = [decision for _, decision in identity_decisions.known(state, as_of)]
        write_identities(connection, decided)
        write_breaks(connection, annotated)
        connection.execute(LATE_ACROSS_BREAKS).fetchall()


def counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many submissions, slices, returns and identifiers a work file knows of."""
    rows_by_table = {}
    for name in ("submissions", "slices", "coverage", "identities"):
        [(rows,)] = connection.execute(f"select count(*) from control.{name}").fetchall()
        rows_by_table[name] = int(rows)
    return rows_by_table


def is_simulated(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether any submission that is used was simulated."""
    [(simulated,)] = connection.execute("select simulated from control.run").fetchall()
    return bool(simulated)


def _write(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    columns = TABLES[table]
    listed = list(rows)
    values = [list(column) for column in zip(*listed, strict=True)] or [[] for _ in columns]
    lists = ", ".join(
        f"unnest(${place}::{kind}[]) as {name}"
        for place, (name, kind) in enumerate(columns.items(), 1)
    )
    connection.execute(f"create table control.{table} as select {lists}", values).fetchall()


def _extract_row(contract: Contract) -> Sequence[object]:
    return (
        contract.name,
        contract.short_title,
        contract.sent_by,
        contract.family,
        contract.resends,
        contract.shows_delay,
        contract.figures.years_are,
    )


def _extract_source_rows() -> Rows:
    """Of which days each extract tells what it is a source of."""
    for contract in contracts.load().values():
        for source, window in contract.sources.items():
            yield contract.name, source, window.days


def _submission_rows(submitted: Sequence[Submitted], cut: Sequence[Slice]) -> Rows:
    alive = in_force(submitted, cut)
    for place, submission in enumerate(in_sequence(submitted)):
        if submission.is_accepted:
            is_published = submission.contract.sent_by == "publisher"
            yield (
                submission.submission_id,
                submission.extract,
                submission.sender,
                submission.period.start,
                submission.period.end,
                submission.received_on,
                submission.known_on if is_published else None,
                submission.sequence,
                place,
                submission.submission_id in alive,
                submission.simulated,
                submission.records,
                submission.refused,
            )


def _slice_row(piece: Slice) -> Sequence[object]:
    submission = piece.submission
    span = piece.span
    return (
        submission.submission_id,
        submission.extract,
        submission.sender,
        piece.source,
        span.start,
        span.end,
        piece.place,
        piece.is_own,
        piece.speaks,
        submission.windows[piece.source].end,
        FIRST_DAY,
    )


def _coverage_row(row: Covered) -> Sequence[object]:
    return (
        row.la_code,
        row.extract,
        row.period.start,
        row.period.end,
        row.due_on,
        row.received_on,
        row.status,
        row.submission_id,
    )


def _window_rows(covered: Iterable[Covered], pieces: Iterable[Slice]) -> Rows:
    """For every period that is due, the days that its return tells of, by what it tells.

    What needs more tables than a return must hold is due from the first one that held them.
    """
    begun: dict[tuple[str, str, str], date] = {}
    for piece in pieces:
        submission = piece.submission
        key = (submission.sender, submission.extract, piece.source)
        begun[key] = min(begun.get(key, LAST_DAY), submission.windows[piece.source].start)
    for row in covered:
        contract = contracts.load()[row.extract]
        always = contract.windows(row.period, ())
        for source, window in contract.windows(row.period).items():
            first = begun.get((row.la_code, row.extract, source), LAST_DAY)
            if source in always or first <= window.end:
                yield (
                    row.la_code,
                    row.extract,
                    source,
                    row.period.start,
                    row.period.end,
                    window.start,
                    window.end,
                )


def _annotation_rows(known: Iterable[Annotation]) -> Rows:
    loaded = indicators.load()
    for annotation in known:
        for indicator in filter(annotation.is_about, loaded):
            yield (
                annotation.annotation_id,
                indicator.indicator,
                annotation.area_code,
                annotation.kind,
                annotation.starts_on,
                annotation.ends_on,
                annotation.reason_code,
                annotation.public_sentence,
                annotation.recorded_on,
            )


def _break_rows() -> Rows:
    """From when on an official series counts something else than before."""
    for contract in contracts.load().values():
        for change in contract.figures.breaks:
            yield contract.name, change.starts_on, change.says


def _months(cut: Sequence[Slice], covered: Iterable[Covered], as_of: date) -> list[date]:
    """The months that can be judged: from the first day told of to the last that is due."""
    ends = [
        row.period.end for row in covered if row.status != "not_due" and row.period.end <= as_of
    ]
    if not cut or not ends:
        return []
    month = month_of(min(piece.span.start for piece in cut))
    months = []
    while month.end <= max(ends):
        months.append(month.start)
        month = month_of(month.end + timedelta(days=1))
    return months


def _run_row(submitted: Iterable[Submitted], months: list[date], as_of: date) -> Sequence[object]:
    simulated = any(submission.simulated for submission in submitted if submission.is_accepted)
    return (as_of, simulated, months[0] if months else None, months[-1] if months else None)
