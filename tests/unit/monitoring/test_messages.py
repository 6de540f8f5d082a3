"""Messages say what was found in plain words, and nothing that must not leave."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from sightline.monitoring import gate, rendering
from sightline.monitoring.messages import AlertMessage, Digest, Figures, headline, parse
from sightline.warehouse.release.rounding import IN_WORDS

REFERRALS = Figures(
    value=400.04,
    expected=500,
    lower=440,
    upper=560,
    change=-20,
    unit="per 10,000 children a year",
)


def message(**changed: Any) -> AlertMessage:
    fields: dict[str, Any] = {
        "message_id": "m1",
        "monitor": "Sightline",
        "release_id": "2026-11-21-r1",
        "as_of": date(2026, 11, 21),
        "is_simulated": False,
        "kind": "opened",
        "alert_id": "a1b2",
        "severity": "warning",
        "title": "Referral rate lower than expected: Leeds",
        "indicator": "referral_rate",
        "short_name": "Referrals",
        "area_name": "Leeds",
        "area_level": "local_authority",
        "direction": "down",
        "pattern": "sustained",
        "opened_period": date(2026, 6, 1),
        "period": date(2026, 8, 1),
        "periods_seen": 3,
        "figures": REFERRALS,
        "why_it_matters": "Children may go unseen.",
        "what_to_check": ["Is the return complete?", "Did recording change?"],
        "other_explanations": ["Late return"],
        "owner": "Data lead",
    }
    return AlertMessage.model_validate(fields | changed)


def digest(**changed: Any) -> Digest:
    fields: dict[str, Any] = {
        "message_id": "d1",
        "monitor": "Sightline",
        "release_id": "r1",
        "as_of": date(2026, 11, 21),
        "is_simulated": False,
        "new": 0,
        "escalated": 0,
        "ended": 0,
        "open": 4,
        "returns_received": 151,
        "returns_due": 153,
    }
    return Digest.model_validate(fields | changed)


def test_the_text_names_the_change_and_what_was_expected() -> None:
    text = rendering.text(message())
    assert "400.0 per 10,000 children a year in August 2026" in text
    assert "About 500.0 was expected; between 440.0 and 560.0 would be usual." in text
    assert "That is 20% less" in text
    assert "Marked in 3 of 3 months since June 2026 in this local authority." in text


def test_one_month_is_written_in_the_singular() -> None:
    assert "Marked in one month (June 2026)" in rendering.text(message(periods_seen=1))


def test_a_message_is_headed_by_its_newest_period() -> None:
    assert headline(message()).endswith(" - August 2026")


@pytest.mark.parametrize("is_provisional", [True, False])
def test_a_provisional_figure_is_called_so(is_provisional: bool) -> None:
    figures = REFERRALS.model_copy(update={"is_provisional": is_provisional})
    text = rendering.text(message(figures=figures))
    assert ("The figure is provisional." in text) is is_provisional


def test_a_term_is_named_as_a_term() -> None:
    text = rendering.text(
        message(
            period_type="term", opened_period=date(2025, 9, 1), period=date(2026, 1, 1),
            periods_seen=2,
        )
    )  # fmt: skip
    assert "in Spring term 2026. About" in text
    assert "Marked in 2 of 2 terms since Autumn term 2025" in text


def test_simulated_data_is_said_to_be_simulated_in_subject_and_body() -> None:
    simulated = message(is_simulated=True)
    assert headline(simulated).startswith("[SIMULATED] WARNING - ")
    assert "Made from simulated data" in rendering.html(simulated)


def test_a_withheld_figure_is_not_told() -> None:
    text = rendering.text(message(figures=Figures(is_withheld=True)))
    assert "withheld because a count behind them is small" in text
    assert "expected (" not in text


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("low", "under 5 per cent of fewer than 1,000, or a count that is small"),
        ("high", "over 95"),
    ],
)
def test_a_coded_figure_is_told_in_words(marker: str, told: str) -> None:
    text = rendering.text(message(figures=Figures(is_withheld=True, marker=marker)))
    assert told in text.replace("\n", " ")
    assert "rounded" not in text


def test_figures_are_told_with_how_they_are_rounded() -> None:
    assert IN_WORDS in rendering.text(message()).replace("\n", " ")


def test_a_number_beside_a_withheld_figure_is_refused() -> None:
    with pytest.raises(ValidationError, match="withheld"):
        Figures(is_withheld=True, expected=12.0)


def test_a_field_that_was_not_foreseen_is_refused() -> None:
    with pytest.raises(ValidationError):
        message(pupil_name="anybody")


def test_a_run_without_news_still_has_a_digest() -> None:
    text = rendering.text(digest())
    assert "0 new, 0 more serious, 0 ended, 4 open; 151 of 153 returns received" in text
    assert headline(digest(new=1)) == "Sightline: 1 new alert, 4 open"


def test_a_message_survives_its_way_through_the_outbox() -> None:
    assert parse(message().model_dump(mode="json")) == message()
    assert parse(digest().model_dump(mode="json")) == digest()


def test_html_is_escaped() -> None:
    assert "<b>" not in rendering.html(message(title="<b>bold</b>"))


def test_an_ordinary_message_passes_the_gate() -> None:
    assert gate.objection(message()) is None
    assert gate.objection(digest(new=3, newest=("watch: Leeds",))) is None


@pytest.mark.parametrize(
    ("planted", "what"),
    [
        ("A123456789012", "pupil number"),
        ("943 476 5919", "NHS number"),
        ("14/02/2011", "date of birth"),
        ("2011-02-14", "date of birth"),
        ("LS1 4AP", "postcode"),
        ("somebody@example.org", "e-mail"),
        ("only 3 children", "small count"),
    ],
)
def test_what_looks_like_a_person_stops_the_message(planted: str, what: str) -> None:
    assert what in (gate.objection(message(why_it_matters=f"About {planted}.")) or "")
