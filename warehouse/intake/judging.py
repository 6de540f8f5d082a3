"""Weigh the judged rows of a batch: faults and queries by submission, and what is refused whole."""

from collections import defaultdict

import duckdb

from warehouse.contract import Contract
from warehouse.intake.applying import apply_rules, mark_conflicts
from warehouse.intake.checking import Checked
from warehouse.intake.counting import (
    Cases,
    count_faults,
    count_forms,
    count_queries,
    count_rejects,
    set_aside,
)
from warehouse.intake.outcomes import Case, Outcome
from warehouse.intake.parents import settle_parents
from warehouse.intake.periods import facts, find_periods
from warehouse.intake.problems import MOST_PROBLEMS, Problem
from warehouse.intake.profiles import add_profiles
from warehouse.intake.reading import period_unknown
from warehouse.intake.senders import authorities

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
        bad = tally.faulty + len(tally.set_aside)
        held = tally.spooled - tally.rejected - tally.passed_over
        records = held + tally.duplicates + len(tally.set_aside)
        outcome.records += records
        outcome.duplicates += tally.duplicates
        outcome.quarantined += bad
        outcome.accepted += records - tally.duplicates - bad
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
    share = contract.max_bad_share
    for table, tally in case.tallies.items():
        bad = tally.faulty - tally.at_odds + len(tally.set_aside)
        held = tally.spooled + len(tally.set_aside) - tally.rejected - tally.passed_over
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
            case = cases[submission_id]
            if not case.outcome.is_refused:
                message = (
                    f"none of {dates} dates lies after the {LAST_MONTH}th of a month, so day and"
                    " month seem to stand the wrong way round"
                )
                file = case.tallies[checked.table].file
                case.refuse(
                    Problem("DAY_AND_MONTH", message, table=checked.table, file=file, column=name)
                )


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
        case = cases[submission_id]
        if not case.outcome.is_refused:
            message = (
                f"{fitting} of {outside} days outside the period would lie inside it with day and"
                " month exchanged, so some seem to stand the wrong way round"
            )
            file = case.tallies[checked.table].file
            case.refuse(
                Problem("DAY_AND_MONTH", message, table=checked.table, file=file, column=day)
            )


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
