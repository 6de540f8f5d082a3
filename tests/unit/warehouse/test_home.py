"""A monitor's folder is safe from the start, and says plainly what is wrong with it."""

import os
import tempfile

import duckdb
import pytest

from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError, MachineFault
from sightline.warehouse.intake.write import parquet
from sightline.warehouse.machine import check_room, free_in
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import Settings, bytes_of, load_settings

NAMES = [
    "monitor[1]", "a*", "a #1", "5%20", "it's \"quoted\"", "two\nlines",
    "\U0001f600", "line=5", "{{ env_var('HOME') }};$HOME&|<>", "é",
]  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return homes.create(tmp_path / "monitor")


def test_a_new_monitor_keeps_its_secrets_to_its_owner(home):
    assert home.restricted.stat().st_mode & 0o777 == 0o700
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert len(keys.read(home.key)) == 32


def test_making_a_monitor_again_keeps_its_key_and_settings(home):
    key = keys.read(home.key)
    home.config.write_text('name = "Ours"\n')
    homes.create(home.root)
    assert keys.read(home.key) == key
    assert load_settings(home).name == "Ours"


def test_two_monitors_have_two_keys(home, tmp_path):
    assert keys.read(home.key) != keys.read(homes.create(tmp_path / "other").key)


def test_a_folder_that_is_no_monitor_is_told_so(tmp_path):
    with pytest.raises(ConfigurationError, match="sightline init"):
        homes.find(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_may_have_any_name_and_engines_see_a_plain_one(tmp_path, name):
    made = homes.create(tmp_path / name)
    assert (tmp_path / name / "restricted" / "pseudonym.key").is_file()
    assert homes.find(tmp_path / name) == made == homes.find(made.root)
    assert made.root.resolve() == tmp_path / name
    assert homes.PLAIN.fullmatch(str(made.root))
    told = homes.shown(f"{made.config} is wrong")
    assert told == f"{homes.readable(tmp_path / name)}/sightline.toml is wrong"
    assert "\n" not in told
    with duckdb.connect(str(made.work_db)) as connection:
        connection.execute("create table t as select 1")
    path = made.raw / "rows.parquet"
    duckdb.execute(f"copy (select 1 as a) to '{path}' (format parquet)")
    assert duckdb.execute(f"from {parquet(path)}").fetchall() == [(1,)]


def test_a_folder_that_was_renamed_is_seen_under_its_new_name(tmp_path):
    homes.create(tmp_path / "a#1")
    (tmp_path / "a#1").rename(tmp_path / "a#2")
    assert homes.find(tmp_path / "a#2").root.resolve() == tmp_path / "a#2"


@pytest.mark.parametrize("name", ["a\\b", "why?", os.fsdecode(b"caf\xe9")])
def test_what_the_engine_never_opens_is_refused_in_a_sentence(tmp_path, name):
    with pytest.raises(ConfigurationError, match="a backslash or a question mark"):
        homes.create(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_the_plain_name_is_known_to_this_account_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    alias = homes.create(tmp_path / "a#1").root
    assert alias.parent.stat().st_mode & 0o777 == 0o700
    alias.parent.chmod(0o777)
    with pytest.raises(ConfigurationError, match="this account alone"):
        homes.find(tmp_path / "a#1")


def test_a_path_that_is_too_long_is_refused_in_a_sentence(tmp_path):
    deep = tmp_path / "/".join(["d" * 100] * 4)
    with pytest.raises(ConfigurationError, match="bytes long, and may be 400"):
        homes.create(deep)
    assert not deep.exists()


@pytest.mark.parametrize("name", ["restricted", "inbox", "outbox", "published"])
def test_a_folder_that_cannot_be_written_to_is_named(home, name, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path.name != name and access(path, mode))
    with pytest.raises(ConfigurationError, match=f"monitor/{name} cannot be written to"):
        homes.check_place(home)


def test_a_folder_that_is_not_there_is_named(home):
    home.outbox.rmdir()
    with pytest.raises(ConfigurationError, match="outbox is missing"):
        homes.check_place(home)


def test_a_run_needs_what_is_to_stay_free_and_what_it_may_add_itself(home):
    """Fault 82."""
    check_room(home, Settings(least_free="1MB"))
    free = free_in(home.root)
    (home.inbox / "large.csv").touch()
    os.truncate(home.inbox / "large.csv", free // 2)
    with pytest.raises(MachineFault, match=r"free in .*restricted, .* needed") as caught:
        check_room(home, Settings(least_free="1MB"))
    assert caught.value.exit_code == 1
    os.truncate(home.inbox / "large.csv", 0)
    with pytest.raises(MachineFault, match=r"100000\.0 GB needed"):
        check_room(home, Settings(least_free="100000GB"))


@pytest.mark.parametrize(
    ("text", "count"), [("1GB", 10**9), ("1.5 GiB", 3 * 2**29), ("200MB", 2 * 10**8)]
)
def test_a_size_comes_to_so_many_bytes(text, count):
    assert bytes_of(text) == count


def test_what_a_loose_umask_left_open_is_closed_at_the_next_start(home):
    """Fault 117."""
    folder, file = home.restricted / "landing", home.restricted / "state.db"
    file.write_text("")
    for path, mode in ((home.restricted, 0o755), (folder, 0o777), (file, 0o644)):
        path.chmod(mode)
    homes.close_to_others(home)
    modes = [path.stat().st_mode & 0o777 for path in (home.restricted, folder, file)]
    assert modes == [0o700, 0o700, 0o600]


def test_a_restricted_zone_that_is_a_link_is_refused(home, tmp_path):
    """Fault 117."""
    home.restricted.rename(tmp_path / "elsewhere")
    home.restricted.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="no link"):
        homes.close_to_others(home)


def test_a_folder_named_like_a_column_and_its_value_changes_no_row(tmp_path):
    """The database engine would take line=5 for the value of that column in every row."""
    path = tmp_path / "line=5" / "rows.parquet"
    path.parent.mkdir()
    duckdb.execute(f"copy (select 1 as line) to '{path}' (format parquet)")
    assert duckdb.execute(f"from {parquet(path)}").fetchall() == [(1,)]
