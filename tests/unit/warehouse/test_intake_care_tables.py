"""The standard dataset's tables of care as its scripts write them, and bundles without them."""

import intake_files as files
import pytest
from intake_files import MARCH, ssd

from sightline.senders.validate import Wanted, validate
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.timeline.in_force import known

pytestmark = pytest.mark.slow

EPISODES = (
    "clae_cla_episode_id,clae_person_id,clae_cla_episode_start_date,{ceased},"
    "clae_cla_episode_ceased_reason\n"
)
STATUSES = (
    "lega_legal_status_id,lega_person_id,lega_legal_status,lega_legal_status_start_date,"
    "lega_legal_status_end_date\n"
)
MISSING = (
    "miss_table_id,miss_person_id,miss_missing_episode_start_date,miss_missing_episode_type,"
    "miss_missing_episode_end_date,miss_missing_rhi_offered\n"
)

CEASED = "clae_cla_episode_ceased_date"
IN_CARE = "1,P1,2024-03-04,,"
WENT = "1,P1,2026-02-04,M,2026-02-05,"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, *, episodes=None, statuses=None, missing=None, ceased=None):
    """The outcome of a bundle for March with these lines; a table of None is not there."""
    head = EPISODES.format(ceased=ceased or CEASED)
    told = (
        ("ssd_cla_episodes", head, episodes),
        ("ssd_legal_status", STATUSES, statuses),
        ("ssd_missing", MISSING, missing),
    )
    tables = {
        f"{name}.csv": head + "".join(f"{line}\n" for line in lines)
        for name, head, lines in told
        if lines is not None
    }
    outcome = monitor.send(ssd() | tables, MARCH)
    assert not outcome.is_refused, outcome.problems
    return outcome


def told(monitor, table, columns):
    return sorted(
        tuple(None if value is None else str(value) for value in row)
        for row in monitor.raw(table, columns)
    )


def test_episodes_of_care_are_read_as_the_scripts_write_them(monitor):
    outcome = sent(
        monitor,
        episodes=[
            "1,P1,2024-03-04 00:00:00.000,NULL,NULL",
            "2,P2,2024-03-05T00:00:00,1900-01-01 00:00:00.000,",
            "3,P3,2024-03-06 00:00:00,2026-03-20 00:00:00,E11 Adopted - application unopposed",
            "4,P3,2026-03-20,,e8",
            "5,P4,2024-03-07,2026-03-21,Left for reasons of their own",
            "6,-1,2024-03-08,,",
            "7,P5,1900-01-01,,",
        ],
        missing=(),
        ceased="clae_cla_episode_ceased",
    )
    assert told(monitor, "ssd_care_episodes", "start_date, end_date, reason_ended") == [
        ("2024-03-04", None, None),
        ("2024-03-05", None, None),
        ("2024-03-06", "2026-03-20", "E11"),
        ("2024-03-07", "2026-03-21", None),
        ("2026-03-20", None, "E8"),
    ]
    assert outcome.quarantined == 2


def test_legal_statuses_are_codes_or_words_and_others_are_passed_over(monitor):
    outcome = sent(
        monitor,
        episodes=(),
        missing=(),
        statuses=[
            "1,P1,C2: Full care order,2024-03-04 00:00:00.000,NULL",
            "2,P2,v4,2024-03-05,2026-03-31",
            "3,P3,Interim care order,2024-03-06,2026-03-10",
            "4,P3,Special Guardianship Order,2024-03-07,",
            "5,P4,V3 - Accommodated under an agreed series of short-term breaks,2024-03-08,",
        ],
    )
    assert told(monitor, "ssd_legal_statuses", "legal_status, start_date, end_date") == [
        ("C1", "2024-03-06", "2026-03-10"),
        ("C2", "2024-03-04", None),
        ("V3", "2024-03-08", None),
        ("V4", "2024-03-05", "2026-03-31"),
    ]
    notes = [one.rule for one in outcome.problems if one.severity == "note"]
    assert "ROWS_PASSED_OVER" in notes
    assert outcome.quarantined == 0


@pytest.mark.parametrize(
    ("written", "is_asked"),
    [
        ("Z9", True), ("V5 - Accommodated under other short breaks", True), ("Secure order", True),
        ("Special Guardianship Order", False), ("Interim SUPERVISION order", False),
        ("SGO", False), ("NULL", False), ("V4", False),
    ],
)  # fmt: skip
def test_a_legal_status_that_nobody_knows_is_asked_about(monitor, written, is_asked):
    sound, other = "1,P1,C2,2024-03-04,", f"2,P2,{written},2024-03-05,"
    outcome = sent(monitor, episodes=(), missing=(), statuses=[sound, other])
    found = [
        (one.severity, one.line, one.column, one.count)
        for one in outcome.problems
        if one.rule == "CODE_UNKNOWN"
    ]
    assert found == ([("query", 3, "lega_legal_status", 1)] if is_asked else [])
    assert outcome.quarantined == 0
    passed = [one.count for one in outcome.problems if one.rule == "ROWS_PASSED_OVER"]
    assert passed == ([] if written == "V4" else [1])
    assert outcome.records == outcome.accepted


