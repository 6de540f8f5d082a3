"""The suites of a release: tables that hold, and for every expectation one that breaks it."""

from collections.abc import Iterable, Iterator
from typing import Any

import duckdb
import pytest

from sightline.expectations import release
from sightline.expectations.runner import judge
from sightline.warehouse import indicators

pytestmark = pytest.mark.slow

PROPORTION = "re_referral_rate"
RATE = "referral_rate"
INDEX = "divergence"

TABLES = f"""
create schema marts;
create schema control;
create table control.disclosure as select 8 as smallest_shown;
create table indicators (indicator varchar);
create table areas as
    select area_code, la_code, area_code as area_name, area_level
    from (values ('E1', '301', 'local_authority'), ('E2', '302', 'local_authority'),
        ('E13', null, 'sub_region'), ('E12', null, 'region'), ('E92', null, 'country'))
        as known (area_code, la_code, area_level);
create table coverage as
    select '301' as la_code, 'ssd' as extract, date '2026-01-01' as period_start,
        date '2026-01-31' as period_end, 'received' as status
    union all select '302', 'ssd', date '2026-01-01', date '2026-01-31', 'missing';
create table trends as
    select indicator, area_code, 'local_authority' as area_level, 'month' as period_type,
        date '2026-01-01' as period_start, date '2026-01-31' as period_end, 'total' as breakdown,
        'extracts' as source, cast(numerator as double) as numerator,
        cast(40 as double) as denominator, cast(25 as double) as value,
        cast(null as varchar) as marker, cast(25 as double) as expected,
        10::double as lower, 60::double as upper, 0.5::double as score, 0.1::double as p_one,
        1::double as p_sustained, 1::double as dispersion, 1::double as national_effect,
        1::double as completeness, 0.4::double as minimum_detectable_change,
        0.02::double as minimum_detectable_drift, 0.01::double as slope_error, 'spike' as kind,
        'panel' as method, 'ok' as status,
        cast(null as varchar) as reason
    from (values ('{PROPORTION}', 'E1', 10), ('{RATE}', 'E1', 0), ('{INDEX}', 'E1', null),
        ('{PROPORTION}', 'E2', 40), ('{RATE}', 'E2', 50))
        as made (indicator, area_code, numerator);
update trends set numerator = null, value = null, marker = 'c', expected = null, lower = null,
        upper = null, score = null, p_one = null, p_sustained = null, dispersion = null,
        national_effect = null, completeness = null, minimum_detectable_change = null,
        minimum_detectable_drift = null, slope_error = null, kind = null, reason = 'withheld'
    where area_code = 'E2';
update trends set denominator = null where marker = 'c' and indicator = '{PROPORTION}';
create table marts.fct_values as select indicator, area_code from trends;
create table reconciliation as
    select indicator, area_code, area_level, 'financial_year' as period_type, period_start,
        breakdown, 'published_referrals' as source, cast(100 as double) as official,
        cast(null as varchar) as official_marker, cast(105 as double) as counted,
        cast(null as varchar) as marker, 12 as months_covered, cast(5 as double) as difference,
        cast(10 as double) as allowed, 'agrees' as verdict, cast(null as varchar) as reason
    from trends where area_code = 'E1';
create table alerts as
    select 'a' as alert_id, '{RATE}' as indicator, 'E1' as area_code,
        'local_authority' as area_level, 'total' as breakdown, 'down' as direction,
        'warning' as severity, 'open' as state, date '2026-01-01' as opened_period,
        date '2026-01-01' as last_period,
        '{{"first": "2026-01-01", "value": 25.0, "expected": 30.0, "lower": 26.0}}' as summary
    union all select 'b', '{RATE}', 'E2', 'local_authority', 'total', 'down', 'warning', 'open',
        date '2026-01-01', date '2026-01-01', null;
create table alert_events as
    select 1 as event_id, 'a' as alert_id, cast(null as varchar) as old_state, 'open' as new_state;
create table submissions as
    select 1 as submission_id, 'ssd' as extract, date '2026-01-01' as period_start,
        date '2026-01-31' as period_end, 'accepted' as status, 120 as records, 110 as accepted,
        10 as quarantined, 0 as duplicates;
create table breakdowns as
    select 'referrals' as measure, area_code, 'local_authority' as area_level,
        date '2026-01-01' as period_start, 'referred_by' as dimension, 'police' as part,
        case when area_code = 'E1' then 10 end as counted,
        case when area_code = 'E2' then 'low' end as marker, 3 as months
    from (values ('E1'), ('E2')) as made (area_code);
create table drivers as
    select '{RATE}' as indicator, 'E1' as area_code, 'whole' as within, dimension, part,
        contribution
    from (values ('whole', 'whole', -30), ('referred_by', 'police', -20),
        ('referred_by', 'rest', -10)) as made (dimension, part, contribution);
create table linkage as
    select '301' as la_code, 'ssd' as extract, 120 as records, 0.9 as share,
        cast(null as varchar) as marker, 0 as conflicts
    union all select '302', 'ssd', 120, null, 'c', 10;
create table estimates as
    select 'children' as estimate, 27.0 as value, 18.0 as lower, 39.0 as upper;
"""

