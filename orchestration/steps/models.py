"""The models, built until no submission fails a check of its rows: those that do are held back."""

from collections.abc import Sequence

from sightline.expectations import submissions
from sightline.orchestration.logs import log
from sightline.orchestration.run import Run
from sightline.orchestration.steps.built import Built, results_of, tables_of
from sightline.warehouse.ledger import overview, runs
from sightline.warehouse.timeline import row_checks
from sightline.warehouse.timeline import work_file as prepare
from sightline.warehouse.timeline.row_checks import Failed

# Each layer of models shows its faults once those below are gone, and an authority's months follow
# each other; more than that would be no fault of rows.
MOST_ROUNDS = 25
MOST_NAMED = 5


def build(run: Run) -> Built:
    """Build, check, and build again without the submissions whose rows fail a check.

    A failure that names no submission is a fault of our own.
    """
    built = Built()
    with run.step("models") as found:
        held: set[int] = set()
        for _ in range(MOST_ROUNDS):
            built.results = results_of(run)
            found |= built.counts
            failed = row_checks.failed(run.home, built.results)
            new = {
                submission_id: reason
                for submission_id, reason in row_checks.reasons(failed).items()
                if submission_id not in held
            }
            if not new:
                break
            held |= set(new)
            _hold(run, new, failed, built)
            prepare.prepare(run.home, run.state, run.as_of, without=held)
        found |= {"held back": len(held), "reasons": overview.held(run.state) if held else []}
        built.tables = tables_of(run)
    if built.gate:
        since = _new(run)
        built.fault = built.gate + since
        run.shut(built.gate, since)
    return built


def _hold(run: Run, new: dict[int, str], failed: Sequence[Failed], built: Built) -> None:
    for test in failed:
        if count := len(test.reasons.keys() & new.keys()):
            built.held[test.unique_id] = built.held.get(test.unique_id, 0) + count
    if not run.is_history:  # a look back decides nothing for the runs of today
        submissions.keep_out(run.state, new)
    log.info("%d submissions failed a check and are held back; building without them", len(new))


def _new(run: Run) -> str:
    """What came since the last good run, for whoever looks for a cause that no test names."""
    after = runs.newest_judged(runs.last_built(run.state))
    came = overview.used_since(run.state, after)
    more = f" and {len(came) - MOST_NAMED:,} more" if len(came) > MOST_NAMED else ""
    return f"; new since the last release: {', '.join(came[:MOST_NAMED])}{more}" if came else ""
