"""What the monitor remembers: submissions, decisions, releases, alerts, runs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, String, Table, Text

from sightline.warehouse import belonging, database
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.migrations.upgrade import upgrade

metadata = sa.MetaData()
NEXT_MESSAGE = sa.text("(select coalesce(max(number), 0) + 1 from outbox)")
# A pseudonym has 64 bits, which a whole number in a file has too.
KEY = Integer().with_variant(sa.BigInteger(), "postgresql")

submissions = Table(
    "submissions",
    metadata,
    Column("submission_id", Integer, primary_key=True),
    Column("sender", String, nullable=False),
    Column("extract", String),
    Column("period_start", Date),
    Column("period_end", Date),
    Column("received_on", Date, nullable=False),
    Column("arrival", Integer, nullable=False, default=0, server_default="0"),
    Column("prepared_on", Date),
    Column("released_on", Date),
    Column("sequence", Integer),
    Column("sha256", String, nullable=False),
    Column("original_name", String, nullable=False),
    Column("landing_name", String, nullable=False),
    Column("status", String, nullable=False, index=True),
    Column("batch", String, index=True),
    Column("records", Integer, nullable=False, default=0, server_default="0"),
    Column("accepted", Integer, nullable=False, default=0, server_default="0"),
    Column("quarantined", Integer, nullable=False, default=0, server_default="0"),
    Column("duplicates", Integer, nullable=False, default=0, server_default="0"),
    Column("first_error", Text),
    Column("simulated", Boolean, nullable=False, default=False, server_default=sa.false()),
    Column("source", String),
    Column("held_reason", Text),
    Column("overridden_on", Date),
    Column("withdrawn_on", Date),
    Column("redacted_sha256", String),
    Column("purged_on", Date),
    sa.UniqueConstraint("sender", "sha256"),
)

problems = Table(
    "problems",
    metadata,
    Column("problem_id", Integer, primary_key=True),
    Column("submission_id", Integer, nullable=False, index=True),
    Column("table_name", String),
    Column("file_name", String),
    Column("line", Integer),
    Column("column_name", String),
    Column("rule", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("severity", String, nullable=False),
    Column("count", Integer, nullable=False),
    Column("official", String),
)

submission_profiles = Table(
    "submission_profiles",
    metadata,
    Column("submission_id", Integer, primary_key=True),
    Column("profile", sa.JSON, nullable=False),
)

releases = Table(
    "releases",
    metadata,
    Column("release_id", String, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("built_at", DateTime, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("content_hash", String, nullable=False),
    Column("code_version", String, nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("is_current", Boolean, nullable=False),
    # of each published table, and of the manifest by the name of its file
    Column("table_hashes", sa.JSON),
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String, primary_key=True),
    Column("fingerprint", String, nullable=False, index=True),
    Column("indicator", String, nullable=False),
    Column("area_code", String, nullable=False),
    Column("area_name", String, nullable=False),
    Column("area_level", String, nullable=False),
    Column("breakdown", String, nullable=False),
    Column("direction", String, nullable=False),
    Column("severity", String, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("opened_period", Date, nullable=False),
    Column("first_raised_on", Date, nullable=False),
    Column("last_period", Date, nullable=False),
    Column("resolved_on", Date),
    Column("release_id", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", sa.JSON, nullable=False),
)

alert_events = Table(
    "alert_events",
    metadata,
    Column("event_id", Integer, primary_key=True),
    Column("alert_id", String, nullable=False, index=True),
    Column("occurred_on", Date, nullable=False),
    Column("event", String, nullable=False),
    Column("old_state", String),
    Column("new_state", String),
    Column("period", Date),
    Column("reason", Text),
    Column("release_id", String),
    Column("evidence", sa.JSON),
    Column("alert", sa.JSON),
    Column("account", String),
    Column("digest", String),
)

storms = Table(
    "storms",
    metadata,
    Column("release_id", String, primary_key=True),
    Column("held_on", Date, nullable=False),
    Column("alerts", sa.JSON, nullable=False),
    Column("decision", String),
    Column("decided_on", Date),
    Column("who", String),
    Column("account", String),
    Column("reason", Text),
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String, primary_key=True),
    # in the order in which they were written: whoever writes has no other beside it
    Column("number", Integer, unique=True, index=True, default=NEXT_MESSAGE),
    Column("alert_id", String),
    Column("kind", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("payload", sa.JSON, nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("attempts", Integer, nullable=False, default=0, server_default="0"),
    Column("last_error", Text),
    Column("next_attempt_at", DateTime),
    Column("created_on", Date, nullable=False),
    Column("created_at", DateTime),
    Column("sent_at", DateTime),
    Column("release_id", String),
    Column("copy_of", String),
    Column("recipient", String),
    Column("thread", String),
    Column("reply_to", String),
    Column("fault", String),
    Column("failing_since", DateTime),
    Column("claimed_by", String),
    Column("claimed_until", DateTime),
)

annotations = Table(
    "annotations",
    metadata,
    Column("annotation_id", Integer, primary_key=True),
    Column("area_code", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("reason", Text, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("withdrawn_on", Date),
    Column("reason_code", String, nullable=False, server_default="not_stated"),
    Column("public_sentence", Text),
    Column("approved_by", Text),
)

identity_decisions = Table(
    "identity_decisions",
    metadata,
    Column("decision_id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("one_key", KEY, nullable=False),
    Column("other_key", KEY, nullable=False),
    Column("one_is", String, nullable=False),
    Column("other_is", String, nullable=False),
    Column("key_fingerprint", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_on", Date, nullable=False),
    Column("withdrawn_on", Date),
)

backtests = Table(
    "backtests",
    metadata,
    Column("backtest_id", Integer, primary_key=True),
    Column("run_on", Date, nullable=False),
    Column("release_id", String, nullable=False),
    Column("indicator", String, nullable=False),
    Column("source", String, nullable=False),
    Column("period_type", String, nullable=False),
    Column("change", sa.Float, nullable=False),
    Column("least", sa.Float, nullable=False),
    Column("most", sa.Float),
    Column("planted", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("median_delay", sa.Float),
    Column("marks_per_100_years", sa.Float),
)

# Outcomes of runs whose release, new or found unchanged, readers see; and of all that ended well.
BUILT = ("released", "unchanged")
GOOD = (*BUILT, "nothing")
# Of those after which somebody must look.
FAILED = ("failed", "gate_failed", "killed", "configuration", "key")
runs = Table(
    "runs",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("number", Integer, unique=True, index=True),
    Column("started_at", DateTime, nullable=False),
    Column("finished_at", DateTime),
    Column("as_of", Date, nullable=False),
    Column("outcome", String),
    Column("release_id", String),
    Column("detail", sa.JSON),
    Column("started_by", String),
    Column("exit_code", Integer),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("digest", String, primary_key=True),
)

facts = Table(
    "facts",
    metadata,
    Column("batch", String, primary_key=True),
    Column("table_name", String, primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("sha256", String, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)


# What the database says of the state, where it is not damaged: busy, read-only, another layout.
StateFault = sa.exc.SQLAlchemyError


class State:
    """The state of a monitor; opening it brings it to the newest layout.

    `path` is its place in the folder; where the settings name a server, it is kept there instead.
    In a folder that nobody may write to it can be read. Raises StateDamaged, here or wherever a
    page of it is met that is damaged, and NotTogether where it is missing though much stands here.
    """

    def __init__(self, path: Path) -> None:
        home = Home(path.parent.parent)
        self.path, self.database = path, database.of(path)
        if path == home.state_db and self.database.is_missing() and belonging.has_content(home):
            belonging.check(home)
        self._held = ExitStack()
        self.engine = self.database.engine(self._held)
        upgrade(self.engine, self.database, path)
        self.database.keep_to_owner()

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """One transaction that may write: all of it or none."""
        with self.engine.execution_options(writes=True).begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One unchanging view, which keeps nobody from writing."""
        with self.engine.connect() as connection:
            yield connection

    def compact(self) -> None:
        """Rewrite it, so that what was deleted is in no byte of it."""
        self.engine.dispose()
        self.database.compact(self.engine)

    def close(self) -> None:
        self.engine.dispose()
        self._held.close()


@contextmanager
def state_of(home: Home) -> Iterator[State]:
    """The state of a monitor, closed at the end of the block. Raises what `State` raises."""
    state = State(home.state_db)
    try:
        yield state
    finally:
        state.close()
