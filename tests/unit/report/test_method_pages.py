"""The pages on methods: what moved since first published, what was planted and found, the words,
and every area and indicator at a glance."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
import releasing
from lxml import html

from sightline.report import example, glossary, revised
from sightline.report.data import read
from sightline.report.marks import HEAT, heat
from sightline.report.pages import methods
from sightline.report.site import build_site
from sightline.report.view import View

pytestmark = pytest.mark.slow

GLOSSARY = Path(__file__).parents[3] / "report" / "glossary.md"
LEEDS = "E08000035"
MOST_ELEMENTS = 10_000


def text(element) -> str:
    return " ".join(element.text_content().split())


def rows(table) -> list[list[str]]:
    return [[text(cell) for cell in row] for row in table.iterfind("tbody/tr")]


def page(folder: Path, name: str):
    return html.fromstring((folder / name).read_text(encoding="utf-8"))


# ---- First published, and now.


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two releases, in the second of which Leeds has another count in the newest month."""
    folder = tmp_path_factory.mktemp("twice")
    home = releasing.monitor(folder)
    releasing.release(home, 1, releasing.FIRST)
    releasing.set_counts(home, 400)
    releasing.release(home, 2, releasing.SECOND)
    database = home.current / "sightline.duckdb"
    build_site(database, folder / "site")
    return database, folder / "site"


def test_a_figure_that_moved_stands_with_what_was_published_first(twice) -> None:
    database, site = twice
    with duckdb.connect(str(database), read_only=True) as connection:
        vintages = connection.execute(
            "select value from trends_vintages where area_code = ? and period_start = ?"
            " and indicator = 'referral_rate' and period_type = 'month' order by vintage",
            [LEEDS, date.fromisoformat(releasing.MONTH)],
        ).fetchall()
    (first,), (now,) = vintages
    table = next(one for one in page(site, "revisions.html").iter("table")
                 if "largest" in one.findtext("caption"))  # fmt: skip
    [row] = [one for one in rows(table) if one[0] == "Leeds"]
    change = f"{100 * (now - first) / first:+.1f} %".replace("-", "\u2212")
    assert row == [
        "Leeds", "Referrals to children's social care", "Oct 2026", f"{first:,.1f}",
        "20 November 2026", f"{now:,.1f}", "21 November 2026", change,
    ]  # fmt: skip


def test_each_indicator_says_how_many_figures_moved_and_how_far(twice) -> None:
    database, site = twice
    with duckdb.connect(str(database), read_only=True) as connection:
        [(figures, revised)] = connection.execute("""
            select
                count(*) filter (where is_latest),
                count(*) filter (where is_latest and vintage > 1)
            from trends_vintages join areas using (area_code)
            where areas.area_level = 'local_authority' and source = 'extracts'
                and breakdown = 'total' and indicator = 'referral_rate'
        """).fetchall()
    table = page(site, "revisions.html").find(".//table")
    [row] = [one for one in rows(table) if one[0].startswith("Referrals to")]
    assert revised > 0
    assert row[1:3] == [f"{figures:,}", f"{revised:,}"]
    assert row[3].endswith(" %")


def test_the_pages_of_an_area_and_an_indicator_say_what_moved(twice) -> None:
    """Each with what was first published and what stands now, as on the page of all revisions."""
    _, site = twice
    everywhere = next(one for one in page(site, "revisions.html").iter("table")
                      if "largest" in one.findtext("caption"))  # fmt: skip
    [moved] = [one for one in rows(everywhere) if one[0] == "Leeds"]
    area = page(site, "areas/383.html")
    [own] = [one for one in area.iter("table") if "were revised" in one.findtext("caption")]
    assert rows(own) == [moved[1:]]
    assert "1 figure of Leeds has been revised since first published." in text(area)
    indicator = page(site, "indicators/referral_rate.html")
    said = text(indicator.get_element_by_id("revised").getnext())
    assert said.startswith("1 figure of an authority has been revised since first published. Half")
    assert not [one for one in indicator.iter("table") if "were revised" in one.findtext("caption")]
    [link] = [one for one in indicator.iter("a") if one.text == "All revisions"]
    name, _, anchor = link.get("href").partition("#")
    assert page(site, f"indicators/../{name[3:]}").get_element_by_id(anchor).tag == "tr"


def test_what_moved_in_england_and_regions_is_told_with_its_indicator(draft) -> None:
    view = View(read(draft.database))
    moved = {
        "indicator": "referral_rate", "area_key": "E92000001", "period_type": "month",
        "period_start": date(2026, 9, 1), "period_end": date(2026, 9, 30), "first_value": 500.0,
        "first_marker": None, "first_on": date(2026, 10, 20), "now_value": 510.0,
        "now_marker": None, "now_on": date(2026, 11, 20),
    }  # fmt: skip
    view.published.revised_larger["referral_rate"] = [moved]
    [row] = revised.of_indicator(view, "referral_rate")["rows"]
    assert (row["area"], row["link"]) == ("England", "index.html")
    assert (row["first"], row["now"], row["change"]) == ("500.0", "510.0", "+2.0 %")


def test_what_is_read_for_it_is_no_table_of_the_release(draft) -> None:
    published = read(draft.database)
    assert "moved" not in {row["table_name"] for row in published.tables}
    assert "moved" not in {row["name"] for row in published.dictionary}


