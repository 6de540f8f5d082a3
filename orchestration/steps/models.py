"""The models, built until no submission fails a check of its rows: those that do are held back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from expectations import submissions
from orchestration import dbt_runner, overview, pending, row_checks
from orchestration.logs import log
from orchestration.row_checks import Failed
from orchestration.run import Run, last_built
from warehouse import prepare
from warehouse.machine import no_room, said_in

BROKEN = {"error", "fail", "runtime error", "partial success"}
# Each layer of models shows its faults once those below are gone, and an authority's months follow
# each other; more than that would be no fault of rows.
MOST_ROUNDS = 25
MOST_NAMED = 5


@dataclass
class Built:
    """The results of the last build; by test, how many submissions it held back before that.

    `fault` says what is left wrong, for which the run has to stop.
    """

    results: Sequence[Any] = ()
    held: dict[str, int] = field(default_factory=dict)
    fault: str | None = None


def build(run: Run) -> Built:
    """Build, check, and build again without the submissions whose rows fail a check.

    A failure that names no submission is a fault of our own.
    """
    built, manifest = Built(), dbt_runner.parsed(run.home)
    with run.step("models") as found:
        held: set[int] = set()
        for _ in range(MOST_ROUNDS):
            built.results = dbt_runner.build(run.home, manifest)
            check_machine(run, built.results)
            found |= counted(built.results)
            failed = row_checks.failed(run.home, built.results)
            new = {one: why for one, why in row_checks.reasons(failed).items() if one not in held}
            if not new:
                break
            held |= set(new)
            _hold(run, new, failed, built)
            prepare.prepare(run.home, run.state, run.as_of, without=held)
        found |= {"held back": len(held), "reasons": overview.held(run.state) if held else []}
    broken = [one.node.name for one in built.results if str(one.status) in BROKEN]
    if broken or not built.results:
        gate, since = f"dbt: {', '.join(broken) or 'nothing was built'}", _new(run)
        built.fault = gate + since
        run.shut(gate, since)
    return built


def check_machine(run: Run, results: Sequence[Any]) -> None:
    """Raises MachineFault where a model failed for want of memory or disk; no rows are at fault."""
    broken = [one.message or "" for one in results if str(one.status) in BROKEN]
    for message in broken:
        if fault := said_in(message, *run.home.places):
            raise fault
    if broken and (fault := no_room(run.home.work)):
        raise fault


def _hold(run: Run, new: dict[int, str], failed: Sequence[Failed], built: Built) -> None:
    for one in failed:
        if told := len(one.reasons.keys() & new.keys()):
            built.held[one.unique_id] = built.held.get(one.unique_id, 0) + told
    if not run.is_history:  # a look back decides nothing for the runs of today
        submissions.keep_out(run.state, new)
    log.info("%d submissions failed a check and are held back; building without them", len(new))


def _new(run: Run) -> str:
    """What came since the last good run, for whoever looks for a cause that no test names."""
    after = pending.newest(last_built(run.state))
    came = overview.came(run.state, after)
    more = f" and {len(came) - MOST_NAMED:,} more" if len(came) > MOST_NAMED else ""
    return f"; new since the last release: {', '.join(came[:MOST_NAMED])}{more}" if came else ""


def counted(results: Sequence[Any]) -> dict[str, int]:
    tests = [result for result in results if result.node.resource_type == "test"]
    return {
        "models": len(results) - len(tests),
        "tests": len(tests),
        "tests not passed": sum(str(result.status) != "pass" for result in tests),
    }
