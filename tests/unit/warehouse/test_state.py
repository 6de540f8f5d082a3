"""The state database: migrated whole or not at all, and readable while somebody writes."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.ledger import annotations
from sightline.warehouse.ledger import state as layout
from sightline.warehouse.ledger.migrations import upgrade
from sightline.warehouse.ledger.state import State, runs


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


def test_migrations_lead_to_the_layout_that_the_code_has(path):
    with State(path).read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), layout.metadata)
    assert found == []


def test_opening_twice_changes_nothing(path):
    """Fault 125."""
    State(path).close()
    before = path.read_bytes()
    State(path).close()
    assert path.read_bytes() == before


def test_a_broken_migration_leaves_nothing_behind(path, monkeypatch):
    def fails(*_args, **_options):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", fails)
        with pytest.raises(RuntimeError):
            State(path)
    engine = sa.create_engine(f"sqlite:///{path}")
    assert sa.inspect(engine).get_table_names() == []
    State(path)


def test_what_came_before_intakes_were_numbered_stands_by_its_day(path):
    engine = sa.create_engine(f"sqlite:///{path}")
    upgrade.migrate(engine, "0005")
    days = ["2026-03-09", "2026-01-05", "2026-03-09", "2026-02-01"]
    with engine.begin() as connection:
        for number, day in enumerate(days):
            connection.exec_driver_sql(
                "insert into submissions (sender, received_on, sha256, original_name,"
                " landing_name, status) values ('301', ?, ?, 'x', 'x', 'accepted')",
                (day, str(number)),
            )
    with State(path).read() as connection:
        query = sa.select(layout.submissions.c.arrival)
        assert connection.execute(query).scalars().all() == [3, 1, 3, 2]


def test_a_reason_of_before_public_sentences_is_no_public_sentence(path):
    engine = sa.create_engine(f"sqlite:///{path}")
    upgrade.migrate(engine, "0009")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into annotations (area_code, scope, kind, starts_on, reason, recorded_on)"
            " values ('E92000001', 'referrals', 'rebaseline', '2026-01-01', 'typed', '2026-01-02')"
        )
    state = State(path)
    [kept] = annotations.listing(state)
    state.close()
    assert (kept.reason, kept.reason_code, kept.public_sentence) == ("typed", "not_stated", None)


def test_a_newer_layout_is_refused(path):
    """Faults 124 and 125."""
    state = State(path)
    with state.begin() as connection:
        connection.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(ConfigurationError, match="newer"):
        State(path)


def test_the_newest_migration_is_the_one_that_is_expected():
    found = sorted(path.name for path in upgrade.FOLDER.glob("versions/v*.py"))
    assert found[-1].startswith(f"v{upgrade.HEAD}")


def test_a_transaction_is_all_or_nothing(path):
    state = State(path)
    row = {"run_id": "r", "started_at": sa.func.now(), "as_of": sa.func.date("2026-01-01")}

    def stop_half_way():
        with state.begin() as connection:
            connection.execute(runs.insert().values(row))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop_half_way()
    with state.read() as connection:
        assert connection.execute(sa.select(runs)).all() == []


def test_readers_are_not_kept_out_by_a_writer(path):
    state = State(path)
    with state.begin() as writer:
        writer.execute(sa.text("insert into settings values ('a', 'b')"))
        with State(path).read() as reader:
            assert reader.execute(sa.select(layout.settings)).all() == []


def test_the_file_is_for_its_owner_alone(path):
    State(path)
    assert path.stat().st_mode & 0o777 == 0o600
