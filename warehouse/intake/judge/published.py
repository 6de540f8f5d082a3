"""Official series as SQL: every measure of a row becomes a figure of its own.

Most have a column for each measure, in the open-data shape; one has a figure in each row.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sightline.warehouse.areas import numbers
from sightline.warehouse.contracts.official import (
    AUTHORITY,
    FIRST_YEAR,
    IDENTITY,
    LEVEL,
    LEVELS,
    OF_OTHER_LEVELS,
    TWO_YEARS,
    WEEK,
    _known,
    headings,
)
from sightline.warehouse.contracts.rules import Figures
from sightline.warehouse.contracts.schema import PUBLISHED_FIGURES, Contract, figure_name
from sightline.warehouse.intake.judge.column_rules import in_list, looked_up
from sightline.warehouse.intake.judge.judged import Fault
from sightline.warehouse.quoting import quoted

# Symbols of today, and what earlier releases wrote for them.
MARKERS = {
    "z": "z",
    "x": "x",
    "c": "c",
    "k": "k",
    "u": "u",
    "low": "low",
    ":": "x",
    "NA": "x",
    ".": "x",
    "..": "x",
    "~": "low",
}
NOTHING = "-"
"""What a table with one figure in a row writes where there is none."""
NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,18})?"
EXPONENT = r"([eE][-+]?[0-9]{1,2})?"
WEEKS = r"week ([1-9]|[1-4][0-9]|5[0-3])"
# How a table with a figure in each row marks years: revised, final, provisional, one-off.
STATED = r"(\s*\((rev|final|prov|ot)\))+\s*$"
NO_TEXT = "cast(null as varchar)"
Statement = tuple[dict[str, str], dict[str, str], list[Fault], str, dict[str, str]]


@dataclass(frozen=True)
class _Measure:
    """A figure that rows hold: its name as it is kept, its text, and how a number is written.

    Without a name, the row says which measure it is.
    """

    name: str | None
    raw: str
    column: str
    number: str = NUMBER
    is_known: bool = True

    @property
    def value(self) -> str:
        """Its number, under the name of the column that holds it typed."""
        return f"v{self.raw[1:]}"

    @property
    def typed(self) -> str:
        return f"case when {self.is_number} then cast({self.raw} as double) end"

    @property
    def is_number(self) -> str:
        return f"regexp_full_match({self.raw}, {quoted(self.number)})"


@dataclass(frozen=True)
class _Shape:
    """Where a file tells what: SQL over its columns, and the column that each comes from."""

    texts: dict[str, str]
    period: str
    kind: str
    level: str
    number: str
    code: str
    part: str
    measures: list[_Measure]
    period_column: str = "time_period"
    kind_column: str = "time_identifier"
    key: str = ""


def statement(contract: Contract, header: Sequence[str]) -> Statement:
    """Texts, typed values, faults, raw table and raw columns for a file with this header."""
    places = {name: place for place, name in enumerate(headings(contract, header))}
    shape = _long(contract, places) if contract.figures.long else _wide(contract, header, places)
    figures = ", ".join(_figure(one) for one in shape.measures)
    level = _matched(shape.level, LEVELS)
    values = {
        "v_time_identifier": shape.kind,
        "v_time_period": shape.period,
        "v_geographic_level": level,
        "v_la_code": f"case when {level} = {quoted(AUTHORITY)} then {shape.number} end",
        "v_area_code": shape.code,
        "v_filter": shape.part,
    }
    values |= {one.value: one.typed for one in shape.measures}
    values["v_figures"] = f"[{figures}]"
    columns = {
        "series": quoted(contract.name),
        "time_period": "v_time_period",
        "time_identifier": "v_time_identifier",
        "geographic_level": "v_geographic_level",
        "area_code": "v_area_code",
        "la_code": "v_la_code",
        "filter": "v_filter",
        "measure": "figure.measure",
        "value": "figure.value",
        "marker": "figure.marker",
    }
    raw = {name: columns[name] for name in PUBLISHED_FIGURES}
    return shape.texts, values, _faults(contract, shape, header), "published_figures", raw


def _wide(contract: Contract, header: Sequence[str], places: dict[str, int]) -> _Shape:
    """The open-data shape: a column for each measure."""
    parted_by = next(name for name in contract.filter if figure_name(name) in places)
    beside = [*contract.figures.totals_of, *contract.filter]
    taken = {figure_name(name) for name in (*IDENTITY, *OF_OTHER_LEVELS, *beside)}
    kept = {figure_name(name) for name in contract.only} or places.keys()
    spelled = {figure_name(name): name for name in _known(contract)}
    texts = {
        f"r_{name}": _written(f"c{places[figure_name(name)]}")
        for name in (*IDENTITY, parted_by)
        if figure_name(name) in places
    }
    measures = [
        _Measure(written, f"r_m{place}", written, is_known=name in spelled)
        for name, place in places.items()
        if name not in taken and name in kept
        for written in (spelled.get(name, header[place]),)
    ]
    texts |= {one.raw: _written(f"c{one.raw[3:]}") for one in measures}

    def present(name: str) -> str:
        return f"r_{name}" if f"r_{name}" in texts else NO_TEXT

    periods, level = contract.figures.periods, _matched(present(LEVEL), LEVELS)
    return _Shape(
        texts,
        _period(_digits(present("time_period")), present("time_identifier"), periods),
        _kind(present("time_identifier"), periods),
        present(LEVEL),
        f"coalesce({_number_of(present('new_la_code'))}, {_three_digits(present('old_la_code'))})",
        f"case {level} when 'National' then {present('country_code')}"
        f" when 'Regional' then {present('region_code')} else {present('new_la_code')} end",
        _category(present(parted_by), contract.figures.categories),
        measures,
    )


def _long(contract: Contract, places: dict[str, int]) -> _Shape:
    """A figure in each row; a year with one number is named by its end."""
    long = contract.figures.long
    if long is None:
        raise ValueError(f"{contract.name} has no table with a figure in each row")
    names = (long.measure, long.period, long.area, long.value)
    measure, period, area, value = (f"c{places[figure_name(name)]}" for name in names)
    texts = {
        "r_measure": f"trim({measure})",
        "r_time_period": _written(period),
        "r_area": _written(area),
        "r_value": _written(value),
    }
    number = _three_digits("r_area")
    code = looked_up(number, long.areas)
    by_kind = " ".join(f"when {quoted(m)} then {quoted(kind)}" for m, kind in long.measures.items())
    kind = f"case r_measure {by_kind} end"
    digits = _digits(f"regexp_replace(r_time_period, {quoted(STATED)}, '', 'i')")
    return _Shape(
        texts,
        f"case {kind} when {quoted(TWO_YEARS[0])} then {_two_years(digits)}"
        f" else {_last_year(digits)} end",
        kind,
        f"case when {code} = 'E92000001' then 'National' when {code} is not null then 'Regional'"
        f" else {quoted(AUTHORITY)} end",
        number,
        code,
        "'Total'",
        [_Measure(None, "r_value", long.value, NUMBER + EXPONENT)],
        period_column=long.period,
        kind_column=long.measure,
        key=", r_measure",
    )


def _written(raw: str) -> str:
    return f"case when upper(trim({raw})) not in ('', 'NULL') then trim({raw}) end"


def _matched(raw: str, words: Iterable[str]) -> str:
    cases = " ".join(f"when {quoted(word.lower())} then {quoted(word)}" for word in words)
    return f"case lower({raw}) {cases} end"


def _category(raw: str, categories: Sequence[str]) -> str:
    known = f"{_matched(raw, categories)}, " if categories else ""
    return f"coalesce({known}{raw}, '')"


def _number_of(code: str) -> str:
    return looked_up(code, numbers())


def _three_digits(raw: str) -> str:
    return rf"nullif(regexp_extract({raw}, '^(\d{{3}})(\.0+)?$', 1), '')"


def _digits(raw: str) -> str:
    """A year as digits: 2025 for 2025.0, 202425 for 2024/25 and 2024-2025."""
    whole = rf"regexp_replace({raw}, '\.0+$', '')"
    return rf"regexp_replace({whole}, '^(\d{{4}})[/-](?:\d\d)?(\d\d)$', '\1\2')"


def _are_two_years(digits: str) -> str:
    return (
        rf"regexp_full_match({digits}, '\d{{6}}')"
        f" and try_cast({digits}[5:6] as integer) = (try_cast({digits}[3:4] as integer) + 1) % 100"
    )


def _two_years(digits: str) -> str:
    """Two years together, also of a year that is named by its end alone."""
    end = f"try_cast({digits} as integer)"
    return (
        f"case when {_are_two_years(digits)} then {digits}"
        rf" when regexp_full_match({digits}, '\d{{4}}')"
        f" then cast({end} - 1 as varchar) || lpad(cast({end} % 100 as varchar), 2, '0') end"
    )


def _last_year(digits: str) -> str:
    """The year in which two years end, also of a year that is named by its end alone."""
    return (
        f"case when {_are_two_years(digits)}"
        f" then cast(try_cast({digits}[:4] as integer) + 1 as varchar)"
        rf" when regexp_full_match({digits}, '\d{{4}}') then {digits} end"
    )


def _period(digits: str, identifier: str, periods: dict[str, str]) -> str:
    """The period as it is kept, null where it is not written as its kind is."""
    cases = []
    for written, kept in periods.items():
        if written in TWO_YEARS:
            held = digits if kept in TWO_YEARS else _last_year(digits)
            sql = f"case when {_are_two_years(digits)} then {held} end"
            cases.append(f"when {quoted(written.lower())} then {sql}")
    one = rf"case when regexp_full_match({digits}, '\d{{4}}') then {digits} end"
    return f"case lower({identifier}) {' '.join(cases)} else {one} end" if cases else one


def _kind(identifier: str, periods: dict[str, str]) -> str:
    cases = [
        f"when lower({identifier}) = {quoted(written.lower())} then {quoted(kept)}"
        for written, kept in periods.items()
        if written != WEEK
    ]
    if WEEK in periods:
        is_week = f"regexp_full_match(lower({identifier}), {quoted(WEEKS)})"
        cases.append(f"when {is_week} then 'Week ' || {identifier}[6:]")
    return f"case {' '.join(cases)} end"


def _figure(one: _Measure) -> str:
    marks = " ".join(f"when {quoted(m.lower())} then {quoted(v)}" for m, v in MARKERS.items())
    marks += f" when {quoted(NOTHING)} then 'x'" if one.name is None else ""
    name = "r_measure" if one.name is None else quoted(one.name)
    marker = f"case lower({one.raw}) {marks} end"
    return f"struct_pack(measure := {name}, value := {one.value}, marker := {marker})"


def _faults(contract: Contract, shape: _Shape, header: Sequence[str]) -> list[Fault]:
    figures = contract.figures
    found = [*_of_the_period(contract, shape), *_of_the_area(shape)]
    for measure in shape.measures:
        found += _of_a_number(measure, figures)
    found.append(_repeated(shape, header))
    for measure in shape.measures:
        if measure.is_known:
            found += _beside_others(measure, shape, figures)
    return found


def _of_the_period(contract: Contract, shape: _Shape) -> Iterator[Fault]:
    needed = "a value is needed here"
    period, kind = shape.period_column, shape.kind_column
    yield Fault("r_time_period is null", "REQUIRED_MISSING", needed, period)
    if contract.figures.long is None:
        periods = contract.figures.periods
        if WEEK in periods:
            yield Fault(
                "lower(r_time_identifier) like 'week%' and (v_time_identifier is null"
                r" or not regexp_full_match(r_time_period, '\d{4}'))",
                "TIME_PERIOD",
                "write weeks as the calendar year and Week 1 to Week 53",
                kind,
            )
        yield Fault(
            "v_time_identifier is null",
            "TIME_IDENTIFIER",
            f"this kind of period is not read here; read are: {', '.join(periods)}",
            kind,
            is_beside_others=True,
        )
    yield _of_the_row(
        "v_time_period is null",
        "TIME_PERIOD",
        "write a year as four digits, such as 2025, and two that follow each other, such as the"
        " academic year 2024/25, as six: 202425",
        period,
    )
    first = "try_cast(v_time_period[:4] as integer)"
    yield _of_the_row(
        f"{first} not between {FIRST_YEAR} and year(received_on) + 1",
        "TIME_PERIOD",
        f"the year lies before {FIRST_YEAR} or in the future",
        period,
    )


def _of_the_area(shape: _Shape) -> Iterator[Fault]:
    if f"r_{LEVEL}" not in shape.texts:
        return
    needed = "a value is needed here"
    yield Fault(f"r_{LEVEL} is null", "REQUIRED_MISSING", needed, LEVEL)
    says = f"there is no such level; read are: {', '.join(LEVELS)}"
    yield Fault(f"v_{LEVEL} is null", "GEOGRAPHIC_LEVEL", says, LEVEL)
    if "r_old_la_code" in shape.texts and "r_new_la_code" in shape.texts:
        by_code, number = _number_of("r_new_la_code"), _three_digits("r_old_la_code")
        says = "old_la_code and new_la_code are those of two authorities"
        condition = f"v_{LEVEL} = {quoted(AUTHORITY)} and {by_code} <> {number}"
        yield Fault(condition, "AREA_CODES", says, "new_la_code")


def _of_a_number(one: _Measure, figures: Figures) -> Iterator[Fault]:
    symbols = [*MARKERS, *([NOTHING] if one.name is None else [])]
    message = f"write a number, or one of the symbols {', '.join(symbols)}"
    is_symbol = in_list(f"lower({one.raw})", tuple(mark.lower() for mark in symbols))
    # Of a column that nobody knows, words are no figures, and do no harm.
    is_meant = "" if one.is_known else rf" and regexp_matches({one.raw}, '\d')"
    condition = f"not ({one.is_number} or {is_symbol}){is_meant}"
    yield Fault(condition, "NUMBER", message, one.column)
    if one.is_known:
        says = "it is less than nothing, which this figure cannot be"
        yield _of_the_row(f"{one.value} < 0", "OUT_OF_RANGE", says, one.column)
        says = "it is more than 100 per cent, which this figure cannot be"
        named = "r_measure" if one.name is None else quoted(one.name)
        for share in figures.percentages:
            is_share = f"{named} = {quoted(share)} or v_filter = {quoted(share)}"
            if share in figures.categories or one.name in (share, None):
                over = f"{one.value} > 100 and ({is_share})"
                yield _of_the_row(over, "OUT_OF_RANGE", says, one.column)


def _repeated(shape: _Shape, header: Sequence[str]) -> Fault:
    """Two rows that say another thing of the same: neither is known to be right."""
    says = "two rows give the same area, period and category and differ, or a column parts them"
    condition = f"count(*) over (partition by {_same_figure(shape)}, v_filter) > 1"
    last = shape.kind_column if shape.kind_column in header else header[0]
    return Fault(condition, "CONFLICT", says, last)


def _same_figure(shape: _Shape) -> str:
    area = "v_geographic_level, coalesce(v_la_code, v_area_code)"
    return f"{_same_period(shape)}, {area}"


def _same_period(shape: _Shape) -> str:
    return f"submission_id, v_time_period, v_time_identifier{shape.key}"


def _beside_others(one: _Measure, shape: _Shape, figures: Figures) -> Iterator[Fault]:
    """What cannot be true beside other figures of the row, the area or the release."""
    by_name = {other.name: other for other in shape.measures}
    says = "it is more than the figure that it is part of, in {}"
    for part, whole in figures.parts.items():
        if part == one.name and whole in by_name:
            over = f"{one.value} > {by_name[whole].value}"
            yield _of_the_row(over, "PART_OVER_WHOLE", says.format(whole), one.column)
        elif part in figures.categories:
            held = f"max(case when v_filter = {quoted(whole)} then {one.value} end)"
            beside = f"{held} over (partition by {_same_figure(shape)})"
            over = f"v_filter = {quoted(part)} and {one.value} > {beside}"
            yield _of_the_row(over, "PART_OVER_WHOLE", says.format(whole), one.column)
    if one.name is not None and one.name not in figures.counts:
        return
    alike = f"over (partition by {_same_period(shape)}, v_filter)"
    of_england, of_areas = (
        f"max(case when v_geographic_level = {quoted(level)} then {one.value} end) {alike}"
        for level in ("National", AUTHORITY)
    )
    adds_up = in_list("r_measure", figures.counts) if one.name is None else "true"
    of_no_sum = [*figures.percentages, *figures.averages]
    if shares := [name for name in of_no_sum if name in figures.categories]:
        adds_up += f" and v_filter not in ({', '.join(map(quoted, shares))})"
    for level, over, says in (
        ("National", f"{one.value} < {of_areas}", "England's figure is less than an authority's"),
        (AUTHORITY, f"{one.value} > {of_england}", "the figure is more than England's"),
    ):
        condition = f"v_geographic_level = {quoted(level)} and {adds_up} and {over}"
        yield _of_the_row(condition, "PART_OVER_WHOLE", says, one.column)


def _of_the_row(condition: str, rule: str, says: str, column: str) -> Fault:
    """What sets its row aside, and never the others with it."""
    return Fault(condition, rule, says, column, is_beside_others=True)
