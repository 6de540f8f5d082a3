"""Read landed submissions a second time: under another key, or without a child who was erased.

What was decided when they came stands; only their rows are made anew.
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.intake.pool import Loader, load_all, pending_of
from sightline.warehouse.ledger.state import State, submissions
from sightline.warehouse.settings import Settings
from sightline.warehouse.submission import Outcome, Pending

Batches = dict[str, list[Pending]]


def batches_of(home: Home, state: State) -> Batches:
    """The submissions of every batch whose originals are kept."""
    query = (
        sa.select(submissions)
        .where(submissions.c.batch.is_not(None), submissions.c.purged_on.is_(None))
        .order_by(submissions.c.submission_id)
    )
    found: Batches = {}
    with state.read() as connection:
        for row in connection.execute(query):
            found.setdefault(row.batch, []).append(pending_of(home, row, row.status))
    return found


def read_again(
    loader: Loader, settings: Settings, batches: Batches, wanted: Iterable[str]
) -> Iterator[tuple[str, list[Outcome]]]:
    """Each batch and its outcomes; SightlineError where one cannot be read as it was before."""
    verdicts = {one.submission_id: one.verdict for group in batches.values() for one in group}
    for outcomes in load_all(loader, settings, [(name, batches[name]) for name in wanted]):
        refused = [one.submission_id for one in outcomes if one.is_refused]
        lost = [one for one in refused if verdicts[one] == "accepted"]
        names = {str(one.batch) for one in outcomes}
        if lost or len(names) != 1 or not names <= set(batches):
            numbers = ", ".join(map(str, lost or [one.submission_id for one in outcomes]))
            raise SightlineError(
                f"submissions {numbers} cannot be read a second time by this version of"
                " Sightline; nothing was changed. Use the version that took them in"
            )
        yield names.pop(), outcomes
