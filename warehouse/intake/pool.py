"""Load many batches side by side, each in a process of its own that dies with the run."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from warehouse.home import Home
from warehouse.intake.landing import place
from warehouse.intake.loading import Workshop, load_batch
from warehouse.intake.outcomes import Outcome, Pending, Verdict
from warehouse.intake.watch import end_with
from warehouse.settings import Settings


def pending_of(home: Home, row: "sa.Row[Any]", verdict: Verdict | None) -> Pending:
    """A submission of the ledger, ready to be read."""
    sha256 = row.redacted_sha256 or row.sha256
    return Pending(
        row.submission_id,
        row.sender,
        row.original_name,
        place(home, sha256),
        sha256,
        row.received_on,
        verdict=verdict,
    )


def load_all(
    workshop: Workshop, settings: Settings, batches: list[tuple[str, list[Pending]]]
) -> Iterator[list[Outcome]]:
    """The outcomes of each batch as it ends; side by side where there are several."""
    cores = settings.threads or os.cpu_count() or 1
    workers = min(cores, len(batches))
    if workers < 2:
        alone = replace(workshop, memory_limit=settings.memory_limit, threads=cores)
        for name, group in batches:
            yield load_batch(name, group, alone)
        return
    share = replace(
        workshop,
        memory_limit=_share(settings.memory_limit, workers),
        threads=1,
        parent=os.getpid(),
    )
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, end_with, (os.getpid(),)) as pool:
        tasks = [pool.submit(load_batch, name, group, share) for name, group in batches]
        for task in as_completed(tasks):
            yield task.result()


def _share(memory_limit: str, workers: int) -> str:
    number = "".join(c for c in memory_limit if c.isdigit() or c == ".")
    unit = memory_limit.removeprefix(number).strip()
    return f"{float(number) / workers:.3f}{unit}"
