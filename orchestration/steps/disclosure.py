"""Disclosure control of the counts that will be published, and the audit that blocks on it."""

from sightline.expectations.runner import CheckResult
from sightline.orchestration.run import Run
from sightline.warehouse.connection import connect
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.release import audit
from sightline.warehouse.release.recovery import set_aside_damaged

NAME = "small_counts_stay_withheld"


def control(run: Run) -> CheckResult:
    """Withhold and round, repaired so that no withheld small count can be worked out."""
    with (
        run.step("disclosure") as found,
        connect(run.home.work_db, home=run.home, settings=run.settings) as connection,
    ):
        if damaged := set_aside_damaged(run.home, run.state):
            found["damaged releases set aside"] = len(damaged)
        try:
            withheld, done = audit.control(
                run.home, connection, run.settings.disclosure.smallest_shown
            )
        except GateFailed as gate:
            run.shut(gate.message)
            return CheckResult(NAME, passed=False, severity="error", ran=0, failed=1)
        counts = done.counts()
        found |= {"counts withheld": withheld, **counts}
        return CheckResult(
            NAME, passed=True, severity="error", ran=done.cells, failed=0, details=counts
        )
