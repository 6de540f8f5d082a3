"""What tests of a release share: a monitor after a run, facts changed behind its back, official
rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from intake_files import Monitor

from sightline.orchestration import pipeline
from sightline.orchestration.pipeline import RunReport

IDENTITY = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name"
)
YORKSHIRE = "E92000001,England,E12000003,Yorkshire and The Humber"
AREAS = {
    "England": "National,E92000001,England,,,,,",
    "Yorkshire": f"Regional,{YORKSHIRE},,,",
    "Leeds": f"Local authority,{YORKSHIRE},383,E08000035,Leeds",
    # its code from May 2025 on; E08000016 before
    "Barnsley": f"Local authority,{YORKSHIRE},370,E08000038,Barnsley",
}


@dataclass(frozen=True)
class Released:
    monitor: Monitor
    report: RunReport

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the published database answers."""
        database = self.monitor.home.current / "sightline.duckdb"
        with duckdb.connect(str(database), read_only=True) as connection:
            return connection.execute(query, list(values)).fetchall()


def released(monitor: Monitor) -> Released:
    return Released(monitor, pipeline.run(monitor.home))


def change_facts(path: Path, changes: Iterable[tuple[int, str]]) -> None:
    """Change the accepted rows of submissions in a file of facts, past every check of intake."""
    with duckdb.connect() as connection:
        connection.execute("create table rows as select * from read_parquet($1)", [str(path)])
        for number, change in changes:
            connection.execute(f"update rows set {change} where submission_id = {number}")
        path.unlink()
        connection.execute(f"copy rows to '{path}' (format parquet)")
