"""What Dagster loads: everything under defs/, and nothing is listed here."""

from pathlib import Path

import dagster as dg

from orchestration import logs
from orchestration.resources import home_in_use


@dg.definitions
def definitions() -> dg.Definitions:
    logs.begin()
    logs.keep_in(home_in_use())
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
