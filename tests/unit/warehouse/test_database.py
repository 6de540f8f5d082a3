"""Where the settings say that the state is kept, and what no settings may hold."""

from pathlib import Path

import pytest

from sightline.warehouse import database
from sightline.warehouse import home as homes
from sightline.warehouse.database import File, Server
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import STATE_VARIABLE, Home
from sightline.warehouse.settings import load_settings, state_url

URL = "postgresql://sightline@db.example.org/sightline"
SECRET = "hunter2"  # noqa: S105 (nobody's)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.create(tmp_path / "monitor")


def say(home: Home, text: str) -> None:
    home.config.write_text(text, encoding="utf-8")


def test_it_is_a_file_unless_the_settings_name_a_server(home: Home) -> None:
    found = database.of(home.state_db)
    assert isinstance(found, File)
    assert str(found) == str(home.state_db)
    say(home, f'[state]\nurl = "{URL}"\n')
    found = database.of(home.state_db)
    assert isinstance(found, Server)
    assert str(found) == URL


def test_the_environment_goes_before_the_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_VARIABLE, URL)
    assert state_url(home) == load_settings(home).state.url == URL
    monkeypatch.setenv(STATE_VARIABLE, "")
    assert state_url(home) is None


def test_any_other_file_is_a_file(home: Home, tmp_path: Path) -> None:
    """Such as a copy of a state."""
    say(home, f'[state]\nurl = "{URL}"\n')
    assert isinstance(database.of(home.restricted / "state-0012-1.db"), File)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"postgresql://sightline:{SECRET}@db.example.org/sightline", "holds a password"),
        (f"postgresql://db.example.org/sightline?user=a&password={SECRET}", "holds a password"),
        (f"mysql://sightline:{SECRET}@db.example.org/sightline", "must be like postgresql://"),
        (f"postgresql://{SECRET}@db.example.org", "must be like postgresql://"),
        (f"postgresql://[{SECRET}/sightline", "is no URL"),
    ],
)
@pytest.mark.parametrize("is_in_file", [True, False])
def test_a_url_that_is_wrong_or_holds_a_password_is_refused_and_not_repeated(
    home: Home, monkeypatch: pytest.MonkeyPatch, url: str, told: str, is_in_file: bool
) -> None:
    if is_in_file:
        say(home, f'[state]\nurl = "{url}"\n')
    else:
        monkeypatch.setenv(STATE_VARIABLE, url)
    for asked in (state_url, load_settings):
        with pytest.raises(ConfigurationError, match=r"state\.url") as refused:
            asked(home)
        assert told in refused.value.message
        assert SECRET not in refused.value.message


def test_another_setting_that_is_wrong_leaves_the_state_where_it_is(home: Home) -> None:
    say(home, f'threads = "many"\n[state]\nurl = "{URL}"\n')
    assert state_url(home) == URL


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "line", ["[state]", " [ state ]", "state.url = 'x'", '"state" = {}', "'stat\\u0065' = {}"]
)
def test_what_cannot_be_read_keeps_no_state_in_the_wrong_place(
    home: Home, line: str, encoding: str
) -> None:
    home.config.write_text(f"{line}\nname = broken\n", encoding=encoding)
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        database.of(home.state_db)
    say(home, "name = broken\n# [state]\n")
    assert isinstance(database.of(home.state_db), File)


def test_options_of_the_url_are_kept_beside_ours() -> None:
    server = Server(f"{URL}?sslmode=verify-full&options=-csearch_path%3Dmine")
    assert server.url.query["sslmode"] == "verify-full"
    options = str(server.for_dagster().url.query["options"]).split()
    assert options[0] == "-csearch_path=mine"
    assert options.index("-csearch_path=dagster") > 0, "the last one counts"
    assert len(options) == len(set(options))
