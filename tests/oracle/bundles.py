"""Small bundles for hand-made cases, written from a line for each thing that happened.

Lines hold words in the order of each function's notes, dates as YYYY-MM-DD, `-` for none, and what
is seldom said as `name=value`. `u7` stands for the sender's seventh valid pupil number.
"""

import io
import json
import zipfile
from calendar import monthrange
from collections.abc import Callable, Iterable
from datetime import date, timedelta

Files = dict[str, str]
"""Texts by file name: one folder or zip as it arrives."""
Lines = str | Iterable[str]
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
TERMS = ("Spring", "Summer", "Autumn")
ANYBODY = "2012-01-01"
CENSUS_PUPIL = "upn,formerupn,dob,sex,termlysessionspossible"
TOTALS = "termlysessionsauthorised,termlysessionsunauthorised"
WITHOUT_TOTALS = 2025
"""The year from whose spring census on sessions missed stand by attendance code alone."""


def upn(sender: str, number: int) -> str:
    """A valid unique pupil number; the letter is that of the official rule."""
    digits = f"{sender}2{number:08d}"
    return CHECK_LETTERS[sum(place * int(digit) for place, digit in enumerate(digits, 2)) % 23] + (
        digits
    )


def zipped(files: Files) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def months(first: str, last: str) -> list[str]:
    """Every month from one to another, such as 2025-01 and 2025-12."""
    start, end = (12 * int(one[:4]) + int(one[5:]) - 1 for one in (first, last))
    return [f"{place // 12}-{place % 12 + 1:02d}" for place in range(start, end + 1)]


def ssd(
    sender: str,
    period: str,
    *,
    people: Lines = (),
    referrals: Lines = (),
    assessments: Lines = (),
    care: Lines | None = None,
    legal: Lines | None = None,
    missing: Lines | None = None,
    sequence: int | None = None,
) -> Files:
    """Tables of the standard safeguarding dataset for a month or for `first day/last day`.

    People: id, birth, sex, [pupil number], [former=]. Referrals: id, person, day, [source], [nfa=],
    [closed=]. Assessments: id, referral, person, start, completion, factors such as 13A+24A.
    Whoever is not among the people is a boy born in January 2012. The tables of care are there
    where they are given, with rows or without. Care: person, start, [end], [rec=]. Legal: person,
    status, start, [end]. Missing: person, type, start, [end]; `_` in a word stands for a blank.
    """
    made, done = _rows(referrals), _rows(assessments)
    known = {words[0]: (words, more) for words, more in _rows(people)}
    named = {words[1]: None for words, _ in made} | {words[2]: None for words, _ in done}
    of_care = {
        name: _rows(lines)
        for name, lines in zip(CARE_TABLES, (care, legal, missing), strict=True)
        if lines is not None
    }
    named |= {words[0]: None for rows in of_care.values() for words, _ in rows}
    persons, numbers = [], []
    for person in {**known, **named}:
        words, more = known.get(person, ([person, ANYBODY, "M"], {}))
        persons.append((person, _blank(words[1]), words[2]))
        numbers += [(person, word, "Unique Pupil Number") for word in words[3:]]
        if "former" in more:
            numbers.append((person, more["former"], "Former Unique Pupil Number"))
    return {
        "manifest.json": _manifest("ssd", *_span(period), sequence),
        "ssd_person.csv": _table("pers_person_id,pers_dob,pers_sex", persons),
        "ssd_linked_identifiers.csv": _table(
            "link_person_id,link_identifier_value,link_identifier_type",
            [(person, _number(sender, word), kind) for person, word, kind in numbers],
        ),
        "ssd_cin_episodes.csv": _table(
            "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_source_code,"
            "cine_cin_primary_need_code,cine_referral_nfa,cine_close_date,cine_close_reason",
            [
                (*words[:3], (words[3:] or ["6"])[0], "N1", more.get("nfa", "N"),
                 more.get("closed", ""), "RC1" if "closed" in more else "")
                for words, more in made
            ],
        ),
        "ssd_cin_assessments.csv": _table(
            "cina_assessment_id,cina_referral_id,cina_person_id,cina_assessment_start_date,"
            "cina_assessment_auth_date",
            [[_blank(word) for word in words[:5]] for words, _ in done],
        ),
        "ssd_assessment_factors.csv": _table(
            "cinf_assessment_id,cinf_assessment_factors_json",
            [
                (words[0], '"[' + ",".join(f'""{code}""' for code in words[5].split("+")) + ']"')
                for words, _ in done
                if len(words) > 5
            ],
        ),
    } | {f"{name}.csv": _care_table(name, rows) for name, rows in of_care.items()}  # fmt: skip


