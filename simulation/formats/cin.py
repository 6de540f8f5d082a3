"""One year's children in need of one authority as a CIN census in XML."""

from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sightline.simulation.calendar import number
from sightline.simulation.casework import FACTORS
from sightline.simulation.formats.ssd import ethnicity
from sightline.simulation.recording import mistaken
from sightline.simulation.text import Integers, iso
from sightline.simulation.world import World

LETTERS_FOR_SEX = 2025


def census(
    world: World, year_end: date, *, lower_case: bool = False
) -> tuple[bytes, dict[str, int]]:
    """The file, at times with codes in lower case, and the number of records of each kind in it."""
    first, last = number(date(year_end.year - 1, 4, 1)), number(year_end)
    episodes, counts = _episodes(world, first, last, lower_case=lower_case)
    children = "".join(_children(world, episodes, year_end))
    return (_head(world, year_end) + children + "</Children>\n</Message>\n").encode(), counts


def _head(world: World, year_end: date) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Message>\n<Header><CollectionDetails>'
        f"<Collection>CIN</Collection><Year>{year_end.year}</Year>"
        f"<ReferenceDate>{year_end}</ReferenceDate></CollectionDetails>"
        f"<Source><SourceLevel>L</SourceLevel><LEA>{world.authority.la_code}</LEA>"
        "<SoftwareCode>Simulated</SoftwareCode><Release>1.0</Release><SerialNo>001</SerialNo>"
        f"<DateTime>{year_end.year}-06-20T09:00:00</DateTime></Source></Header>\n<Children>\n"
    )


def _text(days: Integers) -> list[str]:
    return [value.decode() for value in iso(days).tolist()]


def _assessments(
    world: World, chosen: NDArray[np.int64], last: int
) -> dict[tuple[int, int], list[str]]:
    """By child and referral, -1 for an older one; those still going on have no factors yet."""
    work = world.casework
    found: dict[tuple[int, int], list[str]] = {}
    rows = zip(
        work.child[chosen].tolist(),
        np.where(_is_of_older(world), -1, work.referral)[chosen].tolist(),
        _text(work.started[chosen]),
        _text(work.completed[chosen]),
        (work.completed[chosen] <= last).tolist(),
        (np.flatnonzero(named).tolist() for named in work.factors[chosen]),
        strict=True,
    )
    for child, referral, started, completed, is_done, named in rows:
        factors = "".join(
            f"<AssessmentFactors>{FACTORS[column]}</AssessmentFactors>" for column in named
        )
        done = (
            f"<AssessmentAuthorisationDate>{completed}</AssessmentAuthorisationDate>"
            f"<FactorsIdentifiedAtAssessment>{factors}</FactorsIdentifiedAtAssessment>"
        )
        found.setdefault((child, referral), []).append(
            "<Assessments><AssessmentActualStartDate>"
            f"{started}</AssessmentActualStartDate>{done if is_done else ''}</Assessments>\n"
        )
    return found


def _episodes(
    world: World, first: int, last: int, *, lower_case: bool
) -> tuple[dict[int, list[str]], dict[str, int]]:
    """The CINdetails of each child: referred in the year, still open in it, or assessed in it."""
    made, work = world.referrals, world.casework
    chosen = np.flatnonzero((work.started <= last) & (work.completed >= first))
    assessed = _assessments(world, chosen, last)
    listed = np.flatnonzero((made.day <= last) & ((made.day >= first) | (work.closed >= first)))
    episodes: dict[int, list[str]] = {}
    codes = [made.source, made.need, work.closure_reason]
    if lower_case:
        codes = [np.char.lower(column) for column in codes]
    source, need, reason = (column[listed].tolist() for column in codes)
    rows = zip(
        listed.tolist(), made.child[listed].tolist(), _text(made.day[listed]),
        source, need,
        _text(work.closed[listed]), (work.closed[listed] <= last).tolist(),
        reason, made.is_no_further_action[listed].tolist(),
        strict=True,
    )  # fmt: skip
    for referral, child, day, who, why, closed, is_closed, end, is_nothing in rows:
        closure = _closure(closed, end.decode())
        episodes.setdefault(child, []).append(
            _details(
                day, who.decode(), why.decode(), closure if is_closed else "",
                assessed.pop((child, referral), []), is_nothing,
            )
        )  # fmt: skip
    older = _older_cases(world, first)
    days = [_text(older[name]) for name in ("begun", "closed")]
    for child, begun, closed, is_closed in zip(
        older["child"].tolist(), *days, (older["closed"] <= last).tolist(), strict=True
    ):
        closure = _closure(closed, "RC7") if is_closed else ""
        texts = assessed.pop((child, -1), [])
        episodes.setdefault(child, []).append(_details(begun, "5A", "N1", closure, texts, False))
    counts = {
        "cin_census referrals": len(listed) + len(older["child"]),
        "cin_census assessments": len(chosen),
    }
    return episodes, counts


