"""Readers always see one whole release, whatever happens to a run."""

import json
import stat
from datetime import UTC, date, datetime

import duckdb
import pytest
import work_file

from sightline.warehouse import home as homes
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger.state import State
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases
from sightline.warehouse.release import vintages
from sightline.warehouse.release.recovery import recover

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return work_file.write(tmp_path_factory.mktemp("country") / "work.duckdb")


@pytest.fixture
def home(tmp_path, country):
    home = homes.create(tmp_path / "monitor")
    home.work_db.write_bytes(country.read_bytes())
    return home


def recorder(home, draft):
    def record() -> None:
        with State(home.state_db).begin() as connection:
            row = {
                "release_id": draft.release_id, "sequence": int(draft.release_id[1:]),
                "built_at": datetime(2026, 11, 20, tzinfo=UTC), "as_of": draft.as_of,
                "content_hash": draft.content_hash, "code_version": "0.1.0", "simulated": True,
                "is_current": True,
            }  # fmt: skip
            connection.execute(recorded.insert(), [row])

    return record


def committed(home, release_id: str = "r1") -> None:
    draft = work_file.draft(home, release_id)
    about = work_file.published_before(home, State(home.state_db), release_id, draft.as_of)
    vintages.keep(home, release_id, draft.database, about)
    releases.commit(home, draft, recorder(home, draft))


def test_a_committed_release_is_current_and_verified(home) -> None:
    committed(home)
    shown = releases.current(home)
    assert shown is not None
    assert shown.release_id == "r1"
    assert releases.verify(home, "r1")


def test_the_pointer_is_relative_so_that_the_folder_can_be_moved(home) -> None:
    committed(home)
    assert str(home.current.readlink()) == "releases/r1"
    moved = home.root.rename(home.root.with_name("moved"))
    assert releases.current(homes.Home(moved)) is not None


def test_no_file_of_a_release_can_be_written(home) -> None:
    committed(home)
    modes = [path.stat().st_mode for path in (home.releases / "r1").rglob("*")]
    assert not any(mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IRWXO) for mode in modes)


def test_a_release_is_never_rewritten(home) -> None:
    committed(home)
    with pytest.raises(SightlineError, match="never rewritten"):
        releases.place(home, work_file.draft(home))


def test_a_killed_build_leaves_nothing_after_recovery(home) -> None:
    committed(home)
    work_file.draft(home, "r2")
    assert recover(home, State(home.state_db)) == "r1"
    assert [path.name for path in home.releases.iterdir()] == ["r1"]


def test_killed_before_the_record_the_former_release_stays(home) -> None:
    committed(home)
    releases.place(home, work_file.draft(home, "r2"))
    assert recover(home, State(home.state_db)) == "r1"
    assert [release.release_id for release in releases.list_releases(home)] == ["r1"]


def test_killed_after_the_record_recovery_moves_the_pointer(home) -> None:
    committed(home)
    draft = work_file.draft(home, "r2")
    releases.place(home, draft)
    recorder(home, draft)()
    assert recover(home, State(home.state_db)) == "r2"
    shown = releases.current(home)
    assert shown is not None
    assert shown.release_id == "r2"


def test_a_failed_record_leaves_readers_where_they_were(home) -> None:
    committed(home)

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        releases.commit(home, work_file.draft(home, "r2"), fail)
    shown = releases.current(home)
    assert shown is not None
    assert shown.release_id == "r1"


def test_a_release_of_the_past_does_not_become_current(home) -> None:
    committed(home)
    draft = work_file.draft(home, "r2")
    releases.commit(home, draft, lambda: None, make_current=False)
    shown = releases.current(home)
    assert shown is not None
    assert shown.release_id == "r1"