OURS = "where indicator = '{}' and area_code = 'E1'"
OF_PROPORTION, OF_RATE, OF_INDEX = (OURS.format(name) for name in (PROPORTION, RATE, INDEX))
OF_WHOLE = ("value", *release.RANGE)
COUNTS = ("numerator", "denominator")
HIDDEN = f"where indicator = '{PROPORTION}' and area_code = 'E2'"


def spoilt() -> Iterator[tuple[str, str, dict[str, int]]]:
    """A table, what breaks it, and by rule how often that is."""
    yield "indicators", f"delete from indicators {only(RATE)}", {"every_indicator_is_there": 1}
    yield "indicators", "insert into indicators values ('new')", {"every_indicator_is_there": 1}
    yield "indicators", f"insert into indicators values ('{RATE}')", {"one_row_each": 2}
    again = {"one_row_each": 2, "one_area_each_name": 2}
    yield "areas", "insert into areas from areas limit 1", again
    yield (
        "areas",
        "update areas set area_name = 'E2' where area_code = 'E1'",
        {"one_area_each_name": 2},
    )
    yield (
        "areas",
        "update areas set area_level = 'ward' where area_code = 'E1'",
        known("area_level"),
    )
    yield "areas", "delete from areas where area_level = 'region'", {"every_level_is_there": 1}
    yield "areas", "delete from areas where la_code = '302'", {"every_area_is_there": 1}
    yield "coverage", "insert into coverage from coverage limit 1", {"one_row_each": 2}
    yield "coverage", *unknown("coverage", "la_code", "extract", "status")
    yield "coverage", *backwards("coverage")
    yield "trends", "insert into trends from trends limit 1", {"one_row_each": 2}
    yield "trends", f"delete from trends {only(INDEX)}", {"every_indicator_is_there": 1}
    yield "trends", "delete from trends where area_code = 'E2'", {"every_area_is_there": 1}
    yield "trends", *unknown(
        "trends", "indicator", "area_code", "area_level", "period_type", "source", "marker",
        "kind", "method", "status", "reason",
    )  # fmt: skip
    yield "trends", *backwards("trends")
    yield "trends", f"update trends set lower = 60.1 {OF_RATE}", {"ranges_are_ranges": 1}
    figures = ("numerator", "denominator", "value", *release.EVIDENCE)
    # A share is held to its range beside, and no end is within it.
    endless = ranges(*figures) | dict.fromkeys(ranges(*release.SHARES), 2)
    yield "trends", set_all(figures, "'infinity'", OF_INDEX), endless
    yield "trends", set_all(("numerator", "denominator"), "-1", OF_INDEX), ranges(*COUNTS)
    yield "trends", set_all(release.SHARES, "1.1", OF_INDEX), ranges(*release.SHARES)
    yield "trends", set_all(release.SHARES, "-0.1", OF_INDEX), ranges(*release.SHARES)
    yield "trends", set_all(["value"], "-0.1", OF_RATE), ranges("value")
    yield "trends", set_all(OF_WHOLE, "100.1", OF_PROPORTION), ranges(*OF_WHOLE)
    below = ranges(*OF_WHOLE) | {"value_is_in_its_range": 2}
    yield "trends", set_all(OF_WHOLE, "-0.1", OF_PROPORTION), below
    yield "trends", set_all(["value"], "null", OF_RATE), {"gaps_are_marked": 1}
    yield "trends", set_all(["marker"], "'c'", OF_RATE), {"withheld_is_withheld": 1}
    for marker in ("low", "high"):
        yield "trends", set_all(["marker"], f"'{marker}'", OF_RATE), {"withheld_is_withheld": 1}
    for column, where in (("numerator", OF_RATE), ("denominator", OF_PROPORTION)):
        yield "trends", set_all([column], "5", where), {"no_small_count_is_shown": 1}
        yield "trends", set_all([column], "31", where), {"counts_are_rounded": 1}
    tens = set_all(["numerator", "area_level"], "'15'", OF_RATE).replace(
        "area_level = '15'", "area_level = 'region'"
    )
    yield "trends", tens, {"counts_are_rounded": 1}
    for value in ("4.9", "95.1"):
        spoil = set_all(["value"], value, OF_PROPORTION)
        yield "trends", spoil, {"shares_near_the_ends_are_coded": 1}
    yield "trends", set_all(["numerator"], "120", OF_INDEX), {"no_sum_of_months_is_shown": 1}
    yield "trends", set_all(["score"], "0.51", OF_RATE), {"scores_are_coarse": 1}
    for column in ("p_one", "p_sustained"):
        yield "trends", set_all([column], "0.2", OF_RATE), {"probabilities_are_bands": 1}
    yield "withheld", set_all(figures, "0.5", HIDDEN), {"withheld_is_withheld": len(figures)}
    for marker in ("low", "high"):
        spoil = f"update trends set score = 0.5, marker = '{marker}' {HIDDEN}"
        yield "withheld", spoil, {"withheld_is_withheld": 1}
    yield "withheld", set_all(["kind"], "'spike'", HIDDEN), {"withheld_is_withheld": 1}
    spoil = "insert into reconciliation from reconciliation limit 1"
    yield "reconciliation", spoil, {"one_row_each": 2}
    yield "reconciliation", *unknown(
        "reconciliation", "indicator", "area_code", "area_level", "period_type", "source",
        "official_marker", "marker", "verdict", "reason",
    )  # fmt: skip
    yield (
        "reconciliation",
        f"update reconciliation set months_covered = 13 {OF_RATE}",
        ranges("months_covered"),
    )
    yield (
        "reconciliation",
        f"update reconciliation set marker = 'c' {OF_RATE}",
        {"withheld_is_withheld": 3},
    )
    spoil = f"update reconciliation set counted = 104 {OF_RATE}"
    yield "reconciliation", spoil, {"counts_are_rounded": 1}
    yield "alerts", "insert into alerts from alerts limit 1", {"one_row_each": 2}
    yield (
        "alerts",
        *unknown(
            "alerts", "indicator", "area_code", "area_level", "direction", "severity", "state"
        ),
    )
    turned = "update alerts set last_period = date '2025-12-01' where alert_id = 'a'"
    yield "alerts", turned, {"periods_end_after_they_start": 1}
    spoil = "update alerts set summary = (select max(summary) from alerts)"
    yield "alerts", spoil, {"withheld_is_withheld": 1}
    judged = """update alerts set summary = '{{"value": {}, {}}}' where alert_id = 'a'"""
    yield "alerts", judged.format(24.2, '"expected": 30'), {"evidence_is_released": 1}
    contradiction = {"evidence_bears_the_alert_out": 1}
    yield "alerts", judged.format(25, '"expected": 25.0'), contradiction
    yield "alerts", judged.format(25, '"expected": 24.9'), contradiction
    yield "alerts", judged.format(25, '"expected": 30, "lower": 25'), contradiction
    yield "alerts", judged.format(25, '"expected": 30, "lower": 24.9'), contradiction
    yield "alert_events", "insert into alert_events from alert_events", {"one_row_each": 2}
    yield "alert_events", *unknown("alert_events", "alert_id", "old_state", "new_state")
    yield "submissions", "insert into submissions from submissions", {"one_row_each": 2}
    yield "submissions", *unknown("submissions", "extract", "status")
    yield "submissions", *backwards("submissions")
    for column in ("records", "accepted", "quarantined", "duplicates"):
        spoil = f"update submissions set {column} = 7"
        yield "submissions", spoil, {"numbers_of_records_are_rounded": 1}
    yield "linkage", "insert into linkage from linkage limit 1", {"one_row_each": 2}
    yield "linkage", *unknown("linkage", "la_code", "extract", "marker")
    yield "linkage", "update linkage set share = 1.1 where la_code = '301'", ranges("share")
    yield "linkage", "update linkage set share = 0.9", {"withheld_is_withheld": 1}
    for column in ("records", "conflicts"):
        spoil = f"update linkage set {column} = 7 where la_code = '301'"
        yield "linkage", spoil, {"numbers_of_records_are_rounded": 1}
    yield "breakdowns", "insert into breakdowns from breakdowns limit 1", {"one_row_each": 2}
    yield "breakdowns", *unknown("breakdowns", "area_code", "area_level", "dimension", "marker")
    shown = "where area_code = 'E1'"
    yield "breakdowns", f"update breakdowns set months = 13 {shown}", ranges("months")
    yield "breakdowns", f"update breakdowns set months = 0 {shown}", ranges("months")
    small = {"no_small_count_is_shown": 1}
    yield "breakdowns", f"update breakdowns set counted = 5 {shown}", small
    yield "breakdowns", f"update breakdowns set counted = 11 {shown}", {"counts_are_rounded": 1}
    yield "breakdowns", f"update breakdowns set counted = null {shown}", {"gaps_are_marked": 1}
    withheld = {"withheld_is_withheld": 1}
    yield "breakdowns", f"update breakdowns set marker = 'low' {shown}", withheld
    yield "drivers", "insert into drivers from drivers limit 1", {"one_row_each": 2}
    yield "drivers", *unknown("drivers", "indicator", "area_code", "dimension")
    spoil = "update drivers set contribution = -9 where part = 'rest'"
    yield "drivers", spoil, {"contributions_add_up": 2}
    yield "estimates", "insert into estimates from estimates", {"one_row_each": 2}
    yield "estimates", "update estimates set lower = 28", {"ranges_are_ranges": 1}
    yield "estimates", "update estimates set upper = 26", {"ranges_are_ranges": 1}


