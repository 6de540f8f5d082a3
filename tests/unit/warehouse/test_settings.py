"""What is wrong with the settings is one sentence with the place and the key; what is right holds,
from the file or from the environment."""

from datetime import date

import pytest

from sightline.warehouse import home as homes
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, fingerprint, load_settings, today

Environment = dict[str, str]


@pytest.fixture
def home(tmp_path) -> Home:
    return homes.create(tmp_path / "monitor")


def refused(home: Home, environment: Environment) -> str:
    with pytest.raises(ConfigurationError) as told:
        load_settings(home, environment)
    assert told.value.exit_code == 3
    assert "\n" not in told.value.message
    return told.value.message


def test_the_settings_that_are_written_are_the_defaults(home):
    assert load_settings(home) == Settings()


def test_a_trial_has_its_own_today(tmp_path):
    home = homes.create(tmp_path / "trial", today=date(2026, 10, 20))
    assert today(load_settings(home)) == date(2026, 10, 20)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('keep_release = 3\nname = "A"', ["line 1", "keep_release", "mean keep_releases?", "name"]),
        ("zzz = 3", ["line 1", "zzz", "known are authorities, "]),
        ("# one\n[retention]\nlog_months = 3", ["line 3", "retention.log_months", "logs_months?"]),
        ("[retention]\nlogs_months = 0", ["line 2", "retention.logs_months", "greater than"]),
        ("[retentions]\nlogs_months = 3", ["line 1", "retentions", "mean retention?"]),
        ("retention = 3", ["line 1", "retention"]),
        ("name = 1", ["line 1", "name", "string"]),
        ('[publish]\nlicence = "see our page"', ["line 2", "publish.licence", "pattern"]),
        ('keep_releases = "6"', ["keep_releases", "integer"]),
        ("keep_releases = true", ["keep_releases", "integer"]),
        ('today = "soon"', ["today", "date"]),
        ('today = "2026-02-29"', ["today", "date"]),
        ("name = 'a'\ntoday = 2026-02-29", ["TOML", "today", "line 2"]),
        ("name = ", ["TOML", "name", "line 1"]),
        ("name = 'a'\nname = 'b'", ["TOML", "name", "line 2"]),
        ("[delivery]\nkind = 'files'", ["line 1", "[[delivery]]"]),
        ("delivery = ['files']", ["delivery.0"]),
        ("authorities = ['301', '9x9', '999']", ["line 1", "authorities", "999, 9x9"]),
        ("authorities = [301]", ["authorities", "in quotes"]),
        ("authorities = 'some'", ["authorities", "in quotes"]),
        ("authorities = []", ["authorities", "no authority"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(home, text, words):
    home.config.write_text(text)
    said = refused(home, {})
    assert str(home.config) in said
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_editors_may_mark_their_encoding_and_end_lines_as_they_do(home, encoding):
    home.config.write_bytes('name = "Zoë"\r\nkeep_releases = 3\r\n'.encode(encoding))
    assert (load_settings(home).name, load_settings(home).keep_releases) == ("Zoë", 3)


@pytest.mark.parametrize("content", ['name = "Zoë"'.encode("cp1252"), b"\xff\xfeo"])
def test_text_that_cannot_be_read_is_told_so(home, content):
    home.config.write_bytes(content)
    assert "UTF-8" in refused(home, {})


def test_every_setting_can_be_given_by_the_environment(home):
    found = load_settings(
        home,
        {
            "SIGHTLINE_HOME": "/somewhere",
            "SIGHTLINE_NAME": "5",
            "SIGHTLINE_TODAY": "2026-10-20",
            "SIGHTLINE_AUTHORITIES": "301, 302",
            "SIGHTLINE_KEEP_RELEASES": "9",
            "SIGHTLINE_RETENTION__LOGS_MONTHS": "6",
            "SIGHTLINE_THREADS": "",
            "SIGHTLINE_DELIVERY": '[{kind = "files"}, {kind = "smtp", port = 25}]',
            "OTHER": "x",
        },
    )
    assert (found.name, found.today, found.authorities) == ("5", date(2026, 10, 20), ["301", "302"])
    assert (found.keep_releases, found.threads) == (9, None)
    assert (found.retention.logs_months, found.retention.refused_months) == (6, 12)
    assert [block["kind"] for block in found.delivery] == ["files", "smtp"]


@pytest.mark.parametrize(
    ("value", "authorities"),
    [("301", ["301"]), ('["301"]', ["301"]), ("all", "all"), ('"all"', "all")],
)
def test_a_list_may_be_given_as_toml_or_between_commas(home, value, authorities):
    assert load_settings(home, {"SIGHTLINE_AUTHORITIES": value}).authorities == authorities


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("SIGHTLINE_KEEP_RELEASE", "3", ["no setting", "mean keep_releases?"]),
        ("SIGHTLINE_RETENTION__LOG_MONTHS", "3", ["no setting", "mean logs_months?"]),
        ("SIGHTLINE_NAME__FIRST", "A", ["no setting"]),
        ("SIGHTLINE_", "A", ["no setting"]),
        ("SIGHTLINE_KEEP_RELEASES", "many", ["keep_releases", "integer"]),
        ("SIGHTLINE_TODAY", "soon", ["today", "date"]),
        ("SIGHTLINE_AUTHORITIES", "301,999", ["authorities", "999"]),
    ],
)
def test_a_variable_that_is_wrong_is_named(home, variable, value, words):
    said = refused(home, {variable: value})
    assert [word for word in (variable, *words) if word not in said] == []


def test_a_release_depends_on_who_is_expected_and_not_on_where_messages_go():
    before = fingerprint(Settings())
    assert fingerprint(Settings(keep_releases=2, name="Ours")) == before
    assert fingerprint(Settings(delivery=[{"kind": "smtp"}])) == before
    assert fingerprint(Settings(authorities=["301"])) != before
