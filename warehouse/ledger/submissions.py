"""The ledger of submissions: what was received, its outcome, and what may be in force."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import sqlalchemy as sa

from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.belonging import REPLACED
from sightline.warehouse.home import sha256_of
from sightline.warehouse.ledger.state import (
    facts,
    problems,
    settings,
    submission_profiles,
    submissions,
)
from sightline.warehouse.problems import escaped
from sightline.warehouse.submission import Outcome

ERASED = "erased"
FORM_CHANGED = "FORM_CHANGED"
# The setting with the number of an intake that empties the inbox.
LANDING = "intake_landing"
UNUSABLE = "cannot be used, though a person accepted it"


def begin_intake(connection: sa.Connection) -> int:
    """The number of the intake that begins, 1, 2, 3, ...; one cut off while landing goes on."""
    open_one = connection.execute(
        sa.select(settings.c.value).where(settings.c.name == LANDING)
    ).scalar_one_or_none()
    if open_one is not None:
        return int(open_one)
    newest = sa.select(sa.func.coalesce(sa.func.max(submissions.c.arrival), 0))
    number = int(connection.execute(newest).scalar_one()) + 1
    connection.execute(settings.insert(), {"name": LANDING, "value": str(number)})
    return number


def end_landing(connection: sa.Connection) -> None:
    """All that lay in the inbox is kept; what is sent from now on came in another intake."""
    connection.execute(settings.delete().where(settings.c.name == LANDING))


def receive(
    connection: sa.Connection,
    came: Sequence[tuple[str, str, str]],
    received_on: date,
    arrival: int,
) -> list[str | None]:
    """Enter arrivals, each a sender, a hash and a name, and say of each what its bytes' status was
    before; refused ones get another try. `arrival` is the number of this intake.

    Bytes that were taken in and then erased, in part or by age, are not to be kept again.
    """
    hashes = {sha256 for _, sha256, _ in came}
    query = sa.select(submissions).where(submissions.c.sha256.in_(hashes))
    known = {(row.sender, row.sha256): row for row in connection.execute(query)}
    statuses: list[str | None] = []
    new: dict[tuple[str, str], dict[str, Any]] = {}
    for sender, sha256, name in came:
        if (sender, sha256) in new:
            statuses.append("received")
        elif row := known.get((sender, sha256)):
            statuses.append(_received_again(connection, row))
        else:
            new[sender, sha256] = {
                "sender": sender,
                "received_on": received_on,
                "arrival": arrival,
                "sha256": sha256,
                "original_name": escaped(name),
                "landing_name": f"{sha256[:2]}/{sha256}",
                "status": "received",
            }
            statuses.append(None)
    if new:
        connection.execute(submissions.insert(), [*new.values()])
    return statuses


def _received_again(connection: sa.Connection, row: "sa.Row[Any]") -> str:
    is_purged = row.purged_on is not None
    if row.redacted_sha256 is not None or (is_purged and row.status == "accepted"):
        return ERASED
    if row.status == "quarantined":
        forget_outcome(connection, row.submission_id)
    return str(row.status)


def forget_outcome(connection: sa.Connection, submission_id: int) -> None:
    """Let a submission wait as if it had just come."""
    for table in (problems, submission_profiles):
        connection.execute(table.delete().where(table.c.submission_id == submission_id))
    connection.execute(
        submissions.update()
        .where(submissions.c.submission_id == submission_id)
        .values(status="received", batch=None, first_error=None, purged_on=None)
    )


def is_held() -> sa.ColumnElement[bool]:
    """Accepted by its contract, but kept out of force until a person has looked."""
    table = submissions.c
    return sa.and_(
        table.status == "accepted",
        table.held_reason.is_not(None),
        table.overridden_on.is_(None),
        table.withdrawn_on.is_(None),
    )


def is_used() -> sa.ColumnElement[bool]:
    """Accepted, neither held back nor withdrawn."""
    table = submissions.c
    return sa.and_(
        table.status == "accepted",
        sa.or_(table.held_reason.is_(None), table.overridden_on.is_not(None)),
        table.withdrawn_on.is_(None),
    )


def remove_after(connection: sa.Connection, submission_id: int) -> None:
    """Forget the submissions above this number; only in a copy of a state."""
    connection.execute(submissions.delete().where(submissions.c.submission_id > submission_id))


def as_known(connection: sa.Connection, as_of: date) -> list[dict[str, Any]]:
    """The ledger at a date: without what came later, and without what was decided later.

    An official series is known from the day of its release, whenever we fetched it.
    """
    table = submissions.c
    released_on = sa.func.coalesce(table.released_on, table.received_on)
    known_on = sa.case((table.sender == PUBLISHER, released_on), else_=table.received_on)
    query = sa.select(submissions, known_on.label("known_on")).where(known_on <= as_of)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    for row in rows:
        for decided in ("overridden_on", "withdrawn_on"):
            if row[decided] is not None and row[decided] > as_of:
                row[decided] = None
    return rows


def tables_held(connection: sa.Connection, names: Iterable[str]) -> dict[int, dict[str, int]]:
    """By submission, which of these tables it held, and how many rows of each were taken in."""
    number, profile = submission_profiles.c.submission_id, submission_profiles.c.profile
    rows_held: dict[int, dict[str, int]] = defaultdict(dict)
    for name in sorted(names):
        query = sa.select(number, profile[(name, "rows")].as_integer()).where(
            profile[(name, "is_held")].as_boolean()
        )
        found: Any = connection.execute(query)
        for submission_id, rows in found:
            rows_held[submission_id][name] = rows
    return dict(rows_held)


def waiting(connection: sa.Connection) -> list[sa.Row[Any]]:
    """Submissions that were received and have no outcome yet, in the order of their numbers."""
    query = (
        sa.select(submissions)
        .where(submissions.c.status == "received")
        .order_by(submissions.c.submission_id)
    )
    return list(connection.execute(query))


def kept_and_gone(connection: sa.Connection) -> tuple[set[str], set[str]]:
    """Hashes of the bytes that are kept, and of those that are not to be kept any more.

    Gone are originals that a copy without a child has replaced, such a copy that another one has,
    and what its time was over for.
    """
    table = submissions.c
    query = sa.select(table.sha256, table.redacted_sha256, table.purged_on)
    kept: set[str] = set()
    known = set(_replaced(connection))
    for row in connection.execute(query):
        current = str(row.redacted_sha256 or row.sha256)
        known |= {str(row.sha256), current}
        if row.purged_on is None:
            kept.add(current)
    return kept, known - kept


def replaced(connection: sa.Connection, sha256: str) -> None:
    """Note, in the caller's transaction, a copy that is to be removed; no row tells of it."""
    value = json.dumps(sorted({*_replaced(connection), sha256}))
    connection.execute(settings.delete().where(settings.c.name == REPLACED))
    connection.execute(settings.insert(), {"name": REPLACED, "value": value})


