"""The reference method agrees with the R package that set the standard."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from methods import farrington
from methods.farrington import Bound, Settings

REFERENCE = Path(__file__).parents[4] / "shared" / "benchmarks" / "detection"
needs_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference outputs of R are not on this machine"
)


@needs_reference
@pytest.mark.parametrize("bound", ["nbPlugin", "delta", "muan"])
def test_bounds_and_probabilities_agree_with_r(bound: Bound) -> None:
    inputs = pd.read_csv(REFERENCE / "ref_input_counts.csv.gz").set_index("series")
    counts = {str(name): row.to_numpy(float) for name, row in inputs.iterrows()}
    given = pd.read_csv(REFERENCE / f"ref_ff_{bound}.csv.gz").dropna(subset=["expected"])
    settings = Settings(bound=bound, as_in_r=True)
    ours = [
        farrington.judge(counts[series], week - 1, settings)
        for series, week in zip(given["series"], given["t"], strict=True)
    ]
    for name, field in (("expected", "expected"), ("phi", "phi"), ("pvalue", "p")):
        if name == "expected" and bound == "muan":
            continue
        values = np.array([getattr(one, field) for one in ours])
        apart = np.abs(values / given[name].to_numpy() - 1)
        assert (apart < 1e-4).mean() >= 0.99
    upper = np.array([one.upper if one else np.nan for one in ours])
    assert (np.abs(upper / given["upper"].to_numpy() - 1) < 1e-4).mean() >= 0.99
    if bound == "nbPlugin":
        assert (upper == given["upper"].to_numpy()).mean() >= 0.995


def test_weeks_like_this_one_are_the_reference_and_the_rest_is_shared_out() -> None:
    groups = farrington.season_groups(400, 390, Settings())
    assert groups is not None
    assert (groups[390 - 52 - 3 : 390 - 52 + 4] == 10).all()
    year = groups[390 - 52 + 4 : 390 - 3]
    assert Counter(year.tolist()) == dict.fromkeys(range(1, 10), 5)


def test_too_few_years_are_not_judged() -> None:
    assert farrington.judge(np.ones(100), 99, Settings()) is None


def test_a_past_outbreak_is_weighted_down() -> None:
    chance = np.random.default_rng(3)
    counts = chance.poisson(20, 400).astype(float)
    plain = farrington.judge(counts, 390, Settings())
    counts[250:253] = 90
    outbreak = farrington.judge(counts, 390, Settings())
    naive = farrington.judge(counts, 390, replace(Settings(), outlier=99))
    assert plain
    assert outbreak
    assert naive
    assert abs(outbreak.upper - plain.upper) < abs(naive.upper - plain.upper)
