"""Weigh the judged rows of a batch: faults and queries by submission, and what is refused whole."""

from collections import defaultdict
from collections.abc import Iterable

import duckdb

from warehouse.calendar import financial_year
from warehouse.contract import Contract
from warehouse.intake.checking import Checked
from warehouse.intake.outcomes import Case, Tally
from warehouse.intake.problems import MOST_PROBLEMS, Problem
from warehouse.intake.reading import period_unknown
from warehouse.intake.rules import Fault
from warehouse.intake.senders import authorities
from warehouse.intake.text import SetAside

# A bundle is refused above its contract's share of bad rows, but not for a slip or two.
FEWEST_BAD_ROWS = 5
# UPNs name the authority that issued them. Another authority's file shows at once; few are needed.
FEWEST_UPNS = 30
FOREIGN_SHARE, OWN_SHARE = 0.5, 0.05

SET_ASIDE = {
    "CONTROL_CHAR": "the line holds a control character, such as a NUL",
    "FIELD_TOO_LONG": "the line is longer than any that is accepted",
    "RAGGED_ROW": "the line has more or fewer fields than the header",
    "BAD_QUOTE": "a quote stands inside a field that is not quoted",
    "FORMULA_NO_VALUE": "a formula stands here without its result; open, calculate and save it",
    "CELL_ERROR": "the cell holds an error such as #REF! or #N/A",
}
Cases = dict[int, Case]


class AccountingError(Exception):
    """Rows were lost or gained between the file and the table."""


def give_submissions(connection: duckdb.DuckDBPyConnection, cases: list[Case]) -> None:
    """The facts that rules need, as a table."""
    connection.execute(
        "create temp table submissions (submission_id integer, sender varchar, received_on date,"
        " window_start date, window_end date)"
    ).fetchall()
    rows = [_facts(case) for case in cases]
    connection.executemany("insert into submissions values (?, ?, ?, ?, ?)", rows)


def judge(connection: duckdb.DuckDBPyConnection, cases: list[Case], checks: list[Checked]) -> None:
    """Fill in each case's outcome."""
    by_id = {case.pending.submission_id: case for case in cases}
    for checked in checks:
        _mark_conflicts(connection, checked)
        _count_rejects(connection, checked, by_id)
        _count_faults(connection, checked, by_id)
    _find_periods(connection, checks, by_id)
    for checked in checks:
        _query_upns(connection, checked, by_id)
        _query_dates(connection, checked, by_id)
        _query_parents(connection, checked, checks, by_id)
    for case in cases:
        if case.contract:
            _settle(case, case.contract)
    _refuse_foreign(connection, checks, by_id)
    for case in cases:
        case.let_verdict_stand()


def _facts(case: Case) -> tuple[object, ...]:
    outcome = case.outcome
    window = None
    if case.contract and outcome.period and case.contract.period.every != "any":
        window = case.contract.window(outcome.period)
    ends = (window.start, window.end) if window else (None, None)
    return (outcome.submission_id, outcome.sender or "", outcome.received_on, *ends)


def _mark_conflicts(connection: duckdb.DuckDBPyConnection, checked: Checked) -> None:
    """Rows of one submission that give the same thing differently are all faulty."""
    table = checked.contract.tables.get(checked.table)
    if table is None or not table.unique:
        return
    keys = ", ".join(f"v_{name}" for name in table.unique)
    twice = (
        f"select submission_id, {keys} from {checked.relation} where fault is null"
        f" group by submission_id, {keys} having count(*) > 1"
    )
    found = connection.execute(f"select count(*) from ({twice})").fetchone()
    if found and found[0]:
        connection.execute(
            f"update {checked.relation} set fault = {len(checked.faults) - 1}"
            f" where fault is null and (submission_id, {keys}) in ({twice})"
        ).fetchall()


