"""What leaves: published tables, pages, the record of both, the pointer, the messages."""

import shutil
from dataclasses import replace
from typing import Any

from sightline.expectations.runner import CheckResult
from sightline.monitoring.alerts import record
from sightline.monitoring.delivery import relay
from sightline.orchestration import pending, retention
from sightline.orchestration.logs import log
from sightline.orchestration.run import Run
from sightline.orchestration.steps.marts import Decided
from sightline.report import site
from sightline.warehouse import clock
from sightline.warehouse.connection import connect
from sightline.warehouse.home import sha256_of
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.release import build as publish
from sightline.warehouse.release import store as releases
from sightline.warehouse.release import vintages

Found = dict[str, Any]


def build_draft(run: Run) -> releases.Draft:
    """The published tables of a release that nobody can see yet."""
    with run.step("tables") as found:
        draft = publish.build(
            run.home,
            run.home.work_db,
            looks_back=run.is_history,
            licence=run.settings.publish.licence,
        )
        found["rows"] = sum(draft.rows.values())
        return draft


def meets_expectations(run: Run) -> CheckResult:
    """Whether the draft is fit to be read; one that is not is gone at once."""
    from sightline.expectations import release as suites

    draft: releases.Draft = run.results["draft"]
    with run.step("expectations") as found:
        with (
            releases.opened(draft.database) as tables,
            connect(run.home.work_db, settings=run.settings, read_only=True) as marts,
        ):
            result = suites.meets_expectations(tables, marts)
        found |= {"checked": result.ran, "not met": result.failed}
        if not result.passed:
            shutil.rmtree(draft.folder)
        return result


def release(run: Run) -> Found:
    """Write the pages, record, show; killed between any two, the next run puts it right.

    What the alerts step decided stands in the draft; with the release it is decided anew, on the
    alerts as people have left them by then.
    """
    decided: Decided = run.results["alerts"]
    draft: releases.Draft = run.results["draft"]
    with run.step("report") as found:
        found["pages"] = site.build_site(
            draft.database, draft.report, report_url=run.settings.report_url
        )
    with run.step("release") as found:
        shown = None if run.is_history else releases.current(run.home)
        is_same = shown and not decided.decisions.events and releases.says_the_same(shown, draft)
        if shown and (is_same or _was_rolled_back(run, draft)):
            shutil.rmtree(draft.folder)
            run.released, run.release_id = "unchanged", shown.release_id
        else:
            _commit(run, draft, decided)
            run.released, run.release_id = "released", draft.release_id
        found["release"] = run.release_id
        if run.is_history:
            _leave_no_trace(run)
        else:
            run.home.work_db.chmod(0o600)
            run.home.work_db.replace(run.home.warehouse_db)
            kept = retention.retain(run.home, run.state, run.settings)
            found |= {"pruned": len(kept.releases), "purged": kept.count - len(kept.releases)}
            run.fingerprint = pending.fingerprint(run.home, run.state, run.as_of)
        return found


def _was_rolled_back(run: Run, draft: releases.Draft) -> bool:
    """Whether the draft holds the very figures from which readers were led back."""
    back = ledger.return_in_force(run.state)
    if back is None:
        return False
    newest = run.home.releases / back.newest / releases.DATABASE
    if not newest.is_file() or not releases.same_figures(newest, draft.database):
        log.warning("release %s was rolled back; this one has other figures", back.newest)
        return False
    log.warning(
        "the figures are still those of release %s, which was rolled back: release %s stays",
        back.newest,
        back.release_id,
    )
    return True


def deliver(run: Run) -> Found:
    """Send what the outbox holds; Dagster may ask again where that could not be tried."""
    run.again("delivery")
    with run.step("delivery") as found:
        if not run.is_history:
            done = relay.deliver(run.home, run.settings, run.state, clock.now())
            found |= done.as_found()
        return found


def _leave_no_trace(run: Run) -> None:
    """A look back leaves its release and no more, and never pushes out one that was read."""
    run.home.work_db.unlink()
    for release in releases.superfluous_look_backs(run.home):
        releases.remove(release.folder)


def _commit(run: Run, draft: releases.Draft, decided: Decided) -> None:
    """Release, alerts and messages in one transaction; then the pointer."""
    is_current = not run.is_history
    placed = replace(draft, folder=run.home.releases / draft.release_id)
    hashes = releases.table_hashes_of(draft.database)

    def write() -> None:
        with run.state.begin() as connection:
            ledger.record(
                connection,
                release_id=draft.release_id,
                sequence=run.sequence,
                built_at=draft.built_at,
                as_of=draft.as_of,
                content_hash=draft.content_hash,
                code_version=draft.code_version,
                simulated=draft.simulated,
                is_current=is_current,
                table_hashes=hashes
                | {releases.MANIFEST: sha256_of(placed.folder / releases.MANIFEST)},
            )
            if is_current and decided.judged:
                record.record(connection, decided.judged, placed, run.settings)

    if run.vintages:
        releases.note(draft.folder, rules=run.vintages.rules)
    if is_current and run.vintages:
        vintages.keep(run.home, draft.release_id, draft.database, run.vintages)
    releases.commit(run.home, draft, write, make_current=is_current)
    vintages.sweep(run.home, run.state)
