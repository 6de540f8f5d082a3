"""The senders' files, read with the standard library: what each row says and where it stands."""

import csv
import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
CARE_TABLES = {"clae_person_id", "miss_person_id"}
CARE_KINDS = ("care", "missing")
KINDS = {"MISSING": "M", "ABSENT": "A"}
FAMILIES = {"annex_a": "social_care", "ssd": "social_care", "cin_census": "social_care"}
RANKS = ("annex_a", "ssd", "cin_census", "ssda903")
"""Of extracts that tell the same the last outranks the others, whenever it came."""
NOTHING = ("NULL", "SSD_PH")
"""What stands in a field of which nothing is known."""
TERM = re.compile(r"(20\d\d)_(autumn|spring|summer)_")
"""How names of files tell the term of a census where no table of schools does."""
Span = tuple[date, date]


@dataclass(slots=True)
class Row:
    """One line of a file; what a kind of row does not say is None."""

    by: "Submission"
    at: str
    who: str | None = None
    """The sender's own number of a child, or the valid pupil number where the file has no other."""
    key: Any = None
    """What tells the event from others that its sender tells."""
    day: date | None = None
    end: date | None = None
    kind: str | None = None
    more: Any = None


@dataclass
class Submission:
    number: int
    run: int
    sender: str
    extract: str
    start: date
    end: date
    received: date
    sequence: int | None
    name: str
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    tells_care: bool = False
    """Whether it is a return of care, or holds the tables of care beside others."""
    newness: int = 0
    """Its place in the order of becoming known; a higher one is newer."""

    @property
    def family(self) -> str:
        return FAMILIES.get(self.extract, self.extract)

    @cached_property
    def windows(self) -> dict[str, Span]:
        """The days that it covers, by what it tells; never a day after it came."""
        told = {
            "ssd": {"front_door": (self.start, self.end), "referrals": (self.start, self.end)},
            "annex_a": {"front_door": (self.start, self.end), "contacts": (self.start, self.end)},
            "ssda903": {"missing": (self.start, self.end)},
            "alternative_provision": {"alternative_provision": (self.start, self.end)},
            "school_census": {
                "exclusions": two_terms_before(self.start),
                "absence": term_of(term_of(self.start)[0] - timedelta(days=1)),
            },
        }
        told["cin_census"] = dict(told["ssd"])
        if self.tells_care:
            told["ssd"]["missing"] = (self.start, self.end)
        return {
            source: (first, min(last, self.received))
            for source, (first, last) in told[self.extract].items()
        }


def submissions(folders: list[Path], today: date) -> list[Submission]:
    """Everything that authorities sent, the oldest first: by the day of receipt, the run, the end
    and start of the period and the name; those of one period that are all numbered, by number."""
    found: list[Submission] = []
    for run, folder in enumerate(folders):
        for sender in sorted(path for path in folder.iterdir() if path.name.isdigit()):
            same: set[Any] = set()
            for bundle in sorted(sender.iterdir()):
                files = _files(bundle)
                if (content := tuple(sorted(files.items()))) in same:
                    continue
                same.add(content)
                found.append(_submission(len(found), run, sender.name, bundle.name, files, today))
    found.sort(key=lambda one: (one.received, one.run, one.end, one.start, one.name))
    places = defaultdict(list)
    for place, one in enumerate(found):
        places[one.sender, one.extract, one.start, one.end].append(place)
    for same_days in places.values():
        numbered = [found[place] for place in same_days]
        if all(one.sequence is not None for one in numbered):
            numbered.sort(key=lambda one: one.sequence or 0)
            for place, one in zip(same_days, numbered, strict=True):
                found[place] = one
    filled: set[tuple[str, str]] = set()
    for place, one in enumerate(found):
        one.newness = place
        # An empty table says nought where the sender has filled it before.
        if one.extract == "ssd":
            filled |= {(one.sender, kind) for kind in CARE_KINDS if one.rows.get(kind)}
            one.tells_care &= all((one.sender, kind) in filled for kind in CARE_KINDS)
    return found


def term_of(day: date) -> Span:
    """The term in which a day lies: autumn to December, spring to March, summer to August."""
    if day.month >= 9:
        return date(day.year, 9, 1), date(day.year, 12, 31)
    if day.month <= 3:
        return date(day.year, 1, 1), date(day.year, 3, 31)
    return date(day.year, 4, 1), date(day.year, 8, 31)


def two_terms_before(day: date) -> Span:
    last = term_of(term_of(day)[0] - timedelta(days=1))
    return term_of(last[0] - timedelta(days=1))[0], last[1]


