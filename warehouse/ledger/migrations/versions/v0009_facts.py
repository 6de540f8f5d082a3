"""Which files of rows there are, how many rows each holds, and their hashes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    # Of batches that are there already, the next run tells what lies on the disk.
    op.create_table(
        "facts",
        sa.Column("batch", sa.String, primary_key=True),
        sa.Column("table_name", sa.String, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
    )
