"""Cases that real returns hold are in the files of eight areas, as often as the truth says."""

import re
import zipfile
from collections import Counter, defaultdict
from datetime import date
from functools import cached_property
from itertools import pairwise

import pytest
from lxml import etree

from sightline.simulation.people import people

pytestmark = pytest.mark.slow

NEW_SERIES = "90"
"""Of the school in the pupil numbers that adopted children are given."""


def british(value: str) -> date | None:
    return date(*map(int, reversed(value.split("/")))) if value else None


class Nation:
    """Eight areas and 36 months, with what each bundle holds."""

    def __init__(self, inbox):
        self.inbox, self.truth = inbox, inbox.truth
        self.sent = {path: inbox.manifest(path) for path in inbox.bundles("*/*.zip")}

    def of(self, extract, sender=None):
        """Paths and manifests in the order of their periods, the corrections last."""
        found = [
            (path, manifest)
            for path, manifest in self.sent.items()
            if manifest["extract"] == extract and sender in (None, manifest["sender"])
        ]
        return sorted(found, key=lambda one: (one[1]["period_end"], one[1]["prepared_on"]))

    def rows(self, path, table):
        return list(self.inbox.rows(f"{path.parent.name}/{path.name}", table))

    def told(self, extract, table, sender=None):
        """Each row with the manifest of its bundle."""
        for path, manifest in self.of(extract, sender):
            for row in self.rows(path, table):
                yield manifest, row

    @cached_property
    def referrals(self):
        return list(self.told("ssd", "ssd_cin_episodes.csv"))

    def numbers(self, path):
        """Each local number with a pupil number that it has or had."""
        for row in self.rows(path, "ssd_person.csv"):
            if row.get("pers_upn"):
                yield row["pers_person_id"], row["pers_upn"]
        for row in self.rows(path, "ssd_linked_identifiers.csv"):
            if (
                "Unique Pupil Number" in row["link_identifier_type"]
                and row["link_identifier_value"]
            ):
                yield row["link_person_id"], row["link_identifier_value"]

    @cached_property
    def missing(self):
        return list(self.told("ssda903", "Missing.csv"))

    @cached_property
    def known(self):
        """The children of each identifier of a sender."""
        found = defaultdict(set)
        for one in people(self.truth):
            found[one.sender, one.kind, one.identifier].add(one.child)
        return found


@pytest.fixture(scope="module")
def nation(make_inbox):
    return Nation(make_inbox(areas=8, months=36))


@pytest.fixture(scope="module")
def cin(nation):
    """Each census of Herefordshire: the cases of each child, by day of referral."""
    found = {}
    for path, _ in nation.of("cin_census", "884"):
        with zipfile.ZipFile(path) as bundle:
            message = etree.fromstring(bundle.read("cin_census.xml"))
        cases = {}
        for child in message.iter("Child"):
            name = child.findtext("ChildIdentifiers/LAchildID")
            for case in child.iter("CINdetails"):
                cases[name, case.findtext("CINreferralDate")] = case
        found[int(message.findtext("Header/CollectionDetails/Year"))] = cases
    return found


def test_referrals_are_told_in_the_next_month_and_few_of_them(nation):
    first_told, late = {}, 0
    for manifest, row in nation.referrals:
        key = manifest["sender"], row["cine_referral_id"]
        if key not in first_told and row["cine_referral_date"] < manifest["period_start"]:
            late += 1
        first_told.setdefault(key, manifest)
    assert 100 < late <= nation.truth.counts["referrals told late"]
    assert late / len(nation.referrals) < 0.01


def test_no_bundle_holds_so_many_older_days_that_it_would_be_held_back(nation):
    outside, rows = Counter(), Counter()
    for manifest, row in nation.referrals:
        key = manifest["sender"], manifest["period_start"], manifest["prepared_on"]
        rows[key] += 1
        outside[key] += row["cine_referral_date"] < manifest["period_start"]
    assert all(outside[key] < max(5, rows[key] / 20) for key in rows)


def test_closures_of_older_referrals_are_told(nation):
    told = [
        row
        for manifest, row in nation.referrals
        if row["cine_close_date"] >= manifest["period_start"] > row["cine_referral_date"]
    ]
    assert 20 < len(told) <= 2 * nation.truth.counts["closures of older referrals"]