def _count_rejects(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
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


def _count_faults(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    counts = connection.execute(
        f"select submission_id, count(*) from {checked.relation} group by submission_id"
    ).fetchall()
    read = dict(counts)
    for submission_id in checked.submissions:
        tally = cases[submission_id].tallies[checked.table]
        if tally.spooled != read.get(submission_id, 0) + tally.rejected:
            raise AccountingError(checked.table)
    faults = connection.execute(
        f"select submission_id, fault, count(*), min(line) from {checked.relation}"
        " where fault is not null group by submission_id, fault order by submission_id, min(line)"
    ).fetchall()
    for submission_id, number, count, line in faults:
        case, fault = cases[submission_id], checked.faults[number]
        tally = case.tallies[checked.table]
        tally.faulty += count
        case.outcome.problems.append(
            Problem(
                fault.rule,
                fault.message,
                table=checked.table,
                file=tally.file,
                line=line or None,
                column=fault.column,
                count=count,
            )
        )


def _find_periods(
    connection: duckdb.DuckDBPyConnection, checks: list[Checked], cases: Cases
) -> None:
    """Where nobody states the year, it is the one in which most dated events lie."""
    votes: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for checked in checks:
        unknown = [i for i in checked.submissions if cases[i].outcome.period is None]
        for column in _dated(checked) if unknown else ():
            rows = connection.execute(
                f"select submission_id, year({column} + interval 9 month) as year, count(*)"
                f" from {checked.relation} where fault is null and {column} is not null"
                " and list_contains($1, submission_id) group by all",
                [unknown],
            ).fetchall()
            for submission_id, year, count in rows:
                votes[submission_id][year] += count
    for submission_id, years in votes.items():
        year, most = max(years.items(), key=lambda item: (item[1], item[0]))
        if 2 * most > sum(years.values()):
            cases[submission_id].outcome.period = financial_year(year)
    for submission_id in votes:
        _, _, _, start, end = _facts(cases[submission_id])
        connection.execute(
            "update submissions set window_start = $1, window_end = $2 where submission_id = $3",
            [start, end, submission_id],
        ).fetchall()


def _dated(checked: Checked) -> list[str]:
    table = checked.contract.tables.get(checked.table)
    columns = table.columns.items() if table else ()
    return [f"v_{name}" for name, c in columns if c.in_period and f"v_{name}" in checked.columns]


def _query_upns(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    for column in _upns(checked):
        message = "it is no valid UPN, so these rows are not linked to other extracts"
        condition = f"given_{column} and v_{column} is null"
        _query(connection, checked, cases, condition, "UPN_INVALID", message, column)


def _upns(checked: Checked) -> list[str]:
    return [name.removeprefix("given_") for name in checked.columns if name.startswith("given_")]


def _query_dates(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    for column in _dated(checked):
        message = "the date lies outside the days that this submission speaks for"
        condition = f"{column} not between window_start and window_end"
        _query(connection, checked, cases, condition, "OUTSIDE_PERIOD", message, column[2:])


def _query_parents(
    connection: duckdb.DuckDBPyConnection, checked: Checked, checks: list[Checked], cases: Cases
) -> None:
    table = checked.contract.tables.get(checked.table)
    if table is None or table.parent is None:
        return
    parent = table.parent
    above = [
        c for c in checks if (c.contract.name, c.table) == (checked.contract.name, parent.table)
    ]
    column = f"v_{parent.column}"
    own = f"v_{next(iter(table.columns))}"
    rows = " union all ".join(
        f"select submission_id, {column} as id from {c.relation} where fault is null" for c in above
    )
    condition = (
        f"(rows.submission_id, {own}) not in (select submission_id, id from ({rows}))"
        if rows
        else "true"
    )
    message = f"no row of {parent.table} in this bundle belongs to it"
    _query(connection, checked, cases, condition, "PARENT_MISSING", message, own[2:])


def _query(
    connection: duckdb.DuckDBPyConnection,
    checked: Checked,
    cases: Cases,
    condition: str,
    rule: str,
    message: str,
    column: str,
) -> None:
    """Note how many accepted rows of each submission meet a condition."""
    found = connection.execute(
        f"""
        select rows.submission_id, count(*), min(line)
        from {checked.relation} as rows inner join submissions using (submission_id)
        where fault is null and {condition}
        group by rows.submission_id
        """
    ).fetchall()
    if found:
        checked.queries.append(Fault(condition, rule, message, column))
    for submission_id, count, line in found:
        case = cases[submission_id]
        file = case.tallies[checked.table].file
        problem = Problem(rule, message, "query", checked.table, file, line or None, column, count)
        case.outcome.problems.append(problem)


def _settle(case: Case, contract: Contract) -> None:
    """Add up a submission's rows, and refuse it where too many are bad."""
    outcome = case.outcome
    for table, tally in case.tallies.items():
        outcome.problems += _set_aside(table, tally)
        bad = tally.faulty + len(tally.set_aside)
        records = tally.spooled + tally.duplicates + len(tally.set_aside) - tally.rejected
        outcome.records += records
        outcome.duplicates += tally.duplicates
        outcome.quarantined += bad
        outcome.accepted += records - tally.duplicates - bad
    errors = [problem for problem in outcome.problems if problem.severity == "error"]
    queries = [problem for problem in outcome.problems if problem.severity == "query"]
    outcome.problems = (errors + queries)[:MOST_PROBLEMS]
    if outcome.period is None and case.pending.is_whole:
        outcome.refuse(period_unknown("error"))
    else:
        _refuse_if_bad(case, contract)


def _set_aside(table: str, tally: Tally) -> Iterable[Problem]:
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


def _refuse_if_bad(case: Case, contract: Contract) -> None:
    share = contract.max_bad_share
    for table, tally in case.tallies.items():
        bad = tally.faulty + len(tally.set_aside)
        held = tally.spooled + len(tally.set_aside) - tally.rejected
        if bad and bad > share * held and (bad >= FEWEST_BAD_ROWS or bad == held):
            first = next(p for p in case.outcome.problems if p.table == table)
            message = (
                f"{bad} of {held} rows are wrong, more than {share:.0%}; the first reason is"
                f" {first.rule}: {first.message}"
            )
            problem = Problem(
                "TOO_MANY_BAD_ROWS",
                message,
                table=table,
                file=tally.file,
                line=first.line,
                column=first.column,
            )
            case.refuse(problem)
            return


def _refuse_foreign(
    connection: duckdb.DuckDBPyConnection, checks: list[Checked], cases: Cases
) -> None:
    """Refuse a file whose UPNs were mostly issued by one other authority."""
    issued: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for checked in checks:
        for column in (name for name in _upns(checked) if not name.startswith("former")):
            rows = connection.execute(
                f"select submission_id, issuer_{column}, count(*) from {checked.relation}"
                f" where fault is null and v_{column} is not null group by all"
            ).fetchall()
            for submission_id, issuer, count in rows:
                issued[submission_id][issuer] += count
    for submission_id, counts in issued.items():
        case = cases[submission_id]
        if not case.outcome.is_refused and (other := _other(case.pending.sender, counts)):
            message = (
                f"most UPNs in it were issued by {authorities()[other].name} ({other}) and hardly"
                " any by the sender: it looks like another authority's file"
            )
            case.refuse(Problem("WRONG_SENDER", message, file=case.outcome.name))


def _other(sender: str | None, counts: dict[str, int]) -> str | None:
    own = authorities().get(sender or "")
    total = sum(counts.values())
    if own is None or total < FEWEST_UPNS:
        return None
    issuer, most = max(counts.items(), key=lambda item: (item[1], item[0]))
    kin = {own.la_code, *own.forerunners}
    of_kin = sum(counts.get(code, 0) for code in kin)
    is_foreign = most > FOREIGN_SHARE * total and of_kin < OWN_SHARE * total
    return issuer if is_foreign and issuer in authorities() else None
