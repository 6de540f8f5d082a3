"""Referrals, persons, assessments and factors in tables of the Standard Safeguarding Dataset."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from sightline.simulation import text
from sightline.simulation.calendar import Days, add_months, number
from sightline.simulation.casework import FACTORS
from sightline.simulation.children import LONG_AGO
from sightline.simulation.formats import Members
from sightline.simulation.formats.case_systems import CLOSURES, SOURCES, CaseSystem, Table
from sightline.simulation.recording import mistaken
from sightline.simulation.world import World

RENAMED = {
    "cine_referral_source": "cine_referral_source_code",
    "cin_referral_nfa": "cine_referral_nfa",
    "legacy_id": "pers_legacy_id",
}
"""Columns that a system calls otherwise."""
FILES: dict[Table, str] = {
    "person": "ssd_person",
    "identifier": "ssd_linked_identifiers",
    "referral": "ssd_cin_episodes",
    "assessment": "ssd_cin_assessments",
    "factor": "ssd_assessment_factors",
}
STAND_IN = b"SSD_PH"
EVERY_FACTOR = (
    *(f"{number}{whose}" for number in range(1, 7) for whose in "ABC"),
    "7A", "8B", "8C", "8D", "8E", "8F", "9A", "10A", "11A", "12A", "13A", "14A", "15A", "16A",
    "17A", "18B", "18C", "19B", "19C", "20", "21", "22A", "23A", "24A",
)  # fmt: skip
FORM_OF_SIBLINGS = 4
"""One in so many assessments is told on the form of the one before, if both end on one day."""
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

    system: CaseSystem
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
    started: Days
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
    other_identifier: text.Rows
    """A number of another kind for each person."""
    identifier: text.Rows
    is_former: NDArray[np.bool_]
    person_of_identifier: NDArray[np.int64]


def rows(world: World, system: CaseSystem, others: NDArray[np.int64]) -> Rows:
    """As one case system writes them; `others` are children of whom further tables tell."""
    made, work = world.referrals, world.casework
    unseen = (work.referral < 0) | (made.day[work.referral] < world.reporting_from)
    number_of = world.first_child + np.arange(len(world.population.birth))
    persons = np.unique(np.concatenate([made.child, work.child[unseen], others]))
    upn, former = world.population.care_upn()[persons], world.population.care_former_upn()[persons]
    identifier, is_former, whose = _identifiers(
        world, system, persons, number_of[persons], upn, former
    )
    corrected_on = world.population.corrected_on[persons]
    wrong = np.flatnonzero(corrected_on > LONG_AGO)
    return Rows(
        system=system,
        referral=_referrals(world, system),
        referred=made.day,
        recorded=made.recorded,
        closed=world.casework.closed,
        is_late=world.recording.late_referral,
        closure_told=world.recording.closure_told,
        person_of_referral=number_of[made.child],
        assessment=_assessments(world, system),
        factor=_factors(world, system),
        started=work.started,
        completed=work.completed,
        person_of_assessment=np.where(unseen, number_of[work.child], -1),
        person=_persons(world, system, persons, upn),
        person_number=number_of[persons],
        born=world.population.birth[persons],
        corrected_on=corrected_on,
        wrong=_persons(world, system, persons[wrong], upn[wrong], at_first=True),
        wrong_number=number_of[persons[wrong]],
        other_identifier=_other_identifiers(world, system, persons, number_of[persons]),
        identifier=identifier,
        is_former=is_former,
        person_of_identifier=whose,
    )


def merged(parts: Sequence[Rows]) -> Rows:
    """One sender's rows from those of the authorities that it was divided into."""
    if len(parts) == 1:
        return parts[0]
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Rows)
        if field.name != "system"
    }
    by_referral = np.argsort(joined["referred"], kind="stable")
    by_assessment = np.argsort(joined["completed"], kind="stable")
    for name in (
        "referral", "referred", "recorded", "closed", "is_late", "closure_told",
        "person_of_referral",
    ):  # fmt: skip
        joined[name] = joined[name][by_referral]
    for name in ("assessment", "factor", "started", "completed", "person_of_assessment"):
        joined[name] = joined[name][by_assessment]
    return Rows(system=parts[0].system, **joined)


