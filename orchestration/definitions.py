"""What Dagster loads: everything under defs/, and nothing is listed here."""

import warnings
from importlib import import_module
from pathlib import Path

import dagster as dg

from sightline.orchestration import logs
from sightline.orchestration.resources import home_in_use

DEFS = "sightline.orchestration.defs"


@dg.definitions
def definitions() -> dg.Definitions:
    logs.begin()
    logs.keep_in(home_in_use())
    # By name, since an installed package has no project file in which Dagster could look.
    tree = dg.ComponentTree.from_module(import_module(DEFS), project_root=Path(__file__).parent)
    found = tree.build_defs()
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
