"""A later delivery with bad files among the good: readers undisturbed, each fault named."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import started
from support import fresh_home, logged, sightline

from sightline.orchestration import dagster_home
from sightline.simulation import faults
from sightline.simulation.truth import Truth
from sightline.warehouse.home import Home

FIRST = ("383", "884")
LATER = "306"


@dataclass(frozen=True)
class Later:
    """The second run, what was planted, and what a reader saw in the middle of it."""

    home: Home
    planted: list[faults.PlantedFault]
    exit_code: int
    output: str
    seen_meanwhile: str
    busy: subprocess.CompletedProcess[str]
    first_said: str


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, simulated: tuple[Path, Truth]) -> Later:
    inbox, _ = simulated
    source = tmp_path_factory.mktemp("first")
    for la_code in FIRST:
        shutil.copytree(inbox / la_code, source / la_code)
    home = fresh_home(tmp_path_factory.mktemp("later") / "monitor", source)
    first = job_of_dagster(home)
    assert first.returncode == 0, first.stderr
    for la_code in (*FIRST, LATER):
        shutil.copytree(inbox / la_code, home.inbox / la_code, dirs_exist_ok=True)
    planted = faults.plant(home.inbox)
    return second_run(home, planted, first.stderr)


def job_of_dagster(home: Home) -> subprocess.CompletedProcess[str]:
    """The run as Dagster's own pages start it, with nothing of the command line around it."""
    module = [
        "-m",
        "dagster",
        "job",
        "execute",
        "-m",
        "sightline.orchestration.definitions",
        "-j",
        "refresh",
    ]
    environment = os.environ | dagster_home.environment(home)
    return subprocess.run(
        [sys.executable, *module], env=environment, capture_output=True, text=True, check=False
    )


def second_run(home: Home, planted: list[faults.PlantedFault], first_said: str) -> Later:
    where = ("--home", str(home.root))
    with started.begun("run", "-v", *where) as run:
        next(line for line in run.stderr if json.loads(line)["message"] == "models ...")
        seen = sightline("sql", "select release_id from release", "--json", *where)
        busy = sightline("run", *where)
        run.stderr.read()
        code = run.wait()
        run.stdout.seek(0)
        output = run.stdout.read()
    return Later(home, planted, code, output, seen.stdout, busy, first_said)


def test_a_run_that_dagster_started_publishes_as_the_command_line_does(later: Later) -> None:
    done = sightline("releases", "list", "--json", "--home", str(later.home.root))
    listed = {row["release"] for row in json.loads(done.stdout)}
    assert listed == {"2026-10-20.1", "2026-10-20.2"}


def test_a_reader_sees_the_former_release_while_a_run_goes_on(later: Later) -> None:
    assert json.loads(later.seen_meanwhile) == [{"release_id": "2026-10-20.1"}]


def test_a_second_run_at_the_same_time_is_told_who_runs(later: Later) -> None:
    """Fault 62."""
    assert later.busy.returncode == 6
    assert "another run is going on (process " in later.busy.stderr


def test_the_rest_is_published_and_the_exit_code_says_that_something_was_refused(
    later: Later,
) -> None:
    assert later.exit_code == 4
    assert "Published release 2026-10-20.2" in later.output


def test_each_bad_file_is_named_with_its_rule(later: Later) -> None:
    for bad in later.planted:
        assert f"{bad.label}: " in later.output
    assert re.search(r"\(submission \d+\)\n", later.output)
    assert "sightline submissions show" in later.output


def test_the_log_names_each_of_them_by_number_and_rule_and_no_file(later: Later) -> None:
    lines = logged(later.home)
    refused = [line for line in lines if line.get("submission")]
    assert len(refused) == len(later.planted)
    for line in refused:
        assert (line["level"], line["number"]) == ("warning", 2)
        assert {"run", "sender"} <= line.keys()
    names = [bad.label.split("/", 1)[1] for bad in later.planted]
    assert not any(name in json.dumps(lines) for name in names)


def test_a_run_that_dagster_started_is_in_the_log_and_prints_nothing_twice(later: Later) -> None:
    lines = logged(later.home)
    told = [line["message"] for line in lines if line.get("number") == 1]
    assert told.count("models ...") == 1
    assert told[-1] == "the run ended: released, release 2026-10-20.1"
    assert "models ..." not in later.first_said


def test_every_record_of_the_run_is_accounted_for(later: Later) -> None:
    found = re.search(
        r"([\d,]+) records = ([\d,]+) taken in \+ ([\d,]+) refused \+ ([\d,]+) repeated",
        later.output,
    )
    assert found is not None
    records, *parts = (int(number.replace(",", "")) for number in found.groups())
    assert records == sum(parts) > 0


def test_status_names_them_too(later: Later) -> None:
    done = sightline("status", "--json", "--home", str(later.home.root))
    refused = json.loads(done.stdout)["refused or held back"]
    assert faults.all_caught(later.planted, refused)
    assert len(refused) == len(later.planted)


def test_what_came_before_is_not_taken_in_twice(later: Later) -> None:
    done = sightline("submissions", "list", "--json", "--home", str(later.home.root))
    hashes = [row["sha256"] for row in json.loads(done.stdout)]
    assert len(hashes) == len(set(hashes))


def test_after_it_there_is_nothing_to_do(later: Later) -> None:
    done = sightline("run", "--home", str(later.home.root))
    assert (done.returncode, "Nothing to do" in done.stdout) == (0, True)
