"""Kill runs, started in all ways, at random moments; what comes after reaches its end by itself.

    python tests/soak/kills.py --times 30 --seed 7

Prints its seed and a line for each kill; ends with exit code 1 where anything was lost, sent twice
or left behind.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import beside  # noqa: F401
from kept_up import ENDED, Up, until, worker
from support import SIGHTLINE, fresh_home

from sightline.orchestration import dagster_home, service
from sightline.simulation.national import simulate
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.release import store as releases

AREAS, MONTHS = 2, 24
TABLES = ("releases", "alert_events", "outbox where kind not in ('run_failed', 'trouble')")
# A worker imports everything before it takes the lock.
STARTING = 20.0


class Monitor:
    """One monitor that is kept up again whenever it was killed, and what was done to it."""

    def __init__(self, home: Home, seconds: float, rng: random.Random) -> None:
        self.home, self.seconds, self.rng = home, seconds, rng
        self.kept: Up | None = None
        self.launched: list[str] = []

    def up(self) -> Up:
        if self.kept is None or self.kept.process.poll() is not None:
            self.kept = Up(self.home).answered()
        return self.kept

    def kill(self) -> str:
        """Once, somewhere; says what."""
        ways: list[Callable[[], str]] = [self._by_hand, self._worker, self._daemon, self._all]
        return self.rng.choice(ways)()

    def _by_hand(self) -> str:
        command = [*SIGHTLINE, "run", "--home", str(self.home.root)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        waited = self._wait(self.seconds)
        was = "at work" if process.poll() is None else f"ended with {process.poll()}"
        process.kill()
        process.wait()
        return f"a run of the command line after {waited:.1f} s, {was}"

    def _worker(self) -> str:
        waited = self._launch()
        process = worker(self.home)
        if process:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return f"the process of a run after {waited:.1f} s, {'at work' if process else 'not begun'}"

    def _daemon(self) -> str:
        waited = self._launch()
        kept = self.up()
        with suppress(ProcessLookupError):
            os.kill(kept.pid("dagster._daemon"), signal.SIGKILL)
        kept.process.wait(60)
        return f"the daemon {waited:.1f} s after a launch"

    def _all(self) -> str:
        waited = self._launch()
        kept = self.up()
        kept.process.kill()
        kept.process.wait()
        service.end(service.of(self.home))
        return f"everything {waited:.1f} s after a launch"

    def _launch(self) -> float:
        self.launched.append(self.up().launched())
        return self._wait(STARTING + self.seconds)

    def _wait(self, most: float) -> float:
        seconds = self.rng.uniform(0, most)
        time.sleep(seconds)
        return seconds

    def last(self) -> str:
        """How a run ends that nobody disturbs, after all that was asked for before."""
        kept = self.up()
        run_id = kept.launched()
        until(lambda: kept.status(run_id) in ENDED, 20 * (STARTING + self.seconds))
        return kept.status(run_id)


def faults(home: Home, undisturbed: Home) -> list[str]:
    """What differs from a monitor that was left alone, or was left behind."""
    found = []
    ours, theirs = releases.current(home), releases.current(undisturbed)
    if ours is None or theirs is None or ours.content_hash != theirs.content_hash:
        found.append("the release is not that of an undisturbed run")
    for table in TABLES:
        if (counts := (counted(home, table), counted(undisturbed, table)))[0] != counts[1]:
            found.append(f"{table}: {counts[0]:,} rows where {counts[1]:,} are due")
    if open_rows := counted(home, "runs where outcome is null"):
        found.append(f"{open_rows:,} attempts have no end")
    with dagster_home.instance(home) as instance:
        left = [run.run_id for run in instance.get_runs() if run.status.value not in ENDED]
    if left:
        found.append(f"Dagster waits for {len(left):,} runs")
    if any(path.is_file() for path in home.inbox.rglob("*")):
        found.append("files are left in the inbox")
    return found


def counted(home: Home, rows: str) -> int:
    state = State(home.state_db)
    with state.read() as connection:
        query = f"select count(*) from {rows}"
        found = int(connection.exec_driver_sql(query).scalar_one())
    state.close()
    return found


def disturbed(home: Home, undisturbed: Home, seconds: float, times: int, seed: int) -> list[str]:
    """Kill so many times, then let one run go to its end; what is wrong after that."""
    monitor = Monitor(home, seconds, random.Random(seed))
    try:
        for number in range(1, times + 1):
            print(f"{number:3d}: killed {monitor.kill()}", flush=True)  # noqa: T201
        ended = monitor.last()
        found = [] if ended == "SUCCESS" else [f"the last run ended as {ended}"]
        return found + faults(home, undisturbed)
    finally:
        if monitor.kept:
            monitor.kept.process.kill()
            monitor.kept.process.wait()
        service.end(service.of(home))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--times", type=int, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="sightline-kills-") as folder:
        place = Path(folder)
        simulate(place / "inbox", months=MONTHS, areas=AREAS)
        undisturbed = fresh_home(place / "undisturbed", place / "inbox")
        started = time.monotonic()
        subprocess.run([*SIGHTLINE, "run", "--home", str(undisturbed.root)], check=True)
        seconds = time.monotonic() - started
        home = fresh_home(place / "killed", place / "inbox")
        wrong = disturbed(home, undisturbed, seconds, asked.times, asked.seed)
    print("\n".join(wrong) or "as an undisturbed run, and nothing left behind")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
