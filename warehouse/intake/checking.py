"""Judge every value of a spooled table in one statement: typed and pseudonymised, or faulty."""

from dataclasses import dataclass

import duckdb

from warehouse.contract import Contract
from warehouse.intake import published, rules
from warehouse.intake.rules import Fault
from warehouse.intake.spool import Spooled

# Longer lines were set aside when the text was read.
MAX_LINE = 2_000_000
CONFLICT = "CONFLICT"


@dataclass(frozen=True)
class Statement:
    """A table's rules as SQL: the typed columns, the faults, and what goes to the raw table."""

    texts: dict[str, str]
    values: dict[str, str]
    faults: list[Fault]
    raw: str | None
    raw_columns: dict[str, str]


@dataclass(frozen=True)
class Checked:
    """A temporary table of judged rows; those without a fault are in order."""

    relation: str
    found: str
    """The table of its rows that break a rule, by row and rule."""
    rejects: str
    contract: Contract
    table: str
    header: list[str]
    positions: dict[str, int]
    delimiter: str
    submissions: list[int]
    columns: frozenset[str]
    faults: list[Fault]
    raw: str | None
    raw_columns: dict[str, str]


def check(
    connection: duckdb.DuckDBPyConnection, spooled: Spooled, number: int, *, every_text: bool
) -> Checked:
    """Read a spooled file into a temporary table of judged rows; faulty ones keep their text."""
    keeps = "true" if every_text else "fault is not null"
    statement = _statement(spooled)
    relation, rejects = f"checked_{number}", f"rejects_{number}"
    found = f"found_{number}"
    texts = "".join(f", {sql} as {alias}" for alias, sql in statement.texts.items())
    values = "".join(f", {sql} as {alias}" for alias, sql in statement.values.items())
    kept = "".join(f", {alias}" for alias in statement.values)
    row = ", ".join(f"{alias[2:]} := {alias}" for alias in statement.texts)
    connection.execute(
        f"""
        create temp table {relation} as
        with spooled as (
            select submission_id, line{texts} from {_reader(spooled, rejects)}
        ),
        judged as (
            select spooled.*, received_on{values}
            from spooled inner join submissions using (submission_id)
        ),
        faulty as (
            select *, {_first_fault(statement.faults)} as fault from judged
        )
        select
            submission_id, line, fault{kept},
            case when {keeps} then cast(to_json(struct_pack({row})) as varchar) end
                as row_text
        from faulty
        """
    ).fetchall()
    return Checked(
        relation,
        found,
        rejects,
        spooled.contract,
        spooled.table,
        spooled.header,
        spooled.positions,
        spooled.delimiter,
        spooled.submissions,
        frozenset(statement.values),
        statement.faults,
        statement.raw,
        statement.raw_columns,
    )


def _statement(spooled: Spooled) -> Statement:
    if spooled.contract.reader == "published":
        return Statement(*published.statement(spooled.contract, spooled.header))
    return _by_contract(spooled)


def _by_contract(spooled: Spooled) -> Statement:
    """Every column of the contract has its place, also where the file lacks it."""
    table = spooled.contract.tables[spooled.table]
    texts: dict[str, str] = {}
    values: dict[str, str] = {}
    faults: list[Fault] = []
    raw_columns: dict[str, str] = {}
    for name, column in table.columns.items():
        raw = f"r_{name}"
        if name in spooled.positions:
            texts[raw] = f"nullif(c{spooled.positions[name]}, '')"
            faults += rules.faults(name, column, raw)
        else:
            raw = "cast(null as varchar)"
        values |= rules.values(name, column, raw)
        if column.raw:
            raw_columns[column.raw] = f"unnest(v_{name})" if column.type == "codes" else f"v_{name}"
    if table.unique:
        message = "two rows give the same identifier and differ"
        key = table.unique[0]
        number = table.columns[key].official.get(CONFLICT)
        faults.append(Fault("false", CONFLICT, message, key, number))
    raw_columns |= {name: str(value).lower() for name, value in table.constants.items()}
    return Statement(texts, values, faults, table.raw, raw_columns)


def _first_fault(faults: list[Fault]) -> str:
    cases = "".join(f" when {fault.condition} then {i}" for i, fault in enumerate(faults))
    return f"case{cases} end" if cases else "cast(null as integer)"


def _reader(spooled: Spooled, rejects: str) -> str:
    """Read with nothing guessed; lines of the wrong width go to the rejects."""
    columns = "".join(f", 'c{place}': 'varchar'" for place in range(len(spooled.header)))
    return f"""read_csv(
        {rules.text(str(spooled.path))}, auto_detect = false, header = false,
        columns = {{'submission_id': 'integer', 'line': 'integer'{columns}}},
        delim = {rules.text(spooled.delimiter)}, quote = '"', escape = '"', new_line = '\\n',
        strict_mode = true, null_padding = false, max_line_size = {MAX_LINE},
        store_rejects = true, rejects_table = '{rejects}', rejects_scan = '{rejects}_scans',
        rejects_limit = 0
    )"""
