"""One run: what it works on, what each of its steps took and found, and how it ended.

The same object serves a run from the command line and one started in Dagster's pages.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from logging import ERROR, INFO
from typing import Any

from sightline.orchestration import faults, lock, logs, stop_signals
from sightline.orchestration.configuration import checked
from sightline.orchestration.lock import held
from sightline.orchestration.logs import log
from sightline.warehouse import belonging
from sightline.warehouse.errors import GateFailed, MachineFault, SightlineError
from sightline.warehouse.home import Home, check_place, close_to_others
from sightline.warehouse.ledger import clock_marks, releases, runs
from sightline.warehouse.ledger.runs import Outcome
from sightline.warehouse.ledger.state import GOOD, State
from sightline.warehouse.machine import check_room, machine_fault
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.release.recovery import recover
from sightline.warehouse.release.vintages import About
from sightline.warehouse.settings import Settings, today

FAULT, REFUSED, GATE, UNDELIVERED = 1, 4, 5, 7


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
    number: int = 0
    is_history: bool = False
    released: Outcome | None = None
    release_id: str | None = None
    failed_with: int = 0
    was_stopped: bool = False
    results: dict[str, Any] = field(default_factory=dict)
    fingerprint: dict[str, Any] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    gates: list[str] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    vintages: About | None = None

    @property
    def next_release(self) -> str:
        return f"{self.as_of.isoformat()}.{self.sequence}"

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time one step, say when it starts and ends, and keep what it found."""
        lock.check()
        step = Step(name)
        self.steps.append(step)
        started = time.perf_counter()
        with logs.bound(step=name):
            log.info("%s ...", name)
            try:
                yield step.found
            except GateFailed as gate:
                self.shut(gate.message)
                raise
            except Exception as raised:
                fault = _told(raised, self.home)
                self.fail(fault)
                log.error("%s: it failed", name, exc_info=fault)
                if not isinstance(fault, SightlineError):
                    faults.kept(fault)
                if fault is raised:
                    raise
                raise fault from raised
            except BaseException as stop:
                self.fail(stop)
                raise
            finally:
                step.seconds = round(time.perf_counter() - started, 2)
            log.info("%s: %s", name, told(step))

    def again(self, name: str) -> None:
        """Forget a step that failed and is tried once more; those before it went well."""
        if any(step.name == name for step in self.steps):
            self.steps = [step for step in self.steps if step.name != name]
            self.failed_with = 0

    def shut(self, gate: str, more: str = "") -> None:
        """Nothing is published by this run; `more` names files, and stands in its record alone."""
        if gate + more not in self.gates:
            log.error("nothing is published, a gate did not hold: %s", gate)
            self.gates.append(gate + more)

    def fail(self, fault: BaseException | None = None) -> None:
        """Something in this run went wrong, though a release may have been made before."""
        if fault is not None and not isinstance(fault, Exception):
            self.was_stopped, code = True, stop_signals.code()
        else:
            code = fault.exit_code if isinstance(fault, SightlineError) else FAULT
        self.failed_with = self.failed_with or code

    @property
    def outcome(self) -> Outcome:
        """How the run stands: what it published, or why it published nothing."""
        if self.gates:
            return "gate_failed"
        if self.released:
            return "history" if self.is_history else self.released
        if self.was_stopped or stop_signals.asked():
            return "killed"
        return "failed" if self.failed_with else "partial"

    @property
    def is_undelivered(self) -> bool:
        """Whether all went well but for the last step."""
        return bool(self.failed_with and self.released and self.steps[-1].name == "delivery")

    @property
    def exit_code(self) -> int:
        if self.gates:
            return GATE
        if self.outcome == "killed" and stop_signals.asked():
            return stop_signals.code()
        if self.failed_with and not self.is_undelivered:
            return self.failed_with
        if self.is_undelivered or self.found("delivery", "undelivered"):
            return UNDELIVERED
        refused = [self.found("intake", name) for name in ("refused", "rows refused")]
        held_back = [self.found(step, "held back") for step in ("vital signs", "models")]
        return REFUSED if any(refused + held_back) else 0

    def found(self, step: str, name: str) -> Any:
        """What a step of this run counted under this name; nothing is 0."""
        return next((done.found.get(name, 0) for done in self.steps if done.name == step), 0)


def _told(fault: BaseException, home: Home) -> BaseException:
    """What the machine lacks in our own words; any other fault as it is."""
    ours = machine_fault(fault, *home.places) if isinstance(fault, Exception) else None
    # Folders were in order when the run began.
    return MachineFault(ours.message) if ours else fault


def told(step: Step) -> str:
    counts = [
        f"{value:,} {name}"
        for name, value in step.found.items()
        if isinstance(value, int) and not isinstance(value, bool)
    ]
    return ", ".join([*counts, f"{step.seconds:.1f} s"])


@contextmanager
def opened(home: Home, run_id: str, by: str, *, as_of: date | None = None) -> Iterator[Run]:
    """A run under the lock, once what a killed run left is put right; recorded from its start.

    Raises Busy where another run goes on, ConfigurationError or KeyFault where settings, state or
    key are not what they should be.
    """
    settings = checked(home)
    check_room(home, settings)
    now = today(settings)
    with ready(home) as state:
        run = Run(run_id, home, settings, state, as_of or now, releases.next_sequence(state))
        run.is_history = run.as_of != now
        run.number = runs.begin(state, run_id, run.as_of, by)
        try:
            with logs.bound(run=run_id, number=run.number):
                yield run
        except BaseException as fault:
            run.fail(fault)
            raise
        finally:
            detail = runs.detail(
                fingerprint=run.fingerprint,
                left=run.left,
                gates=run.gates,
                steps=[asdict(step) for step in run.steps],
            )
            known = {"release_id": run.release_id, "detail": detail}
            if runs.end(state, run_id, run.outcome, run.exit_code, **known):
                _say_ended(run)


def _say_ended(run: Run) -> None:
    is_well = run.outcome in (*GOOD, "history", "partial")
    what = f", release {run.release_id}" if run.release_id else ""
    about = {"run": run.run_id, "number": run.number}
    log.log(INFO if is_well else ERROR, "the run ended: %s%s", run.outcome, what, extra=about)


@contextmanager
def ready(home: Home) -> Iterator[State]:
    """The state under the lock: others shut out, leftovers put right, the key the one we know.

    What this process has put right since it took the lock is not looked at again.
    """
    settings = checked(home)
    logs.keep_in(home)
    check_place(home, may_be_shared=settings.state.url is not None)
    with held(home.restricted / lock.RUN_LOCK) as is_first:
        if is_first:
            close_to_others(home)
            belonging.check(home)
        state = State(home.state_db)
        try:
            if is_first:
                runs.end_killed(state)
                recover(home, state)
                keys.in_use(home, state)
                belonging.mark(home, state)
                clock_marks.agree(state, settings)
            yield state
        finally:
            belonging.mark(home, state)
            state.close()