def _replaced(connection: sa.Connection) -> list[str]:
    query = sa.select(settings.c.value).where(settings.c.name == REPLACED)
    return list(json.loads(connection.execute(query).scalar() or "[]"))


def record_facts(connection: sa.Connection, raw: Path, names: Collection[str]) -> None:
    """Write down which files of rows these batches have, as they lie on the disk."""
    connection.execute(facts.delete().where(facts.c.batch.in_(list(names))))
    files = [
        {
            "batch": name,
            "table_name": path.parent.name,
            "rows": pq.read_metadata(path).num_rows,
            "sha256": sha256_of(path),
        }
        for name in sorted(names)
        for path in sorted(raw.glob(f"*/{name}.parquet"))
    ]
    if files:
        connection.execute(facts.insert(), files)


def recorded_files(connection: sa.Connection) -> list["sa.Row[Any]"]:
    """Every file of rows that the ledger knows: batch, table, rows and hash."""
    return list(connection.execute(sa.select(facts)))


def recorded_batches(connection: sa.Connection) -> set[str]:
    """The batches of whose files the ledger knows."""
    return set(connection.scalars(sa.select(facts.c.batch).distinct()))


def batches(connection: sa.Connection) -> set[str]:
    """Every batch that the ledger stands for."""
    rows = connection.execute(sa.select(submissions.c.batch).distinct())
    return {str(row.batch) for row in rows if row.batch is not None}


