"""What planted changes showed of what silence means."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "backtests",
        sa.Column("backtest_id", sa.Integer, primary_key=True),
        sa.Column("run_on", sa.Date, nullable=False),
        sa.Column("release_id", sa.String, nullable=False),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("period_type", sa.String, nullable=False),
        sa.Column("change", sa.Float, nullable=False),
        sa.Column("least", sa.Float, nullable=False),
        sa.Column("most", sa.Float),
        sa.Column("planted", sa.Integer, nullable=False),
        sa.Column("found", sa.Integer, nullable=False),
        sa.Column("median_delay", sa.Float),
        sa.Column("marks_per_100_years", sa.Float),
    )
