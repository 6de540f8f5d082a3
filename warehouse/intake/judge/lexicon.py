"""Judge each text once in a batch, however often it stands there, and give each its pseudonym.

The same identifiers, days and codes come again and again: in the tables of one bundle, and from
month to month. To look a text up costs a fraction of judging it.
"""

from dataclasses import dataclass, field
from datetime import date

import duckdb

from sightline.warehouse.contracts.schema import Column
from sightline.warehouse.intake.judge.column_rules import Judgement, judgement
from sightline.warehouse.intake.judge.judged import first_fault


@dataclass
class Entry:
    """A temporary table with a row for each text that stands in columns which are judged alike.

    Once judged, it knows whether any text is at fault, is read in another form, or is a day that
    could be read the other way round, and the last day among them.
    """

    relation: str
    judgement: Judgement
    places: list[tuple[str, str]] = field(default_factory=list)
    has_faults: bool = False
    has_forms: bool = False
    has_day_first: bool = False
    latest: date | None = None

    def beside(self, alias: str, text: str, sender: str = "submissions.sender") -> str:
        """SQL that puts what is known of a text beside the row that holds it."""
        scope = f" and {alias}.sender = {sender}" if self.judgement.is_scoped else ""
        return f" left join {self.relation} as {alias} on {alias}.text = {text}{scope}"


class Lexicon:
    """The texts of a batch, by the way in which their columns are judged."""

    def __init__(self) -> None:
        self.entries: dict[tuple[object, ...], Entry] = {}

    def entry_for(self, column: Column, relation: str, text: str) -> Entry:
        """Where the texts of a column are judged; columns that are judged alike share an entry."""
        found = judgement(column)
        conditions = (fault.condition for fault in found.faults)
        # A column that may be left out is mostly blank: looked up in a list of its own, it costs
        # little, where a long one would be read anew for it.
        rest = (column.optional, found.form, *found.steps)
        signature = (*rest, *found.values.items(), *conditions)
        if signature not in self.entries:
            self.entries[signature] = Entry(f"texts_{len(self.entries)}", found)
        self.entries[signature].places.append((relation, text))
        return self.entries[signature]

    def judge(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Judge every text that stands in the columns of the entries."""
        for entry in self.entries.values():
            connection.execute(_statement(entry)).fetchall()
            _sum_up(connection, entry)


def _statement(entry: Entry) -> str:
    found = entry.judgement
    sender = "sender, " if found.is_scoped else ""
    source = " inner join submissions using (submission_id)" if found.is_scoped else ""
    texts = " union all ".join(
        f"select {sender}{text} as text from {relation}{source}" for relation, text in entry.places
    )
    values = "".join(f", {sql} as {name}" for name, sql in found.values.items())
    held = "".join(
        f", case when fault < {found.unreadable} then null else {name} end as {name}"
        for name in found.values
    )
    return f"""
        create temp table {entry.relation} as
        with texts as (select distinct {sender}text from ({texts}) where text is not null),
        judged as (select *{values} from {found.over("texts")}),
        weighed as (select *, {first_fault(found.faults)} as fault from judged)
        select
            {sender}text, fault{held},
            case when coalesce(fault >= {found.unreadable}, true) then {found.form} end as form,
            {found.day_first} as is_day_first
        from weighed
    """


def _sum_up(connection: duckdb.DuckDBPyConnection, entry: Entry) -> None:
    values = entry.judgement.values
    day = "d" if "d" in values else "v"
    latest = f"try_cast(max({day}) as date)" if entry.judgement.day_first != "false" else "null"
    summed = connection.execute(
        f"select count(fault) > 0, count(form) > 0, coalesce(bool_or(is_day_first), false),"
        f" cast({latest} as date) from {entry.relation}"
    ).fetchone()
    if summed:
        entry.has_faults, entry.has_forms, entry.has_day_first, entry.latest = summed
