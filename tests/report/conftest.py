"""The report's tests read a release of a small country."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "warehouse"))

import work_file

from report.site import build_site
from warehouse import home as homes


@pytest.fixture(scope="session")
def draft(tmp_path_factory):
    home = homes.create(tmp_path_factory.mktemp("country"))
    work_file.write(home.work_db)
    return work_file.draft(home)


@pytest.fixture(scope="session")
def site(draft) -> Path:
    build_site(draft.database, draft.report)
    return draft.report
