"""Yearly figures: limits of an area's own, net of England; breaks; and the stated limits."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from sightline.monitoring import annual as years_of
from sightline.monitoring import successions
from sightline.monitoring.annotated import Annotations
from sightline.monitoring.detection import annual

YEARS = 12
RATE = 0.05
PEOPLE = 40_000.0


def ordinary(areas: int = 150, seed: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Counts and people of areas that wander by 16 % a year, as the published referrals do."""
    draw = np.random.default_rng(seed)
    level = draw.normal(0, 0.11, (areas, YEARS)) + draw.normal(0, 0.3, (areas, 1))
    people = np.full((areas, YEARS), PEOPLE)
    return draw.poisson(RATE * PEOPLE * np.exp(level)).astype(float), people


def judged(counts: np.ndarray, people: np.ndarray) -> annual.Years:
    return annual.judge(counts, people, counts.sum(0) / people.sum(0))


def test_ordinary_years_are_not_marked() -> None:
    years = judged(*ordinary())
    assert years.is_judged[:, 4:].all(1).sum() > 140
    assert (years.falls | years.rises).sum() <= 3
    assert years.breaks.sum() <= 5


def test_two_years_far_below_the_three_before_are_a_fall() -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, -2:] *= [0.70, 0.45]
    years = judged(counts, people)
    assert years.falls[7, -1]
    assert not years.breaks[7].any()
    assert years.p_fall[7, -1] < 0.001


def test_one_low_year_alone_is_no_fall() -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, -1] *= 0.7
    years = judged(counts, people)
    assert years.is_judged[7, -1]
    assert not years.falls[7, -1]


@pytest.mark.parametrize(("factor", "is_break"), [(0.40, True), (0.75, False), (2.2, True)])
def test_a_change_beyond_any_ordinary_year_is_a_break_and_the_history_starts_anew(
    factor: float, is_break: bool
) -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, 6:] *= factor
    years = judged(counts, people)
    assert years.breaks[7, 6] == is_break
    assert years.is_judged[7, 7] == (not is_break)
    assert years.is_judged[7, 8]
    if is_break:
        assert years.expected[7, 8] == pytest.approx(counts[7, 8] / PEOPLE, rel=0.05)


def test_a_movement_of_the_whole_country_marks_no_area() -> None:
    counts, people = ordinary()
    years = judged(np.round(counts * np.where(np.arange(YEARS) >= 9, 0.6, 1.0)), people)
    assert years.falls.sum() <= 1
    assert years.breaks[:, 9].sum() <= 3


def test_missing_small_and_first_years_are_not_judged() -> None:
    counts, people = ordinary()
    counts[7, 5] = np.nan
    counts[8] = 20
    years = judged(counts, people)
    assert not years.is_judged[7, 5]
    assert years.is_judged[7, 6]
    assert not years.is_judged[8].any()
    assert not years.is_judged[:, : annual.FEWEST_BEFORE].any()


def test_no_year_is_judged_by_what_came_after_it() -> None:
    counts, people = ordinary()
    whole = judged(counts, people)
    part = judged(counts[:, :9], people[:, :9])
    for name in ("score", "expected", "p_fall", "detectable"):
        np.testing.assert_allclose(getattr(whole, name)[:, :9], getattr(part, name), rtol=1e-12)


@pytest.mark.parametrize(("rate", "marked"), [(93.9, True), (94.1, False), (106.1, True)])
def test_the_stated_limit_is_a_share_of_the_year_before(rate: float, marked: bool) -> None:
    [[_, share]] = annual.beyond(np.array([[100.0, rate]]), 0.06)
    assert (abs(share) > 1) == marked
    assert (share > 0) == (rate > 100)


@pytest.mark.parametrize(("years_before", "is_marked"), [(1, False), (2, True)])
def test_no_break_is_marked_before_there_are_the_years_of_a_baseline(
    years_before: int, is_marked: bool
) -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, : 6 - years_before] = np.nan
    counts[7, 6:] *= 0.4
    assert judged(counts, people).breaks[7, 6] == is_marked


@pytest.mark.parametrize(("years_before", "has_score"), [(2, False), (3, True)])
def test_two_years_together_need_two_before_them(years_before: int, has_score: bool) -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, : 8 - years_before] = np.nan
    years = judged(counts, people)
    assert np.isfinite(years.score[7, 8]) == has_score
    assert np.isfinite(years.p_fall[7, 8]) == has_score


def series(rates: np.ndarray, first: int = 2014, **more: object) -> pd.DataFrame:
    """An official series as `read` gives it: areas numbered from 0, and England's sum."""
    rows = []
    years = [pd.Timestamp(first + n, 4, 1) for n in range(rates.shape[1])]
    named = [(f"E06{n:06d}", "local_authority", str(n)) for n in range(len(rates))]
    for counts, (code, level, number) in zip(rates, named, strict=True):
        rows += [
            {"area_code": code, "area_level": level, "la_code": number, "period_start": year,
             "counted": count, "people": PEOPLE}
            for year, count in zip(years, counts, strict=True)
        ]  # fmt: skip
    rows += [
        {"area_code": "E92000001", "area_level": "country", "la_code": None, "period_start": year,
         "counted": np.nansum(rates[:, n]), "people": PEOPLE * np.isfinite(rates[:, n]).sum()}
        for n, year in enumerate(years)
    ]  # fmt: skip
    plain = {
        "indicator": "referral_rate", "source": "s", "period_type": "financial_year",
        "limit_of_country": 0.06, "limit_of_region": 0.1, "scale": 100.0, "kind": "rate",
        "bad_direction": "down", "is_break": False,
    }  # fmt: skip
    return pd.DataFrame(rows).assign(**plain | more)


