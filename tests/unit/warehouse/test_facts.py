"""Each contract beside the facts that are published of its extract: a difference is a decision.

`facts/EXTRACT.csv` holds one row for each table, column and code that a source publishes, with the
source and the day on which it was read. `ours` says how the contract stands to it where it differs,
and `reason` why; `added` is what no source publishes.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.official import IDENTITY
from sightline.warehouse.contracts.schema import Code, Column, Contract, compared
from sightline.warehouse.intake.read import cin_census as cin
from sightline.warehouse.intake.read import ssda903 as care

FOLDER = Path(__file__).parent / "facts"
# Published of a column, and the types of ours that read it as it is meant.
AGREES = {"date": {"date", "month"}, "number": {"number", "integer"}}
FIGURES = "figures"


@dataclass(frozen=True)
class Fact:
    """What a source publishes of a table, of a column of it, or of a code of that."""

    table: str
    column: str
    code: str
    kind: str
    since: str
    until: str
    ours: str
    reason: str
    source: str
    read_on: str
    line: int

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.table, self.column, self.code)))

    @property
    def years(self) -> tuple[str, str]:
        return self.since, self.until


def facts(path: Path) -> list[Fact]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return [
            Fact(
                row["table"], row["column"], row["code"], row["kind"], row["from"], row["to"],
                row["ours"], row["reason"], row["source"], row["read_on"], rows.line_num,
            )
            for row in rows
        ]  # fmt: skip


def inverted(*fills: dict[str, str]) -> dict[str, str]:
    return {element: column for one in fills for column, element in one.items()}


ELEMENTS: dict[tuple[str, str], dict[str, str]] = {
    ("cin_census", "cin_child"): {**inverted(cin.CHILD), "Sex": "sex", "GenderCurrent": "sex"},
    ("cin_census", "cin_referral"): inverted(cin.REFERRAL),
    ("cin_census", "cin_assessment"): inverted(cin.ASSESSMENT),
    ("cin_census", "cin_factor"): {"AssessmentFactors": "factor_code"},
    **{("cin_census", table): inverted(tags) for table, tags in cin.ACTIVITIES.values()},
    ("ssda903", "header"): inverted(care.HEADER),
    ("ssda903", "episodes"): inverted(care.EPISODE),
    ("ssda903", "missing"): inverted(care.MISSING),
}
"""Of the tables that are read from XML, the elements and the columns that they fill."""


def meant(contract: Contract, fact: Fact) -> str | None:
    """The contract's own name of a published heading."""
    named = ELEMENTS.get((contract.name, fact.table), {}).get(fact.column)
    return named or contract.tables[fact.table].headers.get(compared(fact.column))


def years(one: Code | Column) -> tuple[str, str]:
    return str(one.first_year or ""), str(one.last_year or "")


def standing(contract: Contract, fact: Fact) -> str:
    """How the contract stands to a fact, in words; empty where they agree."""
    if contract.reader == "published":
        return of_series(contract, fact)
    if fact.table not in contract.tables:
        return "not read" if fact.table in contract.not_read else "unknown"
    if not fact.column:
        return ""
    name = meant(contract, fact)
    if name is None:
        return "unknown"
    column = contract.tables[fact.table].columns.get(name)
    if column is None:
        return "not read"
    return of_code(column, fact) if fact.code else of_column(column, fact)


def of_series(contract: Contract, fact: Fact) -> str:
    """A column is read for what it is, and of its values those that are used."""
    if fact.table != FIGURES:
        return "not read"
    if not fact.column:
        return ""
    if fact.code:
        return "" if fact.code.lower() in map(str.lower, values_used(contract)) else "not read"
    figures = contract.figures
    long = [figures.long.measure, figures.long.period, figures.long.area] if figures.long else []
    is_read = {
        "identity": fact.column in (*IDENTITY, *long),
        "filter": fact.column.lower() in contract.filter,
        "indicator": fact.column == figures.long.value
        if figures.long
        else not contract.only or fact.column in contract.only,
    }
    if fact.kind == "filter" and fact.column in figures.totals_of:
        return "total alone"
    return "" if is_read[fact.kind] else "not read"


def values_used(contract: Contract) -> tuple[str, ...]:
    figures = contract.figures
    return (*figures.categories, *(figures.long.measures if figures.long else ()))


