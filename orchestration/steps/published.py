"""The published models: what readers get, built from the marts, the signals and the alerts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sightline.monitoring.alerts import evaluate
from sightline.monitoring.alerts.findings import Decisions
from sightline.orchestration.code_version import code_version
from sightline.orchestration.run import Run
from sightline.orchestration.steps.built import Built, results_of, tables_of
from sightline.warehouse import clock
from sightline.warehouse.connection import connect
from sightline.warehouse.release import disclosure, store, vintages
from sightline.warehouse.release import inputs as release_inputs
from sightline.warehouse.timeline import work_file

Rows = list[dict[str, Any]]


def build(run: Run) -> Built:
    """Hand the state over, build and test; nothing leaves where one fails.

    The alerts are published as they will be once what was decided is recorded.
    """
    with run.step("published") as found:
        _hand_over(run)
        built = Built(results_of(run, published=True), tables=tables_of(run))
        found |= built.counts
    if built.gate:
        built.fault = built.gate
        run.shut(built.gate)
    return built


def _hand_over(run: Run) -> None:
    decisions: Decisions = run.results["alerts"].decisions
    with connect(run.home.work_db, home=run.home, settings=run.settings) as connection:
        release_inputs.write(
            connection,
            run.state,
            _release(run, connection),
            _known(run, evaluate.alert_rows(run.state, decisions), "first_raised_on"),
            _known(run, evaluate.event_rows(run.state, decisions), "occurred_on"),
            _before(run),
        )
        run.vintages = vintages.hand_over(
            connection,
            run.home,
            run.state,
            run.next_release,
            run.as_of,
            disclosure.rules(connection),
        )


def _release(run: Run, connection: Any) -> Mapping[str, Any]:
    simulated = work_file.is_simulated(connection)
    return release_inputs.release_row(
        run.next_release, run.as_of, clock.now(), code_version(), simulated=simulated
    )


def _before(run: Run) -> Path | None:
    """The release that readers have now; a look back is compared with none."""
    shown = None if run.is_history else store.current(run.home)
    return shown.database if shown and shown.as_of <= run.as_of else None


def _known(run: Run, rows: Rows, on: str) -> Rows:
    """A look back shows what was known then."""
    return [row for row in rows if row[on] <= run.as_of]
