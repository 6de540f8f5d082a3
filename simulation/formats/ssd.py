"""Referrals, persons, assessments and factors in tables of the Standard Safeguarding Dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from simulation import text
from simulation.calendar import Days, add_months, number
from simulation.casework import FACTORS
from simulation.children import LONG_AGO
from simulation.formats import Members
from simulation.recording import mistaken
from simulation.world import World

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
OLD_REFERRALS = 90_000_000  # ids of referrals older than the simulated time
ETHNICITIES = np.array([b"WBRI", b"WOTH", b"MWBC", b"APKN", b"BAFR", b"AIND", b"NOBT"])
ETHNICITY_SHARES = np.array([0.66, 0.07, 0.06, 0.06, 0.07, 0.04, 0.04])


def ethnicity(children: NDArray[np.int64]) -> text.Text:
    """Always the same for a child, without storing it."""
    spread = (children * 2_654_435_761 % 4_294_967_296) / 4_294_967_296
    return ETHNICITIES[np.searchsorted(np.cumsum(ETHNICITY_SHARES)[:-1], spread)]


@dataclass(frozen=True)
class Rows:
    """Every row that a sender will ever send: referrals and assessments in order of date,
    persons and identifiers in order of person."""

    referral: text.Rows
    referred: Days
    recorded: Days
    closed: Days
    is_late: NDArray[np.bool_]
    """Recorded after the month was cut, for senders who send a month once."""
    closure_told: NDArray[np.bool_]
    """Told again when it closes."""
    person_of_referral: NDArray[np.int64]
    assessment: text.Rows
    factor: text.Rows
    completed: Days
    person_of_assessment: NDArray[np.int64]
    """-1 where the person is in an earlier extract."""
    person: text.Rows
    person_number: NDArray[np.int64]
    born: Days
    corrected_on: Days
    wrong: text.Rows
    """The few persons whose sex or birth is told wrongly until then."""
    wrong_number: NDArray[np.int64]
    identifier: text.Rows
    person_of_identifier: NDArray[np.int64]


def rows(world: World) -> Rows:
    made, work = world.referrals, world.casework
    unseen = (work.referral < 0) | (made.day[work.referral] < world.reporting_from)
    number_of = world.first_child + np.arange(len(world.population.birth))
    persons = np.union1d(made.child, work.child[unseen])
    upn, former = world.population.care_upn()[persons], world.population.care_former_upn()[persons]
    identifier, whose = _identifiers(world, persons, number_of[persons], upn, former)
    corrected_on = world.population.corrected_on[persons]
    wrong = np.flatnonzero(corrected_on > LONG_AGO)
    return Rows(
        referral=_referrals(world),
        referred=made.day,
        recorded=made.recorded,
        closed=world.casework.closed,
        is_late=world.recording.late_referral,
        closure_told=world.recording.closure_told,
        person_of_referral=number_of[made.child],
        assessment=_assessments(world),
        factor=_factors(world),
        completed=work.completed,
        person_of_assessment=np.where(unseen, number_of[work.child], -1),
        person=_persons(world, persons, upn),
        person_number=number_of[persons],
        born=world.population.birth[persons],
        corrected_on=corrected_on,
        wrong=_persons(world, persons[wrong], upn[wrong], at_first=True),
        wrong_number=number_of[persons[wrong]],
        identifier=identifier,
        person_of_identifier=whose,
    )


def merged(parts: Sequence[Rows]) -> Rows:
    """One sender's rows from those of the authorities that it was divided into."""
    if len(parts) == 1:
        return parts[0]
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Rows)
    }
    by_referral = np.argsort(joined["referred"], kind="stable")
    by_assessment = np.argsort(joined["completed"], kind="stable")
    for name in (
        "referral", "referred", "recorded", "closed", "is_late", "closure_told",
        "person_of_referral",
    ):  # fmt: skip
        joined[name] = joined[name][by_referral]
    for name in ("assessment", "factor", "completed", "person_of_assessment"):
        joined[name] = joined[name][by_assessment]
    return Rows(**joined)


