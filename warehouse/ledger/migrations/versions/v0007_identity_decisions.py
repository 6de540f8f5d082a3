"""What people decided of who is one child."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


# A pseudonym has 64 bits, which a whole number in a file has too.
KEY = sa.Integer().with_variant(sa.BigInteger(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "identity_decisions",
        sa.Column("decision_id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("one_key", KEY, nullable=False),
        sa.Column("other_key", KEY, nullable=False),
        sa.Column("one_is", sa.String, nullable=False),
        sa.Column("other_is", sa.String, nullable=False),
        sa.Column("key_fingerprint", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("recorded_on", sa.Date, nullable=False),
        sa.Column("withdrawn_on", sa.Date),
    )
