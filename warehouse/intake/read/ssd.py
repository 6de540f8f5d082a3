"""The payload for the department's interface: full records of children as JSON, turned into the
tables of the standard dataset.

Only what the tables keep is read: no name, address, disability or plan leaves this module.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from sightline.warehouse.intake.read.xml import Tables, read_blocks, trimmed
from sightline.warehouse.problems import Refused, refuse
from sightline.warehouse.submission import Lines

CHILD, WRAPPERS = "la_child_id", ("Children", "children")
FORMER = "Former Unique Pupil Number"
COLUMNS = {
    "ssd_person": ["pers_person_id", "pers_upn", "pers_upn_unknown", "pers_dob", "pers_sex"],
    "ssd_linked_identifiers": ["link_person_id", "link_identifier_type", "link_identifier_value"],
    "ssd_cin_episodes": [
        "cine_referral_id", "cine_person_id", "cine_referral_date", "cine_referral_source_code",
        "cine_referral_nfa", "cine_close_date", "cine_close_reason",
    ],
    "ssd_cin_assessments": [
        "cina_assessment_id", "cina_referral_id", "cina_person_id", "cina_assessment_start_date",
        "cina_assessment_auth_date",
    ],
    "ssd_assessment_factors": ["cinf_assessment_id", "cinf_assessment_factors_json"],
}  # fmt: skip
EPISODE = (
    "referral_date", "referral_source", "referral_no_further_action_flag", "closure_date",
    "closure_reason",
)  # fmt: skip
ASSESSMENT = ("start_date", "authorisation_date")
BETWEEN = " \t\r\n,\ufeff"
Record = dict[str, Any]


def read_tables(file: BinaryIO, name: str) -> Iterator[tuple[str, Lines]]:
    """The tables of a payload: an array of children, one child, or one after another.

    Raises Refused on what is no JSON, and on records of which only what changed is there.
    """

    def add(tables: Tables, child: Record) -> None:
        _add_child(tables, child, name)

    return read_blocks(_children(file.read(), name), COLUMNS, add)


def _children(data: bytes, name: str) -> Iterator[Record]:
    try:
        text = data.decode(json.detect_encoding(data))
        for value in _values(text):
            yield from _of_value(value, name)
    except ValueError as fault:
        line = getattr(fault, "lineno", None)
        message = "the JSON is broken here, so nothing of the file was taken in; send it again"
        raise refuse("JSON_STRUCTURE", message, file=name, line=line) from None


def _values(text: str) -> Iterator[Any]:
    """The values that stand one after another, those of an array one by one; the whole array is
    never held."""
    decoder = json.JSONDecoder()
    is_array, place = False, 0
    while True:
        while place < len(text) and text[place] in BETWEEN:
            place += 1
        if place == len(text):
            if is_array:
                raise json.JSONDecodeError("the array has no end", text, place)
            return
        if text[place] in "[]":
            if is_array is (text[place] == "["):
                raise json.JSONDecodeError("arrays within an array", text, place)
            is_array, place = not is_array, place + 1
        else:
            value, place = decoder.raw_decode(text, place)
            yield value


def _of_value(value: Any, name: str) -> Iterator[Record]:
    """A child, or the children that an authority's own record holds."""
    held = next((value[key] for key in WRAPPERS if key in value), value) if _is(value) else value
    for child in held if isinstance(held, list) else [held]:
        if not _is(child) or CHILD not in child:
            message = f"a record is no child: it has no {CHILD}"
            raise refuse("JSON_STRUCTURE", message, file=name)
        yield child


def _add_child(tables: Tables, child: Record, name: str) -> None:
    """A purged record is gone: its absence from a full payload says so by itself."""
    if _is_purged(child):
        return
    person = _text(child[CHILD])
    details: Record = next(_records(child, "child_details"), {})
    born = _text(details.get("date_of_birth")) or _text(details.get("expected_date_of_birth"))
    number = _text(details.get("unique_pupil_number"))
    reason = _text(details.get("unique_pupil_number_unknown_reason"))
    _add(tables, "ssd_person", person, number, reason, born, _text(details.get("sex")))
    if former := _text(details.get("former_unique_pupil_number")):
        _add(tables, "ssd_linked_identifiers", person, FORMER, former)
    if "social_care_episodes" not in child:
        raise _only_changes(name, "a child without social_care_episodes")
    for episode in _records(child, "social_care_episodes"):
        _add_episode(tables, person, episode, name)


def _add_episode(tables: Tables, person: str, episode: Record, name: str) -> None:
    if "referral_date" not in episode:
        raise _only_changes(name, "an episode without its referral_date")
    number = _text(episode.get("social_care_episode_id"))
    _add(tables, "ssd_cin_episodes", number, person, *(_text(episode.get(key)) for key in EPISODE))
    for assessment in _records(episode, "child_and_family_assessments"):
        if not any(key in assessment for key in ASSESSMENT):
            raise _only_changes(name, "an assessment without its days")
        own = _text(assessment.get("child_and_family_assessment_id"))
        days = (_text(assessment.get(key)) for key in ASSESSMENT)
        _add(tables, "ssd_cin_assessments", own, number, person, *days)
        if factors := assessment.get("factors"):
            listed = factors if isinstance(factors, str) else json.dumps(factors)
            _add(tables, "ssd_assessment_factors", own, trimmed(listed))


def _add(tables: Tables, table: str, *values: str) -> None:
    """A row in the line in which it would stand in a table of its own."""
    tables[table].add(tables[table].added + 2, *values)


def _records(holder: Record, key: str) -> Iterator[Record]:
    held = holder.get(key) or ()
    for one in held if isinstance(held, list) else [held]:
        if _is(one) and not _is_purged(one):
            yield one


def _only_changes(name: str, what: str) -> Refused:
    message = (
        f"it holds only what changed ({what}), which says nothing without the records before it;"
        " send the full records of all children"
    )
    return refuse("CHANGES_ONLY", message, file=name)


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _is_purged(record: Record) -> bool:
    return record.get("purge") in (True, "true", "True", 1)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return trimmed(str(value)) if isinstance(value, (str, int, float)) else ""
