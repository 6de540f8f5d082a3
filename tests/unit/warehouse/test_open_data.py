"""The open-data files of every kind of period, screened by the Department's rules; and that each
rule fails on a file that breaks it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import screening
from screening import DataFile

from sightline.warehouse.release import open_data
from sightline.warehouse.release.tables import published_tables

AREAS = Path(__file__).parents[3] / "dbt_project" / "seeds" / "areas.csv"
ENGLAND, LONDON, INNER, LEEDS = "E92000001", "E12000007", "E13000001", "E08000035"
FORMER_DORSET = "E10000009"
SHARE, JOINT, PARTS = "re_referral_rate", "divergence", "exploitation_factor_rate"
PERIODS = {
    "month": (date(2026, 9, 1), date(2026, 9, 30)),
    "week": (date(2024, 12, 30), date(2025, 1, 3)),
    "quarter": (date(2025, 1, 1), date(2025, 3, 31)),
    "term": (date(2026, 1, 1), date(2026, 3, 31)),
    "financial_year": (date(2024, 4, 1), date(2025, 3, 31)),
    "academic_year": (date(2099, 9, 1), date(2100, 8, 31)),
    "year_to_date": (date(2025, 9, 1), date(2026, 8, 31)),
    "mid_year": (date(2024, 7, 1), date(2025, 6, 30)),
}
WEEK_53 = (date(2026, 12, 28), date(2027, 1, 1))


def row(indicator=SHARE, period_type="month", area=ENGLAND, period=None, **more) -> dict:
    start, end = period or PERIODS[period_type]
    level = {ENGLAND: "country", LONDON: "region", INNER: "sub_region"}
    return {
        "indicator": indicator,
        "period_type": period_type,
        "period_start": start,
        "period_end": end,
        "area_code": area,
        "area_level": level.get(area, "local_authority"),
        "la_code": {LEEDS: "383", FORMER_DORSET: "835"}.get(area),
        "breakdown": "total",
        "source": "extracts",
        "numerator": 10.0,
        "denominator": 40.0,
        "value": 25.0,
        "marker": None,
    } | more


def marked(marker, *about, **more) -> dict:
    return row(
        *about, marker=marker, **{"numerator": None, "denominator": None, "value": None} | more
    )


ROWS = [
    *(row(period_type=kind, area=area) for kind in PERIODS for area in (ENGLAND, LONDON, INNER)),
    *(row(period_type=kind, area=LEEDS, value=0.00001) for kind in PERIODS),
    row(period_type="week", period=WEEK_53),
    row(period_type="academic_year", area=FORMER_DORSET),
    *(
        row(JOINT, area=area, numerator=None, denominator=None, value=value)
        for area, value in ((ENGLAND, -1.25), (LONDON, -0.0), (LEEDS, 1e7))
    ),
    *(
        row(PARTS, "financial_year", source="published_factors", breakdown=part)
        for part in ("gangs", "child_criminal_exploitation")
    ),
    *(
        row(PARTS, "academic_year", source="published_factors", breakdown=part)
        for part in ("total", " =HYPERLINK(1)", "@part", "-part", "+1 or more", "-5")
    ),
    *(
        marked(marker, period=(date(2026, number, 1), date(2026, number, 28)))
        for number, marker in enumerate(("c", "low", "high", "k", "u", "x", "z", "p"), 1)
    ),
    marked("c", area=LEEDS, period=(date(2026, 1, 1), date(2026, 1, 31)), denominator=40.0),
    marked("k", "suspension_rate", "academic_year", source="published_exclusions"),
]


def marked_value(rows: pd.DataFrame, identifier: str) -> tuple[str, str, str]:
    [cells] = rows[
        (rows["time_identifier"] == identifier) & (rows["geographic_level"] == "National")
    ][["numerator", "denominator", "value"]].values
    return tuple(cells)


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    tables = {table.name: table for table in published_tables()}
    trends = pd.DataFrame(ROWS)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{folder / 'sightline.duckdb'}' as published")
        for name in ("indicators", "areas", "area_codes", "trends"):
            columns = ", ".join(f"{n} {held.type}" for n, held in tables[name].columns.items())
            connection.execute(f"create table published.{name} ({columns})")
        connection.register("written", trends)
        connection.execute("insert into published.trends by name from written")
        codes = pd.read_csv(AREAS, dtype=str)
        former = codes["area_code"] == FORMER_DORSET
        newest = codes[former | codes["valid_to"].isna()].copy()
        newest.loc[former, "area_name"] = "Dorset (until 2019)"
        for name, frame in (("areas", newest), ("area_codes", codes)):
            known = frame[[column for column in frame if column in tables[name].columns]]
            connection.register("places", known)
            connection.execute(f"insert into published.{name} by name from places")
        for number, (name, joint) in enumerate(
            ((SHARE, False), (JOINT, True), (PARTS, False), ("suspension_rate", False))
        ):
            connection.execute(
                "insert into published.indicators by name select ? as indicator, ? as name,"
                " 'exposure' as family, 'proportion' as kind,"
                " 'per cent of referrals' as unit, 1 as decimals,"
                " ? as numerator, ? as denominator, ? as code, 'down' as bad_direction",
                [name, name, *([None] * 2 if joint else ["part", "whole"]), str(number)],
            )
        open_data.create_views(connection)
        open_data.write_files(connection, folder / "tables")
        connection.execute("detach published")
    return folder


@pytest.fixture(scope="module")
def files(release) -> dict[str, DataFile]:
    return {path.stem: screening.read(path) for path in screening.data_files(release / "tables")}


@pytest.fixture(scope="module")
def published(release) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release / "sightline.duckdb"), read_only=True) as connection:
        yield connection


@pytest.fixture
def clean(files) -> DataFile:
    """A file with a filter and every level, without any fault."""
    file = files[f"{SHARE}_month"]
    data = file.data.copy()
    part = data.assign(breakdown="girls")
    meta = pd.concat([_filter("breakdown"), file.meta], ignore_index=True)
    return replace(file, data=pd.concat([data, part], ignore_index=True), meta=meta)


def _filter(name: str) -> pd.DataFrame:
    empty = dict.fromkeys(open_data.METADATA_COLUMNS, "")
    return pd.DataFrame([empty | {"col_name": name, "col_type": "Filter", "label": f"By {name}"}])


@pytest.mark.parametrize("rule", screening.RULES)
def test_every_kind_of_period_passes(rule, files) -> None:
    found = {name: screening.RULES[rule](file) for name, file in files.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_what_the_standard_does_not_name_has_no_file_and_the_folder_says_where_it_is(
    files, release, published
) -> None:
    assert not [name for name in files if "mid_year" in name or "year_to_date" in name]
    assert set(files[f"{SHARE}_week"].data["time_identifier"]) == {"Week 1"}
    about = (release / "tables" / open_data.README).read_text("utf-8")
    assert all(said in about for said in ("'mid_year'", "'year_to_date'", "53rd week", "trends"))
    views = published.execute("select view_name from duckdb_views() where not internal").fetchall()
    assert {name for (name,) in views} == {f"ees_{kind}" for kind in open_data.PERIOD_TYPES}


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("month", ("2026", "September")),
        ("week", ("2025", "Week 1")),
        ("quarter", ("202425", "Financial year Q4")),
        ("term", ("202526", "Spring term")),
        ("financial_year", ("2025", "Reporting year")),
        ("academic_year", ("209900", "Academic year")),
    ],
)
def test_a_period_is_named_as_the_department_does(kind, named, published) -> None:
    query = f"""
        select time_period, time_identifier from ees_{kind}
        where indicator = '{SHARE}' and geographic_level = 'National' and value = '25'
    """
    assert published.execute(query).fetchall() == [named]


@pytest.mark.parametrize(
    ("start", "identifier"),
    [("2025-09-01", "Autumn term"), ("2026-01-01", "Spring term"), ("2026-04-01", "Summer term")],
)
def test_each_term_has_its_name(start, identifier, published) -> None:
    shape = open_data.SHAPE.read_text("utf-8").replace("published.trends", "moved")
    query = f"""
        with moved as (
            select * replace (date '{start}' as period_start) from trends
            where period_type = 'term'
        )
        select distinct time_period, time_identifier from ({shape.replace("published.", "")})
    """
    assert published.execute(query).fetchall() == [("202526", identifier)]


def test_figures_are_plain_numbers_and_symbols(files) -> None:
    joint = files[f"{JOINT}_month"].data
    assert set(joint["value"]) == {"-1.25", "0", "10000000"}
    assert set(joint["numerator"]) == {"z"}
    rows = files[f"{SHARE}_month"].data
    assert set(rows.loc[rows["geographic_level"] == "Local authority", "value"]) == {"0.00001", "c"}
    assert {one: marked_value(rows, one) for one in screening.MONTHS[:8]} == {
        "January": ("c", "c", "c"),
        "February": ("c", "c", "low"),
        "March": ("c", "c", "c"),
        "April": ("k", "k", "k"),
        "May": ("u", "u", "u"),
        "June": ("x", "x", "x"),
        "July": ("z", "z", "z"),
        "August": ("x", "x", "x"),
    }


def test_a_public_denominator_stays_beside_a_withheld_count(files) -> None:
    rows = files[f"{SHARE}_month"].data
    [cells] = rows[(rows["la_name"] == "Leeds") & (rows["time_identifier"] == "January")].values
    assert list(cells[-3:]) == ["c", "40", "c"]


def test_provisional_and_revised_figures_say_so_beside_the_figure(published) -> None:
    shape = open_data.SHAPE.read_text("utf-8").replace("published.trends", "marked")
    query = f"""
        with marked as (
            select * replace (flags.p as is_provisional, flags.r as is_revised)
            from trends
            cross join (
                values (false, false), (true, false), (false, true), (true, true)
            ) as flags(p, r)
            where indicator = '{SHARE}' and period_type = 'term' and area_code = '{ENGLAND}'
        )
        select status, numerator, value from ({shape.replace("published.", "")}) order by status
    """
    assert published.execute(query).fetchall() == [
        (status, "10", "25")
        for status in ("Final", "Provisional", "Provisional and revised", "Revised")
    ]


def test_a_status_is_a_filter_where_a_file_has_several(published) -> None:
    shape = open_data.SHAPE.read_text("utf-8").replace("published.trends", "marked")
    metadata = open_data.METADATA.read_text("utf-8")
    query = f"""
        with marked as (
            select * replace (period_start > date '2026-03-01' as is_provisional) from trends
            where indicator = '{SHARE}' and period_type = 'month'
        ),
        open_data as ({shape.replace("published.", "")})
        select col_name, filter_default from ({metadata.replace("published.", "")})
        where col_type = 'Filter'
    """
    assert ("status", "Final") in published.execute(query).fetchall()


def test_parts_without_a_total_have_a_file_each(files) -> None:
    assert f"{PARTS}_financial_year" not in files
    gangs = files[f"{PARTS}_financial_year_gangs"]
    assert set(gangs.data["breakdown"]) == {"gangs"}
    assert gangs.filters == []


def test_text_is_no_formula_and_a_number_stays_one(files) -> None:
    assert set(files[f"{PARTS}_academic_year"].data["breakdown"]) == {
        "Total", "'=HYPERLINK(1)", "'@part", "'-part", "'+1 or more", "-5",
    }  # fmt: skip


def test_a_proportion_is_in_per_cent_and_a_count_is_not(files) -> None:
    rows = files[f"{SHARE}_month"].meta.set_index("col_name")
    assert rows["indicator_unit"].to_dict() == {"numerator": "", "denominator": "", "value": "%"}
    assert rows["label"]["value"] == f"{SHARE} (per cent of referrals)"
    assert rows["indicator_dp"].to_dict() == {"numerator": "0", "denominator": "0", "value": "1"}


def test_every_view_and_column_is_described(published) -> None:
    bare = """
        select table_name, column_name from duckdb_columns()
        where starts_with(table_name, 'ees_') and comment is null
        union all
        select view_name, '' from duckdb_views()
        where starts_with(view_name, 'ees_') and comment is null
    """
    assert published.execute(bare).fetchall() == []


Change = Callable[[DataFile], DataFile]


def data(**cells) -> Change:
    """The first row with other cells."""
    return lambda file: replace(
        file, data=pd.concat([file.data.head(1).assign(**cells), file.data], ignore_index=True)
    )


def every(**cells) -> Change:
    return lambda file: replace(file, data=file.data.assign(**cells))


def without(*names) -> Change:
    return lambda file: replace(file, data=file.data.drop(columns=list(names)))


def renamed(old, new) -> Change:
    return lambda file: replace(file, data=file.data.rename(columns={old: new}))


def meta(column="breakdown", /, **cells) -> Change:
    """The metadata of one column with other cells."""

    def change(file: DataFile) -> DataFile:
        changed = file.meta.copy()
        for name, cell in cells.items():
            changed.loc[file.meta["col_name"] == column, name] = cell
        return replace(file, meta=changed)

    return change


def both(*changes: Change) -> Change:
    def change(file: DataFile) -> DataFile:
        for one in changes:
            file = one(file)
        return file

    return change


def level(name: str, **cells) -> Change:
    """Every row of a level with other cells."""

    def change(file: DataFile) -> DataFile:
        changed = file.data.copy()
        for column, cell in cells.items():
            changed.loc[changed["geographic_level"] == name, column] = cell
        return replace(file, data=changed)

    return change


def another_filter(name: str) -> Change:
    def change(file: DataFile) -> DataFile:
        values = ["Total", *["other"] * (len(file.data) - 1)]
        rows = pd.concat([file.meta, _filter(name)], ignore_index=True)
        return replace(file, data=file.data.assign(**{name: values}), meta=rows)

    return change


def many_items(file: DataFile) -> DataFile:
    rows = file.data.loc[[0] * (screening.MOST_ITEMS + 1)].reset_index(drop=True)
    items = rows.assign(breakdown=[f"item {number}" for number in range(len(rows))])
    return replace(file, data=pd.concat([items, file.data], ignore_index=True))


FAULTS: dict[str, Change] = {
    "filename_spaces": lambda file: replace(file, name="a b.csv"),
    "filename_special": lambda file: replace(file, meta_name="a+b.meta.csv"),
    "filenames_match": lambda file: replace(file, meta_name="other.meta.csv"),
    "col_req_data": without("country_name"),
    "col_req_meta": lambda file: replace(file, meta=file.meta.drop(columns="filter_hint")),
    "col_invalid_meta": lambda file: replace(file, meta=file.meta.assign(notes="")),
    "col_to_rows": lambda file: replace(file, meta=pd.concat([file.meta] * 5, ignore_index=True)),
    "cross_meta_to_data": without("numerator"),
    "cross_data_to_meta": both(every(extra="0"), data(extra="1")),
    "col_names_spaces": renamed("numerator", "the numerator"),
    "col_snake_case": renamed("numerator", "Numerator"),
    "col_var_start": renamed("numerator", "1_numerator"),
    "col_var_characteristic": another_filter("characteristic"),
    "col_ind_smushed": meta("numerator", col_name="numerator_male"),
    "harmonised_variables": another_filter("ethnic_group"),
    "time_id_valid": every(time_identifier="Mid-year"),
    "time_id_mix": data(time_identifier="Academic year"),
    "time_period_num": data(time_period="2025/26"),
    "time_period": data(time_period="202526"),
    "time_period_six": every(time_period="202527"),
    "geog_level": data(geographic_level="Sub-region"),
    "geog_level_present": without("region_name"),
    "geog_region_col_present": without("region_name"),
    "geog_la_col_present": without("old_la_code"),
    "geog_level_completed": level("Local authority", la_name=""),
    "geog_overcompleted_cols": level("National", region_code="E12000007", region_name="London"),
    "geog_region_for_la": level("Local authority", region_code="", region_name=""),
    "geog_country_combos": every(country_name="Britain"),
    "geog_region_combos": level("Regional", region_name="Londonium"),
    "geog_la_combos": level("Local authority", la_name="Leeds (until 2020)"),
    "geog_other_columns": every(lad_code="E07000223"),
    "geog_ignored_rows": data(geographic_level="School"),
    "filter_not_singular": every(breakdown="Total"),
    "filter_blanks": data(breakdown=""),
    "filter_defaults": lambda file: replace(
        file, data=file.data.replace({"breakdown": {"Total": "boys"}})
    ),
    "filter_ob_total": level("Regional", region_name="All"),
    "filter_whitespace": data(breakdown="girls "),
    "filter_item_limit": many_items,
    "filter_group_level": both(
        lambda file: replace(
            file, data=file.data.assign(kind=[str(number) for number in range(len(file.data))])
        ),
        meta(filter_grouping_column="kind"),
    ),
    "general_dupes": data(),
    "general_null": data(value="NA"),
    "ind_invalid_entry": data(value=""),
    "meta_col_name": meta("numerator", col_name=""),
    "meta_col_name_spaces": meta("numerator", col_name="the numerator"),
    "meta_col_name_dupe": meta("numerator", col_name="value"),
    "meta_col_type": meta(col_type="Dimension"),
    "meta_ob_unit": another_filter("region_name"),
    "meta_geog_catch": another_filter("school_id"),
    "meta_label": meta(label=" "),
    "meta_dupe_label": meta("numerator", label="By breakdown"),
    "meta_indicator_grouping": meta(indicator_grouping="Exposure"),
    "meta_ind_unit": meta(indicator_unit="%"),
    "meta_indicator_dp": meta(indicator_dp="1"),
    "meta_filter_hint": meta("value", filter_hint="Choose"),
    "meta_fil_grp": meta("value", filter_grouping_column="breakdown"),
    "meta_fil_grp_dupe": both(
        another_filter("other"),
        meta(filter_grouping_column="kind"),
        meta("other", filter_grouping_column="kind"),
    ),
    "meta_fil_grp_is_fil": meta(filter_grouping_column="kind"),
    "meta_fil_grp_match": meta(filter_grouping_column="kind"),
    "meta_fil_grp_stripped": both(
        lambda file: replace(
            file, data=file.data.assign(kind=["a b", *["ab"] * (len(file.data) - 1)])
        ),
        meta(filter_grouping_column="kind"),
    ),
    "meta_ind_unit_validation": meta("value", indicator_unit="per cent"),
    "meta_ind_dp_set": meta("value", indicator_dp=""),
    "meta_ind_dp_values": meta("value", indicator_dp="-1"),
    "api_char_col_name": renamed("numerator", "n" * 51),
    "api_char_col_label": meta(label="l" * 101),
    "api_char_loc_code": level("Regional", region_code="E" * 31),
    "api_char_filter_items": data(breakdown="b" * 121),
}


def test_the_file_without_a_fault_passes(clean) -> None:
    assert screening.failures(clean) == {}


@pytest.mark.parametrize("rule", screening.RULES)
def test_a_rule_fails_on_a_file_that_breaks_it(rule, clean) -> None:
    assert screening.RULES[rule](FAULTS[rule](clean))
