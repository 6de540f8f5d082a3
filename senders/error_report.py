"""The error report for a sender, as CSV and as one HTML page: what to mend, where and how."""

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

from sightline.report import html
from sightline.senders.remedies import remedy
from sightline.senders.validate import Verdict
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.problems import BadRow
from sightline.warehouse.spreadsheets import plain

HEADER = (
    "File", "Line", "Column", "Column letter", "Rule", "Official rule", "Severity",
    "What is wrong", "What is expected", "How to mend it",
)  # fmt: skip
VALUE = "Value (personal data)"
SEVERITIES = {"error": "error: not taken in", "query": "query: taken in, please check"}
OF_ROWS = {"error": "Rows that are not taken in", "query": "Rows to check, which are taken in"}
OWNER_ONLY, EVERYBODY = 0o600, 0o644


def write(verdicts: Sequence[Verdict], path: Path, *, with_values: bool) -> None:
    """A report in the form that the name of its file asks for; OSError where it cannot be."""
    mode = OWNER_ONLY if with_values else EVERYBODY
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    if path.suffix.lower() == ".csv":
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            _write_csv(verdicts, file, with_values)
    else:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(_page(verdicts, with_values))


def _write_csv(verdicts: Sequence[Verdict], file: TextIO, with_values: bool) -> None:
    out = csv.writer(file)
    out.writerow([*HEADER, VALUE] if with_values else HEADER)
    for verdict in verdicts:
        for row in verdict.rows:
            out.writerow(map(plain, _cells(verdict, row, with_values)))
        if verdict.unnamed:
            out.writerow(map(plain, _closing(verdict)))


def _cells(verdict: Verdict, row: BadRow, with_values: bool) -> Iterator[str]:
    problem = row.problem
    yield problem.file or verdict.file
    yield str(problem.line or "")
    yield row.header or problem.column or ""
    yield row.letter or ""
    yield problem.rule
    yield problem.official or ""
    yield SEVERITIES[problem.severity]
    yield problem.message
    yield row.expected
    yield remedy(problem.rule)
    if with_values:
        yield row.value or ""


def _closing(verdict: Verdict) -> list[str]:
    """The last line of a list that was cut: how much it leaves out."""
    counts = ", ".join(f"{problem.rule} {problem.count:,}" for problem in verdict.problems)
    message = f"{verdict.unnamed:,} more are not listed here; in all: {counts}"
    return [verdict.file, "", "", "", "NOT_LISTED", "", "", message, "", ""]


def _page(verdicts: Sequence[Verdict], with_values: bool) -> str:
    template = html.environment().get_template("errors.html")
    return template.render(
        **html.style(),
        with_values=with_values,
        verdicts=verdicts,
        titles=_titles(verdicts),
        severities=SEVERITIES,
        severities_of_rows=OF_ROWS,
        remedy=remedy,
        places=_places,
    )


def _titles(verdicts: Sequence[Verdict]) -> dict[str, str]:
    known = contracts.load()
    return {name: known[name].title for name in {v.extract for v in verdicts} if name in known}


def _places(verdict: Verdict) -> dict[tuple[Any, ...], BadRow]:
    """A row of each problem, for the column as the sender spells it."""
    found: dict[tuple[Any, ...], BadRow] = {}
    for row in verdict.rows:
        found.setdefault((row.problem.rule, row.problem.table, row.problem.column), row)
    return found
