"""Problems with the number of the official rule; how full the columns of a submission are."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("problems", sa.Column("official", sa.String))
    op.create_table(
        "submission_profiles",
        sa.Column("submission_id", sa.Integer, primary_key=True),
        sa.Column("profile", sa.JSON, nullable=False),
    )
