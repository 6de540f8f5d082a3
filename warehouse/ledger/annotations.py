"""What people know of a series and the figures do not tell: a change of practice or recording.

An annotation is a recorded decision: by whom, from when, why. It can be withdrawn, never edited.
The release says its kind, days and a reason code. The reason as it was typed stays inside; a
sentence for the public is a field of its own, and needs a second person.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal, get_args

import sqlalchemy as sa

from sightline.warehouse import indicators, typed_text
from sightline.warehouse.areas import seed
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import State, annotations

Kind = Literal["practice_change", "recording_change", "rebaseline", "renumbering", "data_problem"]
KINDS = get_args(Kind)
RENUMBERING = "renumbering"
MEANINGS = {
    "practice_change": "the work changed, and with it the usual level: judged anew from then on",
    "recording_change": "what is counted changed: figures before and after are not compared",
    "rebaseline": "the level from then on is the usual one",
    "renumbering": "children were numbered anew: measures over months count on, judged anew",
    "data_problem": "the figures of these months are wrong: they are shown and not judged",
}
# Why, as it is published.
REASONS = {
    "new_case_system": "a new case system",
    "new_threshold": "a new threshold or front door",
    "service_change": "a service that began, ended or was reorganised",
    "new_guidance": "new guidance or a new definition",
    "sender_error": "a mistake of the sender",
    "records_missing": "records that are missing or came late",
    "other": "another reason",
}
LONGEST_SENTENCE = 300


@dataclass(frozen=True)
class PublicSentence:
    """A sentence that is published as it stands, and who approved it, which is not."""

    text: str
    approved_by: str

    def check(self, *authors: str) -> "PublicSentence":
        """The same without blanks around it; raises SightlineError where it may not be published,
        or one of the authors approves it."""
        text = typed_text.check(self.text, "the public sentence")
        approved_by = typed_text.check(self.approved_by, "the name of who approves it")
        if not text or not text.isprintable() or len(text) > LONGEST_SENTENCE:
            raise _wrong(f"a public sentence is one line of at most {LONGEST_SENTENCE} characters")
        if not approved_by:
            raise _wrong("a public sentence needs a second person: say who, with --approved-by")
        if _same_name(approved_by) in map(_same_name, authors):
            raise _wrong("who records a public sentence cannot be who approves it")
        return PublicSentence(text, approved_by)


@dataclass(frozen=True)
class Annotation:
    """One decision as it stands; `scope` is an indicator or a source such as referrals."""

    annotation_id: int
    area_code: str
    scope: str
    kind: str
    starts_on: date
    ends_on: date | None
    reason: str
    recorded_on: date
    withdrawn_on: date | None
    reason_code: str
    public_sentence: str | None
    approved_by: str | None

    def is_about(self, one: indicators.Indicator) -> bool:
        return self.scope == one.indicator or self.scope in one.sources


def add(
    state: State,
    *,
    area: str,
    scope: str,
    kind: str,
    starts_on: date,
    ends_on: date | None,
    reason: str,
    today: date,
    reason_code: str = "other",
    public: PublicSentence | None = None,
) -> int:
    """Record one; raises SightlineError where area, scope, kind, dates or reason code cannot be
    meant, or a text may not be kept or published. `reason` stays inside."""
    if kind not in KINDS:
        raise _wrong(f"the kind is one of: {', '.join(KINDS)}")
    if reason_code not in REASONS:
        raise _wrong(f"the reason code is one of: {', '.join(REASONS)}")
    if scope not in _scopes():
        raise _wrong(f"no indicator and no source is called {scope}")
    if kind == "data_problem" and ends_on is None:
        raise _wrong("say until when the figures are wrong, with --to")
    if kind != "data_problem" and ends_on is not None:
        raise _wrong("a change has a beginning and no end; give --from alone")
    if ends_on is not None and ends_on < starts_on:
        raise _wrong("it ends before it begins")
    sentence = public.check(audit.actor()) if public else None
    row = {
        "area_code": area_code(area),
        "scope": scope,
        "kind": kind,
        "starts_on": starts_on,
        "ends_on": ends_on,
        "reason": reason.strip(),
        "recorded_on": today,
        "reason_code": reason_code,
        "public_sentence": sentence and sentence.text,
        "approved_by": sentence and sentence.approved_by,
    }
    with state.begin() as connection:
        added = connection.execute(annotations.insert().values(row))
        number = int((added.inserted_primary_key or (0,))[0])
        audit.record(connection, "annotate", f"annotation {number}", reason)
        if sentence:
            approval = f"approved by {sentence.approved_by}"
            audit.record(connection, "publish sentence", f"annotation {number}", approval)
    return number


def withdraw(state: State, annotation_id: int, *, reason: str, today: date) -> None:
    """It no longer counts from today on; what was released with it stays as it was."""
    where = (annotations.c.annotation_id == annotation_id, annotations.c.withdrawn_on.is_(None))
    with state.begin() as connection:
        update = annotations.update().where(*where).values(withdrawn_on=today)
        if not connection.execute(update).rowcount:
            raise _wrong(f"no annotation {annotation_id} is in force")
        audit.record(connection, "withdraw annotation", f"annotation {annotation_id}", reason)


def listing(state: State) -> list[Annotation]:
    """Every annotation, withdrawn ones too, the newest first."""
    query = sa.select(annotations).order_by(annotations.c.annotation_id.desc())
    with state.read() as connection:
        return [Annotation(**row) for row in connection.execute(query).mappings()]


def known(state: State, as_of: date) -> list[Annotation]:
    """Those in force at a date, as it was known then."""
    return [
        one
        for one in reversed(listing(state))
        if one.recorded_on <= as_of and (one.withdrawn_on is None or one.withdrawn_on > as_of)
    ]


def area_code(area: str) -> str:
    """The newest code of an area given by its code or by an authority's three-digit number."""
    found = _areas().get(area.upper())
    if found is None:
        raise _wrong(f"{area} is no area; give a code such as E09000012, E12000007 or 204")
    return found


@cache
def _areas() -> dict[str, str]:
    newest: dict[str, tuple[str, str]] = {}
    codes = {}
    for row in seed("areas.csv"):
        key = row["la_code"] or row["area_code"]
        codes[row["area_code"]] = key
        newest[key] = max(newest.get(key, ("", "")), (row["valid_from"], row["area_code"]))
    codes |= {key: key for key in newest}
    return {code: newest[key][1] for code, key in codes.items()}


def _scopes() -> set[str]:
    loaded = indicators.load()
    return {one.indicator for one in loaded} | {source for one in loaded for source in one.sources}


def _same_name(name: str) -> str:
    """A name without case, blanks and stops, as two ways of writing it are compared."""
    return "".join(filter(str.isalnum, name)).casefold()


def _wrong(message: str) -> SightlineError:
    return SightlineError(message, WRONG_USE)
