"""Of an annotation: why, as a code, and a sentence for the public with the name of who approved it.

What was typed as a reason before was published; it stays inside from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column(
        "annotations",
        sa.Column("reason_code", sa.String, nullable=False, server_default="not_stated"),
    )
    op.add_column("annotations", sa.Column("public_sentence", sa.Text))
    op.add_column("annotations", sa.Column("approved_by", sa.Text))
