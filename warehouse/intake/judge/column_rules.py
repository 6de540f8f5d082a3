"""The rules of a column as SQL: the value typed, what keeps its row out, what its sender is asked.

Values arrive as text, and nothing is cast before its pattern or list was matched: casts bend
what they cannot read. Forms that change no meaning are read and told as notes. What cannot be read
keeps its row out only where the row says nothing without it; elsewhere it is blank.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sightline.warehouse.contracts.rules import Event, Years
from sightline.warehouse.contracts.schema import (
    RAW_TYPES,
    SNAPSHOT_DAYS,
    TIME,
    Code,
    Column,
    SentTable,
    date_formats,
)
from sightline.warehouse.intake.judge.judged import Fault
from sightline.warehouse.intake.judge.spellings import spelled
from sightline.warehouse.pseudonyms.sql import pseudonym
from sightline.warehouse.quoting import quoted

MAX_ID_LENGTH = 64
EARLIEST = "1900-01-01"
YES = ("Y", "YES", "T", "TRUE", "1")
NO = ("N", "NO", "F", "FALSE", "0")
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
FOLDED_NEWLINE = "chr(11)"
# What database tools write where there is nothing, and spreadsheets where nothing was found.
BLANKS = ("null", "(null)", "#n/a", "#ref!", "#value!", "#name?", "#div/0!", "#null!", "#num!")
# Blanks of every kind, and marks without width such as U+200B or a byte-order mark.
UNSEEN = r"[\s\pZ\p{Cf}]+"
EDGES = "chr(9) || chr(10) || chr(11) || chr(13) || chr(32) || chr(160) || chr(8203) || chr(65279)"
WHOLE = r"-?([0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2})(\.0+)?"
NUMBER = r"-?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3}){1,4})(\.[0-9]{1,15})?"
# Digits that a spreadsheet has lost: 1.23457E+12 stands for millions of numbers.
EXPONENT = r"'?[0-9]+([.,][0-9]* ?[Ee] ?[+-]?| ?[Ee] ?\+)[0-9]+"
# What is longer than a spreadsheet's numbers, and only noughts where it would have lost digits.
ROUNDED = "[1-9][0-9]{14}00+"
# A code in front of words: one that is a letter alone would be taken for the word "a".
IN_FRONT = r"^([A-Z]*[0-9]+[A-Z]?|[A-Z]{2,4})(?: ?[:.)(_-]| |$)|^([A-Z]) ?[:.)-]"
GAP = r"[\s\x0B]*"
ITEM = r'(null|[0-9]+[A-Z]?|"(?:[^"\\]|\\.)*")'
# A list may be cut off where its column was too narrow.
LIST = rf'(?i)\[{GAP}({ITEM}{GAP}([,;|]{GAP}{ITEM}{GAP})*)?(\]|[,;|]{GAP}("[^"]*)?)?'
CODES = r"\b[0-9]{1,2}[A-Za-z]?\b"
TICKED, NOT_TICKED = "yes|y|true|t|1", "no|n|false|f|0|null"
PAIR = rf'"[^"]*"{GAP}:{GAP}("[^"]*"|true|false|null|[0-9]+)'
OBJECT = rf"(?i)\{{{GAP}({PAIR}{GAP}(,{GAP}{PAIR}{GAP})*)?\}}"
KEYS = rf'(?i)"([^"]*)"{GAP}:{GAP}"?(?:{TICKED})"?{GAP}[,}}]'
ANSWER = rf'"{GAP}:{GAP}"([^"]*)"'
# Codes without the marks of a list, one or several.
BARE = r'[^\[\]{}":]+'


def in_list(raw: str, values: Iterable[str]) -> str:
    return f"{raw} in ({', '.join(quoted(value) for value in values)})"


@dataclass(frozen=True)
class Judgement:
    """What every row with the same `text` in a column has in common, as SQL over that text.

    `steps` are columns that build on each other, from the text on. One is `plain`, the text
    without what stands for nothing, null where nothing is left. Over them, `values` are what is
    held while rows are judged, `v` what may be kept; `faults` what is wrong, those that leave no
    value first; `form` names the note for what is read all the same; `day_first` tells days that
    could be read the other way round. With `is_scoped` the same text means another thing from
    another sender.
    """

    steps: tuple[tuple[str, str], ...]
    values: dict[str, str]
    faults: tuple[Fault, ...]
    form: str
    day_first: str
    is_scoped: bool

    @property
    def unreadable(self) -> int:
        """How many of the faults leave no value."""
        return sum(fault.severity == "error" for fault in self.faults)

    def over(self, texts: str) -> str:
        """SQL for the texts beside their steps, one inside the other, so that none is written out
        twice: statements would take long to plan."""
        for name, sql in self.steps:
            texts = f"(select *, {sql} as {name} from {texts})"
        return texts


def judgement(column: Column) -> Judgement:
    """What can be told of a value by its text alone, the plainest fault first."""
    steps, found = _values(column)
    return Judgement(
        (*_plain(column), *steps),
        found,
        tuple(_kind(column, "plain", "d" if column.type == "month" else "v")),
        _form(column),
        f"form_of_day = {_FORMS_OF_DAYS.index('day_first')}" if _is_day(column) else "false",
        is_scoped=column.type == "id",
    )


def _is_day(column: Column) -> bool:
    return column.type in ("date", "month")


def blanks(column: Column) -> frozenset[str]:
    """What stands for nothing in a column, once it is trimmed, in any of the usual letter cases."""
    words = ("", *BLANKS, *column.blanks)
    return frozenset(
        way for word in words for way in (word, word.lower(), word.upper(), word.title())
    )


def _plain(column: Column) -> list[tuple[str, str]]:
    # Hardly a text has anything at its edges, and looking for it in a set takes long.
    is_bare = " and ".join(f"text[{place}] between '!' and '~'" for place in (1, -1))
    steps = [("trimmed", f"case when {is_bare} then text else trim(text, {EDGES}) end")]
    alone = "trimmed"
    if _is_day(column) and column.blanks:
        alone = f"regexp_replace(trimmed, {quoted(TIME + '$')}, '')"
    empty = in_list(alone, sorted(blanks(column)))
    return [*steps, ("plain", f"case when not {empty} then trimmed end")]


def _form(column: Column) -> str:
    """SQL for the note that a text deserves, or null."""
    match column.type:
        case "date" | "month":
            other = f"not {_matches('plain', date_formats()[column.format].pattern)}"
            rule = "DATE_FORM"
        case "code" | "boolean" if not column.spellings:
            other, rule = f"not {in_list('plain', _exact(column))}", "CODE_FORM"
        case "codes":
            other, rule = "is_bare", "CODE_FORM"
        case "id" | "text":
            other, rule = "contains(plain, '.') and bare <> plain", "NUMBER_FORM"
        case "integer" | "number":
            other, rule = _matches("plain", r".*(\.0+|,.*)"), "NUMBER_FORM"
        case _:
            other, rule = "false", ""
    return (
        "case when plain is null and trimmed <> '' then 'BLANK_WORD'"
        f" when plain is not null and {other} then {quoted(rule)} end"
    )


def _exact(column: Column) -> tuple[str, ...]:
    if column.type == "code" or column.same_as:
        return (*column.codes, *column.same_as)
    return tuple(form for word in (*YES, *NO) for form in (word, word.lower(), word.title()))


# What is held of a column while its rows are judged, by type; codes of some years as written too.
_HELD = {
    "id": {"v": "bigint"},
    "upn": {"v": "bigint", "issuer": "varchar"},
    "month": {"d": "date", "v": "date"},
    "codes": {"v": "varchar[]"},
}


def nothing(column: Column) -> dict[str, str]:
    """SQL for what is held of a column that a file lacks."""
    kinds = _HELD.get(column.type, {"v": RAW_TYPES[column.type]})
    kinds = kinds | ({"written": "varchar"} if column.type == "code" and _limited(column) else {})
    return {name: f"cast(null as {kind})" for name, kind in kinds.items()}


def _values(column: Column) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """What may be kept of a value, and what rules need of it, over further steps; null where it
    cannot be read."""
    match column.type:
        case "id":
            steps = [("bare", _whole_id("plain")), ("compared", normalised("bare"))]
            return steps, {"v": pseudonym(quoted(str(column.kind)), "sender", "compared")}
        case "upn":
            number = pseudonym(quoted("upn"), quoted(""), "compared")
            value = f"case when {is_upn('compared')} then {number} end"
            stands_in = _matches("compared", "UN([1-9]|10)")
            issuer = f"case when not {stands_in} then compared[2:4] end"
            return [("compared", normalised("plain"))], {"v": value, "issuer": issuer}
        case "date":
            return _date_steps(), {"v": "day"}
        case "month":
            return _date_steps(), {"d": "day", "v": "cast(date_trunc('month', day) as date)"}
        case "code":
            return _code(column)
        case "codes":
            return _codes(column)
        case "boolean":
            return _boolean(column)
        case "integer":
            whole = "cast(cast(replace(plain, ',', '') as double) as integer)"
            return [], {"v": f"case when {_matches('plain', WHOLE)} then {whole} end"}
        case "number":
            number = "cast(replace(plain, ',', '') as double)"
            return [], {"v": f"case when {_matches('plain', NUMBER)} then {number} end"}
        case _:
            pattern = str(column.pattern)
            is_plain, is_bare = (_matches(one, pattern) for one in ("plain", "bare"))
            return [("bare", f"replace({_without_decimals('plain')}, ',', '')")], {
                "v": f"case when {is_plain} then plain when {is_bare} then bare end"
            }


def faults(name: str, column: Column, found: Judgement) -> list[Fault]:
    """Everything that can be wrong with a value, the plainest first, or be asked about it."""
    return [
        replace(
            one,
            column=name,
            official=column.official.get(one.rule),
            severity=one.severity if _is_needed(column) else "query",
        )
        for one in [*_missing(column, ""), *found.faults, *_limits(column, "")]
    ]


@dataclass(frozen=True)
class Placed:
    """SQL for what a row of a judged column holds beside its text, in the numbers of `faults`.

    `fault` keeps the row out, `asked` is asked about it; either is null in a row that is right.
    """

    values: dict[str, str]
    fault: str
    asked: str | None


def placed(column: Column, found: Judgement, alias: str, offset: int, *, may_ask: bool) -> Placed:
    """A column's values and faults beside the row; `alias` is what is known of its text.

    With `may_ask` false no text of the column is at fault and no day lies too late.
    """
    held = {value: f"{alias}.{value}" for value in found.values}
    missing = _missing(column, alias)
    first = offset + len(missing)
    day = held.get("d", held["v"])
    limits = [(first + len(found.faults) + i, one) for i, one in enumerate(_limits(column, day))]
    cases = [f"when {one.condition} then {offset}" for one in missing]
    by_text = [f"when {alias}.fault is not null then {alias}.fault + {first}"]
    if _is_needed(column):
        errors = [f"when {alias}.fault < {found.unreadable} then {alias}.fault + {first}"]
        out = [*cases, *errors, *(f"when {one.condition} then {i}" for i, one in limits)]
        is_partly_read = len(found.faults) > found.unreadable
        return Placed(held, _case(out), _case(by_text) if is_partly_read and may_ask else None)
    asked = by_text if may_ask else []
    for i, one in limits:
        if may_ask or one.rule == "DATE_ORDER":
            asked = [*asked, f"when {one.condition} then {i}"]
            held = {
                value: f"case when not coalesce({one.condition}, false) then {sql} end"
                for value, sql in held.items()
            }
    return Placed(held, _case([]), _case([*asked, *cases]) if asked or cases else None)


def _is_needed(column: Column) -> bool:
    """Whether a row says nothing, or something else, where the column cannot be read."""
    return column.required or column.strict


def _case(branches: list[str]) -> str:
    return f"case {' '.join(branches)} end" if branches else "cast(null as integer)"


def _missing(column: Column, alias: str) -> list[Fault]:
    """What is wrong where a needed value is not there."""
    if not (column.required or column.asked_for):
        return []
    rule = "ID_MISSING" if column.type == "id" else "REQUIRED_MISSING"
    held = "issuer" if column.type == "upn" else "v"
    condition = f"{alias}.{held} is null and {alias}.fault is null"
    return [Fault(condition, rule, "a value is needed here")]


def _limits(column: Column, value: str) -> list[Fault]:
    """What a day cannot be beside other values of its row, though the calendar has it."""
    found = []
    if _is_day(column) and not column.may_be_future:
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
        is_open = f"rows.v_{event.until} is null or rows.v_{event.until} > facts.window_end"
        is_short = f"facts.window_end - facts.window_start < {SNAPSHOT_DAYS}"
        over = f"{over} or {is_short} and ({is_open})"
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
            is_out: f"list_has_any(rows.v_{name}, [{', '.join(map(quoted, codes))}])"
            for is_out, codes in groups.items()
        }
    else:
        written = f"rows.written_{name}"
        found = {
            is_out: in_list(written, [code.upper() for code in codes])
            for is_out, codes in groups.items()
        }
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
    other = f"regexp_replace(nfc_normalize({raw}), {quoted(UNSEEN)}, '', 'g')"
    # Hardly any holds more than plain letters, and patterns are slow.
    return (
        f"nullif(upper(case when length({raw}) = strlen({raw}) then {plain} else {other} end), '')"
    )


def is_upn(upn: str) -> str:
    """Whether it is a unique pupil number: pattern, check letter, no stand-in of one digit."""
    digits = "".join(f" + {place} * (ascii({upn}[{place}]) - 48)" for place in range(2, 13))
    last = (
        f"13 * case when {upn}[13] between '0' and '9' then ascii({upn}[13]) - 48"
        f" else instr({quoted(CHECK_LETTERS)}, {upn}[13]) - 1 end"
    )
    letter = f"substr({quoted(CHECK_LETTERS)}, (({last}{digits}) % 23) + 1, 1)"
    stand_in = f"{upn}[2:12] = repeat({upn}[2], 11)"
    pattern = _matches(upn, f"[{CHECK_LETTERS}][0-9]{{11}}[0-9{CHECK_LETTERS}]")
    return f"({pattern} and {letter} = {upn}[1] and not {stand_in})"


def _kind(column: Column, plain: str, value: str) -> list[Fault]:
    unread = f"{plain} is not null and {value} is null"
    found: list[tuple[str, str, str]] = []
    match column.type:
        case "id":
            found = [
                (unread, "ID_MISSING", "there are only blanks where a value is needed"),
                (f"contains({plain}, {FOLDED_NEWLINE})", "CONTROL_CHAR", "it holds a line break"),
                (
                    f"length({plain}) > {MAX_ID_LENGTH}",
                    "FIELD_TOO_LONG",
                    f"an identifier has at most {MAX_ID_LENGTH} characters",
                ),
                (
                    # Patterns are slow, and hardly an identifier holds either mark.
                    f"(contains({plain}, '+') or contains({plain}, '.') or contains({plain}, ','))"
                    f" and {_matches(plain, EXPONENT)}",
                    "ID_EXPONENT",
                    "a spreadsheet turned the identifier into a number with an exponent, such as"
                    " 1.23E+12, so that digits are lost and children look alike",
                ),
                (
                    f"length({plain}) > 16 and {_matches(plain, ROUNDED)}",
                    "ID_PRECISION",
                    "a spreadsheet rounded the identifier to 15 digits, so children look alike",
                ),
            ]
        case "date" | "month":
            message = f"write dates as {date_formats()[column.format].words}"
            found = [
                (f"{unread} and form_of_day is null", "DATE_FORMAT", message),
                (unread, "DATE_INVALID", "there is no such day in the calendar"),
                (f"{value} < date '{EARLIEST}'", "DATE_INVALID", "the year is before 1900"),
            ]
        case "code":
            found = [(unread, "CODE_UNKNOWN", _listed(column))]
        case "codes":
            message = 'write the codes as a JSON list, such as ["1A", "2B"]'
            return [
                Fault(unread, "CODE_FORMAT", message),
                Fault(
                    "len(list_filter(known, lambda one: one is null)) > 0",
                    "CODE_UNKNOWN",
                    _listed(column),
                    severity="query",
                ),
            ]
        case "boolean":
            words = ", ".join(column.same_as) or "Y or N"
            found = [(unread, "CODE_UNKNOWN", f"allowed are: {words}")]
        case "integer":
            message = "write a whole number, digits only"
            found = [(unread, "INTEGER", message), *_bounds(column, value)]
        case "number":
            message = "write a number, such as 12 or 12.5"
            found = [(unread, "NUMBER", message), *_bounds(column, value)]
        case "text":
            found = [(unread, "PATTERN", "it is not written as the contract says")]
    return [Fault(*one) for one in found]


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
    return f"regexp_full_match({raw}, {quoted(pattern)})"


_FORMS_OF_DAYS = [*date_formats()]


def _date_steps() -> list[tuple[str, str]]:
    """The form in which a day is written, which is never that of another day, and the day."""
    forms = [date_formats()[name] for name in _FORMS_OF_DAYS]
    which = " ".join(
        f"when {_matches('plain', one.day + TIME)} then {i}" for i, one in enumerate(forms)
    )
    day = " ".join(
        f"when {i} then try_strptime({_hyphened('plain', one.day)}, {quoted(one.day_strptime)})"
        for i, one in enumerate(forms)
    )
    return [
        ("form_of_day", f"case {which} end"),
        ("day", f"cast(case form_of_day {day} end as date)"),
    ]


def _hyphened(raw: str, day: str) -> str:
    return f"translate(regexp_extract({raw}, {quoted('^' + day)}), './ ', '---')"


def _without_decimals(raw: str) -> str:
    return f"regexp_replace({raw}, '^([0-9]+)[.]0+$', '\\1')"


def _whole_id(raw: str) -> str:
    """An identifier without decimals, and without the mark by which spreadsheets keep it text."""
    bare = f"ltrim({raw}, {quoted(chr(39))})"
    return f"case when contains({raw}, '.') then {_without_decimals(bare)} else {bare} end"


def _folded(raw: str) -> str:
    """A code as it is compared: capital letters, single blanks, no decimals."""
    return _without_decimals(f"upper(regexp_replace({raw}, {quoted(GAP[:-1] + '+')}, ' ', 'g'))")


def _code(column: Column) -> tuple[list[tuple[str, str]], dict[str, str]]:
    codes = {code.upper(): code for code in column.codes}
    codes |= {word.upper(): one.means for word, one in column.same_as.items()}
    words = {one.means.upper(): code for code, one in column.codes.items()}
    steps = (
        [("found", spelled(column, "plain"))] if column.spellings else _found("plain", codes, words)
    )
    values = {"v": "found" if column.spellings else looked_up("found", words | codes)}
    if limited := _limited(column):
        upper = [word.upper() for word in limited]
        values["written"] = f"case when {in_list('found', upper)} then found end"
    return steps, values


def _found(raw: str, codes: Mapping[str, str], words: Mapping[str, str]) -> list[tuple[str, str]]:
    """The code or words of a list that a text is, or the code in front of its words."""
    return [
        ("folded", _folded(raw)),
        ("in_front", _in_front("folded")),
        ("found", _code_of("folded", "in_front", codes, words)),
    ]


def _in_front(folded: str) -> str:
    numbered, lettered = (f"regexp_extract({folded}, {quoted(IN_FRONT)}, {i})" for i in (1, 2))
    return f"coalesce(nullif({numbered}, ''), {lettered})"


def _code_of(folded: str, in_front: str, codes: Mapping[str, str], words: Mapping[str, str]) -> str:
    held = f"regexp_extract_all({folded}, '[A-Z]*[0-9]+[A-Z]?')"
    is_one = f"len(list_filter({held}, lambda code: {in_list('code', codes)})) < 2"
    return (
        f"case when {in_list(folded, [*codes, *words])} then {folded}"
        f" when {in_list(in_front, codes)} and {is_one} then {in_front} end"
    )


def looked_up(found: str, codes: Mapping[str, str]) -> str:
    """One lookup: a case with a branch for each code would write its subject out in every one."""
    words, meant = (", ".join(map(quoted, one)) for one in (codes, codes.values()))
    return f"map([{words}], [{meant}])[{found}]"


def _boolean(column: Column) -> tuple[list[tuple[str, str]], dict[str, str]]:
    if column.spellings:
        return [], {"v": f"cast({spelled(column, 'plain')} as boolean)"}
    said = {word.upper(): one.means for word, one in column.same_as.items()}
    said = said or dict.fromkeys(YES, "true") | dict.fromkeys(NO, "false")
    value = f"cast({looked_up('folded', said)} as boolean)"
    return [("folded", _folded("plain"))], {"v": value}


def _codes(column: Column) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The known codes of a list or of what is ticked; null where it is neither."""
    codes = {code.upper(): code for code in column.codes}
    known = looked_up(_code_of(_folded("one"), _in_front(_folded("one")), codes, {}), codes)
    kept = "list_sort(list_distinct(list_filter(known, lambda one: one is not null)))"
    is_read = f"is_object or is_bare or {_matches('plain', LIST)}"
    steps = [
        ("is_object", _matches("plain", OBJECT)),
        ("is_bare", _matches("plain", BARE)),
        ("listed", _listed_codes()),
        ("known", f"list_transform(listed, lambda one: {known})"),
    ]
    return steps, {"v": f"case when {is_read} then {kept} end"}


