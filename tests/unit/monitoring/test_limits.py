"""Limits of judgement, from both sides, and what stays out of it."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pytest
from marts import Marts
from panels import changed, months, panel, people

from sightline.monitoring import signals
from sightline.monitoring.alerts.evaluate import findings
from sightline.monitoring.detection.monitor import judge
from sightline.monitoring.detection.panel import _before_guard, _weight
from sightline.monitoring.detection.windows import _clipped

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Said:
    """Probabilities as of one area and period."""

    one: float = 1.0
    sustained: float = 1.0

    def p_one(self, sign: int) -> np.ndarray:
        return np.array([[self.one]])

    def p_sustained(self, sign: int) -> np.ndarray:
        return np.array([[self.sustained]])


def is_marked(said: Said, *, is_panel: bool) -> bool:
    known = np.array([[True]])
    return bool(signals._alarms(said, 1, known, known, is_panel=is_panel)[0, 0])


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        (Said(one=0.0009), True),
        (Said(one=0.001), False),
        (Said(sustained=0.0019), True),
        (Said(sustained=0.002), False),
    ],
)
def test_a_region_or_england_is_marked_below_a_fixed_limit(said: Said, marked: bool) -> None:
    assert is_marked(said, is_panel=False) is marked


@pytest.mark.parametrize(
    ("said", "marked"),
    [
        (Said(one=0.05), True),
        (Said(one=0.051), False),
        (Said(sustained=0.05), True),
        (Said(sustained=0.051), False),
    ],
)
def test_the_two_tests_of_an_authority_count_as_two(said: Said, marked: bool) -> None:
    assert is_marked(said, is_panel=True) is marked


def test_ninety_nine_ordinary_months_of_a_hundred_lie_within_their_usual_range() -> None:
    marts = Marts(panel(areas=24, periods=60))
    connection = marts.write()
    signals.detect(connection, marts.last)
    [(share,)] = connection.execute(
        "select avg((value between lower and upper)::int) from marts.fct_signals"
        " inner join marts.fct_indicator_values using (area_code, period_start)"
        " where area_level = 'local_authority' and lower is not null"
    ).fetchall()
    assert 0.97 < share <= 1


@pytest.fixture
def short() -> duckdb.DuckDBPyConnection:
    """Two authorities of three months, of which nothing can be judged, and their signals."""
    marts = Marts(panel(areas=2, periods=3))
    connection = marts.write()
    signals.detect(connection, marts.last)
    return connection


def copied(connection: duckdb.DuckDBPyConnection, table: str, changed: str) -> None:
    connection.execute(f"insert into {table} select * replace ({changed}) from {table}")


def test_an_official_series_is_never_judged_as_our_own(short) -> None:
    as_of = {"as_of": "2026-10-01"}
    rows = len(short.execute(signals.VALUES, as_of).fetchall())
    copied(short, "marts.fct_indicator_values", "'published_referrals' as source")
    assert len(short.execute(signals.VALUES, as_of).fetchall()) == rows


@pytest.mark.parametrize(("as_of", "months"), [("2020-10-31", 2), ("2020-11-01", 3)])
def test_nothing_that_begins_after_the_day_is_judged(short, as_of: str, months: int) -> None:
    rows = short.execute(signals.VALUES, {"as_of": as_of}).df()
    assert rows["period_start"].nunique() == months


def test_an_official_series_raises_no_alert(short) -> None:
    rows = len(findings(short))
    for table in ("marts.fct_indicator_values", "marts.fct_signals"):
        copied(short, table, "'published_referrals' as source")
    assert len(findings(short)) == rows > 0


def test_the_evidence_of_an_alert_is_the_figure_of_its_own_breakdown(short) -> None:
    rows = len(findings(short))
    copied(short, "marts.fct_indicator_values", "'girls' as breakdown")
    assert len(findings(short)) == rows > 0


def test_outliers_count_less_but_for_the_periods_that_are_judged() -> None:
    weight = _weight(np.full((1, 12), 5.16), guard=6)
    assert weight[0].tolist() == pytest.approx([0.25] * 5 + [1.0] * 7)


def test_what_is_judged_teaches_no_variance() -> None:
    precision, pull = _before_guard(np.eye(12)[None], np.ones((1, 12)), guard=6)
    assert precision.shape == (1, 5, 5)
    assert pull.shape == (1, 5)


def test_the_half_year_that_is_judged_hardly_moves_what_is_expected_at_its_end() -> None:
    usual = panel(areas=24)
    fallen = changed(usual, 3, 0.6, last=6)
    before, after = (
        judge(counts, people(counts), months(72), tested=1).mean[3, -1]
        for counts in (usual, fallen)
    )
    assert after == pytest.approx(before, rel=0.05)


def test_one_odd_period_counts_as_two_standard_errors_at_most() -> None:
    error = _clipped(np.eye(3)[None], np.array([[10.0, 1.0, -10.0]]))
    assert error[0].tolist() == pytest.approx([2.0, 1.0, -2.0])
