"""The briefing is printed by the browser that is there, and where none is it is said how."""

import os
import stat
from pathlib import Path

import pytest
import releasing
from click.testing import CliRunner

from sightline.orchestration.cli import commands
from sightline.report.downloads import files

pytestmark = pytest.mark.slow

DAY = releasing.FIRST
PRINTS = """#!/bin/sh
for one; do case $one in --print-to-pdf=*) printf '%s' "$*" > "${one#*=}";; esac; done
"""


@pytest.fixture
def home(tmp_path: Path):
    made = releasing.monitor(tmp_path)
    releasing.release(made, 1, DAY)
    folder = made.current.resolve() / "report" / "downloads"
    folder.parent.parent.chmod(0o700)
    folder.mkdir(parents=True)
    (folder / "brief.html").write_text("<h1>Briefing</h1>")
    return made


def run(home, *words: str):
    return CliRunner().invoke(commands, ["report", "pdf", *words, "--home", str(home.root)])


def with_browser(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder.mkdir()
    if script:
        (folder / "chromium").write_text(script)
        (folder / "chromium").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/nowhere")


def test_the_briefing_of_the_current_release_is_printed(home, tmp_path, monkeypatch) -> None:
    with_browser(tmp_path / "bin", monkeypatch, PRINTS)
    made = run(home, str(tmp_path / "briefing.pdf"))
    assert made.exit_code == 0, made.output
    told = (tmp_path / "briefing.pdf").read_text()
    assert told.endswith(f"report/{files.BRIEF}")
    assert "--no-pdf-header-footer" in told


def test_without_a_name_it_is_called_after_the_release(home, tmp_path, monkeypatch) -> None:
    with_browser(tmp_path / "bin", monkeypatch, PRINTS)
    monkeypatch.chdir(tmp_path)
    assert run(home).output.strip() == f"sightline-{DAY}.1.pdf"
    assert (tmp_path / f"sightline-{DAY}.1.pdf").is_file()


def test_where_no_browser_is_installed_it_is_said_how_else(home, tmp_path, monkeypatch) -> None:
    with_browser(tmp_path / "bin", monkeypatch, "")
    made = run(home, str(tmp_path / "briefing.pdf"))
    assert made.exit_code == 1
    assert "no Chromium is installed" in str(made.exception)
    assert "brief.html in any browser and print it" in str(made.exception)
    assert not (tmp_path / "briefing.pdf").exists()


def test_a_browser_that_fails_leaves_no_file(home, tmp_path, monkeypatch) -> None:
    with_browser(tmp_path / "bin", monkeypatch, "#!/bin/sh\nexit 3\n")
    made = run(home, str(tmp_path / "briefing.pdf"))
    assert made.exit_code == 1
    assert "chromium made no PDF" in str(made.exception)
    assert not (tmp_path / "briefing.pdf").exists()
