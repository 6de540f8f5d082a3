"""What was published of a figure and when: handed on from release to release, whatever happens."""

from datetime import date

import duckdb
import pytest
import releasing
from releasing import FIRST, SECOND, THIRD, release, set_counts

from sightline.warehouse import backup
from sightline.warehouse.ledger.state import State
from sightline.warehouse.release import rollback, store, vintages
from sightline.warehouse.release.recovery import recover

pytestmark = pytest.mark.slow

NEWEST = f"""
select vintage, numerator, release_id, published_on, replaced_on, is_latest
from trends_vintages
where la_code = '383' and period_type = 'month' and period_start = date '{releasing.MONTH}'
    and source = 'extracts'
order by vintage
"""


def rows(home, query: str = NEWEST):
    with store.open_published(home) as connection:
        return connection.execute(query).fetchall()


def content(home) -> str:
    shown = store.current(home)
    assert shown is not None
    return store.table_hashes_of(shown.database)[vintages.TABLE]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Three releases: two figures differ between the first and the second, none after it."""
    home = releasing.monitor(tmp_path_factory.mktemp("history"))
    set_counts(home, 300)
    release(home, 1, FIRST)
    set_counts(home, 350)
    release(home, 2, SECOND)
    release(home, 3, THIRD)
    return home


def test_each_change_is_one_row_with_its_days(home) -> None:
    first, second = (f"{day}.{number}" for day, number in ((FIRST, 1), (SECOND, 2)))
    assert rows(home) == [
        (1, 300.0, first, FIRST, SECOND, False),
        (2, 350.0, second, SECOND, None, True),
    ]


def test_the_figures_that_stand_are_those_of_the_trends(home) -> None:
    columns = ", ".join((*store.KEY, *store.FIGURE, "is_provisional"))
    stands = f"select {columns} from trends_vintages where is_latest"
    shown = f"select {columns} from trends"
    assert rows(home, f"{stands} except all {shown}") == []
    assert rows(home, f"{shown} except all {stands}") == []


def test_only_what_changed_is_added(home) -> None:
    """Fault 126."""
    found = rows(home, "select count(*) filter (where vintage > 1), count(*) from trends_vintages")
    [(changed, every)] = found
    [(figures,)] = rows(home, "select count(*) from trends")
    assert changed == 1
    assert every == figures + changed


@pytest.mark.parametrize(
    ("day", "numerator"),
    [(date(2026, 11, 19), None), (FIRST, 300.0), (SECOND, 350.0), (date(2027, 1, 1), 350.0)],
)
def test_what_was_believed_on_a_day_is_one_question(home, day, numerator) -> None:
    query = NEWEST.replace("trends_vintages", f"trends_as_of(date '{day}')")
    query = query.replace(", replaced_on, is_latest", "")
    assert [row[1] for row in rows(home, query)] == [numerator] * (numerator is not None)


def test_no_withheld_count_is_in_the_history(home) -> None:
    small = (
        "select count(*) from trends_vintages"
        " where source = 'extracts' and numerator between 1 and 5"
    )
    assert rows(home, small) == [(0,)]


def test_a_release_without_news_has_the_same_history(home) -> None:
    hashes = [
        store.table_hashes_of(store.find(home, f"{day}.{number}").database)[vintages.TABLE]
        for day, number in ((SECOND, 2), (THIRD, 3))
    ]
    assert hashes[0] == hashes[1]


def test_the_history_outlives_the_releases_and_a_copy_of_the_monitor(home, tmp_path) -> None:
    copy = backup.make(home, tmp_path / "copy", lambda *_: None)
    assert f"restricted/vintages/{THIRD}.3.parquet" in copy.files
    restored, _ = backup.restore(tmp_path / "copy", tmp_path / "monitor", lambda *_: None)
    restored.work_db.write_bytes(home.work_db.read_bytes())
    with State(restored.state_db).read():
        release(restored, 4, date(2026, 11, 23))
    assert rows(restored) == rows(home)
    assert content(restored) == content(home)


def test_other_rules_of_disclosure_control_begin_it_anew(home) -> None:
    with duckdb.connect() as connection:
        state = State(home.state_db)
        about = vintages.hand_over(connection, home, state, "next.4", THIRD, {"smallest_shown": 99})
        assert connection.execute("select count(*) from state.trends_vintages").fetchall() == [(0,)]
    assert about.publications == [("next.4", THIRD.isoformat())]


def test_readers_led_back_are_told_in_the_history(tmp_path) -> None:
    home = releasing.monitor(tmp_path)
    set_counts(home, 300)
    good = release(home, 1, FIRST)
    set_counts(home, 900)
    bad = release(home, 2, SECOND)
    state = State(home.state_db)
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    rollback.roll_back(home, state, bad, "it was right", THIRD)
    rollback.roll_back(home, state, good, "it was not", date(2026, 11, 23))
    set_counts(home, 310)
    last = release(home, 3, date(2026, 11, 24))
    assert [row[:4] for row in rows(home)] == [
        (1, 300.0, good, FIRST),
        (2, 900.0, bad, SECOND),
        (3, 300.0, good, THIRD),
        (4, 900.0, bad, THIRD),
        (5, 300.0, good, date(2026, 11, 23)),
        (6, 310.0, last, date(2026, 11, 24)),
    ]


def test_what_a_killed_run_left_is_gone_and_the_next_one_tells_the_same(tmp_path) -> None:
    home = releasing.monitor(tmp_path)
    release(home, 1, FIRST)
    folder = home.restricted / "vintages"
    (folder / f"{SECOND}.2.parquet").write_bytes(b"half a file")
    (folder / f"{SECOND}.2.part").write_bytes(b"half a file")
    (folder / "another-monitor.9.parquet").write_bytes(b"not ours")
    recover(home, State(home.state_db))
    assert [path.name for path in folder.iterdir()] == [f"{FIRST}.1.parquet"]
    assert (home.orphans / "vintages" / "another-monitor.9.parquet").is_file()


def test_a_damaged_file_is_set_aside_and_the_one_before_it_serves(tmp_path) -> None:
    home = releasing.monitor(tmp_path)
    set_counts(home, 300)
    release(home, 1, FIRST)
    set_counts(home, 350)
    release(home, 2, SECOND)
    newest = home.restricted / "vintages" / f"{SECOND}.2.parquet"
    held = bytearray(newest.read_bytes())
    held[len(held) // 3] ^= 0xFF
    held[-20] ^= 0xFF
    newest.write_bytes(held)
    set_counts(home, 360)
    release(home, 3, THIRD)
    assert [row[1] for row in rows(home)] == [300.0, 360.0]
    assert (home.orphans / "vintages" / newest.name).is_file()
