"""Coherence of the marts: one frame that holds and one that does not, for every expectation."""

from collections.abc import Iterator

import duckdb
import pytest

from sightline.expectations.signals import (
    Worsening,
    counts_agree_with_official,
    marts_are_coherent,
    worsening,
)

pytestmark = pytest.mark.slow

MARTS = """
create schema marts;
create schema control;
create table control.indicators as
    select 'rate' as indicator, 'rate' as kind
    union all select 'share', 'proportion'
    union all select 'index', 'index';
create table control.authorities as select '301' as la_code union all select '302';
create table marts.dim_areas as
    select la_code, 'local_authority' as area_level, date '2009-04-01' as valid_from,
        cast(null as date) as valid_to
    from control.authorities;
create table marts.fct_indicator_values as
    select indicator, area_code, la_code, area_level, 'month' as period_type,
        date '2026-01-01' as period_start, date '2026-01-31' as period_end, 'total' as breakdown,
        'extracts' as source, cast(numerator as double) as numerator, 10.0 as denominator,
        numerator / 10.0 as value, cast(null as varchar) as marker,
        cast(null as varchar) as reason, 1 as areas_due, 1 as areas_included
    from (select unnest(['rate', 'share']) as indicator) as indicators
    cross join (
        values ('E1', '301', 'local_authority', 3), ('E2', '302', 'local_authority', 4),
            ('E92000001', null, 'country', 7)
    ) as areas (area_code, la_code, area_level, numerator);
create table marts.fct_detected_values as
    select * replace ('index' as indicator, cast(null as double) as numerator,
        cast(null as double) as denominator, cast(-1 as double) as value)
    from marts.fct_indicator_values where indicator = 'rate' and la_code is not null;
create view marts.fct_values as
    from marts.fct_indicator_values union all by name from marts.fct_detected_values;
create table marts.fct_signals as
    select indicator, source, area_code, period_type, period_start, breakdown, 'ok' as status,
        cast(null as varchar) as reason, value as expected, value / 2 as lower, value * 2 as upper
    from marts.fct_indicator_values;
"""

SPOILT = {
    "failed_one_row_each_of_series":
        "insert into marts.fct_indicator_values from marts.fct_indicator_values limit 1",
    "failed_rates_are_finite_of_series":
        "update marts.fct_indicator_values set value = 'infinity' where area_code = 'E1'",
    "failed_nothing_is_negative_of_series":
        "update marts.fct_indicator_values set value = -1 where area_code = 'E1'",
    "failed_parts_within_wholes_of_series":
        "update marts.fct_indicator_values set denominator = 2 where area_code = 'E1'",
    "failed_gaps_are_explained_of_series":
        "update marts.fct_indicator_values set value = null where area_code = 'E1'",
    "failed_reasons_have_words_of_series":
        "update marts.fct_indicator_values set reason = 'because' where area_code = 'E1'",
    "failed_one_signal_each_of_signals":
        "insert into marts.fct_signals from marts.fct_signals limit 1",
    "failed_ranges_are_ranges_of_signals":
        "update marts.fct_signals set lower = upper + 1 where area_code = 'E1'",
    "failed_limits_within_wholes_of_signals":
        "update marts.fct_signals set upper = 100.1 where indicator = 'share'",
    "failed_judgements_have_words_of_signals":
        "update marts.fct_signals set reason = 'because' where area_code = 'E1'",
    "failed_england_is_its_areas_of_sums":
        "update marts.fct_indicator_values set numerator = 8 where area_code = 'E92000001'",
    "failed_no_area_is_absent_of_periods":
        "delete from marts.fct_indicator_values where area_code = 'E2' and indicator = 'rate'",
}  # fmt: skip


@pytest.fixture
def work() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(MARTS)
        yield connection


def test_marts_that_hold_together_pass(work: duckdb.DuckDBPyConnection) -> None:
    result = marts_are_coherent(work)
    assert (result.passed, result.failed, result.ran) == (True, 0, len(SPOILT))


@pytest.mark.parametrize("failure", SPOILT)
def test_marts_that_contradict_themselves_block(
    work: duckdb.DuckDBPyConnection, failure: str
) -> None:
    work.execute(SPOILT[failure])
    result = marts_are_coherent(work)
    assert (result.passed, result.severity) == (False, "error")
    assert failure in result.details