def _referral_ids(world: World, referral: NDArray[np.int64], child: NDArray[np.int64]) -> text.Text:
    numbers = np.where(referral >= 0, referral, OLD_REFERRALS + child)
    return text.numbered("R", numbers + world.first_number, 8)


def _table(system: CaseSystem, table: Table, columns: dict[str, text.Text | bytes]) -> text.Rows:
    """The columns of a case system in its order; nothing is known of those that are not given."""
    return text.table(
        {
            name: columns.get(name, system.null)
            for name in (RENAMED.get(one, one) for one in system.header(table).split(","))
        }
    )


def _referrals(world: World, system: CaseSystem) -> text.Rows:
    made, work = world.referrals, world.casework
    here = np.arange(len(made.day))
    return _table(
        system,
        "referral",
        {
            "cine_referral_id": _referral_ids(world, here, made.child),
            "cine_person_id": world.population.child_id[made.child],
            "cine_referral_date": system.day(made.day),
            "cine_cin_primary_need_code": made.need,
            "cine_referral_source_code": system.with_words(made.source, SOURCES),
            "cine_referral_nfa": system.flag(made.is_no_further_action),
            "cine_close_reason": system.with_words(work.closure_reason, CLOSURES),
            "cine_close_date": system.day(work.closed),
            "cine_referral_team": np.array([b"T1", b"T2", b"T3", b"T4"])[here % 4],
        },
    )


def _assessment_ids(world: World, system: CaseSystem) -> tuple[text.Text, text.Text]:
    """Of each assessment its number, and that of its form where factors name the form."""
    work = world.casework
    here = np.arange(len(work.child))
    if not system.by_form:
        number = text.numbered("A", here + world.first_number, 8)
        return number, number
    is_told_before = np.zeros(len(here), dtype=bool)
    is_told_before[1:] = (here[1:] % FORM_OF_SIBLINGS == 0) & (np.diff(work.completed) == 0)
    is_told_before[1:] &= np.diff(work.child) != 0
    form = text.numbered("A", here - is_told_before + world.first_number, 8)
    return np.char.add(world.population.child_id[work.child], form), form


def _assessments(world: World, system: CaseSystem) -> text.Rows:
    work = world.casework
    return _table(
        system,
        "assessment",
        {
            "cina_assessment_id": _assessment_ids(world, system)[0],
            "cina_person_id": world.population.child_id[work.child],
            "cina_referral_id": _referral_ids(world, work.referral, work.child),
            "cina_assessment_start_date": system.day(work.started),
            "cina_assessment_child_seen": system.yes,
            "cina_assessment_auth_date": system.day(work.completed),
            "cina_assessment_outcome_nfa": system.flag(work.leads_to_nothing),
        },
    )


def _factors(world: World, system: CaseSystem) -> text.Rows:
    """The codes of each assessment as JSON, its quotes doubled as CSV asks."""
    number, form = _assessment_ids(world, system)
    numbers = np.arange(len(number)) + world.first_number
    start, end = (b',"{', b'}"') if system.factors == "pairs" else (b',"[', b']"')
    columns: dict[str, text.Text | bytes] = {
        "id": _row_of_factors(system, numbers, number),
        "comma": b",",
        "assessment": form,
        "start": start,
        **_codes(world.casework.factors, system),
        "end": end,
    }
    return text.table(columns, separator=b"")


def _row_of_factors(
    system: CaseSystem, numbers: NDArray[np.int64], assessment: text.Text
) -> text.Text | bytes:
    """Eclipse names the assessment here, Mosaic's scripts nothing."""
    if system.by_form:
        return assessment
    return system.null if system.lists_open else text.numbered("F", numbers, 8)


