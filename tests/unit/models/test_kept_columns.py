"""What is kept of a return is read: a column that no model, linkage or check reads is not kept."""

import re

import pytest
import rendered

from sightline.warehouse.contracts import schema as contracts

pytestmark = pytest.mark.slow

# The row in its file, by which a submission's rows are found again.
HEAD = {"submission_id", "line"}
# By these, and by care that ended in adoption, warehouse.timeline.identities tells who is one
# child.
LINKAGE = {"person_key", "upn_key", "former_upn_key", "is_former", "reason_ended"}


@pytest.fixture(scope="module")
def readers() -> dict[str, str]:
    """By raw table the SQL of the models that read it."""
    found: dict[str, str] = {}
    for path in sorted(rendered.PROJECT.glob("models/**/*.sql")):
        sql = rendered.model(path)
        for table in set(re.findall(r"\braw\.(\w+)", sql)):
            found[table] = found.get(table, "") + sql
    return found


def carried_over() -> set[tuple[str, str]]:
    """What is looked up in a sender's former return."""
    return {
        (str(table.raw), name)
        for contract in contracts.load().values()
        for table in contract.tables.values()
        if table.carried_over
        for name in (*table.carried_over.by, table.carried_over.open_while_blank)
    }


@pytest.mark.parametrize("table", contracts.raw_tables())
def test_every_kept_column_is_read(readers: dict[str, str], table: str) -> None:
    words = set(re.findall(r"\w+", readers.get(table, "")))
    looked_up = {name for one, name in carried_over() if one == table}
    unread = set(contracts.raw_tables()[table]) - HEAD - LINKAGE - looked_up - words
    assert unread == set()


def test_a_column_that_nothing_reads_would_be_found(readers: dict[str, str]) -> None:
    assert "closure_reason" not in set(re.findall(r"\w+", readers["ssd_referrals"]))
    assert "referral_date" in set(re.findall(r"\w+", readers["ssd_referrals"]))
