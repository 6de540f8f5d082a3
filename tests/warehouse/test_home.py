"""A monitor's folder is safe from the start, and says plainly what is wrong with it."""

from datetime import date

import pytest

from warehouse import home as homes
from warehouse.errors import ConfigurationError


@pytest.fixture
def home(tmp_path):
    return homes.create(tmp_path / "monitor")


def test_a_new_monitor_keeps_its_secrets_to_its_owner(home):
    assert home.restricted.stat().st_mode & 0o777 == 0o700
    assert home.key.stat().st_mode & 0o777 == 0o600
    assert len(homes.load_key(home)) == 32


def test_making_a_monitor_again_keeps_its_key_and_settings(home):
    key = homes.load_key(home)
    home.config.write_text('name = "Ours"\n')
    homes.create(home.root)
    assert homes.load_key(home) == key
    assert homes.load_settings(home).name == "Ours"


def test_two_monitors_have_two_keys(home, tmp_path):
    assert homes.load_key(home) != homes.load_key(homes.create(tmp_path / "other"))


def test_the_settings_that_are_written_are_the_defaults(home):
    assert homes.load_settings(home) == homes.Settings()


def test_a_trial_has_its_own_today(tmp_path):
    home = homes.create(tmp_path / "trial", today=date(2026, 10, 20))
    assert homes.today(homes.load_settings(home)) == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("text", "word"),
    [("keep_release = 3", "keep_release"), ('today = "soon"', "today"), ("name = ", "TOML")],
)
def test_wrong_settings_are_named(home, text, word):
    home.config.write_text(text)
    with pytest.raises(ConfigurationError, match=word):
        homes.load_settings(home)


@pytest.mark.parametrize("text", ["", "ab", "00" * 32, "abcd" * 16 + "x", "é" * 64, "ab" * 31])
def test_a_weak_key_is_refused_without_being_shown(home, text):
    home.key.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        homes.load_key(home)
    assert not text or text not in raised.value.message


def test_a_key_that_others_can_read_is_refused(home):
    home.key.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        homes.load_key(home)


def test_a_missing_key_is_refused(home):
    home.key.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        homes.load_key(home)


def test_a_folder_that_is_no_monitor_is_told_so(tmp_path):
    with pytest.raises(ConfigurationError, match="sightline init"):
        homes.find(tmp_path)


def test_a_folder_whose_name_is_a_pattern_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="brackets"):
        homes.create(tmp_path / "monitor[1]")
