"""How the scripts of the standard safeguarding dataset write its tables, by case system.

The same facts stand in every form. What differs are the columns, what stands where nothing is
known, how days and words are written, and by which number factors name their assessment. Names of
children and texts about them are left out, as senders are asked to.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from sightline.simulation import text
from sightline.simulation.recording import chance

Table = Literal["person", "identifier", "referral", "assessment", "factor"]

PERSON = (
    "pers_person_id,pers_sex,pers_ethnicity,pers_dob,pers_expected_dob,pers_upn_unknown,"
    "pers_send_flag,pers_death_date"
)
IDENTIFIER = (
    "link_table_id,link_person_id,link_identifier_type,link_identifier_value,"
    "link_valid_from_date,link_valid_to_date"
)
REFERRAL = (
    "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
    "cine_referral_source_code,cine_referral_source_desc,cine_referral_outcome_json,"
    "cine_referral_nfa,cine_close_reason,cine_close_date,cine_referral_team,"
    "cine_referral_worker_id"
)
ASSESSMENT = (
    "cina_assessment_id,cina_person_id,cina_referral_id,cina_assessment_start_date,"
    "cina_assessment_child_seen,cina_assessment_auth_date,cina_assessment_outcome_json,"
    "cina_assessment_outcome_nfa,cina_assessment_team,cina_assessment_worker_id"
)
FACTOR = "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json"
PERSON_WITH_NUMBER = (
    "pers_legacy_id,pers_person_id,pers_upn,pers_sex,pers_gender,pers_ethnicity,pers_dob,"
    "pers_single_unique_id,pers_upn_unknown,pers_send_flag,pers_expected_dob,pers_death_date,"
    "pers_is_mother,pers_nationality"
)

SOURCES = {
    "1A": "family member or carer", "1B": "acquaintance", "1C": "self", "1D": "other individual",
    "2A": "school", "2B": "education service", "3A": "GP", "3B": "health visitor",
    "3C": "school nurse", "3D": "other primary health", "3E": "A&E", "3F": "other health",
    "4": "housing", "5A": "social care", "5B": "other department", "5C": "other authority",
    "5D": "early help", "6": "police", "7": "other legal agency", "8": "other", "9": "anonymous",
    "10": "unknown",
}  # fmt: skip
CLOSURES = {
    "RC7": "services ceased", "RC8": "closed after assessment", "RC9": "referred to early help"
}  # fmt: skip


@dataclass(frozen=True)
class CaseSystem:
    name: str
    person: str = PERSON_WITH_NUMBER
    """The header line of each table."""
    referral: str = REFERRAL
    assessment: str = ASSESSMENT
    null: bytes = b""
    after_day: bytes = b""
    """What stands behind the day where none but midnight is known."""
    yes: bytes = b"Y"
    no: bytes = b"N"
    flag_width: int = 1
    """To which flags of a fixed width are padded."""
    sexes: tuple[bytes, bytes] = (b"F", b"M")
    words_after_codes: bool = False
    links: Literal["pupil_numbers", "every_kind", "stand_ins", "none"] = "pupil_numbers"
    """What stands among the linked identifiers; with stand-ins, no number of any kind is told."""
    factors: Literal["codes", "pairs", "places"] = "codes"
    """A list of codes; each code with the word Yes; or a place for every factor that there is."""
    by_form: bool = False
    """Assessments are numbered by child and form, and a form may tell of two children."""
    lists_open: bool = False
    """Assessments that still go on are listed."""
    has_mark: bool = False
    """Files begin with a byte order mark."""

    @property
    def is_plain(self) -> bool:
        return self.person == PERSON

    def header(self, table: Table) -> str:
        fixed = {"identifier": IDENTIFIER, "factor": FACTOR}
        return fixed.get(table) or str(getattr(self, table))

    def day(self, days: text.Integers) -> text.Text:
        return text.iso(days, self.after_day)

    def flag(self, mask: text.Flags) -> text.Text:
        return text.where(mask, self.yes, self.no)

    def with_words(self, codes: text.Text, words: dict[str, str]) -> text.Text:
        """Codes with what they mean behind them, where this system writes them so."""
        if not self.words_after_codes:
            return codes.astype("S4")  # wide enough for NULL
        known = sorted(words)
        told = np.array([f"{code} - {words[code]}".encode() for code in known])
        return np.asarray(told[np.searchsorted(np.array(known).astype("S"), codes)])


PLAIN = CaseSystem("plain files", person=PERSON)
"""As an authority writes it that follows the page for senders and not the scripts."""
SYSTEMC = CaseSystem(
    "SystemC", null=b"NULL", after_day=b" 00:00:00.000", flag_width=5, words_after_codes=True,
    links="stand_ins", has_mark=True,
)  # fmt: skip
SYSTEMC_BEFORE_2026 = replace(SYSTEMC, factors="pairs")
MOSAIC = CaseSystem(
    "Mosaic",
    person=PERSON_WITH_NUMBER.replace("pers_legacy_id,pers_person_id", "pers_person_id,legacy_id"),
    referral="cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
    "cine_referral_source,cin_referral_nfa,cine_close_reason,cine_close_date,cine_referral_team,"
    "cine_referral_worker_id",
    assessment=ASSESSMENT.replace("outcome_json", "outcome_further_intervention"),
    null=b"NULL", after_day=b"T00:00:00", yes=b"yes", no=b"no", sexes=(b"Female", b"Male"),
    links="every_kind", lists_open=True,
)  # fmt: skip
ECLIPSE = CaseSystem(
    "Eclipse", after_day=b" 00:00:00", flag_width=5, links="none", factors="places", by_form=True
)

_SHARES = np.cumsum([0.22, 0.36, 0.22])
_SALT = 171
"""Such that each system stands among the first areas of a small set."""


def case_system(la_code: str) -> CaseSystem:
    """Always the same for a sender, whatever else is simulated."""
    systemc = SYSTEMC if int(la_code) % 2 else SYSTEMC_BEFORE_2026
    drawn = np.searchsorted(_SHARES, chance(np.array([int(la_code)]), _SALT), side="right")
    return (PLAIN, systemc, MOSAIC, ECLIPSE)[int(drawn[0])]
