"""The rules of a contract as SQL over judged rows: of one row, of rows together, of related rows.

Every statement here gives the `place` (the row id) of each row of `checked` that breaks a rule,
and the number of that rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import duckdb

from sightline.warehouse.contracts.rules import Across, Rule
from sightline.warehouse.contracts.schema import Contract
from sightline.warehouse.intake.judge import column_rules as rules
from sightline.warehouse.intake.judge.judged import (
    CONFLICT,
    Checked,
    Fault,
    Names,
    own_key,
    sound_rows,
)


@dataclass(frozen=True)
class Test:
    """A rule to be applied to judged rows; `number` is its place among the faults of a table."""

    number: int
    fault: Fault
    condition: str = "true"
    related: frozenset[str] = frozenset()
    across: Across | None = None
    lacks: str | None = None
    matching: str = "true"

    @property
    def is_of_one_row(self) -> bool:
        return self.across is None and self.lacks is None

    @property
    def needs_facts(self) -> bool:
        """Whether it asks for anything of the whole submission."""
        return "facts." in f"{self.condition} {self.matching} {self.across}"


def of_contract(number: int, fault: Fault, rule: Rule, contract: Contract, table: str) -> Test:
    """A contract's own rule, ready to be put into a statement."""
    names = Names(contract, table)
    condition = names.resolved(rule.when or "true")
    for limit, sign in ((rule.first_year, ">="), (rule.last_year, "<=")):
        if limit is not None:
            condition = f"facts.collection_year {sign} {limit} and ({condition})"
    across = names.across(rule.across) if rule.across else None
    related = frozenset(names.related)
    matching = names.resolved(rule.matching) if rule.matching else "true"
    return Test(number, fault, condition, related, across, rule.lacks, matching)


def tests_of(checked: Checked) -> list[Test]:
    """What is to be seen of judged rows; their faults join those of their columns."""
    table = checked.contract.tables.get(checked.table)
    if table is None:
        return []
    found = []

    def note(fault: Fault) -> int:
        checked.faults.append(fault)
        return len(checked.faults) - 1

    for rule in table.rules:
        if rule.severity == "query" and rule.column not in checked.positions:
            continue  # nobody can answer for a column that the file does not have
        is_beside = rule.across is not None
        fault = Fault(
            "", rule.rule, rule.says, rule.column, rule.official, rule.severity, is_beside
        )
        found.append(of_contract(note(fault), fault, rule, checked.contract, checked.table))
    for fault in rules.all_queries(table):
        found.append(Test(note(fault), fault, fault.condition))
    if table.parent:
        own = own_key(checked.contract.tables, checked.table, table.parent.table)
        says = f"no row of {table.parent.table} in this bundle belongs to it"
        fault = Fault("", "PARENT_MISSING", says, own, table.parent.official, "query")
        found.append(Test(note(fault), fault, lacks=table.parent.table))
    return found


def statements(checks: Sequence[Checked], checked: Checked, tests: Iterable[Test]) -> list[str]:
    """One statement for the tests of each set of related tables, one for each other test."""
    together: dict[frozenset[str], list[Test]] = {}
    found = []
    for test in tests:
        if test.across:
            found.append(_across(checks, checked, test, test.across))
        elif test.lacks:
            found.append(_lacking(checks, checked, test, test.lacks))
        else:
            together.setdefault(test.related, []).append(test)
    found += [_of_rows(checks, checked, group) for group in together.values()]
    return [statement for statement in found if statement]


def _of_rows(checks: Sequence[Checked], checked: Checked, tests: Sequence[Test]) -> str:
    source = _beside(checks, checked, tests, tests[0].related)
    numbers = ", ".join(f"case when {test.condition} then {test.number} end" for test in tests)
    any_of = " or ".join(f"({test.condition})" for test in tests)
    return source and (
        "select place, number from (select rows.rowid as place,"
        f" unnest([{numbers}]) as number from {source} where rows.fault is null and ({any_of}))"
        " where number is not null"
    )


def _across(checks: Sequence[Checked], checked: Checked, test: Test, across: Across) -> str:
    """Only rows that share their `by` with another are put side by side."""
    source = _beside(checks, checked, [test], test.related)
    keys = [f"key_{place}" for place in range(len(across.by))]
    orders = [f"order_{place}" for place in range(len(across.order))]
    values = dict(zip(keys, across.by, strict=True)) | dict(zip(orders, across.order, strict=True))
    for name in ("start", "end", "total", "found"):
        values |= {f"its_{name}": text} if (text := getattr(across, name)) else {}
    if across.kind in ("twice", "overlap"):
        values["content"] = _content(checked)
    named = "".join(f", {text} as {name}" for name, text in values.items())
    by = ", ".join(["submission_id", *keys])
    return (
        source
        and f"""
        with kept as (
            select rows.rowid as place, rows.submission_id{named}
            from {source} where rows.fault is null and ({test.condition})
        ),
        shared as (
            select {by} from kept group by {by} having count(*) > 1 and {_promising(across)}
        ),
        compared as (
            select kept.place, {_compared(across, by, orders)} as is_found
            from kept semi join shared using ({by})
        )
        select place, {test.number} as number from compared where is_found
    """
    )


def _promising(across: Across) -> str:
    """What rows that are alike must have together for any of them to be found."""
    match across.kind:
        case "not_ended":
            return "count(its_end) < count(*)"
        case "sum_at_most":
            return f"sum(its_total) > {across.most}"
        case "not_alone":
            return "bool_or(its_found)"
        case _:
            return "true"