def _referral_ids(world: World, referral: NDArray[np.int64], child: NDArray[np.int64]) -> text.Text:
    numbers = np.where(referral >= 0, referral, OLD_REFERRALS + child)
    return text.numbered("R", numbers + world.first_number, 8)


def _referrals(world: World) -> text.Rows:
    made, work = world.referrals, world.casework
    here = np.arange(len(made.day))
    return text.table(
        {
            "id": _referral_ids(world, here, made.child),
            "person": world.population.child_id[made.child],
            "date": text.iso(made.day),
            "need": made.need,
            "source": made.source,
            "description": b"",
            "outcome": b"",
            "nfa": np.where(made.is_no_further_action, b"Y", b"N"),
            "reason": work.closure_reason.copy(),
            "closed": text.iso(work.closed),
            "team": np.array([b"T1", b"T2", b"T3", b"T4"])[here % 4],
            "worker": b"",
        }
    )


def _assessments(world: World) -> text.Rows:
    work = world.casework
    return text.table(
        {
            "id": text.numbered("A", np.arange(len(work.child)) + world.first_number, 8),
            "person": world.population.child_id[work.child],
            "referral": _referral_ids(world, work.referral, work.child),
            "started": text.iso(work.started),
            "seen": b"Y",
            "completed": text.iso(work.completed),
            "outcome": b"",
            "nfa": np.where(work.leads_to_nothing, b"Y", b"N"),
            "team": b"",
            "worker": b"",
        }
    )


def _factors(world: World) -> text.Rows:
    """The codes of each assessment as a JSON list, its quotes doubled as CSV asks."""
    named = world.casework.factors
    numbers = np.arange(len(named)) + world.first_number
    first = named.argmax(axis=1)
    codes: dict[str, text.Text] = {}
    for column, code in enumerate(FACTORS):
        quoted = f'""{code}""'.encode()
        codes[code] = text.where(named[:, column], np.where(first == column, quoted, b"," + quoted))
    columns: dict[str, text.Text | bytes] = {
        "id": text.numbered("F", numbers, 8),
        "comma": b",",
        "assessment": text.numbered("A", numbers, 8),
        "open": b',"[',
        **codes,
        "close": b']"',
    }
    return text.table(columns, separator=b"")


def _persons(
    world: World, persons: NDArray[np.int64], upn: text.Text, *, at_first: bool = False
) -> text.Rows:
    """As they are, or as they were told before sex or birth was corrected."""
    people = world.population
    birth = people.birth[persons]
    told = people.first_birth[persons] if at_first else birth
    girl = (people.first_is_girl if at_first else people.is_girl)[persons]
    is_small = birth > world.reporting_from
    return text.table(
        {
            "id": people.child_id[persons],
            "sex": np.where(girl, b"F", b"M"),
            "ethnicity": ethnicity(people.person[persons]),
            "born": text.iso(told),
            "expected": text.iso(told),
            "upn_unknown": text.where(upn == b"", np.where(is_small, b"UN1", b"UN4")),
            "send": np.where(persons % 6 == 0, b"Y", b"N"),
            "died": b"",
        }
    )


def _identifiers(
    world: World,
    persons: NDArray[np.int64],
    numbers: NDArray[np.int64],
    upn: text.Text,
    former: text.Text,
) -> tuple[text.Rows, NDArray[np.int64]]:
    whose = np.concatenate([np.flatnonzero(upn != b""), np.flatnonzero(former != b"")])
    is_former = np.arange(len(whose)) >= (upn != b"").sum()
    order = np.lexsort((is_former, whose))
    whose, is_former = whose[order], is_former[order]
    built = text.table(
        {
            "id": text.numbered("L", numbers[whose] * 2 + is_former, 8),
            "person": world.population.child_id[persons[whose]],
            "type": np.where(is_former, b"Former Unique Pupil Number", b"Unique Pupil Number"),
            "value": np.where(is_former, former[whose], upn[whose]),
            "from": b"",
            "to": b"",
        }
    )
    return built, numbers[whose]