@pytest.mark.parametrize(
    ("failure", "spoil"),
    [
        ("one_row_each", "insert into marts.fct_detected_values from marts.fct_detected_values"),
        ("rates_are_finite", "update marts.fct_detected_values set value = 'infinity'"),
        ("gaps_are_explained", "update marts.fct_detected_values set value = null"),
        ("reasons_have_words", "update marts.fct_detected_values set reason = 'because'"),
        (
            "parts_within_wholes",
            "update control.indicators set kind = 'proportion' where indicator = 'index';"
            " update marts.fct_detected_values set value = 100.1",
        ),
        (
            "no_area_is_absent_of_periods",
            "delete from marts.fct_detected_values where area_code = 'E2'",
        ),
    ],
)
def test_values_that_detection_adds_are_held_to_the_same(
    work: duckdb.DuckDBPyConnection, failure: str, spoil: str
) -> None:
    work.execute(spoil)
    result = marts_are_coherent(work)
    assert not result.passed
    assert any(failure in name for name in result.details)


@pytest.mark.parametrize(("value", "passes"), [(100.0, True), (0.0, True), (100.1, False)])
def test_a_proportion_lies_within_0_and_100(
    work: duckdb.DuckDBPyConnection, value: float, passes: bool
) -> None:
    work.execute(f"update marts.fct_indicator_values set value = {value} where indicator = 'share'")
    assert marts_are_coherent(work).passed is passes


def test_a_rate_and_its_limits_may_exceed_100_and_an_index_may_be_negative(
    work: duckdb.DuckDBPyConnection,
) -> None:
    work.execute("update marts.fct_indicator_values set value = 101 where indicator = 'rate'")
    work.execute("update marts.fct_signals set upper = 120 where indicator = 'rate'")
    assert marts_are_coherent(work).passed


def test_a_part_may_be_its_whole(work: duckdb.DuckDBPyConnection) -> None:
    work.execute("update marts.fct_indicator_values set denominator = numerator")
    assert marts_are_coherent(work).passed


def test_a_rate_of_a_population_may_exceed_one_each(work: duckdb.DuckDBPyConnection) -> None:
    work.execute("update marts.fct_indicator_values set denominator = 1 where indicator = 'rate'")
    assert marts_are_coherent(work).passed


def of_rate(work: duckdb.DuckDBPyConnection) -> Worsening:
    found = worsening(work, ["rate", "share", "unheard_of"])
    assert found["share"].check.passed
    assert not found["unheard_of"].check.passed
    assert found["unheard_of"].check.said == "No area could be judged."
    return found["rate"]


def test_a_worsening_indicator_warns_with_counts_and_blocks_nothing(
    work: duckdb.DuckDBPyConnection,
) -> None:
    assert of_rate(work).check.passed
    worse = "update marts.fct_signals set status = 'worsening' where indicator = 'rate'"
    work.execute(f"{worse} and area_code = 'E1'")
    found = of_rate(work)
    assert (found.check.name, found.check.severity) == ("rate_is_not_worsening", "warning")
    assert (found.check.passed, found.check.failed, found.judged, found.areas) == (
        False, 1, 3, ("E1",)
    )  # fmt: skip
    work.execute(worse)
    everywhere = of_rate(work).check
    assert (everywhere.passed, everywhere.failed) == (False, 3)
    assert everywhere.details["period"] == "2026-01-01"


def test_the_newest_period_is_the_newest_that_could_be_judged(
    work: duckdb.DuckDBPyConnection,
) -> None:
    work.execute(
        "insert into marts.fct_signals by name select * replace ("
        "date '2026-02-01' as period_start, 'not_assessable' as status)"
        " from marts.fct_signals where indicator = 'rate'"
    )
    assert of_rate(work).check.details["period"] == "2026-01-01"
    work.execute(
        "update marts.fct_signals set status = 'worsening' where indicator = 'rate'"
        " and area_code = 'E1' and period_start = date '2026-02-01'"
    )
    found = of_rate(work)
    assert (found.check.failed, found.judged, found.not_assessable) == (1, 1, 2)


@pytest.mark.parametrize(("verdict", "passes"), [("agrees", True), ("differs", False)])
def test_a_count_that_differs_from_the_official_one_warns_and_blocks_nothing(
    work: duckdb.DuckDBPyConnection, verdict: str, passes: bool
) -> None:
    work.execute(
        "create table marts.fct_reconciliation as select 'rate' as indicator,"
        " 'local_authority' as area_level, date '2024-04-01' as period_start, verdict"
        f" from (values ('agrees'), ('not_comparable'), ('{verdict}')) as given (verdict)"
        " union all select 'rate', 'country', date '2024-04-01', 'differs'"
    )
    result = counts_agree_with_official(work)
    assert (result.passed, result.severity) == (passes, "warning")
    assert result.details["agreeing"] + result.details["differing"] == 2
    assert result.details["not_comparable"] == 1
    assert result.details.get("differing_rate", 0) == (0 if passes else 1)
