"""What is in force, what is owed, and who is one child, as known at a date."""

import json
from dataclasses import replace
from datetime import date

import duckdb
import intake_files as files
import pytest
from intake_files import IDENTIFIERS, MARCH, care, ssd, upn

from sightline.warehouse.areas import authorities
from sightline.warehouse.calendar import Span, month_of
from sightline.warehouse.contracts import schema as contract
from sightline.warehouse.timeline.coverage import coverage
from sightline.warehouse.timeline.in_force import Submitted, slices
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

AS_OF = date(2026, 10, 20)


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def window(start, end, prepared, **more):
    manifest = {"period_start": start, "period_end": end, "prepared_on": prepared}
    return manifest | {"simulated": True} | more


def known(number, start, end, *, on="2026-01-01", extract="ssd", sequence=None):
    period = Span(date.fromisoformat(start), date.fromisoformat(end))
    day = date.fromisoformat(on)
    return Submitted(number, extract, "301", period, day, day, sequence, "b", True, True)


def in_force(*submitted, source=None):
    ordered = sorted(submitted, key=lambda one: (one.known_on, one.submission_id))
    return sorted(
        {
            (str(one.span.start), str(one.span.end), one.submission.submission_id)
            for one in slices(ordered)
            if source in (None, one.source)
        }
    )


def asked(monitor, query, as_of=AS_OF):
    prepare(monitor.home, monitor.state, as_of)
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_newer_window_cuts_an_older_one():
    older = known(1, "2026-01-01", "2026-02-28", on="2026-03-08")
    newer = known(2, "2026-02-01", "2026-03-31", on="2026-04-08")
    assert in_force(older, newer) == [
        ("2026-01-01", "2026-01-31", 1),
        ("2026-02-01", "2026-03-31", 2),
    ]


def test_a_correction_of_the_middle_leaves_both_ends():
    whole = known(1, "2026-01-01", "2026-03-31", on="2026-04-08")
    middle = known(2, "2026-02-01", "2026-02-28", on="2026-05-08")
    assert in_force(whole, middle) == [
        ("2026-01-01", "2026-01-31", 1),
        ("2026-02-01", "2026-02-28", 2),
        ("2026-03-01", "2026-03-31", 1),
    ]


def test_the_yearly_census_outranks_months_whenever_it_came():
    census = known(1, "2025-04-01", "2026-03-31", on="2026-04-20", extract="cin_census")
    month = known(2, "2026-03-01", "2026-03-31", on="2026-05-01")
    assert in_force(census, month) == [("2025-04-01", "2026-03-31", 1)]


def test_declared_sequence_outranks_the_order_of_arrival():
    second = known(1, "2026-03-01", "2026-03-31", on="2026-04-08", sequence=2)
    first = known(2, "2026-03-01", "2026-03-31", on="2026-05-08", sequence=1)
    assert in_force(second, first) == [("2026-03-01", "2026-03-31", 1)]


def test_a_school_census_speaks_for_the_two_terms_before():
    autumn = known(1, "2025-09-01", "2025-12-31", on="2025-10-20", extract="school_census")
    spring = known(2, "2026-01-01", "2026-03-31", on="2026-02-20", extract="school_census")
    assert in_force(autumn, spring, source="exclusions") == [
        ("2025-01-01", "2025-03-31", 1),
        ("2025-04-01", "2025-12-31", 2),
    ]


def test_a_school_census_tells_the_absence_of_the_term_before_alone():
    autumn = known(1, "2025-09-01", "2025-12-31", on="2025-10-20", extract="school_census")
    spring = known(2, "2026-01-01", "2026-03-31", on="2026-02-20", extract="school_census")
    again = known(3, "2026-01-01", "2026-03-31", on="2026-03-20", extract="school_census")
    assert in_force(autumn, spring, again, source="absence") == [
        ("2025-04-01", "2025-08-31", 1),
        ("2025-09-01", "2025-12-31", 3),
    ]


def test_the_newest_care_return_takes_over_its_year():
    june = known(1, "2025-04-01", "2025-06-30", on="2025-07-12", extract="ssda903")
    september = known(2, "2025-04-01", "2025-09-30", on="2025-10-12", extract="ssda903")
    assert in_force(june, september) == [("2025-04-01", "2025-09-30", 2)]


CARE_TABLES = frozenset({"ssd_cla_episodes", "ssd_missing"})


def of_care(number, month, *, tables=CARE_TABLES):
    """A month's bundle of the standard dataset, with the tables of care or without."""
    first = date(2026, month, 1)
    return replace(
        known(number, str(first), str(month_of(first).end), on="2026-09-01"), tables=tables
    )


def test_a_care_return_outranks_the_tables_of_care_whenever_it_came():
    returned = known(1, "2025-04-01", "2026-05-10", on="2026-05-20", extract="ssda903")
    months = [of_care(2, 4), of_care(3, 5), of_care(4, 6, tables=frozenset({"ssd_missing"}))]
    assert in_force(returned, *months, source="missing") == [
        ("2025-04-01", "2026-05-10", 1),
        ("2026-05-11", "2026-05-31", 3),
    ]
    assert len(in_force(returned, *months, source="referrals")) == 3


