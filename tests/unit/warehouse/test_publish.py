"""What a release holds, says of itself, and does not hold."""

import json
import re
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import screening
import work_file

from sightline.warehouse import home as homes
from sightline.warehouse.errors import GateFailed
from sightline.warehouse.release import build as publish
from sightline.warehouse.release import package
from sightline.warehouse.release.tables import published_tables, undescribed

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = homes.create(tmp_path_factory.mktemp("monitor"))
    work_file.write(home.work_db)
    return home


@pytest.fixture(scope="module")
def draft(home):
    return work_file.draft(home)


@pytest.fixture(scope="module")
def published(draft):
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        yield connection


def one(connection, query: str):
    [row] = connection.execute(query).fetchall()
    return row


def test_only_the_listed_tables_are_published(published) -> None:
    found = {
        name for (name,) in published.execute("select table_name from duckdb_tables()").fetchall()
    }
    assert found == {table.name for table in published_tables()}


def test_every_table_view_and_column_is_described(published) -> None:
    assert undescribed(published) == []


def test_an_older_client_can_read_the_file(published) -> None:
    tags = "select tags['storage_version'] from duckdb_databases() where not internal"
    assert one(published, tags) == ("v1.0.0+",)  # which 1.1 writes


def test_keys_and_required_columns_are_declared(published) -> None:
    rows = published.execute(
        """
        select table_name, constraint_type, constraint_column_names from duckdb_constraints()
        where constraint_type in ('PRIMARY KEY', 'NOT NULL')
        """
    ).fetchall()
    keys = {name: tuple(columns) for name, kind, columns in rows if kind == "PRIMARY KEY"}
    required = {(name, column) for name, kind, [column, *_] in rows if kind == "NOT NULL"}
    tables = published_tables()
    assert keys == {table.name: table.key for table in tables}
    assert required >= {
        (table.name, name)
        for table in tables
        for name, column in table.columns.items()
        if column.is_required
    }


def test_every_indicator_value_has_one_row(home, draft) -> None:
    with duckdb.connect(str(home.work_db), read_only=True) as work:
        values = one(work, "select count(*) from marts.fct_indicator_values")
    assert draft.rows["trends"] == values[0]


def test_no_small_or_exact_count_of_our_own_is_published(published) -> None:
    small = "select count(*) from trends where source = 'extracts' and numerator between 1 and 7"
    assert one(published, small) == (0,)
    exact = """
        select count(*) from trends where source = 'extracts'
        and numerator % case when area_level = 'local_authority' then 5 else 10 end <> 0
    """
    assert one(published, exact) == (0,)
    assert one(published, "select count(*) > 0 from trends where marker = 'c'") == (True,)


def test_control_changes_no_judgement_on_a_figure_that_is_shown(home, published) -> None:
    key = "indicator, area_code, period_type, period_start, breakdown, source"
    query = f"select {key}, status, reason, marker from {{}} order by all"
    told = published.execute(query.format("trends where status is not null")).df()
    with duckdb.connect(str(home.work_db), read_only=True) as work:
        found = work.execute(f"select {key}, status, reason from marts.fct_signals").df()
    both = found.merge(told, on=key.split(", "), suffixes=("_found", ""), validate="one_to_one")
    assert len(both) == len(found)
    shown = both[both["marker"] != "c"]
    assert shown["status"].tolist() == shown["status_found"].tolist()
    assert set(shown["status"]) >= {"ok", "worsening", "improving"}
    assert set(both["status"]) - {"not_assessable"} <= set(both["status_found"])


def test_an_official_count_of_three_is_published(published) -> None:
    found = "select numerator from trends where source <> 'extracts' and numerator < 6"
    assert one(published, found) == (3,)


