"""A state of each former layout comes to this one: copied before, told before, nothing lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from sightline.orchestration.cli import commands
from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.ledger.migrations import upgrade
from sightline.warehouse.ledger.state import State

LAYOUTS = sorted(Path(__file__).with_name("layouts").glob("*.sql"))


@pytest.fixture
def home(tmp_path):
    return homes.create(tmp_path / "monitor")


def former(home, layout: Path) -> None:
    with closing(sqlite3.connect(home.state_db)) as connection:
        connection.executescript(layout.read_text())


def rows(path: Path) -> dict[str, list[dict]]:
    """Every row by table, with the columns that hold something."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        names = [
            row[0]
            for row in connection.execute("select name from sqlite_master where type = 'table'")
            if row[0] != "alembic_version"
        ]
        return {
            name: [
                {key: row[key] for key in row.keys() if row[key] is not None}  # noqa: SIM118
                for row in connection.execute(f"select * from {name}")
            ]
            for name in names
        }


def said(home, *arguments: str) -> str:
    done = CliRunner().invoke(
        commands, [*arguments, "--home", str(home.root)], standalone_mode=False
    )
    assert done.exception is None, done.exception
    return done.output


def test_there_is_a_state_of_every_former_layout():
    assert [path.stem for path in LAYOUTS] == [
        f"{number:04}" for number in range(1, int(upgrade.HEAD))
    ]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_every_row_of_a_former_layout_is_kept(home, layout):
    former(home, layout)
    before = rows(home.state_db)
    State(home.state_db).close()
    after = rows(home.state_db)
    for table, held in before.items():
        assert len(after[table]) == len(held), table
        for was, one in zip(held, after[table], strict=True):
            assert was.items() <= one.items(), table
    assert sum(map(len, before.values())) >= 6


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda path: path.stem)
def test_the_former_state_is_copied_first(home, layout):
    former(home, layout)
    before = rows(home.state_db)
    State(home.state_db).close()
    [copy] = upgrade.copies(home.state_db)
    assert copy.name == f"state-{layout.stem}-1.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert rows(copy) == before


def test_what_an_upgrade_would_do_is_told_and_not_done(home):
    former(home, LAYOUTS[5])
    before = home.state_db.read_bytes()
    told = said(home, "upgrade", "--check")
    assert f"From layout 0006 to {upgrade.HEAD}, nothing is done yet" in told
    assert "0007: What people decided of who is one child." in told
    assert "0006:" not in told
    assert home.state_db.read_bytes() == before
    assert upgrade.copies(home.state_db) == []


def test_an_upgrade_is_done_when_it_is_asked_for(home):
    former(home, LAYOUTS[5])
    assert "state-0006-1.db" in said(home, "upgrade")
    assert "which this version uses" in said(home, "upgrade", "--check")


def test_a_failed_migration_leaves_the_former_state_as_it_was(home, monkeypatch):
    """Fault 125."""
    former(home, LAYOUTS[2])
    before = rows(home.state_db)

    def fails(*_args, **_options):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.op.create_index", fails)
        with pytest.raises(RuntimeError):
            State(home.state_db)
    assert rows(home.state_db) == before
    State(home.state_db).close()


def test_the_last_copies_are_kept(home):
    for _ in range(5):
        home.state_db.unlink(missing_ok=True)
        former(home, LAYOUTS[0])
        State(home.state_db).close()
    names = [path.name for path in upgrade.copies(home.state_db)]
    assert names == [f"state-0001-{number}.db" for number in (3, 4, 5)]


def test_a_newer_layout_is_refused_by_the_command_too(home):
    """Faults 124 and 125."""
    State(home.state_db).close()
    with closing(sqlite3.connect(home.state_db)) as connection, connection:
        connection.execute("update alembic_version set version_num = '9999'")
    done = CliRunner().invoke(
        commands, ["upgrade", "--check", "--home", str(home.root)], standalone_mode=False
    )
    assert isinstance(done.exception, ConfigurationError)
    assert "newer" in done.exception.message
