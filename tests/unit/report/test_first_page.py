"""The first page: what is new, where, how many, how sure, how complete, what to ask."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import work_file
from lxml import html

from sightline.report import changes
from sightline.report.site import build_site
from sightline.warehouse import home as homes

pytestmark = pytest.mark.slow

MONTH_ON = date(2026, 12, 20)


def text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def parsed(folder: Path, name: str = "index.html") -> html.HtmlElement:
    return html.fromstring((folder / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def front(site: Path) -> html.HtmlElement:
    return parsed(site)


def test_three_sentences_say_what_is_new_where_and_how_complete_the_data_are(front) -> None:
    rows = front.findall(".//dl[@class='minute']/div")
    said = {text(row.find("dt")): text(row.find("dd")) for row in rows}
    assert said == {
        "New": "This is the first release, so nothing can be compared with one before.",
        "Out of sight": "Alerts are open in 1 of 5 authorities, most seriously in Leeds.",
        "Data": "4 of 5 newest referral returns are in. Not in: Leicester."
        " Confidence in the data is high in 2 and low in 1.",
    }


def test_a_place_says_what_how_many_how_long_how_sure_and_what_to_ask(front) -> None:
    [place] = front.findall(".//ol[@class='worst']/li")
    assert text(place.find(".//h3")) == "Leeds"
    assert place.find(".//svg").get("aria-hidden") == "true"
    what, ask = place.find("div[@class='what']"), place.find("div[@class='ask']")
    assert text(what) == (
        "Referrals to children's social care 41% below expected About 1,180 fewer referrals than"
        " expected. Marked in 4 of 4 months since July 2026."
    )
    assert "Ask: Is the return complete, or was it cut" in text(ask)
    assert "How sure: medium, beyond its usual range, but figures are provisional." in text(ask)


def test_the_alert_has_one_duration_on_every_page(site: Path) -> None:
    said = "Marked in 4 of 4 months since July 2026"
    for name in ("index.html", "alerts/index.html", "alerts/a-leeds.html", "areas/383.html"):
        assert said in text(parsed(site, name).find(".//main")), name


def test_the_state_of_a_series_with_an_open_alert_says_what_the_alert_is_about(site: Path) -> None:
    """The newest month may lie inside its range while several together stand out."""
    said = "Alert: 41% below expected in the 4 months from July 2026 to October 2026"
    for name in ("areas/383.html", "indicators/referral_rate.html"):
        [link] = [
            one for one in parsed(site, name).findall(".//td/a[@class='unit']")
            if one.get("href") == "../alerts/a-leeds.html"
        ]  # fmt: skip
        assert text(link) == said, name


def test_every_figure_of_england_says_how_many_authorities_are_in_it(front) -> None:
    table = front.get_element_by_id("england").getnext().find("table")
    values = [text(row.findall("td")[1]) for row in table.findall("tbody/tr") if len(row) > 1]
    assert values
    assert all(value.endswith("4 of 5 authorities") for value in values)


def test_below_nine_in_ten_the_line_is_dashed_and_says_so(site: Path) -> None:
    """Leicester, one of five, sent nothing for two months: England's line is dashed there alone."""
    page = parsed(site, "indicators/referral_rate.html")
    card = page.get_element_by_id("referral_rate-h").getparent()
    assert "The newest figure rests on 4 of 5 authorities." in text(card)
    assert "The line is dashed where fewer than nine in ten are in." in text(card)
    assert len(card.findall(".//path[@class='line part']")) == 1
    rows = [[text(cell) for cell in row] for row in card.findall(".//tbody/tr")]
    assert [row[2] for row in rows[:3]] == ["4 of 5 authorities"] * 2 + ["5 of 5 authorities"]
    own = parsed(site, "areas/383.html").get_element_by_id("referral_rate-h").getparent()
    assert "dashed" not in text(own)
    assert not own.findall(".//path[@class='line part']")