def members(
    sent: Rows, start: date, end: date, cut: int, *, by_cut: bool, dropped: int | None
) -> Members:
    """The tables of one window as known on the day of the cut. `dropped` leaves out some referrals
    and blurs some sources, as a first attempt that is corrected later."""
    chosen = _between(sent.referred, start, end)
    if by_cut:
        chosen = chosen[sent.recorded[chosen] <= cut]
    else:
        chosen = chosen[~sent.is_late[chosen] | (_told_late(sent, chosen) <= cut)]
    chosen = chosen[sent.referred[chosen] <= cut]
    if dropped is not None:
        chosen = chosen[(chosen + dropped) % 11 > 0]
    chosen = np.concatenate([_told_now(sent, start, end, by_cut=by_cut), chosen])
    referral = sent.referral[chosen]
    is_open = sent.closed[chosen] > cut
    referral["closed"][is_open] = b""
    referral["reason"][is_open] = b""
    if dropped is not None:
        referral["source"][(chosen + dropped) % 13 == 0] = b"10"
    completed = _between(sent.completed, start, end)
    completed = completed[sent.completed[completed] <= cut]
    numbers = np.union1d(sent.person_of_referral[chosen], sent.person_of_assessment[completed])
    persons = np.searchsorted(sent.person_number, numbers[numbers >= 0])
    return {
        "ssd_person.csv": (PERSON, _known_persons(sent, persons, cut)),
        "ssd_linked_identifiers.csv": (IDENTIFIER, _told_identifiers(sent, persons, number(end))),
        "ssd_cin_episodes.csv": (REFERRAL, referral),
        "ssd_cin_assessments.csv": (ASSESSMENT, sent.assessment[completed]),
        "ssd_assessment_factors.csv": (FACTOR, sent.factor[completed]),
    }


def _told_late(sent: Rows, chosen: NDArray[np.int64]) -> Days:
    """When a late referral is recorded: between the bundle of its month and the next one."""
    month = sent.referred[chosen].astype("datetime64[D]").astype("datetime64[M]") + 1
    return np.asarray(month.astype("datetime64[D]").astype(np.int32) + 24 + chosen % 13)


def _told_now(sent: Rows, start: date, end: date, *, by_cut: bool) -> NDArray[np.int64]:
    """Referrals of earlier days that this window tells: recorded late, or closed in its months."""
    told = np.flatnonzero(sent.closure_told)
    closed = (sent.closed[told] >= number(start)) & (sent.closed[told] <= number(end))
    told = told[closed & (sent.referred[told] < number(start))]
    if by_cut:
        return told
    before = _between(sent.referred, add_months(start, -1), start - timedelta(days=1))
    return np.union1d(before[sent.is_late[before]], told)


def _between(days: Days, start: date, end: date) -> NDArray[np.int64]:
    return np.arange(*np.searchsorted(days, [number(start), number(end) + 1]))


def _known_persons(sent: Rows, persons: NDArray[np.int64], cut: int) -> text.Rows:
    known = sent.person[persons]
    unborn = sent.born[persons] > cut
    known["born"][unborn] = b""
    known["expected"][~unborn] = b""
    wrong = np.flatnonzero(sent.corrected_on[persons] > cut)
    was = np.searchsorted(sent.wrong_number, sent.person_number[persons[wrong]])
    known["sex"][wrong] = sent.wrong["sex"][was]
    for column in ("born", "expected"):
        is_told = known[column][wrong] != b""
        known[column][wrong[is_told]] = sent.wrong[column][was[is_told]]
    return known


def _told_identifiers(sent: Rows, persons: NDArray[np.int64], salt: int) -> text.Rows:
    """Some with the pupil number of another child, until the next month."""
    rows = _identifiers_of(sent, persons)
    told = sent.identifier[rows]
    wrong, other = mistaken(rows, len(sent.identifier), (salt,))
    told["value"][wrong] = sent.identifier["value"][other]
    return told


def _identifiers_of(sent: Rows, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most two a person."""
    numbers = sent.person_number[persons]
    first = np.searchsorted(sent.person_of_identifier, numbers, side="left")
    last = np.searchsorted(sent.person_of_identifier, numbers, side="right")
    return np.sort(np.concatenate([first[last > first], first[last > first + 1] + 1]))
