"""Print the report of a run: what came, what was refused, what stands out."""

from collections.abc import Iterator

from sightline.monitoring.alerts import people
from sightline.orchestration.pipeline import NOTHING, RunReport
from sightline.orchestration.run import Step
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import overview
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.ledger.state import state_of
from sightline.warehouse.settings import load_settings, today
from sightline.warehouse.timeline import monthly_gain
from sightline.warehouse.timeline.in_force import known

MOST_SHOWN = 20


def outcome(home: Home, report: RunReport) -> Iterator[str]:
    """The last words of `sightline run`."""
    if report.outcome == NOTHING:
        back = [*rolled_back(home)]
        stands = "stays" if back else "is up to date"
        yield f"Nothing to do: release {report.release_id} {stands} ({report.seconds:.1f} s)."
        yield from back
        if waiting := report.found("delivery", "undelivered"):
            yield f"{waiting:,} messages could not be delivered yet: sightline health"
        return
    yield from _accounting(report)
    refused = report.found("intake", "reasons") or []
    held_back = report.found("models", "reasons") or report.found("vital signs", "reasons") or []
    forms = report.found("vital signs", "forms") or []
    yield from _listed("Refused", refused)
    yield from _listed("Held back", held_back)
    yield from _listed("In another form", forms, f"... and {len(forms) - MOST_SHOWN:,} more")
    if refused or held_back:
        yield "More on one, and its rows to mend: sightline submissions show NUMBER --report FILE"
    yield _ending(report)
    if report.outcome == "unchanged":
        yield from rolled_back(home)
    yield from where_the_time_goes(report)
    if report.outcome in ("released", "unchanged"):
        yield from where_to_look(home)


def rolled_back(home: Home) -> Iterator[str]:
    """That readers see an earlier release, and why; nothing where they see the newest."""
    with state_of(home) as state:
        back = ledger.return_in_force(state)
    if back:
        yield (
            f"Readers see release {back.release_id}: {back.newest} was rolled back on {back.on},"
            f" {back.reason}"
        )


def taken_in(home: Home) -> Iterator[str]:
    """By extract what came, and how much of it was refused."""
    with state_of(home) as state:
        rows = overview.by_extract(state)
    submissions, taken = (sum(row[name] for row in rows) for name in ("submissions", "rows"))
    yield f"Taken in: {submissions:,} submissions, {taken:,} rows"
    for row in rows:
        yield (
            f"  {row['extract'] or 'not recognised'}: {row['submissions']:,} submissions "
            f"({row['refused']:,} refused), {row['rows']:,} rows ({row['rows_refused']:,} refused)"
        )


def care_told_earlier(home: Home) -> Iterator[str]:
    """How much earlier the tables of care tell of a month than the return that covers it does.

    Nothing where nobody sends them.
    """
    with state_of(home) as state:
        gain = monthly_gain.care(known(state, today(load_settings(home))))
    if not gain.days and not gain.waiting:
        return
    yield "Children in care and missing from care, told each month by the standard dataset:"
    if gain.days:
        yield (
            f"  {len(gain.days):,} months of authorities, {gain.median_months:.1f} months earlier"
            " than by SSDA903 (median)"
        )
    if gain.waiting:
        yield f"  {gain.waiting:,} months of which no SSDA903 return has told yet"


def _accounting(report: RunReport) -> Iterator[str]:
    """What became of every record of this run."""
    names = ("submissions", "records", "rows", "rows refused", "rows repeated")
    came, records, rows, refused, repeated = (report.found("intake", name) for name in names)
    if came:
        yield (
            f"Taken in: {records:,} records = {rows:,} taken in + {refused:,} refused"
            f" + {repeated:,} repeated, in {came:,} submissions"
        )


def _listed(
    head: str, lines: list[str], rest: str = "... all of them: sightline status"
) -> Iterator[str]:
    if lines:
        yield f"{head} ({len(lines)}):"
        yield from (f"  {line}" for line in lines[:MOST_SHOWN])
    if len(lines) > MOST_SHOWN:
        yield f"  {rest}"


def where_the_time_goes(report: RunReport) -> Iterator[str]:
    yield "Where the time goes:"
    steps = [*report.steps, _rest(report)]
    width = max(len(step.name) for step in steps)
    for step in steps:
        share = step.seconds / report.seconds if report.seconds else 0.0
        yield f"  {step.name:<{width}}  {step.seconds:7.1f} s  {share:4.0%}"
    yield f"  {'all':<{width}}  {report.seconds:7.1f} s"


def where_to_look(home: Home) -> Iterator[str]:
    yield f"Report:   {home.current / 'report' / 'index.html'}"
    yield f"Database: {home.current / 'sightline.duckdb'}"
    yield f"Alerts:   {home.outbox}"


def worsening(home: Home, most: int) -> Iterator[str]:
    """The open alerts, the gravest first."""
    with state_of(home) as state:
        rows = people.list_alerts(state)
    yield f"{len(rows)} alerts are open."
    for row in rows[:most]:
        yield f"  {row['severity']:<8}  {row['title']} (since {row['opened_period']:%B %Y})"
    if len(rows) > most:
        yield f"  ... and {len(rows) - most} more: sightline alerts list"


def _rest(report: RunReport) -> Step:
    return Step("starting", round(report.seconds - sum(step.seconds for step in report.steps), 2))


def _ending(report: RunReport) -> str:
    if report.gates:
        return f"Nothing was published; a gate did not hold: {'; '.join(report.gates)}"
    if report.outcome == "failed":
        return f"The run failed in {report.fault}; restricted/dagster and restricted/dbt say more"
    if report.fault:
        return (
            f"Release {report.release_id} is published, but the run failed in {report.fault};"
            " send what waits with: sightline deliver"
        )
    if report.outcome == "unchanged":
        return f"Release {report.release_id} still says the same; no new one was made."
    if report.outcome == "history":
        return f"Built release {report.release_id} as of {report.as_of}; readers do not see it."
    return f"Published release {report.release_id} as of {report.as_of}."
