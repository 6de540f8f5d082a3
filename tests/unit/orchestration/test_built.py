"""What a build of dbt means for a run: only what it gave itself counts."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sightline.orchestration import dbt_runner
from sightline.orchestration.steps.built import Built
from sightline.warehouse import home as homes
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """With the results of a former build, all of it good."""
    made = homes.create(tmp_path / "monitor")
    target = made.dbt / "target"
    target.mkdir(parents=True, exist_ok=True)
    results = [{"unique_id": "model.sightline.trends", "status": "success"}]
    (target / "run_results.json").write_text(json.dumps({"results": results}))
    return made


def ends(
    monkeypatch: pytest.MonkeyPatch, *statuses: str, success: bool, result: bool = True
) -> None:
    held = [
        SimpleNamespace(status=one, node=SimpleNamespace(name=one, resource_type="model"))
        for one in statuses
    ]
    outcome = SimpleNamespace(
        success=success, exception=None, result=SimpleNamespace(results=held) if result else None
    )
    monkeypatch.setattr(dbt_runner, "_invoke", lambda *_: outcome)
    monkeypatch.setattr(dbt_runner, "_let_go", lambda: None)


def gate(home: Home) -> Any:
    return Built(dbt_runner.build(home, None)).gate


def test_the_results_of_a_former_build_are_never_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 78: dbt ended before it came to any."""
    ends(monkeypatch, success=False, result=False)
    assert gate(home) == "dbt: nothing was built"


def test_a_build_that_failed_names_what_failed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 78."""
    ends(monkeypatch, "success", "error", "skipped", success=False)
    assert gate(home) == "dbt: error"


def test_a_build_that_failed_for_nothing_it_names_is_no_good_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 78."""
    ends(monkeypatch, "success", "pass", success=False)
    with pytest.raises(GateFailed, match="named nothing"):
        dbt_runner.build(home, None)
    ends(monkeypatch, "success", "warn", success=True)
    assert gate(home) is None
