"""From the inbox to a prepared work file: take in, judge by contract and vital signs, gather."""

import sys
from collections import Counter
from typing import Any

from sightline.expectations import identities, submissions
from sightline.expectations.runner import CheckResult
from sightline.orchestration import inbox
from sightline.orchestration.logs import log
from sightline.orchestration.run import Run
from sightline.warehouse import take_in as taking
from sightline.warehouse.connection import connect
from sightline.warehouse.contracts import schema as contract
from sightline.warehouse.ledger import overview, runs
from sightline.warehouse.submission import Outcome
from sightline.warehouse.timeline import overdue
from sightline.warehouse.timeline import work_file as prepare

Found = dict[str, Any]
Counts = dict[str, int]


def take_in(run: Run) -> dict[str, Counts]:
    """Everything in the inbox; by extract what came of it. A look back takes nothing in."""
    with run.step("intake") as found:
        report = taking.IntakeReport() if run.is_history else _take_in(run)
        found |= {
            "submissions": len(report.outcomes),
            "refused": len(report.refused) + len(report.unreadable),
            "repeated": len(report.repeated),
            "records": report.records,
            "rows": report.accepted_rows,
            "rows refused": report.quarantined_rows,
            "rows repeated": report.duplicate_rows,
            "reasons": _reasons(report),
        }
        marks = inbox.waiting(run.home.inbox)
        run.left = {label: marks[label] for label, _ in report.unreadable if label in marks}
        return _by_extract(report)


def _take_in(run: Run) -> taking.IntakeReport:
    report = taking.take_in(run.home, run.settings, run.state, progress=_progress)
    for outcome in report.outcomes:
        if outcome.is_refused or outcome.quarantined:
            _say_refused(outcome)
    if report.unreadable:
        log.warning("%d left in the inbox, which cannot be read", len(report.unreadable))
    return report


def _say_refused(outcome: Outcome) -> None:
    """By number and rule; what is wrong with which file is for its sender alone."""
    errors = (problem.rule for problem in outcome.problems if problem.severity == "error")
    about = {
        "sender": outcome.sender,
        "submission": outcome.submission_id,
        "rule": next(errors, None),
    }
    if outcome.is_refused:
        log.warning("refused", extra=about)
    else:
        counts = (outcome.quarantined, outcome.records)
        log.warning("%d of %d rows refused", *counts, extra=about)


def meets_contract(counts: Counts) -> CheckResult:
    """Whether all that came of an extract kept to its contract."""
    is_clean = not (counts["submissions_refused"] or counts["rows_refused"])
    came, refused = counts["submissions"], counts["submissions_refused"]
    return CheckResult("meets_contract", is_clean, "warning", came, refused, dict(counts))


def was_taken_in(counts: Counts) -> bool:
    """Whether anything came of an extract that was not refused whole."""
    return counts["submissions"] > counts["submissions_refused"]


def kept_rows(run: Run) -> dict[str, int]:
    """By extract, the rows of all that was ever taken in."""
    return {row["extract"]: row["rows"] for row in overview.by_extract(run.state)}


def returns_are_on_time(run: Run) -> dict[str, CheckResult]:
    """By extract that is due, whether any sender's return of it should have come by now.

    A look back does not ask: what is overdue is told by the ledger of today.
    """
    if run.is_history:
        return {}
    late = Counter(row.extract for row in overdue.of(run.state, run.settings, run.as_of))
    due = (name for name, its in contract.load().items() if its.due)
    return {name: _on_time(late[name]) for name in due}


def _on_time(late: int) -> CheckResult:
    return CheckResult("returns_are_on_time", not late, "warning", 1, late, {"overdue": late})


def judge_submissions(run: Run) -> CheckResult:
    with run.step("vital signs") as found:
        # A look back judges nothing anew.
        after = sys.maxsize if run.is_history else runs.newest_judged(runs.last_built(run.state))
        result = submissions.judge_submissions(run.state, run.home.raw, after)
        found |= {
            "submissions": result.details["rows"],
            "held back": result.details["held"],
            "reasons": overview.held(run.state) if result.details["held"] else [],
            "forms": overview.in_another_form(run.state, after) if result.details["forms"] else [],
        }
        return result


def prepare_work_file(run: Run) -> Found:
    with run.step("work file") as found:
        prepare.prepare(run.home, run.state, run.as_of)
        with connect(run.home.work_db, read_only=True) as connection:
            found |= prepare.counts(connection)
            if not run.is_history:
                found["asked"] = identities.ask(run.state, connection)
        return found


def _by_extract(report: taking.IntakeReport) -> dict[str, Counts]:
    by_extract = {
        name: Counts(submissions=0, submissions_refused=0, rows_accepted=0, rows_refused=0)
        for name in contract.load()
    }
    for outcome in report.outcomes:
        if outcome.extract in by_extract:
            counts = by_extract[outcome.extract]
            counts["submissions"] += 1
            counts["submissions_refused"] += outcome.is_refused
            counts["rows_accepted"] += outcome.accepted
            counts["rows_refused"] += outcome.quarantined
    return by_extract


def _reasons(report: taking.IntakeReport) -> list[str]:
    """File, line and rule of each refusal, as its sender needs it."""
    refused = [_named(outcome, str(outcome.first_error)) for outcome in report.refused]
    partly = [
        _named(
            outcome, f"{outcome.quarantined:,} of {outcome.records:,} rows: {outcome.first_error}"
        )
        for outcome in report.accepted
        if outcome.quarantined
    ]
    return refused + [f"{label}: {reason}" for label, reason in report.unreadable] + partly


def _named(outcome: Outcome, reason: str) -> str:
    return f"{outcome.sender}/{outcome.name}: {reason} (submission {outcome.submission_id})"


def _progress(stage: str, done: int, of: int) -> None:
    log.info("%s: %d of %d submissions", stage, done, of)
