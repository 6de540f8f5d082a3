"""Every attempt at a run, numbered in the order in which it began; when a message was written."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("runs", sa.Column("number", sa.Integer))
    op.add_column("runs", sa.Column("started_by", sa.String))
    op.add_column("runs", sa.Column("exit_code", sa.Integer))
    op.add_column("outbox", sa.Column("created_at", sa.DateTime))
    # Rows were only ever added, in the order in which runs ended. No server held this layout.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("update runs set number = rowid")
    op.create_index("ix_runs_number", "runs", ["number"], unique=True)
