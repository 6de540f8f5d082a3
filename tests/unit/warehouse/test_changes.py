"""What is new since the release before: a fact of the release, from its published file alone."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
import work_file

from sightline.warehouse import home as homes
from sightline.warehouse.release.tables import news_hashes

pytestmark = pytest.mark.slow

MONTH_ON = date(2026, 12, 20)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = homes.create(tmp_path_factory.mktemp("changes"))
    work_file.write(home.work_db)
    return home, work_file.draft(home)


@pytest.fixture
def rows(first: Any) -> Any:
    """The lines of a second release of that home, made with these alerts and events."""

    def made(**given: Any) -> list[tuple[Any, ...]]:
        home, before = first
        draft = work_file.draft(home, "r2", as_of=MONTH_ON, before=before.database, **given)
        with duckdb.connect(str(draft.database), read_only=True) as connection:
            return connection.execute("select change, subject, area_name from changes").fetchall()

    return made


def test_the_first_release_is_compared_with_none(first) -> None:
    _, draft = first
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        assert connection.execute("select count(*) from changes").fetchone() == (0,)
        previous = "select previous_release_id, previous_as_of from release"
        assert connection.execute(previous).fetchone() == (None, None)


def test_a_release_that_says_the_same_has_nothing_new(rows) -> None:
    assert rows() == []


def test_a_release_names_the_one_that_it_is_compared_with(first, rows) -> None:
    rows()
    home, _ = first
    with duckdb.connect(str(home.releases / ".draft-r2" / "sightline.duckdb"), read_only=True) as c:
        query = "select previous_release_id, previous_as_of from release"
        assert c.execute(query).fetchone() == ("r1", work_file.AS_OF)


def test_what_a_person_did_since_is_a_line_and_what_they_did_before_is_none(rows) -> None:
    alerts, events = work_file.alert_rows(), work_file.event_rows()
    act = {**events[0], "event_id": 3, "event": "acknowledged", "old_state": "open"}
    act |= {"new_state": "acknowledged", "evidence": {"who": "Somebody Real"}}
    alerts[0]["state"] = "acknowledged"
    assert rows(alerts_rows=alerts, alert_events_rows=[*events, act]) == [
        ("taken_on", "a-leeds", "Leeds")
    ]


def test_what_was_new_the_last_time_is_no_news_by_itself(first, rows, tmp_path: Path) -> None:
    """Otherwise each release with a line would be followed by one without."""
    home, before = first
    alerts = work_file.alert_rows()
    alerts[0]["severity"] = "critical"
    rows(alerts_rows=alerts)
    with duckdb.connect(str(home.releases / ".draft-r2" / "sightline.duckdb"), read_only=True) as c:
        later = news_hashes(c)
    with duckdb.connect(str(before.database), read_only=True) as connection:
        assert later["changes"] == news_hashes(connection)["changes"]
        assert later["alerts"] != news_hashes(connection)["alerts"]
