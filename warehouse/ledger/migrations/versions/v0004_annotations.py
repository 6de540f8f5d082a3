"""What people know of a series: changes of practice and recording, and problems of data."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "annotations",
        sa.Column("annotation_id", sa.Integer, primary_key=True),
        sa.Column("area_code", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_on", sa.Date, nullable=False),
        sa.Column("withdrawn_on", sa.Date),
    )
