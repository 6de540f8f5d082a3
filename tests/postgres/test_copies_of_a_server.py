"""Copies of a monitor whose state is on a server; from a file to a server and back."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from intake_files import MARCH, Monitor, ssd
from postgres_server import Postgres, put
from support import sightline

from sightline.warehouse import belonging, database
from sightline.warehouse.database import File, Server
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import state as layout
from sightline.warehouse.ledger.state import state_of
from sightline.warehouse.pseudonyms import keys


def filled(home: Home) -> None:
    """A monitor that has taken something in, and in which somebody decided something."""
    with state_of(home) as state:
        keys.in_use(home, state)
        Monitor(home, state).send(ssd(), MARCH)
        with state.begin() as connection:
            audit.record(connection, "told", "something", "because", is_typed=False)
        belonging.mark(home, state)


def content(state: database.Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row by table."""
    with state.opened() as connection:
        assert connection is not None
        return {
            table.name: [tuple(row) for row in connection.execute(sa.select(table))]
            for table in layout.metadata.sorted_tables
        }


def test_a_state_moves_from_a_file_to_a_server_with_every_row(
    make_home: Callable[..., Home], url: str, tmp_path: Path
) -> None:
    home = make_home()
    filled(home)
    before = content(File(home.state_db))
    assert before["submissions"]
    put(home, url)
    refused = sightline("submissions", "list", "--home", str(home.root))
    assert refused.returncode == 3, "an empty database is no state of this monitor"
    done = sightline("move-state", "--home", str(home.root))
    assert done.returncode == 0, done.stderr
    assert content(Server(url)) == before
    assert [path.name for path in home.restricted.glob("state*")] == ["state-0013-1.db"]
    with state_of(home) as state, state.begin() as connection:
        row = dict.fromkeys(("sender", "sha256", "original_name", "landing_name"), "x")
        more = {"received_on": sa.func.current_date(), "status": "received"}
        added = connection.execute(layout.submissions.insert().values(row | more))
        assert added.inserted_primary_key == (len(before["submissions"]) + 1,)
        connection.rollback()
    again = sightline("move-state", "--home", str(home.root))
    assert "there is no state to move" in again.stderr
    # Back to a file, by a copy.
    copy = tmp_path / "copy"
    assert sightline("backup", str(copy), "--home", str(home.root)).returncode == 0
    home.config.write_text(home.config.read_text().partition("[state]\nurl")[0])
    shutil.copy(copy / "restricted" / "state.db", home.state_db)
    told = sightline("submissions", "list", "--json", "--home", str(home.root))
    assert len(json.loads(told.stdout)) == len(before["submissions"]), told.stderr


def test_a_copy_holds_the_state_as_a_file_and_is_restored_to_an_empty_database(
    home: Home, url: str, server: Postgres, tmp_path: Path
) -> None:
    filled(home)
    copy, key = tmp_path / "copy", tmp_path / "pseudonym.key"
    key.write_bytes(home.key.read_bytes())
    key.chmod(0o600)
    assert sightline("backup", str(copy), "--home", str(home.root)).returncode == 0
    assert content(File(copy / "restricted" / "state.db")) == content(Server(url))
    before = content(Server(url))
    verified = sightline("backup", "verify", str(copy))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert content(Server(url)) == before, "a proof leaves the state that was copied alone"
    new = tmp_path / "new"
    asked = ("restore", str(copy), "--home", str(new), "--key", str(key))
    refused = sightline(*asked)
    assert refused.returncode == 3
    assert "holds a state already" in refused.stderr
    assert not new.exists()
    server.asked(f"alter database {url.rpartition('/')[2]} rename to lost")
    assert server.made(url.rpartition("/")[2]) == url
    restored = sightline(*asked)
    assert restored.returncode == 0, restored.stderr
    assert not (new / "restricted" / "state.db").exists()
    assert content(Server(url)) == before


def test_doctor_looks_at_a_state_on_a_server(home: Home) -> None:
    filled(home)
    said = sightline("doctor", "--quick", "--home", str(home.root)).stdout
    for check in ("state", "what belongs together", "audit trail", "alerts"):
        assert f"ok      {check}\n" in said, said
