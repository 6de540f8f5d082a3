"""Looking back: a replay knows only what was known then; a back-test reaches the report."""

import json
import shutil
import signal
from collections import Counter
from contextlib import closing
from datetime import date

import duckdb
import pytest
import sqlalchemy as sa
import started
from support import Ran, sightline

from sightline.monitoring.alerts import history
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State, alert_events, alerts, outbox

# A run in which somebody does something with an alert at each step, killed when it has committed
# and is about to send.
ACTED_AND_KILLED = """
import json, os, signal, sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from sightline.monitoring.alerts import people
from sightline.orchestration import pipeline, run
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home

ACTS = [
    ("acknowledged", {}), ("snoozed", {"until": date(2027, 1, 1)}), ("assigned", {"to": "Ada"}),
    ("resolved", {"reason": "expected"}),
]
usual, steps = run.Run.step, []

@contextmanager
def step(self, name):
    if name == "delivery":
        os.kill(os.getpid(), signal.SIGKILL)
    number = len(steps)
    steps.append(name)
    act, how = ACTS[number % len(ACTS)]
    live = people.list_alerts(self.state)
    said = {"who": "Ada", "note": f"at {name}", "today": self.as_of}
    alert = live[number % len(live)]["alert_id"]
    people.act(self.state, [alert], act, **said, **how)
    print(json.dumps([name, act, alert]), flush=True)
    with usual(self, name) as found:
        yield found

run.Run.step = step
pipeline.run(Home(Path(sys.argv[1])))
"""


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


def test_what_people_do_at_each_step_of_a_run_that_is_killed_stands_and_it_is_sent_once(
    where, release
) -> None:
    """Fault 71. With a back-test, which the run publishes and shows, and one of its own."""
    with release.config.open("a", encoding="utf-8") as settings:
        settings.write('[backtest]\nindicators = ["suspension_rate"]\nreplicates = 1\n')
    done = sightline("backtest", "--indicator", "referral_rate", "--replicates", "1", *where)
    assert done.returncode == 0, done.stderr
    assert "back-test" in sightline("run", "--dry-run", *where).stdout
    with started.begun(str(release.root), script=ACTED_AND_KILLED) as run:
        said = run.stderr.read()
        assert run.wait() == -signal.SIGKILL, said
        run.stdout.seek(0)
        acted = [json.loads(line) for line in run.stdout]
    assert {"intake", "models", "signals", "alerts", "published", "release"} <= {
        step for step, _, _ in acted
    }
    waiting = state_of(release, sa.select(outbox.c.message_id).where(outbox.c.state != "sent"))
    assert sightline("run", *where).returncode in (0, 4)
    assert_as_acted(release, acted)
    assert state_of(release, sa.select(outbox.c.state).distinct()) == ["sent"]
    files = Counter(path.stem for path in release.outbox.glob("*.json"))
    assert all(files[name] == 1 for name in waiting)
    assert set(state_of(release, sa.select(outbox.c.attempts))) <= {0, 1}
    with duckdb.connect(str(release.current / "sightline.duckdb"), read_only=True) as connection:
        rows = connection.execute("select distinct indicator from backtests order by 1").fetchall()
    assert rows == [("referral_rate",), ("suspension_rate",)]
    assert "back-test" not in sightline("run", "--dry-run", *where).stdout
    page = (release.current / "report" / "indicators" / "referral_rate.html").read_text("utf-8")
    assert "What a back-test says" in page


def state_of(home: Home, query) -> list:
    with closing(State(home.state_db)) as state, state.read() as connection:
        return list(connection.scalars(query))


def assert_as_acted(home: Home, acted: list[list[str]]) -> None:
    """Each act is recorded, and the last one with an alert is the state that it is in."""
    by_a_person = alert_events.c.reason.in_(("by a person", "expected"))
    recorded = state_of(home, sa.select(alert_events.c.event).where(by_a_person))
    assert Counter(recorded) == Counter(act for _, act, _ in acted)
    last = {alert: act for _, act, alert in acted if act != "assigned"}
    with closing(State(home.state_db)) as state:
        history.check(state)
        with state.read() as connection:
            now = dict(connection.execute(sa.select(alerts.c.alert_id, alerts.c.state)).all())
    assert {alert: now[alert] for alert in last} == last