CARE_TABLES = {
    "ssd_cla_episodes": "clae_person_id,clae_cla_episode_start_date,clae_cla_episode_ceased_date,"
    "clae_cla_episode_ceased_reason",
    "ssd_legal_status": "lega_person_id,lega_legal_status,lega_legal_status_start_date,"
    "lega_legal_status_end_date",
    "ssd_missing": "miss_person_id,miss_missing_episode_type,miss_missing_episode_start_date,"
    "miss_missing_episode_end_date",
}


def _care_table(name: str, rows: list[tuple[list[str], dict[str, str]]]) -> str:
    header = CARE_TABLES[name]
    if name == "ssd_cla_episodes":
        rows = [([*[*words, "-"][:3], more.get("rec", "-")], more) for words, more in rows]
    width = header.count(",") + 1
    return _table(
        header,
        [
            [_blank(word.replace("_", " ")) for word in [*words, "-", "-"][:width]]
            for words, _ in rows
        ],
    )


def cin(sender: str, year: int, *, children: Lines, details: Lines = ()) -> str:
    """A census of children in need as XML, for the year to March.

    Children: id, birth, sex, [pupil number], [former=]. Details: child, day of referral, [source],
    [nfa=], [closed=]; a line that begins with `>` is an assessment of the referral above it:
    start, completion, [factors].
    """
    told: dict[str, list[str]] = {}
    for words, more in _rows(details):
        if words[0] == ">":
            child = next(reversed(told))
            factors = "".join(
                f"<AssessmentFactors>{code}</AssessmentFactors>"
                for code in (words[3].split("+") if len(words) > 3 else ())
            )
            told[child][-1] += (
                f"<Assessments>{_element('AssessmentActualStartDate', words[1])}"
                f"{_element('AssessmentAuthorisationDate', words[2])}"
                "<FactorsIdentifiedAtAssessment>"
                f"{factors}</FactorsIdentifiedAtAssessment></Assessments>\n"
            )
            continue
        closed = more.get("closed", "")
        rows = told.pop(words[0], [])
        told[words[0]] = [
            *rows,
            f"{_element('CINreferralDate', words[1])}"
            f"{_element('ReferralSource', (words[2:] or ['6'])[0])}"
            f"{_element('PrimaryNeedCode', 'N1')}{_element('CINclosureDate', closed)}"
            f"{_element('ReasonForClosure', 'RC1' if closed else '')}"
            f"{_element('ReferralNFA', more.get('nfa', '0'))}\n",
        ]
    body = ""
    for words, more in _rows(children):
        number = _number(sender, (words[3:] or ["-"])[0])
        body += (
            f"<Child><ChildIdentifiers>{_element('LAchildID', words[0])}{_element('UPN', number)}"
            f"{_element('FormerUPN', _number(sender, more.get('former', '-')))}"
            f"{_element('PersonBirthDate', words[1])}{_element('Sex', words[2])}"
            "</ChildIdentifiers>\n"
        )
        body += "".join(f"<CINdetails>{one}</CINdetails>\n" for one in told.get(words[0], []))
        body += "</Child>\n"
    return (
        "<Message><Header><CollectionDetails><Collection>CIN</Collection>"
        f"<Year>{year}</Year><ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails>"
        f"<Source><SourceLevel>L</SourceLevel><LEA>{sender}</LEA></Source></Header>"
        f"<Children>\n{body}</Children></Message>\n"
    )


