"""What people decided, in a chain; what was erased; what each table of a release held."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    for name, kind in (
        ("overridden_on", sa.Date),
        ("withdrawn_on", sa.Date),
        ("redacted_sha256", sa.String),
        ("purged_on", sa.Date),
    ):
        op.add_column("submissions", sa.Column(name, kind))
    op.add_column("releases", sa.Column("table_hashes", sa.JSON))
    op.create_table("suppressions", sa.Column("digest", sa.String, primary_key=True))
    op.create_table(
        "audit",
        sa.Column("sequence", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("previous_hash", sa.String, nullable=False),
        sa.Column("hash", sa.String, nullable=False),
    )
    refusal = "the audit trail is only added to"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "create function audit_only_added_to() returns trigger language plpgsql as"
            f" $$ begin raise exception '{refusal}'; end $$"
        )
        op.execute(
            "create trigger audit_no_change before update or delete or truncate on audit"
            " execute function audit_only_added_to()"
        )
        return
    for event in ("update", "delete"):
        op.execute(
            f"create trigger audit_no_{event} before {event} on audit"
            f" begin select raise(abort, '{refusal}'); end"
        )
