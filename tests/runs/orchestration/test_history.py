"""Looking back: a replay knows only what was known then; a back-test reaches the report."""

import json
import shutil
from datetime import date

import duckdb
import pytest
from support import Ran, sightline

from warehouse.home import Home


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory, demo_home: Ran) -> Home:
    """A copy of the demo, since what is asked of it here changes it."""
    root = tmp_path_factory.mktemp("history") / "monitor"
    shutil.copytree(demo_home.home.root, root, symlinks=True)
    return Home(root)


@pytest.fixture(scope="module")
def where(release: Home) -> tuple[str, str]:
    return ("--home", str(release.root))


def test_a_replay_knows_what_was_known_then_and_leaves_the_monitor_as_it_was(
    where, release
) -> None:
    before = {path: path.stat().st_mtime_ns for path in release.published.rglob("*")}
    alerts = sightline("alerts", "list", "--all", "--json", *where).stdout
    done = sightline("replay", "--from", "2026-08", "--to", "2026-08", "--json", *where)
    assert done.returncode == 0, done.stderr
    changes = json.loads(done.stdout)
    assert {row["as_of"] for row in changes} <= {"2026-08-21"}
    assert all(date.fromisoformat(row["period"]) < date(2026, 8, 1) for row in changes)
    assert {path: path.stat().st_mtime_ns for path in release.published.rglob("*")} == before
    assert sightline("alerts", "list", "--all", "--json", *where).stdout == alerts
    assert not list((release.restricted / "replay").iterdir())


def test_a_replay_of_no_month_is_refused(where) -> None:
    done = sightline("replay", "--from", "2026-10", "--to", "2026-08", *where)
    assert done.returncode == 2
    assert "no month" in done.stderr


def test_an_indicator_that_is_not_tested_cannot_be_back_tested(where) -> None:
    done = sightline("backtest", "--indicator", "no_such_thing", *where)
    assert done.returncode == 2
    assert "referral_rate" in done.stderr


def test_a_back_test_is_published_by_the_next_run_and_shown(where, release) -> None:
    done = sightline("backtest", "--indicator", "referral_rate", "--replicates", "1", *where)
    assert done.returncode == 0, done.stderr
    assert "back-test" in sightline("run", "--dry-run", *where).stdout
    assert sightline("run", *where).returncode in (0, 4)
    with duckdb.connect(str(release.current / "sightline.duckdb"), read_only=True) as connection:
        rows = connection.execute("select distinct indicator from backtests").fetchall()
    assert rows == [("referral_rate",)]
    page = (release.current / "report" / "indicators" / "referral_rate.html").read_text("utf-8")
    assert "What silence means here" in page