def test_missing_episodes_are_told_a_year_late(nation):
    in_time = {
        (manifest["sender"], row["CHILD"], row["MIS_START"], row["MIS_END"])
        for manifest, row in nation.missing
        if british(row["MIS_START"]).isoformat() >= manifest["period_start"]
    }
    late = {
        (manifest["sender"], row["CHILD"], row["MIS_START"], row["MIS_END"])
        for manifest, row in nation.missing
        if row["MIS_END"] and british(row["MIS_END"]).isoformat() < manifest["period_start"]
    }
    assert 10 < len(late) <= nation.truth.counts["missing episodes told late"]
    assert not late & in_time


def test_placements_are_told_a_term_late(nation):
    ids = defaultdict(set)
    late = 0
    for path, manifest in nation.of("alternative_provision"):
        sender, rows = manifest["sender"], nation.rows(path, "ap_placement.csv")
        if "_corrected" not in path.name:
            late += sum(
                "2023-09-01" < row["entry_date"] < manifest["period_start"]
                and row["placement_id"] not in ids[sender]
                for row in rows
            )
        ids[sender] |= {row["placement_id"] for row in rows}
    assert 10 < late <= nation.truth.counts["placements told late"] + 60


def test_children_go_missing_twice_on_a_day(nation):
    ends = defaultdict(set)
    for manifest, row in nation.missing:
        key = manifest["sender"], manifest["period_end"], row["CHILD"], row["MIS_START"]
        ends[key].add(row["MIS_END"])
    twice = {(key[0], *key[2:]) for key, found in ends.items() if len(found) > 1}
    assert (
        10 < len(twice) <= nation.truth.counts["children missing again on the same day"] * 1.1 + 60
    )


def test_episodes_open_in_one_return_are_closed_in_a_later_one(nation):
    ends = defaultdict(set)
    for manifest, row in nation.missing:
        ends[manifest["sender"], row["CHILD"], row["MIS_START"]].add(row["MIS_END"])
    assert sum("" in found and len(found) == 2 for found in ends.values()) > 20


def test_children_have_short_breaks_and_some_are_looked_after_later(nation):
    breaks, care = defaultdict(list), defaultdict(list)
    for manifest, row in nation.told("ssda903", "Episodes.csv"):
        kind = breaks if row["LS"] in ("V3", "V4") else care
        kind[manifest["sender"], row["CHILD"]].append((british(row["DECOM"]), row))
    assert {row["LS"] for found in breaks.values() for _, row in found} == {"V3", "V4"}
    assert 20 < len(breaks) <= nation.truth.counts["children in short breaks"]
    both = breaks.keys() & care.keys()
    assert len(both) > 3
    for child in both:
        assert max(start for start, _ in breaks[child]) < min(start for start, _ in care[child])


def test_returns_are_lost_and_the_truth_says_that_it_is_no_fall(nation):
    assert not nation.of("ssda903", "884")
    assert nation.truth.cases["never sends SSDA903"] == ("884",)
    assert nation.truth.cases["tells of care each month"] == ("383", "857", "935")
    assert nation.truth.cases["of them sends SSDA903 once a year"] == ("857",)
    marches = {manifest["period_end"][5:] for _, manifest in nation.of("ssda903", "857")}
    assert marches == {"03-31"}
    ends = {manifest["period_end"] for _, manifest in nation.of("ssda903", "830")}
    assert "2026-03-31" not in ends
    assert {"2025-12-31", "2026-06-30"} <= ends
    starts = {manifest["period_start"] for _, manifest in nation.of("ssd", "352")}
    assert "2026-04-01" not in starts
    assert {"2026-03-01", "2026-05-01"} <= starts
    quiet = {one.id for one in nation.truth.events if not one.expects_alert}
    assert {"missing_return-352", "missing_care_return-830"} <= quiet
    assert set(nation.truth.never_sent) == {"352/ssd_2026-04", "830/ssda903_2026-03"}


def test_the_last_quarter_of_a_year_is_corrected_after_the_year(nation):
    found = [
        (path, manifest)
        for path, manifest in nation.of("ssda903", "382")
        if manifest["period_end"] == "2026-03-31"
    ]
    (year, whole), (part, again) = found
    assert (whole["period_start"], again["period_start"]) == ("2025-04-01", "2026-01-01")
    assert again["prepared_on"] > whole["prepared_on"]
    first, second = (
        {
            (row["CHILD"], row["MIS_START"])
            for row in nation.rows(path, "Missing.csv")
            if british(row["MIS_START"]) >= date(2026, 1, 1)
        }
        for path in (year, part)
    )
    assert second - first
    assert first - second
    assert f"382/{part.stem}" in nation.truth.cases["sent again on purpose"]