@cache
def day_of(text: str) -> date | None:
    """A day as any of the extracts writes it."""
    if not text:
        return None
    form = "%d/%m/%Y" if "/" in text else "%Y-%b-%d" if text[5:6].isalpha() else "%Y-%m-%d"
    day = re.split(r"(?<=\d)[ T]", text)[0]
    return datetime.strptime(day, form).date()  # noqa: DTZ007 (a day has no zone)


@cache
def is_upn(text: str) -> bool:
    """Whether the check letter is right; the last character may be a letter."""
    if len(text) != 13 or not text[1:12].isdigit():
        return False
    values = [int(one) for one in text[1:12]]
    values.append(int(text[12]) if text[12].isdigit() else LETTERS.find(text[12]))
    total = sum(place * value for place, value in enumerate(values, 2))
    return LETTERS[total % 23] == text[0] and len(set(text[1:12])) > 1


def _files(bundle: Path) -> dict[str, bytes]:
    if bundle.is_dir():
        return {path.name: path.read_bytes() for path in bundle.iterdir()}
    if bundle.suffix == ".zip":
        with zipfile.ZipFile(bundle) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    return {bundle.name: bundle.read_bytes()}


def _submission(
    number: int, run: int, sender: str, name: str, files: dict[str, bytes], today: date
) -> Submission:
    told = json.loads(files.pop("manifest.json", b"{}"))
    tables = {}
    for file, content in files.items():
        if file.endswith(".csv"):
            rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
            header = tuple(column.lower() for column in next(rows))
            tables[file] = (header, rows)
    headers = {column for header, _ in tables.values() for column in header}
    extract, read = next(
        (extract, read)
        for column, (extract, read) in READERS.items()
        if column in headers or (not tables and not column)
    )
    prepared = told.get("prepared_on") if told.get("simulated") else None
    received = date.fromisoformat(prepared) if prepared else today
    days = [
        date.fromisoformat(told.get(f"period_{which}", "2000-01-01")) for which in ("start", "end")
    ]
    one = Submission(
        number, run, sender, extract, *days, received, told.get("sequence"), name
    )  # fmt: skip
    one.tells_care = headers >= CARE_TABLES
    if not tables:
        [content] = files.values()
        root = ElementTree.fromstring(content)  # noqa: S314 (made by a test)
        _cin(one, root)
        return one
    for file, (header, rows) in tables.items():
        place = {column: i for i, column in enumerate(header)}

        def told_by(values: list[str], name: str, place: dict[str, int] = place) -> str:
            i = place.get(name)
            text = values[i].strip() if i is not None and i < len(values) else ""
            return "" if text in NOTHING else text

        if named := TERM.match(file):
            one.start, one.end = _census_term(int(named[1]), named[2].title())
        for line, values in enumerate(rows, 2):
            if any(values):
                read(one, header, f"{sender}/{name}/{file}:{line}", values, told_by)
    if extract == "ssd":
        _settle_factors(one)
    return one


Get = Callable[[list[str], str], str]


def _upn(text: str) -> str | None:
    return f"upn {text}" if is_upn(text) else None


def _person(one: Submission, number: str) -> str:
    return f"{one.sender} {number}"