def only(indicator: str) -> str:
    return f"where indicator = '{indicator}'"


def known(*columns: str) -> dict[str, int]:
    return {f"{column}_is_known": 1 for column in columns}


def ranges(*columns: str) -> dict[str, int]:
    return {f"{column}_is_in_its_range": 1 for column in columns}


def unknown(table: str, *columns: str) -> tuple[str, dict[str, int]]:
    """One row in which nothing is what it may be."""
    values = ", ".join(f"{column} = 'another'" for column in columns)
    first = f"where rowid = (select min(rowid) from {table})"
    return f"update {table} set {values} {first}", known(*columns)


def backwards(table: str) -> tuple[str, dict[str, int]]:
    first = f"where rowid = (select min(rowid) from {table})"
    spoil = f"update {table} set period_end = period_start - 1 {first}"
    return spoil, {"periods_end_after_they_start": 1}


def set_all(columns: Iterable[str], value: str, where: str) -> str:
    return f"update trends set {', '.join(f'{column} = {value}' for column in columns)} {where}"


@pytest.fixture
def draft() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        names = [[one.indicator] for one in indicators.load()]
        connection.executemany("insert into indicators values (?)", names)
        yield connection


@pytest.fixture(scope="module")
def suites() -> dict[str, list[Any]]:
    """The suites of the tables as they are before anything is spoilt."""
    with duckdb.connect() as connection:
        connection.execute(TABLES)
        frames = {name: release.table_of(connection, name) for name in release.JUDGED}
        made = connection.sql("from marts.fct_values").df()
    return {name: list(suite) for name, suite in release.suites(frames, made, 8).items()}