def test_who_tells_of_care_each_month_owes_no_quarter_from_then_on():
    march = known(1, "2026-01-01", "2026-03-31", on="2026-04-20", extract="ssda903")
    months = [of_care(number, number, tables=frozenset()) for number in (4, 5, 6)]
    [sender] = [authorities()["301"]]

    def quarters(*more):
        rows = coverage([march, *months, *more], [], [sender], date(2026, 11, 20))
        return [(row.period.start.month, row.status) for row in rows if row.extract == "ssda903"]

    assert quarters() == [(1, "received"), (4, "missing"), (7, "missing")]
    assert quarters(of_care(7, 7)) == [(1, "received"), (4, "missing")]
    late = known(8, "2026-04-01", "2026-09-30", on="2026-11-15", extract="ssda903")
    assert quarters(of_care(7, 7), late) == [(1, "received"), (4, "late")]
    assert quarters(replace(of_care(7, 7), is_accepted=False)) == quarters()


def test_the_tables_of_care_are_due_from_the_first_bundle_that_held_them(monitor):
    care = {
        "ssd_cla_episodes.csv": "clae_person_id,clae_cla_episode_start_date,"
        "clae_cla_episode_ceased_date\nK1,2024-01-08,\n",
        "ssd_missing.csv": "miss_person_id,miss_missing_episode_start_date,"
        "miss_missing_episode_type,miss_missing_episode_end_date\nK1,2026-06-04,M,\n",
    }
    for month, last, more in (("05", "31", {}), ("06", "30", care), ("07", "31", {})):
        manifest = window(f"2026-{month}-01", f"2026-{month}-{last}", f"2026-{month}-{last}")
        monitor.drop_zip(ssd() | more, manifest, f"{month}.zip")
    monitor.take_in()
    told = asked(monitor, "select distinct source, slice_start from control.slices where is_own")
    assert ("missing", date(2026, 6, 1)) in told
    assert {start for source, start in told if source == "referrals"} == {
        date(2026, month, 1) for month in (5, 6, 7)
    }
    due = asked(
        monitor,
        "select min(period_start), count(*) from control.windows"
        " where la_code = '301' and source = 'missing'",
    )
    assert due == [(date(2026, 6, 1), 4)]


def test_a_correction_supersedes_whole_and_a_look_back_undoes_it(monitor):
    monitor.drop_zip(ssd(), window("2026-03-01", "2026-03-31", "2026-04-08"), "a.zip")
    corrected = ssd(ssd_cin_episodes=files.referrals(3))
    monitor.drop_zip(corrected, window("2026-03-01", "2026-03-31", "2026-05-20"), "b.zip")
    monitor.take_in()
    query = "select submission_id from control.submissions where is_in_force"
    assert asked(monitor, query) == [(2,)]
    assert asked(monitor, query, date(2026, 5, 19)) == [(1,)]
    assert asked(monitor, query, date(2026, 4, 1)) == []


def test_a_worse_resubmission_leaves_the_former_in_force(monitor):
    monitor.send(ssd(), window("2026-03-01", "2026-03-31", "2026-04-08"))
    bad = ssd(ssd_cin_episodes="")
    assert monitor.send(bad, window("2026-03-01", "2026-03-31", "2026-05-08")).is_refused
    assert asked(monitor, "select distinct submission_id, la_code from control.slices") == [
        (1, "301")
    ]


def test_a_return_that_is_not_used_makes_nobody_owe_since_its_period():
    used = known(2, "2026-03-01", "2026-03-31", on="2026-04-08")
    refused = replace(known(1, "2016-03-01", "2016-03-31", on="2026-04-08"), is_accepted=False)
    [sender, other] = [authorities()["301"], authorities()["302"]]
    owed = coverage([refused, used], [], [sender, other], date(2026, 4, 30))
    assert {(row.la_code, row.period.start) for row in owed} == {
        (code, date(2026, month, 1)) for code in ("301", "302") for month in (3, 4)
    }
    assert [row.status for row in coverage([refused], [], [sender], date(2016, 4, 1))] == [
        "quarantined"
    ]


def test_coverage_says_who_sent_what_and_when(monitor):
    months = [("2026-05", "31", "2026-06-10"), ("2026-06", "30", "2026-08-01")]
    for month, last, prepared in months:
        manifest = window(f"{month}-01", f"{month}-{last}", prepared)
        monitor.drop_zip(ssd(), manifest, f"{month}.zip")
    monitor.drop_zip(ssd(ssd_person=""), window("2026-08-01", "2026-08-31", "2026-09-08"), "08.zip")
    monitor.drop_zip(ssd(), window("2026-09-01", "2026-09-15", "2026-09-16"), "09.zip")
    monitor.take_in()
    found = asked(
        monitor,
        "select month(period_start), status, submission_id from control.coverage order by 1",
    )
    assert [row[:2] for row in found] == [
        (5, "received"),
        (6, "late"),
        (7, "missing"),
        (8, "quarantined"),
        (9, "partial"),
    ]
    july = "select status from control.coverage where period_start = '2026-07-01'"
    assert asked(monitor, july, date(2026, 8, 5)) == [("not_due",)]