def test_one_month_of_two_is_sent_again(nation):
    [(path, manifest)] = [one for one in nation.of("ssd", "306") if one[0].stem.endswith("_again")]
    assert (manifest["period_start"], manifest["period_end"]) == ("2026-01-01", "2026-01-31")
    assert f"306/{path.stem}" in nation.truth.resubmissions


def test_a_month_is_sent_on_its_28th_day_and_again(nation):
    june = [one for one in nation.of("ssd", "935") if one[1]["period_start"] == "2026-06-01"]
    assert june[0][1]["prepared_on"] == "2026-06-28"
    days = [
        {row["cine_referral_date"] for row in nation.rows(path, "ssd_cin_episodes.csv")}
        for path, _ in june
    ]
    assert max(days[0]) <= "2026-06-28" < max(days[1])
    done = nation.rows(june[0][0], "ssd_cin_assessments.csv")
    assert max(row["cina_assessment_auth_date"] for row in done) <= "2026-06-28"


@pytest.mark.parametrize("roll", ["onroll", "nolongeronroll"])
def test_rows_are_numbered_from_one_in_each_census(nation, roll):
    short = roll.replace("nolongeronroll", "offroll")
    for path, _ in nation.of("school_census", "884"):
        pupils = [row[f"pupil{roll}tableid"] for row in nation.rows(path, f"pupil{roll}.csv")]
        assert pupils == [f"P{number:08}" for number in range(1, len(pupils) + 1)]
        told = nation.rows(path, f"termlyexclusions{short}.csv")
        ids = [row[f"termlyexclusions{short}tableid"] for row in told]
        assert ids == [f"E{number:08}" for number in range(1, len(ids) + 1)]
        assert {row[f"pupil{roll}tableid"] for row in told} <= set(pupils)


def test_names_of_some_senders_do_not_sort_by_time(nation):
    assert nation.truth.cases["names files by words"] == ("830", "935")
    for sender in ("830", "935"):
        for extract in ("ssd", "ssda903", "school_census", "alternative_provision"):
            sent = sorted(nation.of(extract, sender), key=lambda one: one[0].name)
            ends = [manifest["period_end"] for _, manifest in sent]
            assert ends != sorted(ends)
            assert not any("sequence" in manifest for _, manifest in sent)


def test_sex_and_birth_of_some_are_corrected(nation):
    told = defaultdict(set)
    reused = {key[2] for key, who in nation.known.items() if len(who) > 1}
    for sender in ("352", "830", "935"):
        for _, row in nation.told("ssd", "ssd_person.csv", sender):
            if row["pers_dob"] and row["pers_person_id"] not in reused:
                told[sender, row["pers_person_id"]].add((row["pers_sex"], row["pers_dob"]))
    changed = [found for found in told.values() if len(found) > 1]
    assert 3 < len(changed) <= nation.truth.counts["children whose sex or birth was corrected"]
    assert any(len({sex for sex, _ in found}) == 2 for found in changed)
    assert any(len({born for _, born in found}) == 2 for found in changed)


def test_cases_stay_open_for_more_than_a_year_and_close_in_a_later_census(cin):
    years = sorted(cin)
    assert len(years) >= 2
    for before, after in pairwise(years):
        open_then = {
            key for key, case in cin[before].items() if case.find("CINclosureDate") is None
        }
        assert len(open_then) > 200
        assert open_then <= cin[after].keys()
        old = {key for key in open_then if key[1] < f"{after - 1}-04-01"}
        closed = {key for key in old if cin[after][key].find("CINclosureDate") is not None}
        assert len(closed) > 50
        long_open = {key for key in old - closed if key[1] < f"{after - 1}-03-31"}
        assert len(long_open) > 50


def test_assessments_begin_again_from_the_first_in_each_census(cin):
    before, after = sorted(cin)[-2:]
    starts = [
        [
            [one.text for one in cin[year][key].iter("AssessmentActualStartDate")]
            for year in (before, after)
        ]
        for key in cin[before].keys() & cin[after].keys()
    ]
    assert sum(bool(first and second and first[0] != second[0]) for first, second in starts) > 2


