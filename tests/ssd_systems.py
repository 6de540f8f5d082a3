"""The standard safeguarding dataset of some children, as the scripts for each case system write it.

The same facts in every form: what differs are headings, keys, nulls, dates and what stands where
nothing is known.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from intake_files import upn

ALL_FACTORS = [
    *(f"{number}{letter}" for number in range(1, 7) for letter in "ABC"),
    "7A",
    *(f"8{letter}" for letter in "BCDEF"),
    *(f"{number}A" for number in range(9, 18)),
    "18B",
    "18C",
    "19B",
    "19C",
    "20",
    "21",
    "22A",
    "23A",
    "24A",
]
Tables = dict[str, str]
Row = Sequence[object]


@dataclass(frozen=True)
class Child:
    """A child with one referral, and its assessment where it began; days as YYYY-MM-DD."""

    number: int
    referred: str
    started: str | None = None
    completed: str | None = None
    factors: tuple[str, ...] = ()
    closed: str | None = None
    source: str = "2A"
    sex: str = "F"
    born: str = "2012-05-14"
    is_linked: bool = False
    """Whether the pupil number stands among the linked identifiers alone."""

    @property
    def upn(self) -> str:
        return upn(self.number)

    @property
    def form(self) -> int:
        """The number of the form on which the child was assessed."""
        return 70_000 + self.number

    @property
    def is_assessed(self) -> bool:
        return self.started is not None


PERSON = (
    "pers_legacy_id,pers_person_id,pers_upn,pers_forename,pers_surname,pers_sex,pers_gender,"
    "pers_ethnicity,pers_dob,pers_single_unique_id,pers_upn_unknown,pers_send_flag,"
    "pers_expected_dob,pers_death_date,pers_is_mother,pers_nationality"
)
LINKED = (
    "link_table_id,link_person_id,link_identifier_type,link_identifier_value,"
    "link_valid_from_date,link_valid_to_date"
)
EPISODES = (
    "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
    "cine_referral_source_code,cine_referral_source_desc,cine_referral_outcome_json,"
    "cine_referral_nfa,cine_close_reason,cine_close_date,cine_referral_team,"
    "cine_referral_worker_id"
)
ASSESSMENTS = (
    "cina_assessment_id,cina_person_id,cina_referral_id,cina_assessment_start_date,"
    "cina_assessment_child_seen,cina_assessment_auth_date,cina_assessment_outcome_json,"
    "cina_assessment_outcome_nfa,cina_assessment_team,cina_assessment_worker_id"
)
FACTORS = "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json"


def plain(children: Iterable[Child]) -> Tables:
    """As the contract's own examples are written."""
    children = list(children)
    return {
        "ssd_person.csv": _table(
            "pers_person_id,pers_upn,pers_sex,pers_dob",
            [(f"P{one.number}", one.upn, one.sex, one.born) for one in children],
        ),
        "ssd_cin_episodes.csv": _table(
            "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_source_code,"
            "cine_cin_primary_need_code,cine_referral_nfa,cine_close_date,cine_close_reason",
            [
                (
                    f"R{one.number}",
                    f"P{one.number}",
                    one.referred,
                    one.source,
                    "N1",
                    "N",
                    one.closed or "",
                    "RC7" if one.closed else "",
                )
                for one in children
            ],
        ),
        "ssd_cin_assessments.csv": _table(
            "cina_assessment_id,cina_referral_id,cina_person_id,cina_assessment_start_date,"
            "cina_assessment_auth_date",
            [
                (one.form, f"R{one.number}", f"P{one.number}", one.started, one.completed or "")
                for one in children
                if one.is_assessed
            ],
        ),
        "ssd_assessment_factors.csv": _table(
            "cinf_assessment_id,cinf_assessment_factors_json",
            [(one.form, json.dumps(one.factors)) for one in children if one.factors],
        ),
    }


def systemc(children: Iterable[Child], *, is_before_1_4: bool = False) -> Tables:
    """As SystemC (Liquidlogic) writes it: days with midnight and milliseconds, the word NULL, codes
    with words behind them; `SSD_PH` and NULL in place of the linked pupil numbers.

    To version 1.3, factors name the form, assessments a number of their own, which nothing ties.
    """
    children = list(children)

    def day(text: str | None) -> str:
        return f"{text} 00:00:00.000" if text else "NULL"

    def factors(one: Child) -> str:
        listed = ", ".join(
            f'"{code}": "Yes"' if is_before_1_4 else f'"{code}"' for code in one.factors
        )
        return f"{{{listed}}}" if is_before_1_4 else f"[{listed}]"

    return {
        "ssd_person.csv": _table(
            PERSON,
            [
                (
                    "NULL",
                    one.number,
                    "NULL" if one.is_linked else one.upn,
                    "Given",
                    "Family",
                    one.sex if one.sex != "U" else "I",
                    one.sex,
                    "WBRI",
                    day(one.born),
                    "NULL",
                    "UN4",
                    "N    ",
                    "NULL",
                    "NULL",
                    "NULL",
                    "NULL",
                )
                for one in children
            ],
        ),
        "ssd_linked_identifiers.csv": _table(
            LINKED,
            [
                (place, one.number, kind, value, "NULL", "NULL")
                for place, one in enumerate(children)
                for kind, value in (
                    ("Former Unique Pupil Number", "SSD_PH"),
                    ("Unique Pupil Number", one.upn if one.is_linked else "NULL"),
                    ("NHS Number", f"94{one.number:08d}"),
                )
            ],
        ),
        "ssd_cin_episodes.csv": _table(
            EPISODES,
            [
                (
                    9000 + one.number,
                    one.number,
                    day(one.referred),
                    "N1",
                    f"{one.source} - who referred",
                    "Who referred",
                    '{"COMMENTS": "Given said "no""}',
                    "N",
                    "RC7 Services ceased" if one.closed else "",
                    day(one.closed),
                    12,
                    77,
                )
                for one in children
            ],
        ),
        "ssd_cin_assessments.csv": _table(
            ASSESSMENTS,
            [
                (
                    one.number + 500,
                    one.number,
                    9000 + one.number,
                    day(one.started),
                    "Y",
                    day(one.completed),
                    '{"NFA_FLAG": "N"}',
                    "N",
                    12,
                    77,
                )
                for one in children
                if one.is_assessed
            ],
        ),
        "ssd_assessment_factors.csv": _table(
            FACTORS,
            [
                (
                    300_000 + one.number,
                    one.form if is_before_1_4 else one.number + 500,
                    factors(one),
                )
                for one in children
                if one.factors
            ],
        ),
    }


