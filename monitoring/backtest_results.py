"""Back-test the figures of the last run, and keep the results for the report."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import pandas as pd
import sqlalchemy as sa

from sightline.monitoring import annotated, annual, signals
from sightline.monitoring.annotated import Annotations
from sightline.monitoring.backtest import MONTHS, YEARS, Found, History, backtest
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, backtests, state_of
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import Backtest, load_settings, today

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Tested:
    """A series that can be back-tested."""

    indicator: str
    values: pd.DataFrame
    known: Annotations
    history: History

    def result(self, replicates: int, seed: int = 1) -> list[Found]:
        return backtest(self.values, self.known, self.history, seed=seed, replicates=replicates)


def run(
    home: Home, chosen: Sequence[str], *, replicates: int, seed: int, progress: Progress
) -> list[Found]:
    """Test each chosen indicator, all if none is; raises SightlineError for one that is not."""
    shown = releases.current(home)
    if shown is None or not home.warehouse_db.exists():
        raise SightlineError("there are no figures yet; run: sightline run")
    with connect(home.warehouse_db, read_only=True) as connection:
        series = series_of(connection, shown.as_of)
    names = sorted({one.indicator for one in series})
    if unknown := sorted(set(chosen) - set(names)):
        raise SightlineError(f"{unknown[0]} is not tested; these are: {', '.join(names)}", 2)
    wanted = [one for one in series if not chosen or one.indicator in chosen]
    found: list[Found] = []
    for done, one in enumerate(wanted):
        progress("back-testing", done, len(wanted))
        found += one.result(replicates, seed)
    with state_of(home) as state:
        keep(state, found, today(load_settings(home)), shown.release_id)
    return found


def series_of(connection: duckdb.DuckDBPyConnection, as_of: date) -> list[Tested]:
    """What a work file holds that can be tested: months of ours, and years of official series."""
    months = signals.read(connection, as_of)
    years = annual.read(connection, as_of)
    annotations = annotated.read(connection)
    months = months[(months["breakdown"] == "total") & (months["period_type"] == "month")]
    found = []
    for values, history, keys in (
        (months, MONTHS, ["indicator"]),
        (years, YEARS, ["indicator", "source"]),
    ):
        for _, frame in values.groupby(keys, sort=True):
            if (frame["area_level"] == "local_authority").any():
                name = str(frame["indicator"].iloc[0])
                known = annotations.get(name, Annotations())
                found.append(Tested(name, frame, known, history))
    return found


def keep(state: State, found: Sequence[Found], run_on: date, release_id: str) -> None:
    about = {"run_on": run_on, "release_id": release_id}
    rows = [asdict(one) | about | {"most": _finite(one.most)} for one in found]
    if rows:
        with state.begin() as connection:
            connection.execute(sa.insert(backtests), rows)


def due(state: State, wanted: Backtest, as_of: date) -> list[str]:
    """Of the indicators that the settings want tested, those whose last test is too old."""
    newest = sa.select(backtests.c.indicator, sa.func.max(backtests.c.run_on).label("run_on"))
    with state.read() as connection:
        rows = connection.execute(newest.group_by(backtests.c.indicator)).all()
    last = {row.indicator: row.run_on for row in rows}
    oldest = as_of - timedelta(days=wanted.days)
    return [one for one in wanted.indicators if last.get(one, date.min) <= oldest]


def in_words(one: Found) -> dict[str, Any]:
    """One line as people read it."""
    most = f"to {one.most:g}" if _finite(one.most) else "and more"
    return {
        "indicator": one.indicator,
        "from": one.source,
        "change": f"{one.change:.0%}",
        "counts a month": f"{one.least:g} {most}",
        "found in time": f"{one.found} of {one.planted}",
        "delay": "" if one.median_delay is None else f"{one.median_delay:g} {one.period_type}s",
        "marks / 100 years": f"{one.marks_per_100_years:.1f}",
    }


def _finite(number: float) -> float | None:
    return number if number < float("inf") else None
