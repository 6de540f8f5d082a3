"""Remove what is older than the settings allow: originals, refused rows, releases, messages,
records of runs, logs. Nothing open is removed."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sightline.warehouse import orphans
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.areas import numbers
from sightline.warehouse.clock import LONDON
from sightline.warehouse.erasure import carry_out
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import BUILT, GOOD, State, alerts, outbox, runs, submissions
from sightline.warehouse.ledger.state import settings as kept_settings
from sightline.warehouse.release import store as releases
from sightline.warehouse.release.store import Release
from sightline.warehouse.settings import Settings, today

# A message that was sent, or given up: nobody waits for it any more.
ENDED = ("sent", "dead")
MESSAGE_FILE = re.compile(r"[0-9a-f]{24}\.(json|html|eml)(\.part)?")
A_YEAR = 12
AT_ONCE = 500
MADE_A_RELEASE = ("released", "history")
LAST_APPLIED = "retention"


@dataclass
class Due:
    """What the policy says is to go, and how many originals are kept beyond it.

    `files` are those of refused rows, of messages and logs; `messages` and `runs` rows of the
    state by their ids.
    """

    submissions: list[int] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    held: int = 0

    @property
    def count(self) -> int:
        kinds = (self.submissions, self.files, self.messages, self.runs, self.releases)
        return sum(len(items) for items in kinds)


def due(home: Home, state: State, settings: Settings) -> Due:
    """What is past its time; nothing is touched."""
    on, policy = today(settings), settings.retention
    kept_to = {
        "accepted": months_before(on, max(policy.originals_months, policy.refused_months)),
        "quarantined": months_before(on, policy.refused_months),
    }
    past = Due()
    disputed = _disputed(state)
    for rows in _batches(state).values():
        # The rows of a batch can only be made again together.
        accepted = [row for row in rows if row.status == "accepted"]
        is_whole = all(row.received_on < kept_to["accepted"] for row in accepted)
        is_held = any(_is_held(row, disputed) for row in accepted)
        for row in rows:
            if row.purged_on or not is_whole or row.received_on >= kept_to[row.status]:
                continue
            if is_held:
                past.held += 1
            else:
                past.submissions.append(row.submission_id)
    messages_from = months_before(on, policy.messages_months)
    past.messages = _messages(state, messages_from)
    past.runs = _runs(state, months_before(on, policy.runs_months))
    past.releases = releases.superfluous(
        home, settings.keep_releases, months_before(on, A_YEAR), on, _linked(state, past.messages)
    )
    past.files = [
        *_refused_rows(home, state, kept_to["quarantined"]),
        *_message_files(home, state, past.messages, messages_from),
        *_logs(home, months_before(on, policy.logs_months)),
        *(path for path in orphans.of_children(home) if _written_on(path) < kept_to["accepted"]),
    ]
    return past


def apply(home: Home, state: State, settings: Settings) -> Due:
    """Remove what is past its time; the ledger keeps its hash, so that it is known again."""
    past = due(home, state, settings)
    if past.submissions:
        with state.begin() as connection:
            what = f"{len(past.submissions)} originals"
            audit.record(connection, "purge", what, "kept for as long as the settings say")
            connection.execute(
                submissions.update()
                .where(submissions.c.submission_id.in_(past.submissions))
                .values(purged_on=today(settings))
            )
    carry_out.sweep_landing(home, state)
    for path in past.files:
        path.unlink(missing_ok=True)
    for release in past.releases:
        releases.remove(release.folder)
    # The rows last: cut off before, what hangs on them is still found.
    _delete(state, outbox.c.message_id, past.messages)
    _delete(state, runs.c.run_id, past.runs)
    return past


def last_applied(state: State) -> date | None:
    """The day on which the policy was last applied."""
    query = sa.select(kept_settings.c.value).where(kept_settings.c.name == LAST_APPLIED)
    with state.read() as connection:
        value = connection.scalar(query)
    return date.fromisoformat(value) if value else None


def record_applied(state: State, on: date) -> None:
    """Once a day is enough."""
    with state.begin() as connection:
        connection.execute(sa.delete(kept_settings).where(kept_settings.c.name == LAST_APPLIED))
        value = {"name": LAST_APPLIED, "value": on.isoformat()}
        connection.execute(sa.insert(kept_settings).values(value))


def _batches(state: State) -> dict[str, list["sa.Row[Any]"]]:
    query = sa.select(submissions).where(submissions.c.status.in_(("accepted", "quarantined")))
    by_batch: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    with state.read() as connection:
        for row in connection.execute(query.order_by(submissions.c.submission_id)):
            by_batch[str(row.batch)].append(row)
    return by_batch


def _is_held(row: "sa.Row[Any]", disputed: set[str]) -> bool:
    waits = row.held_reason is not None and row.overridden_on is None and row.withdrawn_on is None
    return waits or row.sender in disputed


def _disputed(state: State) -> set[str]:
    """Authorities with an alert on which nobody has decided for good."""
    query = sa.select(alerts.c.area_code).where(alerts.c.state.in_(LIVE)).distinct()
    with state.read() as connection:
        return {numbers().get(row.area_code, "") for row in connection.execute(query)}


def _refused_rows(home: Home, state: State, before: date) -> list[Path]:
    newest = sa.select(submissions.c.batch, sa.func.max(submissions.c.received_on).label("on"))
    with state.read() as connection:
        rows = connection.execute(newest.group_by(submissions.c.batch)).all()
    old = {row.batch for row in rows if row.on < before}
    return [path for path in sorted(home.quarantine.glob("*.parquet")) if path.stem in old]


def _messages(state: State, before: date) -> list[str]:
    query = sa.select(outbox.c.message_id).where(
        outbox.c.state.in_(ENDED), outbox.c.created_on < before
    )
    with state.read() as connection:
        return list(connection.scalars(query.order_by(outbox.c.message_id)))


def _message_files(home: Home, state: State, messages: Iterable[str], before: date) -> list[Path]:
    """The files of these messages, and old ones of messages that the state does not know."""
    with state.read() as connection:
        known: set[str] = set(connection.scalars(sa.select(outbox.c.message_id)))
    going = set(messages)
    return [
        path
        for path in sorted(home.outbox.glob("*"))
        if MESSAGE_FILE.fullmatch(path.name) and path.is_file()
        for name in [path.name.split(".")[0]]
        if name in going or (name not in known and _written_on(path) < before)
    ]


def _linked(state: State, going: Iterable[str]) -> set[str]:
    """Releases that a kept message about an alert names: who gets it may look there.

    Every release has its digest, which leads to nothing in it and keeps nothing.
    """
    query = sa.select(outbox.c.message_id, outbox.c.release_id).where(
        outbox.c.alert_id.is_not(None), outbox.c.state != "dead", outbox.c.release_id.is_not(None)
    )
    with state.read() as connection:
        named = {row.message_id: row.release_id for row in connection.execute(query)}
    return {named[message] for message in named.keys() - set(going)}


def _runs(state: State, before: date) -> list[str]:
    """Old records of runs, but for the newest, the last good one and those that made a release."""
    start = datetime.combine(before, time.min)
    newest = sa.select(sa.func.max(runs.c.number))
    query = sa.select(runs.c.run_id).where(
        runs.c.started_at < start,
        runs.c.outcome.is_not(None),
        runs.c.outcome.not_in(MADE_A_RELEASE),
    )
    with state.read() as connection:
        last = {
            connection.scalar(newest.where(runs.c.outcome.in_(good))) for good in (BUILT, GOOD)
        } | {connection.scalar(newest)}
        kept = runs.c.number.not_in([number for number in last if number is not None])
        return list(connection.scalars(query.where(kept).order_by(runs.c.number)))


def _logs(home: Home, before: date) -> list[Path]:
    """What commands, dbt, the processes of Dagster and unexpected faults wrote."""
    folders = (home.logs, home.dbt / "logs", home.dagster / "compute_logs", *_set_aside(home))
    kept = {*home.tracebacks, *(one for at in folders for one in at.rglob("*"))}
    return [path for path in sorted(kept) if path.is_file() and _written_on(path) < before]


def _set_aside(home: Home) -> Iterable[Path]:
    """Storages of Dagster that were damaged."""
    return home.restricted.glob(f"{home.dagster.name}-damaged-*")


def _delete(state: State, key: "sa.Column[Any]", values: list[str]) -> None:
    for first in range(0, len(values), AT_ONCE):
        with state.begin() as connection:
            chosen = key.in_(values[first : first + AT_ONCE])
            connection.execute(sa.delete(key.table).where(chosen))


def _written_on(path: Path) -> date:
    return datetime.fromtimestamp(path.stat().st_mtime, LONDON).date()


def months_before(day: date, months: int) -> date:
    """The first of the month for the last days of longer months, so that nothing goes early."""
    count = day.year * 12 + day.month - 1 - months
    year, month = divmod(count, 12)
    return date(year, month + 1, min(day.day, 28))
