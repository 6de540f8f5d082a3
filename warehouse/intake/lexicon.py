"""Judge each text once in a batch, however often it stands there, and give each its pseudonym.

The same identifiers, days and codes come again and again: in the tables of one bundle, and from
month to month. To look a text up costs a fraction of judging it.
"""

from dataclasses import dataclass, field

import duckdb

from warehouse.contract import Column
from warehouse.intake.rules import Judgement, first_fault, judgement


@dataclass(frozen=True)
class Entry:
    """A temporary table with a row for each text that stands in columns which are judged alike."""

    relation: str
    judgement: Judgement
    places: list[tuple[str, str]] = field(default_factory=list)

    def beside(self, alias: str, text: str) -> str:
        """SQL that puts what is known of a text beside the row that holds it."""
        scope = f" and {alias}.sender = submissions.sender" if self.judgement.is_scoped else ""
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
        signature = (column.optional, *found.values.items(), *conditions)
        if signature not in self.entries:
            self.entries[signature] = Entry(f"texts_{len(self.entries)}", found)
        self.entries[signature].places.append((relation, text))
        return self.entries[signature]

    def judge(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Judge every text that stands in the columns of the entries."""
        for entry in self.entries.values():
            connection.execute(_statement(entry)).fetchall()


def _statement(entry: Entry) -> str:
    found = entry.judgement
    sender = "sender, " if found.is_scoped else ""
    source = " inner join submissions using (submission_id)" if found.is_scoped else ""
    texts = " union all ".join(
        f"select {sender}{text} as text from {relation}{source}" for relation, text in entry.places
    )
    values = "".join(f", {sql} as {name}" for name, sql in found.values.items())
    return f"""
        create temp table {entry.relation} as
        with texts as (select distinct {sender}text from ({texts}) where text is not null),
        judged as (select *{values} from texts)
        select *, {first_fault(found.faults)} as fault from judged
    """