def _compared(across: Across, by: str, orders: Sequence[str]) -> str:
    """Whether a row is found among those like it; never by where it stands in the file."""
    window = f"partition by {by}"
    earlier = (
        "order by its_start, its_end, content rows between unbounded preceding and 1 preceding"
    )
    match across.kind:
        case "twice":
            return f"row_number() over ({window} order by {', '.join([*orders, 'content'])}) > 1"
        case "overlap":
            return f"its_start < max(its_end) over ({window} {earlier})"
        case "not_ended":
            return f"its_end is null and its_start < max(its_start) over ({window})"
        case "not_alone":
            return "its_found"
        case _:
            return "true"


def _lacking(checks: Sequence[Checked], checked: Checked, test: Test, lacked: str) -> str:
    """Rows with no row of another table that belongs to them."""
    source = _beside(checks, checked, [test], test.related - {lacked})
    if source and (others := sound_rows(checks, checked, lacked)):
        belongs = f"{_joined(checked, lacked)} and ({test.matching})"
        source += f" anti join ({others}) as {lacked} on {belongs}"
    return source and (
        f"select rows.rowid as place, {test.number} as number from {source}"
        f" where rows.fault is null and ({test.condition})"
    )


def _beside(
    checks: Sequence[Checked], checked: Checked, tests: Iterable[Test], related: Iterable[str]
) -> str:
    """The rows of a table beside what tests need: the facts of their submission, and related rows;
    empty where nobody sent a related table."""
    source = f"{checked.relation} as rows"
    if any(test.needs_facts for test in tests):
        source += " inner join submissions as facts on rows.submission_id = facts.submission_id"
    for name in sorted(related):
        others = sound_rows(checks, checked, name)
        if not others:
            return ""
        source += f" inner join ({others}) as {name} on {_joined(checked, name)}"
    return source


def _joined(checked: Checked, name: str) -> str:
    """Rows belong together by the identifier that a table begins with."""
    tables = checked.contract.tables
    key = next(iter(tables[name].columns))
    own = own_key(tables, checked.table, name)
    return f"rows.submission_id = {name}.submission_id and rows.v_{own} = {name}.v_{key}"


def _content(checked: Checked) -> str:
    """What a row says, as a number: an order among alike rows that follows from nothing else, nor
    from pseudonyms, which another key would order otherwise."""
    columns = checked.contract.tables[checked.table].columns.items()
    values = [f"rows.v_{name}" for name, one in columns if one.type not in ("id", "upn")]
    return f"hash({', '.join(values)})" if values else "0"


def mark_conflicts(connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked]) -> None:
    """Rows of one submission that give the same thing differently are all faulty."""
    for checked in checks:
        table = checked.contract.tables.get(checked.table)
        if table and table.unique:
            _mark_conflicts(connection, checked, table.unique)


def _mark_conflicts(
    connection: duckdb.DuckDBPyConnection, checked: Checked, unique: Sequence[str]
) -> None:
    keys = ", ".join(f"v_{name}" for name in unique)
    twice = (
        f"select submission_id, {keys} from {checked.relation} where fault is null"
        f" group by submission_id, {keys} having count(*) > 1"
    )
    found = connection.execute(f"select count(*) from ({twice})").fetchone()
    if found and found[0]:
        number = [fault.rule for fault in checked.faults].index(CONFLICT)
        connection.execute(
            f"update {checked.relation} set fault = {number}"
            f" where fault is null and (submission_id, {keys}) in ({twice})"
        ).fetchall()


def apply_rules(connection: duckdb.DuckDBPyConnection, checks: Sequence[Checked]) -> None:
    """Rules of single rows first: rows that are wrong in themselves accuse no other. Parents stand
    before their children in a contract, so a row is only held against sound ones."""
    ordered = sorted(checks, key=_place)
    tests = {checked.relation: tests_of(checked) for checked in ordered}
    for checked in ordered:
        connection.execute(
            f"create temp table {checked.found} (place bigint, number integer)"
        ).fetchall()
        if checked.asked:
            connection.execute(
                f"insert into {checked.found} select place, number from (select rowid as place,"
                f" unnest([{', '.join(checked.asked)}]) as number from {checked.relation}"
                f" where coalesce({', '.join(checked.asked)}) is not null) where number is not null"
            ).fetchall()
    rounds: tuple[Callable[[Test], bool], ...] = (
        lambda test: test.is_of_one_row,
        lambda test: not test.is_of_one_row,
    )
    for is_due in rounds:
        for checked in ordered:
            due = [test for test in tests[checked.relation] if is_due(test)]
            found = [
                connection.execute(f"insert into {checked.found} {statement}").fetchone()
                for statement in statements(ordered, checked, due)
            ]
            if any(count and count[0] for count in found):
                _mark_errors(connection, checked, due)


def _place(checked: Checked) -> tuple[str, int]:
    return checked.contract.name, [*checked.contract.tables, checked.table].index(checked.table)


def _mark_errors(
    connection: duckdb.DuckDBPyConnection, checked: Checked, tests: Sequence[Test]
) -> None:
    numbers = [test.number for test in tests if test.fault.severity == "error"]
    wrong = f"from {checked.found} where list_contains($1, number)"
    found = connection.execute(f"select count(*) {wrong}", [numbers]).fetchone()
    if found and found[0]:
        connection.execute(
            f"update {checked.relation} set fault = errors.number from"
            f" (select place, min(number) as number {wrong} group by place) as errors"
            f" where {checked.relation}.rowid = errors.place and fault is null",
            [numbers],
        ).fetchall()