def failed(draft: duckdb.DuckDBPyConnection, table: str, suite: list[Any]) -> dict[str, int]:
    details = judge(table, release.table_of(draft, table), suite).details
    return {
        name.removeprefix("failed_"): count
        for name, count in details.items()
        if name.startswith("failed_")
    }


def test_a_release_that_holds_passes_and_every_table_is_looked_at(
    draft: duckdb.DuckDBPyConnection,
) -> None:
    result = release.meets_expectations(draft, draft)
    assert (result.passed, result.severity) == (True, "error")
    rows = {name for name in result.details if name.startswith("rows_of_")}
    assert rows == {f"rows_of_{table}" for table in release.JUDGED}


@pytest.mark.parametrize(("table", "spoil", "broken"), [*spoilt()])
def test_each_rule_can_fail(
    draft: duckdb.DuckDBPyConnection,
    suites: dict[str, list[Any]],
    table: str,
    spoil: str,
    broken: dict[str, int],
) -> None:
    draft.execute(spoil)
    of_rules = [one for one in suites[table] if one.meta["rule"] in broken]
    assert failed(draft, table, of_rules) == broken


def test_every_rule_of_every_suite_is_broken_above(suites: dict[str, list[Any]]) -> None:
    stated = {(table, one.meta["rule"]) for table, suite in suites.items() for one in suite}
    assert stated == {(table, rule) for table, _, broken in spoilt() for rule in broken}


