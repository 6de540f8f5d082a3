"""The rules of a contract as SQL over judged rows: of one row, of rows together, of related rows.

Every statement here gives the `place` (the row id) of each row of `checked` that breaks a rule,
and the number of that rule.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from warehouse.contract import Contract, SentTable
from warehouse.contract_rules import Across, Rule
from warehouse.intake import rules
from warehouse.intake.checking import Checked
from warehouse.intake.rules import Fault

# Quoted text first, so that nothing inside it is taken for a name; functions are none.
NAMES = re.compile(r"'[^']*'|\b[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?\b(?!\()")
FACTS = {
    "period_start": "facts.window_start",
    "period_end": "facts.window_end",
    "collection_year": "facts.collection_year",
    "received_on": "facts.received_on",
}


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


class Names:
    """What the names in a rule stand for; remembers which other tables it needs."""

    def __init__(self, contract: Contract, table: str) -> None:
        self.contract = contract
        self.table = contract.tables[table]
        self.related: set[str] = set()

    def resolved(self, text: str) -> str:
        return NAMES.sub(lambda found: self._resolved(found.group()), text)

    def across(self, across: Across) -> Across:
        texts = ("start", "end", "total", "found")
        many = ("by", "order")
        changes = {n: self.resolved(v) for n in texts if (v := getattr(across, n)) is not None}
        lists = {n: tuple(self.resolved(v) for v in getattr(across, n)) for n in many}
        return across.model_copy(update=changes | lists)

    def _resolved(self, name: str) -> str:
        if name in self.table.columns:
            return f"rows.{value_of(self.table, name)}"
        table, _, column = name.partition(".")
        if table in self.contract.tables and column in self.contract.tables[table].columns:
            self.related.add(table)
            return f"{table}.{value_of(self.contract.tables[table], column)}"
        return FACTS.get(name, name)


def value_of(table: SentTable, column: str) -> str:
    """The judged value of a column; of a month the day, which is never kept."""
    return f"d_{column}" if table.columns[column].type == "month" else f"v_{column}"


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


def sound_rows(checks: Sequence[Checked], checked: Checked, table: str) -> str:
    """Every row without a fault of another table, whichever header it came with."""
    wanted = (checked.contract.name, table)
    return " union all ".join(
        f"select * exclude (fault, row_text) from {one.relation} where fault is null"
        for one in checks
        if (one.contract.name, one.table) == wanted
    )


def _joined(checked: Checked, name: str) -> str:
    """Rows belong together by the identifier that a table begins with."""
    tables = checked.contract.tables
    key = next(iter(tables[name].columns))
    own = own_key(tables, checked.table, name)
    return f"rows.submission_id = {name}.submission_id and rows.v_{own} = {name}.v_{key}"


def own_key(tables: Mapping[str, SentTable], table: str, other: str, by: str | None = None) -> str:
    """The column by which a row names a row of another table: the first identifier of the kind
    that stands in the column `by` of the other, or in its first."""
    kind = tables[other].columns[by or next(iter(tables[other].columns))].kind
    columns = tables[table].columns.items()
    return next(name for name, one in columns if one.type == "id" and one.kind == kind)


def _content(checked: Checked) -> str:
    """What a row says, as a number: an order among alike rows that follows from nothing else, nor
    from pseudonyms, which another key would order otherwise."""
    columns = checked.contract.tables[checked.table].columns.items()
    values = [f"rows.v_{name}" for name, one in columns if one.type not in ("id", "upn")]
    return f"hash({', '.join(values)})" if values else "0"
