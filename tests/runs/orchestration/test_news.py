"""Runs and releases only for news; looking back costs nothing; what waits is sent meanwhile."""

import re
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import html
from support import TODAY, Ran

from sightline.monitoring.alerts import people
from sightline.orchestration import pending, pipeline, retention
from sightline.simulation.truth import Truth
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.ledger.state import State, alerts, outbox, runs, submissions
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import load_settings, today

TEN_DAYS = [TODAY + timedelta(days) for days in range(1, 11)]
# The demo sends no return after October's: the next one due is that of an authority's SSDA903.
DUE_BY = date(2026, 11, 11)
LOOKED_AT = date(2026, 9, 25)
MOST_BYTES_A_DAY = 4096


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, demo_home: Ran) -> Home:
    """A copy of the demo, which the days of this module go over in their order."""
    root = tmp_path_factory.mktemp("news") / "monitor"
    shutil.copytree(demo_home.home.root, root, symlinks=True)
    return Home(root)


@pytest.fixture
def home(published: Home, tmp_path: Path) -> Iterator[Home]:
    """One whose state and settings a test may change: they are put back, with what each place has
    seen of the state."""
    marks = published.root.rglob(".sightline.json")
    kept = {path: path.read_bytes() for path in (published.config, published.state_db, *marks)}
    yield published
    for path, content in kept.items():
        path.write_bytes(content)


def set_to(home: Home, line: str) -> None:
    """One line of the settings in place of the line for the same key."""
    text, key = home.config.read_text(encoding="utf-8"), line.split(" = ")[0]
    changed, count = re.subn(rf"^{key} = .*$", line, text, flags=re.MULTILINE)
    home.config.write_text(changed if count else f"{line}\n{text}", encoding="utf-8")


def on(home: Home, day: date) -> pipeline.RunReport:
    set_to(home, f"today = {day}")
    return pipeline.run(home)


def rows(home: Home, table: sa.Table) -> list[dict[str, Any]]:
    with closing(State(home.state_db)) as state, state.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def change(home: Home, statement: sa.Executable) -> None:
    with closing(State(home.state_db)) as state, state.begin() as connection:
        connection.execute(statement)


def senders(home: Home) -> list[str]:
    """Those that have ever sent, who are expected to send where the settings name none."""
    return sorted({row["sender"] for row in rows(home, submissions) if len(row["sender"]) == 3})


def why(home: Home) -> list[str]:
    with closing(State(home.state_db)) as state:
        return pending.reasons(home, state, today(load_settings(home)))


