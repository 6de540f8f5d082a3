"""Decide which submissions of a batch are refused, by the faults and queries of their rows."""

from collections import defaultdict
from dataclasses import replace

import duckdb

from sightline.warehouse.areas import authorities
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.intake.judge.counting import (
    count_ends,
    count_faults,
    count_forms,
    count_queries,
    count_rejects,
    set_aside,
)
from sightline.warehouse.intake.judge.judged import TABLE_SET_ASIDE, Checked
from sightline.warehouse.intake.judge.parents import settle_parents
from sightline.warehouse.intake.judge.periods import facts, find_periods
from sightline.warehouse.intake.judge.profiles import add_profiles, leave_out
from sightline.warehouse.intake.judge.row_rules import apply_rules, mark_conflicts
from sightline.warehouse.problems import MOST_PROBLEMS, Problem
from sightline.warehouse.submission import Case, Cases, Outcome, Tally, period_unknown

# A bundle is refused above its contract's share of bad rows, but not for a slip or two.
FEWEST_BAD_ROWS = 5
# UPNs name the authority that issued them. Another authority's file shows at once; few are needed.
FEWEST_UPNS = 30
FOREIGN_SHARE, OWN_SHARE = 0.5, 0.05
# Two days in five are the 12th or earlier; that twenty are by chance happens once in 100 million.
FEWEST_DATES, FEWEST_DAYS, LAST_MONTH = 20, 6, 12
# Of events outside a month one day in thirty would lie inside it the other way round. Siblings
# may share a day, so it takes several days.
TURNED_SHARE, FEWEST_TURNED, FEWEST_TURNED_DAYS = 0.8, 5, 3


def give_submissions(connection: duckdb.DuckDBPyConnection, cases: list[Case]) -> None:
    """The facts that rules need, as a table."""
    connection.execute(
        "create temp table submissions (submission_id integer, sender varchar, received_on date,"
        " collection_year integer, window_start date, window_end date)"
    ).fetchall()
    columns = [list(column) for column in zip(*map(facts, cases), strict=True)]
    connection.execute(
        "insert into submissions select unnest($1::integer[]), unnest($2::varchar[]),"
        " unnest($3::date[]), unnest($4::integer[]), unnest($5::date[]), unnest($6::date[])",
        columns,
    ).fetchall()


def judge(connection: duckdb.DuckDBPyConnection, cases: list[Case], checks: list[Checked]) -> None:
    """Fill in each case's outcome."""
    by_id = {case.pending.submission_id: case for case in cases}
    settle_parents(connection, checks, by_id)
    mark_conflicts(connection, checks)
    find_periods(connection, checks, by_id)
    apply_rules(connection, checks)
    add_profiles(connection, checks, by_id)
    for checked in checks:
        count_rejects(connection, checked, by_id)
        count_faults(connection, checked, by_id)
        count_ends(connection, checked, by_id)
    for checked in checks:
        _set_tables_aside(connection, checked, by_id)
    for checked in checks:
        count_queries(connection, checked, by_id)
        count_forms(checked, by_id)
    for case in cases:
        if case.contract:
            _settle(case, case.contract)
    _refuse_foreign(connection, checks, by_id)
    for checked in checks:
        _refuse_swapped(connection, checked, by_id)
        _refuse_turned(connection, checked, by_id)
    for case in cases:
        case.let_verdict_stand()


def _settle(case: Case, contract: Contract) -> None:
    """Add up a submission's rows, and refuse it where too many are bad."""
    outcome = case.outcome
    for table, tally in case.tallies.items():
        outcome.problems += set_aside(table, tally)
        records = tally.held + tally.duplicates + len(tally.set_aside)
        outcome.records += records
        outcome.duplicates += tally.duplicates
        outcome.quarantined += tally.bad
        outcome.accepted += records - tally.duplicates - tally.bad
    if (
        outcome.period
        and contract.sent_by == "authority"
        and contract.window(outcome.period).end > outcome.received_on
    ):
        outcome.problems.append(_not_over(outcome))
    errors = [problem for problem in outcome.problems if problem.severity == "error"]
    queries = [problem for problem in outcome.problems if problem.severity == "query"]
    notes = [problem for problem in outcome.problems if problem.severity == "note"]
    outcome.problems = (errors + queries + notes)[:MOST_PROBLEMS]
    if outcome.period is None and case.pending.is_whole:
        case.refuse(period_unknown("error"))
    else:
        _refuse_if_bad(case, contract)


def _not_over(outcome: Outcome) -> Problem:
    day = outcome.received_on
    message = f"sent before its period was over; covers the days to {day}"
    return Problem("PERIOD_NOT_OVER", message, "query", file=outcome.name)


def _refuse_if_bad(case: Case, contract: Contract) -> None:
    for table, tally in case.tallies.items():
        if not tally.is_aside and (problem := _too_many_bad(case, contract, table)):
            case.refuse(problem)
            return


