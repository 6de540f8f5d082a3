"""Judge the rows of spooled tables: typed and pseudonymised, or faulty."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from warehouse.contract import Contract
from warehouse.intake import published, rules
from warehouse.intake.lexicon import Lexicon
from warehouse.intake.rules import Fault
from warehouse.intake.spool import Spooled

# Longer lines were set aside when the text was read.
MAX_LINE = 2_000_000
CONFLICT = "CONFLICT"


@dataclass(frozen=True)
class Statement:
    """A table's rules as SQL: its texts, what is looked up for them, the typed columns, the place
    of the first fault, and what goes to the raw table."""

    texts: dict[str, str]
    looked_up: str
    values: dict[str, str]
    fault: str
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
    header: Sequence[str]
    positions: dict[str, int]
    delimiter: str
    submissions: list[int]
    columns: frozenset[str]
    faults: list[Fault]
    raw: str | None
    raw_columns: dict[str, str]


def check(
    connection: duckdb.DuckDBPyConnection, spool: Sequence[Spooled], *, every_text: bool
) -> list[Checked]:
    """Read spooled files into temporary tables of judged rows; faulty ones keep their text."""
    lexicon = Lexicon()
    statements = [_statement(one, number, lexicon) for number, one in enumerate(spool)]
    for number, (spooled, statement) in enumerate(zip(spool, statements, strict=True)):
        texts = "".join(f", {sql} as {alias}" for alias, sql in statement.texts.items())
        connection.execute(
            f"create temp table spooled_{number} as"
            f" select submission_id, line{texts} from {_reader(spooled, number)}"
        ).fetchall()
    lexicon.judge(connection)
    return [
        _judge(connection, spooled, number, statement, every_text=every_text)
        for number, (spooled, statement) in enumerate(zip(spool, statements, strict=True))
    ]


def _judge(
    connection: duckdb.DuckDBPyConnection,
    spooled: Spooled,
    number: int,
    statement: Statement,
    *,
    every_text: bool,
) -> Checked:
    keeps = "true" if every_text else "fault is not null"
    texts = "".join(f", {alias}" for alias in statement.texts)
    values = "".join(f", {sql} as {alias}" for alias, sql in statement.values.items())
    kept = "".join(f", {alias}" for alias in statement.values)
    row = ", ".join(f"{alias[2:]} := {alias}" for alias in statement.texts)
    connection.execute(
        f"""
        create temp table checked_{number} as
        with judged as (
            select submission_id, line{texts}{values}, {statement.fault} as fault
            from spooled_{number} inner join submissions using (submission_id)
            {statement.looked_up}
        )
        select
            submission_id, line, fault{kept},
            case when {keeps} then cast(to_json(struct_pack({row})) as varchar) end
                as row_text
        from judged
        """
    ).fetchall()
    connection.execute(f"drop table spooled_{number}").fetchall()
    return Checked(
        f"checked_{number}",
        f"found_{number}",
        f"rejects_{number}",
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


def _statement(spooled: Spooled, number: int, lexicon: Lexicon) -> Statement:
    if spooled.contract.reader == "published":
        texts, values, faults, raw, columns = published.statement(spooled.contract, spooled.header)
        return Statement(texts, "", values, rules.first_fault(faults), faults, raw, columns)
    return _by_contract(spooled, number, lexicon)


def _by_contract(spooled: Spooled, number: int, lexicon: Lexicon) -> Statement:
    """Every column of the contract has its place, also where the file lacks it."""
    table = spooled.contract.tables[spooled.table]
    texts: dict[str, str] = {}
    looked_up: list[str] = []
    values: dict[str, str] = {}
    first: list[str] = []
    faults: list[Fault] = []
    raw_columns: dict[str, str] = {}
    for name, column in table.columns.items():
        if column.raw:
            value = f"unnest(v_{name})" if column.type == "codes" else f"v_{name}"
            former = raw_columns.get(column.raw)
            raw_columns[column.raw] = f"coalesce({former}, {value})" if former else value
        if column.told_as:
            raw_columns[column.told_as] = "true" if name in spooled.positions else "false"
        if name not in spooled.positions:
            absent = rules.values(column, "cast(null as varchar)")
            if column.type == "id":
                # A pseudonym needs the sender, which only a lookup has.
                absent = {"v": "cast(null as bigint)"}
            values |= {f"{value}_{name}": sql for value, sql in absent.items()}
            continue
        texts[f"r_{name}"] = f"c{spooled.positions[name]}"
        entry = lexicon.entry_for(column, f"spooled_{number}", f"r_{name}")
        looked_up.append(entry.beside(f"t_{name}", f"r_{name}"))
        values |= {f"{value}_{name}": f"t_{name}.{value}" for value in entry.judgement.values}
        first.append(f"{rules.place_of_fault(name, column, f't_{name}.fault')} + {len(faults)}")
        faults += rules.faults(name, column)
    if table.unique:
        message = "two rows give the same identifier and differ"
        key = table.unique[0]
        official = table.columns[key].official.get(CONFLICT)
        faults.append(Fault("false", CONFLICT, message, key, official))
    fault = f"coalesce({', '.join(first)})" if first else "cast(null as integer)"
    return Statement(texts, " ".join(looked_up), values, fault, faults, table.raw, raw_columns)


def _reader(spooled: Spooled, number: int) -> str:
    """Read with nothing guessed; lines of the wrong width go to the rejects."""
    columns = "".join(f", 'c{place}': 'varchar'" for place in range(len(spooled.header)))
    return f"""read_csv(
        {rules.text(str(spooled.path))}, auto_detect = false, header = false,
        columns = {{'submission_id': 'integer', 'line': 'integer'{columns}}},
        delim = {rules.text(spooled.delimiter)}, quote = '"', escape = '"', new_line = '\\n',
        strict_mode = true, null_padding = false, max_line_size = {MAX_LINE},
        store_rejects = true, rejects_limit = 0,
        rejects_table = 'rejects_{number}', rejects_scan = 'reject_scans_{number}'
    )"""