def test_the_row_of_an_unknown_legal_status_is_named(tmp_path):
    path = tmp_path / "march.zip"
    statuses = f"{STATUSES}1,P1,Z9,2024-03-04,\n"
    path.write_bytes(files.zipped(ssd() | {"ssd_legal_status.csv": statuses}, MARCH))
    [verdict] = validate([path], "301", Wanted(rows=9, values=True))
    [row] = [one for one in verdict.rows if one.problem.rule == "CODE_UNKNOWN"]
    assert (row.problem.line, row.letter, row.value) == (2, "C", "Z9")


@pytest.mark.parametrize(
    ("written", "category"),
    [
        ("M", "M"), ("a", "A"), ("Missing", "M"), ("MISSING", "M"), ("Absent", "A"),
        ("M - Missing", "M"), ("Away from placement without authorisation", "A"),
    ],
)  # fmt: skip
def test_a_child_was_missing_or_absent_from_a_day_on_whatever_the_time(monitor, written, category):
    sent(
        monitor,
        episodes=(),
        missing=[
            f"1,P1,2026-03-04 23:50:00.000,{written},2026-03-05 00:10:00.000,NULL",
            f"2,P1,2026-03-09 08:15:00,{written},1900-01-01 00:00:00,NA",
        ],
    )
    assert told(monitor, "ssd_missing_episodes", "category, start_date, end_date") == [
        (category, "2026-03-04", "2026-03-05"),
        (category, "2026-03-09", None),
    ]


def test_an_episode_of_no_known_kind_is_set_aside_and_an_overlapping_one_too(monitor):
    outcome = sent(
        monitor,
        episodes=(),
        missing=[
            "1,P1,2026-03-04,Somewhere,2026-03-05,",
            "2,P2,2026-03-04,M,2026-03-06,",
            "3,P2,2026-03-05,M,2026-03-07,",
            "4,P2,2026-03-07,M,2026-03-07,",
        ],
    )
    assert told(monitor, "ssd_missing_episodes", "start_date, end_date") == [
        ("2026-03-04", "2026-03-06"),
        ("2026-03-07", "2026-03-07"),
    ]
    assert {"CODE_UNKNOWN", "MISSING_OVERLAP"} <= set(files.rules(outcome))


@pytest.mark.parametrize(
    ("tables", "tells_care"),
    [
        ({}, False),
        ({"episodes": ()}, False),
        ({"missing": ()}, False),
        ({"statuses": ()}, False),
        ({"episodes": [IN_CARE], "missing": ()}, False),
        ({"episodes": (), "missing": [WENT]}, False),
        ({"episodes": [IN_CARE], "missing": [WENT]}, True),
        ({"episodes": [IN_CARE], "missing": [WENT], "statuses": ()}, True),
    ],
)
def test_a_bundle_tells_of_care_where_it_holds_both_tables_and_they_are_filled(
    monitor, tables, tells_care
):
    sent(monitor, **tables)
    [one] = known(monitor.state, files.TODAY)
    assert ("missing" in one.windows) is tells_care
    with monitor.state.read() as connection:
        held = ledger.tables_held(connection, ["ssd_cla_episodes", "ssd_missing", "other"])
    names = {"episodes": "ssd_cla_episodes", "missing": "ssd_missing"}
    rows = {name: len(tables[key]) for key, name in names.items() if key in tables}
    assert held == ({1: rows} if rows else {})


def test_an_empty_table_says_nought_from_the_first_time_on_that_it_was_filled(monitor):
    empty = {"ssd_missing.csv": MISSING}
    care = {"ssd_cla_episodes.csv": f"{EPISODES.format(ceased=CEASED)}{IN_CARE}\n"}
    for month, more in ((1, ""), (2, f"{WENT}\n"), (3, "")):
        days = {"period_start": f"2026-0{month}-01", "period_end": f"2026-0{month}-28"}
        tables = ssd() | care | empty | {"ssd_missing.csv": MISSING + more}
        monitor.drop_zip(tables, days, f"{month}.zip")
    monitor.drop_zip(ssd() | care | empty, MARCH, "other.zip", sender="302")
    monitor.take_in()
    told = [
        (one.sender, one.period.start.month, "missing" in one.windows)
        for one in known(monitor.state, files.TODAY)
    ]
    assert sorted(told) == [
        ("301", 1, False),
        ("301", 2, True),
        ("301", 3, True),
        ("302", 3, False),
    ]