@pytest.fixture
def second(tmp_path: Path) -> Callable[..., html.HtmlElement]:
    """The first page of a second release, a month after the first."""
    home = homes.create(tmp_path)
    work_file.write(home.work_db)
    extra = {**work_file.alert_rows()[0], "alert_id": "a-derby", "fingerprint": "f3"}
    extra |= {"area_code": "E06000015", "area_name": "Derby", "severity": "watch"}
    alerts = [*work_file.alert_rows(), extra]
    before = work_file.draft(home, alerts_rows=alerts)

    def made(change: Callable[[list[dict[str, Any]], Any], list[dict[str, Any]]]) -> Any:
        changed = [dict(alert) for alert in alerts]
        with duckdb.connect(str(home.work_db)) as work:
            events = change(changed, work)
        draft = work_file.draft(
            home, "r2", as_of=MONTH_ON, before=before.database, alerts_rows=changed,
            alert_events_rows=[*work_file.event_rows(), *events],
        )  # fmt: skip
        build_site(draft.database, draft.report)
        return parsed(draft.report)

    return made


def event(number: int, alert_id: str, name: str, state: str, **more: Any) -> dict[str, Any]:
    shared = {**work_file.event_rows()[0], "event_id": number, "alert_id": alert_id}
    return {**shared, "event": name, "new_state": state, "old_state": "open", **more}


def test_an_acknowledgement_a_closure_a_correction_and_a_missing_return_are_four_lines(
    second,
) -> None:
    """What people did counts as much as what was sent."""

    def change(alerts: list[dict[str, Any]], work: Any) -> list[dict[str, Any]]:
        leeds, rutland, derby = alerts
        leeds["state"], derby["state"] = "acknowledged", "resolved"
        rutland["state"] = "retracted"
        work.execute("""
            update marts.fct_coverage set status = 'missing', received_on = null,
                submission_id = null
            where la_code = '831' and extract = 'ssd' and period_start = date '2026-10-01'
        """)
        work.execute("""
            update marts.fct_coverage set submission_id = 2
            where la_code = '857' and extract = 'ssd' and period_start = date '2026-05-01'
        """)
        who = {"evidence": {"who": "Somebody Real"}}
        agreed = {"evidence": {"who": "Somebody Real", "role": "regional_lead"}}
        return [
            event(3, "a-leeds", "acknowledged", "acknowledged", **agreed),
            event(4, "a-derby", "resolved", "resolved", reason="action_taken", **who),
            event(5, "a-rutland", "retracted", "retracted"),
        ]

    page = second(change)
    lines = {
        text(row.find("dt")): [text(line) for line in row.findall("dd/ul/li")]
        for row in page.findall(".//dl[@class='news']/div")
    }
    assert {name: len(held) for name, held in lines.items()} == {
        "Taken on (1)": 1, "Closed (1)": 1,
        "Withdrawn, because figures were corrected (1)": 1, "Returns newly missing (1)": 1,
    }  # fmt: skip
    [taken], [closed], [withdrawn], [missing] = lines.values()
    assert taken.startswith("Leeds: Referrals to children's social care 41% below expected, by the")
    assert taken.endswith(", by the regional lead")
    assert closed.startswith("Derby: ")
    assert closed.endswith(", by a person: action was taken")
    assert withdrawn.startswith("Rutland: Re-referrals within twelve months")
    assert missing == "Derby: Referrals and assessments (monthly), October 2026"
    [news] = [text(row.find("dd")) for row in page.findall(".//dl/div")][:1]
    assert news == (
        "1 alert taken on, 1 closed, 1 withdrawn and 1 return newly missing since 20 November 2026."
    )