def test_an_area_in_which_nothing_moved_says_so(site: Path) -> None:
    assert "No figure of Leeds has been revised since it was first published." in text(
        page(site, "areas/383.html")
    )


def test_where_nothing_moved_it_is_said(site: Path) -> None:
    assert "No figure of an authority has been revised" in text(
        page(site, "revisions.html").find(".//main")
    )


@pytest.mark.parametrize(("count", "said"), [(0, "No figure"), (1, "1 figure of an authority has"),
                                             (2, "2 figures of authorities have")])  # fmt: skip
def test_how_many_moved_is_said_in_words(count: int, said: str) -> None:
    assert revised.summary(count).startswith(said)


# ---- What was planted and found.


def planted(
    change: float, least: float, found: int, most: float | None = None
) -> dict[str, object]:
    return {
        "indicator": "referral_rate", "source": "extracts", "period_type": "month",
        "change": change, "least": least, "most": most, "planted": 8, "found": found,
        "median_delay": 2.0, "marks_per_100_years": 1.25, "run_on": date(2026, 11, 1),
        "release_id": "r1",
    }  # fmt: skip


def of(draft, *backtests: dict[str, object]) -> View:
    return View(replace(read(draft.database), backtests=list(backtests)))


def test_what_was_found_stands_by_size_of_change_and_of_authority(draft) -> None:
    view = of(draft, planted(0.1, 40, 1), planted(0.3, 40, 8), planted(0.1, 10, 0, most=40))
    context = methods._backtests(view)
    assert context["changes"] == ["10 %", "30 %"]
    [(indicator, source, lines)] = context["groups"]
    assert (indicator.indicator, source) == (
        "referral_rate", "Sightline count from council returns",
    )  # fmt: skip
    assert [(one["size"], one["cells"]) for one in lines] == [
        ("10 to 40", ["0 of 8", "\u2013"]),
        ("40 and more", ["1 of 8", "8 of 8"]),
    ]
    assert lines[1]["delay"] == "2 months"
    assert lines[1]["marks"] == "1.2"


def test_where_no_back_test_was_run_the_page_says_how(draft) -> None:
    assert methods._backtests(of(draft))["groups"] == []


def test_what_it_cannot_see_is_said_either_way(site: Path) -> None:
    main = page(site, "backtests.html").find(".//main")
    assert "No back-test has been run" in text(main)
    assert len(main.findall(".//ul/li")) >= 5


# ---- The words.


def test_the_page_has_every_word_of_the_glossary_and_no_other(site: Path) -> None:
    rows = [line for line in GLOSSARY.read_text().splitlines() if line.startswith("| ")]
    lines = [line.split(" | ") for line in rows]
    known = [line[0].removeprefix("| ") for line in lines if line[0] != "| word"]
    shown = [text(one) for one in page(site, "glossary.html").iter("dt")]
    assert [one.lower() for one in shown] == [one.lower() for one in known]
    assert len(known) > 40


def test_code_in_a_meaning_is_shown_as_code_and_nothing_else_is_markup() -> None:
    every = {one.word: one.meaning for _, words in glossary.groups() for one in words}
    assert "<code>[p]</code>" in every["Provisional"]
    assert not re.search(r"<(?!/?code>)", "".join(every.values()))


# ---- Every area and indicator.


def test_each_authority_has_a_letter_for_each_tested_indicator(draft, site: Path) -> None:
    view = View(read(draft.database))
    tested = [one for one in view.indicators
              if one.is_monitored and one.indicator in view.published.headlines]  # fmt: skip
    expected = {
        area.area_name: [
            heat(view.published.latest_point(area, one.indicator)).letter for one in tested
        ]
        for area in view.authorities
    }
    tables = page(site, "heat.html").xpath("//table[@class='heatmap']")
    found = {row[0]: row[1:] for table in tables for row in rows(table)}
    assert found == expected
    assert found["Leeds"][0] in "Ww"


def test_every_letter_is_explained(site: Path) -> None:
    legend = rows(page(site, "heat.html").find(".//table"))
    assert [row[0] for row in legend] == [one.letter for one in HEAT]


def test_a_page_of_the_whole_nation_stays_small(site: Path) -> None:
    """153 rows of as many cells as there are indicators, and what surrounds them here."""
    made = page(site, "heat.html")
    columns = len(made.xpath("//table[@class='heatmap'][1]/thead/tr/th"))
    assert sum(1 for _ in made.iter()) + 153 * (40 + columns) < MOST_ELEMENTS


# ---- The worked picture.


def test_the_worked_picture_shows_what_its_steps_speak_of(site: Path) -> None:
    made = page(site, "help.html")
    steps = text(made.find(".//main").find(".//ol"))
    newest = example.points()[-1]
    assert f"{newest.value:.0f}, where {newest.lower:.0f} to {newest.upper:.0f} would be" in steps
    worse = [one for one in example.points() if one.status == "worsening"]
    assert (len(worse), worse[0].period_start) == (5, date(2025, 8, 1))
    assert "Five stand together" in steps
    missing = [one.period_start for one in example.points() if one.value is None]
    assert missing == [date(2024, 9, 1)]
    assert "An x in September 2024" in steps
    assert all(one.lower <= one.value <= one.upper for one in example.points()
               if one.value is not None and one.status == "ok")  # fmt: skip
