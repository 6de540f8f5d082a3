"""For the whole suite: nothing leaves this machine, and one small monitor that has been run."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from oracle.monitor import Monitor, ran, together
from support import Ran, fresh_home, sightline

from simulation.national import simulate
from simulation.truth import Truth

GUARD = Path(__file__).parent / "guard"
AREAS, MONTHS = 8, 30


# The same examples each time: what a test finds must not depend on the day it runs.
settings.register_profile("suite", derandomize=True)
settings.load_profile("suite")


def pytest_configure() -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(GUARD), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    spec = importlib.util.spec_from_file_location("network_guard", GUARD / "sitecustomize.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_the_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also notices what a library tried and then swallowed, in any process."""
    log = tmp_path_factory.mktemp("network") / "attempts.txt"
    os.environ["SIGHTLINE_TEST_NETWORK_LOG"] = str(log)
    yield
    assert not log.exists(), log.read_text()


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The inbox of a small simulated country, and what was planted in it."""
    folder = tmp_path_factory.mktemp("simulated")
    return folder / "inbox", simulate(folder / "inbox", months=MONTHS, areas=AREAS)


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Path, Truth]) -> Ran:
    inbox, truth = simulated
    home = fresh_home(tmp_path_factory.mktemp("demo") / "monitor", inbox)
    done = sightline("run", "--home", str(home.root))
    return Ran(home, truth, done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def hand_made(tmp_path_factory: pytest.TempPathFactory) -> Monitor:
    """One monitor that has run over all hand-made cases that fit into one."""
    return ran(tmp_path_factory.mktemp("cases"), together())
