"""Back-test the figures of the last run, and keep the results for the report."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from sightline.monitoring import annotated, annual, signals
from sightline.monitoring.annotated import Annotations
from sightline.monitoring.backtest import MONTHS, YEARS, Found, backtest
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import backtests, state_of
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import load_settings, today

Progress = Callable[[str, int, int], None]


def run(
    home: Home, chosen: Sequence[str], *, replicates: int, seed: int, progress: Progress
) -> list[Found]:
    """Test each chosen indicator, all if none is; raises SightlineError for one that is not."""
    shown = releases.current(home)
    if shown is None or not home.warehouse_db.exists():
        raise SightlineError("there are no figures yet; run: sightline run")
    with connect(home.warehouse_db, read_only=True) as connection:
        months = signals.read(connection, shown.as_of)
        years = annual.read(connection, shown.as_of)
        annotations = annotated.read(connection)
    months = months[(months["breakdown"] == "total") & (months["period_type"] == "month")]
    series = [
        (str(frame["indicator"].iloc[0]), frame, history)
        for values, history, keys in (
            (months, MONTHS, ["indicator"]),
            (years, YEARS, ["indicator", "source"]),
        )
        for _, frame in values.groupby(keys, sort=True)
        if (frame["area_level"] == "local_authority").any()
    ]
    names = sorted({name for name, _, _ in series})
    if unknown := sorted(set(chosen) - set(names)):
        raise SightlineError(f"{unknown[0]} is not tested; these are: {', '.join(names)}", 2)
    wanted = [tested for tested in series if not chosen or tested[0] in chosen]
    found: list[Found] = []
    for done, (name, frame, history) in enumerate(wanted):
        progress("back-testing", done, len(wanted))
        known = annotations.get(name, Annotations())
        found += backtest(frame, known, history, seed=seed, replicates=replicates)
    if found:
        _keep(home, found, shown.release_id)
    return found


def _keep(home: Home, found: Sequence[Found], release_id: str) -> None:
    about = {"run_on": today(load_settings(home)), "release_id": release_id}
    rows = [asdict(one) | about | {"most": _finite(one.most)} for one in found]
    with state_of(home) as state, state.begin() as connection:
        connection.execute(sa.insert(backtests), rows)


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
