"""Read one submission: recognise it, check its structure, sender and period; judge no value."""

import re
from dataclasses import dataclass, field, replace
from datetime import date

from sightline.warehouse.areas import PUBLISHER, authorities
from sightline.warehouse.calendar import (
    TERMS,
    Span,
    census_of,
    exclusion_window,
    financial_year,
    term,
)
from sightline.warehouse.contracts import official
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import SNAPSHOT_DAYS, Contract
from sightline.warehouse.intake.read.recognise import recognise, unread, why_not
from sightline.warehouse.intake.read.tables import read_parts, reader_of
from sightline.warehouse.intake.read.xml import ReturnHeader
from sightline.warehouse.problems import Problem, Refused, Severity, refuse
from sightline.warehouse.submission import (
    MANIFEST,
    TREES,
    Bundle,
    Keep,
    Manifest,
    Member,
    Part,
    Recognised,
    Sheet,
    period_unknown,
)

# A file of a bundle that is refused for one of these was meant as a table; others are left out.
NEARLY_A_TABLE = (
    "MISSING_COLUMN", "AMBIGUOUS_TABLE", "DELIMITER", "PREAMBLE", "ENCODING", "LINE_ENDINGS",
)  # fmt: skip
# What the publisher packs beside its data files.
BESIDE_FIGURES = (".meta.csv", "data-guidance.txt")
# Returns of single children began with the year ending in March 2009.
CENSUS_YEARS = range(2009, 2100)


@dataclass
class Submission:
    """What a submission says, before its values are judged."""

    contract: Contract
    manifest: Manifest
    parts: list[Part]
    period: Span | None = None
    fewest_days: int = 0
    """Of how many days its own dates must tell, where nothing states its period."""
    queries: list[Problem] = field(default_factory=list)


def read_submission(
    bundle: Bundle,
    sender: str | None,
    keep: Keep,
    *,
    is_whole: bool = True,
    may_be_empty: bool = False,
) -> Submission:
    """The tables of a bundle, whose lines go to `keep`; raises Refused.

    With `is_whole` false, tables may be missing; with `may_be_empty`, there may be no record.
    """
    bundle, hidden = _without_hidden(bundle)
    found = [one for one in map(recognise, bundle.members) if one]
    submission = None
    try:
        _check_others(bundle, found)
        submission = Submission(_one_contract(found, bundle.manifest), bundle.manifest, [])
        _read_tables(submission, found, sender, keep, is_whole=is_whole)
        if not may_be_empty:
            _check_rows(submission)
    except Refused as fault:
        if found:
            fault.extract = found[0].contract.name
            fault.problems += tuple(hidden + _left_out(bundle, found))
        fault.period = submission.period if submission else None
        raise
    submission.queries += hidden + _left_out(bundle, found)
    return submission


def _read_tables(
    submission: Submission,
    found: list[Recognised],
    sender: str | None,
    keep: Keep,
    *,
    is_whole: bool,
) -> None:
    contract = submission.contract
    _check_sender(contract, submission.manifest, sender)
    if any(one.member.kind == "json" for one in found):
        # New records alone look like a full payload of a few days.
        submission.fewest_days = SNAPSHOT_DAYS
    if any(one.member.kind in TREES for one in found):
        _check_alone(found)
    else:
        _check_tables(submission, found, is_whole=is_whole)
    if contract.period.found_in == "header":
        _read_header(submission, found[0].member, sender)
    submission.parts = [part for one in found for part in read_parts(one, keep)]
    submission.queries += [q for part in submission.parts for q in _queries(part, contract)]
    _find_period(submission, sender, is_whole=is_whole)


def _without_hidden(bundle: Bundle) -> tuple[Bundle, list[Problem]]:
    """What a sender can see; raises Refused where a table stands in hidden sheets alone."""
    hidden = [one for one in bundle.members if isinstance(one, Sheet) and one.is_hidden]
    if not hidden:
        return bundle, []
    seen = tuple(one for one in bundle.members if one not in hidden)
    message = "the sheet is hidden and was not read; show it if it is meant to be sent"
    found = [
        Problem("HIDDEN_SHEET", message, "query", file=one.name) for one in hidden if recognise(one)
    ]
    if found and not any(map(recognise, seen)):
        raise Refused(*(replace(one, severity="error") for one in found))
    return replace(bundle, members=seen), found


