"""The sources of the dbt project, written from the contracts and from what this code creates.

Nobody writes a column of a source by hand: a work file for which nothing was ever sent says which
tables and columns there are, a contract what they mean.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from sightline.monitoring import tables as detection
from sightline.orchestration.dbt_runner import PROJECT
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.contents import contents
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.ledger.state import state_of
from sightline.warehouse.release import disclosure, vintages
from sightline.warehouse.release import inputs as release_inputs
from sightline.warehouse.settings import Disclosure
from sightline.warehouse.timeline.work_file import prepare

FILE = PROJECT / "models" / "staging" / "sources.yml"
HEAD = "# Written by `sightline contract sources`; a test says when it is out of date.\n"
ANY_DAY = date(2026, 1, 1)
ANY_RELEASE = release_inputs.release_row(
    "any", ANY_DAY, datetime(2026, 1, 1, tzinfo=UTC), "0", simulated=True
)
SCHEMAS = ("raw", "control", "state")
ABOUT = {
    "raw": "Accepted rows of each extract as typed, pseudonymised facts, seen through views.",
    "control": "What this run knows: submissions in force, returns due, identities, definitions.",
    "detection": "What detection writes into the marts once the models are built.",
    "state": "What the monitor remembers, as it was known at the date of the release.",
}
Tables = dict[str, dict[str, str]]


def write(path: Path = FILE) -> Path:
    """Write the file of sources, whose text `text` gives."""
    path.write_text(text(), encoding="utf-8")
    return path


def text() -> str:
    """The sources as dbt reads them: tables, columns, types and descriptions."""
    tables = _prepared()
    meanings = dict(_meanings())
    sources = [
        _source("raw", "raw", tables["raw"], meanings),
        _source("control", "control", tables["control"], {}),
        _source("detection", "marts", detection.SOURCES, {}),
        _source("state", "state", tables["state"], {}),
    ]
    document = {"version": 2, "sources": sources}
    return HEAD + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=160)


def _prepared() -> dict[str, Tables]:
    """By schema, what an empty monitor's work file holds."""
    by_schema: dict[str, Tables] = {}
    with TemporaryDirectory() as folder:
        home = homes.create(Path(folder) / "monitor", today=ANY_DAY)
        with state_of(home) as state:
            prepare(home, state, ANY_DAY)
            with connect(home.work_db) as connection:
                disclosure.create(connection, Disclosure().smallest_shown)
                release_inputs.write(connection, state, ANY_RELEASE, [], [])
                vintages.create(connection)
        with connect(home.work_db, read_only=True) as connection:
            tables = sorted(contents(connection).items())
    for schema in SCHEMAS:
        by_schema[schema] = {
            table: {column.name: column.type for column in content.columns}
            for (its_schema, table), content in tables
            if its_schema == schema
        }
    return by_schema


def _meanings() -> Iterator[tuple[tuple[str, ...], str]]:
    """What raw tables and their columns mean; of several contracts the first one's words stay."""
    for contract in reversed(contracts.load().values()):
        for table in reversed(contract.tables.values()):
            if table.raw:
                yield (table.raw,), table.means
                for column in reversed(table.columns.values()):
                    if column.raw and column.means:
                        yield (table.raw, column.raw), _meaning(column)


def _meaning(column: contracts.Column) -> str:
    """Identifiers are kept as pseudonyms alone."""
    return f"pseudonym of {column.means}" if column.type in ("id", "upn") else column.means


def _source(
    name: str, schema: str, tables: Tables, meanings: Mapping[tuple[str, ...], str]
) -> dict[str, Any]:
    return {
        "name": name,
        "description": ABOUT[name],
        "schema": schema,
        "tables": [
            _described(meanings, table)
            | {
                "columns": [
                    _described(meanings, table, column) | {"data_type": kind}
                    for column, kind in columns.items()
                ]
            }
            for table, columns in tables.items()
        ],
    }


def _described(meanings: Mapping[tuple[str, ...], str], *path: str) -> dict[str, Any]:
    meaning = meanings.get(path)
    return {"name": path[-1]} | ({"description": meaning} if meaning else {})