def _is_of_older(world: World) -> NDArray[np.bool_]:
    """Assessments of a case that is older than the simulated time, since the child had no referral
    in it or that case was closed before."""
    work = world.casework
    return (work.referral < 0) | (work.closed[work.referral] < work.completed)


def _older_cases(world: World, since: int) -> dict[str, NDArray[np.int64]]:
    """Cases older than the simulated time, of which only assessments are known, that are not closed
    before a day: each begins and ends on the same days in every census."""
    work = world.casework
    rows = np.flatnonzero(_is_of_older(world))
    child, place = np.unique(work.child[rows], return_inverse=True)
    closed = np.zeros(len(child), dtype=np.int64)
    np.maximum.at(closed, place, work.completed[rows] + 30 + work.child[rows] % 90)
    begun = np.maximum(
        world.population.birth[child], world.simulated_from - 200 - child % 300
    ).astype(np.int64)
    kept = closed >= since
    return {"child": child[kept], "begun": begun[kept], "closed": closed[kept]}


def _closure(day: str, reason: str) -> str:
    return f"<CINclosureDate>{day}</CINclosureDate><ReasonForClosure>{reason}</ReasonForClosure>"


def _details(
    day: str, source: str, need: str, closure: str, assessments: list[str], is_nothing: bool
) -> str:
    return (
        f"<CINdetails><CINreferralDate>{day}</CINreferralDate>"
        f"<ReferralSource>{source}</ReferralSource><PrimaryNeedCode>{need}</PrimaryNeedCode>"
        f"{closure}{''.join(assessments)}<ReferralNFA>{int(is_nothing)}</ReferralNFA>"
        "</CINdetails>\n"
    )


def _children(world: World, episodes: dict[int, list[str]], year_end: date) -> Iterator[str]:
    people = world.population
    child = np.array(sorted(episodes), dtype=np.int64)
    pupils = people.care_upn()
    wrong, other = mistaken(child, len(pupils), (year_end.year,))
    upn = pupils[child]
    upn[wrong] = np.where(upn[wrong] == b"", upn[wrong], pupils[other])
    former = people.care_former_upn()[child].tolist()
    at_first = people.corrected_on[child] > number(year_end)
    is_girl = np.where(at_first, people.first_is_girl[child], people.is_girl[child])
    told_birth = np.where(at_first, people.first_birth[child], people.birth[child])
    letters = year_end.year >= LETTERS_FOR_SEX
    sexes = np.where(is_girl, "F" if letters else "2", "M" if letters else "1")
    tag = "Sex" if letters else "GenderCurrent"
    birth = people.birth[child]
    rows = zip(
        child.tolist(), people.child_id[child].tolist(), upn.tolist(), former, sexes.tolist(),
        _text(told_birth), (birth > number(year_end)).tolist(),
        ethnicity(people.person[child]).tolist(), strict=True,
    )  # fmt: skip
    for number_, child_id, pupil, old, sex, born, is_unborn, ethnic in rows:
        kind = "ExpectedPersonBirthDate" if is_unborn else "PersonBirthDate"
        identifiers = f"<UPN>{pupil.decode()}</UPN>" if pupil else "<UPNunknown>UN4</UPNunknown>"
        identifiers += f"<FormerUPN>{old.decode()}</FormerUPN>" if old else ""
        yield (
            f"<Child><ChildIdentifiers><LAchildID>{child_id.decode()}</LAchildID>{identifiers}"
            f"<{kind}>{born}</{kind}><{tag}>{sex}</{tag}></ChildIdentifiers>"
            f"<ChildCharacteristics><Ethnicity>{ethnic.decode()}</Ethnicity>"
            f"</ChildCharacteristics>\n{''.join(episodes[number_])}</Child>\n"
        )
