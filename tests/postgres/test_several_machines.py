"""Two machines that work on one monitor, as processes that bear the names of two machines."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from kept_up import free_port, up
from mail_server import mail_server
from postgres_server import Postgres
from test_delivery import NOW, post
from test_messages import message

from sightline.orchestration import lock
from sightline.orchestration.lock import held, holder
from sightline.warehouse.database import Unreachable
from sightline.warehouse.errors import Busy
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import outbox, state_of

ELSEWHERE = """
from sightline.warehouse import database
database.machine_name = lambda: "other-machine"
"""
HOLD = """
import sys, time
from pathlib import Path
from sightline.orchestration.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""
DELIVER = """
import sys
from datetime import datetime
from pathlib import Path
from test_delivery import by_mail
from sightline.monitoring.delivery import relay
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import state_of
home = Home(Path(sys.argv[1]))
with state_of(home) as state:
    print("ready", flush=True)
    sys.stdin.readline()
    settings, now = by_mail(int(sys.argv[2])), datetime.fromisoformat(sys.argv[3])
    print(relay.deliver(home, settings, state, now))
"""
UP = "from sightline.orchestration.cli import main; main()"


@contextmanager
def elsewhere(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process of another machine."""
    command = [sys.executable, "-c", ELSEWHERE + code, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    path = [*sys.path, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.fixture
def path(home: Home) -> Path:
    return home.restricted / lock.RUN_LOCK


def test_a_second_machine_is_told_who_runs_where_and_since_when(path: Path) -> None:
    with elsewhere(HOLD, path) as process:
        assert said(process) == "held\n"
        named = rf"process {process.pid} on other-machine since \d\d \w+ \d{{4}} \d\d:\d\d"
        with pytest.raises(Busy, match=named) as busy, held(path, patience=0):
            pass
        assert busy.value.exit_code == 6
        assert holder(path) == 0, "its number means nothing on this machine"
        with held(path.with_name("up.lock"), patience=0):
            assert holder(path.with_name("up.lock")) is not None
    assert holder(path) is None


def test_the_lock_of_a_killed_process_is_free(path: Path) -> None:
    with elsewhere(HOLD, path) as process:
        said(process)
        process.kill()
        process.wait()
        with held(path):
            pass


def test_two_databases_have_locks_of_their_own(path: Path, make_home, server: Postgres) -> None:
    other = make_home("other", server.made("another_monitor"))
    with held(path), held(other.restricted / lock.RUN_LOCK, patience=0):
        pass


def test_one_process_may_hold_it_twice(path: Path) -> None:
    with held(path) as is_first, held(path) as is_second:
        assert (is_first, is_second) == (True, False)


def test_a_run_that_lost_its_lock_goes_no_further(path: Path, server: Postgres) -> None:
    with held(path):
        lock.check()
        server.asked(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name like 'sightline-run.lock%'"
        )
        for _ in range(2):
            with pytest.raises(Unreachable):
                lock.check()


def test_each_message_goes_out_once_when_two_machines_deliver_at_once(home: Home) -> None:
    count = 30
    with state_of(home) as state, mail_server() as mail:
        for number in range(count):
            post(
                state,
                "smtp",
                message_id=f"m{number}",
                payload=message(message_id=f"m{number}").model_dump(mode="json"),
            )
        arguments = (home.root, mail.port, NOW.isoformat())
        with elsewhere(DELIVER, *arguments) as one, elsewhere(DELIVER, *arguments) as other:
            for process in (one, other):
                assert said(process) == "ready\n"
            for process in (one, other):
                assert process.stdin is not None
                process.stdin.write("now\n")
                process.stdin.flush()
            told = [process.communicate(timeout=120)[0] for process in (one, other)]
        sent = [int(re.search(r"sent=(\d+)", line)[1]) for line in told]
        ids = Counter(mail["Message-ID"] for mail in mail.mails)
        with state.read() as connection:
            assert set(connection.scalars(sa.select(outbox.c.state))) == {"sent"}
    assert sum(sent) == count
    assert all(sent), "both had a part in it"
    assert len(ids) == count
    assert set(ids.values()) == {1}


def test_of_two_that_keep_it_up_the_second_says_who_does(home: Home) -> None:
    with up(home) as first:
        arguments = ("up", "--home", home.root, "--port", free_port())
        with elsewhere(UP, *arguments) as second:
            told, _ = second.communicate(timeout=120)
            assert second.returncode == Busy.exit_code, told
        assert f"kept up already (process {first.process.pid} on " in told
        with state_of(home):
            assert first.process.poll() is None
        assert first.stop(signal.SIGTERM) == 0
    with elsewhere(UP, *arguments) as second:
        until = time.monotonic() + 120
        while time.monotonic() < until and "http://" not in (line := said(second)):
            assert second.poll() is None, line
        assert "http://" in line
        second.send_signal(signal.SIGTERM)
        second.wait(60)