def eclipse(children: Iterable[Child]) -> Tables:
    """As Eclipse writes it: the assessment's number is child and form joined, which factors give as
    the number of their row; a place for every factor; no linked identifiers."""
    children = list(children)

    def day(text: str | None) -> str:
        return f"{text} 00:00:00" if text else ""

    return {
        "ssd_person.csv": _table(
            PERSON,
            [
                (
                    "",
                    one.number,
                    "" if one.is_linked else one.upn,
                    "Given",
                    "Family",
                    one.sex,
                    "00",
                    "??",
                    day(one.born),
                    "",
                    one.upn,
                    "N    ",
                    "",
                    "",
                    "N",
                    "",
                )
                for one in children
            ],
        ),
        "ssd_linked_identifiers.csv": _table(LINKED, [[""] * 6]),
        "ssd_cin_episodes.csv": _table(
            EPISODES,
            [
                (
                    f"{one.number}{60_000 + one.number}",
                    one.number,
                    day(one.referred),
                    "N1",
                    one.source,
                    "SCHOOLS",
                    '{"OUTCOME_NFA_FLAG": "N"}',
                    "N",
                    "RC7" if one.closed else "",
                    day(one.closed),
                    "",
                    "",
                )
                for one in children
            ],
        ),
        "ssd_cin_assessments.csv": _table(
            ASSESSMENTS,
            [
                (
                    f"{one.number}{one.form}",
                    one.number,
                    f"{one.number}{60_000 + one.number}",
                    day(one.started),
                    "Y",
                    day(one.completed),
                    "{}",
                    "N",
                    "",
                    "",
                )
                for one in children
                if one.is_assessed
            ],
        ),
        "ssd_assessment_factors.csv": _table(
            FACTORS,
            [
                (
                    f"{one.number}{one.form}",
                    one.form,
                    json.dumps([code if code in one.factors else None for code in ALL_FACTORS]),
                )
                for one in children
                if one.factors
            ],
        ),
    }


def mosaic(children: Iterable[Child]) -> Tables:
    """As a script for Mosaic writes it: other headings, no day of closure, no number of the row of
    factors, assessments without a referral, kinds of identifier in the authority's own words."""
    children = list(children)

    def day(text: str | None) -> str:
        return f"{text}T00:00:00" if text else ""

    return {
        "ssd_person.csv": _table(
            "pers_person_id,legacy_id,pers_sex,pers_gender,pers_ethnicity,pers_dob,"
            "pers_single_unique_id,pers_upn,pers_upn_unknown,pers_send_flag,pers_expected_dob,"
            "pers_death_date,pers_is_mother,pers_nationality",
            [
                (
                    one.number,
                    "",
                    {"F": "Female", "M": "Male", "U": "unknown"}[one.sex],
                    "",
                    "WBRI",
                    day(one.born),
                    f"94{one.number:08d}",
                    "" if one.is_linked else one.upn,
                    "",
                    "",
                    "",
                    "",
                    "",
                    "",
                )
                for one in children
            ],
        ),
        "ssd_linked_identifiers.csv": _table(
            LINKED,
            [
                (place, one.number, kind, value, "", "")
                for place, one in enumerate(children)
                for kind, value in (("NHS", f"94{one.number:08d}"), ("upn", one.upn))
                if kind == "NHS" or one.is_linked
            ],
        ),
        "ssd_cin_episodes.csv": _table(
            "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
            "cine_referral_source,cin_referral_nfa,cine_close_reason,cine_referral_team,"
            "cine_referral_worker_id",
            [
                (
                    8000 + one.number,
                    one.number,
                    day(one.referred),
                    "N1",
                    one.source,
                    "N",
                    "",
                    12,
                    77,
                )
                for one in children
            ],
        ),
        "ssd_cin_assessments.csv": _table(
            "cina_assessment_id,cina_person_id,cina_referral_id,cina_assessment_start_date,"
            "cina_assessment_child_seen,cina_assessment_auth_date,"
            "cina_assessment_outcome_further_intervention,cina_assessment_outcome_nfa,"
            "cina_assessment_team,cina_assessment_worker_id",
            [
                (
                    one.form,
                    one.number,
                    "",
                    day(one.started),
                    "Y",
                    day(one.completed),
                    "N",
                    "N",
                    12,
                    77,
                )
                for one in children
                if one.is_assessed
            ],
        ),
        "ssd_assessment_factors.csv": _table(
            FACTORS,
            [("", one.form, json.dumps(one.factors)) for one in children if one.factors],
        ),
    }


SYSTEMS: dict[str, Callable[[Iterable[Child]], Tables]] = {
    "plain": plain,
    "systemc": systemc,
    "eclipse": eclipse,
    "mosaic": mosaic,
}


def _table(header: str, rows: Iterable[Row]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return out.getvalue()