def _check_others(bundle: Bundle, found: list[Recognised]) -> None:
    """Refuse a bundle with an empty file, or with one that was meant as a table and is none."""
    if not bundle.members:
        raise refuse("EMPTY_FILE", "the bundle holds no table")
    for member in bundle.members:
        if member.kind == "empty":
            raise refuse("EMPTY_FILE", "the file is empty; send it again", file=member.name)
    read = {one.member.name for one in found}
    reasons = [
        _not_used(member, title, "note" if found else "error")
        if (title := unread(member))
        else why_not(member, bundle.manifest.extract, found).problems[0]
        for member in bundle.members
        if member.name not in read and not _describes_figures(member, found)
    ]
    if problems := [one for one in reasons if not found or one.rule in NEARLY_A_TABLE]:
        raise Refused(*problems)


def _not_used(member: Member, title: str, severity: Severity) -> Problem:
    message = f"it is {title}: not used here, and not read"
    return Problem("TABLE_NOT_READ", message, severity, file=member.name)


def _one_contract(found: list[Recognised], manifest: Manifest) -> Contract:
    names = sorted({one.contract.name for one in found})
    if len(found) > 1 and any(one.contract.reader == "published" for one in found):
        files = [f"{one.member.name} ({one.contract.name})" for one in found]
        message = f"it holds several official files, {_listed(files)}; send each by itself"
        raise refuse("AMBIGUOUS_EXTRACT", message)
    if len(names) > 1:
        message = f"it holds tables of several extracts ({', '.join(names)}); send each by itself"
        raise refuse("AMBIGUOUS_EXTRACT", message)
    if manifest.extract and manifest.extract != names[0]:
        message = f"the manifest says another extract than the tables inside, which are {names[0]}"
        raise refuse("MANIFEST", message, file=MANIFEST)
    return contracts.load()[names[0]]


def _check_sender(contract: Contract, manifest: Manifest, sender: str | None) -> None:
    if sender is None:
        return
    if manifest.sender and manifest.sender != sender:
        message = f"the manifest names another sender than the folder it came in by, {sender}"
        raise refuse("WRONG_SENDER", message, file=MANIFEST)
    if contract.sent_by == "publisher" and sender != PUBLISHER:
        message = f"published series belong in the folder inbox/{PUBLISHER}"
        raise refuse("WRONG_SENDER", message)
    if contract.sent_by == "authority" and sender not in authorities():
        message = "the folder it came in by is not named by an authority's three-digit code"
        raise refuse("WRONG_SENDER", message)


def _check_alone(found: list[Recognised]) -> None:
    """A return in XML holds all tables."""
    if len(found) > 1:
        raise refuse("TABLE_TWICE", "the bundle holds two returns; send each by itself")


def _check_tables(submission: Submission, found: list[Recognised], *, is_whole: bool) -> None:
    held = [one.table for one in found]
    if twice := sorted({table for table in held if held.count(table) > 1}):
        names = [one.member.name for one in found if one.table == twice[0]]
        message = f"{_listed(names)} hold the same table, {twice[0]}; send one of them"
        raise refuse("TABLE_TWICE", message, table=twice[0])
    wanted = [name for name, table in submission.contract.tables.items() if table.required]
    if absent := [name for name in wanted if name not in held]:
        message = (
            f"the bundle lacks {_listed(absent)}; send {_listed(wanted)}"
            " together in one folder or zip"
        )
        problem = Problem("MISSING_TABLE", message, "error" if is_whole else "query", absent[0])
        if is_whole:
            raise Refused(problem)
        submission.queries.append(problem)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _queries(part: Part, contract: Contract) -> list[Problem]:
    queries = list(part.queries)
    extra = len(part.header) - len(part.positions)
    if extra and contract.reader == "csv":
        columns = "1 column is" if extra == 1 else f"{extra} columns are"
        message = f"{columns} unknown to the contract and not read"
        line = part.header_line
        queries.append(Problem("UNKNOWN_COLUMN", message, "query", part.table, part.file, line))
    return queries


