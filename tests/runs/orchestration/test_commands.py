"""Commands that need no run: help, a new monitor, refusals that say what to do."""

import json
import resource
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support import Ran, sightline

from sightline.orchestration.cli import commands
from sightline.orchestration.demo import MARK, prepared
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.release import store as releases


def every_command(
    group: click.Group = commands, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


def used_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("path", list(every_command()), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(commands, [*path, "--help"])
    assert result.exit_code == 0
    assert f"Example: sightline {path[0]}" in " ".join(result.output.split())


def test_help_is_quick() -> None:
    before = used_by_children()
    assert sightline("--help").returncode == 0
    assert used_by_children() - before < 0.5


def test_a_new_monitor_says_what_to_do_next(tmp_path: Path) -> None:
    folder = tmp_path / "mymonitor"
    result = CliRunner().invoke(commands, ["init", str(folder)])
    assert f"sightline run --home {folder}" in result.output
    assert (folder / "sightline.toml").is_file()
    assert (folder / "restricted").stat().st_mode & 0o077 == 0


def test_a_folder_that_is_no_monitor_is_a_configuration_error(tmp_path: Path) -> None:
    done = sightline("status", "--home", str(tmp_path))
    assert done.returncode == 3
    assert "sightline init" in done.stderr


def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path) -> None:
    CliRunner().invoke(commands, ["init", str(tmp_path)])
    (tmp_path / "sightline.toml").write_text("threads = 0\n")
    done = sightline("run", "--home", str(tmp_path))
    assert done.returncode == 3
    assert "sightline.toml, line 1: threads: " in done.stderr


def test_what_nobody_has_published_cannot_be_asked(tmp_path: Path) -> None:
    CliRunner().invoke(commands, ["init", str(tmp_path)])
    done = sightline("sql", "select 1", "--home", str(tmp_path))
    assert (done.returncode, "sightline run" in done.stderr) == (1, True)


def test_an_unknown_command_is_a_usage_error() -> None:
    assert sightline("frobnicate").returncode == 2


def test_a_dry_run_says_what_waits_and_takes_nothing(tmp_path: Path) -> None:
    CliRunner().invoke(commands, ["init", str(tmp_path)])
    dropped = tmp_path / "inbox" / "301" / "a.csv"
    dropped.parent.mkdir()
    dropped.write_text("a")
    done = sightline("run", "--dry-run", "--home", str(tmp_path))
    assert (done.returncode, "301/a.csv" in done.stdout) == (0, True)
    assert dropped.is_file()


def test_the_demo_leaves_a_folder_alone_that_is_no_demo(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(SightlineError, match="not a demo"):
        prepared(tmp_path, is_again=True)
    assert (tmp_path / "thesis.doc").is_file()


def test_the_demo_replaces_an_earlier_one_only_when_told_to(tmp_path: Path) -> None:
    for name in (MARK, "truth.json"):
        (tmp_path / name).write_text("{}")
    assert not prepared(tmp_path, is_again=False)
    assert (tmp_path / MARK).exists()
    assert prepared(tmp_path, is_again=True)
    assert not tmp_path.exists()


def test_channels_can_be_tried(tmp_path: Path) -> None:
    CliRunner().invoke(commands, ["init", str(tmp_path)])
    done = sightline("channels", "test", "files", "--home", str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "files: delivered\n")
    assert list((tmp_path / "outbox").iterdir())


def test_what_is_published_can_be_audited_by_its_readers(small_home: Ran) -> None:
    release = releases.current(small_home.home)
    assert release
    done = sightline("audit", "disclosure", "--json", "--home", str(small_home.home.root))
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["release"] == release.release_id
    assert found["narrow"] == found["values_not_derived"] == 0
    assert {family["assumes"] for family in found["families"]} == {"everything"}
    assert found["when_built"]["contradicted"] == 0
    by_name = sightline(
        "audit", "disclosure", release.release_id, "--home", str(small_home.home.root)
    )
    assert "Narrowest interval" in by_name.stdout
    assert by_name.returncode == 0
