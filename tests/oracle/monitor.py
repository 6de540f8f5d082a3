"""A monitor over hand-made cases: files laid into its inbox, run once or twice, and asked."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from oracle.bundles import zipped
from oracle.cases import Case, Told, cases, paths
from sightline.orchestration import pipeline
from sightline.orchestration.pipeline import RunReport
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

TODAY = date(2026, 10, 20)


@dataclass
class Monitor:
    home: Home
    reports: list[RunReport]
    folders: list[Path] = field(default_factory=list)
    """What was laid into the inbox before each run, kept apart."""

    def rows(self, sql: str, values: Iterable[object] = ()) -> list[tuple]:
        with duckdb.connect(str(self.home.warehouse_db), read_only=True) as connection:
            return connection.execute(sql, list(values)).fetchall()


def lay(folder: Path, told: Told) -> None:
    """Write files as they would arrive."""
    for name, content in paths(told):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_bytes(zipped(content))


def ran(folder: Path, chosen: list[Case]) -> Monitor:
    """A monitor that has run over what these cases deliver. Where some deliver twice, these run
    alone at first, since a run of all takes long."""
    monitor = Monitor(homes.create(folder / "monitor", today=TODAY), [])
    twice = [one for one in chosen if one.second]
    for place, told in enumerate(
        ([one.first for one in twice], [one.second or one.first for one in chosen])
    ):
        if any(told):
            monitor.folders.append(folder / f"arrives_{place + 1}")
            for one in told:
                lay(monitor.home.inbox, one)
                lay(monitor.folders[-1], one)
            monitor.reports.append(pipeline.run(monitor.home))
    return monitor


def together() -> list[Case]:
    return [one for one in cases() if not one.is_alone]
