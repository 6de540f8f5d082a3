"""Run a back-test on the figures of the last run and keep its result for the report."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from monitoring import annotated, signals
from monitoring.annotated import Annotations
from monitoring.backtest import Found, backtest
from warehouse import releases
from warehouse.connection import connect
from warehouse.errors import SightlineError
from warehouse.home import Home, load_settings, today
from warehouse.state import State, backtests

Progress = Callable[[str, int, int], None]


def run(
    home: Home, chosen: Sequence[str], *, replicates: int, seed: int, progress: Progress
) -> list[Found]:
    """Test each chosen indicator, all if none is; raises SightlineError for one that is not."""
    shown = releases.current(home)
    if shown is None or not home.warehouse_db.exists():
        raise SightlineError("there are no figures yet; run: sightline run")
    with connect(home.warehouse_db, read_only=True) as connection:
        values = signals.read(connection, shown.as_of)
        annotations = annotated.read(connection)
    monthly = values[(values["breakdown"] == "total") & (values["period_type"] == "month")]
    held = {str(name): rows for name, rows in monthly.groupby("indicator")}
    if unknown := sorted(set(chosen) - set(held)):
        tested = ", ".join(sorted(held))
        raise SightlineError(f"{unknown[0]} is not tested each month; these are: {tested}", 2)
    names = [name for name in held if not chosen or name in chosen]
    found: list[Found] = []
    for done, name in enumerate(names):
        progress("back-testing", done, len(names))
        known = annotations.get(name, Annotations())
        found += backtest(held[name], known, seed=seed, replicates=replicates)
    _keep(home, found, shown.release_id)
    return found


def _keep(home: Home, found: Sequence[Found], release_id: str) -> None:
    about = {"run_on": today(load_settings(home)), "release_id": release_id}
    rows = [asdict(one) | about | {"most": _finite(one.most)} for one in found]
    state = State(home.state_db)
    with state.begin() as connection:
        connection.execute(sa.insert(backtests), rows)
    state.close()


def in_words(one: Found) -> dict[str, Any]:
    """One line as people read it."""
    most = f"to {one.most:g}" if _finite(one.most) else "and more"
    return {
        "indicator": one.indicator,
        "change": f"{one.change:.0%}",
        "counts a month": f"{one.least:g} {most}",
        "found in 6 months": f"{one.found} of {one.planted}",
        "delay": "" if one.median_delay is None else f"{one.median_delay:g}",
        "marks / 100 years": f"{one.marks_per_100_years:.1f}",
    }


def _finite(number: float) -> float | None:
    return number if number < float("inf") else None
