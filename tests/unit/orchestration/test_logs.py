"""One line an event: what it says, where it goes, and what it never holds."""

import json
import logging
import sqlite3
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from support import logged

from sightline.orchestration import faults, logs
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State

CANARY = "H801200001001"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A monitor on which this process works and writes down what happens."""
    before, shown = list(logs.log.handlers), warnings.showwarning
    monkeypatch.setattr(logs, "_home", None)
    made = homes.create(tmp_path / "monitor")
    logs.begin()
    logs.keep_in(made)
    yield made
    for one in set(logs.log.handlers) - set(before):
        logs.log.removeHandler(one)
        logging.getLogger().removeHandler(one)
    warnings.showwarning = shown


def test_a_line_names_when_what_run_step_sender_and_submission(home: Home) -> None:
    with logs.bound(run="r1", number=7), logs.bound(step="intake"):
        about = {"sender": "301", "submission": 17, "rule": "NO_HEADER"}
        logs.log.warning("refused", extra=about)
    logs.log.info("later")
    first, second = logged(home)
    assert list(first) == [
        "time", "level", "run", "number", "step", "sender", "submission", "rule", "message",
    ]  # fmt: skip
    assert (first["level"], first["run"], first["number"]) == ("warning", "r1", 7)
    assert (first["step"], first["sender"], first["submission"]) == ("intake", "301", 17)
    assert str(first["time"]).endswith("Z")
    assert set(second) == {"time", "level", "message"}


def test_the_file_of_the_day_is_for_our_eyes_only(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.log.info("one")
    [path] = home.logs.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert home.logs.stat().st_mode & 0o777 == 0o700
    now = logs.clock.now()
    monkeypatch.setattr("sightline.warehouse.clock.now", lambda: now.replace(year=now.year + 1))
    logs.log.info("two")
    assert [json.loads(one.read_text())["message"] for one in sorted(home.logs.iterdir())] == [
        "one",
        "two",
    ]


def test_a_file_or_a_pipe_hears_of_warnings_alone(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.log.info("goes on")
    logs.log.warning("refused")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == [
        "refused"
    ]
    assert [line["message"] for line in logged(home)] == ["goes on", "refused"]


@pytest.mark.parametrize(
    ("level", "heard"), [("info", ["a", "b", "c"]), ("warning", ["b", "c"]), ("error", ["c"])]
)
def test_the_settings_say_what_a_file_or_a_pipe_hears(
    home: Home, capsys: pytest.CaptureFixture[str], level: str, heard: list[str]
) -> None:
    home.config.write_text(f'log_level = "{level}"\n')
    logs.log.info("a")
    logs.log.warning("b")
    logs.log.error("c")
    said = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert said == heard


def test_settings_that_cannot_be_read_silence_no_warning(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.config.write_text("log_level = [")
    logs.log.warning("refused")
    assert "refused" in capsys.readouterr().err


def test_beginning_twice_writes_nothing_twice(home: Home) -> None:
    logs.begin()
    logs.log.info("once")
    assert len(logged(home)) == 1


def test_a_fault_is_told_by_kind_and_place_and_its_text_stays_out(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        homes.create(Path(f"/dev/null/{CANARY}"))
    except OSError as fault:
        logs.log.error("it failed", exc_info=fault)
        said = faults.told(fault)
    lines = logged(home)
    assert {line["fault"] for line in lines} == {"NotADirectoryError"}
    assert all(str(line["where"]).startswith("warehouse/home.py:") for line in lines)
    [kept] = home.logs.glob("faults-*.txt")
    assert str(kept) in said
    assert CANARY in kept.read_text()
    assert CANARY not in said + capsys.readouterr().err + str(lines)


def test_a_database_that_another_holds_is_said_in_one_sentence(home: Home) -> None:
    State(home.state_db).close()
    with closing(sqlite3.connect(home.state_db)) as writer:
        writer.execute("begin exclusive")
        engine = sa.create_engine(f"sqlite:///{home.state_db}", connect_args={"timeout": 0})
        with pytest.raises(sa.exc.OperationalError) as raised, engine.begin() as other:
            other.execute(sa.text("delete from runs"))
        engine.dispose()
    said = faults.explained(raised.value)
    assert said is not None
    assert (said.exit_code, "try again" in said.message) == (6, True)


def test_a_fault_of_our_own_is_not_explained_away(home: Home) -> None:
    assert faults.explained(ValueError(CANARY)) is None


def test_without_a_place_for_it_a_fault_is_told_without_its_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "_home", None)
    try:
        int(CANARY)
    except ValueError as fault:
        said = faults.told(fault)
    assert "ValueError" in said
    assert "test_logs.py" in said
    assert CANARY not in said


def test_a_warning_of_python_or_of_a_library_is_told_by_kind_and_place(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    warnings.showwarning(UserWarning(CANARY), UserWarning, __file__, 12)
    logging.getLogger("some.library").warning("cannot read %s", CANARY)
    first, second = logged(home)
    assert str(first["message"]).startswith("UserWarning at ")
    assert str(second["message"]).startswith("some.library has something to say (")
    assert CANARY not in str(logged(home)) + capsys.readouterr().err


def test_a_warning_is_told_after_something_else_has_listened_for_warnings(home: Home) -> None:
    with warnings.catch_warnings():
        warnings.showwarning = warnings._showwarning_orig  # type: ignore[attr-defined]
        logs.begin()
        warnings.showwarning(UserWarning(CANARY), UserWarning, __file__, 12)
    [line] = logged(home)
    assert str(line["message"]).startswith("UserWarning at ")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a full device")
def test_a_run_goes_on_where_nothing_can_be_logged(tmp_path: Path) -> None:
    made = homes.create(tmp_path / "monitor")
    made.logs.write_text("in the way")
    code = (
        "import sys; from pathlib import Path; from sightline.orchestration import logs\n"
        "from sightline.warehouse.home import Home\n"
        "logs.begin(); logs.keep_in(Home(Path(sys.argv[1]))); logs.log.warning('refused')\n"
        "print('done')"
    )
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code, str(made.root)],
            stdout=subprocess.PIPE, stderr=full, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_processes_that_write_at_once_do_not_mix_their_lines(tmp_path: Path) -> None:
    made = homes.create(tmp_path / "monitor")
    code = (
        "import sys; from pathlib import Path; from sightline.orchestration import logs\n"
        "from sightline.warehouse.home import Home\n"
        "logs.begin(); logs.keep_in(Home(Path(sys.argv[1])))\n"
        "for n in range(300): logs.log.info('x' * 400)"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(made.root)]) for _ in range(3)]
    assert [one.wait() for one in started] == [0, 0, 0]
    assert len(logged(made)) == 900
