"""Carry out what was decided: rewrite submissions without a child, or take them away whole.

Everything here follows from the state and can be cut off and run again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from sightline.warehouse import orphans
from sightline.warehouse.belonging import ERASING, REPLACED
from sightline.warehouse.calendar import Span
from sightline.warehouse.erasure.redaction import contents_of, records_of, without
from sightline.warehouse.erasure.suppression import key_of, suppressed
from sightline.warehouse.home import Home
from sightline.warehouse.intake.batch import Workshop
from sightline.warehouse.intake.judge.identifiers import Digests, digests
from sightline.warehouse.intake.pool import pending_of
from sightline.warehouse.intake.reread import batches_of, read_again
from sightline.warehouse.intake.write import Files, drop_rows
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.migrations.upgrade import copies
from sightline.warehouse.ledger.state import State, settings, submissions
from sightline.warehouse.settings import Settings


def plan(
    connection: sa.Connection,
    redact: Mapping[int, set[int] | None],
    remove: Iterable[int],
    keys: Iterable[int],
) -> None:
    """Note what is to be done, in the transaction that decides it; `keys` until it is done.

    `redact` has by submission the digests of what is to be cut from it; none stands for those of
    every child who was erased.
    """
    connection.execute(settings.delete().where(settings.c.name == ERASING))
    named = {number: None if names is None else sorted(names) for number, names in redact.items()}
    work = json.dumps({"redact": named, "remove": sorted(remove), "keys": sorted(keys)})
    connection.execute(settings.insert(), {"name": ERASING, "value": work})


def finish(home: Home, state: State, chosen: Settings, key: bytes, on: date) -> None:
    """Do what was planned and not yet done."""
    with state.read() as connection:
        work = connection.scalar(sa.select(settings.c.value).where(settings.c.name == ERASING))
    if work is None:
        return
    planned = json.loads(work)
    named = {int(number): names for number, names in planned["redact"].items()}
    touched = [*named, *planned["remove"]]
    with digests(key_of(home)) as digest:
        for row in rows_of(state, named):
            names = named[row.submission_id]
            redact(home, state, row, digest, suppressed(state) if names is None else set(names))
    _remove(state, planned["remove"], on)
    _derive_again(home, state, chosen, key, touched)
    lost = batches_without_originals(state)
    drop_rows(home.raw, lost, planned["keys"])
    with state.begin() as connection:
        ledger.record_facts(connection, home.raw, lost)
    sweep_landing(home, state)
    derived = (home.warehouse_db, *home.work.iterdir(), *home.tracebacks)
    for path in (*derived, *copies(home.state_db)):
        path.unlink(missing_ok=True)
    for folder in (home.restricted / "spill", *home.spool.iterdir()):
        shutil.rmtree(folder, ignore_errors=True)
    with state.begin() as connection:
        connection.execute(settings.delete().where(settings.c.name == ERASING))
    state.compact()


def keep_out(home: Home, state: State) -> None:
    """Take children who were erased out of what waits to be read."""
    wanted = suppressed(state)
    if not wanted:
        return
    with state.read() as connection:
        waiting = ledger.waiting(connection)
    with digests(key_of(home)) as digest:
        for row in waiting:
            redact(home, state, row, digest, wanted)
    sweep_landing(home, state)


def rows_of(state: State, ids: Iterable[int]) -> list["sa.Row[Any]"]:
    """Submissions of the ledger whose bytes are kept."""
    query = sa.select(submissions).where(
        submissions.c.submission_id.in_(list(ids)), submissions.c.purged_on.is_(None)
    )
    with state.read() as connection:
        return list(connection.execute(query))


def redact(home: Home, state: State, row: "sa.Row[Any]", digest: Digests, wanted: set[int]) -> None:
    """Put a copy without the children of these digests in the place of a submission's bytes."""
    contents = contents_of(pending_of(home, row, None))
    if contents is None:
        return
    known = digest(row.sender, contents.identifiers())
    found = records_of(contents, {one for one, value in known.items() if value in wanted})
    is_planned = row.status != "received" and contents.has_lost_lines
    if not any(found) and not is_planned:
        return
    period = Span(row.period_start, row.period_end) if row.period_start else None
    data = without(contents, found, period)
    sha256 = hashlib.sha256(data).hexdigest()
    _store(data, home.original(sha256))
    with state.begin() as connection:
        connection.execute(
            submissions.update()
            .where(submissions.c.submission_id == row.submission_id)
            .values(redacted_sha256=sha256)
        )
        # The ledger keeps the hash of the original, but of one former copy only the newest.
        if row.redacted_sha256 not in (None, sha256):
            ledger.replaced(connection, row.redacted_sha256)


def sweep_landing(home: Home, state: State) -> None:
    """Remove bytes of which the ledger says that they are not to be kept; what it does not know is
    set aside."""
    with state.read() as connection:
        kept, gone = ledger.kept_and_gone(connection)
    erased = []
    for path in home.landing.glob("*/*"):
        if path.name in kept:
            continue
        if path.name in gone:
            path.unlink()
            erased.append(path.name)
        elif path.name.endswith(".tmp"):
            path.unlink()
        else:
            orphans.set_aside(home, path, "originals")
    if erased:
        orphans.erase(home, erased)
    with state.begin() as connection:
        connection.execute(settings.delete().where(settings.c.name == REPLACED))


def _remove(state: State, ids: list[int], on: date) -> None:
    with state.begin() as connection:
        connection.execute(
            submissions.update()
            .where(submissions.c.submission_id.in_(ids), submissions.c.purged_on.is_(None))
            .values(purged_on=on)
        )


def _derive_again(
    home: Home, state: State, chosen: Settings, key: bytes, touched: list[int]
) -> None:
    """Make the rows of every batch anew in which one of these submissions stands."""
    query = sa.select(submissions.c.batch).where(submissions.c.submission_id.in_(touched))
    with state.read() as connection:
        names = sorted({row.batch for row in connection.execute(query) if row.batch})
    for path in _rows_of_batches(home, names):
        path.unlink()
    batches = batches_of(home, state)
    workshop = Workshop(home.spool, key, Files(home.raw, home.quarantine))
    kept = [name for name in names if name in batches]
    for _, outcomes in read_again(workshop, chosen, batches, kept):
        with state.begin() as connection:
            ledger.set_counts(connection, ledger.counts_of(outcomes))
    with state.begin() as connection:
        ledger.record_facts(connection, home.raw, names)


def batches_without_originals(state: State) -> set[str]:
    """Batches whose rows cannot be made anew; a batch is purged as a whole."""
    query = sa.select(submissions.c.batch).where(
        submissions.c.status == "accepted", submissions.c.purged_on.is_not(None)
    )
    with state.read() as connection:
        return {row.batch for row in connection.execute(query)}


def _rows_of_batches(home: Home, names: list[str]) -> Iterator[Path]:
    for path in (*home.raw.glob("*/*"), *home.quarantine.glob("*")):
        if path.stem in names:
            yield path


def _store(data: bytes, target: Path) -> None:
    target.parent.mkdir(mode=0o700, exist_ok=True)
    unfinished = target.with_suffix(".tmp")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(0o400)
    unfinished.rename(target)
