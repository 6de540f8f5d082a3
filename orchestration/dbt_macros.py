"""What dbt's models go through one by one, written from the contracts, the models there are and the
catalogue of indicators.

dbt has to know the tables and models that a model reads before it runs, so they stand in a file of
macros; that a new return or count is named there is this module's business and nobody else's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sightline.orchestration.dbt_runner import PROJECT
from sightline.warehouse import indicators
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.timeline.claims import PERSON, UPN, tables_with

FILE = PROJECT / "macros" / "returns.sql"
HEAD = "{# Written by `sightline contract sources`; a test says when it is out of date. #}\n"
MACRO = "{{% macro {name}() %}}{{{{ return({value}) }}}}{{% endmacro %}}\n"


def write(path: Path = FILE) -> Path:
    """Write the file of macros, whose text `text` gives."""
    path.write_text(text(), encoding="utf-8")
    return path


def text() -> str:
    """The macros as dbt reads them, one list each."""
    macros = (MACRO.format(name=name, value=_written(value)) for name, value in lists().items())
    return "\n".join([HEAD, *macros])


def lists() -> dict[str, Any]:
    """By macro, what it returns: names of raw tables and of models, months of joint indicators."""
    events = event_tables()
    described = {
        table: identifiers[0] for table, identifiers in tables_with("birth_month", "sex").items()
    }
    return {
        "measure_models": _measure_models(),
        "series_models": _series_models(),
        "event_tables": events,
        "tables_beside_events": [table for table in contracts.raw_tables() if table not in events],
        "tables_showing_delay": list(_tables_showing_delay()),
        "tables_of_children": described,
        "tables_of_persons": [table for table, key in described.items() if key == PERSON],
        "tables_of_pupil_numbers": list(_tables_of_pupil_numbers()),
        "months_of_joint": _months_of_joint(),
    }


def event_tables() -> dict[str, list[str]]:
    """By raw table of events: the column of their day, what they tell, the model that counts."""
    return {
        table.raw: [str(table.columns[table.event.day].raw), source, f"int_{counted_as}"]
        for contract in contracts.load().values()
        for table in contract.tables.values()
        if table.raw and table.event
        if (source := table.event.source) and (counted_as := table.event.counted_as)
    }


def _tables_showing_delay() -> Iterator[str]:
    """The referrals of returns from which the delay of their recording is learned."""
    for contract in contracts.load().values():
        for table in contract.tables.values() if contract.shows_delay else ():
            if table.raw and table.event and table.event.counted_as == "referrals":
                yield table.raw


def _tables_of_pupil_numbers() -> Iterator[str]:
    """Those that give persons their numbers: their own record, and a list of numbers beside it."""
    numbered = {table for table, keys in tables_with().items() if {PERSON, UPN} <= {*keys}}
    yield from (table for table in contracts.raw_tables() if table in numbered)


def _months_of_joint() -> dict[str, int]:
    """By kind of joint indicator that takes several months together, how many."""
    return {
        one.joint: one.months_before + 1
        for one in indicators.load()
        if one.joint and one.months_before
    }


def _measure_models() -> list[str]:
    return sorted(path.stem for path in PROJECT.glob("models/*/int_measures__*.sql"))


def _series_models() -> list[str]:
    """One model reads all published releases; other official counts have one each."""
    own = [
        f"stg_{contract.name}"
        for contract in contracts.load().values()
        if contract.sent_by == "publisher" and contract.reader != "published"
    ]
    return ["stg_published_figures", *own]


def _written(value: Any) -> str:
    """A list or mapping as Jinja reads it, an entry a line."""
    if isinstance(value, dict):
        lines = [f"    {name!r}: {item!r}," for name, item in value.items()]
        return "\n".join(["{", *lines, "}"])
    return "\n".join(["[", *(f"    {item!r}," for item in value), "]"])
