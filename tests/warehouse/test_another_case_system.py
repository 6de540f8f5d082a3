"""A sender that changes its case system is taken in and not held back; one that loses its pupil
numbers on the way is."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from intake_files import Monitor, monitor
from ssd_systems import SYSTEMS, Child, Tables

from expectations.submissions import judge_submissions
from warehouse.state import submissions

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
    reason = "far fewer of its persons than before have a pupil number"
    assert judged(held, "mosaic", tables) == [reason]