def files(home: Home) -> dict[Path, int]:
    """Every file and its size; the write-ahead log of the state folded in."""
    with closing(sqlite3.connect(home.state_db)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    return {path: path.stat().st_size for path in home.root.rglob("*") if path.is_file()}


def outside_state(home: Home) -> dict[Path, int]:
    # Those that each attempt writes over, and logs.
    marks = ("heartbeat.json", ".sightline.json", "run.lock")
    left_out = (home.state_db.name, home.config.name, home.logs.name, *marks)
    return {
        path: size
        for path, size in files(home).items()
        if not any(part.startswith(left_out) for part in path.relative_to(home.root).parts)
    }


def test_ten_days_without_news_make_no_release_and_send_no_message(published: Home) -> None:
    on(published, TODAY)  # makes the locks that the first run on a copy makes
    before, sent = outside_state(published), rows(published, outbox)
    size = published.state_db.stat().st_size
    for day in TEN_DAYS:
        report = on(published, day)
        assert (report.outcome, report.exit_code) == ("nothing", 0)
        assert report.release_id == f"{TODAY}.1"
    assert outside_state(published) == before
    assert rows(published, outbox) == sent
    assert [row["release_id"] for row in rows(published, recorded)] == [f"{TODAY}.1"]
    grown = published.state_db.stat().st_size - size
    assert grown <= MOST_BYTES_A_DAY * len(TEN_DAYS)


@pytest.mark.parametrize(
    "line",
    [
        "# a remark",
        "",
        "keep_releases = 7",
        'schedule = "30 7 * * *"',
        "threads = 1",
    ],
)
def test_settings_that_no_release_says_are_no_news(home: Home, line: str) -> None:
    set_to(home, line) if line else home.config.write_text(home.config.read_text() + "\n\n")
    assert why(home) == []


def test_an_authority_more_that_is_expected_is_news(home: Home) -> None:
    set_to(home, 'authorities = "all"')
    assert why(home) == [pending.WORDS["settings"]]


def test_a_return_that_becomes_overdue_is_news(home: Home) -> None:
    set_to(home, f"today = {DUE_BY}")
    assert why(home) == []
    set_to(home, f"today = {DUE_BY + timedelta(1)}")
    assert why(home) == [pending.OVERDUE]


def test_a_snooze_that_is_over_is_news(home: Home) -> None:
    alert_id = rows(home, alerts)[0]["alert_id"]
    until = (TEN_DAYS[-1] + timedelta(1)).isoformat()
    snoozed = {"state": "snoozed", "summary": {"snoozed_until": until}}
    change(home, sa.update(alerts).where(alerts.c.alert_id == alert_id).values(snoozed))
    assert why(home) == []
    set_to(home, f"today = {until}")
    assert why(home) == [pending.WORDS["alerts"]]


def test_what_waits_is_sent_by_a_run_that_finds_nothing_to_do(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel comes back: no release is built for it, and the failure is not exit code 0."""
    waiting = {"state": "failed", "sent_at": None, "attempts": 1}
    change(home, sa.update(outbox).values(waiting))

    def down(*_: Any) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("sightline.monitoring.delivery.files._write", down)
        failed = pipeline.run(home)
    assert (failed.outcome, failed.exit_code) == ("nothing", pipeline.UNDELIVERED)
    assert max(rows(home, runs), key=lambda row: row["number"])["exit_code"] == 7
    change(home, sa.update(outbox).values(next_attempt_at=None))
    sent = pipeline.run(home)
    assert (sent.outcome, sent.exit_code) == ("nothing", 0)
    assert {row["state"] for row in rows(home, outbox)} == {"sent"}


def test_what_was_kept_for_long_enough_goes_once_a_day_without_news(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied: list[Any] = []
    monkeypatch.setattr(
        "sightline.orchestration.retention.policy.apply", lambda *args: applied.append(args)
    )
    set_to(home, f"today = {TEN_DAYS[-1] + timedelta(1)}")
    pipeline.run(home)
    pipeline.run(home)
    assert len(applied) == 1


def test_a_run_that_builds_the_same_makes_no_release_and_is_not_repeated(published: Home) -> None:
    """On the last of October, when the returns of that month stand in it as not yet due."""
    sent, kept = rows(published, outbox), released(published)
    set_to(published, f"authorities = {senders(published)}")
    report = on(published, date(2026, 10, 31))
    assert (report.outcome, report.exit_code) == ("unchanged", 0)
    assert (released(published), rows(published, outbox)) == (kept, sent)
    assert on(published, date(2026, 11, 1)).outcome == "nothing"


def test_looking_back_leaves_its_release_and_changes_nothing_else(
    published: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "LOOK_BACKS", 1)
    old = published.releases / f"{LOOKED_AT}.0"
    shutil.copytree(published.current, old)
    _say(old, lambda text: text.replace(f"{TODAY}.1", old.name).replace(": false", ": true"))
    [shown] = rows(published, recorded)
    hashes = shown["table_hashes"] | {releases.MANIFEST: sha256_of(old / releases.MANIFEST)}
    former = {"release_id": old.name, "sequence": 0, "as_of": LOOKED_AT, "is_current": False}
    former |= {"table_hashes": hashes}
    change(published, sa.insert(recorded).values(shown | former))
    before, known = outside_state(published), _decided(published)
    report = pipeline.run(published, as_of=LOOKED_AT)
    assert (report.outcome, report.release_id) == ("history", f"{LOOKED_AT}.2")
    after = {
        path: size
        for path, size in outside_state(published).items()
        if not path.is_relative_to(published.releases / f"{LOOKED_AT}.2")
    }
    gone = {path for path in before if path.is_relative_to(old)}
    # What dbt and Dagster write of a run, they write of this one too.
    theirs = (published.dbt, published.dagster)
    for found in (before, after):
        for path in [one for one in found if any(one.is_relative_to(at) for at in theirs)]:
            del found[path]
    assert after == {path: size for path, size in before.items() if path not in gone}
    assert _decided(published) == known
    assert released(published) == [f"{LOOKED_AT}.2", f"{TODAY}.1"]
    assert pipeline.run(published).outcome == "nothing"


def test_of_a_look_back_that_was_killed_nothing_is_left(home: Home) -> None:
    """Also when the next run finds nothing to do."""
    home.work_db.write_bytes(b"half a work file")
    (home.releases / f".draft-{LOOKED_AT}.9" / "report").mkdir(parents=True)
    assert pipeline.run(home).outcome == "nothing"
    assert not list(home.work.iterdir())
    assert not list(home.releases.glob(".*"))


def released(home: Home) -> list[str]:
    return sorted(path.name for path in home.releases.iterdir())


def _say(folder: Path, changed: Callable[[str], str]) -> None:
    """Change the manifest of a release, which nothing but a test does."""
    folder.chmod(0o700)
    manifest = folder / releases.MANIFEST
    manifest.chmod(0o600)
    manifest.write_text(changed(manifest.read_text()))


def _decided(home: Home) -> list[list[dict[str, Any]]]:
    """All that the state knows but for runs, releases and what it notes of itself."""
    names = ("submissions", "problems", "alerts", "alert_events", "outbox", "audit")
    return [rows(home, recorded.metadata.tables[name]) for name in names]


def test_runs_in_the_pages_go_when_they_are_old(published: Home) -> None:
    """With all that Dagster keeps of them: events, results of checks, the file of each run."""
    settings = load_settings(published).model_copy(update={"today": date(2090, 1, 1)})
    history = published.dagster / "history" / "runs"
    output = published.dagster / "compute_logs"
    with closing(State(published.state_db)) as state:
        there = retention.due(published, state, settings).dagster_runs
        assert len(there) >= 2
        (output / there[0] / "compute_logs").mkdir(parents=True)
        assert retention.retain(published, state, settings).dagster_runs == there
        assert retention.retain(published, state, settings).count == 0
    assert {path.name for path in history.glob("*.db")} == {"index.db"}
    assert not list(output.iterdir())
    with closing(sqlite3.connect(history / "index.db")) as connection:
        for table in ("event_logs", "asset_check_executions", "asset_event_tags"):
            [(left,)] = connection.execute(f"select count(*) from {table}").fetchall()
            assert left == 0


def test_an_act_a_closure_a_late_correction_and_a_missing_return_are_four_named_lines(
    published: Home, simulated: tuple[Path, Truth]
) -> None:
    """And nothing else is new, though all figures are built anew three weeks later."""
    live = [row for row in rows(published, alerts) if row["state"] == "open"]
    taken_on, closed = (
        next(row for row in live if row["title"].endswith(f": {area}"))
        for area in ("Leeds", "Derbyshire")
    )
    with closing(State(published.state_db)) as state:
        for alert, act, how in (
            (taken_on, "acknowledged", {}), (closed, "resolved", {"reason": "expected"}),
        ):  # fmt: skip
            said = {"who": "Ada", "note": "we asked", "today": TODAY}
            people.act(state, [alert["alert_id"]], act, **said, **how)
    corrected(simulated[0] / "352" / "ssd_2026-03.zip", published.inbox / "352")
    report = on(published, DUE_BY + timedelta(1))
    assert (report.outcome, report.exit_code) == ("released", 0)
    with releases.opened(published.current / releases.DATABASE) as connection:
        told = connection.execute(
            "select change, coalesce(alert_id, subject), area_name from changes order by change"
        ).fetchall()
    assert told == [
        ("closed", closed["alert_id"], "Derbyshire"),
        ("corrected", "352 ssd", "Manchester"),
        ("return_missing", "884 ssda903", "Herefordshire, County of"),
        ("taken_on", taken_on["alert_id"], "Leeds"),
    ]
    page = html.parse(published.current / "report" / "index.html").getroot()
    shown = [
        " ".join(one.text_content().split()) for one in page.findall(".//dl[@class='news']//dd")
    ]
    assert len(shown) == 4
    for name in ("Derbyshire", "Manchester", "Herefordshire", "Leeds"):
        assert sum(name in line for line in shown) == 1


def corrected(bundle: Path, folder: Path) -> None:
    """The same return sent again, late and without the last twenty of its referrals."""
    folder.mkdir(exist_ok=True)
    with (
        zipfile.ZipFile(bundle) as first,
        zipfile.ZipFile(folder / "late.zip", "w", zipfile.ZIP_DEFLATED) as again,
    ):
        for name in first.namelist():
            content = first.read(name)
            if name.endswith("ssd_cin_episodes.csv"):
                content = b"".join(content.splitlines(keepends=True)[:-20])
            again.writestr(name, content)
