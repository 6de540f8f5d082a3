"""Found, late, missed, quiet, raised: each at its edge."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from sightline.simulation import found as truth
from sightline.simulation.truth import Event, Truth

ONSET = date(2025, 6, 1)


@pytest.fixture
def work() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.dim_areas as
                select 'E1' as area_code, '301' as la_code, 'local_authority' as area_level
                union all select 'E92000001', null, 'country';
            create table marts.fct_signals as
                select 'referral_rate' as indicator, 'extracts' as source, 'E1' as area_code,
                    cast(unnest(generate_series(date '2024-10-01', date '2026-09-01',
                        interval 1 month)) as date) as period_start,
                    'ok' as status, 'spike' as kind
            """
        )
        yield connection


def verdict(work: duckdb.DuckDBPyConnection, **changes: object) -> str:
    event = {
        "id": "one",
        "kind": "referral_drop",
        "indicators": ("referral_rate",),
        "la_codes": ("301",),
        "onset": ONSET,
        "size": -0.3,
        "words": "referrals fall",
    }
    planted = Event(**(event | changes))  # type: ignore[arg-type]
    whole = Truth(
        1, "default", ONSET, ONSET, ONSET, ("301",), (planted,), (), ()
    )  # fmt: skip
    [compared] = truth.compare(work, whole)
    return compared.verdict


def worsening(work: duckdb.DuckDBPyConnection, month: str) -> None:
    work.execute(
        "update marts.fct_signals set status = 'worsening' where period_start = ?", [month]
    )


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("2025-05-01", "missed"),
        ("2025-06-01", "found"),
        ("2025-11-01", "found"),
        ("2025-12-01", "late"),
    ],
)
def test_a_planted_change_is_found_within_six_months_or_late(
    work: duckdb.DuckDBPyConnection, month: str, expected: str
) -> None:
    worsening(work, month)
    assert verdict(work) == expected


def test_what_nothing_shows_is_missed(work: duckdb.DuckDBPyConnection) -> None:
    assert verdict(work) == "missed"


@pytest.mark.parametrize(("month", "expected"), [("2025-11-01", "raised"), ("2025-12-01", "quiet")])
def test_what_must_not_alarm_is_judged_on_its_own_months(
    work: duckdb.DuckDBPyConnection, month: str, expected: str
) -> None:
    worsening(work, month)
    assert verdict(work, expects_alert=False) == expected


@pytest.mark.parametrize(("kind", "expected"), [("spike", "quiet"), ("sustained", "raised")])
def test_a_passing_dip_may_be_seen_as_one_but_not_as_lasting(
    work: duckdb.DuckDBPyConnection, kind: str, expected: str
) -> None:
    worsening(work, "2025-06-01")
    work.execute("update marts.fct_signals set kind = ?", [kind])
    dip = {"expects_alert": False, "is_sustained": False, "direction": "down"}
    assert verdict(work, **dip) == expected


def test_what_ended_before_the_judged_months_is_said_to_be_too_early(
    work: duckdb.DuckDBPyConnection,
) -> None:
    past = {"onset": date(2022, 1, 1), "until": date(2022, 3, 1)}
    assert verdict(work, expects_alert=False, **past) == "before"


def test_what_was_planted_in_the_returns_is_named_with_its_number_and_senders() -> None:
    whole = Truth(
        1, "default", ONSET, ONSET, ONSET, ("301",), (), (), (),
        counts={"referrals told late": 1_234, "children adopted": 5},
        cases={"never sends SSDA903": ("884",), "sent again on purpose": ()},
    )  # fmt: skip
    assert list(truth.cases_in_words(whole)) == [
        "Planted in the returns, as real ones hold them:",
        "  1,234 referrals told late, 5 children adopted",
        "  never sends SSDA903: 884",
    ]
