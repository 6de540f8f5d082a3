"""An authority that sends Annex A lists, beside one that sends tables, through a whole run."""

import io
import json
import zipfile
from datetime import date, timedelta

import duckdb
import pytest

from sightline.orchestration import pipeline
from sightline.warehouse import home as homes

CONTACTS = "Child Unique ID,Gender,Date of Birth,Age,Date of Contact,Contact Source\n"
REFERRALS = (
    "Child Unique ID,Gender,Date of Birth,Age,Date of Referral,Referral Source,Referral NFA?,"
    "Allocated Worker\n"
)
ASSESSMENTS = (
    "Child Unique ID,Gender,Date of Birth,Continuous Assessment Start Date,"
    "Continuous Assessment Date of Authorisation\n"
)
# A window of six months, and the next one after a quarter: of the months that both tell of, the
# first told of 12 referrals, the second of 10.
FIRST = (date(2025, 10, 1), date(2026, 3, 31), 12)
SECOND = (date(2026, 1, 1), date(2026, 6, 30), 10)
CONTACTS_A_MONTH = 30


def months(start, end):
    day = start
    while day <= end:
        yield day
        day = (day + timedelta(days=31)).replace(day=1)


def window(start, end, referrals):
    """One window's lists: as many referrals a month, a fifth of them from schools."""
    about = "F,14/05/2012,13.8"
    contacts, made, assessed = CONTACTS, REFERRALS, ASSESSMENTS
    for month in months(start, end):
        for i in range(CONTACTS_A_MONTH):
            contacts += (
                f"C{month:%y%m}{i},{about},{month.replace(day=i % 27 + 1):%d/%m/%Y},Police\n"
            )
        for i in range(referrals):
            day = f"{month.replace(day=2 * i + 1):%d/%m/%Y}"
            source = "b) Schools" if i % 5 == 0 else "g) Police"
            made += f"R{month:%y%m}{i},{about},{day},{source},{'Yes' if i < 2 else 'No'},X\n"
        assessed += (
            f"R{month:%y%m}0,F,14/05/2012,{month:%d/%m/%Y},{month.replace(day=20):%d/%m/%Y}\n"
        )
    return {"list 1.csv": contacts, "list 3.csv": made, "list 4.csv": assessed}


def drop(home, sender, name, tables, start, end, prepared_on):
    folder = home.inbox / sender
    folder.mkdir(exist_ok=True)
    manifest = {
        "period_start": str(start), "period_end": str(end), "prepared_on": str(prepared_on)
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for file, text in (tables | {"manifest.json": json.dumps(manifest)}).items():
            archive.writestr(file, text)
    (folder / name).write_bytes(out.getvalue())


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> homes.Home:
    home = homes.create(tmp_path_factory.mktemp("annex") / "monitor", today=date(2026, 7, 25))
    for start, end, referrals in (FIRST, SECOND):
        tables = window(start, end, referrals)
        drop(home, "301", f"{end}.zip", tables, start, end, end + timedelta(days=15))
    report = pipeline.run(home)
    assert report.exit_code == 0, report
    return home


@pytest.fixture(scope="module")
def published(home):
    with duckdb.connect(str(home.current / "sightline.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def marts(home):
    """Figures before disclosure control."""
    with duckdb.connect(str(home.warehouse_db), read_only=True) as connection:
        yield connection


def series(marts, indicator):
    return marts.execute(
        """
        select strftime(period_start, '%Y-%m'), numerator, denominator, reason
        from marts.fct_indicator_values
        where indicator = ? and la_code = '301' and period_type = 'month' order by period_start
        """,
        [indicator],
    ).fetchall()


def test_of_overlapping_windows_the_newest_speaks(marts):
    found = [(month, referrals) for month, referrals, *_ in series(marts, "referral_rate")]
    assert found == [
        ("2025-10", 12), ("2025-11", 12), ("2025-12", 12),
        ("2026-01", 10), ("2026-02", 10), ("2026-03", 10),
        ("2026-04", 10), ("2026-05", 10), ("2026-06", 10),
    ]  # fmt: skip


def test_contacts_that_become_referrals_are_a_share_of_all_contacts(marts):
    found = [row[:3] for row in series(marts, "contact_conversion")]
    assert found[0] == ("2025-10", 12, 30)
    assert found[-1] == ("2026-06", 10, 30)


def test_the_lists_tell_no_factors_so_nobody_is_said_to_go_unidentified(marts):
    """No assessment of Annex A says why; a nought would read as an authority that finds nobody."""
    for indicator in ("exploitation_factor_rate", "identified_against_expected"):
        found = series(marts, indicator)
        assert found
        assert {(numerator, reason) for _, numerator, _, reason in found} == {(None, "not_due")}


def test_the_lists_hold_no_pupil_number_and_the_linkage_says_so(home):
    with duckdb.connect(str(home.warehouse_db), read_only=True) as connection:
        rows = connection.execute(
            "select extract, linked, share from marts.fct_linkage where la_code = '301'"
        ).fetchall()
    assert rows == [("annex_a", 0, 0.0)]


def test_each_month_of_a_window_is_a_return_that_came(published):
    rows = published.execute(
        "select distinct extract, status from coverage where la_code = '301'"
    ).fetchall()
    assert rows == [("annex_a", "late")]