def care(
    sender: str,
    period: str,
    *,
    children: Lines,
    episodes: Lines = (),
    missing: Lines = (),
    sequence: int | None = None,
) -> Files:
    """An SSDA903 return for `first day/last day`.

    Children: id, birth, [pupil number], [sex=]. Episodes: child, start, legal status, [end],
    [rec=]. Missing: child, M or A, start, [end].
    """
    first, last = _span(period)
    is_new = (last.year + (last.month > 3)) >= 2025
    codes = {"M": "M", "F": "F"} if is_new else {"M": "1", "F": "2"}
    born = {words[0]: words[1] for words, _ in _rows(children)}
    return {
        "manifest.json": _manifest("ssda903", first, last, sequence),
        "header.csv": _table(
            "CHILD,SEX,DOB,ETHNIC,UPN",
            [
                (words[0], codes[more.get("sex", "M")], _british(words[1]), "WBRI",
                 _number(sender, (words[2:] or ["-"])[0]))
                for words, more in _rows(children)
            ],
        ),
        "episodes.csv": _table(
            "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC",
            [
                (words[0], _british(words[1]), "S", words[2], "N1", "U6",
                 _british((words[3:] or ["-"])[0]),
                 more.get("rec", "E8") if len(words) > 3 else "")
                for words, more in _rows(episodes)
            ],
        ),
        "missing.csv": _table(
            "CHILD,DOB,MISSING,MIS_START,MIS_END",
            [
                (words[0], _british(born[words[0]]), words[1], _british(words[2]),
                 _british((words[3:] or ["-"])[0]))
                for words, _ in _rows(missing)
            ],
        ),
    }  # fmt: skip


def census(
    sender: str, year: int, term: str, *, pupils: Lines = (), exclusions: Lines = ()
) -> Files:
    """A termly school census.

    Pupils: row, birth, pupil number or -, [former=], [sex=], [missed=sessions/possible],
    [left=yes]. Exclusions: pupil's row, number of the exclusion, first day, category.
    """
    has_totals = year < WITHOUT_TOTALS
    by_code: list[tuple[str, str, str, str]] = []
    tables: dict[str, list[tuple[str, ...]]] = {"": [], "left": []}
    gone = set()
    for words, more in _rows(pupils):
        missed, possible = (more.get("missed", "/")).split("/")
        roll = "left" if "left" in more else ""
        gone |= {words[0]} if roll else set()
        tables[roll].append(
            (words[0], _number(sender, words[2]), _number(sender, more.get("former", "-")),
             _census_day(words[1]), more.get("sex", "M"), possible,
             *((missed, "0" if missed else "") if has_totals else ()))
        )  # fmt: skip
        if missed and not has_totals:
            later = "summerhalfterm2" if term == "Autumn" else "termly"
            half = int(missed) // 2
            by_code += [
                (words[0], "termly", "/", str(max(int(possible) - int(missed), 0))),
                (words[0], "termly", "E", str(half)),
                (words[0], later, "O", str(int(missed) - half)),
            ]
    rows = [
        (*words[:2], _census_day(words[2]), "" if words[3] == "PERM" else "2", words[3], "PP")
        for words, _ in _rows(exclusions)
    ]
    files = {
        "schoolcensus.csv": _table(
            "schoolcensustableid,lea,year,term", [("C1", sender, year, term)]
        )
    }
    for roll, parent, name in (("", "pupilonroll", "on"), ("left", "pupilnolongeronroll", "off")):
        if roll and not gone:
            continue
        pupil = f"{CENSUS_PUPIL},{TOTALS}" if has_totals else CENSUS_PUPIL
        files[f"{parent}.csv"] = _table(f"{parent}tableid,{pupil}", tables[roll])
        for part in ("termly", "summerhalfterm2"):
            listed = [
                (who, str(number), code, count)
                for number, (who, where, code, count) in enumerate(by_code)
                if where == part and (who in gone) == bool(roll)
            ]
            table = f"{part}sessiondetails{name}roll"
            if listed:
                files[f"{table}.csv"] = _table(
                    f"{parent}tableid,{table}tableid,attendancereason,sessions", listed
                )
        files[f"termlyexclusions{name}roll.csv"] = _table(
            f"{parent}tableid,termlyexclusions{name}rolltableid,startdate,sessions,category,reason1",
            [row for row in rows if (row[0] in gone) == bool(roll)],
        )
    return files