def _left_out(bundle: Bundle, found: list[Recognised]) -> list[Problem]:
    read = {one.member.name for one in found}
    rest = [one for one in bundle.members if one.name not in read and one.kind != "empty"]
    described = "it describes the figures beside it and was not read"
    unknown = "it is no table of this extract and was not read"
    return [
        Problem("FILE_PASSED_OVER", described, "note", file=member.name)
        if _describes_figures(member, found)
        else _not_used(member, title, "note")
        if (title := unread(member))
        else Problem("UNKNOWN_FILE", unknown, "query", file=member.name)
        for member in rest
    ]


def _describes_figures(member: Member, found: list[Recognised]) -> bool:
    is_beside = any(one.contract.reader == "published" for one in found)
    return is_beside and member.name.lower().endswith(BESIDE_FIGURES)


def _check_rows(submission: Submission) -> None:
    if not all(part.is_empty for part in submission.parts):
        return
    is_declared = submission.manifest.period_start is not None and submission.contract.nil_return
    if not is_declared:
        first = submission.parts[0]
        message = "there is a header and nothing below it"
        raise refuse("NO_ROWS", message, file=first.file, line=first.header_line, table=first.table)


def _find_period(submission: Submission, sender: str | None, *, is_whole: bool) -> None:
    """The period by the contract's rule: the content where it tells, else the manifest."""
    stated = _stated(submission.manifest)
    match submission.contract.period.found_in:
        case "census":
            submission.period = _census_term(submission, sender, stated)
        case "time_period":
            submission.period = _published_span(submission.contract, submission.parts[0])
            _ask_for_release_date(submission)
        case "dates" | "window" | "snapshot":
            submission.period = stated
            return
        case "manifest":
            submission.period = stated
    if submission.period is None:
        unknown = period_unknown("error" if is_whole else "query")
        if is_whole:
            raise Refused(unknown)
        submission.queries.append(unknown)


def _stated(manifest: Manifest) -> Span | None:
    is_stated = manifest.period_start is not None and manifest.period_end is not None
    if is_stated and manifest.period is None:
        message = "period_start and period_end cannot be meant: check their order and their years"
        raise refuse("MANIFEST", message, file=MANIFEST)
    return manifest.period


def _census_term(submission: Submission, sender: str | None, stated: Span | None) -> Span | None:
    """The term that the header row of the census names, the manifest or the names of the files;
    raises Refused where these contradict each other."""
    by_row, by_name = _term_by_row(submission, sender), _term_by_name(submission)
    by_manifest = census_of(stated.start, stated.end) if stated else None
    is_exact = by_manifest is not None and stated in (
        term(*by_manifest),
        exclusion_window(*by_manifest),
    )
    found = by_row or (by_manifest if is_exact else by_name or by_manifest)
    others = {
        "the names of the files say": by_name,
        # Some state the day of the census or the school year: that is no other census.
        f"{MANIFEST} says": by_manifest if is_exact or not by_row else None,
    }
    for who, named in others.items():
        if found and named and named != found:
            message = f"it is the census of {_said(found)}, but {who} {_said(named)}"
            is_certain = by_row is None and is_exact
            problem = Problem("PERIOD_DIFFERS", message, "query" if is_certain else "error")
            if not is_certain:
                raise Refused(problem)
            submission.queries.append(problem)
    return term(*found) if found else None


def _said(named: tuple[int, str]) -> str:
    year, name = named
    return f"{name} {year}"