def test_weapons_and_drugs_are_reasons_as_often_as_published(nation):
    found, count = Counter(), 0
    for sender in ("383", "935"):
        for _, row in nation.told("school_census", "termlyexclusionsonroll.csv", sender):
            if row["category"] != "PERM":
                count += 1
                found.update({row["reason1"], row["reason2"], row["reason3"]})
    assert 0.012 < found["OW"] / count < 0.045
    assert 0.02 < found["DA"] / count < 0.06


def test_every_identifier_is_known_and_stands_for_one_child_but_for_numbers_used_again(nation):
    tables = (
        ("ssd", "ssd_person.csv", "person", "pers_person_id"),
        ("ssd", "ssd_person.csv", "upn", "pers_upn"),
        ("ssda903", "Header.csv", "person", "CHILD"),
        ("school_census", "pupilonroll.csv", "upn", "upn"),
        ("alternative_provision", "ap_placement.csv", "upn", "upn"),
    )
    by_mistake = 0
    for extract, table, kind, column in tables:
        told = {
            (manifest["sender"], kind, row[column])
            for sender in ("306", "352", "857", "884")
            for manifest, row in nation.told(extract, table, sender)
            if row.get(column)
        }
        unknown = {key for key in told if key not in nation.known}
        by_mistake += len(unknown)
        assert len(unknown) < len(told) / 1_000
    assert by_mistake < 100
    again = {key for key, who in nation.known.items() if len(who) > 1}
    assert {key[0] for key in again if key[1] == "person"} == {"352"}
    assert len(again) == nation.truth.counts["local numbers given to a second child"] > 10


def test_one_record_in_two_thousand_carries_the_number_of_another_child(nation):
    wrong, count = set(), 0
    for path, manifest in nation.of("ssd"):
        sender = manifest["sender"]
        for person, upn in set(nation.numbers(path)):
            count += 1
            if not nation.known[sender, "person", person] & nation.known[sender, "upn", upn]:
                wrong.add((sender, person, upn))
    assert 0.0002 < len(wrong) / count < 0.001


def test_one_pupil_number_stands_for_two_children_of_two_authorities(nation):
    owners = defaultdict(set)
    for (_, kind, value), who in nation.known.items():
        if kind == "upn":
            owners[value] |= who
    shared = [who for who in owners.values() if len(who) > 1]
    assert len(shared) > 2
    assert all(len({child.split("-")[0] for child in who}) == 2 for who in shared)


def test_an_adopted_child_is_told_of_anew_and_nothing_ties_it(nation):
    ended = {
        (manifest["sender"], row["CHILD"])
        for manifest, row in nation.told("ssda903", "Episodes.csv")
        if row["REC"] in ("E11", "E12")
    }
    assert 50 < len(ended) <= nation.truth.counts["children adopted"]
    assert nation.truth.counts["of them told of under a new identity"] > 5
    adopted = {child for key in ended for child in nation.known[key[0], "person", key[1]]}
    fresh = [
        who
        for (_, kind, value), who in nation.known.items()
        if kind == "upn" and value[4:6] == NEW_SERIES
    ]
    assert len(fresh) > 5
    assert not any(who & adopted for who in fresh)


@pytest.mark.parametrize(("sender", "keeps"), [("306", True), ("830", False)])
def test_everybody_is_numbered_anew_with_and_without_a_mapping(nation, sender, keeps):
    [event] = [one for one in nation.truth.events if one.id == f"numbered_anew-{sender}"]
    numbers, upns = (set(), set()), (set(), set())
    for path, manifest in nation.of("ssd", sender):
        if manifest["period_start"] < event.onset.isoformat() <= manifest["period_end"]:
            continue
        is_after = manifest["period_start"] >= event.onset.isoformat()
        late = {
            row["cine_person_id"]
            for row in nation.rows(path, "ssd_cin_episodes.csv")
            if row["cine_referral_date"] < event.onset.isoformat()
        }
        for person, upn in nation.numbers(path):
            if not (is_after and person in late):
                numbers[is_after].add(person)
                upns[is_after].add(upn)
    assert not numbers[0] & numbers[1]
    shared = len(upns[0] & upns[1]) / len(upns[1])
    assert shared > 0.1 if keeps else shared < 0.01


def test_who_is_who_is_not_saved_with_the_truth(nation, tmp_path):
    text = nation.truth.save(tmp_path / "truth.json").read_text(encoding="utf-8")
    assert not re.search(r"K\d{7}|[A-Z]\d{12}", text)
