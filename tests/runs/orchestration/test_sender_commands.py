"""What a sender types: a verdict with its exit code, a report, the page of a return."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import SIGHTLINE, sightline

from sightline.orchestration.cli import commands
from sightline.warehouse.contracts import schema as contracts

MISSING = "CHILD,DOB,MISSING,MIS_START,MIS_END\n"
CANARY = "QQ77"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Ninety good rows and one that is not."""
    rows = [f"K{n},14/05/2012,M,03/06/2025,05/06/2025\n" for n in range(90)]
    path = tmp_path / "missing.csv"
    path.write_text(MISSING + "".join(rows) + f"K900,14/05/2012,{CANARY},03/06/2025,\n")
    return path


def test_every_record_is_accounted_for_and_the_bad_row_is_named(file: Path) -> None:
    done = sightline("validate", str(file), "--sender", "301")
    assert done.returncode == 4
    assert "91 records = 90 taken in + 1 refused + 0 repeated" in done.stdout
    assert "missing.csv, line 92, column missing: CODE_UNKNOWN" in done.stdout
    assert CANARY not in done.stdout + done.stderr


def test_a_report_is_written_where_it_is_asked_for(file: Path, tmp_path: Path) -> None:
    reports = [tmp_path / name for name in ("to_mend.csv", "to_mend.html")]
    done = sightline("validate", str(file), *(f"--report={path}" for path in reports))
    assert [str(path) in done.stderr for path in reports] == [True, True]
    assert all("CODE_UNKNOWN" in path.read_text() for path in reports)
    assert not any(CANARY in path.read_text() for path in reports)


def test_a_report_with_values_says_loudly_what_it_is(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "to_mend.html"
    done = sightline("validate", str(file), f"--report={path}", "--with-values", "--json")
    assert "PERSONAL DATA" in done.stderr
    assert path.stat().st_mode & 0o077 == 0
    assert CANARY in path.read_text()
    assert CANARY not in done.stdout
    assert json.loads(done.stdout)[0]["quarantined"] == 1


def test_values_are_shown_on_a_screen(file: Path) -> None:
    screen, end = pty.openpty()
    with subprocess.Popen([*SIGHTLINE, "validate", str(file), "--show-values"], stdout=end):
        os.close(end)
        shown = b""
        while block := _read(screen):
            shown += block
    os.close(screen)
    assert f"line 92, MISSING (C): CODE_UNKNOWN: '{CANARY}'" in shown.decode()


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 4096)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--show-values",), "screen"),
        (("--with-values",), "--report"),
        (("--report=to_mend.doc",), ".csv or .html"),
    ],
)
def test_a_wrong_use_is_told(file: Path, options: tuple[str, ...], said: str) -> None:
    result = CliRunner().invoke(commands, ["validate", str(file), *options])
    assert (result.exit_code, said in result.output) == (2, True)


def test_a_report_that_cannot_be_written_is_told(file: Path, tmp_path: Path) -> None:
    done = sightline("validate", str(file), f"--report={tmp_path / 'gone' / 'a.csv'}")
    assert (done.returncode, "cannot be written" in done.stderr) == (1, True)


def test_every_extract_is_listed_and_has_its_page() -> None:
    result = CliRunner().invoke(commands, ["contract", "list", "--json"])
    assert {row["extract"] for row in json.loads(result.output)} == set(contracts.load())
    result = CliRunner().invoke(commands, ["contract", "show", "ssd"])
    assert result.output.startswith("# Referrals")


def test_the_page_of_an_unknown_extract_is_a_usage_error() -> None:
    assert CliRunner().invoke(commands, ["contract", "show", "poems"]).exit_code == 2
