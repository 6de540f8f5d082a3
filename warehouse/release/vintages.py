"""What was published of each figure and when: handed from one release to the next.

The published table of vintages of the newest release is kept in restricted/vintages/ as well, one
file a release, written before the ledger knows that release: a file whose release it does not know
was left by a killed run. So the history outlives the releases that it tells of. It holds nothing
that was not published, after disclosure control; under other rules of that control it begins anew,
since what was shown under weaker ones could give away what is withheld now.
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa

from sightline.warehouse import belonging, orphans
from sightline.warehouse.filesystems import sync
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.ledger.state import State
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.quoting import quoted

TABLE = "trends_vintages"
COLUMNS = {
    "indicator": "varchar",
    "area_code": "varchar",
    "la_code": "varchar",
    "period_type": "varchar",
    "period_start": "date",
    "breakdown": "varchar",
    "source": "varchar",
    "numerator": "bigint",
    "denominator": "bigint",
    "value": "double",
    "marker": "varchar",
    "is_provisional": "boolean",
    "publication": "integer",
    "release_id": "varchar",
    "published_on": "date",
}
ABOUT = "sightline"
# The newest is enough; the one before it serves where that is damaged.
KEPT = 2

Rules = dict[str, Any]
Publication = tuple[str, str]
"""A release and the day on which readers were led to it."""


@dataclass(frozen=True)
class About:
    """What stands in the metadata of a file: the rules of disclosure control it was made under,
    every publication in order, and how many of the returns to earlier releases are among them."""

    rules: Rules
    publications: list[Publication]
    returns: int


def hand_over(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    state: State,
    release_id: str,
    as_of: date,
    rules: Rules,
) -> About:
    """Write state.trends_vintages, what was published before this release, and state.publication,
    which publication it is; what `keep` is to keep with it."""
    create(connection)
    found = _newest(home, state)
    about = About(rules, [], len(ledger.returns(state)))
    if found and (former := _about(found)).rules == rules:
        connection.execute(
            f"insert into state.{TABLE} by name select {', '.join(COLUMNS)} from read_parquet(?)"
            " where published_on <= ?",
            [str(found), as_of],
        )
        about = About(rules, [*former.publications], about.returns)
        for one in ledger.returns(state)[former.returns :]:
            _lead_back(connection, about.publications, one)
    about.publications.append((release_id, as_of.isoformat()))
    connection.execute("insert into state.publication values (?)", [len(about.publications)])
    return about


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make both tables without rows."""
    columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
    connection.execute("create schema if not exists state")
    connection.execute(f"create or replace table state.{TABLE} ({columns})")
    connection.execute("create or replace table state.publication (publication integer)")


def create_macro(connection: duckdb.DuckDBPyConnection) -> None:
    """Make trends_as_of(day) beside the table, in the database in use: what was published then."""
    connection.execute(AS_OF)
    connection.execute(
        "comment on macro table trends_as_of is 'What readers were given as figures on a day:"
        " from trends_as_of(date ''2026-10-20'').'"
    )


def keep(home: Home, release_id: str, database: Path, about: About) -> None:
    """Write the file of a release; call it before the ledger is told of that release."""
    folder = _folder(home)
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{release_id}.parquet"
    unfinished = target.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    told = quoted(json.dumps(asdict(about)))
    with duckdb.connect() as connection:
        connection.execute(f"attach {quoted(database)} as published (read_only)")
        connection.execute(
            f"copy (from published.{TABLE}) to {quoted(unfinished)}"
            f" (format parquet, compression zstd, kv_metadata {{{ABOUT}: {told}}})"
        )
    unfinished.chmod(0o600)
    sync(unfinished)
    unfinished.replace(target)
    sync(folder)


def sweep(home: Home, state: State) -> None:
    """Keep the newest files of releases that the ledger knows, and none that a killed run left."""
    order = _order(state)
    for path in _folder(home).glob("*.part"):
        path.unlink()
    known = sorted(
        (path for path in _files(home) if path.stem in order), key=lambda path: order[path.stem]
    )
    for path in known[:-KEPT]:
        path.unlink()
    newest = max(order.values(), default=0)
    for path in set(_files(home)) - set(known):
        # Of the run that was to make the next release; any other is of a state that was lost.
        if belonging.number_of_release(path.stem) == newest + 1:
            path.unlink()
        else:
            orphans.set_aside(home, path, "vintages")


def files(home: Home) -> list[Path]:
    """What a copy of the monitor has to hold of them."""
    return _files(home)


def _lead_back(
    connection: duckdb.DuckDBPyConnection, publications: list[Publication], one: ledger.Return
) -> None:
    """Add the figures of the release that readers were led to, where they had seen others.

    Of a release from before the history begins nothing is known.
    """
    shown = [release_id for release_id, _ in publications]
    publications.append((one.release_id, one.on))
    if one.release_id in shown:
        connection.execute(
            LEAD_BACK,
            {
                "then": shown.index(one.release_id) + 1,
                "publication": len(publications),
                "release_id": one.release_id,
                "on": date.fromisoformat(one.on),
            },
        )


def _newest(home: Home, state: State) -> Path | None:
    """The file of the newest recorded release, or of the one before it where that is damaged."""
    order = _order(state)
    known = [path for path in _files(home) if path.stem in order]
    for path in sorted(known, key=lambda path: order[path.stem], reverse=True):
        try:
            _about(path)
        except (duckdb.Error, ValueError, LookupError, TypeError):
            orphans.set_aside(home, path, "vintages")
        else:
            return path
    return None


def _about(path: Path) -> About:
    with duckdb.connect() as connection:
        # Every page is read, since a damaged one must not stop a release half way.
        connection.execute("select count(columns(*)) from read_parquet(?)", [str(path)]).fetchall()
        [(value,)] = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = ?",
            [str(path), ABOUT],
        ).fetchall()
    held = json.loads(value)
    publications = [(release_id, on) for release_id, on in held["publications"]]
    return About(held["rules"], publications, held["returns"])


def _order(state: State) -> dict[str, int]:
    with state.read() as connection:
        rows = connection.execute(sa.select(recorded.c.release_id, recorded.c.sequence))
        return {row.release_id: row.sequence for row in rows}


def _folder(home: Home) -> Path:
    return home.restricted / "vintages"


def _files(home: Home) -> list[Path]:
    return sorted(_folder(home).glob("*.parquet"))


# Of several publications of one day the last counts.
AS_OF = f"""
create macro trends_as_of(day) as table
select * exclude (replaced_on, is_latest)
from {TABLE}
where published_on <= day
    and coalesce(replaced_on > day, true)
    and (value is not null or marker is not null)
"""

# Figures of a release that readers were led back to, where others were seen since; without a figure
# where that release had none.
LEAD_BACK = f"""
insert into state.{TABLE} by name
with
known as (
    select *, coalesce(la_code, area_code) as place from state.{TABLE}
),

seen as (
    select indicator, place, period_type, source, breakdown, period_start,
        max_by(known, publication) as newest,
        max_by(known, publication) filter (where publication <= $then) as back
    from known
    group by all
)

select
    indicator, newest.area_code, newest.la_code, period_type, period_start, breakdown, source,
    back.numerator, back.denominator, back.value, back.marker, back.is_provisional,
    $publication as publication, $release_id as release_id, $on as published_on
from seen
where row(newest.numerator, newest.denominator, newest.value, newest.marker,
        newest.is_provisional)
    is distinct from row(back.numerator, back.denominator, back.value, back.marker,
        back.is_provisional)
"""
