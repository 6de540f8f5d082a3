"""Count what was judged: faults and queries by submission, and that no row was lost on the way."""

from collections import defaultdict
from collections.abc import Iterable

import duckdb

from sightline.warehouse.intake.judge.judged import FORMS, PASSED_OVER, SET_ASIDE, Checked
from sightline.warehouse.problems import Problem
from sightline.warehouse.submission import Cases, SetAside, Tally

UNREAD_DAYS = ("DATE_FORMAT", "DATE_INVALID")


class AccountingError(Exception):
    """Rows were lost or gained between the file and the table."""


def count_rejects(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    rows = connection.execute(
        f"""
        select
            cast(split_part(csv_line, $1, 1) as integer),
            cast(split_part(csv_line, $1, 2) as integer),
            bool_or(error_type = 'UNQUOTED VALUE')
        from {checked.rejects}
        group by all order by all
        """,
        [checked.delimiter],
    ).fetchall()
    for submission_id, line, is_quote in rows:
        tally = cases[submission_id].tallies[checked.table]
        tally.set_aside.append(SetAside(line, "BAD_QUOTE" if is_quote else "RAGGED_ROW"))
        tally.rejected += 1


def count_faults(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    counts = connection.execute(
        f"select submission_id, fault, count(*), min(line) from {checked.relation}"
        " group by submission_id, fault order by submission_id, min(line)"
    ).fetchall()
    read: dict[int, int] = defaultdict(int)
    for submission_id, _, count, _ in counts:
        read[submission_id] += count
    for submission_id in checked.submissions:
        tally = cases[submission_id].tallies[checked.table]
        if tally.spooled != read[submission_id] + tally.rejected:
            raise AccountingError(checked.table)
    sound = {submission_id for submission_id, number, _, _ in counts if number is None}
    for submission_id, number, count, line in counts:
        if number is None:
            continue
        tally, fault = cases[submission_id].tallies[checked.table], checked.faults[number]
        if fault.severity == "error":
            tally.faulty += count
        else:
            tally.passed_over += count
            tally.first_passed_over = min(line, tally.first_passed_over or line)
        # An official file without a sound row is refused, whatever is wrong with the rows.
        if checked.contract.reader != "published" or submission_id in sound:
            tally.at_odds += count if fault.is_beside_others else 0
        if fault is not PASSED_OVER:
            problem = _problem(checked, number, tally, line, count)
            cases[submission_id].outcome.problems.append(problem)
    if PASSED_OVER in checked.faults:
        number = checked.faults.index(PASSED_OVER)
        for submission_id in checked.submissions:
            tally = cases[submission_id].tallies[checked.table]
            if count := tally.passed_over:
                problem = _problem(checked, number, tally, tally.first_passed_over, count)
                cases[submission_id].outcome.problems.append(problem)


def count_ends(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    """Count the ends of events that cannot be read: left blank, all of these would go on."""
    table = checked.contract.tables.get(checked.table)
    until = table.event.until if table and table.event else None
    if f"asked_{until}" not in checked.asked:
        return
    unread = [
        number
        for number, one in enumerate(checked.faults)
        if one.column == until and one.rule in UNREAD_DAYS
    ]
    is_unread = f"coalesce(list_contains($1, asked_{until}), false)"
    rows = connection.execute(
        f"select submission_id, count(*) filter (where v_{until} is not null or {is_unread}),"
        f" count(*) filter (where {is_unread}), min(line) filter (where {is_unread})"
        f" from {checked.relation} where fault is null group by submission_id",
        [unread],
    ).fetchall()
    for submission_id, ends, count, line in rows:
        tally = cases[submission_id].tallies[checked.table]
        tally.ends, tally.unread_ends, tally.first_unread = ends, count, line or 0


def count_queries(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    """Note how many accepted rows of each submission its sender is asked about, by rule."""
    rows = connection.execute(
        f"""
        select submission_id, number, count(distinct place), min(line)
        from {checked.found} inner join {checked.relation} as rows on place = rows.rowid
        where fault is null
        group by all order by all
        """
    ).fetchall()
    for submission_id, number, count, line in rows:
        tally = cases[submission_id].tallies[checked.table]
        problem = _problem(checked, number, tally, line, count)
        cases[submission_id].outcome.problems.append(problem)


def count_forms(checked: Checked, cases: Cases) -> None:
    """Note what was read in another form than the contract's."""
    for one in checked.forms:
        case = cases[one.submission_id]
        file = case.tallies[checked.table].file
        message = FORMS[one.rule]
        case.outcome.problems.append(
            Problem(one.rule, message, "note", checked.table, file, one.line, one.column, one.rows)
        )


def _problem(checked: Checked, number: int, tally: Tally, line: int, count: int) -> Problem:
    fault = checked.faults[number]
    return Problem(
        fault.rule,
        fault.message,
        fault.severity,
        checked.table,
        tally.file,
        line or None,
        fault.column,
        count,
        fault.official,
    )


def set_aside(table: str, tally: Tally) -> Iterable[Problem]:
    lines: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for one in tally.set_aside:
        lines[one.rule, one.column].append(one.line)
    for (rule, column), numbers in lines.items():
        yield Problem(
            rule,
            SET_ASIDE[rule],
            table=table,
            file=tally.file,
            line=min(numbers),
            column=column,
            count=len(numbers),
        )