def _codes(named: NDArray[np.bool_], system: CaseSystem) -> dict[str, text.Text | bytes]:
    """The parts of a list of factors, in the order of EVERY_FACTOR."""
    columns: dict[str, text.Text | bytes] = {}
    any_before = np.zeros(len(named), dtype=bool)
    gap = b"," if system.is_plain else b", "
    for place, code in enumerate(EVERY_FACTOR):
        quoted = f'""{code}""'.encode()
        if system.factors == "places":
            is_named = named[:, FACTORS.index(code)] if code in FACTORS else any_before & False
            columns[f"gap_{place}"] = gap if place else b""
            columns[code] = np.where(is_named, quoted, b"null")
        elif code in FACTORS:
            is_named = named[:, FACTORS.index(code)]
            quoted += b': ""Yes""' if system.factors == "pairs" else b""
            columns[code] = text.where(is_named, np.where(any_before, gap + quoted, quoted))
            any_before |= is_named
    return columns


def _persons(
    world: World,
    system: CaseSystem,
    persons: NDArray[np.int64],
    upn: text.Text,
    *,
    at_first: bool = False,
) -> text.Rows:
    """As they are, or as they were told before sex or birth was corrected; the pupil number is
    filled in where a system has a column for it."""
    people = world.population
    birth = people.birth[persons]
    told = people.first_birth[persons] if at_first else birth
    girl = (people.first_is_girl if at_first else people.is_girl)[persons]
    is_small = birth > world.reporting_from
    why_none = np.where(is_small, b"UN1", b"UN4")
    yes, no = (flag.ljust(system.flag_width) for flag in (b"Y", b"N"))
    return _table(
        system,
        "person",
        {
            "pers_person_id": people.child_id[persons],
            "pers_upn": np.full(len(persons), system.null, dtype="S13"),
            "pers_sex": text.where(girl, *system.sexes),
            "pers_ethnicity": ethnicity(people.person[persons]),
            "pers_dob": system.day(told),
            "pers_expected_dob": system.day(told),
            "pers_upn_unknown": np.where(upn == b"", why_none, system.null).astype("S13"),
            "pers_send_flag": text.where(persons % 6 == 0, yes, no),
        },
    )


def _identifiers(
    world: World,
    system: CaseSystem,
    persons: NDArray[np.int64],
    numbers: NDArray[np.int64],
    upn: text.Text,
    former: text.Text,
) -> tuple[text.Rows, NDArray[np.bool_], NDArray[np.int64]]:
    whose = np.concatenate([np.flatnonzero(upn != b""), np.flatnonzero(former != b"")])
    is_former = np.arange(len(whose)) >= (upn != b"").sum()
    order = np.lexsort((is_former, whose))
    whose, is_former = whose[order], is_former[order]
    built = _table(
        system,
        "identifier",
        {
            "link_table_id": text.numbered("L", numbers[whose] * 2 + is_former, 8),
            "link_person_id": world.population.child_id[persons[whose]],
            "link_identifier_type": np.where(
                is_former, b"Former Unique Pupil Number", b"Unique Pupil Number"
            ),
            "link_identifier_value": np.where(is_former, former[whose], upn[whose]),
        },
    )
    return built, is_former, numbers[whose]


def _other_identifiers(
    world: World, system: CaseSystem, persons: NDArray[np.int64], numbers: NDArray[np.int64]
) -> text.Rows:
    return _table(
        system,
        "identifier",
        {
            "link_table_id": text.numbered("M", numbers, 8),
            "link_person_id": world.population.child_id[persons],
            "link_identifier_type": np.full(len(persons), b"Case Number"),
            "link_identifier_value": text.numbered("", numbers, 8),
        },
    )