def conclude(connection: sa.Connection, outcomes: Iterable[Outcome]) -> None:
    """Write down what became of a batch, in the caller's transaction."""
    outcomes = list(outcomes)
    update = submissions.update().where(submissions.c.submission_id == sa.bindparam("id"))
    connection.execute(update, [_concluded(outcome) for outcome in outcomes])
    rows = [row for outcome in outcomes for row in _problem_rows(outcome)]
    if rows:
        connection.execute(problems.insert(), rows)
    profiles = [
        {"submission_id": outcome.submission_id, "profile": outcome.profile}
        for outcome in outcomes
        if outcome.profile and not outcome.is_refused
    ]
    if profiles:
        former = submission_profiles.c.submission_id == sa.bindparam("id")
        numbers = [{"id": row["submission_id"]} for row in profiles]
        connection.execute(submission_profiles.delete().where(former), numbers)
        connection.execute(submission_profiles.insert(), profiles)


def counts_of(outcomes: Iterable[Outcome]) -> list[dict[str, int]]:
    """The rows of submissions by what became of them."""
    counts = ("records", "accepted", "quarantined", "duplicates")
    return [
        {"id": outcome.submission_id} | {name: getattr(outcome, name) for name in counts}
        for outcome in outcomes
    ]


def set_counts(connection: sa.Connection, counts: list[dict[str, int]]) -> None:
    """Write down the rows of submissions that were read a second time; the verdict stands."""
    update = submissions.update().where(submissions.c.submission_id == sa.bindparam("id"))
    if counts:
        connection.execute(update, counts)


def _concluded(outcome: Outcome) -> dict[str, Any]:
    manifest, period = outcome.manifest, outcome.period
    return {
        "id": outcome.submission_id,
        "extract": outcome.extract,
        "period_start": period.start if period else None,
        "period_end": period.end if period else None,
        "received_on": outcome.received_on,
        "prepared_on": manifest.prepared_on,
        "released_on": manifest.released_on,
        "sequence": manifest.sequence,
        "status": outcome.status,
        "batch": outcome.batch,
        "records": outcome.records,
        "accepted": outcome.accepted,
        "quarantined": outcome.quarantined,
        "duplicates": outcome.duplicates,
        "first_error": outcome.first_error,
        "simulated": manifest.simulated,
        "source": escaped(manifest.source) if manifest.source else None,
    }


def _problem_rows(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "submission_id": outcome.submission_id,
            "table_name": problem.table,
            "file_name": problem.file,
            "line": problem.line,
            "column_name": problem.column,
            "rule": problem.rule,
            "message": problem.message,
            "severity": problem.severity,
            "count": problem.count,
            "official": problem.official,
        }
        for problem in outcome.problems
    ]


def listing(
    connection: sa.Connection,
    *,
    sender: str | None = None,
    extract: str | None = None,
    status: str | None = None,
    since: date | None = None,
) -> list[dict[str, Any]]:
    """Submissions, the newest first, for people to look at; `held` and `withdrawn` count too."""
    table = submissions.c
    query = sa.select(submissions).order_by(table.submission_id.desc())
    if sender is not None:
        query = query.where(table.sender == sender)
    if extract is not None:
        query = query.where(table.extract == extract)
    if status is not None:
        decided = {"held": is_held(), "withdrawn": table.withdrawn_on.is_not(None)}
        query = query.where(decided.get(status, table.status == status))
    if since is not None:
        query = query.where(table.received_on >= since)
    return [dict(row._mapping) for row in connection.execute(query)]


def find(connection: sa.Connection, submission_id: int) -> "sa.Row[Any] | None":
    """One submission by its number."""
    query = sa.select(submissions).where(submissions.c.submission_id == submission_id)
    return connection.execute(query).one_or_none()


def problems_of(connection: sa.Connection, submission_id: int) -> list[dict[str, Any]]:
    """What is wrong with a submission, errors first."""
    query = (
        sa.select(problems)
        .where(problems.c.submission_id == submission_id)
        .order_by(problems.c.severity, problems.c.problem_id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]