def test_an_official_figure_of_the_same_month_is_not_judged_as_our_own(tmp_path) -> None:
    home = homes.create(tmp_path / "monitor")
    work_file.write(home.work_db)
    with duckdb.connect(str(home.work_db)) as work:
        work.execute(
            "insert into marts.fct_indicator_values"
            " select * replace ('published_referrals' as source) from marts.fct_indicator_values"
            " where source = 'extracts' and period_type = 'month' and reason is null"
        )
    draft = work_file.draft(home, "official")
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        judged = (
            "select count(*) > 0, count(expected), count(status), min(reason), max(reason)"
            " from trends where source = 'published_referrals' and period_type = 'month'"
        )
        assert one(connection, judged) == (True, 0, 0, "published_series", "published_series")


def test_a_missing_return_is_a_row_that_says_so(published) -> None:
    found = f"""
        select value, marker, status, reason from trends
        where area_code = '{work_file.SILENT}' and period_start = date '{work_file.LAST_MONTH}'
            and indicator = 'referral_rate' and period_type = 'month'
    """
    assert one(published, found) == (None, "x", "not_assessable", "no_return")


def test_months_before_the_tested_ones_say_that_they_were_not_tested(published) -> None:
    found = """
        select distinct status, reason from trends
        where period_start < date '2024-11-01' and source = 'extracts' and marker is null
    """
    assert one(published, found) == ("not_assessable", "not_tested")


def test_evidence_is_of_released_rows_and_nothing_where_they_show_no_figure(published) -> None:
    row = f"""
        select value, expected from trends where indicator = 'referral_rate'
            and area_code = '{work_file.WORSENING}' and source = 'extracts'
            and period_start = date '{work_file.LAST_MONTH}'
    """
    figures = dict(published.execute("select alert_id, summary from alerts").fetchall())
    events = dict(published.execute("select alert_id, evidence from alert_events").fetchall())
    evidence, judged = json.loads(events["a-leeds"]), json.loads(figures["a-leeds"])
    assert (evidence["value"], evidence["expected"]) == one(published, row)
    assert (judged["newest_value"], judged["newest_expected"]) == one(published, row)
    assert judged["value"] < judged["lower"] < judged["expected"]
    assert (figures["a-rutland"], events["a-rutland"]) == (None, None)
    hidden = f"""
        select marker from trends where indicator = 're_referral_rate'
            and area_code = '{work_file.SMALL}' and period_start = date '{work_file.LAST_MONTH}'
    """
    assert one(published, hidden) == ("c",)


def test_a_persons_words_and_name_stay_inside(draft, published) -> None:
    assert one(published, "select count(*) from alert_events where reason is not null") == (0,)
    for path in draft.folder.rglob("*"):
        if path.is_file():
            held = path.read_bytes()
            assert b"Jane Doe" not in held
            assert b"Somebody Real" not in held
            assert b"CANARY" not in held


def test_numbers_of_records_are_rounded(published) -> None:
    rows = published.execute("select records, quarantined, duplicates from submissions").fetchall()
    assert rows == [(1200, 10, 0)] * 3


def test_a_linkage_rate_is_told_only_where_it_gives_no_small_count_back(published) -> None:
    rows = published.execute(
        "select extract, records, share, marker, conflicts from linkage order by extract"
    ).fetchall()
    assert rows == [
        ("cin_census", 100, None, "x", 10),
        ("school_census", 500, None, "c", 0),
        ("ssd", 1230, 0.82, None, 0),
        ("ssda903", 400, None, "c", 20),
    ]


def test_a_problem_is_told_without_the_name_of_the_file(published) -> None:
    found = "select first_problem from submissions where submission_id = 3"
    assert one(published, found) == ("TRUNCATED, line 7914: the last line is cut off",)


def test_a_later_submission_of_the_same_period_is_named(published) -> None:
    found = "select is_in_force, superseded_by from submissions where submission_id = 1"
    assert one(published, found) == (False, 2)


def test_the_same_inputs_give_the_same_hash_under_another_name(home, draft) -> None:
    again = work_file.draft(home, "r2")
    assert again.content_hash == draft.content_hash