def of_column(column: Column, fact: Fact) -> str:
    if fact.kind not in ("", "any") and column.type not in AGREES.get(fact.kind, {fact.kind}):
        return f"read as {column.type}"
    return differing(column, fact)


def of_code(column: Column, fact: Fact) -> str:
    if fact.code in column.codes:
        return differing(column.codes[fact.code], fact)
    if fact.code in column.same_as:
        code = column.same_as[fact.code]
        return ", ".join(filter(None, (f"same as {code.means}", differing(code, fact))))
    return "unknown"


def differing(one: Code | Column, fact: Fact) -> str:
    if years(one) == fact.years:
        return ""
    return "years any" if not any(years(one)) else f"years {'-'.join(years(one))}"


def unpublished(contract: Contract, told: list[Fact]) -> Iterator[tuple[str, str, str]]:
    """The tables, columns and codes of a contract that no fact is about."""
    if contract.reader == "published":
        known = {fact.column.lower() for fact in told}
        codes = {fact.code.lower() for fact in told}
        wanted = {*contract.filter, *contract.measures, *contract.only}
        yield from ((FIGURES, name, "") for name in sorted(wanted) if name.lower() not in known)
        used = sorted(values_used(contract))
        yield from ((FIGURES, "", code) for code in used if code.lower() not in codes)
        return
    for name, table in contract.tables.items():
        here = [fact for fact in told if fact.table == name]
        if any(fact.ours == "added" and not fact.column for fact in here):
            continue
        if not here:
            yield name, "", ""
        for column, described in table.columns.items():
            about = [one for one in here if one.column and meant(contract, one) == column]
            if not about:
                yield name, column, ""
            codes = {one.code for one in about if one.code}
            # Senders write words of their own in place of a code, which nobody publishes.
            former = {word for word in described.same_as if word == word.upper()}
            listed = {*described.codes, *former} if codes else set()
            yield from ((name, column, code) for code in sorted(listed - codes))


PATHS = sorted(FOLDER.glob("*.csv"))


def test_every_extract_has_its_facts() -> None:
    assert {path.stem for path in PATHS} == set(contracts.load())


def wrong_in(contract: Contract, told: list[Fact]) -> Iterator[str]:
    """Where a contract and the facts disagree and nobody decided so."""
    for fact in told:
        found = standing(contract, fact)
        if fact.ours != "added" and found != fact.ours:
            yield f"line {fact.line}: {fact.name}: {said(fact.ours)} is stated, {said(found)} is so"
        if fact.ours == "added" and found not in ("", "years any", f"years {'-'.join(fact.years)}"):
            yield f"line {fact.line}: {fact.name}: the contract lacks what it is said to have added"
    for one in unpublished(contract, told):
        yield f"nothing is said of {' '.join(filter(None, one))}"


def said(ours: str) -> str:
    return repr(ours or "agreement")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_contract_agrees_with_the_facts_or_says_why_not(path: Path) -> None:
    wrong = list(wrong_in(contracts.load()[path.stem], facts(path)))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_facts_have_a_source_and_differences_a_reason(path: Path) -> None:
    told = facts(path)
    for fact in told:
        assert bool(fact.ours) == bool(fact.reason), f"line {fact.line}: a reason and a difference"
        assert (fact.ours != "added") == bool(fact.source), f"line {fact.line}: a source"
        assert not fact.source or date.fromisoformat(fact.read_on), f"line {fact.line}: its day"
    assert max(Counter(fact.name for fact in told).values()) == 1


def test_every_difference_between_a_contract_and_facts_is_found() -> None:
    """A fact that changed, a column or code that is gone from either side."""
    contract = contracts.load()["ssda903"]
    told = facts(FOLDER / "ssda903.csv")
    assert list(wrong_in(contract, told)) == []
    for number, fact in enumerate(told):
        others = [*told[:number], *told[number + 1 :]]
        changes = {"since": "1999", "ours": "unknown" if fact.ours != "unknown" else ""}
        for name, value in changes.items() if fact.ours != "added" else ():
            if name == "since" and fact.ours in ("unknown", "not read"):
                continue
            if name == "since" and not fact.column:
                continue
            changed = replace(fact, **{name: value})
            assert list(wrong_in(contract, [*others, changed])), (fact, name)
        is_read = fact.ours not in ("unknown", "not read")
        if is_read and fact.code:
            assert list(wrong_in(contract, others)), fact
