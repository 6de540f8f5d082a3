"""Which of several files speaks for a day: told by numbers and by arrival, never by a clock."""

from datetime import date
from itertools import permutations

import duckdb
import intake_files as files
import pytest
from intake_files import MARCH, care, referrals, ssd

from sightline.warehouse.timeline.in_force import known, slices
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

AS_OF = date(2026, 10, 20)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def speaking(monitor):
    """The days of each submission that speaks for any, by the name of its file."""
    names = {row["submission_id"]: row["original_name"] for row in monitor.ledger()}
    return sorted(
        {
            (str(one.span.start), str(one.span.end), names[one.submission.submission_id])
            for one in slices(known(monitor.state, AS_OF))
        }
    )


@pytest.mark.parametrize("prepared_on", ["1970-01-01", "2099-12-31"])
def test_a_senders_clock_decides_nothing(monitor, prepared_on):
    """Fault 92."""
    monitor.drop_zip(ssd(), MARCH | {"prepared_on": "2026-04-08"}, "first.zip")
    monitor.take_in()
    later = MARCH | {"prepared_on": prepared_on}
    monitor.drop_zip(ssd(ssd_cin_episodes=referrals(3)), later, "second.zip")
    monitor.take_in()
    assert speaking(monitor) == [("2026-03-01", "2026-03-31", "second.zip")]


@pytest.mark.parametrize("order", [*permutations([1, 2, 3])])
def test_numbered_corrections_end_the_same_in_whatever_order_they_come(monitor, order):
    """Fault 55."""
    for number in order:
        manifest = MARCH | {"sequence": number}
        monitor.drop_zip(ssd(ssd_cin_episodes=referrals(number)), manifest, f"v{number}.zip")
        monitor.take_in()
    assert speaking(monitor) == [("2026-03-01", "2026-03-31", "v3.zip")]


@pytest.mark.parametrize("order", [*permutations([3, 4, 5])])
def test_months_may_come_in_any_order(monitor, order):
    """Fault 55."""
    for month in order:
        days = {"period_start": f"2026-{month:02d}-01", "period_end": f"2026-{month:02d}-28"}
        monitor.drop_zip(ssd(), days, f"{month}.zip")
        monitor.take_in()
    assert [name for _, _, name in speaking(monitor)] == ["3.zip", "4.zip", "5.zip"]


def test_a_child_who_is_left_out_of_a_correction_is_no_longer_counted_and_still_known(monitor):
    """Fault 53."""
    two = files.PERSONS + "K1,F,WBRI,2012-05-14\nK2,F,WBRI,2012-05-14\n"
    episodes = referrals(1) + "R9,K2,2026-03-09,N1,2A,N,,\n"
    monitor.send(ssd(ssd_person=two, ssd_cin_episodes=episodes))
    monitor.send(ssd())
    prepare(monitor.home, monitor.state, AS_OF)
    query = """
        select count(*), count(*) filter (where is_in_force)
        from raw.ssd_referrals inner join control.submissions using (submission_id)
    """
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        assert connection.execute(query).fetchall() == [(3, 1)]


def test_an_amended_year_of_care_takes_over_that_year_and_no_other(monitor):
    """Fault 52."""
    years = {
        year: {"period_start": f"{year}-04-01", "period_end": f"{year + 1}-03-31"}
        for year in (2023, 2024)
    }
    for year, days in years.items():
        monitor.drop_zip(care(year=year), days, f"{year}.zip")
        monitor.take_in()
    monitor.drop_zip(care("K1,14/05/2012,M,09/09/2023,10/09/2023\n", 2023), years[2023], "new.zip")
    monitor.take_in()
    assert speaking(monitor) == [
        ("2023-04-01", "2024-03-31", "new.zip"),
        ("2024-04-01", "2025-03-31", "2024.zip"),
    ]


def test_episodes_of_earlier_years_in_a_later_return_do_not_speak_for_those_years(monitor):
    """An SSDA903 return carries whole spells of care; it speaks for the days of its own year."""
    for year in (2023, 2024):
        days = {"period_start": f"{year}-04-01", "period_end": f"{year + 1}-03-31"}
        extra = "K1,14/05/2012,M,09/09/2023,10/09/2023\n" if year == 2024 else ""
        monitor.drop_zip(care(extra, year), days, f"{year}.zip")
        monitor.take_in()
    assert [name for _, _, name in speaking(monitor)] == ["2023.zip", "2024.zip"]


def test_rows_taken_in_before_a_contract_got_a_column_are_read_without_it(monitor):
    """Fault 127."""
    monitor.send(ssd())
    [path] = (monitor.home.raw / "ssd_referrals").glob("*.parquet")
    older = path.with_suffix(".older")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * exclude (closure_date) from '{path}') to '{older}' (format parquet)"
        )
    older.replace(path)
    prepare(monitor.home, monitor.state, AS_OF)
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        rows = connection.execute("select closure_date from raw.ssd_referrals").fetchall()
    assert rows == [(None,)]