def _ssd(one: Submission, header: tuple[str, ...], at: str, row: list[str], get: Get) -> None:
    if "pers_sex" in header:
        who = _person(one, get(row, "pers_person_id"))
        number = _upn(get(row, "pers_upn")) or _upn(get(row, "pers_upn_unknown"))
        one.rows["about"].append(
            Row(one, at, who, day=day_of(get(row, "pers_dob")), kind=get(row, "pers_sex")[:1])
        )
        one.rows["ties"].append(Row(one, at, who, number, more=False))
    elif "link_identifier_type" in header:
        who, number = _person(one, get(row, "link_person_id")), get(row, "link_identifier_value")
        kind = get(row, "link_identifier_type")
        if kind.endswith("Unique Pupil Number"):
            is_former = kind.startswith("Former")
            one.rows["ties"].append(Row(one, at, who, _upn(number), more=is_former))
    elif "cine_referral_date" in header:
        who = _person(one, get(row, "cine_person_id"))
        source = get(row, "cine_referral_source_code") or get(row, "cine_referral_source")
        nothing = get(row, "cine_referral_nfa") or get(row, "cin_referral_nfa")
        one.rows["referrals"].append(
            Row(one, at, who, get(row, "cine_referral_id"), day_of(get(row, "cine_referral_date")),
                day_of(get(row, "cine_close_date")), source.split(" ")[0], nothing in ("Y", "yes"))
        )  # fmt: skip
    elif "cina_assessment_auth_date" in header:
        who = _person(one, get(row, "cina_person_id"))
        key = get(row, "cina_assessment_id")
        day = day_of(get(row, "cina_assessment_auth_date"))
        one.rows["assessments"].append(Row(one, at, who, key, day, more=key))
    elif "clae_person_id" in header:
        # Without a status of its own: see the table of legal statuses.
        who = _person(one, get(row, "clae_person_id"))
        day = day_of(get(row, "clae_cla_episode_start_date"))
        end = day_of(get(row, "clae_cla_episode_ceased_date"))
        one.rows["care"].append(Row(one, at, who, None, day, end, None))
    elif "lega_person_id" in header:
        who = _person(one, get(row, "lega_person_id"))
        one.rows["legal"].append(
            Row(one, at, who, None, day_of(get(row, "lega_legal_status_start_date")),
                day_of(get(row, "lega_legal_status_end_date")), get(row, "lega_legal_status")[:2])
        )  # fmt: skip
    elif "miss_person_id" in header:
        kind = get(row, "miss_missing_episode_type").upper()
        one.rows["missing"].append(
            Row(one, at, _person(one, get(row, "miss_person_id")), None,
                day_of(get(row, "miss_missing_episode_start_date")),
                day_of(get(row, "miss_missing_episode_end_date")), KINDS.get(kind, kind))
        )  # fmt: skip
    else:
        told = json.loads(get(row, "cinf_assessment_factors_json"))
        if isinstance(told, dict):
            told = [code for code, word in told.items() if word == "Yes"]
        keys = get(row, "cinf_assessment_id"), get(row, "cinf_table_id")
        one.rows["factors"].append(Row(one, at, key=keys, more={code for code in told if code}))


def _settle_factors(one: Submission) -> None:
    """They name their assessment by the one of their two keys that more of them share with one."""
    known = {row.key for row in one.rows["assessments"]}
    fits = [sum(row.key[i] in known for row in one.rows["factors"]) for i in (0, 1)]
    for row in one.rows["factors"]:
        row.key = row.key[fits[1] > fits[0]]


def _annex_a(one: Submission, header: tuple[str, ...], at: str, row: list[str], get: Get) -> None:
    who = _person(one, get(row, "child unique id"))
    sex = get(row, "gender")[:1]
    one.rows["about"].append(Row(one, at, who, day=day_of(get(row, "date of birth")), kind=sex))
    if "date of contact" in header:
        one.rows["contacts"].append(Row(one, at, who, None, day_of(get(row, "date of contact"))))
    elif "date of referral" in header:
        day, nothing = day_of(get(row, "date of referral")), get(row, "referral nfa?") == "Yes"
        source = "2A" if "Schools" in get(row, "referral source") else ""
        # The list tells of no closure, and nothing is held open.
        one.rows["referrals"].append(Row(one, at, who, day, day, day, source, nothing))
    else:
        start = day_of(get(row, "continuous assessment start date"))
        day = day_of(get(row, "continuous assessment date of authorisation"))
        one.rows["assessments"].append(Row(one, at, who, start, day))


def _care(one: Submission, header: tuple[str, ...], at: str, row: list[str], get: Get) -> None:
    who = _person(one, get(row, "child"))
    if "ethnic" in header:
        sex = get(row, "sex").upper().replace("1", "M").replace("2", "F")
        one.rows["about"].append(Row(one, at, who, day=day_of(get(row, "dob")), kind=sex))
        one.rows["ties"].append(Row(one, at, who, _upn(get(row, "upn")), more=False))
    elif "decom" in header:
        one.rows["care"].append(
            Row(one, at, who, None, day_of(get(row, "decom")), day_of(get(row, "dec")),
                get(row, "ls").upper(), get(row, "rec").upper())
        )  # fmt: skip
    else:
        one.rows["missing"].append(
            Row(one, at, who, None, day_of(get(row, "mis_start")), day_of(get(row, "mis_end")),
                get(row, "missing").upper())
        )  # fmt: skip


def _census_term(year: int, name: str) -> Span:
    return term_of(date(year, {"Autumn": 9, "Spring": 1, "Summer": 4}[name], 1))