def members(
    sent: Rows,
    start: date,
    end: date,
    cut: int,
    *,
    by_cut: bool,
    dropped: int | None,
    others: NDArray[np.int64],
) -> Members:
    """The tables of one window as known on the day of the cut. `dropped` leaves out some referrals
    and blurs some sources, as a first attempt that is corrected later. `others` are the numbers of
    persons of whom further tables tell."""
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
    for column in ("cine_close_date", "cine_close_reason"):
        referral[column][is_open] = sent.system.null
    if dropped is not None:
        unknown = sent.system.with_words(np.array([b"10"]), SOURCES)
        referral["cine_referral_source_code"][(chosen + dropped) % 13 == 0] = unknown
    completed = _between(sent.completed, start, end)
    completed = completed[sent.completed[completed] <= cut]
    going_on = _going_on(sent, start, end, cut)
    assessed = np.concatenate([completed, going_on])
    assessment = sent.assessment[assessed]
    assessment["cina_assessment_auth_date"][len(completed) :] = sent.system.null
    numbers = np.unique(
        np.concatenate(
            [sent.person_of_referral[chosen], sent.person_of_assessment[assessed], others]
        )
    )
    persons = np.searchsorted(sent.person_number, numbers[numbers >= 0])
    person, identifier = _known_persons(sent, persons, cut, number(end))
    tables: dict[Table, text.Rows] = {
        "person": person,
        "identifier": identifier,
        "referral": referral,
        "assessment": assessment,
        "factor": sent.factor[completed],
    }
    return {
        f"{FILES[name]}.csv": (sent.system.header(name), table) for name, table in tables.items()
    }


def _going_on(sent: Rows, start: date, end: date, cut: int) -> NDArray[np.int64]:
    """Assessments that began in the window and are not completed, where a system lists them."""
    if not sent.system.lists_open:
        return np.empty(0, dtype=np.int64)
    last = min(number(end), cut)
    begun = (sent.started >= number(start)) & (sent.started <= last)
    return np.flatnonzero(begun & (sent.completed > last))


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


def _known_persons(
    sent: Rows, persons: NDArray[np.int64], cut: int, salt: int
) -> tuple[text.Rows, text.Rows]:
    """Persons and their identifiers. A few have the pupil number of another child, until the next
    month; sex and birth are as they were told on the day of the cut."""
    null, known = sent.system.null, sent.person[persons]
    unborn = sent.born[persons] > cut
    known["pers_dob"][unborn] = null
    known["pers_expected_dob"][~unborn] = null
    wrong = np.flatnonzero(sent.corrected_on[persons] > cut)
    was = np.searchsorted(sent.wrong_number, sent.person_number[persons[wrong]])
    known["pers_sex"][wrong] = sent.wrong["pers_sex"][was]
    for column in ("pers_dob", "pers_expected_dob"):
        is_told = known[column][wrong] != null
        known[column][wrong[is_told]] = sent.wrong[column][was[is_told]]
    rows = _identifiers_of(sent, persons)
    told = sent.identifier[rows]
    mixed_up, other = mistaken(rows, len(sent.identifier), (salt,))
    told["link_identifier_value"][mixed_up] = sent.identifier["link_identifier_value"][other]
    if not sent.system.is_plain:
        present = ~sent.is_former[rows]
        place = np.searchsorted(
            sent.person_number[persons], sent.person_of_identifier[rows[present]]
        )
        known["pers_upn"][place] = told["link_identifier_value"][present]
        if sent.system.by_form:  # Eclipse gives the first that it has of number and reason
            known["pers_upn_unknown"][place] = known["pers_upn"][place]
    return known, _linked(sent, told, sent.is_former[rows], persons)


def _linked(
    sent: Rows, told: text.Rows, is_former: NDArray[np.bool_], persons: NDArray[np.int64]
) -> text.Rows:
    """Of the numbers that there are, those that the case system writes."""
    if sent.system.links == "none":
        return told[:0]
    if sent.system.links == "every_kind":
        return np.concatenate([told, sent.other_identifier[persons]])
    if sent.system.links == "stand_ins":
        told["link_identifier_value"] = np.where(is_former, STAND_IN, sent.system.null)
    return told


def _identifiers_of(sent: Rows, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most two a person."""
    numbers = sent.person_number[persons]
    first = np.searchsorted(sent.person_of_identifier, numbers, side="left")
    last = np.searchsorted(sent.person_of_identifier, numbers, side="right")
    return np.sort(np.concatenate([first[last > first], first[last > first + 1] + 1]))