def test_every_expectation_says_why_and_whose_it_is(suites: dict[str, list[Any]]) -> None:
    stated = [one for suite in suites.values() for one in suite]
    assert all(one.description and one.meta["owner"] for one in stated)


def test_one_table_that_breaks_an_expectation_blocks_and_only_counts_are_told(
    draft: duckdb.DuckDBPyConnection,
) -> None:
    draft.execute("update submissions set status = 'secret word'")
    draft.execute(f"update trends set value = 77.125 {HIDDEN}")
    result = release.meets_expectations(draft, draft)
    assert not result.passed
    assert result.details["failed_status_is_known_of_submissions"] == 1
    assert result.details["failed_withheld_is_withheld_of_withheld"] == 1
    assert "secret" not in str(result)
    assert "77.125" not in str(result)
    assert all(isinstance(count, int) for count in result.details.values())


def test_populations_of_withheld_rates_are_open(
    draft: duckdb.DuckDBPyConnection, suites: dict[str, list[Any]]
) -> None:
    draft.execute(f"update trends set denominator = 9000 where indicator = '{RATE}'")
    assert failed(draft, "withheld", suites["withheld"]) == {}
    assert failed(draft, "trends", suites["trends"]) == {}


def test_an_official_figure_may_be_small(
    draft: duckdb.DuckDBPyConnection, suites: dict[str, list[Any]]
) -> None:
    draft.execute(
        f"update trends set numerator = 3, p_one = 0.2, source = 'published_referrals' {OF_RATE}"
    )
    assert failed(draft, "trends", suites["trends"]) == {}


def test_a_share_of_a_thousand_may_lie_near_none(
    draft: duckdb.DuckDBPyConnection, suites: dict[str, list[Any]]
) -> None:
    rule = [one for one in suites["trends"] if one.meta["rule"] == "shares_near_the_ends_are_coded"]
    draft.execute(set_all(["denominator"], "995", OF_PROPORTION))
    draft.execute(set_all(["value"], "4", OF_PROPORTION))
    assert failed(draft, "trends", rule) == {"shares_near_the_ends_are_coded": 1}
    draft.execute(set_all(["denominator"], "1000", OF_PROPORTION))
    assert failed(draft, "trends", rule) == {}


@pytest.mark.parametrize(("smallest_shown", "count", "broken"), [(6, 5, 0), (8, 5, 1), (8, 10, 0)])
def test_the_smallest_shown_is_a_setting(
    draft: duckdb.DuckDBPyConnection, smallest_shown: int, count: int, broken: int
) -> None:
    draft.execute(f"update control.disclosure set smallest_shown = {smallest_shown}")
    draft.execute(f"update trends set numerator = {count} {OF_RATE}")
    details = release.meets_expectations(draft, draft).details
    assert details.get("failed_no_small_count_is_shown_of_trends", 0) == broken


def test_an_index_may_be_negative_and_above_100(
    draft: duckdb.DuckDBPyConnection, suites: dict[str, list[Any]]
) -> None:
    draft.execute(f"update trends set value = -3, lower = -9, upper = 300 {OF_INDEX}")
    assert failed(draft, "trends", suites["trends"]) == {}
