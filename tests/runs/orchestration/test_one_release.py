"""One bad official file among ten good ones: it is named, and the others' figures stay."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import intake_files as files
import pytest
from intake_files import Monitor
from released import AREAS, IDENTITY, Released, change_facts, released

from sightline.orchestration import run

SIZES = {"England": 1000, "Yorkshire": 100, "Leeds": 10, "Barnsley": 5}


@dataclass(frozen=True)
class Series:
    """A made-up release: its own columns, the row of an area of a size, and its periods."""

    columns: str
    row: Callable[[int], str]
    kind: str = "Reporting year"
    periods: tuple[str, ...] = tuple(str(year) for year in range(2015, 2026))

    def text(self, change: Callable[[str], str] = str, periods: tuple[str, ...] = ()) -> str:
        """A release, each of its rows changed."""
        rows = [
            change(f"{period},{self.kind},{AREAS[area]},{self.row(size * 40)}")
            for period in periods or self.periods
            for area, size in SIZES.items()
        ]
        return "\n".join([f"{IDENTITY},{self.columns}", *rows]) + "\n"


ACADEMIC = {
    "kind": "Academic year",
    "periods": tuple(f"{year}{year % 100 + 1}" for year in range(2013, 2024)),
}
REFERRALS = Series(
    "category,referral_count,rereferral_count,no_further_action_count",
    lambda n: f"Referrals and Re-referrals,{n * 5},{n},{n // 2}",
)
SUSPENSIONS = Series(
    "school_type,headcount,perm_excl,suspension,one_plus_susp",
    lambda n: f"Total,{n * 90},{n // 40},{n * 6},{n * 2}",
    **ACADEMIC,
)
MISSING = Series("missing_status,number", lambda n: f"Children looked after during the year,{n}")
SOCIAL_CARE = Series(
    "social_care_group,t_pupils,t_perm_excl,t_one_plus_sus",
    lambda n: f"CINO at 31 March,{n * 20},{n // 40},{n}",
    **ACADEMIC,
)
LONG = "Short Desc,Data item,Years,LA and Regions,Values,LA Number,Region\n"
GOOD = {
    "referrals_2024.csv": REFERRALS.text(periods=REFERRALS.periods[:-1]),
    "referrals_2025.csv": REFERRALS.text(),
    "suspensions.csv": SUSPENSIONS.text(),
    "social_care.csv": SOCIAL_CARE.text(),
    "missing.csv": MISSING.text(),
    "population.csv": Series(
        "age_group,population_estimate", lambda n: f"Children aged 0 to 17 years,{n * 100}"
    ).text(),
    "factors.csv": Series(
        "category,Episodes_with_assessment_factor,Gangs,Child_criminal_exploitation",
        lambda n: f"Factors identified at the end of assessment,{n * 4},{n // 9},{n // 5}",
    ).text(),
    "looked_after.csv": Series(
        "population_type,population_estimate,children_count,rate_per_10000",
        lambda n: f"Children looked after on 31 March each year,{n * 100},{n},67",
    ).text(),
    "attendance.csv": Series(
        "education_phase,possible_sessions,overall_absence,reason_e_authorised_excluded",
        lambda n: f"Total,{n * 100},{n * 6},{n // 9}",
        kind="Week 12",
        periods=("2025", "2026"),
    ).text(),
    "lait.csv": LONG
    + "".join(f"TotAbs,,{year},England,{year / 400},970.0,NA\n" for year in range(2016, 2026)),
}


def rows_of(text: str, keep: Callable[[str], bool]) -> str:
    head, *rows = text.splitlines()
    return "\n".join([head, *filter(keep, rows)]) + "\n"


# What came with one file each; those that intake lets in are newer releases of a good series.
SENT = {
    "terms": SUSPENSIONS.text(lambda row: row.replace("Academic year", "Autumn term")),
    "some terms": SUSPENSIONS.text(
        lambda row: row.replace("Academic year", "Spring term") if row < "2016" else row
    ),
    "financial years": MISSING.text(lambda row: row.replace("Reporting", "Financial")),
    "six digits": SUSPENSIONS.text(lambda row: row.replace("201819", "201899")),
    "years to come": REFERRALS.text(periods=("2925", "9999", "0000")),
    "negative": REFERRALS.text(lambda row: row.replace(",200,", ",-200,")),
    "contradictory": SUSPENSIONS.text(lambda row: row.replace("Total,36000,", "Total,0,")),
    "told twice": REFERRALS.text() + REFERRALS.text(lambda row: f"{row}0").partition("\n")[2],
    "other levels": SUSPENSIONS.text(lambda row: row.replace("Local authority", "School")),
    "unknown areas": SUSPENSIONS.text(lambda row: row.replace("383,E08000035", "999,E08000999")),
    "no area": REFERRALS.text(lambda row: row.replace("383,E08000035", ",")),
    "joint return": SUSPENSIONS.text(lambda row: row.replace("383,E0", "940 / 941,E06 / E0")),
    "two codes": REFERRALS.text(lambda row: row.replace("E08000035", "E08000038")),
    "withheld": SUSPENSIONS.text(lambda row: f"{row.partition('Total')[0]}Total,c,c,c,c"),
    "nothing": SUSPENSIONS.text(lambda row: f"{row.partition('Total')[0]}Total,0,0,0,0"),
    "huge": SUSPENSIONS.text(lambda row: row.replace("Total,", "Total,99999999999")),
    "no England": rows_of(SUSPENSIONS.text(), lambda row: "National" not in row),
    "one authority": rows_of(SUSPENSIONS.text(), lambda row: "Leeds" in row),
    "empty": "",
    "characteristics": SUSPENSIONS.text().replace("school_type", "characteristic"),
    "description": "col_name,col_type,label\nsuspension,Indicator,Suspensions\n",
}
# What no contract foresaw, put behind the back of intake.
PLANTED = {
    "a term": "time_identifier = 'Autumn term'",
    "no year": "time_period = 'last year'",
    "year nought": "time_period = '0'",
    "no period": "time_period = null",
    "no identifier": "time_identifier = null",
    "no series": "series = null",
    "no measure": "measure = null",
    "no part": "filter = null",
    "all one measure": "measure = 'suspension'",
    "all one area": "area_code = 'E08000035', la_code = '383'",
    "without areas": "area_code = null, la_code = null",
    "unknown region": "area_code = 'E12000099'",
    "below nothing": "value = -value",
    "beyond everything": "value = 1e16",
    "without end": "value = 'infinity'",
    "not a number": "value = 'nan'",
    "unknown symbol": "marker = 'q', value = null",
    "another series": "series = 'published_population'",
}
# Of these nothing reaches a figure that is judged.
HARMLESS = ("unknown region", "unknown symbol", "without areas", "another series")


def drop(monitor: Monitor, name: str, text: str, released_on: str) -> None:
    monitor.drop(name, text, "published")
    manifest = json.dumps({"released_on": released_on})
    monitor.drop(f"{name}.manifest.json", manifest, "published")


def send_good(monitor: Monitor) -> None:
    for name, text in GOOD.items():
        drop(monitor, name, text, f"2026-{2 + ('2025' in name):02}-01")


def send_bad(monitor: Monitor) -> None:
    """What is right in a file was released before the good ones, so that it changes no figure;
    what is wrong as a whole would be the newest."""
    for kind, text in SENT.items():
        drop(monitor, f"{kind}.csv", text, "2026-01-01")
    for place, kind in enumerate(PLANTED, 1):
        month = 1 if kind in HARMLESS else 6
        # No two files are the same to the byte.
        held = SUSPENSIONS.text(lambda row, more=place: row.replace(",36000,", f",{36000 + more},"))
        drop(monitor, f"planted {kind}.csv", held, f"2026-{month:02}-{place:02}")


def plant(monitor: Monitor) -> None:
    batches: dict[str, list[tuple[int, str]]] = {}
    for row in monitor.ledger():
        kind = row["original_name"].removeprefix("planted ").removesuffix(".csv")
        if row["original_name"].startswith("planted "):
            batches.setdefault(row["batch"], []).append((row["submission_id"], PLANTED[kind]))
    for batch, changes in batches.items():
        path = monitor.home.raw / "published_figures" / f"{batch}.parquet"
        change_facts(path, changes)


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Released:
    monitor = files.monitor(tmp_path_factory.mktemp("without") / "monitor")
    send_good(monitor)
    return released(monitor)


@pytest.fixture(scope="module")
def among(tmp_path_factory: pytest.TempPathFactory) -> Released:
    monitor = files.monitor(tmp_path_factory.mktemp("among") / "monitor")
    send_good(monitor)
    send_bad(monitor)
    monitor.take_in()
    plant(monitor)
    return released(monitor)


def test_the_good_files_alone_are_all_published(without: Released) -> None:
    assert (without.report.outcome, without.report.exit_code) == ("released", 0)
    [(series,)] = without.rows("select count(distinct series) from series_vintages")
    assert series == len(GOOD) - 1  # two releases of one series


def test_among_bad_ones_the_run_publishes(among: Released) -> None:
    assert (among.report.outcome, among.report.exit_code) == ("released", run.REFUSED)


@pytest.mark.parametrize("kind", PLANTED)
def test_what_no_contract_foresaw_is_held_back_by_name(among: Released, kind: str) -> None:
    held = {row["original_name"]: row["held_reason"] for row in among.monitor.ledger()}
    reason = held[f"planted {kind}.csv"]
    assert reason is None if kind in HARMLESS else reason.startswith("check failed: ")


def test_no_good_file_is_held_back(among: Released) -> None:
    held = {row["original_name"] for row in among.monitor.ledger() if row["held_reason"]}
    assert held.isdisjoint(GOOD)


@pytest.mark.parametrize(
    "query",
    [
        "select * exclude (is_revised) from trends order by all",
        "select * exclude (is_revised) from series_vintages where released_on >= date '2026-02-01'"
        " order by all",
    ],
)
def test_the_newest_figures_are_those_of_a_run_without_bad_ones(
    without: Released, among: Released, query: str
) -> None:
    expected = without.rows(query)
    assert expected
    assert among.rows(query) == expected
