"""One row of the outbox for each copy: for whom, in which thread, who sends it now, since when it
fails and whose fault that is."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    for name in ("copy_of", "recipient", "thread", "reply_to", "fault", "claimed_by"):
        op.add_column("outbox", sa.Column(name, sa.String))
    for name in ("failing_since", "claimed_until"):
        op.add_column("outbox", sa.Column(name, sa.DateTime))
    # When the first attempt failed is not known; no message waits for less than it is old.
    op.execute("update outbox set failing_since = created_at where state = 'failed'")
