"""Social care's tables stand in the files as the scripts of each case system write them."""

import json

import pytest

from sightline.simulation.formats.case_systems import case_system

ECLIPSE, MOSAIC, SYSTEMC, OLDER_SYSTEMC = "306", "857", "935", "830"


@pytest.fixture(scope="module")
def inbox(make_inbox):
    return make_inbox(areas=8, months=4)


@pytest.fixture(scope="module")
def written(inbox):
    """The last bundle of a sender, as its files are written."""

    def tables(sender):
        pattern = f"{sender}/September_2026_ssd.zip"
        if not inbox.bundles(pattern):
            pattern = f"{sender}/ssd_2026-09.zip"
        return [
            list(inbox.written(pattern, f"ssd_{table}.csv"))
            for table in (
                "person", "linked_identifiers", "cin_episodes", "cin_assessments",
                "assessment_factors",
            )
        ]  # fmt: skip

    return tables


def test_eclipse_joins_factors_by_child_and_form_and_has_a_place_for_each(written):
    persons, links, _, assessments, factors = written(ECLIPSE)
    assert not links
    keys = [row["cinf_table_id"] for row in factors]
    assert keys == [row["cina_assessment_id"] for row in assessments]
    assert all(
        row["cinf_table_id"].endswith(row["cinf_assessment_id"]) and
        row["cinf_table_id"] != row["cinf_assessment_id"]
        for row in factors
    )  # fmt: skip
    forms = [row["cinf_assessment_id"] for row in factors]
    assert len(set(forms)) < len(forms) == len(set(keys))
    lists = [json.loads(row["cinf_assessment_factors_json"]) for row in factors]
    assert {len(one) for one in lists} == {42}
    assert all(any(one) and None in one for one in lists)
    numbered = [row for row in persons if row["pers_upn"]]
    assert all(row["pers_upn_unknown"] == row["pers_upn"] for row in numbered)
    assert {row["pers_upn_unknown"] for row in persons if not row["pers_upn"]} == {"UN1", "UN4"}
    assert all(row["cina_assessment_auth_date"].endswith(" 00:00:00") for row in assessments)


def test_systemc_writes_times_null_stand_ins_and_words_behind_codes(written):
    persons, links, referrals, assessments, factors = written(SYSTEMC)
    values = {(row["link_identifier_type"], row["link_identifier_value"]) for row in links}
    assert values == {
        ("Unique Pupil Number", "NULL"), ("Former Unique Pupil Number", "SSD_PH"),
    }  # fmt: skip
    assert sum(len(row["pers_upn"]) == 13 for row in persons) > 300
    assert {row["pers_send_flag"] for row in persons} == {"Y    ", "N    "}
    assert all(row["cine_referral_date"].endswith(" 00:00:00.000") for row in referrals)
    assert all(" - " in row["cine_referral_source_code"] for row in referrals)
    closed = {row["cine_close_date"] == "NULL": row["cine_close_reason"] for row in referrals}
    assert closed[True] == "NULL"
    assert closed[False].startswith("RC")
    assert " - " in closed[False]
    assert [row["cinf_assessment_id"] for row in factors] == [
        row["cina_assessment_id"] for row in assessments
    ]
    assert all(json.loads(row["cinf_assessment_factors_json"]) for row in factors)


def test_older_scripts_of_systemc_write_pairs(written):
    told = [json.loads(row["cinf_assessment_factors_json"]) for row in written(OLDER_SYSTEMC)[-1]]
    assert len(told) > 100
    assert {word for pairs in told for word in pairs.values()} == {"Yes"}


def test_mosaic_has_headings_of_its_own_and_lists_open_assessments(written):
    persons, links, referrals, assessments, factors = written(MOSAIC)
    assert {"cine_referral_source", "cin_referral_nfa"} <= referrals[0].keys()
    assert "cine_referral_source_code" not in referrals[0]
    assert {row["cin_referral_nfa"] for row in referrals} == {"yes", "no"}
    assert {row["pers_sex"] for row in persons} == {"Female", "Male"}
    kinds = {row["link_identifier_type"] for row in links}
    assert {"Unique Pupil Number", "Case Number"} <= kinds
    is_open = [row["cina_assessment_auth_date"] == "NULL" for row in assessments]
    assert 0 < sum(is_open) < len(is_open)
    assert len(factors) == len(is_open) - sum(is_open)
    assert {row["cinf_table_id"] for row in factors} == {"NULL"}


def test_no_system_writes_names_or_texts(written):
    for sender in (ECLIPSE, MOSAIC, SYSTEMC):
        for table in written(sender):
            for row in table:
                assert not {"pers_forename", "pers_surname"} & row.keys()
                assert row.get("cine_referral_outcome_json") in (None, "", "NULL")


def test_a_small_sender_tells_all_since_the_first_month_each_time(inbox):
    ids, starts = [], set()
    for month in ("2026-06", "2026-07", "2026-08", "2026-09"):
        pattern = f"{MOSAIC}/ssd_{month}.zip"
        starts |= {inbox.manifest(path)["period_start"] for path in inbox.bundles(pattern)}
        ids.append({row["cine_referral_id"] for row in inbox.rows(pattern, "ssd_cin_episodes.csv")})
    assert starts == {"2026-06-01"}
    assert ids[0] < ids[1] < ids[2] < ids[3]


def test_each_system_is_in_use_and_some_write_plain_files():
    found = [case_system(f"{number}").name for number in range(300, 400)]
    assert {name: found.count(name) > 8 for name in found} == dict.fromkeys(
        ("plain files", "SystemC", "Mosaic", "Eclipse"), True
    )