def test_another_alert_gives_another_hash(home, draft) -> None:
    other = work_file.draft(home, "r3", alerts_rows=[])
    assert other.content_hash != draft.content_hash


def test_parquet_and_database_hold_the_same(draft, published) -> None:
    for table in published_tables():
        file = draft.folder / "parquet" / f"{table.name}.parquet"
        rows = f"select count(*) from (from {table.name} except all from read_parquet('{file}'))"
        assert one(published, rows) == (0,)


def test_the_open_data_view_keeps_markers_in_place_of_figures(published) -> None:
    found = f"""
        select value from ees_month
        where new_la_code = '{work_file.SILENT}' and time_period = '2026'
            and time_identifier = 'October' and indicator = 'referral_rate'
    """
    assert one(published, found) == ("x",)


def test_every_open_data_file_passes_the_screening_after_disclosure_control(draft) -> None:
    files = [screening.read(path) for path in screening.data_files(draft.folder / "tables")]
    assert any((file.data["value"] == "c").any() for file in files)
    assert {file.name: screening.failures(file) for file in files if screening.failures(file)} == {}


def test_the_manifest_says_what_is_in_the_release(draft) -> None:
    manifest = json.loads((draft.folder / "manifest.json").read_text())
    assert manifest["content_hash"] == draft.content_hash
    assert manifest["tables"] == draft.rows
    assert manifest["simulated"] is True


def test_a_file_that_was_not_closed_does_not_count(draft, tmp_path) -> None:
    copy = tmp_path / draft.database.name
    copy.write_bytes(draft.database.read_bytes())
    copy.with_name(copy.name + ".wal").touch()
    with pytest.raises(GateFailed, match="not closed"):
        publish.verify_database(copy)


def test_a_table_that_is_not_listed_does_not_pass(draft, tmp_path) -> None:
    copy = tmp_path / draft.database.name
    copy.write_bytes(draft.database.read_bytes())
    with duckdb.connect(str(copy)) as connection:
        connection.execute("create table children (name varchar)")
    with pytest.raises(GateFailed, match="exactly the published tables"):
        publish.verify_database(copy)


def test_our_count_of_a_year_is_told_only_where_each_of_its_months_is(published) -> None:
    rows = published.execute(
        "select la_code, official, counted, marker, difference, verdict, reason"
        " from reconciliation order by la_code"
    ).fetchall()
    assert rows == [
        ("383", 8000, 8100, None, 100, "agrees", None),
        ("831", 3000, 2500, None, -500, "differs", None),
        ("856", 4000, None, "x", None, "not_comparable", "months_missing"),
        ("857", 40, None, "c", None, "not_comparable", "withheld"),
    ]
    hidden = f"""
        select count(*) > 0 from trends
        where indicator = 're_referral_rate' and area_code = '{work_file.SMALL}' and marker = 'c'
            and period_start between date '2025-04-01' and date '2026-03-01'
    """
    assert one(published, hidden) == (True,)


def test_a_count_of_twelve_months_is_withheld_with_the_month_at_the_years_end_alone(
    tmp_path,
) -> None:
    """Of the months before it trends tell nothing that the year would give back."""
    home = homes.create(tmp_path)
    work_file.write(home.work_db)
    with duckdb.connect(str(home.work_db)) as work:
        work.execute("update control.indicators set months_before = 11")
    with duckdb.connect(str(work_file.draft(home).database), read_only=True) as connection:
        last = f"""
            select marker is not distinct from 'c' from trends
            where indicator = 're_referral_rate' and area_code = '{work_file.SMALL}'
                and period_start = date '2026-03-01'
        """
        [is_hidden] = one(connection, last)
        [counted] = one(connection, "select counted from reconciliation where la_code = '857'")
    assert (counted is None) == is_hidden


