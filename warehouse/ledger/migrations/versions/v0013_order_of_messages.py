"""In which order messages were written, as a number of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("number", sa.Integer))
    # No server held an older layout, so there is nothing to number on one.
    if op.get_bind().dialect.name == "sqlite":
        op.execute("update outbox set number = rowid")
    op.create_index("ix_outbox_number", "outbox", ["number"], unique=True)
