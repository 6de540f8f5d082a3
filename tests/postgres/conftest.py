"""A server for these tests, and a new database for each."""

import itertools
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import postgres_server
import pytest
from postgres_server import PASSWORD, Postgres, put
from support import TODAY

from sightline.warehouse import home as homes
from sightline.warehouse.home import Home

NUMBERS = itertools.count(1)
# Messages and a mail server, as the tests of delivery have them.
sys.path.append(str(Path(__file__).parents[1] / "unit" / "monitoring"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    reason = postgres_server.objection()
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.postgres)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres_server.running() as one:
        yield one


@pytest.fixture(scope="module", autouse=True)
def the_password_is_in_the_environment(the_environment_stays_as_it_was: None) -> None:
    os.environ["PGPASSWORD"] = PASSWORD


@pytest.fixture
def url(server: Postgres) -> str:
    return server.made(f"state_{next(NUMBERS)}")


@pytest.fixture
def make_home(tmp_path: Path) -> Callable[..., Home]:
    """A new monitor, with its state at a URL where one is given."""

    def make(name: str = "monitor", url: str | None = None) -> Home:
        home = homes.create(tmp_path / name, today=TODAY)
        if url:
            put(home, url)
        return home

    return make


@pytest.fixture
def home(make_home: Callable[..., Home], url: str) -> Home:
    return make_home(url=url)
