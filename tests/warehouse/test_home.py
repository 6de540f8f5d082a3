"""A monitor's folder is safe from the start, and says plainly what is wrong with it."""

import duckdb
import pytest

from warehouse import home as homes
from warehouse import keys
from warehouse.errors import ConfigurationError
from warehouse.intake.writing import parquet
from warehouse.settings import load_settings


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


@pytest.mark.parametrize("name", ["monitor[1]", "a*", "why?", "a #1", "5%20", "a\\b"])
def test_a_folder_whose_name_an_engine_takes_otherwise_is_refused(tmp_path, name):
    with pytest.raises(ConfigurationError, match="brackets"):
        homes.create(tmp_path / name)
    assert not (tmp_path / name).exists()
    homes.create(tmp_path / "plain").root.rename(tmp_path / name)
    with pytest.raises(ConfigurationError, match="brackets"):
        homes.find(tmp_path / name)


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
