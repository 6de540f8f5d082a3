"""A sender that changes its case system is taken in and not held back; one that loses its pupil
numbers on the way is."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import sqlalchemy as sa
from intake_files import Monitor, monitor
from ssd_systems import SYSTEMS, Child, Tables

from sightline.expectations.submissions import judge_submissions
from sightline.warehouse.ledger.state import problems, submissions

pytestmark = pytest.mark.slow

COUNT = 60


@pytest.fixture
def held(tmp_path: Path) -> Monitor:
    return monitor(tmp_path / "monitor")


def month(number: int, *, is_linked: bool) -> list[Child]:
    """Children of whom each is referred and assessed; linked, their pupil numbers stand in the
    table for them alone."""
    day = f"2026-{number:02}"
    return [
        Child(
            1_000 * number + one, f"{day}-02", f"{day}-03", f"{day}-{4 + one % 20:02}", ("13A",),
            is_linked=is_linked,
        )
        for one in range(COUNT)
    ]  # fmt: skip


def judged(held: Monitor, before: str, after: Tables) -> list[str]:
    """Why any of three months of one system, or a last one of another, is held back."""
    is_linked = before != "eclipse"
    sent = [SYSTEMS[before](month(number, is_linked=is_linked)) for number in (1, 2, 3)]
    for number, tables in enumerate([*sent, after], 1):
        period = {"period_start": f"2026-{number:02}-01", "period_end": f"2026-{number:02}-28"}
        assert not held.send(tables, period).is_refused
    judge_submissions(held.state, held.home.raw, 0)
    with held.state.read() as connection:
        reasons = connection.execute(sa.select(submissions.c.held_reason)).scalars()
        return [reason for reason in reasons if reason]


@pytest.mark.parametrize(
    ("before", "after"), [("mosaic", "eclipse"), ("mosaic", "systemc"), ("eclipse", "systemc")]
)
def test_another_case_system_is_not_held_back(held, before, after):
    tables = SYSTEMS[after](month(4, is_linked=False))
    assert judged(held, before, tables) == []


def test_one_that_brings_no_pupil_numbers_is_held_back(held):
    children = month(4, is_linked=False)
    tables = SYSTEMS["eclipse"](children)
    for one in children:
        tables["ssd_person.csv"] = tables["ssd_person.csv"].replace(one.upn, "")
    reason = (
        "far fewer of its persons than before have a pupil number (ssd_person, column pers_upn or"
        " pers_upn_unknown, with ssd_linked_identifiers)"
    )
    assert judged(held, "mosaic", tables) == [reason]


def sheets(tables: Tables) -> dict[str, bytes]:
    """The same tables as the sheets of one workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in tables.items():
        sheet = book.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(io.StringIO(text)):
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return {"return.xlsx": out.getvalue()}


def emptied(tables: Tables, name: str, column: str) -> Tables:
    head, *rows = csv.reader(io.StringIO(tables[name]))
    for row in rows:
        row[head.index(column)] = ""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *rows])
    return tables | {name: out.getvalue()}


def system(name: str, number: int) -> Tables:
    return SYSTEMS[name](month(number, is_linked=False))


def run_by_run(held: Monitor, sent: Sequence[dict[str, Any]]) -> list[str]:
    """Months that come one by one; why they are held back."""
    for number, tables in enumerate(sent, 1):
        period = {"period_start": f"2026-{number:02}-01", "period_end": f"2026-{number:02}-28"}
        assert not held.send(tables, period).is_refused
        judge_submissions(held.state, held.home.raw, number - 1)
    return [row["held_reason"] for row in held.ledger() if row["held_reason"]]


def told(held: Monitor) -> dict[int, str]:
    """By submission the note that it came in another form."""
    with held.state.read() as connection:
        rows = connection.execute(sa.select(problems).where(problems.c.rule == "FORM_CHANGED"))
        found = list(rows)
    assert {row.severity for row in found} <= {"note"}
    assert len({row.submission_id for row in found}) == len(found)
    return {row.submission_id: row.message for row in found}


@pytest.mark.parametrize("to", ["systemc", "eclipse", "mosaic"])
def test_the_first_month_of_another_system_and_all_after_it_are_in_force(held, to):
    sent = [system("plain", number) for number in (1, 2, 3)]
    assert run_by_run(held, sent + [system(to, number) for number in (4, 5, 6, 7)]) == []
    assert list(told(held)) == [4]


def test_each_change_is_told_once(held):
    """Again in the form of before is another form too."""
    systems = enumerate(("plain", "systemc", "mosaic", "mosaic", "plain"), 1)
    assert run_by_run(held, [system(name, number) for number, name in systems]) == []
    messages = told(held)
    assert list(messages) == [2, 3, 5]
    assert all(one.startswith("first ssd return in another form: ") for one in messages.values())
    assert "it has ssd_linked_identifiers" in messages[2]
    assert "and no pers_legacy_id, pers_forename or pers_surname" in messages[3]
    assert "cine_referral_source and cin_referral_nfa and no cine_referral_source" in messages[3]
    assert "was " not in messages[3]


def test_another_container_is_told_and_in_force(held):
    sent: list[dict[str, Any]] = [system("systemc", number) for number in (1, 2, 3)]
    books = [sheets(system("systemc", number)) for number in (4, 5)]
    assert run_by_run(held, sent + books) == []
    assert told(held) == {4: "first ssd return in another form: was csv, is xlsx"}


@pytest.mark.parametrize(
    ("to", "table", "column", "named"),
    [("plain", "ssd_cin_episodes", "cine_referral_source_code", "cine_referral_source_code"),
     ("plain", "ssd_cin_assessments", "cina_referral_id", "cina_referral_id"),
     ("mosaic", "ssd_cin_episodes", "cine_referral_source", "cine_referral_source_code")],
)  # fmt: skip
def test_a_column_that_is_lost_is_held_back_by_name(held, to, table, column, named):
    """A key that ties tables may be another system's way to leave out; a value is a loss."""
    sent = [system("plain", number) for number in (1, 2, 3)]
    reasons = run_by_run(held, [*sent, emptied(system(to, 4), f"{table}.csv", column)])
    reason = f"a column is nearly empty that was filled before ({table}, column {named})"
    assert reasons == [reason]
    assert list(told(held)) == ([4] if to == "mosaic" else [])


def test_factors_that_are_lost_are_held_back_by_name(held):
    sent = [system("plain", number) for number in (1, 2, 3, 4)]
    sent[3]["ssd_assessment_factors.csv"] = "cinf_assessment_id,cinf_assessment_factors_json\n"
    [reason] = run_by_run(held, sent)
    assert "have a factor (ssd_cin_assessments, with ssd_assessment_factors)" in reason


def test_headings_of_the_sender_s_own_are_not_kept(held):
    tables = system("plain", 1)
    text = tables["ssd_person.csv"]
    tables["ssd_person.csv"] = "".join(f"{line},Ann Other\n" for line in text.splitlines())
    form = held.send(tables).profile["ssd_person"]["form"]
    headings = ["pers_person_id", "pers_upn", "pers_sex", "pers_dob"]
    assert form == {"container": "csv", "headings": headings}
