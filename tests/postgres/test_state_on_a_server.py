"""The state on a server: one layout, the same guarantees as in a file, nothing secret told."""

import multiprocessing
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from postgres_server import PASSWORD, Postgres, put
from support import sightline

from sightline.orchestration import dagster_home, dagster_storage
from sightline.orchestration.health import examine
from sightline.warehouse import belonging, database
from sightline.warehouse.belonging import NotTogether
from sightline.warehouse.database import Server, Unreachable
from sightline.warehouse.errors import Busy, ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as layout
from sightline.warehouse.ledger.migrations import upgrade
from sightline.warehouse.ledger.state import State, state_of


def test_migrations_lead_to_the_layout_that_the_code_has(home: Home) -> None:
    with state_of(home) as state, state.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), layout.metadata)
    assert found == []
    assert not home.state_db.exists()


def test_it_comes_from_the_first_layout_step_by_step_with_its_rows(home: Home, url: str) -> None:
    engine = Server(url)._engine("test")
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
    upgrade.migrate(engine, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "insert into submissions (sender, received_on, sha256, original_name, landing_name,"
            " status) values ('301', '2026-03-09', 'a', 'x', 'x', 'accepted'),"
            " ('301', '2026-01-05', 'b', 'x', 'x', 'accepted')"
        )
    for number in range(2, int(upgrade.HEAD) + 1):
        upgrade.migrate(engine, f"{number:04}")
    engine.dispose()
    with state_of(home) as state, state.read() as connection:
        query = sa.select(layout.submissions.c.arrival).order_by(layout.submissions.c.sha256)
        assert connection.scalars(query).all() == [2, 1]


def test_an_older_layout_is_copied_beside_the_data_first(home: Home, url: str) -> None:
    engine = Server(url)._engine("test")
    upgrade.migrate(engine, "0012")
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into settings values ('told', 'before')")
    engine.dispose()
    state_of(home).__enter__().close()
    [copy] = upgrade.copies(home.state_db)
    assert copy.name == "state-0012-1.db"
    with database.File(copy).opened() as connection:
        assert connection is not None
        assert upgrade.version_of(connection.engine) == "0012"
        assert connection.exec_driver_sql("select * from settings").all() == [("told", "before")]


def test_a_database_in_another_order_or_encoding_is_refused(
    server: Postgres, make_home: Callable[..., Home]
) -> None:
    """Texts would come in another order than in a file."""
    for name, how in (
        ("of_icu", "encoding 'UTF8' locale_provider icu icu_locale 'en-GB' locale 'C.UTF-8'"),
        ("of_ascii", "encoding 'SQL_ASCII' locale 'C'"),
    ):
        home = make_home(name, server.made(name, how))
        with pytest.raises(ConfigurationError, match="encoding 'UTF8' locale 'C'"):
            State(home.state_db)
        assert (
            server.asked(
                "select count(*) from pg_tables where schemaname = 'public'", database=name
            )
            == "0\n"
        )


def test_a_role_needs_no_more_than_its_schemas(
    server: Postgres, make_home: Callable[..., Home], url: str
) -> None:
    name = url.rpartition("/")[2]
    server.asked(
        f"alter database {name} owner to postgres",
        "grant usage, create on schema public to sightline",
        "create schema dagster authorization sightline",
        database=name,
    )
    home = make_home(url=url)
    State(home.state_db).close()
    dagster_storage.make_place(home)
    server.asked("drop schema dagster", database=name)
    with pytest.raises(ConfigurationError, match="permission denied for database"):
        dagster_storage.make_place(home)


@pytest.mark.parametrize("runs_here", [True, False])
def test_dagster_keeps_its_runs_beside_it(home: Home, *, runs_here: bool) -> None:
    with dagster_home.instance(home, runs_here=runs_here) as instance:
        found = type(instance.event_log_storage).__name__
    assert found == "PostgresEventLogStorage"
    assert PASSWORD not in (home.dagster / "dagster.yaml").read_text()
    assert not (home.dagster / "history").exists()


def test_readers_see_one_view_and_are_not_kept_out_by_a_writer(home: Home) -> None:
    with state_of(home) as state, state_of(home) as other:
        with state.begin() as writer, other.read() as reader:
            writer.execute(layout.settings.insert(), {"name": "a", "value": "b"})
            assert reader.execute(sa.select(layout.settings)).all() == []
            writer.commit()
            assert reader.execute(sa.select(layout.settings)).all() == []
        with other.read() as reader:
            assert reader.execute(sa.select(layout.settings)).all() == [("a", "b")]


