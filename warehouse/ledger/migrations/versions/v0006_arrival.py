"""In which intake a submission came: those of one intake stand in the order of their periods."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column(
        "submissions", sa.Column("arrival", sa.Integer, nullable=False, server_default="0")
    )
    # Of what came earlier only the day is known.
    op.execute(
        "update submissions set arrival = days.arrival from ("
        " select submission_id, dense_rank() over (order by received_on) as arrival"
        " from submissions) as days"
        " where submissions.submission_id = days.submission_id"
    )
