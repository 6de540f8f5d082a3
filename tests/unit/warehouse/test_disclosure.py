"""Counts of ours of 1 to 7 are withheld, the others rounded, and nothing gives one back."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import rendered
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.warehouse.release import disclosure, vintages
from sightline.warehouse.release.rounding import BASE
from sightline.warehouse.settings import Disclosure

pytestmark = pytest.mark.slow

MONTH = date(2026, 10, 1)
SMALLEST = 8
LEVELS = st.sampled_from(sorted(BASE))


def cells(*counts: float, level: str = "local_authority", **more: object) -> pd.DataFrame:
    """One measure in one month, in areas of one region named by their place in the list."""
    plain = {
        "indicator": "rate", "measure": "referrals", "area_level": level, "region_code": "R1",
        "sub_region_code": None, "period_type": "month", "period_start": pd.Timestamp(MONTH),
        "breakdown": "total",
    }  # fmt: skip
    rows = [(str(place), count) for place, count in enumerate(counts)]
    return pd.DataFrame(rows, columns=["area_code", "count"]).assign(**plain | more)


def told(frame: pd.DataFrame, smallest: int = SMALLEST, **blocks: pd.DataFrame) -> list[Any]:
    """Of each cell what is shown, or else why nothing is."""
    found = disclosure.control_cells(frame, smallest, **blocks)
    assert found["shown"].isna().tolist() == found["marker"].notna().tolist()
    pairs = zip(found["shown"], found["marker"], strict=True)
    return [shown if pd.isna(marker) else marker for shown, marker in pairs]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, 0), (1, "c"), (5, "c"), (7, "c"), (7.5, "c"), (8, 10), (12, 10), (12.5, 15), (13, 15),
        (17, 15), (18, 20), (1 / 3, "c"), (8 + 1 / 3, 10), (12 + 1 / 3, 10), (1002, 1000),
    ],
)  # fmt: skip
def test_a_count_of_an_authority_is_withheld_from_1_to_7_or_rounded_to_five(count, shown) -> None:
    assert told(cells(count)) == [shown]


@pytest.mark.parametrize("level", ["sub_region", "region", "country"])
def test_a_count_of_a_larger_area_is_rounded_to_ten_and_up_from_the_middle(level: str) -> None:
    counts = (0, 1, 7, 8, 14, 14.5, 15, 24, 25)
    assert told(cells(*counts, level=level)) == [0, "c", "c", 10, 10, 10, 20, 20, 30]


def test_the_last_bit_of_a_mean_does_not_decide_on_its_side_of_the_middle() -> None:
    assert told(cells(np.nextafter(12.5, 0), 12.5, np.nextafter(12.5, 20))) == [15, 15, 15]


@pytest.mark.parametrize(("smallest", "shown"), [(6, ["c", 5, 5, 10]), (12, ["c", "c", "c", "c"])])
def test_the_smallest_that_is_shown_is_a_setting(smallest: int, shown: list[Any]) -> None:
    assert told(cells(5, 6, 7, 8), smallest) == shown


def test_nothing_less_than_the_department_withholds_can_be_set() -> None:
    assert Disclosure().smallest_shown == SMALLEST
    assert Disclosure(smallest_shown=6).smallest_shown == 6
    with pytest.raises(ValueError, match="greater than or equal to 6"):
        Disclosure(smallest_shown=5)


def test_six_ones_do_not_stand_beside_their_sum() -> None:
    parts = cells(1, 1, 1, 1, 1, 1, 0, 0)
    assert told(parts) == ["c"] * 6 + [0, 0]
    assert told(cells(6, level="region")) == ["c"]
    assert told(cells(9, level="region")) == [10]


def test_in_a_low_block_nobody_can_tell_a_zero_from_a_few() -> None:
    frame = pd.concat([cells(0, 3, 8, 30), cells(41, level="region"), cells(5, level="country")])
    frame = frame.reset_index(drop=True)
    frame.loc[frame["area_level"] == "country", "region_code"] = None
    elsewhere = frame.assign(region_code="R2")
    block = frame.loc[:0, disclosure.BLOCK]
    assert told(frame, low_blocks=block) == ["low", "low", 10, 30, 40, "c"]
    assert told(elsewhere, low_blocks=block) == [0, "c", 10, 30, 40, "c"]


@pytest.mark.parametrize("column", disclosure.BLOCK)
def test_a_low_block_is_one_measure_of_one_region_period_and_breakdown(column: str) -> None:
    other = {"period_start": pd.Timestamp(2026, 9, 1)}.get(column, "another")
    block = cells(0)[disclosure.BLOCK].assign(**{column: other})
    assert told(cells(0, 3), low_blocks=block) == [0, "c"]


def test_a_total_that_would_give_a_count_back_is_withheld_whatever_it_is() -> None:
    frame = pd.concat([cells(3, 300), cells(303, level="region")], ignore_index=True)
    block = frame.loc[:0, disclosure.BLOCK]
    assert told(frame, withheld_regions=block) == ["c", 300, "c"]


def test_an_unknown_level_of_area_is_an_error() -> None:
    with pytest.raises(KeyError, match="ward"):
        disclosure.control_cells(cells(30, level="ward"), SMALLEST)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 100_000), LEVELS)
def test_what_is_shown_is_the_nearest_multiple_and_names_no_count(count: int, level: str) -> None:
    [shown] = told(cells(count, level=level))
    base = BASE[level]
    if 0 < count < SMALLEST:
        assert shown == "c"
    else:
        assert shown % base == 0
        assert -base / 2 <= count - shown < base / 2


SIGNAL = (
    "expected, lower, upper, score, p_one, p_sustained, dispersion, national_effect, completeness,"
    " minimum_detectable_change, minimum_detectable_drift, slope_error, kind, method, version"
)
KEY = "indicator, source, area_code, period_type, period_start, breakdown"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    """Figures and the judgement on each, beside what disclosure control and `trends` ask for."""
    connection = duckdb.connect()
    connection.execute(
        f"""
        create schema control;
        create schema marts;
        create table control.indicators as
        select *, true as is_monitored, 100 as scale, false as annualise, 1 as decimals,
            'down' as bad_direction, 'per cent of referrals' as unit from (values
            ('rate', 'referrals', 'population_0_17', true, 'rate', null),
            ('share', 'from_schools', 'referrals', false, 'proportion', null),
            ('index', 'referrals', 'usual_referrals', false, 'index', null),
            ('gap', 'referrals', null, false, 'index', 'neighbours'),
            ('rest', 'children', 'expected', true, 'share_of_expected', 'rest')
        ) as given(indicator, numerator, denominator, denominator_is_population, kind, joint);
        create table control.indicator_parts as select 'gap' as indicator, 'rate' as part;
        create table judged (
            indicator varchar, area_code varchar, area_level varchar, region_code varchar,
            sub_region_code varchar, period_type varchar, period_start date, breakdown varchar,
            source varchar, numerator double, denominator double, value double, marker varchar,
            expected double, lower double, upper double, score double, p_one double,
            p_sustained double, dispersion double, national_effect double, completeness double,
            minimum_detectable_change double, minimum_detectable_drift double, slope_error double,
            kind varchar, method varchar, version varchar,
            status varchar, reason varchar
        );
        create view marts.fct_values as
        select
            {KEY}, area_level, numerator, denominator, value, marker, reason,
            null::varchar as la_code, period_start as period_end, false as is_provisional,
            false as is_revised, null::varchar as caveat, 1 as areas_due, 1 as areas_included
        from judged;
        create view marts.fct_signals as
        select {KEY}, {SIGNAL}, status, null::varchar as reason from judged;
        create view marts.dim_areas as
        select distinct area_code, region_code, sub_region_code from judged;
        create table marts.fct_breakdowns (
            measure varchar, area_code varchar, area_level varchar, period_start date,
            period_end date, dimension varchar, part varchar, monthly_measure varchar,
            counted double, months integer
        )
        """
    )
    vintages.create(connection)
    return connection


def add(connection, indicator, area, numerator, denominator, **more) -> None:
    row = {
        "indicator": indicator, "area_code": area, "area_level": "local_authority",
        "region_code": "R1", "sub_region_code": None, "period_type": "month",
        "period_start": MONTH, "breakdown": "total", "source": "extracts",
        "numerator": numerator, "denominator": denominator,
        "value": numerator / denominator * 100 if denominator else None, "marker": None,
        "expected": 50.0,
        "lower": 40.0, "upper": 60.0, "score": 1.0, "p_one": 0.2, "p_sustained": 0.3,
        "dispersion": 1.2, "national_effect": 0.9, "completeness": 0.8,
        "minimum_detectable_change": 9.0, "minimum_detectable_drift": 0.01749,
        "slope_error": 0.00851, "kind": None, "method": "panel", "version": "2",
        "status": "ok", "reason": None, **more,
    }  # fmt: skip
    places = ", ".join("?" * len(row))
    connection.execute(f"insert into judged values ({places})", [*row.values()])


def control(connection: duckdb.DuckDBPyConnection) -> None:
    cells = disclosure.control_cells(disclosure.cells_of(connection), SMALLEST)
    disclosure.control(connection, cells, disclosure.quarters_of(connection), SMALLEST)


def controlled(connection, columns: str, indicator: str, area: str):
    control(connection)
    return connection.execute(
        f"select {columns} from ({rendered.published('trends')})"
        " where indicator = ? and area_code = ?",
        [indicator, area],
    ).fetchone()


GIVES_BACK = (
    "numerator, value, expected, lower, upper, score, p_one, p_sustained, dispersion,"
    " national_effect, completeness, minimum_detectable_change, minimum_detectable_drift,"
    " slope_error, kind"
)


def test_everything_that_would_give_a_count_back_goes_with_it(connection) -> None:
    add(connection, "rate", "a", 3, 1000)
    assert controlled(connection, GIVES_BACK, "rate", "a") == (None,) * 15
    assert controlled(connection, "method, version", "rate", "a") == ("panel", "2")


def test_what_is_shown_keeps_all_that_was_judged_of_it(connection) -> None:
    add(connection, "rate", "a", 30, 1000)
    assert None not in controlled(connection, GIVES_BACK.removesuffix(", kind"), "rate", "a")


def test_the_population_and_the_marker_stay(connection) -> None:
    add(connection, "rate", "a", 3, 1000)
    assert controlled(connection, "denominator, marker", "rate", "a") == (1000, "c")


def test_a_small_count_is_withheld_wherever_it_serves_as_a_denominator(connection) -> None:
    add(connection, "rate", "a", 4, 1000)
    add(connection, "share", "a", 0, 4)
    assert controlled(connection, "numerator, denominator, marker", "share", "a") == (
        None, None, "c",
    )  # fmt: skip


def test_official_figures_stay_as_they_stand(connection) -> None:
    add(connection, "rate", "a", 3, 1000, source="published_referrals")
    assert controlled(connection, "numerator, marker", "rate", "a") == (3, None)


def test_a_judgement_that_narrows_a_withheld_count_goes_too(connection) -> None:
    add(connection, "rate", "a", 3, 1000, lower=0.2, upper=0.4)
    assert controlled(connection, "status, reason", "rate", "a") == ("not_assessable", "withheld")


@pytest.mark.parametrize(
    ("lower", "upper", "status"),
    [(0.08, 0.72, "ok"), (0.12, 0.72, "not_assessable"), (0.08, 0.68, "not_assessable")],
)
def test_ok_is_told_of_a_withheld_count_where_it_would_be_of_each_from_1_to_7(
    connection, lower: float, upper: float, status: str
) -> None:
    add(connection, "rate", "a", 3, 1000, lower=lower, upper=upper)
    assert controlled(connection, "status", "rate", "a") == (status,)


@pytest.mark.parametrize(
    ("reason", "told"), [("too_few", "withheld"), ("reorganised", "reorganised")]
)
def test_why_a_withheld_count_was_not_judged_is_told_where_it_says_nothing_of_its_size(
    connection, reason: str, told: str
) -> None:
    add(connection, "rate", "a", 3, 1000, status="not_assessable", reason=reason)
    assert controlled(connection, "status, reason", "rate", "a") == ("not_assessable", told)


def test_a_judgement_that_any_small_count_would_share_stays(connection) -> None:
    add(connection, "rate", "a", 3, 1000, lower=2.0, upper=4.0, status="worsening")
    assert controlled(connection, "status", "rate", "a") == ("worsening",)


def rows_of(connection: duckdb.DuckDBPyConnection, **where: object) -> Iterator[tuple[Any, ...]]:
    """Published rows, every column."""
    control(connection)
    condition = " and ".join(f"{name} = ?" for name in where) or "true"
    yield from connection.execute(
        f"select * from ({rendered.published('trends')}) where {condition} order by all",
        [*where.values()],
    ).fetchall()


def shown_of(connection, indicator: str, numerator: float, denominator: float, **more: object):
    """What is published of one figure, with the judgement that this very count would have had."""
    connection.execute("delete from judged")
    mean, spread = 100.0, 1.3
    judgement = {
        "expected": mean / denominator * 100, "lower": 80 / denominator * 100,
        "upper": 125 / denominator * 100, "dispersion": spread,
        "score": (mean - numerator) / np.sqrt(mean * spread), "p_one": 0.5 - numerator / 1e4,
        "p_sustained": 0.3,
    }  # fmt: skip
    add(connection, indicator, "a", numerator, denominator, **judgement | more)
    return [*rows_of(connection)]


def test_counts_that_are_rounded_alike_give_the_same_row_to_the_last_digit(connection) -> None:
    """No exact count comes back from limits, scores or probabilities."""
    rows = [shown_of(connection, "rate", count, 1000.0) for count in (88, 89, 90, 91, 92)]
    assert all(row == rows[0] for row in rows)
    assert rows[0][0] != shown_of(connection, "rate", 93, 1000.0)[0]


def test_denominators_that_are_rounded_alike_give_the_same_limits(connection) -> None:
    rows = [shown_of(connection, "share", 90, count, expected=50.0) for count in (198, 200, 202)]
    assert all(row == rows[0] for row in rows)


def test_a_mean_of_earlier_months_is_rounded_as_well(connection) -> None:
    add(connection, "index", "a", 101, 97 + 2 / 3)
    assert controlled(connection, "numerator, denominator", "index", "a") == (100, 100)
    [value] = controlled(connection, "value", "index", "a")
    assert value == 100


def test_the_range_of_an_estimate_is_that_of_the_rounded_count(connection) -> None:
    def row(count: int) -> Any:
        reach = np.exp(1.96 * np.sqrt(0.05 + 1 / count))
        return shown_of(
            connection, "rest", count, 250.0, value=100 - count / 2.5, expected=None,
            lower=100 - count / 2.5 * reach, upper=100 - count / 2.5 / reach, score=None,
            p_one=None, p_sustained=None, dispersion=None, method="estimate", status=None,
        )  # fmt: skip

    assert row(98) == row(100) == row(102)


@pytest.mark.parametrize(
    ("numerator", "whole", "marker", "value"),
    [
        (35, 800, "low", None),
        (40, 800, None, 5.0),
        (760, 800, None, 95.0),
        (765, 800, "high", None),
        (0, 800, "low", None),
        (20, 995, "low", None),
        (20, 1000, None, 2.0),
        (980, 1000, None, 98.0),
        (975, 995, "high", None),
    ],
)
def test_a_share_near_none_or_near_all_of_few_is_told_as_one(
    connection, numerator, whole, marker, value
) -> None:
    add(connection, "share", "a", numerator, whole)
    told = controlled(connection, "numerator, denominator, value, marker", "share", "a")
    assert told == (None if marker else numerator, whole, value, marker)


def test_whether_a_share_is_coded_follows_from_its_kind_and_not_from_its_unit(connection) -> None:
    add(connection, "share", "a", 780, 800)
    before = [*rows_of(connection)]
    connection.execute("update control.indicators set unit = '% of referrals'")
    assert [*rows_of(connection)] == before
    connection.execute("update control.indicators set kind = 'rate' where indicator = 'share'")
    assert controlled(connection, "value, marker", "share", "a") == (97.5, None)


def test_a_joint_figure_goes_with_a_part_of_any_of_its_months_and_shows_no_sum(connection) -> None:
    add(connection, "rate", "a", 3, 1000, period_start=date(2025, 11, 1))
    for area, start in (("a", MONTH), ("a", date(2026, 11, 1)), ("b", MONTH)):
        add(connection, "gap", area, 250, None, value=87.0, period_start=start, score=0.5678)
    rows = [
        (row[1], row[5], row[9], row[11], row[12]) for row in rows_of(connection, indicator="gap")
    ]
    assert rows == [
        ("a", MONTH, None, None, "c"),
        ("a", date(2026, 11, 1), None, 87.0, None),
        ("b", MONTH, None, 87.0, None),
    ]


@pytest.mark.parametrize(
    ("unknown", "exposed", "value"), [(3, 300, 87.0), (0, 4, None), (0, 8, 87.0)]
)
def test_a_gap_to_neighbours_goes_with_those_exposed_and_not_with_those_not_known(
    connection, unknown: int, exposed: int, value: float | None
) -> None:
    connection.execute("insert into control.indicator_parts values ('gap', 'share')")
    add(connection, "share", "a", unknown, exposed)
    add(connection, "gap", "a", 250, None, value=87.0, score=0.5678)
    assert controlled(connection, "value", "gap", "a") == (value,)


def test_a_total_is_that_of_the_authorities_which_its_own_indicator_has(connection) -> None:
    more = {"area_level": "region", "region_code": "R1"}
    add(connection, "rate", "R1", 1004, 1000, **more)
    add(connection, "share", "R1", 500, 906, **more)
    assert controlled(connection, "numerator", "rate", "R1") == (1000,)
    assert controlled(connection, "numerator, denominator", "share", "R1") == (500, 910)


def test_what_is_not_withheld_keeps_its_judgement(connection) -> None:
    for area, status in (
        ("a", "ok"),
        ("b", "worsening"),
        ("c", "improving"),
        ("d", "short_history"),
    ):
        add(connection, "rate", area, 31, 1000, status=status, kind="spike")
        assert controlled(connection, "status, kind", "rate", area) == (status, "spike")
