"""Dagster's log of a run in this process: all that Dagster's own keeps, each file opened once."""

import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from sightline.orchestration import dagster_home
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home


@dg.asset
def counted() -> int:
    return 1


@dg.asset_check(asset=counted)
def is_one(counted: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=counted == 1)


@dg.asset
def doubled(counted: int) -> int:
    return 2 * counted


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    log = logging.getLogger("sightline")
    level = log.level
    yield homes.create(tmp_path / "monitor")
    log.setLevel(level)  # Dagster keeps what our log says from its own


def events_of_a_run(home: Home, *, runs_here: bool) -> Counter[str | None]:
    """By type, as another process reads them afterwards."""
    with dagster_home.instance(home, runs_here=runs_here) as instance:
        run_id = dg.materialize([counted, is_one, doubled], instance=instance).run_id
    with dagster_home.instance(home) as instance:
        logs = instance.all_logs(run_id)
        for asset in (counted, doubled):
            event = instance.get_latest_materialization_event(asset.key)
            assert event is not None
            assert event.run_id == run_id
    types = (one.dagster_event.event_type_value for one in logs if one.dagster_event)
    return Counter(types) - Counter(["LOGS_CAPTURED"])


def test_it_keeps_what_dagsters_own_keeps(home):
    here = events_of_a_run(home, runs_here=True)
    assert here["ASSET_MATERIALIZATION"] == 2
    assert here["ASSET_CHECK_EVALUATION"] == 1
    assert here == events_of_a_run(home, runs_here=False)


def opened_by_a_run(home: Home, assets: int) -> list[int]:
    """How often each file of events is opened by a run of so many assets."""
    folder, opened = home.dagster / "history" / "runs", Counter[str]()

    def note(connection, _record):
        [(_, _, path), *_] = connection.execute("pragma database_list").fetchall()
        if Path(path).is_relative_to(folder):
            opened[path] += 1

    @dg.multi_asset(specs=[dg.AssetSpec(f"one_{number}") for number in range(assets)])
    def several():
        for number in range(assets):
            yield dg.MaterializeResult(asset_key=f"one_{number}")

    with dagster_home.instance(home, runs_here=True) as instance:
        sa.event.listen(sa.Engine, "connect", note)
        try:
            dg.materialize([several], instance=instance)
        finally:
            sa.event.remove(sa.Engine, "connect", note)
    return list(opened.values())


def test_files_stay_open_whatever_happens_in_a_run(home):
    for assets in (2, 20):
        times = opened_by_a_run(home, assets)
        assert len(times) == 2
        assert max(times) <= 2


def test_files_are_closed_at_the_end(home):
    opened_by_a_run(home, assets=2)
    links = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    assert not [path for path in links if path.is_relative_to(home.dagster)]


def test_storage_that_somebody_keeps_elsewhere_stays_theirs(home):
    elsewhere = home.root / "elsewhere"
    with (home.root / "sightline.toml").open("a") as file:
        file.write(f'\n[dagster.storage.sqlite]\nbase_dir = "{elsewhere}"\n')
    assert events_of_a_run(home, runs_here=True)["ASSET_MATERIALIZATION"] == 2
    assert list(elsewhere.rglob("index.db"))
    assert not (home.dagster / "history").exists()
