"""The steps of a run in their one order; one that is asked for alone takes those before it along.

Each works on what those before it left in the work file and in the run, which nothing outlives.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from sightline.expectations.runner import CheckResult
from sightline.orchestration.run import Run
from sightline.orchestration.steps import disclosure, intake, marts, models, published, release
from sightline.warehouse.errors import GateFailed

T = TypeVar("T")
ORDER: dict[str, Callable[[Run], Any]] = {
    "intake": intake.take_in,
    "vital signs": intake.judge_submissions,
    "work file": intake.prepare_work_file,
    "models": models.build,
    "signals": marts.detect,
    "worsening": marts.worsening,
    "official counts": marts.counts_agree_with_official,
    "coherence": marts.marts_are_coherent,
    "back-test": marts.backtest,
    "disclosure": disclosure.control,
    "alerts": marts.decide_alerts,
    "published": published.build,
    "draft": release.build_draft,
    "expectations": release.meets_expectations,
    "release": release.release,
}


def done(run: Run, work: Callable[[Run], T]) -> T:
    """What this step gives; it and all before it are done once in a run.

    Raises GateFailed where a step before it did not hold.
    """
    for name, step in ORDER.items():
        if name not in run.results:
            run.results[name] = _kept(run, step(run))
        if step is work:
            return cast(T, run.results[name])
        if run.gates:
            raise GateFailed(run.gates[0])
    raise KeyError(work.__name__)


def _kept(run: Run, result: Any) -> Any:
    """A failed check is a gate, unless it only warns."""
    if isinstance(result, CheckResult) and result.severity == "error" and not result.passed:
        run.shut(result.name)
    return result
