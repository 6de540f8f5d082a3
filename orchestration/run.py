"""One run: what it works on, what each of its steps took and found, and how it ended.

The same object serves a run from the command line and one started in Dagster's pages.
"""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from orchestration.lock import held
from warehouse import belonging, clock, keys
from warehouse.errors import GateFailed
from warehouse.home import Home, close_to_others
from warehouse.recovery import recover
from warehouse.settings import Settings, load_settings, today
from warehouse.state import State, runs
from warehouse.state import releases as state_releases

log = logging.getLogger("sightline")

Outcome = Literal["released", "unchanged", "gate_failed", "failed"]


@dataclass
class Step:
    name: str
    seconds: float = 0.0
    found: dict[str, Any] = field(default_factory=dict)


@dataclass
class Run:
    run_id: str
    home: Home
    settings: Settings
    state: State
    as_of: date
    sequence: int
    is_history: bool = False
    outcome: Outcome = "failed"
    release_id: str | None = None
    fingerprint: dict[str, Any] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    @property
    def next_release(self) -> str:
        return f"{self.as_of.isoformat()}.{self.sequence}"

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time one step, say when it starts and ends, and keep what it found."""
        step = Step(name)
        self.steps.append(step)
        log.info("%s ...", name)
        started = time.perf_counter()
        try:
            yield step.found
        except GateFailed as fault:
            self.shut(fault.message)
            raise
        finally:
            step.seconds = round(time.perf_counter() - started, 2)
        log.info("%s: %s", name, told(step))

    def shut(self, gate: str) -> None:
        """Nothing is published by this run: a gate did not hold."""
        self.gates.append(gate)
        self.outcome = "gate_failed"


def told(step: Step) -> str:
    counts = [
        f"{value:,} {name}"
        for name, value in step.found.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return ", ".join([*counts, f"{step.seconds:.1f} s"])


@contextmanager
def opened(home: Home, run_id: str, *, as_of: date | None = None) -> Iterator[Run]:
    """A run under the lock, once what a killed run left is put right; recorded at its end."""
    settings = load_settings(home)
    now = today(settings)
    with ready(home) as state:
        run = Run(run_id, home, settings, state, as_of or now, _next(state))
        run.is_history = run.as_of != now
        with recorded(run):
            yield run


@contextmanager
def ready(home: Home) -> Iterator[State]:
    """The state under the lock: others shut out, leftovers put right, the key the one we know."""
    with held(home.restricted / "run.lock"):
        close_to_others(home)
        belonging.check(home)
        state = State(home.state_db)
        try:
            recover(home, state)
            keys.in_use(home, state)
            belonging.mark(home, state)
            yield state
        finally:
            belonging.mark(home, state)
            state.close()


@contextmanager
def recorded(run: Run) -> Iterator[None]:
    started_at = clock.now()
    try:
        yield
    finally:
        row = {
            "run_id": run.run_id,
            "started_at": started_at,
            "finished_at": clock.now(),
            "as_of": run.as_of,
            "outcome": "history" if run.is_history and run.release_id else run.outcome,
            "release_id": run.release_id,
            "detail": {
                "fingerprint": run.fingerprint,
                "left": run.left,
                "gates": run.gates,
                "steps": [asdict(step) for step in run.steps],
            },
        }
        with run.state.begin() as connection:
            connection.execute(sa.insert(runs).values(row))


def last_good(state: State) -> dict[str, Any] | None:
    """The newest run whose release, new or found unchanged, readers see."""
    query = (
        sa.select(runs)
        .where(runs.c.outcome.in_(["released", "unchanged"]))
        .order_by(runs.c.started_at.desc())
        .limit(1)
    )
    with state.read() as connection:
        rows = connection.execute(query).mappings().all()
    return dict(rows[0]) if rows else None


def record_of(state: State, run_id: str) -> dict[str, Any] | None:
    with state.read() as connection:
        query = sa.select(runs).where(runs.c.run_id == run_id)
        rows = connection.execute(query).mappings().all()
    return dict(rows[0]) if rows else None


def _next(state: State) -> int:
    with state.read() as connection:
        query = sa.select(sa.func.coalesce(sa.func.max(state_releases.c.sequence), 0) + 1)
        return int(connection.execute(query).scalar_one())
