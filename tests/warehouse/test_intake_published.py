"""Official series: figures and symbols as they stand, several releases side by side."""

import gzip
from datetime import date

import intake_files as files
import pytest
from intake_files import errors, queries

HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count"
)
ENGLAND = "2025,Reporting year,National,E92000001,England,,,,,,All,{},{}"
LEEDS = (
    "2025,Reporting year,Local authority,E92000001,England,E12000003,Yorkshire and The Humber,"
    "383,E08000035,Leeds,All,{},{}"
)


def series(*rows):
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, text, released_on="2025-10-30"):
    monitor.drop("c1.csv", text, "published")
    manifest = f'{{"released_on": "{released_on}"}}'
    monitor.drop("c1.csv.manifest.json", manifest, "published")
    [outcome] = monitor.take_in().outcomes
    return outcome


def figures(monitor, columns="area_code, la_code, measure, value, marker"):
    return monitor.raw("published_figures", columns)


def test_each_measure_becomes_a_figure(monitor):
    outcome = sent(monitor, series(ENGLAND.format(632830, 142900), LEEDS.format(9000, 1800)))
    assert (outcome.records, outcome.accepted, outcome.problems) == (2, 2, [])
    assert figures(monitor) == [
        ("E08000035", "383", "referral_count", 9000, None),
        ("E08000035", "383", "rereferral_count", 1800, None),
        ("E92000001", None, "referral_count", 632830, None),
        ("E92000001", None, "rereferral_count", 142900, None),
    ]


@pytest.mark.parametrize(
    ("symbol", "marker"),
    [("z", "z"), ("x", "x"), ("c", "c"), ("k", "k"), ("u", "u"), ("low", "low"), (":", "x"),
     ("~", "low"), ("..", "x")],
)  # fmt: skip
def test_symbols_are_markers_and_never_zero(monitor, symbol, marker):
    sent(monitor, series(LEEDS.format(symbol, 0)))
    assert figures(monitor, "measure, value, marker") == [
        ("referral_count", None, marker),
        ("rereferral_count", 0, None),
    ]


@pytest.mark.parametrize("value", ["1,000", "-", "n/a", "1e3", "12%", "1_0"])
def test_anything_else_keeps_its_row_out(monitor, value):
    rows = [LEEDS.format(i, i).replace(",All,", f",Part {i},") for i in range(60)]
    outcome = sent(monitor, series(*rows, LEEDS.format(f'"{value}"', 1)))
    assert errors(outcome) == [("NUMBER", 62, "referral_count")]


def test_columns_stand_in_any_order_and_case(monitor):
    rows = [line.split(",")[::-1] for line in series(ENGLAND.format(2, 1)).splitlines()]
    rows[0] = [name.upper() if name == "category" else name for name in rows[0]]
    assert not sent(monitor, "\n".join(map(",".join, rows)) + "\n").is_refused
    assert [row[3] for row in figures(monitor)] == [2, 1]


def test_a_release_without_its_date_counts_from_the_day_it_came(monitor):
    monitor.drop("c1.csv.gz", gzip.compress(series(ENGLAND.format(2, 1)).encode()), "published")
    [outcome] = monitor.take_in().outcomes
    assert [query.rule for query in queries(outcome)] == ["RELEASE_DATE_UNKNOWN"]


def test_releases_stand_side_by_side(monitor):
    sent(monitor, series(ENGLAND.format(2, 1)), "2025-10-30")
    sent(monitor, series(ENGLAND.format(4, 3)), "2026-10-29")
    assert [row["released_on"] for row in monitor.ledger()] == [
        date(2025, 10, 30),
        date(2026, 10, 29),
    ]
    assert len(figures(monitor)) == 4


def test_a_series_belongs_into_the_publisher_folder(monitor):
    monitor.drop("c1.csv", series(ENGLAND.format(2, 1)), "301")
    [outcome] = monitor.take_in().outcomes
    assert errors(outcome)[0][0] == "WRONG_SENDER"