def of_area(frame: pd.DataFrame, number: int) -> pd.DataFrame:
    judged_years = years_of.judge_years(frame, Annotations())
    return judged_years[judged_years["area_code"] == f"E06{number:06d}"].reset_index(drop=True)


def test_years_with_a_baseline_too_short_for_a_mark_say_so() -> None:
    counts, _ = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, :5] = np.nan
    status = of_area(series(counts), 7)["status"]
    assert list(status[5:9]) == ["not_assessable", "not_assessable", "short_history", "ok"]


def test_the_first_year_after_a_succession_is_reorganised_whatever_another_rule_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(successions, "taken_over", lambda: {"7": date(2021, 4, 1)})
    counts, _ = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, 7:] *= 0.4
    rows = of_area(series(counts), 7)
    assert list(rows["reason"][6:9].fillna("")) == ["", "reorganised", "too_little_history"]
    assert list(rows["status"][7:8]) == ["not_assessable"]


@pytest.mark.parametrize(
    ("factor", "direction", "status"),
    [
        (0.4, "down", "worsening"),
        (0.4, "up", "improving"),
        (2.2, "down", "improving"),
        (2.2, "up", "worsening"),
    ],
)
def test_a_break_is_for_the_worse_or_for_the_better(
    factor: float, direction: str, status: str
) -> None:
    counts, _ = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, 6:] *= factor
    assert of_area(series(counts, bad_direction=direction), 7)["status"][6] == status


@pytest.mark.parametrize(("rate", "status"), [(50.0, "ok"), (49.0, "worsening")])
def test_a_change_by_the_stated_limit_itself_is_not_marked(rate: float, status: str) -> None:
    frame = series(np.array([[100.0, rate]]), limit_of_country=0.5)
    verdicts = years_of._totals(frame[frame["area_level"] == "country"], "country", -1)
    assert verdicts.status[0, 1] == status


def test_limits_of_an_official_proportion_lie_within_0_and_100() -> None:
    counts = np.full((40, YEARS), 0.97 * PEOPLE)
    rows = years_of.judge_years(series(counts, kind="proportion"), Annotations())
    assert rows["upper"].max() == 100
    as_rate = years_of.judge_years(series(counts), Annotations())
    assert as_rate["upper"].max() > 100


@pytest.mark.parametrize(("newest", "reason"), [(0.0, "nothing_expected"), (1.0, "no_former_year")])
def test_england_is_not_judged_by_a_year_with_none(newest: float, reason: str) -> None:
    counts = np.zeros((3, YEARS))
    counts[:, -1] = newest
    rows = years_of.judge_years(series(counts), Annotations())
    row = rows[rows["area_code"] == "E92000001"].iloc[-1]
    assert (row["status"], row["reason"]) == ("not_assessable", reason)


def with_break(counts: np.ndarray, year: int, level: float) -> pd.DataFrame:
    """A series that counts something else from a year on, everywhere at another level."""
    counts = counts.copy()
    counts[:, year:] *= level
    frame = series(counts)
    return frame.assign(is_break=frame["period_start"] == sorted(set(frame["period_start"]))[year])


@pytest.mark.parametrize("level", [0.6, 1.0, 1.7])
def test_a_step_where_a_series_counts_something_else_is_no_change(level: float) -> None:
    counts, _ = ordinary()
    counts[7] = RATE * PEOPLE
    counts[7, 8:] *= 0.3
    rows = years_of.judge_years(with_break(counts, 8, level), Annotations())
    at_break = rows[rows["period_start"] == pd.Timestamp(2022, 4, 1).date()]
    assert set(at_break["status"]) == {"not_assessable"}
    assert set(at_break["reason"]) == {"break_in_series"}
    after = rows[rows["area_code"] == "E06000007"].iloc[9:]
    assert set(after["status"]) <= {"ok", "short_history", "not_assessable"}
    england = rows[rows["area_code"] == "E92000001"].iloc[9:]
    assert set(england["status"]) == {"ok"}


def test_without_a_break_that_step_is_marked() -> None:
    counts, _ = ordinary()
    rows = years_of.judge_years(with_break(counts, 8, 0.6).assign(is_break=False), Annotations())
    assert rows[rows["area_code"] == "E92000001"].iloc[8]["status"] == "worsening"


def test_years_after_a_break_are_judged_by_none_before_it() -> None:
    counts, people = ordinary()
    counts[7] = RATE * PEOPLE
    other = counts.copy()
    other[:, :8] *= np.linspace(0.5, 1.5, 8)
    anew = np.arange(YEARS) == 8
    one, two = (annual.judge(held, people, np.ones(YEARS) * RATE, anew) for held in (counts, other))
    np.testing.assert_allclose(one.expected[7, 9:], two.expected[7, 9:])
    assert not one.is_judged[:, 8].any()
