"""The benchmark of slow losses: nations that can be made again, and differences that are paired."""

import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def test_alerts_that_are_still_open_are_censored():
    how_long = importlib.import_module("how_long")
    found = [how_long.Alert("none", months, is_open)
             for months, is_open in ((2, False), (4, True), (6, False), (6, True))]  # fmt: skip
    assert how_long.still_open(found, 1) == 1
    assert how_long.still_open(found, 2) == 0.75
    assert how_long.still_open(found, 6) == 0.375
    assert how_long.quantile(found, 0.5) == "6"
    assert how_long.quantile(found, 0.9) == "over 6"


def test_an_alert_begins_with_a_mark_and_goes_on_while_it_lasts():
    how_long = importlib.import_module("how_long")
    marked = np.array([0, 1, 0, 0, 0, 1, 0], dtype=bool)
    lasts = np.array([1, 1, 1, 0, 1, 1, 1], dtype=bool)
    assert [*how_long._runs(marked, lasts)] == [(1, 2, False), (5, 2, True)]


def test_a_nation_is_the_same_for_the_same_numbers_and_the_parts_are_its_mean():
    designs = importlib.import_module("designs")
    panel, truth = designs.simulate("plain", "referrals", 0, designs.TUNING)
    again, _ = designs.simulate("plain", "referrals", 0, designs.TUNING)
    other, _ = designs.simulate("plain", "referrals", 0, designs.REPORTING)
    assert (panel.counts == again.counts).all()
    assert (panel.counts != other.counts).any()
    mean = np.exp(truth.level[:, None] + truth.slope + truth.season + truth.nation + truth.rest)
    ratio = (panel.counts / mean)[panel.event == "none"].mean()
    assert ratio == pytest.approx(1, abs=0.01)
    short, _ = designs.simulate("six years", "referrals", 0, designs.TUNING)
    assert short.counts.shape == (designs.AREAS, 72)


def test_a_run_under_way_in_the_first_month_is_left_out_or_counted():
    measures, series = importlib.import_module("measures"), importlib.import_module("series")
    areas = 100
    none = np.full(areas, "none", dtype=object)
    panel = series.Panel("made", np.ones((areas, 24)), none, np.full(areas, -1), 1)
    scores = np.zeros((areas, 24))
    scores[:10, 0] = 3.0  # under way
    scores[10:20, 5] = 2.0  # begun in the tested months
    assert measures.limit_of([scores], [panel]) == pytest.approx(2.0)
    assert measures.limit_of([scores], [panel], under_way=False) < 2.0


def test_the_error_of_a_mean_is_that_of_replicates_and_a_constant_gain_has_none():
    slow = importlib.import_module("slow_losses")
    mean, error = slow._mean_and_error([np.array([1.0, 0, 1, 0]), np.array([1.0, 1, 1, 1])])
    assert mean == 0.75
    assert error == pytest.approx(0.25)
    assert slow._mean_and_error([np.ones(3), np.ones(5)]) == (1.0, 0.0)
