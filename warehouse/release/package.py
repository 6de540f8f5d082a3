"""Describe the files of a release where tools look: a data package beside them, and metadata in
each Parquet file. Everything said comes from published.yml, by way of the release itself.

The data package follows the Data Package standard, version 2 (datapackage.org).
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from sightline.warehouse.release import dictionary
from sightline.warehouse.release.tables import PublishedTable, published_tables

PACKAGE = "datapackage.json"
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"
MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}
# Types of DuckDB as the standard names them.
TYPES = {
    "bigint": "integer",
    "boolean": "boolean",
    "date": "date",
    "double": "number",
    "integer": "integer",
    "timestamp": "datetime",
    "varchar": "string",
}
OPEN_GOVERNMENT = "OGL-UK-3.0"  # of the Department for Education and the ONS
LICENCES = {
    OPEN_GOVERNMENT: {
        "title": "Open Government Licence v3.0",
        "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    },
}
SIMULATED = "Made up to try the software, not statistics. "
METADATA = ".meta.csv"  # describes the file beside it in the Department's own form
BATCH = 50_000


def write_parquet(
    connection: duckdb.DuckDBPyConnection, table: PublishedTable, target: Path
) -> None:
    """Write one published table, with its description, key and those of its columns inside.

    The file's own metadata holds `description`, `primary_key` and `columns` (JSON, by name); each
    field of the Arrow schema has its `description`.
    """
    found = connection.sql(f"from published.{table.name}").to_arrow_reader(BATCH)
    said = {
        "description": table.description,
        "primary_key": json.dumps(table.key),
        "columns": json.dumps({name: one.description for name, one in table.columns.items()}),
    }
    schema = pa.schema(
        [
            field.with_metadata({"description": table.columns[field.name].description})
            for field in found.schema
        ],
        metadata=said,
    )
    with pq.ParquetWriter(target, schema, compression="zstd") as file:
        for batch in found:
            file.write_batch(batch.cast(schema))


def write_package(
    folder: Path, release: Mapping[str, Any], connection: Any, licence: str = ""
) -> None:
    """Write datapackage.json for the Parquet and CSV files of a release; `connection` is open on
    its database, `licence` the short name of that of our own figures, none where empty."""
    tables = {table.name: table for table in published_tables()}
    meanings = {
        column["name"]: column["meaning"]
        for column in dictionary.columns(connection)
        if column["relation"] not in tables
    }
    resources = [
        _of_table(folder, path, tables[path.stem])
        for path in sorted(folder.glob("parquet/*.parquet"))
    ]
    resources += [
        _of_csv(folder, path, meanings)
        for path in sorted(folder.rglob("*.csv"))
        if not path.name.endswith(METADATA)
    ]
    sources = connection.execute(
        "select distinct source from trends where source <> 'extracts' order by all"
    ).fetchall()
    mark, told = ("[SIMULATED] ", SIMULATED) if release["simulated"] else ("", "")
    package = {
        "$schema": PROFILE,
        "name": str(release["release_id"]).lower(),
        "title": f"{mark}Children at risk of exploitation: indicators, alerts and their sources",
        "description": f"{told}One release of the published warehouse; small counts are withheld.",
        "simulated": release["simulated"],
        "version": release["release_id"],
        "created": f"{release['built_at']:%Y-%m-%dT%H:%M:%SZ}",
        **_licences(licence, is_official=bool(sources)),
        "sources": [
            {"title": "Returns and extracts of local authorities, counted"},
            *({"title": f"Published series: {name}"} for (name,) in sources),
        ],
        "resources": resources,
    }
    text = json.dumps(package, indent=2, ensure_ascii=False)
    (folder / PACKAGE).write_text(text + "\n", encoding="utf-8")


def _licences(own: str, *, is_official: bool) -> dict[str, Any]:
    """As the standard names them; nothing where there is none."""
    found = [{"name": own, **LICENCES.get(own, {})}] if own else []
    if is_official and own != OPEN_GOVERNMENT:
        title = f"{LICENCES[OPEN_GOVERNMENT]['title']}, of the published series alone"
        found.append({"name": OPEN_GOVERNMENT, **LICENCES[OPEN_GOVERNMENT], "title": title})
    return {"licenses": found} if found else {}


def _of_table(folder: Path, path: Path, table: PublishedTable) -> dict[str, Any]:
    fields = [
        {
            "name": name,
            "type": TYPES[column.type],
            "description": column.description,
            **({"constraints": {"required": True}} if column.is_required else {}),
        }
        for name, column in table.columns.items()
    ]
    keys = [
        {
            "fields": [one.column],
            "reference": {"resource": one.table, "fields": [one.field]},
        }
        for one in table.references
    ]
    schema = {"$schema": SCHEMA, "fields": fields, "primaryKey": list(table.key)}
    if keys:
        schema["foreignKeys"] = keys
    return _resource(folder, path, table.name, table.description) | {"schema": schema}


def _of_csv(folder: Path, path: Path, meanings: Mapping[str, str]) -> dict[str, Any]:
    """A CSV file, of which every column may hold a marker in place of a figure."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads = next(csv.reader(file), [])
    fields = [
        {"name": head, "type": "string"}
        | ({"description": meanings[head]} if head in meanings else {})
        for head in heads
    ]
    name = path.relative_to(folder).with_suffix("").as_posix().replace("/", "-")
    said = f"{path.stem} in the shape of the Department for Education's open data."
    return _resource(folder, path, name.lower(), said) | {
        "encoding": "utf-8",
        "schema": {"$schema": SCHEMA, "fields": fields},
    }


def _resource(folder: Path, path: Path, name: str, description: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "path": path.relative_to(folder).as_posix(),
        "format": path.suffix[1:],
        "mediatype": MEDIA[path.suffix],
        "bytes": path.stat().st_size,
        "description": description,
    }