def _term_by_row(submission: Submission, sender: str | None) -> tuple[int, str] | None:
    part = next((part for part in submission.parts if part.table == "schoolcensus"), None)
    if part is None or not part.facts:
        return None
    for (_, _, lea), line in part.facts.items():
        if sender and _whole(lea) != sender:
            message = f"a school of another authority than {sender} stands here"
            raise refuse("WRONG_SENDER", message, file=part.file, line=line, column="lea")
    named = {(_whole(year), name.strip().title()) for year, name, _ in part.facts}
    year, name = min(named)
    if len(named) > 1 or not re.fullmatch(r"20\d\d", year) or name not in TERMS:
        message = "year and term must be those of one census, such as 2025 and Autumn"
        raise refuse("PERIOD_UNKNOWN", message, file=part.file, line=2, column="term")
    return int(year), name


def _whole(number: str) -> str:
    """A number as a code: a spreadsheet shows 2025 as 2025.0."""
    return number.strip().removesuffix(".0")


def _term_by_name(submission: Submission) -> tuple[int, str] | None:
    """The term that the names of the files tell; raises Refused where they differ."""
    pattern = submission.contract.period.named
    first: tuple[int, str] | None = None
    for part in submission.parts if pattern else ():
        found = re.search(str(pattern), part.file.rpartition("/")[2], re.IGNORECASE)
        if found is None:
            continue
        named = int(found["year"]), found["term"].title()
        first = first or named
        if named != first:
            message = f"its name says {_said(named)}, that of another file {_said(first)}"
            raise refuse("PERIOD_DIFFERS", message, file=part.file)
    return first


def _ask_for_release_date(submission: Submission) -> None:
    if submission.manifest.released_on is None:
        message = (
            "the day on which it is received counts as the day of its release; say otherwise"
            " with released_on in manifest.json"
        )
        query = Problem("RELEASE_DATE_UNKNOWN", message, "query", file=submission.parts[0].file)
        submission.queries.append(query)


def _published_span(contract: Contract, part: Part) -> Span | None:
    """The calendar years of the rows whose kind of period is used; raises Refused without any."""
    if not part.facts:
        why = next((one.message for one in part.queries if one.column), "there is no row to read")
        raise refuse("NO_ROWS", f"none of its rows is used: {why}", file=part.file, line=1)
    used = {written for written, kind in part.facts if official.kind_of(contract, kind)}
    if not used:
        raise _period_not_read(contract, part)
    years = {int(written[:4]) for written in used if official.is_year(written[:4])}
    return Span(date(min(years), 1, 1), date(max(years), 12, 31)) if years else None


def _period_not_read(contract: Contract, part: Part) -> Refused:
    """Every row is of a kind of period, such as a term, that no model uses."""
    kinds = {official.official_kind(kind) for _, kind in part.facts}
    message = (
        f"all its rows are of a kind of period that is not read here ({_listed(sorted(kinds))});"
        f" send the file of whole periods: {', '.join(contract.figures.periods)}"
    )
    column = official.facts_of(contract)[1]
    return refuse(
        "TIME_IDENTIFIER", message, file=part.file, line=min(part.facts.values()), column=column
    )


def _read_header(submission: Submission, member: Member, sender: str | None) -> None:
    with member.opened() as file:
        header = reader_of(submission.contract).read_header(file, member.name)
    _check_header(header, member.name, sender)
    submission.period = financial_year(header.year)


def _check_header(header: ReturnHeader, name: str, sender: str | None) -> None:
    problems = []
    if header.year not in CENSUS_YEARS:
        raise refuse("YEAR", "Year is no year of this census", file=name, line=header.line)
    expected = date(header.year, 3, 31)
    if header.reference_date != expected:
        message = f"Year is {header.year}, so ReferenceDate must be {expected.isoformat()}"
        problems.append(
            Problem("YEAR", message, file=name, line=header.line, column="ReferenceDate")
        )
    if header.authority not in authorities():
        message = "LEA is not the code of an authority"
        problems.append(Problem("WRONG_SENDER", message, file=name, line=header.line, column="LEA"))
    elif sender and header.authority != sender:
        message = f"LEA is another authority than the folder it came in by, {sender}"
        problems.append(Problem("WRONG_SENDER", message, file=name, line=header.line, column="LEA"))
    if problems:
        raise Refused(*problems)