def censuses(
    sender: str,
    *,
    pupils: Lines = (),
    exclusions: Lines = (),
    first: tuple[int, str] = (2024, "Spring"),
    last: tuple[int, str] = (2026, "Autumn"),
    without: Iterable[tuple[int, str]] = (),
) -> dict[str, Files]:
    """Every census from one to another, each with the exclusions of its two terms, zipped."""
    found = {}
    year, term = first
    while (year, TERMS.index(term)) <= (last[0], TERMS.index(last[1])):
        start, end = exclusion_window(year, term)
        told = [
            " ".join(words)
            for words, _ in _rows(exclusions)
            if start <= date.fromisoformat(words[2]) <= end
        ]
        named = {line.split()[0] for line in told}
        listed = [line for line in _lines(pupils) if line.split()[0] in named]
        if (year, term) not in set(without):
            name = f"census_{year}_{TERMS.index(term) + 1}_{term.lower()}.zip"
            found[name] = census(sender, year, term, pupils=listed, exclusions=told)
        year, term = (year + 1, "Spring") if term == "Autumn" else (year, _after(term))
    return found


def exclusion_window(year: int, term: str) -> tuple[date, date]:
    """The two terms before, of which a census tells the suspensions and exclusions."""
    if term == "Autumn":
        return date(year, 1, 1), date(year, 8, 31)
    if term == "Spring":
        return date(year - 1, 4, 1), date(year - 1, 12, 31)
    return date(year - 1, 9, 1), date(year, 3, 31)


def placements(sender: str, period: str, lines: Lines) -> Files:
    """A return of alternative provision for `first day/last day`.

    Placement, pupil number or -, birth, first day, [reason=], [left=], [former=].
    """
    return {
        "manifest.json": _manifest("alternative_provision", *_span(period), None),
        "ap_placement.csv": _table(
            "placement_id,upn,former_upn,dob,sex,arranged_by,placement_reason,entry_date,"
            "leaving_date",
            [
                (words[0], _number(sender, words[1]), _number(sender, more.get("former", "-")),
                 words[2], "M", "LA", more.get("reason", "BEH"), words[3], more.get("left", ""))
                for words, more in _rows(lines)
            ],
        ),
    }  # fmt: skip


def annex_a(
    period: str, *, contacts: Lines = (), referrals: Lines = (), assessments: Lines = ()
) -> Files:
    """Lists 1, 3 and 4 of Annex A. Contacts: child, day. Referrals: child, day, [nfa=].
    Assessments: child, start, [completion]."""
    about = "Child Unique ID,Gender,Date of Birth"
    person = ("F", "14/05/2012")
    return {
        "manifest.json": _manifest("annex_a", *_span(period), None),
        "list 1.csv": _table(
            f"{about},Date of Contact,Contact Source",
            [(words[0], *person, _british(words[1]), "Police") for words, _ in _rows(contacts)],
        ),
        "list 3.csv": _table(
            f"{about},Date of Referral,Referral Source,Referral NFA?",
            [
                (words[0], *person, _british(words[1]), "Police", more.get("nfa", "No"))
                for words, more in _rows(referrals)
            ],
        ),
        "list 4.csv": _table(
            f"{about},Continuous Assessment Start Date,Continuous Assessment Date of Authorisation",
            [
                (words[0], *person, _british(words[1]), _british((words[2:] or ["-"])[0]))
                for words, _ in _rows(assessments)
            ],
        ),
    }


