"""Whole years of authorities whose months are small: told where they give no month back."""

import pandas as pd
import pytest

from sightline.warehouse.indicators import Indicator, load
from sightline.warehouse.release import audit, printed
from sightline.warehouse.release.disclosure import control_cells, control_sums, whole_years_of

pytestmark = pytest.mark.slow

SMALLEST = 8
EXCLUSIONS = next(one for one in load() if one.indicator == "permanent_exclusion_rate")
ASSESSMENTS = next(one for one in load() if one.indicator == "exploitation_factor_rate")
YEAR = pd.date_range("2024-09-01", periods=12, freq="MS")


def cells(
    counts: list[int], area: str = "a", months: pd.DatetimeIndex = YEAR, of: Indicator = EXCLUSIONS
) -> pd.DataFrame:
    """Of one authority alone; its region says nothing."""
    return pd.DataFrame(
        {
            "indicator": of.indicator, "measure": of.numerator, "area_code": area,
            "area_level": "local_authority", "region_code": "R1", "sub_region_code": None,
            "period_type": "month", "period_start": months[: len(counts)], "breakdown": "total",
            "count": [float(one) for one in counts],
        }
    )  # fmt: skip


def years(frame: pd.DataFrame, *definitions: Indicator) -> pd.DataFrame:
    return whole_years_of(frame, definitions or (EXCLUSIONS,), SMALLEST)


def told(counts: list[int]) -> tuple[object, object]:
    frame = cells(counts)
    [row] = control_sums(
        years(frame), control_cells(frame, SMALLEST), SMALLEST
    ).to_dict("records")  # fmt: skip
    return row["marker"], None if row["marker"] else row["shown"]


@pytest.mark.parametrize(
    ("small", "is_told"),
    [(3, False), (4, True)],  # a quarter of twelve months, and more
)
def test_a_year_is_told_where_over_a_quarter_of_the_months_are_small(
    small: int, is_told: bool
) -> None:
    assert bool(len(years(cells([7] * small + [8] * (12 - small))))) is is_told
    assert years(cells([0] * 12)).empty  # none is no small count, and is shown


def test_years_are_those_of_official_series_and_hold_twelve_counted_months() -> None:
    months = pd.date_range("2024-01-01", periods=24, freq="MS")
    [school] = years(cells([2] * 24, months=months)).to_dict("records")
    assert (school["period_start"], school["period_end"], school["count"]) == (
        pd.Timestamp("2024-09-01"), pd.Timestamp("2025-08-31"), 24,
    )  # fmt: skip
    [care] = years(cells([2] * 24, months=months, of=ASSESSMENTS), ASSESSMENTS).to_dict("records")
    assert (care["period_start"], care["period_end"]) == (
        pd.Timestamp("2024-04-01"), pd.Timestamp("2025-03-31"),
    )  # fmt: skip
    gap = months.delete(15)
    assert years(cells([2] * 23, months=gap)).empty


def test_children_who_would_count_again_each_month_are_never_added_up() -> None:
    added = {one.indicator for one in load() if one.adds_up}
    assert {"permanent_exclusion_rate", "exploitation_factor_rate", "referral_rate"} <= added
    assert not added & {
        "missing_children_share", "excluded_not_known", "identified_girls_share",
        "severe_absence_share", "divergence", "neighbour_gap", "referrals_against_usual",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([3, 4, 2, 5, 3, 4, 2, 5, 3, 4, 2, 5], (None, 40)),
        ([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], ("low", None)),
        # 13 to 17 less 11 others of one at least: no month could be seven.
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2], ("c", None)),
        # 8 to 12 of four months with three of seven at most.
        ([2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0], (None, 10)),
        # 23 to 27 of four: each two at the least.
        ([6, 6, 6, 6, 0, 0, 0, 0, 0, 0, 0, 0], ("c", None)),
        # 18 to 22 of four: none of them is known to be more than one.
        ([6, 6, 6, 3, 0, 0, 0, 0, 0, 0, 0, 0], (None, 20)),
    ],
)
def test_a_year_is_told_only_where_it_leaves_each_month_all_that_it_may_be(
    counts: list[int], expected: tuple[object, object]
) -> None:
    assert told(counts) == expected


def test_what_a_year_gives_back_beside_totals_is_found_and_the_year_withheld() -> None:
    """Others of 13, 8 and 8 at the least leave four months of a region of 34 at the most 1 to 5
    each; a year of 18 and more would leave them 3 to 5."""
    counts = {"a": [5] * 4 + [0] * 8, "b": [13] * 12, "c": [8] * 12, "d": [8] * 12}
    frame = pd.concat([cells(of, area) for area, of in counts.items()], ignore_index=True)
    region = cells([sum(month) for month in zip(*counts.values(), strict=True)], "R1")
    frame = pd.concat([frame, region.assign(area_level="region")], ignore_index=True)
    sums = years(frame)
    assert sums["area_code"].to_list() == ["a"]
    assert len(audit.audited(frame, [], SMALLEST).repairs) == 0
    repairs = audit.audited(frame, [], SMALLEST, None, None, sums).repairs
    assert repairs.withheld_counts[["area_code", "period_type"]].to_numpy().tolist() == [
        ["a", "year"]
    ]
    assert len(repairs) == 1
    controlled = repairs.control(frame, SMALLEST)
    shown = printed.sums_of_cells(None, sums, controlled, SMALLEST, repairs.withheld_counts)
    assert shown is not None
    assert shown.empty
