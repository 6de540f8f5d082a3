"""A copy of the code in which faults are planted one at a time, and the tests that run there."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from planting import ROOT, Mutant, planted

LONGEST = 1800  # seconds for the tests of one fault; one that never ends is seen
PYTEST_FAILED = 1

# A new monitor that nothing was sent to: its work file has every relation that unit tests ask for.
EMPTY = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from sightline.monitoring import joint, signals
from sightline.orchestration import dbt_runner
from sightline.warehouse.release import disclosure, inputs
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.settings import Disclosure
from sightline.warehouse.timeline.work_file import prepare
from sightline.warehouse.ledger.state import State

day = date(2026, 10, 20)
release = inputs.release_row("r1", day, datetime.now(UTC), "0", simulated=True)
home = homes.create(Path(sys.argv[1]), today=day)
state = State(home.state_db)
prepare(home, state, day)
manifest = dbt_runner.parse(home)
built = [*dbt_runner.build(home, manifest, tests=False)]
with connect(home.work_db) as connection:
    signals.detect(connection, day)
    joint.write(connection)
    inputs.write(connection, state, release, [], [])
    disclosure.create(connection, Disclosure().smallest_shown)
state.close()
built += dbt_runner.build(home, manifest, tests=False, published=True)
assert all(one.status == "success" for one in built)
print(home.work_db)
"""


class Trouble(Exception):
    """What makes a verdict impossible: tests that fail without a fault, or cannot be run."""


class Tree:
    """A copy of the tracked files; the working tree is never touched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "code"
        self.work_db = folder
        self.proven: set[str] = set()
        """Tests that pass without a fault."""

    @classmethod
    def copied(cls, folder: str, chosen: Sequence[Mutant]) -> "Tree":
        tree = cls(Path(folder))
        listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, names.split("\0")):
            if (ROOT / name).is_file() or (ROOT / name).is_symlink():
                (tree.code / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, tree.code / name, follow_symlinks=False)
        models = sorted({model for one in chosen for model in one.models})
        if models:
            tree.work_db = Path(tree._python("-c", EMPTY, str(tree.folder / "monitor")))
            if failed := tree._unit_tests(models):
                raise Trouble(f"a unit test fails without a fault: {failed}")
        return tree

    def sees(self, one: Mutant) -> str | None:
        """The first test that fails with the fault in place; None where all pass."""
        if one.models:
            with self._planted(one):
                if failed := self._unit_tests(one.models):
                    return f"unit test {failed}"
        tests = [test for test in one.tests if (self.code / test.partition("::")[0]).exists()]
        for test in set(tests) - self.proven:
            if failed := self._pytest([test]):
                raise Trouble(f"a test fails without a fault: {failed}")
            self.proven.add(test)
        with self._planted(one):
            return self._pytest(tests)

    @contextmanager
    def _planted(self, one: Mutant) -> Iterator[None]:
        path = self.code / one.file
        source = path.read_text(encoding="utf-8")
        path.write_text(planted(one, source), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(source, encoding="utf-8")

    def _unit_tests(self, models: Sequence[str]) -> str | None:
        """The name of a unit test of these models that fails, run inside this process."""
        from dbt.cli.main import dbtRunner

        os.environ |= {"DBT_WORK_FILE": str(self.work_db), "DO_NOT_TRACK": "1"}
        project, target = self.code / "dbt_project", self.folder / "target"
        chosen = " ".join(f"{model},test_type:unit" for model in models)
        flags = ["--quiet", "--log-level", "none", "--log-level-file", "none", "--no-use-colors"]
        places = ["--target-path", target, "--log-path", target]
        places += ["--project-dir", project, "--profiles-dir", project]
        arguments = [*flags, "test", "--no-write-json", "--select", chosen, *map(str, places)]
        outcome = dbtRunner().invoke(arguments)
        if outcome.exception is not None:
            raise Trouble(f"dbt: {outcome.exception}")
        found: Any = outcome.result
        for one in found.results:
            if str(one.status) == "error":
                raise Trouble(f"unit test {one.node.name} cannot be run: {one.message}")
        return next((one.node.name for one in found.results if str(one.status) == "fail"), None)

    def _pytest(self, tests: Sequence[str]) -> str | None:
        if not tests:
            return None
        quick = ["-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"]
        try:
            done = self._run("-m", "pytest", *quick, *tests)
        except subprocess.TimeoutExpired:
            return "a test that does not end"
        if done.returncode == 0:
            return None
        failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED ")]
        if done.returncode != PYTEST_FAILED:
            raise Trouble(f"pytest cannot be run: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return failed[0].removeprefix("FAILED ").partition(" - ")[0] if failed else "an error"

    def _python(self, *arguments: str) -> str:
        done = self._run(*arguments)
        if done.returncode:
            raise Trouble(done.stderr[-2000:])
        return done.stdout.splitlines()[-1]

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Compiled files are told apart by second and size, which a fault may share with its former.
        own = {"PYTHONPATH": str(self.code), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.code,
            env=os.environ | own,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
