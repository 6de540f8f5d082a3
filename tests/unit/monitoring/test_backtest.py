"""Planted changes are found where they are large, not where they are small, and counted truly."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from marts import Marts
from panels import panel

from sightline.monitoring import backtest, signals
from sightline.monitoring.annotated import Annotations

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def values() -> pd.DataFrame:
    """Forty authorities of about 90 referrals a month over six years."""
    marts = Marts(panel(areas=40, periods=72))
    return signals.read(marts.write(), marts.last)


@pytest.fixture(scope="module")
def found(values: pd.DataFrame) -> list[backtest.Found]:
    return backtest.backtest(values, Annotations(), seed=3, replicates=4)


def share(found: Sequence[backtest.Found], change: float) -> float:
    rows = [one for one in found if one.change == change]
    return sum(one.found for one in rows) / sum(one.planted for one in rows)


def test_a_fall_by_half_is_found_and_soon(found: list[backtest.Found]) -> None:
    assert share(found, 0.5) >= 0.9
    assert max(one.median_delay or 0 for one in found if one.change == 0.5) <= 2


def test_a_fall_by_a_tenth_is_seldom_found(found: list[backtest.Found]) -> None:
    assert share(found, 0.1) <= 0.5


def test_where_nothing_was_planted_marks_are_rare(found: list[backtest.Found]) -> None:
    assert all(one.marks_per_100_years < 12 for one in found)


def test_each_replicate_plants_in_the_same_share_of_the_authorities(
    found: list[backtest.Found],
) -> None:
    assert sum(one.planted for one in found) == 4 * round(backtest.SHARE * 40)


def test_the_same_seed_gives_the_same_result(
    values: pd.DataFrame, found: list[backtest.Found]
) -> None:
    again = backtest.backtest(values, Annotations(), seed=3, replicates=1)
    assert again == backtest.backtest(values, Annotations(), seed=3, replicates=1)
    assert again != found


def test_a_planted_fall_thins_counts_from_its_onset_on_and_nothing_else(
    values: pd.DataFrame,
) -> None:
    start = pd.Timestamp("2025-09-01")
    area = str(values["area_code"].iloc[0])
    changed = backtest._planted(values, {area: (0.5, start)}, "numerator", np.random.default_rng(1))
    at = (values["area_code"] == area) & (pd.to_datetime(values["period_start"]) >= start)
    pd.testing.assert_frame_equal(changed[~at], values[~at])
    ratio = changed.loc[at, "numerator"].sum() / values.loc[at, "numerator"].sum()
    assert 0.4 < ratio < 0.6
    rates = changed.loc[at, "value"] / changed.loc[at, "numerator"]
    np.testing.assert_allclose(rates, values.loc[at, "value"] / values.loc[at, "numerator"])


@pytest.mark.parametrize(
    ("marks", "episodes"),
    [("....", 0), ("x...", 1), ("x..x", 1), ("x...x", 2), ("xx..xx...xx", 2), ("...x", 1)],
)
def test_marks_within_three_months_are_one_episode(marks: str, episodes: int) -> None:
    assert backtest._episodes([mark == "x" for mark in marks]) == episodes
