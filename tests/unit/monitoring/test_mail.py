"""A mail names its area first, belongs to its thread, and reads well as text and as HTML."""

import csv
import itertools
import re
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from test_messages import digest, message

from sightline.monitoring import alert_context, gate, rendering
from sightline.monitoring.messages import Figures, Message, headline, paragraphs
from sightline.monitoring.notices import AudienceDigest, Entry
from sightline.warehouse import clock, indicators
from sightline.warehouse.ledger.state import State, alerts
from sightline.warehouse.settings import Settings

WITHHELD = Figures(is_withheld=True)
YEAR = {
    "figures": Figures(
        first=date(2025, 9, 1), last=date(2026, 8, 1), periods=12, value=350, expected=500,
        lower=440, upper=560, change=-30, difference=-120, newest=date(2026, 8, 1),
        newest_value=340, unit="per 10,000 children a year",
    ),
    "opened_period": date(2025, 9, 1), "periods_seen": 12, "periods_passed": 12,
}  # fmt: skip


def mail(told: Message, **more: Any) -> EmailMessage:
    made = rendering.email(told, sender="us@example.gov.uk", recipient="you@example.org", **more)
    parsed = message_from_bytes(bytes(made), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def plain(told: Message) -> str:
    part = mail(told).get_body(("plain",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize(
    ("changed", "subject"),
    [
        ({}, "Leeds: Referrals 20% below expected"),
        (YEAR, "Leeds: Referrals 30% below expected for 12 months"),
        (YEAR | {"periods_passed": 14}, "Leeds: Referrals 30% below expected"),
        ({"figures": WITHHELD}, "Leeds: Referrals lower than expected"),
        (
            {"direction": "up", "title": "Referral rate higher than expected: Leeds"},
            "Leeds: Referrals higher than expected",
        ),
        ({"is_simulated": True}, "[SIMULATED] Leeds: Referrals 20% below expected"),
        ({"kind": "escalated"}, "Leeds: Referrals, more serious"),
        ({"kind": "resolved"}, "Leeds: Referrals, ended"),
        ({"kind": "retracted"}, "Leeds: Referrals, withdrawn"),
    ],
)
def test_the_subject_of_an_alert_names_its_area_first(changed: Any, subject: str) -> None:
    assert mail(message(**changed))["Subject"] == subject


SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
KINDS = ("opened", "reopened", "escalated", "resolved", "retracted", "no_longer_supported")


def areas() -> list[str]:
    """One of each length."""
    with (SEEDS / "areas.csv").open(encoding="utf-8") as file:
        return list(
            {len(row["area_name"]): row["area_name"] for row in csv.DictReader(file)}.values()
        )


def short_names() -> list[str]:
    return list({len(one.short_name): one.short_name for one in indicators.load()}.values())


@pytest.mark.parametrize("is_simulated", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_no_subject_cuts_an_indicator_or_what_was_found(kind: str, is_simulated: bool) -> None:
    """With long figures; of real messages one area alone is ever cut."""
    cut = set()
    for area, name in itertools.product(areas(), short_names()):
        named = {"area_name": area, "short_name": name, "is_simulated": is_simulated}
        told = message(**YEAR, **named, kind=kind)
        subject = rendering.subject(told)
        assert len(subject) <= 70
        assert f": {name}" in subject
        assert subject.endswith(("below", "below expected", "months")) or kind != "opened"
        if area not in subject:
            cut.add(area)
    assert is_simulated or cut <= {"Bournemouth, Christchurch and Poole"}


def test_a_subject_leaves_out_what_is_least_before_it_cuts_a_name() -> None:
    """For how long, then that it is what was expected; the name of a place comes last."""
    named = {"short_name": "Severely absent, not known", **YEAR}
    said = [
        rendering.subject(message(**named, area_name=area))
        for area in ("York", "North East Lincolnshire", "Bath and North East Somerset",
                     "Bournemouth, Christchurch and Poole")
    ]  # fmt: skip
    assert said == [
        "York: Severely absent, not known 30% below expected for 12 months",
        "North East Lincolnshire: Severely absent, not known 30% below expected",
        "Bath and North East Somerset: Severely absent, not known 30% below",
        "Bournemouth, Christchurch and...: Severely absent, not known 30% below",
    ]


def test_an_indicator_that_is_no_more_is_named_by_its_identifier() -> None:
    gone = message(kind="closed_by_definition", indicator="x" * 40, short_name="")
    assert rendering.subject(gone) == f"Leeds: {'x' * 23}..., closed"
    assert len(str(mail(digest(monitor="M" * 80))["Subject"])) <= 70


@pytest.mark.parametrize(("length", "expected"), [(69, 69), (70, 70), (71, 70)])
def test_a_subject_of_seventy_characters_is_whole(length: int, expected: int) -> None:
    told = digest(monitor="M" * (length - len(": 0 new alerts, 4 open")))
    assert len(headline(told)) == length
    assert len(rendering.subject(told)) <= expected
    assert rendering.subject(told).endswith("...") is (length > 70)


def test_its_headers_are_those_of_the_senders_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mail(message(), thread="m0", reply_to="desk@example.org")
    assert made["Message-ID"] == "<m1@example.gov.uk>"
    assert made["In-Reply-To"] == made["References"] == "<m0@example.gov.uk>"
    assert made["List-Id"] == "Sightline <sightline.example.gov.uk>"
    assert (made["To"], made["Reply-To"]) == ("you@example.org", "desk@example.org")
    sent = parsedate_to_datetime(str(made["Date"])).replace(tzinfo=None)
    assert abs((clock.now() - sent).total_seconds()) < 60


def test_the_first_mail_of_a_thread_answers_nothing() -> None:
    made = mail(message())
    assert made["In-Reply-To"] is made["References"] is made["Reply-To"] is None


def test_its_text_is_wrapped_and_loses_no_word() -> None:
    told = message(link="https://example.gov.uk/" + "a" * 90, what_to_check=["word " * 40, "b"])
    text = plain(told)
    long = [line for line in text.splitlines() if len(line) > 72]
    assert all(len(line.split()) == 1 for line in long)
    assert text.split() == rendering.text(told).split()


def test_its_page_has_styles_at_its_elements_and_loads_nothing() -> None:
    page = rendering.html(message(link="https://example.gov.uk/alerts/a1b2.html"))
    assert '<h1 style="' in page
    assert not re.search(r"<(style|script|img|link)\b", page)
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == [
        "https://example.gov.uk/alerts/a1b2.html"
    ]


def test_its_page_has_a_small_table_of_what_was_judged() -> None:
    page = rendering.html(message(**YEAR, is_simulated=True))
    rows = re.findall(r"<th[^>]*>([^<]*)</th><td[^>]*>([^<]*)</td>", page)
    assert rows == [
        ("September 2025 to August 2026 (per 10,000 children a year)", "350.0"),
        ("Expected", "500.0"),
        ("Usual", "440.0 to 560.0"),
        ("In number, about", "-120"),
        ("In per cent", "-30%"),
    ]
    assert (
        page.index("What we see") < page.index("<table") < page.index("simpler explanations first")
    )


@pytest.mark.parametrize("changed", [{"figures": WITHHELD}, {"direction": "up"}])
def test_there_is_no_table_where_no_number_bears_the_alert_out(changed: Any) -> None:
    assert "<table" not in rendering.html(message(**changed))


def test_what_stands_around_an_alert_is_told_with_it(state: State) -> None:
    row = {
        "indicator": "referral_rate", "area_code": "E08000035", "area_name": "Leeds",
        "area_level": "local_authority", "breakdown": "total", "direction": "down",
        "severity": "warning", "opened_period": date(2026, 1, 1), "release_id": "r1",
        "last_period": date(2026, 1, 1), "first_raised_on": date(2026, 2, 3), "summary": {},
        "title": "Referral rate lower than expected: Leeds",
    }  # fmt: skip
    others = [
        {"alert_id": "a1b2", "fingerprint": "f", "state": "open"},
        {"alert_id": "c3", "fingerprint": "g", "state": "open", "title": "Other rate: Leeds"},
        {
            "alert_id": "d4", "fingerprint": "f", "state": "resolved",
            "resolved_on": date(2026, 6, 5),
        },
    ]  # fmt: skip
    with state.begin() as connection:
        for other in others:
            connection.execute(sa.insert(alerts).values(row | other))
        given = Settings(report_url="https://example.gov.uk/s/")
        told = alert_context.with_context(connection, message(), given)
        nowhere = alert_context.with_context(connection, message(), Settings())
    found = dict(paragraphs(told))
    assert found["Also open in this area"] == ("Other rate",)
    assert found["Earlier"] == ("Raised on 3 February 2026, ended on 5 June 2026.",)
    assert "https://example.gov.uk/s/alerts/a1b2.html" in found["Read on"][0]
    assert nowhere.link == "report/alerts/a1b2.html of release 2026-11-21-r1"
    assert gate.objection(told) is None


def test_a_digest_reads_well_as_mail() -> None:
    entry = Entry(
        change="new", alert_id="a1b2", area_name="Leeds", area_level="local_authority",
        severity="warning", title="Referral rate lower than expected: Leeds",
        said=("It was lower.",),
    )  # fmt: skip
    told = AudienceDigest(
        **digest().model_dump(include={"message_id", "monitor", "release_id", "as_of"}),
        is_simulated=False, audience="national", route="country", open=4, entries=(entry,),
        late=("Bradford (380): 1 return late",),
    )  # fmt: skip
    assert mail(told)["Subject"] == "Sightline: 1 new alert, 4 open"
    text = plain(told)
    assert "1 new, 4 open. Data as of 21 November 2026." in text
    assert "Bradford (380): 1 return late" in text
