"""Judge the rows of spooled tables: typed and pseudonymised, or faulty."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from sightline.warehouse.intake.judge import column_rules as rules
from sightline.warehouse.intake.judge import published
from sightline.warehouse.intake.judge.judged import (
    CONFLICT,
    PASSED_OVER,
    Checked,
    Fault,
    Form,
    first_fault,
)
from sightline.warehouse.intake.judge.lexicon import Entry, Lexicon
from sightline.warehouse.intake.read.spool import Spooled
from sightline.warehouse.pseudonyms.sql import pseudonym
from sightline.warehouse.quoting import quoted

# Longer lines were set aside when the text was read.
MAX_LINE = 2_000_000


@dataclass(frozen=True)
class Drawn:
    """A spooled table whose texts are gathered; of each column, where they are judged."""

    texts: dict[str, str]
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """A table's rules as SQL: what is looked up for its texts, the typed columns, the place of the
    first fault and of what is asked, and what goes to the raw table."""

    looked_up: str
    values: dict[str, str]
    fault: str
    asked: dict[str, str]
    faults: list[Fault]
    raw: str | None
    raw_columns: dict[str, str]


def check(
    connection: duckdb.DuckDBPyConnection, spool: Sequence[Spooled], *, every_text: bool
) -> list[Checked]:
    """Read spooled files into temporary tables of judged rows; faulty ones keep their text."""
    lexicon = Lexicon()
    drawn = [_draw(one, number, lexicon) for number, one in enumerate(spool)]
    for number, (spooled, draw) in enumerate(zip(spool, drawn, strict=True)):
        texts = "".join(f", {sql} as {alias}" for alias, sql in draw.texts.items())
        connection.execute(
            f"create temp table spooled_{number} as"
            f" select submission_id, line{texts} from {_reader(spooled, number)}"
        ).fetchall()
    lexicon.judge(connection)
    first = connection.execute("select min(received_on) from submissions").fetchone()
    earliest = first[0] if first else None
    return [
        _judge(connection, spooled, number, draw, earliest, every_text=every_text)
        for number, (spooled, draw) in enumerate(zip(spool, drawn, strict=True))
    ]


def _judge(
    connection: duckdb.DuckDBPyConnection,
    spooled: Spooled,
    number: int,
    drawn: Drawn,
    earliest: date | None,
    *,
    every_text: bool,
) -> Checked:
    statement = _statement(spooled, drawn, earliest)
    is_shown = "fault is not null"
    if PASSED_OVER in statement.faults:
        is_shown = f"fault <> {statement.faults.index(PASSED_OVER)}"
    keeps = "true" if every_text else is_shown
    texts = "".join(f", {alias}" for alias in drawn.texts)
    columns = statement.values | statement.asked
    values = "".join(f", {sql} as {alias}" for alias, sql in columns.items())
    kept = "".join(f", {alias}" for alias in columns)
    row = ", ".join(f"{alias[2:]} := {alias}" for alias in drawn.texts)
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
    forms = _forms(connection, number, drawn)
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
        [*statement.asked],
        forms,
        [name for name, entry in drawn.entries.items() if entry.has_day_first],
        statement.raw,
        statement.raw_columns,
    )


def _forms(connection: duckdb.DuckDBPyConnection, number: int, drawn: Drawn) -> list[Form]:
    """Count the values that were read in another form than the contract's."""
    found = []
    for name, entry in drawn.entries.items():
        if entry.has_forms:
            rows = connection.execute(
                f"select submission_id, form, count(*), min(line) from spooled_{number}"
                f" inner join submissions using (submission_id) {entry.beside('t', f'r_{name}')}"
                " where form is not null group by all order by all"
            ).fetchall()
            found += [Form(one, rule, name, count, line) for one, rule, count, line in rows]
    return found


def _draw(spooled: Spooled, number: int, lexicon: Lexicon) -> Drawn:
    if spooled.contract.reader == "published":
        texts, *_ = published.statement(spooled.contract, spooled.header)
        return Drawn(texts)
    drawn = Drawn({})
    for name, column in spooled.contract.tables[spooled.table].columns.items():
        if name in spooled.positions:
            drawn.texts[f"r_{name}"] = f"c{spooled.positions[name]}"
            drawn.entries[name] = lexicon.entry_for(column, f"spooled_{number}", f"r_{name}")
    return drawn


def _statement(spooled: Spooled, drawn: Drawn, earliest: date | None) -> Statement:
    if spooled.contract.reader == "published":
        _, values, faults, raw, columns = published.statement(spooled.contract, spooled.header)
        return Statement("", values, first_fault(faults), {}, faults, raw, columns)
    return _by_contract(spooled, drawn, earliest)


