"""What people record of a series: reasons stay inside, a public sentence has a second person."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import annotations, audit
from sightline.warehouse.ledger.annotations import PublicSentence
from sightline.warehouse.ledger.state import State

TODAY = date(2026, 11, 20)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state.db")
    yield opened
    opened.close()


def add(state, **more) -> int:
    return annotations.add(
        state,
        **{
            "area": "204",
            "scope": "referrals",
            "kind": "recording_change",
            "starts_on": date(2026, 4, 1),
            "ends_on": None,
            "reason": "the front door says so",
            "today": TODAY,
        }
        | more,
    )


def test_a_reason_is_a_code_of_the_list(state) -> None:
    add(state)
    add(state, reason_code="new_case_system")
    assert [one.reason_code for one in annotations.listing(state)] == ["new_case_system", "other"]
    with pytest.raises(SightlineError, match="reason code is one of"):
        add(state, reason_code="Jane Doe said so")


def test_a_public_sentence_is_kept_with_who_approved_it(state) -> None:
    add(state, public=PublicSentence(" Contacts are counted. ", " The head of service "))
    [kept] = annotations.listing(state)
    assert (kept.public_sentence, kept.approved_by) == (
        "Contacts are counted.",
        "The head of service",
    )
    assert [entry["action"] for entry in audit.entries(state)] == ["annotate", "publish sentence"]


@pytest.mark.parametrize(
    ("text", "approved_by", "why"),
    [
        ("Contacts are counted.", "", "a second person"),
        ("Contacts are counted.", "a.LEAD ", "cannot be who approves it"),
        ("", "B. Head", "one line"),
        ("Contacts\nare counted.", "B. Head", "one line"),
        ("x" * 301, "B. Head", "one line"),
        ("Says A123456789012.", "B. Head", "a unique pupil number"),
        ("Contacts are counted.", "head@example.org", "an e-mail address"),
    ],
)
def test_a_public_sentence_that_may_not_be_published_is_refused(
    state, text, approved_by, why, monkeypatch
) -> None:
    monkeypatch.setattr(audit, "actor", lambda: "A. Lead")
    with pytest.raises(SightlineError, match=why) as refused:
        add(state, public=PublicSentence(text, approved_by))
    assert refused.value.exit_code == annotations.WRONG_USE
    assert annotations.listing(state) == []


def test_no_reason_that_seems_to_hold_a_person_is_written(state) -> None:
    with pytest.raises(SightlineError, match="a unique pupil number") as refused:
        add(state, reason="Says A123456789012")
    assert "A123456789012" not in refused.value.message
    assert annotations.listing(state) == []
    assert audit.entries(state) == []