def _too_many_bad(case: Case, contract: Contract, table: str) -> Problem | None:
    """What is said of a table of which more rows are wrong than its contract allows."""
    share, tally = contract.max_bad_share, case.tallies[table]
    bad = tally.faulty - tally.at_odds + len(tally.set_aside)
    held = tally.held + len(tally.set_aside)
    if not bad or bad <= share * held or (bad < FEWEST_BAD_ROWS and bad != held):
        return _too_few_ends(contract, table, tally)
    found = [*case.outcome.problems, *set_aside(table, tally)]
    errors = (one for one in found if one.table == table and one.severity == "error")
    first = next(errors)
    message = (
        f"{bad} of {held} rows are wrong, more than {share:.0%}; the first reason is"
        f" {first.rule}: {first.message}"
    )
    return Problem(
        "TOO_MANY_BAD_ROWS",
        message,
        table=table,
        file=tally.file,
        line=first.line,
        column=first.column,
    )


def _too_few_ends(contract: Contract, table: str, tally: Tally) -> Problem | None:
    """A blank end says that something goes on; where many cannot be read, nothing would end."""
    share = contract.max_bad_share
    event = contract.tables[table].event if tally.unread_ends >= FEWEST_BAD_ROWS else None
    if event is None or tally.unread_ends <= share * tally.ends:
        return None
    message = (
        f"{tally.unread_ends} of {tally.ends} ends cannot be read, more than {share:.0%}: left"
        " blank, all of these would seem to go on"
    )
    return Problem(
        "TOO_MANY_BAD_ROWS",
        message,
        table=table,
        file=tally.file,
        line=tally.first_unread or None,
        column=event.until,
    )


def _set_tables_aside(
    connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases
) -> None:
    """A bad table that a return can do without is set aside alone; the rest is taken in."""
    bad = []
    for submission_id in checked.submissions:
        case, contract = cases[submission_id], checked.contract
        if contract.can_do_without(checked.table, case.tallies):
            problem = _too_many_bad(case, contract, checked.table)
            if problem:
                words = f"the table is set aside, the rest is taken in: {problem.message}"
                case.outcome.problems.insert(0, replace(problem, message=words))
                case.tallies[checked.table].is_aside = True
                leave_out(case, contract, checked.table)
                bad.append(submission_id)
    if bad:
        checked.faults.append(TABLE_SET_ASIDE)
        connection.execute(
            f"update {checked.relation} set fault = {len(checked.faults) - 1}"
            " where fault is null and list_contains($1, submission_id)",
            [bad],
        ).fetchall()


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


def _refuse_swapped(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    """Refuse a file whose dates can all be read with day and month the other way round."""
    table = checked.contract.tables.get(checked.table)
    columns = table.columns if table else {}
    for name in (name for name in checked.day_first if columns[name].type == "date"):
        rows = connection.execute(
            f"""
            with early as (
                select submission_id from {checked.relation} where fault is null
                group by submission_id having max(day(v_{name})) <= {LAST_MONTH}
            )
            select submission_id, count(distinct v_{name}) as dates
            from {checked.relation} semi join early using (submission_id) where fault is null
            group by submission_id
            having dates >= {FEWEST_DATES} and count(distinct day(v_{name})) >= {FEWEST_DAYS}
            """
        ).fetchall()
        for submission_id, dates in rows:
            message = (
                f"none of {dates} dates lies after the {LAST_MONTH}th of a month, so day and"
                " month seem to stand the wrong way round"
            )
            _refuse_days(cases[submission_id], checked.table, name, message)


def _refuse_turned(connection: duckdb.DuckDBPyConnection, checked: Checked, cases: Cases) -> None:
    """Refuse a file of whose days a part was turned round: those up to the 12th of a month, which
    a spreadsheet set to another country takes for days of other months.

    They show where they leave the period. What stays inside a whole year cannot be told.
    """
    table = checked.contract.tables.get(checked.table)
    day = table.event.day if table and table.event else None
    if day not in checked.positions:
        return
    rows = connection.execute(
        f"""
        with outside as (
            select
                submission_id, v_{day} as told, window_start, window_end,
                case when day(told) <= {LAST_MONTH}
                    then make_date(year(told), day(told), month(told)) end as turned
            from {checked.relation} inner join submissions using (submission_id)
            where fault is null and v_{day} not between window_start and window_end
        ),
        weighed as (
            select *, coalesce(turned between window_start and window_end, false) as fits
            from outside
        )
        select submission_id, count(*) filter (where fits) as fitting, count(*)
        from weighed group by submission_id
        having fitting >= {FEWEST_TURNED} and fitting >= {TURNED_SHARE} * count(*)
            and count(distinct told) filter (where fits) >= {FEWEST_TURNED_DAYS}
        """
    ).fetchall()
    for submission_id, fitting, outside in rows:
        message = (
            f"{fitting} of {outside} days outside the period would lie inside it with day and"
            " month exchanged, so some seem to stand the wrong way round"
        )
        _refuse_days(cases[submission_id], checked.table, day, message)


def _refuse_days(case: Case, table: str, column: str | None, message: str) -> None:
    """A person may lift it; of what is refused already nothing more is said."""
    if not case.outcome.is_refused:
        file = case.tallies[table].file
        case.refuse(Problem("DAY_AND_MONTH", message, table=table, file=file, column=column))


def _upns(checked: Checked) -> list[str]:
    return [name.removeprefix("issuer_") for name in checked.columns if name.startswith("issuer_")]


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