def _by_contract(spooled: Spooled, drawn: Drawn, earliest: date | None) -> Statement:
    """Every column of the contract has its place, also where the file lacks it."""
    table = spooled.contract.tables[spooled.table]
    looked_up: list[str] = []
    values: dict[str, str] = {}
    asked: dict[str, str] = {}
    first: list[str] = []
    faults: list[Fault] = []
    raw_columns: dict[str, str] = {}
    if table.reads_only in drawn.entries:
        name = table.reads_only
        is_known = _holds_any(f"r_{name}", table.passes_over)
        is_asked = (
            f"t_{name}.fault is not null and not {is_known}" if table.passes_over else "false"
        )
        number = len(faults)
        first.append(
            f"case when t_{name}.v is null then case when {is_asked} then {number + 1}"
            f" else {number} end end"
        )
        says = "the value is not known here and the row was passed over; say what it means"
        faults += [PASSED_OVER, Fault("", "CODE_UNKNOWN", says, name, None, "query")]
    for name, column in table.columns.items():
        if column.raw:
            value = _unnested(f"v_{name}") if column.type == "codes" else f"v_{name}"
            former = raw_columns.get(column.raw)
            raw_columns[column.raw] = f"coalesce({former}, {value})" if former else value
        if column.told_as:
            raw_columns[column.told_as] = "true" if name in spooled.positions else "false"
        if name not in drawn.entries:
            values |= {f"{value}_{name}": sql for value, sql in rules.nothing(column).items()}
            continue
        entry = drawn.entries[name]
        looked_up.append(entry.beside(f"t_{name}", f"r_{name}"))
        is_late = entry.latest is not None and (earliest is None or entry.latest > earliest)
        may_ask = entry.has_faults or is_late
        placed = rules.placed(column, entry.judgement, f"t_{name}", len(faults), may_ask=may_ask)
        values |= {f"{value}_{name}": sql for value, sql in placed.values.items()}
        asked |= {f"asked_{name}": placed.asked} if placed.asked else {}
        first.append(placed.fault)
        faults += rules.faults(name, column, entry.judgement)
    values |= _parts(spooled, drawn)
    if table.unique:
        message = "two rows give the same identifier and differ"
        key = table.unique[0]
        official = table.columns[key].official.get(CONFLICT)
        faults.append(Fault("false", CONFLICT, message, key, official))
    fault = f"coalesce({', '.join(first)})" if first else "cast(null as integer)"
    return Statement(" ".join(looked_up), values, fault, asked, faults, table.raw, raw_columns)


def _holds_any(raw: str, words: Sequence[str]) -> str:
    """SQL for whether any of these stands among the words of a text."""
    plain = f"regexp_replace(lower({raw}), '[^a-z0-9]+', ' ', 'g')"
    pattern = rf"\b({'|'.join(words)})\b"
    return f"regexp_matches({plain}, {quoted(pattern)})"


def _parts(spooled: Spooled, drawn: Drawn) -> dict[str, str]:
    """Of a key that is joined from two numbers, the second, where rows of others may name it."""
    for other in spooled.contract.tables.values():
        parent = other.parent
        if parent and parent.table == spooled.table and parent.without:
            if not {parent.column, parent.without} <= drawn.entries.keys():
                return {"v_part": "cast(null as bigint)"}
            kind = str(spooled.contract.tables[spooled.table].columns[parent.column].kind)
            whole = rules.normalised(f"r_{parent.column}")
            front = rules.normalised(f"r_{parent.without}")
            part = f"case when starts_with({whole}, {front}) then {whole}[length({front}) + 1:] end"
            return {"v_part": pseudonym(quoted(kind), "submissions.sender", f"nullif({part}, '')")}
    return {}


def _unnested(codes: str) -> str:
    """A row for each code, and one without a code where there is none, so that no row is lost."""
    return f"unnest(case when len({codes}) > 0 then {codes} else [null] end)"


def _reader(spooled: Spooled, number: int) -> str:
    """Read with nothing guessed; lines of the wrong width go to the rejects."""
    columns = "".join(f", 'c{place}': 'varchar'" for place in range(len(spooled.header)))
    return f"""read_csv(
        {quoted(spooled.path)}, auto_detect = false, header = false,
        columns = {{'submission_id': 'integer', 'line': 'integer'{columns}}},
        delim = {quoted(spooled.delimiter)}, quote = '"', escape = '"', new_line = '\\n',
        strict_mode = true, null_padding = false, max_line_size = {MAX_LINE},
        store_rejects = true, rejects_limit = 0,
        rejects_table = 'rejects_{number}', rejects_scan = 'reject_scans_{number}'
    )"""
