"""Load many batches side by side, each in a process of its own that dies with the run."""

import atexit
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from sightline.warehouse.connection import memory_limit, threads
from sightline.warehouse.home import Home
from sightline.warehouse.machine import has_room, worker_lost
from sightline.warehouse.quotas import cores, memory
from sightline.warehouse.settings import Settings
from sightline.warehouse.submission import Loaded, Outcome, Pending, Verdict

# What a process that reads holds beside the memory of its engine.
WORKER_BYTES = 700_000_000
# What is read in a process of its own although nothing is read beside it.
LARGE_BYTES = 50 << 20
# How often a worker looks whether its run is still there.
SECONDS = 0.5


class Loader(Protocol):
    """What takes batches in: `warehouse.intake.batch.Workshop`."""

    @property
    def spool(self) -> Path: ...

    def load(self, name: str, pending: Sequence[Pending]) -> Loaded: ...

    def sharing(self, memory_limit: str, threads: int) -> "Loader": ...

    def ending_with(self, parent: int) -> "Loader": ...


def pending_of(home: Home, row: "sa.Row[Any]", verdict: Verdict | None) -> Pending:
    """A submission of the ledger, ready to be read."""
    sha256 = row.redacted_sha256 or row.sha256
    return Pending(
        row.submission_id,
        row.sender,
        row.original_name,
        home.original(sha256),
        sha256,
        row.received_on,
        verdict=verdict,
    )


def load_all(
    loader: Loader, settings: Settings, batches: list[tuple[str, list[Pending]]]
) -> Iterator[list[Outcome]]:
    """The outcomes of each batch as it ends; side by side where there are several.

    Raises MachineFault at the end where the machine lacked something for some, or at once where
    it lacks it for all.
    """
    limit, cores = memory_limit(settings), threads(settings)
    workers = max(min(cores, len(batches), _side_by_side()), 1)
    loading: Iterator[Loaded]
    if workers == 1:
        alone = loader.sharing(limit, cores)
        loading = (_load_one(name, group, alone) for name, group in batches)
    else:
        share = loader.sharing(_share(limit, workers), 1).ending_with(os.getpid())
        loading = _load_beside(batches, share, workers)
    fault = None
    for loaded in loading:
        if loaded.outcomes:
            yield loaded.outcomes
        fault = fault or loaded.fault
        if loaded.fault and not has_room(loader.spool):
            break
    if fault:
        raise fault


def _load_beside(
    batches: list[tuple[str, list[Pending]]], loader: Loader, workers: int
) -> Iterator[Loaded]:
    """Each batch in a worker; those whose worker was killed, once more by themselves."""
    left = dict(batches)
    with _pool(workers) as pool:
        tasks = {pool.submit(_load, name, group, loader): name for name, group in batches}
        try:
            for task in as_completed(tasks):
                loaded = task.result()
                del left[tasks[task]]
                yield loaded
        except BrokenProcessPool:
            pass
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    for name, group in left.items():
        yield _load_alone(name, group, loader)


def _load_one(name: str, pending: list[Pending], loader: Loader) -> Loaded:
    """A large batch in a worker: the system may kill that for its memory, and not the run."""
    if sum(one.path.stat().st_size for one in pending if one.path.exists()) > LARGE_BYTES:
        return _load_alone(name, pending, loader.ending_with(os.getpid()))
    return _load(name, pending, loader)


def _load_alone(name: str, pending: list[Pending], loader: Loader) -> Loaded:
    """Halve what a worker is killed for, until the submission that takes too much stands alone."""
    try:
        with _pool(1) as pool:
            return pool.submit(_load, name, pending, loader).result()
    except BrokenProcessPool:
        if len(pending) == 1:
            return Loaded([], worker_lost())
    middle = len(pending) // 2
    first = _load_alone(f"{name}a", pending[:middle], loader)
    second = _load_alone(f"{name}b", pending[middle:], loader)
    return Loaded(first.outcomes + second.outcomes, first.fault or second.fault)


def _load(name: str, pending: Sequence[Pending], loader: Loader) -> Loaded:
    return loader.load(name, pending)


def _pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, context, end_with, (os.getpid(),))


def _side_by_side() -> int:
    """How many workers there is memory for."""
    available = memory()
    return available // WORKER_BYTES if available else cores()


def _share(memory_limit: str, workers: int) -> str:
    number = "".join(c for c in memory_limit if c.isdigit() or c == ".")
    unit = memory_limit.removeprefix(number).strip()
    return f"{float(number) / workers:.3f}{unit}"


def end_with(parent: int) -> None:
    """End this process soon after its parent is gone, which alone answers a terminal's signals.

    When its work is done it ends at once: the binding of DuckDB would otherwise fill standard error
    with what it did not clear away.
    """
    atexit.register(os._exit, 0)
    for one in (signal.SIGINT, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os._exit(1)
