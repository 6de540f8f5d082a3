"""A draft that breaks an expectation is never shown, and is gone at once."""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from sightline.expectations import release as suites
from sightline.expectations.runner import CheckResult
from sightline.orchestration.run import Run
from sightline.orchestration.steps import release
from sightline.orchestration.steps.order import ORDER, done
from sightline.warehouse import home as homes
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.ledger.state import State
from sightline.warehouse.release.store import Draft
from sightline.warehouse.settings import Settings


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose steps are done up to its draft."""
    home = homes.create(tmp_path / "monitor")
    home.work_db.parent.mkdir(parents=True, exist_ok=True)
    duckdb.connect(str(home.work_db)).close()
    folder = home.releases / ".draft-2026-10-20.1"
    folder.mkdir(parents=True)
    built_at = datetime(2026, 10, 20, tzinfo=UTC)
    draft = Draft("2026-10-20.1", folder, date(2026, 10, 20), built_at, "1", True, "", {})
    duckdb.connect(str(draft.database)).close()
    made = Run("run", home, Settings(), State(home.state_db), date(2026, 10, 20), 1)
    made.results = dict.fromkeys([*ORDER][: [*ORDER].index("draft")]) | {"draft": draft}
    return made


def test_a_draft_that_breaks_an_expectation_is_not_released(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 79."""
    result = CheckResult(suites.NAME, False, "error", 2, 1, {"failed_one_row_each_of_trends": 2})
    monkeypatch.setattr(suites, "meets_expectations", lambda draft, marts: result)
    with pytest.raises(GateFailed, match="release_meets_expectations"):
        done(run, release.release)
    assert (run.outcome, run.exit_code, run.gates) == ("gate_failed", 5, [suites.NAME])
    assert [*run.home.releases.iterdir()] == []


def test_the_check_is_told_though_the_release_is_not_made(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = CheckResult(suites.NAME, False, "error", 2, 1, {"failed_one_row_each_of_trends": 2})
    monkeypatch.setattr(suites, "meets_expectations", lambda draft, marts: result)
    assert done(run, release.meets_expectations) == result


def test_a_draft_that_meets_its_expectations_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = CheckResult(suites.NAME, True, "error", 2, 0, {})
    monkeypatch.setattr(suites, "meets_expectations", lambda draft, marts: result)
    assert done(run, release.meets_expectations).passed
    assert [path.name for path in run.home.releases.iterdir()] == [".draft-2026-10-20.1"]
