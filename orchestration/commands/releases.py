"""Commands about what was published: which releases there are, what moved, and the way back."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import as_json, home_option, json_option, say, state_of, table

if TYPE_CHECKING:
    from sightline.warehouse.home import Home
    from sightline.warehouse.release.differences import Differences
    from sightline.warehouse.release.store import Release

DIFFERS = NOT_WHOLE = 1
LISTED = ("release", "as_of", "built_at", "content", "simulated", "current", "looks_back")
MOVED = ("indicator", "area", "period", "source", "was", "is", "status", "reason")
CHANGED = ("change", "area", "of", "how")
MOST_SHOWN = 40
WHOLE = ("whole", "NOT what was published")


@click.group("releases")
def releases_group() -> None:
    """What was published, what moved in it and why, and whether it still is what it was.

    Example: sightline releases list
    """


@releases_group.command("list")
@json_option
@home_option
def list_releases(home: "Home", is_json: bool) -> int:
    """Every release that is kept, the newest first.

    Example: sightline releases list --json
    """
    from sightline.warehouse.release import store

    shown = store.current(home)
    rows = [
        {
            "release": one.release_id,
            "as_of": one.as_of.isoformat(),
            "built_at": one.built_at,
            "content": one.content_hash[:12],
            "simulated": one.simulated,
            "current": shown is not None and one.release_id == shown.release_id,
            "looks_back": one.looks_back,
        }
        for one in store.list_releases(home)
    ]
    if is_json:
        as_json(rows)
    else:
        table(rows, LISTED)
    return 0


@releases_group.command("show")
@click.argument("release_id", metavar="[RELEASE]", required=False)
@json_option
@home_option
def show(home: "Home", release_id: str | None, is_json: bool) -> int:
    """What a release is made of: files, rows, sources, versions, what disclosure control did.

    Without a name the one that readers see. Beside the rows of each table stands how many more or
    fewer they are than in the release before it. Exit code 2 where no such release is kept.

    Example: sightline releases show
    """
    from sightline.warehouse.errors import SightlineError
    from sightline.warehouse.release import store

    release = _named(home, release_id)
    manifest = store.manifest_of(release)
    try:
        before = store.former(home, release)
        rows_before: dict[str, int] = store.manifest_of(before)["tables"]
        compared: str | None = before.release_id
    except SightlineError:
        rows_before, compared = {}, None
    change = {
        name: rows - rows_before[name]
        for name, rows in manifest["tables"].items()
        if name in rows_before
    }
    current = store.current(home)
    found = manifest | {
        "is_current": current is not None and current.release_id == release.release_id,
        "former": compared,
        "change": change,
        "returns": _returns(home, release.release_id),
    }
    if is_json:
        as_json(found)
    else:
        _say_release(found)
    return 0


def _say_release(found: dict[str, Any]) -> None:
    files = found.get("files", {})
    kind = "what readers see" if found["is_current"] else "kept"
    kind = "looks back, and was never shown" if found.get("looks_back") else kind
    say(f"Release {found['release_id']}: {kind}")
    say(f"  as of {found['as_of']}, built {found['built_at']}, code {found['code_version']}")
    say(f"  content {found['content_hash'][:12]}, simulated: {found['simulated']}")
    versions = found.get("versions", {})
    if versions:
        say(f"  made with {', '.join(f'{name} {one}' for name, one in versions.items())}")
    size = sum(one["bytes"] for one in files.values())
    say(f"  {len(files):,} files, {size / 1e6:,.1f} MB; each with its hash: --json")
    for one in found["returns"]:
        say(f"  {one['on']}: from {one['former']} to {one['release_id']}: {one['reason']}")
    say()
    changed = f"since {found['former']}" if found["former"] else "change"
    rows = [
        {"table": name, "rows": rows, changed: found["change"].get(name)}
        for name, rows in found["tables"].items()
    ]
    table(rows, ("table", "rows", changed))
    say()
    heads = ("extract", "submissions", "first_period", "last_period", "newest_received_on")
    table(found["sources"], heads)
    if found.get("rules"):
        say()
        say("Disclosure control:")
        for level, rules in found["rules"].items():
            say(
                f"  {level}: counts under {rules['smallest_shown']} withheld, the others rounded to"
                f" {rules['base']}"
            )
    if found.get("audit"):
        say()
        say("Audit of disclosure:")
        for name, value in found["audit"].items():
            if name == "repairs":
                repaired = (f"{len(blocks)} {kind}" for kind, blocks in value.items())
                value = ", ".join(repaired).replace("_", " ")
            elif isinstance(value, list):
                value = ", ".join(value) or "none"
            say(f"  {name.replace('_', ' ')}: {value}")


@releases_group.command("diff")
@click.argument("earlier", metavar="[A]", required=False)
@click.argument("later", metavar="[B]", required=False)
@click.option("--indicator", help="Only this one.")
@click.option("--area", help="Only this one, by its code.")
@click.option("--all", "is_all", is_flag=True, help=f"Every row, not only the first {MOST_SHOWN}.")
@click.option("--exit-code", "is_told", is_flag=True, help="Exit code 1 where a figure moved.")
@json_option
@home_option
def diff(
    home: "Home",
    earlier: str | None,
    later: str | None,
    indicator: str | None,
    area: str | None,
    *,
    is_all: bool,
    is_told: bool,
    is_json: bool,
) -> int:
    """What moved from release A to B, and why: rows of each table, and each figure that moved.

    Before the figures stands what B says is new since the release before it: alerts opened, ended
    or taken on, returns that came or are missing, corrections (table `changes`).

    Without names from the one before to the one that readers see; with one name, from that one to
    what readers see. The reasons: new_submission, correction, annotation, method, rounding (what
    is withheld, alone) and other_figures, on which a figure rests. Exit code 2 where no such
    release is kept.

    Example: sightline releases diff --indicator referral_rate
    """
    from dataclasses import asdict, replace

    from sightline.warehouse.release import differences, store

    newer = _named(home, later)
    older = store.find(home, earlier) if earlier else store.former(home, newer)
    found = differences.between(older, newer)
    found = replace(
        found,
        changes=[
            row
            for row in found.changes
            if indicator in (None, row["indicator"]) and area in (None, row["area_code"])
        ],
        trends=[
            row
            for row in found.trends
            if indicator in (None, row["indicator"]) and area in (None, row["area_code"])
        ],
    )
    if is_json:
        as_json(asdict(found) | {"reasons": found.reasons})
    else:
        _say_differences(found, len(found.trends) if is_all else MOST_SHOWN)
    return DIFFERS if is_told and found.trends else 0


def _say_differences(found: "Differences", most: int) -> None:
    from sightline.warehouse.release.differences import WORDS

    say(f"From release {found.earlier} to {found.later}:")
    moved = [vars(one) | {"table": one.name} for one in found.tables
             if one.added or one.removed or one.changed]  # fmt: skip
    if not moved:
        say("  nothing differs")
        return
    table(moved, ("table", "added", "removed", "changed"))
    if found.changes:
        say()
        say(f"New in {found.later} since the release before it:")
        table([_change(one) for one in found.changes], CHANGED)
    if not found.trends:
        return
    say()
    say(f"Figures and judgements that moved: {len(found.trends):,}")
    for reason, count in found.reasons.items():
        say(f"  {count:,} {reason}: {WORDS[reason]}")
    say()
    table([_row(one) for one in found.trends[:most]], MOVED)
    if len(found.trends) > most:
        say(f"... and {len(found.trends) - most:,} more: --all, or --indicator and --area")


def _row(moved: dict[str, Any]) -> dict[str, Any]:
    statuses = moved["old_status"], moved["new_status"]
    return {
        "indicator": moved["indicator"],
        "area": moved["area_name"] or moved["area_code"],
        "period": f"{moved['period_start']} {moved['period_type']}",
        "source": moved["source"],
        "was": _figure(moved, "old"),
        "is": _figure(moved, "new"),
        "status": statuses[1] if len(set(statuses)) == 1 else f"{statuses[0]} > {statuses[1]}",
        "reason": moved["reason"],
    }


def _change(row: dict[str, Any]) -> dict[str, Any]:
    was, now = row["old_severity"], row["severity"]
    severity = f"{was} > {now}" if row["change"] == "worse" else now
    periods = None
    if row["extract"]:
        periods = " to ".join(str(day) for day in (row["first_period"], row["last_period"]))
    by = f"by {row['recorded_by']}" if row["recorded_by"] else None
    return {
        "change": row["change"],
        "area": row["area_name"],
        "of": row["indicator"] or row["extract"],
        "how": ", ".join(str(one) for one in (severity, periods, by, row["reason"]) if one),
    }


def _figure(moved: dict[str, Any], which: str) -> str:
    value = moved[f"{which}_value"]
    return f"{value:g}" if value is not None else f"[{moved[f'{which}_marker'] or '-'}]"


@releases_group.command("rollback")
@click.argument("release_id", metavar="[RELEASE]", required=False)
@reason_option
@home_option
def rollback(home: "Home", release_id: str | None, reason: str) -> int:
    """Lead readers back to an earlier release; without a name to the one before.

    It is recorded, nothing is deleted, and the same command leads forward again. Alerts and
    messages of the newer release stay as they are. A later run whose figures are still those of
    the newer release does not publish them: withdraw or correct what was wrong, then run.
    Exit code 1 where the release is damaged or was made under other rules of disclosure control, 2
    where there is no such release.

    Example: sightline releases rollback --reason "the figures of July were sent twice"
    """
    from sightline.orchestration.run import ready
    from sightline.warehouse.release import rollback
    from sightline.warehouse.settings import load_settings, today

    with ready(home) as state:
        made = rollback.roll_back(home, state, release_id, reason, today(load_settings(home)))
    say(f"Readers see release {made.release_id} again, no longer {made.former}.")
    if made.is_back:
        say("What was wrong is still in force: sightline intake withdraw, or a corrected return,")
        say("then: sightline run. A run without anything new publishes nothing.")
    return 0


@releases_group.command("verify")
@click.argument("release_id", metavar="[RELEASE]", required=False)
@json_option
@home_option
def verify(home: "Home", release_id: str | None, is_json: bool) -> int:
    """Whether a release, or each, is byte by byte what was published, and reads as stated for it.

    Without a name also whether `current` leads readers to the release that it should. Exit code 1
    where something is not as it was; the next run sets a damaged release aside, builds what is
    missing and puts `current` right.

    Example: sightline releases verify
    """
    from sightline.warehouse.release import verifying

    results = verifying.results(home, release_id)
    if is_json:
        as_json(results)
    for name, is_right in [] if is_json else results.items():
        words = ("right", "NOT where it should lead") if name == verifying.POINTER else WHOLE
        say(f"{name}  {words[0] if is_right else words[1]}")
    return 0 if all(results.values()) else NOT_WHOLE


@releases_group.command("rebuild")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    required=True,
    help="The day of a release that was published.",
)
@home_option
def rebuild(home: "Home", as_of: datetime) -> int:
    """Build a day's last release again as it was known then; exit code 1 where it is another.

    Alerts and annotations are what people were told and said: they are kept, not built again.

    Example: sightline releases rebuild --as-of 2026-10-20
    """
    from sightline.orchestration import rebuilding

    found = rebuilding.rebuild(home, as_of.date())
    if found.is_other_code:
        say("It was published by another version of the code, which can itself be the reason")
        say("for a difference.")
    for name in found.differing:
        say(f"  {name} is not what it was")
    verdict = "differs from" if found.differing else "says the same as"
    say(f"{found.rebuilt}, built again, {verdict} {found.published}")
    return 1 if found.differing else 0


def _named(home: "Home", release_id: str | None) -> "Release":
    """The release of this name, or the one that readers see."""
    from sightline.warehouse.release import store

    return store.find(home, release_id) if release_id else store.require_current(home)


def _returns(home: "Home", release_id: str) -> list[dict[str, Any]]:
    """When readers were led from this release to another or from another to it."""
    from dataclasses import asdict

    from sightline.warehouse.ledger import releases as ledger

    with state_of(home) as state:
        listed = ledger.returns(state)
    return [asdict(one) for one in listed if release_id in (one.former, one.release_id)]


COMMANDS = (releases_group,)
