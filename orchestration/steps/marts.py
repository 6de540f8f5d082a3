"""What the marts say: signals, whether they are coherent, and which alerts that would mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sightline.expectations.runner import CheckResult
from sightline.monitoring import backtest_results, joint, signals
from sightline.monitoring.alerts import evaluate, ongoing, released
from sightline.monitoring.alerts.evaluate import Judged
from sightline.monitoring.alerts.findings import Decisions
from sightline.orchestration.run import Run
from sightline.warehouse.connection import connect
from sightline.warehouse.release import store

if TYPE_CHECKING:
    from sightline.expectations.signals import Worsening

Found = dict[str, Any]


@dataclass(frozen=True)
class Decided:
    """What alerts are decided from, and what was decided of those that there were."""

    judged: Judged | None
    decisions: Decisions

    def counts(self) -> dict[str, int]:
        return self.decisions.counts()


def detect(run: Run) -> Found:
    with run.step("signals") as found:
        with run.state.read() as reader:
            since = ongoing.of(evaluate.known_alerts(reader))
        with connect(run.home.work_db, home=run.home, settings=run.settings) as connection:
            signals.detect(connection, run.as_of, since)
            joint.write(connection)
            found |= signals.by_status(connection)
        return found


def backtest(run: Run) -> Found:
    """Count which planted changes are found, of what the settings name and where it is due."""
    wanted = run.settings.backtest
    due = [] if run.is_history else backtest_results.due(run.state, wanted, run.as_of)
    if not due:
        return {}
    with (
        run.step("back-test") as found,
        connect(run.home.work_db, settings=run.settings, read_only=True) as connection,
    ):
        series = backtest_results.series_of(connection, run.as_of)
        chosen = [one for one in series if one.indicator in due]
        tested = [line for one in chosen for line in one.result(wanted.replicates)]
        backtest_results.keep(run.state, tested, run.as_of, run.next_release)
        found["planted"] = sum(line.planted for line in tested)
        found["found in time"] = sum(line.found for line in tested)
        found["not tested"] = len(set(due) - {one.indicator for one in chosen})
        return found


def marts_are_coherent(run: Run) -> CheckResult:
    from sightline.expectations import signals as suite

    with (
        run.step("coherence"),
        connect(run.home.work_db, settings=run.settings, read_only=True) as connection,
    ):
        return suite.marts_are_coherent(connection)


def worsening(run: Run) -> "dict[str, Worsening]":
    """By indicator, which areas worsen in its newest period that could be judged."""
    from sightline.expectations import signals as suite

    with (
        run.step("worsening") as found,
        connect(run.home.work_db, settings=run.settings, read_only=True) as connection,
    ):
        checked = suite.worsening(connection)
        found["indicators worsening"] = sum(bool(one.areas) for one in checked.values())
        return checked


def told_of(run: Run, one: "Worsening") -> list[Found]:
    """Each area that worsens with its figure and its alert as the run's release shows them."""
    folder = run.home.releases / (run.release_id or "")
    if not one.areas or one.period is None or not (folder / store.DATABASE).is_file():
        return []
    with store.opened(folder / store.DATABASE) as published:
        return released.worsening(published, one.indicator, one.period, one.areas)


def counts_agree_with_official(run: Run) -> CheckResult:
    from sightline.expectations import signals as suite

    with (
        run.step("official counts"),
        connect(run.home.work_db, settings=run.settings, read_only=True) as connection,
    ):
        return suite.counts_agree_with_official(connection)


def decide_alerts(run: Run) -> Decided:
    """Decide for the release to publish just this; recording it decides anew, since people act.

    A look back raises nothing: it shows the alerts that were known then.
    """
    with run.step("alerts") as found:
        decided = Decided(None, Decisions()) if run.is_history else _decided(run)
        found |= decided.counts()
        return decided


def _decided(run: Run) -> Decided:
    with connect(run.home.work_db, settings=run.settings, read_only=True) as connection:
        judged = evaluate.judged(connection, run.as_of, run.next_release)
    with run.state.read() as reader:
        return Decided(judged, judged.decide(reader))
