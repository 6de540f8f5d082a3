"""For the whole suite: nothing leaves this machine, and one small monitor that has been run."""

import atexit
import fcntl
import importlib.util
import os
import pickle
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
import started
import work_file
from hypothesis import settings
from oracle.monitor import Monitor, ran, together
from support import Ran, fresh_home, sightline

from sightline.orchestration import dbt_runner
from sightline.report.site import build_site
from sightline.simulation.national import simulate
from sightline.simulation.truth import Truth
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

TESTS = Path(__file__).parent
GUARD = TESTS / "guard"
T = TypeVar("T")
AREAS, MONTHS = 10, 30
FIRST = ("test_run.py", "test_figures_cases.py")
LONG = {"runs", "soak"}
"""Folders of tests that start whole runs."""


# The same examples each time: what a test finds must not depend on the day it runs.
settings.register_profile("suite", derandomize=True)
settings.load_profile("suite")


def pytest_configure() -> None:
    # Started in the background, tests would have their processes ignore what asks them to stop.
    for one in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(one) is signal.SIG_IGN:
            signal.signal(one, signal.default_int_handler)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(GUARD), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    spec = importlib.util.spec_from_file_location("network_guard", GUARD / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """At the very end, leave at once: the database's binding would print each of its objects that
    something still refers to."""
    atexit.register(leave, session)


def leave(session: pytest.Session) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(int(session.exitstatus))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left with it at the end; the first two
    files each make something that others need, so that no worker waits for another."""
    first = {name: place for place, name in enumerate(FIRST)}
    items.sort(
        key=lambda item: (
            first.get(item.path.name, len(first)),
            item.path.relative_to(TESTS).parts[0] not in LONG,
            item.get_closest_marker("slow") is None,
        )
    )


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], T]) -> T:
    """What `make` gives for a folder, made by the worker that asks first; others read it."""
    place = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    made, kept = place / name, place / f"{name}.pickle"
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            kept.write_bytes(pickle.dumps(make(made)))
    return pickle.loads(kept.read_bytes())  # noqa: S301 (our own)


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_the_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also notices what a library tried and then swallowed, in any process."""
    log = tmp_path_factory.mktemp("network") / "attempts.txt"
    os.environ["SIGHTLINE_TEST_NETWORK_LOG"] = str(log)
    yield
    assert not log.exists(), log.read_text()


@pytest.fixture(scope="session", autouse=True)
def models_are_parsed_once() -> Iterator[None]:
    """Runs in the tests' own process go on with the models as they were parsed for the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt_runner, "parse", started.parsed_once(dbt_runner.parse))
        yield


@pytest.fixture(scope="module", autouse=True)
def the_environment_stays_as_it_was() -> Iterator[None]:
    """A run within the tests' own process names its monitor there, which the next one must not
    take for its own."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The inbox of a small simulated country, and what was planted in it."""

    def make(folder: Path) -> tuple[Path, Truth]:
        return folder / "inbox", simulate(folder / "inbox", months=MONTHS, areas=AREAS)

    return made_once(tmp_path_factory, "simulated", make)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Path, Truth]) -> Ran:
    """A copy of what was run, which the tests of one worker may go on with."""
    return has_run(tmp_path_factory, "demo", simulated)


@pytest.fixture(scope="module")
def another_demo(tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Path, Truth]) -> Ran:
    """The same run, which a file has for itself."""
    return has_run(tmp_path_factory, "demo", simulated)


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """As little as a run needs, for tests that run again and again."""

    def make(folder: Path) -> tuple[Path, Truth]:
        return folder / "inbox", simulate(folder / "inbox", months=14, areas=2)

    return made_once(tmp_path_factory, "small", make)


@pytest.fixture(scope="session")
def small_home(tmp_path_factory: pytest.TempPathFactory, small: tuple[Path, Truth]) -> Ran:
    return has_run(tmp_path_factory, "small_home", small)


def has_run(tmp_path_factory: pytest.TempPathFactory, name: str, given: tuple[Path, Truth]) -> Ran:
    inbox, truth = given

    def make(folder: Path) -> Ran:
        home = fresh_home(folder / "monitor", inbox)
        done = sightline("run", "--home", str(home.root))
        return Ran(home, truth, done.returncode, done.stdout, done.stderr)

    made = made_once(tmp_path_factory, name, make)
    root = tmp_path_factory.mktemp(name) / "monitor"
    shutil.copytree(made.home.root, root, symlinks=True)
    return replace(made, home=Home(root))


@pytest.fixture(scope="session")
def draft(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A release of a small country, made without models or detector."""
    home = homes.create(tmp_path_factory.mktemp("country"))
    work_file.write(home.work_db)
    return work_file.draft(home)


@pytest.fixture(scope="session")
def site(draft: Any) -> Path:
    """Its pages."""
    build_site(draft.database, draft.report)
    return draft.report


@pytest.fixture(scope="session")
def hand_made(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """One monitor that has run over all hand-made cases that fit into one; only to be read."""
    return made_once(tmp_path_factory, "cases", lambda folder: ran(folder, together()))