def release(years: Iterable[int], leeds: dict[int, int], released_on: str) -> Files:
    """A release of official suspensions by school year, 5,000 in Leeds where nothing is said."""
    england = ("National", "E92000001", "England", "", "", "", "", "", "Total")
    region = ("Regional", "E92000001", "England", "E12000003", "Yorkshire and The Humber")
    area = ("Local authority", *region[1:], "383", "E08000035", "Leeds", "Total")
    rows: list[tuple[object, ...]] = []
    for year in years:
        when = (f"{year}{(year + 1) % 100:02d}", "Academic year")
        count = leeds.get(year, 5000)
        rows.append((*when, *england, 25000, 12000000, 6000, 0.05, 500000, 4.1667))
        rows.append((*when, *region, "", "", "", "Total", 2500, 1200000, 600, 0.05, 50000, 4.1667))
        rows.append((*when, *area, 250, 120000, 60, 0.05, count, round(count / 1200, 4)))
    return {
        "": _table(
            "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
            "region_name,old_la_code,new_la_code,la_name,school_type,num_schools,headcount,"
            "perm_excl,perm_excl_rate,suspension,susp_rate",
            rows,
        ),
        ".manifest.json": json.dumps({"released_on": released_on, "source": "invented"}),
    }


def monthly(
    sender: str, months: Iterable[str], bundle: Callable[[str], dict[str, Lines]]
) -> dict[str, Files]:
    """A bundle of the standard safeguarding dataset for each month, zipped."""
    return {f"ssd_{month}.zip": ssd(sender, month, **bundle(month)) for month in months}


def _lines(lines: Lines) -> list[str]:
    each = lines.splitlines() if isinstance(lines, str) else list(lines)
    return [line.strip() for line in each if line.strip()]


def _rows(lines: Lines) -> list[tuple[list[str], dict[str, str]]]:
    found = []
    for line in _lines(lines):
        words = line.split()
        more = dict(word.split("=", 1) for word in words if "=" in word)
        found.append(([word for word in words if "=" not in word], more))
    return found


def _table(header: str, rows: Iterable[Iterable[object]]) -> str:
    return "".join(f"{line}\n" for line in (header, *(",".join(map(str, row)) for row in rows)))


def _manifest(extract: str, first: date, last: date, sequence: int | None) -> str:
    told: dict[str, object] = {
        "extract": extract, "period_start": str(first), "period_end": str(last)
    }  # fmt: skip
    return json.dumps(told | ({} if sequence is None else {"sequence": sequence}))


def _span(period: str) -> tuple[date, date]:
    if "/" in period:
        first, last = (date.fromisoformat(day) for day in period.split("/"))
        return first, last
    year, month = int(period[:4]), int(period[5:])
    return date(year, month, 1), month_end(year, month)


def _number(sender: str, word: str) -> str:
    """`u7` as the sender's seventh pupil number, `301u7` as that of another; others as they are."""
    if word == "-":
        return ""
    head, _, tail = word.partition("u")
    return upn(head or sender, int(tail)) if tail.isdigit() else word


def _after(term: str) -> str:
    return TERMS[TERMS.index(term) + 1]


def _blank(word: str) -> str:
    return "" if word == "-" else word


def _element(name: str, text: str) -> str:
    return f"<{name}>{text}</{name}>" if text and text != "-" else ""


def _british(day: str) -> str:
    return "" if day == "-" else f"{date.fromisoformat(day):%d/%m/%Y}"


def _census_day(day: str) -> str:
    return f"{date.fromisoformat(day):%Y-%b-%d} 00:00:00"


def after(day: str, days: int) -> str:
    """Some days after a day."""
    return str(date.fromisoformat(day) + timedelta(days=days))
