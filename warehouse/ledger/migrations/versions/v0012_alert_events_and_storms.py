"""Of an alert's change: the alert as it was after it, the account that changed it, and a digest.

Too many new alerts in one run are held; what a person decided on them is kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("alert_events", sa.Column("alert", sa.JSON))
    op.add_column("alert_events", sa.Column("account", sa.String))
    op.add_column("alert_events", sa.Column("digest", sa.String))
    op.create_table(
        "storms",
        sa.Column("release_id", sa.String, primary_key=True),
        sa.Column("held_on", sa.Date, nullable=False),
        sa.Column("alerts", sa.JSON, nullable=False),
        sa.Column("decision", sa.String),
        sa.Column("decided_on", sa.Date),
        sa.Column("who", sa.String),
        sa.Column("account", sa.String),
        sa.Column("reason", sa.Text),
    )
