"""Official series in the open-data shape: every measure of a row becomes a figure of its own."""

from collections.abc import Sequence

from warehouse.contract import PUBLISHED_FIGURES, Contract, figure_name
from warehouse.intake.rules import Fault, in_list, text

IDENTITY = (
    "time_period",
    "time_identifier",
    "geographic_level",
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
)
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
NUMBER = r"-?[0-9]{1,15}(\.[0-9]{1,18})?"
# The kinds of period that are read; weeks are checked by themselves.
YEARS = ("Academic year", "Reporting year")
WEEK = r"\d{4} Week ([1-9]|[1-4][0-9]|5[0-3])"
Statement = tuple[dict[str, str], dict[str, str], list[Fault], str, dict[str, str]]


def statement(contract: Contract, header: Sequence[str]) -> Statement:
    """Texts, typed values, faults, raw table and raw columns for a file with this header."""
    places = {figure_name(name): place for place, name in enumerate(header)}
    parted_by = next(name for name in contract.filter if name in places)
    named = {name: places[name] for name in (*IDENTITY, parted_by) if name in places}
    measures = {
        name: place
        for name, place in places.items()
        if name not in named and name in (contract.only or places)
    }
    texts = {f"r_{name}": f"nullif(trim(c{place}), '')" for name, place in named.items()}
    texts |= {f"r_m{place}": f"nullif(trim(c{place}), '')" for place in measures.values()}
    figures = ", ".join(_figure(header[place], f"r_m{place}") for place in measures.values())
    values = {f"v_{alias[2:]}": alias for alias in texts if not alias.startswith("r_m")}
    values["v_figures"] = f"[{figures}]"
    columns = _raw(contract, parted_by, values)
    return texts, values, _faults(measures, header), "published_figures", columns


def _figure(measure: str, raw: str) -> str:
    value = f"case when regexp_full_match({raw}, {text(NUMBER)}) then cast({raw} as double) end"
    marks = " ".join(f"when {text(mark)} then {text(meant)}" for mark, meant in MARKERS.items())
    marker = f"case {raw} {marks} end"
    return f"struct_pack(measure := {text(measure)}, value := {value}, marker := {marker})"


def _faults(measures: dict[str, int], header: Sequence[str]) -> list[Fault]:
    faults = [
        Fault("r_time_period is null", "REQUIRED_MISSING", "a value is needed here", "time_period"),
        Fault(
            r"not regexp_full_match(r_time_period, '\d{4}(\d{2})?')",
            "TIME_PERIOD",
            "write four or six digits, such as 2025 or 202425",
            "time_period",
        ),
        Fault(
            "r_geographic_level is null",
            "REQUIRED_MISSING",
            "a value is needed here",
            "geographic_level",
        ),
        Fault(
            "r_time_identifier like 'Week%' and not regexp_full_match("
            f"r_time_period || ' ' || r_time_identifier, {text(WEEK)})",
            "TIME_PERIOD",
            "write weeks as the calendar year and Week 1 to Week 53",
            "time_identifier",
        ),
        Fault(
            "coalesce(r_time_identifier not like 'Week%' and not"
            f" {in_list('r_time_identifier', YEARS)}, true)",
            "TIME_IDENTIFIER",
            f"this kind of period is not read; weeks are, and: {', '.join(YEARS)}",
            "time_identifier",
        ),
    ]
    message = f"write a number, or one of the symbols {', '.join(MARKERS)}"
    for place in measures.values():
        raw = f"r_m{place}"
        is_number = f"regexp_full_match({raw}, {text(NUMBER)})"
        is_marker = in_list(raw, tuple(MARKERS))
        condition = f"not ({is_number} or {is_marker})"
        faults.append(Fault(condition, "NUMBER", message, header[place]))
    return faults


def _raw(contract: Contract, parted_by: str, values: dict[str, str]) -> dict[str, str]:
    def present(name: str) -> str:
        return f"v_{name}" if f"v_{name}" in values else "cast(null as varchar)"

    def by_level(country: str, region: str, authority: str) -> str:
        return (
            f"case v_geographic_level when 'National' then {present(country)}"
            f" when 'Regional' then {present(region)} else {present(authority)} end"
        )

    columns = {
        "series": text(contract.name),
        "area_code": by_level("country_code", "region_code", "new_la_code"),
        "la_code": f"nullif({present('old_la_code')}, 'NA')",
        "filter": f"coalesce({present(parted_by)}, '')",
        "measure": "figure.measure",
        "value": "figure.value",
        "marker": "figure.marker",
    }
    return {name: columns.get(name, f"v_{name}") for name in PUBLISHED_FIGURES}
