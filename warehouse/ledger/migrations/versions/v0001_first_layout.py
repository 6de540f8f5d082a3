"""The first layout: submissions, problems, releases, alerts, messages, runs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "submissions",
        sa.Column("submission_id", sa.Integer, primary_key=True),
        sa.Column("sender", sa.String, nullable=False),
        sa.Column("extract", sa.String),
        sa.Column("period_start", sa.Date),
        sa.Column("period_end", sa.Date),
        sa.Column("received_on", sa.Date, nullable=False),
        sa.Column("prepared_on", sa.Date),
        sa.Column("released_on", sa.Date),
        sa.Column("sequence", sa.Integer),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("original_name", sa.String, nullable=False),
        sa.Column("landing_name", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("batch", sa.String),
        sa.Column("records", sa.Integer, nullable=False, server_default="0"),
        sa.Column("accepted", sa.Integer, nullable=False, server_default="0"),
        sa.Column("quarantined", sa.Integer, nullable=False, server_default="0"),
        sa.Column("duplicates", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_error", sa.Text),
        sa.Column("simulated", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("source", sa.String),
        sa.Column("held_reason", sa.Text),
        sa.UniqueConstraint("sender", "sha256"),
    )
    op.create_index("ix_submissions_status", "submissions", ["status"])
    op.create_index("ix_submissions_batch", "submissions", ["batch"])
    op.create_table(
        "problems",
        sa.Column("problem_id", sa.Integer, primary_key=True),
        sa.Column("submission_id", sa.Integer, nullable=False),
        sa.Column("table_name", sa.String),
        sa.Column("file_name", sa.String),
        sa.Column("line", sa.Integer),
        sa.Column("column_name", sa.String),
        sa.Column("rule", sa.String, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_index("ix_problems_submission_id", "problems", ["submission_id"])
    op.create_table(
        "releases",
        sa.Column("release_id", sa.String, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("built_at", sa.DateTime, nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("content_hash", sa.String, nullable=False),
        sa.Column("code_version", sa.String, nullable=False),
        sa.Column("simulated", sa.Boolean, nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String, primary_key=True),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("area_code", sa.String, nullable=False),
        sa.Column("area_name", sa.String, nullable=False),
        sa.Column("area_level", sa.String, nullable=False),
        sa.Column("breakdown", sa.String, nullable=False),
        sa.Column("direction", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("opened_period", sa.Date, nullable=False),
        sa.Column("first_raised_on", sa.Date, nullable=False),
        sa.Column("last_period", sa.Date, nullable=False),
        sa.Column("resolved_on", sa.Date),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.JSON, nullable=False),
    )
    op.create_index("ix_alerts_fingerprint", "alerts", ["fingerprint"])
    op.create_index("ix_alerts_state", "alerts", ["state"])
    op.create_table(
        "alert_events",
        sa.Column("event_id", sa.Integer, primary_key=True),
        sa.Column("alert_id", sa.String, nullable=False),
        sa.Column("occurred_on", sa.Date, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("old_state", sa.String),
        sa.Column("new_state", sa.String),
        sa.Column("period", sa.Date),
        sa.Column("reason", sa.Text),
        sa.Column("release_id", sa.String),
        sa.Column("evidence", sa.JSON),
    )
    op.create_index("ix_alert_events_alert_id", "alert_events", ["alert_id"])
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("alert_id", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_error", sa.Text),
        sa.Column("next_attempt_at", sa.DateTime),
        sa.Column("created_on", sa.Date, nullable=False),
        sa.Column("sent_at", sa.DateTime),
        sa.Column("release_id", sa.String),
    )
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("started_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("outcome", sa.String),
        sa.Column("release_id", sa.String),
        sa.Column("detail", sa.JSON),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )
