"""The extracts are written as real senders write them."""

import re
import zipfile
from datetime import date
from itertools import pairwise

import pytest
from lxml import etree

from sightline.simulation.children import CHECK_LETTERS
from sightline.simulation.formats import case_systems

pytestmark = pytest.mark.slow

UPN = re.compile(r"[A-Z]\d{12}")


def is_valid_upn(value: str) -> bool:
    total = sum(place * int(digit) for place, digit in enumerate(value[1:], start=2))
    return bool(UPN.fullmatch(value)) and value[0] == chr(CHECK_LETTERS[total % 23])


def test_every_bundle_says_what_it_is_and_that_it_is_simulated(inbox):
    for path in inbox.bundles("*/*.zip"):
        manifest = inbox.manifest(path)
        assert manifest["simulated"] is True
        assert manifest["sender"] == path.parent.name
        assert manifest["period_start"] <= manifest["period_end"] < manifest["prepared_on"]
        assert manifest["prepared_on"] <= inbox.truth.as_of.isoformat()


def test_referrals_lie_in_the_window_of_their_bundle(inbox):
    rows = list(inbox.rows("383/ssd_2026-01.zip", "ssd_cin_episodes.csv"))
    assert len(rows) > 300
    assert list(rows[0]) == case_systems.REFERRAL.split(",")
    inside = sum(row["cine_referral_date"].startswith("2026-01") for row in rows)
    assert 0.98 < inside / len(rows) < 1
    assert max(row["cine_referral_date"] for row in rows) <= "2026-01-31"
    assert {row["cine_referral_nfa"] for row in rows} == {"Y", "N"}


def test_assessments_carry_their_factors_as_a_json_list(inbox):
    rows = list(inbox.rows("383/ssd_2026-01.zip", "ssd_assessment_factors.csv"))
    assessments = list(inbox.rows("383/ssd_2026-01.zip", "ssd_cin_assessments.csv"))
    listed = re.compile(r'\["\d+[A-C]?"(,"\d+[A-C]?")*\]')
    assert all(listed.fullmatch(row["cinf_assessment_factors_json"]) for row in rows)
    assert [row["cinf_assessment_id"] for row in rows] == [
        row["cina_assessment_id"] for row in assessments
    ]


def test_an_episode_that_closes_after_the_extract_is_still_open_in_it(inbox):
    for path in inbox.bundles("383/ssd_*.zip"):
        prepared = inbox.manifest(path)["prepared_on"]
        rows = inbox.rows(f"383/{path.name}", "ssd_cin_episodes.csv")
        closed = [row for row in rows if row["cine_close_date"]]
        assert all(row["cine_close_date"] <= prepared for row in closed)
        assert all(row["cine_close_reason"] for row in closed)


def test_pupil_numbers_have_their_check_letter(inbox):
    values = {row["upn"] for row in inbox.rows("*/school_census_*.zip", "pupilonroll.csv")}
    values |= {
        row["link_identifier_value"]
        for row in inbox.rows("383/ssd_*.zip", "ssd_linked_identifiers.csv")
    }
    values |= {row["pers_upn"] for row in inbox.rows("306/ssd_*.zip", "ssd_person.csv")} - {""}
    assert len(values) > 5_000
    assert all(map(is_valid_upn, values))


def test_a_census_carries_its_terms_and_every_exclusion_belongs_to_a_pupil(inbox):
    pattern = "383/school_census_2026_summer.zip"
    pupils = {row["pupilonrolltableid"]: row for row in inbox.rows(pattern, "pupilonroll.csv")}
    exclusions = list(inbox.rows(pattern, "termlyexclusionsonroll.csv"))
    excluded = {row["pupilonrolltableid"] for row in exclusions}
    assert excluded <= pupils.keys()
    assert all(_missed_half(pupils[one]) for one in pupils.keys() - excluded)
    months = {row["startdate"][:8] for row in exclusions}
    assert min(months) == "2025-Dec"
    assert months == {"2025-Sep", "2025-Oct", "2025-Nov", "2025-Dec"} | {
        "2026-Jan", "2026-Feb", "2026-Mar"
    }  # fmt: skip
    assert all(re.fullmatch(r"\d+\.0", row["sessions"]) for row in exclusions)


@pytest.fixture(scope="module")
def with_rutland(make_inbox):
    return make_inbox(areas=4, months=14)


def test_a_small_authority_sends_the_sessions_of_its_whole_roll(with_rutland):
    rows = list(with_rutland.rows("857/school_census_2026_summer.zip", "pupilonroll.csv"))
    told = [row for row in rows if row["termlysessionspossible"]]
    assert len(told) > 4_000
    severe = sum(map(_missed_half, told)) / len(told)
    assert 0.015 < severe < 0.035


