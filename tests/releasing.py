"""Releases of a very small country, one after the other, without a run: placed, recorded, shown."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
import work_file

from sightline.warehouse import home as homes
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.ledger.releases import MANIFEST
from sightline.warehouse.ledger.state import State, runs
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store, vintages

EXTENT = work_file.Extent((work_file.WORSENING, "E08000032"), ("referral_rate",), 8)
MONTH = "2026-10-01"
FIRST, SECOND, THIRD = (date(2026, 11, day) for day in (20, 21, 22))


def monitor(folder: Path) -> Home:
    """A new monitor with a work file, as the models and detection leave it."""
    home = homes.create(folder / "monitor")
    work_file.write(home.work_db, EXTENT)
    return home


def set_counts(home: Home, count: float, area: str = work_file.WORSENING) -> None:
    """Give an area another count of referrals in the newest month."""
    with duckdb.connect(str(home.work_db)) as connection:
        connection.execute(
            "update marts.fct_indicator_values set numerator = $count,"
            " value = $count / denominator * 10000 * 12"
            " where area_code = $area and period_type = 'month' and period_start = $month",
            {"count": count, "area": area, "month": MONTH},
        )


def release(home: Home, number: int, as_of: date, **given: Any) -> str:
    """Make the next release and lead readers to it; its name."""
    state = State(home.state_db)
    made = draft(home, number, as_of, **given)
    about = work_file.published_before(home, state, made.release_id, as_of)
    store.note(made.folder, rules=about.rules)
    vintages.keep(home, made.release_id, made.database, about)
    store.commit(home, made, lambda: record(home, state, made))
    vintages.sweep(home, state)
    state.close()
    return made.release_id


def draft(home: Home, number: int, as_of: date, **given: Any) -> store.Draft:
    """A release that nobody can see yet."""
    return work_file.draft(home, f"{as_of}.{number}", as_of=as_of, **given)


def record(home: Home, state: State, draft: store.Draft) -> None:
    """What the last step of a run writes into the ledger."""
    number = int(draft.release_id.rpartition(".")[2])
    with state.begin() as connection:
        connection.execute(sa.update(recorded).values(is_current=False))
        connection.execute(
            sa.insert(recorded).values(
                release_id=draft.release_id,
                sequence=number,
                as_of=draft.as_of,
                built_at=datetime(2026, 11, 20, tzinfo=UTC),
                content_hash=draft.content_hash,
                code_version=draft.code_version,
                simulated=True,
                is_current=True,
                table_hashes={MANIFEST: sha256_of(home.releases / draft.release_id / MANIFEST)},
            )
        )
        connection.execute(
            sa.insert(runs).values(
                run_id=draft.release_id,
                number=number,
                started_at=datetime(2026, 11, 20, tzinfo=UTC),
                as_of=draft.as_of,
                outcome="released",
                release_id=draft.release_id,
                detail={},
            )
        )
