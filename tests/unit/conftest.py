"""Keeps the tests of this folder quick: none starts dbt, Dagster, a browser or another process
pool. What does belongs in tests/runs."""

import sys
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
SLOW = {"dagster", "dbt", "playwright"}


class Refuse(MetaPathFinder):
    """Lets none of these be imported."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        assert name not in SLOW, f"a test in tests/unit imports {name}; move it to tests/runs"
        return None


def refuse_to_start(self: BaseProcess) -> None:
    raise AssertionError("a test in tests/unit starts a process pool; move it to tests/runs")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where these tests run by themselves, nothing slow has been imported beside them."""
    if all(item.path.is_relative_to(HERE) for item in items):
        found = sorted(SLOW & set(sys.modules))
        assert not found, f"collecting tests/unit imports {', '.join(found)}"


@pytest.fixture(scope="module", autouse=True)
def nothing_slow_starts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "meta_path", [Refuse(), *sys.meta_path])
        patch.setattr(BaseProcess, "start", refuse_to_start)
        yield
