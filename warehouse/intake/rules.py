"""The rules of a column as SQL: the value typed, or the fault that keeps its row out.

Values arrive as text, and nothing is cast before its pattern or list was matched: casts bend
what they cannot read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from warehouse.contract import Code, Column, DateFormat, SentTable, date_formats
from warehouse.contract_rules import Event, Years
from warehouse.intake.problems import Severity
from warehouse.intake.pseudonyms import pseudonym
from warehouse.intake.spellings import spelled

MAX_ID_LENGTH = 64
EARLIEST = "1900-01-01"
YES = ("Y", "y", "Yes", "yes", "true", "True", "TRUE", "1")
NO = ("N", "n", "No", "no", "false", "False", "FALSE", "0")
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
CODES_WRITTEN = (
    r'\[\]|\["\d+[A-Z]?"(, ?"\d+[A-Z]?")*\]|\{"\d+[A-Z]?": ?"Yes"(, ?"\d+[A-Z]?": ?"Yes")*\}'
)
FOLDED_NEWLINE = "chr(11)"
# Blanks of every kind, and marks without width such as U+200B or a byte-order mark.
UNSEEN = r"[\s\pZ\p{Cf}]+"


@dataclass(frozen=True)
class Fault:
    """One way in which a row can be wrong: the condition in SQL, and words for the sender."""

    condition: str
    rule: str
    message: str
    column: str | None = None
    official: str | None = None
    severity: Severity = "error"
    is_beside_others: bool = False
    """Whether the row is wrong only beside others: no sign that the whole file is another kind."""


def text(value: str) -> str:
    """A SQL string."""
    return "'" + value.replace("'", "''") + "'"


def in_list(raw: str, values: tuple[str, ...]) -> str:
    return f"{raw} in ({', '.join(text(value) for value in values)})"


def first_fault(faults: Iterable[Fault]) -> str:
    """SQL for the place of the first fault that a row has among these, or null."""
    cases = "".join(f" when {fault.condition} then {i}" for i, fault in enumerate(faults))
    return f"case{cases} end" if cases else "cast(null as integer)"


def typed(column: Column, raw: str) -> str:
    """SQL for the value, null where the text does not follow the rule."""
    match column.type:
        case "id":
            return pseudonym(text(str(column.kind)), "sender", normalised(raw))
        case "upn":
            upn = normalised(raw)
            return f"case when {is_upn(upn)} then {pseudonym(text('upn'), text(''), upn)} end"
        case "date" | "month":
            return _date(raw, date_formats()[column.format])
        case "code":
            return _code(raw, column)
        case "codes":
            found = f"regexp_extract_all({raw}, '\"(\\d+[A-Z]?)\"', 1)"
            codes = f"list_sort(list_distinct({found}))"
            return f"case when {_matches(raw, CODES_WRITTEN)} then {codes} end"
        case "boolean":
            return _boolean(raw, column)
        case "integer":
            pattern = r"-?[0-9]{1,9}(\.0+)?"
            return f"case when {_matches(raw, pattern)} then cast({raw} as integer) end"
        case "number":
            pattern = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"
            return f"case when {_matches(raw, pattern)} then cast({raw} as double) end"
        case _:
            return f"case when {_matches(raw, str(column.pattern))} then {raw} end"


@dataclass(frozen=True)
class Judgement:
    """What every row with the same `text` in a column has in common, as SQL over that text.

    `values` are what is held of it while rows are judged, `v` what may be kept. With `is_scoped`
    the same text means another thing from another sender.
    """

    values: dict[str, str]
    faults: tuple[Fault, ...]
    is_scoped: bool


def judgement(column: Column) -> Judgement:
    """What can be told of a value by its text alone, the plainest fault first."""
    value = "d" if column.type == "month" else "v"
    found = _kind(column, "text", value)
    if column.type in ("date", "month"):
        found.append((f"{value} < date '{EARLIEST}'", "DATE_INVALID", "the year is before 1900"))
    faults = tuple(Fault(sql, rule, says) for sql, rule, says in found)
    return Judgement(values(column, "text"), faults, is_scoped=column.type == "id")


def values(column: Column, raw: str) -> dict[str, str]:
    """What may be kept of a value, and what rules need of it."""
    value = typed(column, raw)
    match column.type:
        case "month":
            return {"d": value, "v": f"cast(date_trunc('month', {value}) as date)"}
        case "upn":
            return {"v": value, "issuer": f"{normalised(raw)}[2:4]"}
        case "code" if limited := _limited(column):
            written = f"case when {in_list(raw, tuple(limited))} then {raw} end"
            return {"v": value, "written": written}
        case _:
            return {"v": value}


def faults(name: str, column: Column) -> list[Fault]:
    """Everything that can be wrong with a value, the plainest first."""
    found = [*_missing(name, column), *judgement(column).faults, *_limits(name, column)]
    return [replace(one, column=name, official=column.official.get(one.rule)) for one in found]


def place_of_fault(name: str, column: Column, looked_up: str) -> str:
    """SQL for the place of a row's first fault among these, or null; `looked_up` is its text's."""
    missing, by_text = _missing(name, column), judgement(column).faults
    return (
        f"coalesce({first_fault(missing)}, {looked_up} + {len(missing)},"
        f" {first_fault(_limits(name, column))} + {len(missing) + len(by_text)})"
    )


def _missing(name: str, column: Column) -> list[Fault]:
    """What is wrong where a needed value is not there."""
    rule = "ID_MISSING" if column.type == "id" else "REQUIRED_MISSING"
    found = [Fault(f"r_{name} is null", rule, "a value is needed here")]
    return found if column.required else []


def _limits(name: str, column: Column) -> list[Fault]:
    """What a day cannot be beside other values of its row, though the calendar has it."""
    value = f"d_{name}" if column.type == "month" else f"v_{name}"
    found = []
    if column.type in ("date", "month") and not column.may_be_future:
        says = "the date lies after the day on which the file was received"
        found.append(Fault(f"{value} > received_on", "DATE_FUTURE", says))
    if column.not_before:
        says = f"the date lies before {column.not_before}"
        found.append(Fault(f"{value} < v_{column.not_before}", "DATE_ORDER", says))
    return found


def all_queries(table: SentTable) -> list[Fault]:
    """What is asked of its sender about rows that are kept; SQL over judged rows."""
    found = [one for name, column in table.columns.items() for one in _queries(name, column)]
    return found + (_out_of_period(table, table.event) if table.event else [])


def _out_of_period(table: SentTable, event: Event) -> list[Fault]:
    """A row is told late where it lies before the period and did not go on into it."""
    official = table.columns[event.until].official.get("OUTSIDE_PERIOD") if event.until else None
    late = "the day lies before the period of this return: told late, and counted on that day"
    after = "the date lies after the days that this submission speaks for"
    found = [
        Fault(told_late(event), "TOLD_LATE", late, event.day, official, "query"),
        Fault(told_after(event), "OUTSIDE_PERIOD", after, event.day, None, "query"),
    ]
    if event.until and event.lists_open:
        ends_after = f"rows.v_{event.until} > facts.window_end"
        found.append(Fault(ends_after, "OUTSIDE_PERIOD", after, event.until, official, "query"))
    return found


def told_late(event: Event) -> str:
    """SQL for whether a judged row lies before the period and is neither open nor ended in it."""
    is_before = f"rows.v_{event.day} < facts.window_start"
    if event.until is None:
        return is_before
    over = f"rows.v_{event.until} < facts.window_start"
    if event.is_over:
        over = f"{over} or rows.v_{event.until} is null and rows.v_{event.is_over}"
    if not event.lists_open:
        over = f"{over} or rows.v_{event.until} is null or rows.v_{event.until} > facts.window_end"
    return f"{is_before} and coalesce({over}, false)"


def told_after(event: Event) -> str:
    return f"rows.v_{event.day} > facts.window_end"


def told_in_period(event: Event) -> str:
    """SQL for whether what a judged row tells began in the period, or ended in it."""
    days = [event.day, *([event.until] if event.until else [])]
    return " or ".join(
        f"rows.v_{day} between facts.window_start and facts.window_end" for day in days
    )


def _queries(name: str, column: Column) -> list[Fault]:
    found = []
    if column.type == "upn":
        says = "it is no valid UPN, so these rows are not linked to other extracts"
        wrong = f"rows.issuer_{name} is not null and rows.v_{name} is null"
        found.append((wrong, "UPN_INVALID", says))
    if column.first_year or column.last_year:
        says = f"the column belongs to other years:{_span(column)}"
        found.append((f"rows.v_{name} is not null and {_is_out(column)}", "COLUMN_YEAR", says))
    if limited := _limited(column):
        says = f"these codes belong to other years: {_years(limited)}"
        found.append((_out_of_year(name, column, limited), "CODE_YEAR", says))
    return [
        Fault(sql, rule, says, name, column.official.get(rule), "query")
        for sql, rule, says in found
    ]


def _limited(column: Column) -> dict[str, Code]:
    """The spellings that belong to some years only."""
    spellings = column.codes | column.same_as
    return {code: one for code, one in spellings.items() if one.first_year or one.last_year}


def _out_of_year(name: str, column: Column, limited: dict[str, Code]) -> str:
    groups: dict[str, list[str]] = {}
    for code, one in limited.items():
        groups.setdefault(_is_out(one), []).append(code)
    if column.type == "codes":
        found = {
            is_out: f"list_has_any(rows.v_{name}, [{', '.join(map(text, codes))}])"
            for is_out, codes in groups.items()
        }
    else:
        written = f"rows.written_{name}"
        found = {is_out: in_list(written, tuple(codes)) for is_out, codes in groups.items()}
    return " or ".join(f"({is_out} and {is_used})" for is_out, is_used in found.items())


def _is_out(years: Years) -> str:
    first, last = years.first_year or 0, years.last_year or 9999
    return f"facts.collection_year not between {first} and {last}"


def _years(limited: dict[str, Code]) -> str:
    return ", ".join(f"{code}{_span(one)}" for code, one in limited.items())


def _span(years: Years) -> str:
    first = f" from {years.first_year}" if years.first_year else ""
    return first + (f" to {years.last_year}" if years.last_year else "")


def normalised(raw: str) -> str:
    """An identifier as it is compared: capital letters, without blanks or what cannot be seen."""
    plain = f"replace(replace({raw}, ' ', ''), chr(9), '')"
    other = f"regexp_replace(nfc_normalize({raw}), {text(UNSEEN)}, '', 'g')"
    # Hardly any holds more than plain letters, and patterns are slow.
    return (
        f"nullif(upper(case when length({raw}) = strlen({raw}) then {plain} else {other} end), '')"
    )


def is_upn(upn: str) -> str:
    """Whether it is a unique pupil number: pattern, check letter, no stand-in of one digit."""
    digits = "".join(f" + {place} * (ascii({upn}[{place}]) - 48)" for place in range(2, 13))
    last = (
        f"13 * case when {upn}[13] between '0' and '9' then ascii({upn}[13]) - 48"
        f" else instr({text(CHECK_LETTERS)}, {upn}[13]) - 1 end"
    )
    letter = f"substr({text(CHECK_LETTERS)}, (({last}{digits}) % 23) + 1, 1)"
    stand_in = f"{upn}[2:12] = repeat({upn}[2], 11)"
    pattern = _matches(upn, f"[{CHECK_LETTERS}][0-9]{{11}}[0-9{CHECK_LETTERS}]")
    return f"({pattern} and {letter} = {upn}[1] and not {stand_in})"


def _kind(column: Column, raw: str, value: str) -> list[tuple[str, str, str]]:
    wrong = f"{raw} is not null and {value} is null"
    match column.type:
        case "id":
            return [
                (wrong, "ID_MISSING", "there are only blanks where a value is needed"),
                (f"contains({raw}, {FOLDED_NEWLINE})", "CONTROL_CHAR", "it holds a line break"),
                (
                    f"length({raw}) > {MAX_ID_LENGTH}",
                    "FIELD_TOO_LONG",
                    f"an identifier has at most {MAX_ID_LENGTH} characters",
                ),
            ]
        case "date" | "month":
            form = date_formats()[column.format]
            message = f"write dates as {form.words}"
            return [
                (f"{wrong} and not {_matches(raw, form.pattern)}", "DATE_FORMAT", message),
                (wrong, "DATE_INVALID", "there is no such day in the calendar"),
            ]
        case "code":
            return [(wrong, "CODE_UNKNOWN", _listed(column))]
        case "codes":
            # Comparing lists as sets takes ten times as long.
            unknown = f"list_filter({value}, lambda one: not {in_list('one', tuple(column.codes))})"
            return [
                (wrong, "CODE_FORMAT", 'write the codes as a JSON list, such as ["1A", "2B"]'),
                (f"len({unknown}) > 0", "CODE_UNKNOWN", _listed(column)),
            ]
        case "boolean":
            words = ", ".join(column.same_as) or "Y or N"
            return [(wrong, "CODE_UNKNOWN", f"allowed are: {words}")]
        case "integer":
            return [
                (wrong, "INTEGER", "write a whole number, digits only"),
                *_bounds(column, value),
            ]
        case "number":
            return [
                (wrong, "NUMBER", "write a number, such as 12 or 12.5"),
                *_bounds(column, value),
            ]
        case "text":
            return [(wrong, "PATTERN", "it is not written as the contract says")]
        case _:
            return []


def _bounds(column: Column, value: str) -> list[tuple[str, str, str]]:
    found = []
    if column.minimum is not None:
        message = f"it is less than {column.minimum:g}"
        found.append((f"{value} < {column.minimum}", "OUT_OF_RANGE", message))
    if column.maximum is not None:
        message = f"it is more than {column.maximum:g}"
        found.append((f"{value} > {column.maximum}", "OUT_OF_RANGE", message))
    return found


def _listed(column: Column) -> str:
    codes = [*column.codes, *column.same_as]
    shown = ", ".join(codes[:30])
    return f"the code is not in the list: {shown}{' and others' if len(codes) > 30 else ''}"


def _matches(raw: str, pattern: str) -> str:
    return f"regexp_full_match({raw}, {text(pattern)})"


def _date(raw: str, form: DateFormat) -> str:
    parsed = f"cast(try_strptime({raw}, {text(form.strptime)}) as date)"
    return f"case when {_matches(raw, form.pattern)} then {parsed} end"


def _code(raw: str, column: Column) -> str:
    if column.spellings:
        return spelled(column, raw)
    mapped = "".join(
        f" when {raw} = {text(written)} then {text(meant.means)}"
        for written, meant in column.same_as.items()
    )
    return f"case when {in_list(raw, tuple(column.codes))} then {raw}{mapped} end"


def _boolean(raw: str, column: Column) -> str:
    if column.spellings:
        return f"cast({spelled(column, raw)} as boolean)"
    yes = tuple(word for word, meant in column.same_as.items() if meant.means == "true") or YES
    no = tuple(word for word, meant in column.same_as.items() if meant.means == "false") or NO
    return f"case when {in_list(raw, yes)} then true when {in_list(raw, no)} then false end"