def test_a_one_line_file_serves_where_there_are_no_links(home, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("links are not possible here")

    monkeypatch.setattr("pathlib.Path.symlink_to", refuse)
    committed(home)
    assert (home.published / "CURRENT").read_text() == "r1\n"
    assert releases.current(home) is not None


def test_a_changed_byte_is_found(home) -> None:
    committed(home)
    database = home.releases / "r1" / "sightline.duckdb"
    database.chmod(0o600)
    with duckdb.connect(str(database)) as connection:
        connection.execute("update trends set value = value + 1 where indicator = 'referral_rate'")
    assert not releases.verify(home, "r1")


def kept(home, given: dict[str, str], keep: int = 1, **more: object) -> list[str]:
    """What is left of these releases, by the days that they are of; `back` looks back."""
    for release_id, day in given.items():
        folder = home.releases / release_id
        folder.mkdir()
        manifest = {
            "release_id": release_id, "as_of": day, "built_at": day, "content_hash": "x",
            "simulated": True, "code_version": "1", "looks_back": "back" in release_id,
        }  # fmt: skip
        (folder / releases.MANIFEST).write_text(json.dumps(manifest))
    since, until = date(2026, 1, 20), date(2027, 1, 20)
    gone = releases.superfluous(home, keep, since, until, **more)
    return sorted(given.keys() - {one.release_id for one in gone})


def test_the_newest_and_the_current_are_kept(home) -> None:
    for release_id in ("r1", "r2", "r3"):
        committed(home, release_id)
    releases.point(home, "r1")
    gone = releases.superfluous(home, 1, date(2030, 1, 1), date(2031, 1, 1))
    assert [one.release_id for one in gone] == ["r2"]


def test_the_newest_are_told_by_their_numbers_whatever_the_clock_said(home) -> None:
    given = {"r8": "2099-01-01", "r9": "2020-01-01", "r10": "2020-01-01"}
    assert kept(home, given, keep=2) == ["r10", "r9"]
    assert [one.release_id for one in releases.list_releases(home)] == ["r10", "r9", "r8"]


def test_the_last_of_each_month_is_kept_for_a_year(home) -> None:
    given = {
        "r1": "2026-01-19", "r2": "2026-02-03", "r3": "2026-02-28", "r4": "2026-03-01",
        "r5": "2026-12-30", "r6": "2027-01-20",
    }  # fmt: skip
    assert kept(home, given) == ["r3", "r4", "r5", "r6"]


def test_a_release_that_a_message_leads_to_is_kept(home) -> None:
    given = {"r1": "2025-01-01", "r2": "2025-01-02", "r3": "2025-01-03"}
    assert kept(home, given, linked={"r1"}) == ["r1", "r3"]


def test_looking_back_pushes_out_no_release_that_was_read(home) -> None:
    given = {"r1": "2025-01-01", "r2": "2025-02-01"}
    back = {f"back{number}": "2025-03-01" for number in range(3, 9)}
    newest = ["back6", "back7", "back8"]
    assert kept(home, given | back, keep=2) == [*newest, "r1", "r2"]
    assert {one.release_id for one in releases.superfluous_look_backs(home)} == {
        "back3", "back4", "back5",
    }  # fmt: skip


def test_a_later_date_and_what_nobody_owes_yet_are_no_news(home) -> None:
    committed(home)
    shown = releases.current(home)
    assert shown is not None
    later = {"as_of": date(2026, 12, 1), "built_at": datetime(2026, 12, 1, tzinfo=UTC)}
    assert releases.says_the_same(shown, work_file.draft(home, "r2", **later))
    add = (
        "insert into marts.fct_coverage by name select la_code, extract, date '2026-12-01' as"
        " period_start, date '2026-12-31' as period_end, date '2027-01-20' as due_on,"
        " '{status}' as status from marts.fct_coverage limit 1"
    )
    for status, is_same in (("not_due", True), ("missing", False)):
        with duckdb.connect(str(home.work_db)) as connection:
            connection.execute("delete from marts.fct_coverage where due_on = date '2027-01-20'")
            connection.execute(add.format(status=status))
        assert releases.says_the_same(shown, work_file.draft(home, "r3", **later)) is is_same


def test_other_code_is_news(home) -> None:
    committed(home)
    shown = releases.current(home)
    assert shown is not None
    assert not releases.says_the_same(shown, work_file.draft(home, "r2", code_version="0.2.0"))


def test_readers_sql_reaches_no_file(home) -> None:
    committed(home)
    with releases.open_published(home) as connection:
        assert connection.execute("select count(*) from release").fetchall() == [(1,)]
        for query in (
            f"from read_text('{home.key}')",
            f"copy trends to '{home.root}/out.csv'",
            f"attach '{home.work_db}' as work",
            "set enable_external_access = true",
            "create table t (a int)",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)


def test_without_a_release_the_reader_is_told_what_to_do(home) -> None:
    with pytest.raises(SightlineError, match="sightline run"):
        releases.open_published(home)


def test_a_reader_keeps_the_release_that_it_opened(home) -> None:
    committed(home)
    with releases.open_published(home) as before:
        committed(home, "r2")
        with releases.open_published(home) as after:
            named = [
                c.execute("select release_id from release").fetchall() for c in (before, after)
            ]
    assert named == [[("r1",)], [("r2",)]]
