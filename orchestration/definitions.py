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
    with warnings.catch_warnings():
        # Definitions found by name and code references are of use and may go without notice; said
        # at each run, they would have cron write a mail each morning.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        warnings.simplefilter("ignore", dg.BetaWarning)
        # By name, since an installed package has no project file in which Dagster could look.
        tree = dg.ComponentTree.from_module(import_module(DEFS), project_root=Path(__file__).parent)
        return _located(tree.build_defs())


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
