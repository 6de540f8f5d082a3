"""Which back-tests are due: those whose last one is as old as the settings say, or never was."""

import tomllib
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from sightline.monitoring import backtest_results
from sightline.monitoring.backtest import Found
from sightline.orchestration.demo import BACKTEST
from sightline.warehouse import home as homes
from sightline.warehouse import indicators
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import Backtest, Settings

RUN_ON = date(2026, 1, 10)
WANTED = Backtest(indicators=["referral_rate", "suspension_rate"], days=30)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    home = homes.create(tmp_path / "monitor")
    with closing(State(home.state_db)) as state:
        yield state


def keep(state: State, indicator: str, run_on: date) -> None:
    found = Found(indicator, "extracts", "month", 0.2, 0, 10, 4, 1, 2.0, 3.0)
    backtest_results.keep(state, [found], run_on, "r1")


def test_all_are_due_at_first_and_none_where_none_is_wanted(state: State) -> None:
    assert backtest_results.due(state, WANTED, RUN_ON) == WANTED.indicators
    assert backtest_results.due(state, Backtest(), RUN_ON) == []


@pytest.mark.parametrize(
    ("as_of", "due"),
    [
        (date(2026, 2, 8), ["suspension_rate"]),
        (date(2026, 2, 9), ["referral_rate", "suspension_rate"]),
    ],
)
def test_one_is_due_again_when_its_newest_test_is_so_many_days_old(
    state: State, as_of: date, due: list[str]
) -> None:
    keep(state, "referral_rate", date(2025, 1, 1))
    keep(state, "referral_rate", RUN_ON)
    assert backtest_results.due(state, WANTED, as_of) == due


def test_the_demo_tests_indicators_that_are_judged_by_month() -> None:
    wanted = Settings.model_validate(tomllib.loads(BACKTEST)).backtest.indicators
    judged = {one.indicator for one in indicators.load() if one.is_monitored}
    assert len(wanted) == 4
    assert set(wanted) <= judged