def _listed_codes() -> str:
    """The codes that a list holds, as they stand; where it has keys, those that are ticked and
    every answer that is neither yes nor no."""
    items = f"regexp_extract_all(plain, {quoted('(?i)' + ITEM)})"
    cut = "case when plain not like '%]' then ['cut off'] else [] end"
    bare = "case when lower(one) <> 'null' then trim(one, '\"') end"
    listed = f"list_concat(list_transform({items}, lambda one: {bare}), {cut})"
    told = in_list("lower(trim(one))", ["", *f"{TICKED}|{NOT_TICKED}".split("|")])
    answers = f"regexp_extract_all(plain, {quoted(ANSWER)}, 1)"
    ticked = (
        f"list_concat(regexp_extract_all(plain, {quoted(KEYS)}, 1),"
        f" list_filter({answers}, lambda one: not {told}))"
    )
    found = (
        f"case when is_object then {ticked}"
        " when is_bare then regexp_split_to_array(plain, '[,;|]')"
        f" else {listed} end"
    )
    # Several codes in one text are so many codes; one with words behind it is looked up as such.
    parted = f"regexp_extract_all(one, {quoted(CODES)})"
    each = (
        f"list_transform({found}, lambda one:"
        f" case when len({parted}) > 1 then {parted} else [trim(one)] end)"
    )
    return f"list_filter(flatten({each}), lambda one: one <> '')"