@pytest.mark.parametrize(
    ("role", "said"),
    [("regional_lead", "the regional lead"), (None, "someone"), ("Somebody Real", "someone")],
)
def test_who_looks_into_an_alert_is_told_by_a_role_that_was_agreed(
    tmp_path: Path, role: str | None, said: str
) -> None:
    home = homes.create(tmp_path)
    work_file.write(home.work_db)
    [leeds, rutland] = work_file.alert_rows()
    taken = event(3, "a-leeds", "acknowledged", "acknowledged")
    taken["evidence"] = {"who": "Somebody Real", "role": role}
    draft = work_file.draft(
        home, alerts_rows=[leeds | {"state": "acknowledged"}, rutland],
        alert_events_rows=[*work_file.event_rows(), taken],
    )  # fmt: skip
    build_site(draft.database, draft.report)
    page = text(parsed(draft.report, "alerts/a-leeds.html"))
    assert f"Acknowledged: {said} is looking into it" in page
    assert "Somebody Real" not in page
    listed = text(parsed(draft.report, "alerts/index.html"))
    assert ("Acknowledged by the regional lead" in listed) == (role == "regional_lead")


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["new", "taken_on", "closed"], "1 new alert, 1 taken on and 1 closed"),
        (["closed", "closed", "taken_on"], "1 alert taken on and 2 closed"),
        (["closed", "closed", "return_in"], "2 alerts closed and 1 return newly in"),
        (["corrected"], "1 authority with corrected figures"),
        ([], ""),
    ],
)
def test_what_is_new_says_what_was_taken_on_or_closed(kinds: list[str], said: str) -> None:
    rows = [{"change": one} for one in kinds]
    assert changes.counted(SimpleNamespace(published=SimpleNamespace(changes=rows))) == said


def test_where_nothing_is_new_the_page_says_since_when(second) -> None:
    page = second(lambda _alerts, _work: [])
    assert text(page.find(".//dl/div/dd")) == "Nothing since 20 November 2026."
    assert not page.findall(".//dl[@class='news']")


def test_expected_and_known_have_their_range_as_a_drawing_and_as_a_table(front) -> None:
    card = front.get_element_by_id("expected").getparent()
    assert "27,000 children aged 10 to 17 in England were in gangs in 2019" in text(card)
    assert "with a likely range of 18,700 to 39,000" in text(card)
    assert "Services knew of 6,560, or 24 per cent." in text(card)
    assert card.find("figure/svg").get("role") == "img"
    assert [text(row.find("td")) for row in card.findall(".//tbody/tr")] == [
        "27,000", "18,700", "39,000", "6,560",
    ]  # fmt: skip


def test_who_sends_once_a_year_is_told_with_the_month_of_the_next_return(tmp_path: Path) -> None:
    home = homes.create(tmp_path)
    work_file.write(home.work_db)
    with duckdb.connect(str(home.work_db)) as work:
        work.execute("""
            delete from marts.fct_coverage where la_code = '857' and extract = 'ssd';
            insert into marts.fct_coverage values ('857', 'cin_census', date '2025-04-01',
                date '2026-03-31', date '2026-07-29', date '2026-07-20', 'received', 1)
        """)
    draft = work_file.draft(home)
    build_site(draft.database, draft.report)
    said = "Sends once a year; next due July 2027"
    assert said in text(parsed(draft.report, "areas/857.html"))
    assert text(parsed(draft.report, "areas/index.html").find(".//main")).count(said) == 1
    assert "Sends once a year" not in text(parsed(draft.report, "areas/383.html"))


def test_confidence_is_a_level_with_the_part_that_is_lowest(site: Path) -> None:
    said = {
        "383": "Confidence in the data: high; lowest for returns on time.",
        "856": "Confidence in the data: low; lowest for returns that came.",
        "857": "Confidence in the data: high.",
    }
    for key, words in said.items():
        assert words in text(parsed(site, f"areas/{key}.html")), key


def test_alerts_on_regions_and_england_are_said_beside_those_on_authorities(second) -> None:
    def change(alerts: list[dict[str, Any]], _work: Any) -> list[dict[str, Any]]:
        for alert, code, level in zip(
            alerts[1:], ("E12000003", "E92000001"), ("region", "country"), strict=True
        ):
            alert |= {"area_code": code, "area_level": level, "state": "open"}
        return []

    page = second(change)
    assert text(page.findall(".//dl[@class='minute']/div/dd")[1]) == (
        "Alerts are open in 1 of 5 authorities, 1 region and England, most seriously in Leeds."
    )
