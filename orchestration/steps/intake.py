"""From the inbox to a prepared work file: take in, judge by contract and vital signs, gather."""

from typing import Any

import sqlalchemy as sa

from expectations import submissions
from expectations.runner import CheckResult
from orchestration import pending
from orchestration.run import Run, last_good
from warehouse import contract, prepare
from warehouse import state as tables
from warehouse.connection import connect

Found = dict[str, Any]


def extracts() -> dict[str, str]:
    """Every extract that there is a contract for, and what it is."""
    return {name: one.title for name, one in contract.load().items()}


def meets_contract(run: Run, extract: str) -> CheckResult:
    """What this run took in of one extract, and whether all of it kept to its contract."""
    first, last = run.found("intake").get("ids", (0, 0))
    table = tables.submissions.c
    query = sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(sa.cast(table.status == "quarantined", sa.Integer)), 0),
        sa.func.coalesce(sa.func.sum(table.accepted), 0),
        sa.func.coalesce(sa.func.sum(table.quarantined), 0),
    ).where(table.extract == extract, table.submission_id.between(first, last))
    with run.state.read() as connection:
        came, refused, accepted, rows = connection.execute(query).one()
    details = {
        "submissions": came,
        "submissions_refused": refused,
        "rows_accepted": accepted,
        "rows_refused": rows,
    }
    return CheckResult("meets_contract", not (refused or rows), "warning", came, refused, details)


def judge_submissions(run: Run) -> CheckResult:
    with run.step("vital signs") as found:
        last = last_good(run.state)
        result = submissions.judge_submissions(run.state, pending.newest(last))
        found |= {"submissions": result.details["rows"], "held back": result.details["held"]}
        return result


def prepare_work_file(run: Run) -> Found:
    with run.step("work file") as found:
        prepare.prepare(run.home, run.state, run.as_of)
        with connect(run.home.work_db, read_only=True) as connection:
            for name in ("submissions", "slices", "coverage", "identities"):
                [(rows,)] = connection.execute(f"select count(*) from control.{name}").fetchall()
                found[name] = rows
        return found