def _census(one: Submission, header: tuple[str, ...], at: str, row: list[str], get: Get) -> None:
    roll = "left" if any("nolongeronroll" in column for column in header) else "here"
    pupil = (roll, get(row, "pupilonrolltableid") or get(row, "pupilnolongeronrolltableid"))
    if "lea" in header:
        one.start, one.end = _census_term(int(get(row, "year")), get(row, "term"))
    elif "attendancereason" in header:
        count = get(row, "sessions")
        one.rows["sessions"].append(
            Row(one, at, None, pupil, kind=get(row, "attendancereason").upper(),
                more=int(float(count)) if count else 0)
        )  # fmt: skip
    elif "startdate" in header:
        kind = get(row, "category").upper().replace("FIXD", "SUSP")
        reasons = {get(row, f"reason{i}").upper() for i in (1, 2, 3)}
        day = day_of(get(row, "startdate"))
        one.rows["exclusions"].append(Row(one, at, None, pupil, day, kind=kind, more=reasons))
    elif "upn" in header:
        who, former = _upn(get(row, "upn")), _upn(get(row, "formerupn"))
        parts = ["termlysessions{}", "summerhalfterm2sessions{}"]
        possible, missed, has_totals = [], [], False
        for part in parts:
            told = [
                get(row, part.format(name)) for name in ("possible", "authorised", "unauthorised")
            ]
            possible.append(int(float(told[0])) if told[0] else None)
            missed.append(sum(int(float(count)) for count in told[1:] if count))
            has_totals |= any(told[1:])
        one.rows["pupils"].append(
            Row(one, at, who, pupil, day_of(get(row, "dob")), kind=get(row, "sex").upper() or
                get(row, "gender"),
                more=(possible, missed, has_totals))
        )  # fmt: skip
        if former and who:
            one.rows["ties"].append(Row(one, at, who, former, more=True))


def _placement(one: Submission, header: tuple[str, ...], at: str, row: list[str], get: Get) -> None:
    who, former, born = _upn(get(row, "upn")), _upn(get(row, "former_upn")), get(row, "dob")
    one.rows["placements"].append(
        Row(one, at, who, get(row, "placement_id"), day_of(get(row, "entry_date")),
            kind=get(row, "placement_reason"), more=day_of(born))
    )  # fmt: skip
    if who:
        one.rows["about"].append(Row(one, at, who, day=day_of(born), kind=get(row, "sex")))
        if former:
            one.rows["ties"].append(Row(one, at, who, former, more=True))


def _cin(one: Submission, root: ElementTree.Element) -> None:
    def text(element: ElementTree.Element, *names: str) -> str:
        return next((found for name in names if (found := element.findtext(name, ""))), "")

    year = int(root.findtext("Header/CollectionDetails/Year", ""))
    one.start, one.end = date(year - 1, 4, 1), date(year, 3, 31)
    for child in root.iter("Child"):
        known = child.find("ChildIdentifiers")
        assert known is not None
        who = _person(one, text(known, "LAchildID"))
        at = f"{one.sender}/{one.name}:{text(known, 'LAchildID')}"
        sex = {"1": "M", "2": "F"}.get(text(known, "GenderCurrent"), text(known, "Sex"))
        born = day_of(text(known, "PersonBirthDate"))
        one.rows["about"].append(Row(one, at, who, day=born, kind=sex))
        for name in ("UPN", "FormerUPN"):
            one.rows["ties"].append(Row(one, at, who, _upn(text(known, name)), more=name != "UPN"))
        met: dict[date, int] = defaultdict(int)
        for details in child.iter("CINdetails"):
            day = day_of(text(details, "CINreferralDate"))
            assert day is not None
            met[day] += 1
            one.rows["referrals"].append(
                Row(one, at, who, (day, met[day]), day, day_of(text(details, "CINclosureDate")),
                    text(details, "ReferralSource").upper(),
                    text(details, "ReferralNFA") in ("1", "true"))
            )  # fmt: skip
            for assessment in details.iter("Assessments"):
                began = day_of(text(assessment, "AssessmentActualStartDate"))
                ended = day_of(text(assessment, "AssessmentAuthorisationDate"))
                codes = {element.text for element in assessment.iter("AssessmentFactors")}
                factors = len(one.rows["factors"])
                one.rows["factors"].append(Row(one, at, key=factors, more=codes))
                one.rows["assessments"].append(
                    Row(one, at, who, (day, began or ended), ended, more=factors)
                )


READERS: dict[str, tuple[str, Any]] = {
    "pers_person_id": ("ssd", _ssd),
    "decom": ("ssda903", _care),
    "placement_id": ("alternative_provision", _placement),
    "schoolcensustableid": ("school_census", _census),
    "child unique id": ("annex_a", _annex_a),
    "": ("cin_census", None),
}


def rows_of(found: list[Submission], kind: str) -> Iterator[Row]:
    for one in found:
        yield from one.rows.get(kind, ())