def test_the_autumn_census_gives_the_last_half_term_apart(with_rutland):
    for term, is_apart in (("autumn", True), ("summer", False)):
        rows = with_rutland.rows(f"857/school_census_2026_{term}.zip", "pupilonroll.csv")
        parts = [row["summerhalfterm2sessionspossible"] for row in rows]
        assert any(parts) == is_apart


def test_placements_are_those_open_in_their_term(inbox):
    rows = list(inbox.rows("383/alternative_provision_2026_spring.zip", "ap_placement.csv"))
    assert len(rows) > 50
    assert all(row["entry_date"] <= "2026-03-31" for row in rows)
    assert all(not row["leaving_date"] or row["leaving_date"] >= "2026-01-01" for row in rows)
    assert {row["arranged_by"] for row in rows} == {"LA", "SCH"}


def _missed_half(row):
    kinds = ("authorised", "unauthorised")
    parts = ("termlysessions", "summerhalfterm2sessions")
    missed = sum(int(float(row[part + kind] or 0)) for part in parts for kind in kinds)
    possible = sum(int(float(row[f"{part}possible"] or 0)) for part in parts)
    return possible > 0 and 2 * missed >= possible


def test_looked_after_children_are_cumulated_over_the_collection_year(inbox):
    first = {row["CHILD"] for row in inbox.rows("383/ssda903_2025-09.zip", "Header.csv")}
    later = {row["CHILD"] for row in inbox.rows("383/ssda903_2026-03.zip", "Header.csv")}
    assert first < later


def test_the_tables_of_care_tell_each_month_what_the_return_tells_later(inbox):
    """Children in care, and of them those who went missing; late ones are told by tables alone."""
    bundles = "383/ssd_2026-0[123].zip"
    missing = {
        (row["miss_person_id"], row["miss_missing_episode_start_date"][:10])
        for row in inbox.rows(bundles, "ssd_missing.csv")
    }
    children = {row["clae_person_id"] for row in inbox.rows(bundles, "ssd_cla_episodes.csv")}
    statuses = {row["lega_person_id"] for row in inbox.rows(bundles, "ssd_legal_status.csv")}
    named = {row["pers_person_id"] for row in inbox.rows(bundles, "ssd_person.csv")}
    returned = {
        (row["CHILD"], _british(row["MIS_START"]).isoformat())
        for row in inbox.rows("383/ssda903_2026-03.zip", "Missing.csv")
        if _british(row["MIS_START"]) >= date(2026, 1, 1)
    }
    assert len(returned) > 20
    assert returned <= missing
    from_home = {child for child, _ in missing} - children
    assert 5 < len(from_home) < len(missing)
    assert children == statuses
    assert children | from_home <= named


def test_missing_episodes_open_at_the_end_have_no_end_and_never_overlap(inbox):
    rows = list(inbox.rows("383/ssda903_2026-03.zip", "Missing.csv"))
    spans: dict[str, list[tuple[date, date]]] = {}
    for row in rows:
        start, end = (_british(row[name]) for name in ("MIS_START", "MIS_END"))
        spans.setdefault(row["CHILD"], []).append((start or date.min, end or date.max))
    assert {row["MISSING"] for row in rows} == {"M", "A"}
    for episodes in spans.values():
        assert all(before[1] <= after[0] for before, after in pairwise(sorted(episodes)))


def _british(value: str) -> date | None:
    return date(*map(int, reversed(value.split("/")))) if value else None


def test_sex_is_a_number_until_the_return_of_2024_and_a_letter_afterwards(make_inbox):
    older = make_inbox(areas=1, months=4, until=date(2024, 6, 30))
    assert {row["SEX"] for row in older.rows("383/ssda903_2024-03.zip", "Header.csv")} == {"1", "2"}
    assert {row["SEX"] for row in older.rows("383/ssda903_2024-06.zip", "Header.csv")} == {"F", "M"}


def test_the_cin_census_is_one_year_of_its_own_authority(inbox):
    with zipfile.ZipFile(inbox.root / "884/cin_census_2026.zip") as bundle:
        message = etree.fromstring(bundle.read("cin_census.xml"))
    assert message.findtext("Header/Source/LEA") == "884"
    assert message.findtext("Header/CollectionDetails/ReferenceDate") == "2026-03-31"
    dates = [element.text or "" for element in message.iter("CINreferralDate")]
    in_year = [value for value in dates if "2025-04-01" <= value <= "2026-03-31"]
    assert len(in_year) > 1_000
    assert max(dates) <= "2026-03-31"
    assert not inbox.bundles("884/ssd_*.zip")
