"""The results of one dbt build within a run: what failed, and the tables that it made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sightline.orchestration import dbt_runner
from sightline.orchestration.dbt_runner import BROKEN
from sightline.orchestration.run import Run
from sightline.warehouse.connection import connect
from sightline.warehouse.contents import Content, contents
from sightline.warehouse.machine import no_room, said_in


@dataclass
class Built:
    """The results of the last go; by test, how many submissions it held back before that.

    `fault` says what is left wrong, for which the run has to stop; `tables` what was built, by
    schema and name.
    """

    results: Sequence[Any] = ()
    held: dict[str, int] = field(default_factory=dict)
    fault: str | None = None
    tables: dict[tuple[str, str], Content] = field(default_factory=dict)

    @property
    def gate(self) -> str | None:
        """What did not hold, by name; None where all did."""
        broken = [result.node.name for result in self.results if str(result.status) in BROKEN]
        if broken or not self.results:
            return f"dbt: {', '.join(broken) or 'nothing was built'}"
        return None

    @property
    def counts(self) -> dict[str, int]:
        tests = [result for result in self.results if result.node.resource_type == "test"]
        return {
            "models": len(self.results) - len(tests),
            "tests": len(tests),
            "tests not passed": sum(str(result.status) != "pass" for result in tests),
        }


def results_of(run: Run, *, published: bool = False) -> Sequence[Any]:
    """Build the models, or the published ones, with the project as this process has parsed it.

    Raises MachineFault where a model failed for want of memory or disk; no rows are at fault.
    """
    results = dbt_runner.build(run.home, dbt_runner.parsed(run.home), published=published)
    broken = [result.message or "" for result in results if str(result.status) in BROKEN]
    for message in broken:
        if fault := said_in(message, *run.home.places):
            raise fault
    if broken and (fault := no_room(run.home.work)):
        raise fault
    return results


def tables_of(run: Run) -> dict[tuple[str, str], Content]:
    """What stands in the work file, by schema and name."""
    with connect(run.home.work_db, read_only=True) as connection:
        return contents(connection)
