"""A whole run over a small simulated country, from the command line."""

import hashlib
import json
from pathlib import Path

import pytest
from support import Ran, sightline


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def asked(ran: Ran, *arguments: str) -> object:
    done = sightline(*arguments, "--json", "--home", str(ran.home.root))
    return json.loads(done.stdout)


def test_a_first_run_publishes_and_says_where_to_look(demo_home: Ran) -> None:
    assert demo_home.exit_code == 0, demo_home.output + demo_home.progress
    assert "Published release 2026-10-20.1" in demo_home.output
    for name in ("report/index.html", "sightline.duckdb", "manifest.json"):
        assert (demo_home.home.current / name).is_file()


def test_it_says_where_the_time_goes(demo_home: Ran) -> None:
    said = demo_home.output
    steps = ("intake", "vital signs", "work file", "models", "signals", "tables", "report")
    assert all(f"  {step} " in said for step in steps)


def test_the_inbox_is_empty_afterwards(demo_home: Ran) -> None:
    assert [path for path in demo_home.home.inbox.rglob("*") if path.is_file()] == []


def test_a_second_run_finds_nothing_to_do_and_changes_no_byte(demo_home: Ran) -> None:
    before = bytes_of(demo_home.home.releases)
    done = sightline("run", "--home", str(demo_home.home.root))
    assert done.returncode == 0
    assert "Nothing to do" in done.stdout
    assert bytes_of(demo_home.home.releases) == before


def test_the_run_is_seen_in_dagster_with_checks_and_their_metadata(demo_home: Ran) -> None:
    from dagster import DagsterEventType

    from sightline.orchestration import dagster_home

    with dagster_home.instance(demo_home.home) as instance:
        [run] = instance.get_runs()
        evaluations = {
            event.dagster_event.event_specific_data.check_name: event.dagster_event
            for event in instance.all_logs(run.run_id, DagsterEventType.ASSET_CHECK_EVALUATION)
        }
    assert run.is_success
    coherent = evaluations["marts_are_coherent"].event_specific_data
    assert coherent.passed
    assert coherent.metadata["ran"].value > 0
    assert "meets_contract" in evaluations


def test_every_figure_of_the_release_is_said_to_be_simulated(demo_home: Ran) -> None:
    manifest = json.loads((demo_home.home.current / "manifest.json").read_text())
    assert manifest["simulated"] is True


def test_status_counts_what_came(demo_home: Ran) -> None:
    found = asked(demo_home, "status")
    assert found["release"] == "2026-10-20.1"
    assert found["submissions"] == {
        "accepted": demo_home.truth.totals["bundles"] - len(demo_home.truth.delivered_twice)
    }


def test_health_is_good_after_a_good_run(demo_home: Ran) -> None:
    done = sightline("health", "--home", str(demo_home.home.root))
    assert (done.returncode, done.stdout) == (0, "healthy\n")


def test_sql_answers_from_the_published_tables(demo_home: Ran) -> None:
    [row] = asked(demo_home, "sql", "select count(*) as rows from areas")
    assert row["rows"] > 0


def test_sql_cannot_reach_a_file(demo_home: Ran) -> None:
    query = f"select * from read_text('{demo_home.home.key}')"
    done = sightline("sql", query, "--home", str(demo_home.home.root))
    assert done.returncode == 2
    assert demo_home.home.key.read_text().strip() not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["trends", "referral_rate", "value"])
def test_the_dictionary_knows_tables_indicators_and_columns(demo_home: Ran, name: str) -> None:
    assert asked(demo_home, "dictionary", name)


def test_releases_are_listed_and_whole(demo_home: Ran) -> None:
    [release] = asked(demo_home, "releases", "list")
    assert release["current"]
    done = sightline("releases", "verify", "--home", str(demo_home.home.root))
    assert done.returncode == 0
    assert done.stdout.split() == ["2026-10-20.1", "whole", "current", "right"]


def test_alerts_are_listed_as_they_were_published(demo_home: Ran) -> None:
    listed = asked(demo_home, "alerts", "list")
    [row] = asked(demo_home, "sql", "select count(*) as open from alerts where state = 'open'")
    assert len(listed) == row["open"]
