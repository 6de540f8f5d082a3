"""The standard safeguarding dataset from every case system, and as months and snapshots in turn."""

from collections.abc import Iterable
from datetime import date

import pytest
from intake_files import zipped
from oracle.monitor import Monitor
from ssd_systems import SYSTEMS, Child, Tables, plain

from sightline.orchestration import pipeline
from sightline.warehouse import home as homes

TODAY = date(2026, 10, 20)
SENDERS = dict(zip(SYSTEMS, ("301", "302", "303", "304"), strict=True))
CHANGING = "305"
CHILDREN = [
    Child(1, "2026-03-02", "2026-03-03", "2026-03-20", ("13A", "24A"), closed="2026-03-25"),
    Child(2, "2026-03-05", "2026-03-06", "2026-03-30", ("1A", "3B"), sex="M"),
    Child(3, "2026-03-09", "2026-03-10", None, source="10"),
    Child(4, "2026-03-16", "2026-03-17", "2026-03-31", ("12A",), sex="M", born="2010-01-02"),
    Child(5, "2026-03-23", source="3C", is_linked=True),
]


def month(number: int, year: int, which: int, count: int) -> list[Child]:
    """Children referred and assessed within a month, of whom the first is known for gangs."""
    start = f"{year}-{which:02}"
    return [
        Child(
            number + n, f"{start}-02", f"{start}-03", f"{start}-20", ("13A",) if n == 0 else ("1A",)
        )
        for n in range(count)
    ]


JANUARY, FEBRUARY, MARCH, APRIL = (month(100 * which, 2026, which, 4) for which in range(1, 5))
# The case system forgot one of February and has one more, which nobody had told.
CORRECTED = [*FEBRUARY[:3], Child(299, "2026-02-27")]
# A snapshot is sent, then a month again, then the next snapshot, which corrects March.
OLD = [Child(900, "2014-05-01", born="2012-05-14")]
DELIVERED: list[tuple[str, str, list[Child]]] = [
    ("2026-01-01", "2026-01-31", JANUARY),
    ("2026-02-01", "2026-02-28", FEBRUARY),
    ("2020-04-01", "2026-03-31", [*OLD, *JANUARY, *CORRECTED, *MARCH]),
    ("2026-04-01", "2026-04-30", APRIL),
    ("2020-05-01", "2026-04-30", [*OLD, *JANUARY, *CORRECTED, *MARCH[1:], *APRIL]),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    folder = tmp_path_factory.mktemp("systems")
    monitor = Monitor(homes.create(folder / "monitor", today=TODAY), [])

    def lay(sender: str, tables: Tables, first: str, last: str) -> None:
        path = monitor.home.inbox / sender / f"ssd_{first}_{last}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zipped(tables, {"period_start": first, "period_end": last}))

    for system, write in SYSTEMS.items():
        lay(SENDERS[system], write(CHILDREN), "2026-03-01", "2026-03-31")
    for first, last, children in DELIVERED:
        lay(CHANGING, plain(children), first, last)
    monitor.reports.append(pipeline.run(monitor.home))
    return monitor


def by_sender(rows: Iterable[tuple]) -> dict[str, list[tuple]]:
    found: dict[str, list[tuple]] = {}
    for sender, *row in rows:
        found.setdefault(sender, []).append(tuple(row))
    return found


def test_each_case_system_gives_the_same_referrals(told):
    rows = by_sender(
        told.rows(
            "select la_code, referral_date, is_from_school, age"
            " from intermediate.int_referrals where la_code < '305' order by all"
        )
    )
    assert set(rows) == set(SENDERS.values())
    assert all(one == rows[SENDERS["plain"]] for one in rows.values())
    assert [(str(day), is_from_school) for day, is_from_school, _ in rows["304"]] == [
        (one.referred, one.source == "2A") for one in CHILDREN
    ]


def test_each_case_system_gives_the_same_assessments_and_factors(told):
    rows = by_sender(
        told.rows(
            "select la_code, completed_date, sex, age, has_gangs_or_criminal_exploitation,"
            " has_exploitation_screen"
            " from intermediate.int_assessments where la_code < '305' order by all"
        )
    )
    assert all(one == rows[SENDERS["plain"]] for one in rows.values())
    found = [(str(day), gangs, screen) for day, _, _, gangs, screen in rows["303"]]
    assert found == [
        ("2026-03-20", True, True), ("2026-03-30", False, False), ("2026-03-31", False, True),
    ]  # fmt: skip


def test_every_child_is_one_at_all_four_by_the_pupil_number(told):
    """Children who moved between four authorities: each has one key, wherever its number stood."""
    rows = told.rows(
        "select child_key, count(*) from intermediate.int_referrals"
        " where la_code < '305' group by all"
    )
    assert [count for _, count in rows] == [4] * 5


def test_only_a_system_without_days_of_closure_tells_of_no_case(told):
    rows = dict(
        told.rows(
            "select la_code, count(*) from intermediate.int_cases"
            " where la_code < '305' group by all"
        )
    )
    assert rows == {SENDERS[system]: 5 for system in SYSTEMS if system != "mosaic"}


def test_the_newest_snapshot_speaks_for_its_whole_window(told):
    rows = told.rows(
        "select event_month, count(*) from intermediate.int_referrals"
        " where la_code = '305' group by all order by all"
    )
    assert [(str(month)[:7], count) for month, count in rows] == [
        ("2014-05", 1), ("2026-01", 4), ("2026-02", 4), ("2026-03", 3), ("2026-04", 4),
    ]  # fmt: skip
    assert told.rows(
        "select count(*) from intermediate.int_referrals"
        " where la_code = '305' and referral_date = '2026-02-27'"
    ) == [(1,)]
    gangs = told.rows(
        "select completed_date from intermediate.int_assessments"
        " where la_code = '305' and has_gangs_or_criminal_exploitation order by all"
    )
    assert [str(day) for (day,) in gangs] == ["2026-01-20", "2026-02-20", "2026-04-20"]


def test_months_and_snapshots_together_cover_each_month(told):
    rows = told.rows(
        "select status, count(*) from control.coverage where la_code = '305'"
        " and extract = 'ssd' and period_end <= '2026-04-30' group by all order by all"
    )
    assert {status for status, _ in rows} <= {"received", "late"}
    assert sum(count for _, count in rows) == 73


def test_nothing_of_it_is_held(told):
    assert told.rows("select count(*) from control.submissions") == [(9,)]
    assert [report.exit_code for report in told.reports] == [0]