def test_parquet_files_describe_themselves(draft) -> None:
    for table in published_tables():
        schema = pq.read_schema(draft.folder / "parquet" / f"{table.name}.parquet")
        assert schema.metadata[b"description"].decode() == table.description
        assert json.loads(schema.metadata[b"primary_key"]) == list(table.key)
        said = {field.name: field.metadata[b"description"].decode() for field in schema}
        assert said == {name: column.description for name, column in table.columns.items()}
        assert json.loads(schema.metadata[b"columns"]) == said


def test_the_data_package_describes_every_file_of_data(draft) -> None:
    described = json.loads((draft.folder / "datapackage.json").read_text("utf-8"))
    resources = {one["path"]: one for one in described["resources"]}
    files = {
        path.relative_to(draft.folder).as_posix()
        for path in draft.folder.rglob("*")
        if path.suffix in (".csv", ".parquet") and not path.name.endswith(".meta.csv")
    }
    assert resources.keys() == files
    names = [one["name"] for one in described["resources"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name in names)
    for one in described["resources"]:
        fields = [field["name"] for field in one["schema"]["fields"]]
        assert all(field["description"] for field in one["schema"]["fields"])
        assert set(one["schema"].get("primaryKey", [])) <= set(fields)
        for key in one["schema"].get("foreignKeys", []):
            [referred] = [
                other for other in described["resources"]
                if other["name"] == key["reference"]["resource"]
            ]  # fmt: skip
            held = {field["name"] for field in referred["schema"]["fields"]}
            assert set(key["fields"]) <= set(fields)
            assert set(key["reference"]["fields"]) <= held


def test_simulated_figures_are_called_so_in_the_data_package(draft) -> None:
    said = json.loads((draft.folder / "datapackage.json").read_text("utf-8"))
    assert said["simulated"] is True
    assert said["title"].startswith("[SIMULATED] ")
    assert "not statistics" in said["description"]


@pytest.mark.parametrize(
    ("own", "is_simulated", "named"),
    [
        ("OGL-UK-3.0", False, ["Open Government Licence v3.0"]),
        ("", True, ["Open Government Licence v3.0, of the published series alone"]),
        ("CC-BY-4.0", False, [None, "Open Government Licence v3.0, of the published series alone"]),
    ],
)
def test_the_data_package_names_the_licence(
    draft, published, tmp_path, own, is_simulated, named
) -> None:
    release = {
        "release_id": "r1",
        "built_at": datetime(2026, 11, 20, tzinfo=UTC),
        "simulated": is_simulated,
    }
    package.write_package(tmp_path, release, published, own)
    said = json.loads((tmp_path / package.PACKAGE).read_text("utf-8"))
    assert [one.get("title") for one in said["licenses"]] == named
    assert said["licenses"][0]["name"] == (own or "OGL-UK-3.0")
    assert said["title"].startswith("[SIMULATED]") == is_simulated


def test_where_nothing_is_licensed_no_licence_is_named(tmp_path) -> None:
    release = {
        "release_id": "r1",
        "built_at": datetime(2026, 11, 20, tzinfo=UTC),
        "simulated": False,
    }
    with duckdb.connect() as connection:
        connection.execute("create table trends (source varchar)")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(package.dictionary, "columns", lambda _: [])
            package.write_package(tmp_path, release, connection)
    assert "licenses" not in json.loads((tmp_path / package.PACKAGE).read_text("utf-8"))


def test_the_types_of_the_data_package_are_those_of_the_files(draft) -> None:
    described = json.loads((draft.folder / "datapackage.json").read_text("utf-8"))
    arrow = {
        "integer": pa.types.is_integer,
        "number": pa.types.is_floating,
        "string": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "date": pa.types.is_date,
        "datetime": pa.types.is_timestamp,
        "boolean": pa.types.is_boolean,
    }
    for one in described["resources"]:
        if one["format"] == "parquet":
            schema = pq.read_schema(draft.folder / one["path"])
            for field in one["schema"]["fields"]:
                assert arrow[field["type"]](schema.field(field["name"]).type), field