def test_an_authority_that_sends_the_census_does_not_owe_months(monitor):
    monitor.drop_zip(ssd(), MARCH)
    manifest = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
    monitor.drop_zip(care(), manifest, sender="302")
    monitor.take_in()
    owed = asked(monitor, "select distinct la_code, extract from control.coverage order by all")
    assert owed == [("301", "ssd"), ("301", "ssda903"), ("302", "ssd"), ("302", "ssda903")]


def test_all_authorities_are_expected_where_the_settings_say_so(monitor):
    """Fault 58."""
    monitor.send(ssd())
    assert asked(monitor, "select * from control.authorities") == [("301",)]
    text = monitor.home.config.read_text()
    monitor.home.config.write_text(text.replace("# authorities", "authorities"))
    assert asked(monitor, "select count(*) > 150 from control.authorities") == [(True,)]


def test_months_run_from_the_first_day_told_of_to_the_last_that_is_due(monitor):
    for month, last in (("2026-08", "31"), ("2026-09", "30")):
        monitor.drop_zip(
            ssd(), window(f"{month}-01", f"{month}-{last}", "2026-10-08"), f"{month}.zip"
        )
    monitor.take_in()
    assert asked(monitor, "select first_month, last_month, simulated from control.run") == [
        (date(2026, 8, 1), date(2026, 9, 1), True)
    ]
    assert len(asked(monitor, "select * from control.months")) == 2


def test_identifiers_named_together_are_one_child(monitor):
    rows = (
        f"L1,K1,Unique Pupil Number,{upn(1)}\n"
        f"L2,K1,Former Unique Pupil Number,{upn(2)}\n"
        f"L3,K2,Unique Pupil Number,{upn(3)}\n"
    )
    monitor.drop_zip(ssd(ssd_linked_identifiers=IDENTIFIERS + rows))
    other = files.ssd(ssd_linked_identifiers=IDENTIFIERS + f"L1,Z9,Unique Pupil Number,{upn(2)}\n")
    monitor.drop_zip(other, sender="302")
    monitor.take_in()
    groups = asked(
        monitor,
        "select count(*), min(identifier_key) = child_key from control.identities"
        " group by child_key order by all",
    )
    # K1 of 301 with two UPNs and Z9 of 302; K2 with its own; K1 of 302, known by nothing else.
    assert groups == [(1, True), (2, True), (4, True)]


def test_every_raw_table_can_be_read_before_anything_came(monitor):
    prepare(monitor.home, monitor.state, AS_OF)
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        for table, columns in contract.raw_tables().items():
            found = connection.execute(f"describe raw.{table}").fetchall()
            assert {row[0]: row[1].lower() for row in found} == columns
        assert connection.execute("select * from control.identities").fetchall() == []


def test_published_series_stay_in_force_side_by_side(monitor):
    header = "time_period,time_identifier,geographic_level,country_code,cla_group,number\n"
    row = "2022,Reporting year,National,E92000001,Missing,{}\n"
    for number, day in enumerate(("2022-11-17", "2023-11-16")):
        monitor.drop(f"{number}.csv", header + row.format(number), "published")
        manifest = json.dumps({"released_on": day})
        monitor.drop(f"{number}.csv.manifest.json", manifest, "published")
    monitor.take_in()
    query = "select count(*) from control.submissions where is_in_force"
    assert asked(monitor, query) == [(2,)]
    assert asked(monitor, query, date(2023, 1, 1)) == [(1,)]


def test_what_differs_between_extracts_stands_in_the_work_file(monitor):
    query = "select resends, shows_delay, years_are from control.extracts where extract = '{}'"
    assert asked(monitor, query.format("ssd")) == [("rolling", True, None)]
    assert asked(monitor, query.format("ssda903")) == [("whole", False, None)]
    assert asked(monitor, query.format("school_census")) == [("never", False, None)]
    assert asked(monitor, query.format("published_population")) == [("never", False, "mid_year")]
    told = "select source, days from control.extract_sources where extract = '{}' order by all"
    assert asked(monitor, told.format("school_census")) == [
        ("absence", "term_before"),
        ("exclusions", "two_terms_before"),
    ]
    assert asked(monitor, told.format("youth_justice")) == [("youth_justice", "period")]


def test_what_a_killed_run_left_of_its_work_file_is_never_opened_again(monitor):
    """Faults 73 and 74: neither a file that holds other rows nor a log that is cut off."""
    work = monitor.home.work_db
    with duckdb.connect(str(work)) as left:
        left.execute("create table control_left as select 501000 as rows")
    for suffix in (".wal", ".wal.checkpoint", ".tmp"):
        work.with_name(work.name + suffix).write_bytes(b"half a log")
    prepare(monitor.home, monitor.state, AS_OF)
    with duckdb.connect(str(work), read_only=True) as found:
        tables = {
            name for (name,) in found.execute("select table_name from duckdb_tables()").fetchall()
        }
    assert "submissions" in tables
    assert "control_left" not in tables
    assert [path.name for path in work.parent.glob(f"{work.name}*")] == [work.name]
