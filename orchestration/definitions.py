"""What Dagster loads: everything under defs/, and nothing is listed here."""

import warnings
from pathlib import Path

import dagster as dg

from orchestration import logs
from orchestration.resources import home_in_use


@dg.definitions
def definitions() -> dg.Definitions:
    logs.begin()
    logs.keep_in(home_in_use())
    found = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    with warnings.catch_warnings():
        # Code references are of use and may go without notice.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return _located(found)


def _located(found: dg.Definitions) -> dg.Definitions:
    """With the place of each asset's code, as a local file: where a repository is kept, nobody here
    knows."""
    return dg.Definitions(
        assets=dg.with_source_code_references(list(found.assets or [])),
        asset_checks=found.asset_checks,
        jobs=found.jobs,
        schedules=found.schedules,
        sensors=found.sensors,
        resources=found.resources,
        executor=found.executor,
        component_tree=found.component_tree,
    )