def test_whoever_only_reads_writes_nothing(home: Home) -> None:
    with state_of(home) as state, state.read() as reader, pytest.raises(layout.StateFault):
        reader.execute(layout.settings.insert(), {"name": "a", "value": "b"})


def test_a_writer_that_waits_too_long_for_another_is_told_so(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience, take = database.WRITING
    monkeypatch.setattr(database, "WRITING", (patience.replace("30s", "200ms"), take))
    with (
        state_of(home) as state,
        state_of(home) as other,
        state.begin(),
        pytest.raises(Busy, match="another process"),
        other.begin(),
    ):
        pass


def decide(path: Path, name: str) -> None:
    state = State(path)
    for number in range(10):
        with state.begin() as connection:
            audit.record(connection, name, str(number), "because", is_typed=False)
    state.close()


def test_decisions_of_two_processes_at_once_make_one_unbroken_chain(home: Home) -> None:
    state = State(home.state_db)
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=decide, args=(home.state_db, name)) for name in ("one", "other")]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    audit.check(state)
    assert [entry["sequence"] for entry in audit.entries(state)] == [*range(1, 21)]
    state.close()


@pytest.mark.parametrize(
    "change", ["update audit set reason = 'x'", "delete from audit", "truncate audit"]
)
def test_the_audit_trail_is_only_added_to(home: Home, change: str) -> None:
    with state_of(home) as state:
        with state.begin() as connection:
            audit.record(connection, "accept", "submission 1", "because", is_typed=False)
        with pytest.raises(layout.StateFault, match="only added to"), state.begin() as connection:
            connection.exec_driver_sql(change)


def test_a_pseudonym_of_64_bits_and_any_text_come_back_as_they_were(home: Home) -> None:
    row = {
        "kind": "same", "one_key": -(2**63), "other_key": 2**63 - 1, "one_is": "Zoë 100%",
        "other_is": "'", "key_fingerprint": "f", "reason": "r", "recorded_on": date(2026, 1, 2),
    }  # fmt: skip
    with state_of(home) as state:
        with state.begin() as connection:
            connection.execute(layout.identity_decisions.insert(), row)
        with state.read() as connection:
            [found] = connection.execute(sa.select(layout.identity_decisions)).mappings()
        assert row.items() <= dict(found).items()


def test_a_wrong_password_is_told_in_a_sentence_that_does_not_hold_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "guessed wrongly"
    monkeypatch.setenv("PGPASSWORD", wrong)
    done = sightline("status", "--home", str(home.root))
    assert done.returncode == ConfigurationError.exit_code
    assert "cannot be reached: " in done.stderr
    assert "password authentication failed" in done.stderr
    logs = "".join(path.read_text() for path in home.logs.glob("*"))
    assert wrong not in done.stdout + done.stderr + logs


def test_a_password_file_does_as_well(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "pgpass"
    written = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    kept.write_text(f"*:*:*:*:{written}\n")
    kept.chmod(0o600)
    monkeypatch.delenv("PGPASSWORD")
    with pytest.raises(Unreachable, match="no password"):
        State(home.state_db)
    text = home.config.read_text()
    home.config.write_text(re.sub(r'(url = "postgresql:[^"]*)"', rf'\1?passfile={kept}"', text))
    State(home.state_db).close()


def test_health_says_once_that_the_server_is_away(home: Home) -> None:
    text = home.config.read_text()
    home.config.write_text(re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1", text))
    faults = [fault for fault in examine(home) if "cannot be reached" in fault.message]
    assert [fault.rule for fault in faults] == ["STATE_UNREACHABLE"]
    assert faults[0].message.startswith("postgresql://sightline@127.0.0.1:1/")


def test_a_folder_of_another_monitor_is_refused(
    home: Home, url: str, make_home: Callable[..., Home]
) -> None:
    with state_of(home) as state:
        belonging.mark(home, state)
    other = make_home("other")
    with state_of(other) as state:
        belonging.mark(other, state)
    put(other, url)
    with pytest.raises(NotTogether, match="belongs to monitor"):
        belonging.check(other)


def test_what_was_deleted_is_gone_from_the_tables_once_they_are_rewritten(home: Home) -> None:
    with state_of(home) as state:
        with state.begin() as connection:
            rows = [{"name": f"n{number}", "value": "x" * 1000} for number in range(2000)]
            connection.execute(layout.settings.insert(), rows)
        size = "select pg_table_size('settings')"
        with state.begin() as connection:
            before = connection.exec_driver_sql(size).scalar()
            connection.execute(layout.settings.delete())
        state.compact()
        with state.read() as connection:
            assert connection.exec_driver_sql(size).scalar() < before / 10
