"""Whether what a monitor keeps is whole: the state, and rows and originals by their hashes.

Each check raises ConfigurationError (StateDamaged for the state) with what is wrong, how many
files that concerns, and the remedy.
"""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sightline.warehouse import database, orphans
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home, sha256_of
from sightline.warehouse.intake.write import Files
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State, state_of

EVERY = 500  # files between two words of progress
Progress = Callable[[str, int, int], None]


def check_state(home: Home) -> None:
    """Every page and index, and every reference from one row to another."""
    state = database.of(home.state_db)
    if not state.is_missing():
        state.check()
        State(home.state_db).close()


def check_rows(home: Home, progress: Progress) -> None:
    """Every file of rows: its footer, its count and its bytes as the ledger has them."""
    with state_of(home) as state, state.read() as connection:
        files = ledger.recorded_files(connection)
    wrong = []
    for number, file in enumerate(files, 1):
        path = Files(home.raw, home.quarantine).of_table(file.table_name, file.batch)
        try:
            is_whole = pq.read_metadata(path).num_rows == file.rows
            is_whole = is_whole and sha256_of(path) == file.sha256
        except (OSError, pa.ArrowException):
            is_whole = False
        if not is_whole:
            wrong.append(path.relative_to(home.root))
        _report(progress, "checking rows", number, len(files))
    _refuse(wrong, "not as the ledger has them", "put them back from a copy")


def check_originals(home: Home, progress: Progress) -> None:
    """Every original that is kept, by its hash."""
    with state_of(home) as state, state.read() as connection:
        kept, _ = ledger.kept_and_gone(connection)
        waiting = {row.sha256 for row in ledger.waiting(connection)}
    wrong = []
    for number, sha256 in enumerate(sorted(kept), 1):
        path = home.original(sha256)
        # What was received and has not landed yet is still in the inbox.
        is_expected = path.exists() or sha256 not in waiting
        if is_expected and not (path.is_file() and sha256_of(path) == sha256):
            wrong.append(path.relative_to(home.root))
        _report(progress, "checking originals", number, len(kept))
    _refuse(wrong, "missing or not as they came", "put them back from a copy")


def check_orphans(home: Home) -> None:
    """Originals that no ledger knows."""
    count = len(orphans.listed(home))
    if count:
        raise ConfigurationError(
            f"{count:,} originals that no ledger knows lie in {home.orphans}; look at them with:"
            " sightline originals list"
        )


def _refuse(wrong: list[Path], what: str, remedy: str) -> None:
    if wrong:
        raise ConfigurationError(f"{len(wrong):,} files are {what}, such as {wrong[0]}; {remedy}")


def _report(progress: Progress, stage: str, done: int, of: int) -> None:
    if done % EVERY == 0 or done == of:
        progress(stage, done, of)
