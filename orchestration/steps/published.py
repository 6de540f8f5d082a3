"""The published models: what readers get, built from the marts, the signals and the alerts."""

from collections.abc import Mapping
from typing import Any

from monitoring.alerts import evaluate
from orchestration import dbt_runner
from orchestration.code_version import code_version
from orchestration.run import Run
from orchestration.steps.marts import decisions_of
from orchestration.steps.models import BROKEN, Built, check_machine, counted
from warehouse import clock, disclosure, release_inputs
from warehouse.connection import connect

Rows = list[dict[str, Any]]


def build(run: Run) -> Built:
    """Say what is withheld, hand the state over, build and test; nothing leaves where one fails."""
    with run.step("published") as found:
        decisions = decisions_of(run)
        with connect(run.home.work_db, home=run.home, settings=run.settings) as connection:
            release_inputs.write(
                connection,
                run.state,
                _release(run, connection),
                _known(run, evaluate.alert_rows(run.state, decisions), "first_raised_on"),
                _known(run, evaluate.event_rows(run.state, decisions), "occurred_on"),
            )
            found["counts withheld"] = disclosure.control(connection)
        results = dbt_runner.build(run.home, dbt_runner.parsed(run.home), published=True)
        check_machine(run, results)
        found |= counted(results)
    broken = [one.node.name for one in results if str(one.status) in BROKEN]
    built = Built(results)
    if broken or not results:
        built.fault = f"dbt: {', '.join(broken) or 'nothing was built'}"
        run.shut(built.fault)
    return built


def _release(run: Run, connection: Any) -> Mapping[str, Any]:
    [(simulated,)] = connection.execute("select simulated from control.run").fetchall()
    return release_inputs.release_row(
        run.next_release, run.as_of, clock.now(), code_version(), simulated=bool(simulated)
    )


def _known(run: Run, rows: Rows, on: str) -> Rows:
    """A look back shows what was known then."""
    return [row for row in rows if row[on] <= run.as_of]
