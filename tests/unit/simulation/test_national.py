"""What a simulated inbox is like as a whole: repeatable, linked, late here and there, on record."""

import hashlib
import re
from collections import Counter
from datetime import date

import pytest

from sightline.simulation import canaries, faults
from sightline.simulation.calendar import easter
from sightline.simulation.calibration import authorities
from sightline.simulation.national import simulate
from sightline.simulation.truth import load

pytestmark = pytest.mark.slow

ROLL = "pupilonroll.csv"


def digests(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*.zip")
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        simulate(tmp_path / name, areas=1, months=3, seed=seed)
    assert digests(tmp_path / "one") == digests(tmp_path / "again")
    assert digests(tmp_path / "one") != digests(tmp_path / "other")


def test_an_authority_does_not_change_when_others_are_added(inbox, tmp_path):
    simulate(tmp_path, areas=1, months=14)
    alone = digests(tmp_path)
    assert alone.items() <= digests(inbox.root).items()


def test_progress_counts_the_authorities(tmp_path):
    seen = []
    simulate(tmp_path, areas=2, months=2, progress=lambda *step: seen.append(step))
    assert [step[:2] for step in seen] == [(1, 2), (2, 2)]


def test_an_unknown_scenario_is_refused(tmp_path):
    with pytest.raises(ValueError, match="default, calm"):
        simulate(tmp_path, areas=1, months=2, scenario="stormy")


def test_exclusions_are_collected_twice(inbox):
    seen: Counter[tuple[str, ...]] = Counter()
    for term in ("2026_spring", "2026_summer"):
        pattern = f"383/school_census_{term}.zip"
        upns = {row["pupilonrolltableid"]: row["upn"] for row in inbox.rows(pattern, ROLL)}
        seen.update(
            (upns[row["pupilonrolltableid"]], row["startdate"], row["category"])
            for row in inbox.rows(pattern, "termlyexclusionsonroll.csv")
            if row["startdate"].startswith("2025-Oct")
        )
    assert len(seen) > 500
    assert sum(count == 2 for count in seen.values()) / len(seen) > 0.8


def test_nobody_is_excluded_in_the_holidays_or_at_weekends(inbox):
    days = Counter(
        row["startdate"][:11]
        for row in inbox.rows("383/school_census_*.zip", "termlyexclusionsonroll.csv")
    )
    assert not any(day.startswith(("2025-Aug", "2026-Aug")) for day in days)
    assert "2025-Dec-25" not in days
    assert "2026-May-23" not in days  # a Saturday


def test_an_early_sender_sends_two_months_and_finds_more_the_second_time(inbox):
    def referrals(bundle, month):
        rows = inbox.rows(f"306/ssd_{bundle}.zip", "ssd_cin_episodes.csv")
        return sum(row["cine_referral_date"].startswith(month) for row in rows)

    first, second = referrals("2026-01", "2026-01"), referrals("2026-02", "2026-01")
    assert 0.8 < first / second < 0.95
    assert inbox.truth.early_senders == ("306",)


def test_excluded_pupils_are_referred_far_more_often_than_other_children(inbox):
    excluded = {row["upn"] for row in inbox.rows("383/school_census_*.zip", "pupilonroll.csv")}
    referred = {
        row["link_identifier_value"]
        for row in inbox.rows("383/ssd_*.zip", "ssd_linked_identifiers.csv")
    }
    share = len(referred) / authorities()["383"].population
    assert len(excluded & referred) / len(excluded) > 4 * share


def test_looked_after_children_keep_their_id_and_pupil_number(inbox):
    cared_for = {row["CHILD"]: row["UPN"] for row in inbox.rows("383/ssda903_*.zip", "Header.csv")}
    recorded = {
        row["link_person_id"]: row["link_identifier_value"]
        for row in inbox.rows("383/ssd_*.zip", "ssd_linked_identifiers.csv")
        if row["link_identifier_type"] == "Unique Pupil Number"
    }
    both = cared_for.keys() & recorded.keys()
    assert len(both) > 50
    assert sum(cared_for[child] != recorded[child] for child in both) < len(both) / 50


def test_the_volumes_are_those_that_were_published(inbox):
    leeds = authorities()["383"]
    first_year = [f"2025-{month:02}" for month in range(8, 10)]
    referrals = sum(
        1
        for month in first_year
        for _ in inbox.rows(f"383/ssd_{month}.zip", "ssd_cin_episodes.csv")
    )
    assert referrals / 2 == pytest.approx(leeds.referrals / 12, rel=0.2)


def test_the_fall_that_was_planted_is_in_the_files(inbox):
    (event,) = inbox.truth.events
    assert (event.kind, event.la_codes, event.onset) == (
        "referral_drop", ("383",), date(2025, 10, 1),
    )  # fmt: skip
    months = Counter(
        row["cine_referral_date"][:7]
        for row in inbox.rows("383/ssd_2026-0[1-9].zip", "ssd_cin_episodes.csv")
        if row["cine_referral_date"] >= "2026"
    )
    usual = authorities()["383"].referrals / 12
    mean = sum(months.values()) / len(months)
    assert mean / usual == pytest.approx(1 + event.size, abs=0.12)


def test_the_calm_scenario_plants_nothing(make_inbox):
    assert make_inbox(areas=1, months=13, scenario="calm").truth.events == ()


def test_the_truth_can_be_written_and_read_again(inbox, tmp_path):
    path = inbox.truth.save(tmp_path / "truth.json")
    assert load(path) == inbox.truth


def test_the_last_bundle_of_one_sender_comes_twice(inbox):
    (name,) = inbox.truth.delivered_twice
    original, copy = (inbox.root / f"{name}{suffix}.zip" for suffix in ("", "_copy"))
    assert original.read_bytes() == copy.read_bytes()


def test_a_correction_holds_rows_that_the_first_attempt_had_not(make_inbox):
    inbox = make_inbox(areas=12, months=14)
    again = next(
        name for name in inbox.truth.resubmissions if re.search("/ssd_.*_corrected$", name)
    )
    first, second = (
        {row["cine_referral_id"] for row in inbox.rows(f"{name}.zip", "ssd_cin_episodes.csv")}
        for name in (again.removesuffix("_corrected"), again)
    )
    assert first < second


def test_two_authorities_take_over_from_one(make_inbox):
    inbox = make_inbox(areas=12, months=9, until=date(2023, 9, 30))
    before = [
        row["cine_referral_id"] for row in inbox.rows("909/ssd_2023-02.zip", "ssd_cin_episodes.csv")
    ]
    assert len(before) == len(set(before)) > 200
    assert not inbox.bundles("909/*_2023-04.zip")
    assert not inbox.bundles("94[23]/ssd_2023-03.zip")
    assert len(inbox.bundles("94[23]/ssd_2023-04.zip")) == 2
    rows = inbox.rows("94[23]/school_census_2023_autumn.zip", "termlyexclusionsonroll.csv")
    assert all(row["startdate"][5:8] not in ("Jan", "Feb", "Mar") for row in rows)
    assert not list(
        inbox.rows("94[23]/school_census_2023_summer.zip", "termlyexclusionsonroll.csv")
    )
    assert "reorganisation" in {event.kind for event in inbox.truth.events}


def test_every_bad_file_is_there_with_the_rule_that_names_it(tmp_path):
    (tmp_path / "301").mkdir()
    (tmp_path / "302").mkdir()
    planted = faults.plant(tmp_path)
    assert all((tmp_path / fault.label).exists() for fault in planted)
    assert {fault.rule for fault in planted} == {
        "EMPTY_FILE", "TRUNCATED", "XML_NOT_WELL_FORMED", "WRONG_SENDER", "UNKNOWN_EXTRACT",
        "NOT_XLSX",
    }  # fmt: skip


def test_a_bad_file_counts_as_caught_only_for_its_own_rule(tmp_path):
    (tmp_path / "301").mkdir()
    planted = faults.plant(tmp_path)
    named = [f"{one.label}: {one.file}: {one.rule}: words" for one in planted]
    assert faults.all_caught(planted, named)
    assert not faults.all_caught(planted, [line.replace("EMPTY_FILE", "TYPE") for line in named])


def test_what_was_planted_can_be_written_and_read_again(tmp_path):
    (tmp_path / "301").mkdir()
    planted = faults.plant(tmp_path)
    faults.save(planted, tmp_path / "faulty.json")
    assert faults.load(tmp_path / "faulty.json") == planted


def test_canaries_are_values_of_the_files_and_no_common_ones(inbox):
    found = canaries.sample(inbox.root)
    assert len(found.pupil_numbers) > 20
    assert all(len(value) == 13 for value in found.pupil_numbers)
    assert all(value.startswith("K") and len(value) == 8 for value in found.child_ids)
    assert not any(value.endswith("-01") or value.startswith("01/") for value in found.births)


@pytest.mark.parametrize(
    ("year", "expected"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5))],
)
def test_easter_moves(year, expected):
    assert easter(year) == expected
