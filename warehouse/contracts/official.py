"""Headings and periods of official series, by their contracts and the open-data standard."""

from collections.abc import Iterable

from sightline.warehouse.contracts.schema import Contract, compared, figure_name

LEVELS = ("National", "Regional", "Local authority")


LEVEL, AUTHORITY = "geographic_level", "Local authority"


IDENTITY = (
    "time_period",
    "time_identifier",
    LEVEL,
    "country_code",
    "country_name",
    "region_code",
    "region_name",
    "old_la_code",
    "new_la_code",
    "la_name",
)


# Columns of other levels, and of schools: no figures, and not read.
OF_OTHER_LEVELS = (
    "lad_code", "lad_name", "pcon_code", "pcon_name", "ward_code", "ward_name",
    "lep_code", "lep_name", "lsip_code", "lsip_name", "rsc_region_lead_name",
    "english_devolved_area_code", "english_devolved_area_name", "opportunity_area_code",
    "opportunity_area_name", "planning_area_code", "planning_area_name", "pfa_code", "pfa_name",
    "trust_id", "trust_name", "sponsor_id", "sponsor_name", "school_urn", "school_laestab",
    "school_name", "provider_ukprn", "provider_name", "institution_id", "institution_name",
    "estab", "laestab", "urn", "academy_type", "academy_open_date",
)  # fmt: skip


# Columns of the file that describes a release.
DESCRIPTION = ("col_name", "col_type", "label")


# Every kind of period of the open-data standard, so that one that is not read can be named.
KINDS = (
    "Academic year", "Financial year", "Tax year", "Calendar year", "Reporting year",
    "Autumn term", "Spring term", "Summer term", "Autumn and spring term",
    "Financial year Q1", "Financial year Q2", "Financial year Q3", "Financial year Q4",
    "Part 1 (April to September)", "Part 2 (October to March)", "Week", "January", "February",
    "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


# Kinds of period that are written as two years together; others have the digits of one.
TWO_YEARS = ("Academic year", "Financial year")


WEEK = "Week"


FIRST_YEAR, LAST_YEAR = 1990, 2100


def telling(contract: Contract) -> list[set[str]]:
    """The columns that give a file of the series away, each with its names, as compared."""
    if long := contract.figures.long:
        names = [[name] for name in (long.measure, long.period, long.area, long.value)]
    else:
        common = {"time_period", "time_identifier", LEVEL}
        names = [[name] for name in sorted({*contract.measures, *common})]
        names.append([*contract.filter])
    return [{compared(name) for name in spelled} for spelled in names]


def headings(contract: Contract, header: Iterable[str]) -> list[str]:
    """The key of each column: of known ones by the contract's name, whatever parts its words."""
    figures, long = contract.figures, contract.figures.long
    names = [*IDENTITY, *OF_OTHER_LEVELS, *contract.filter, *figures.totals_of, *_known(contract)]
    if long:
        names = [long.measure, long.period, long.area, long.value]
    known = {compared(name): figure_name(name) for name in names}
    return [known.get(compared(name), figure_name(name)) for name in header]


def facts_of(contract: Contract) -> tuple[str, ...]:
    """The columns that tell which years a file is for."""
    long = contract.figures.long
    return (long.period, long.measure) if long else ("time_period", "time_identifier")


def kind_of(contract: Contract, written: str) -> str | None:
    """The kind of period that a text names, as it is kept; None where it is not used."""
    if long := contract.figures.long:
        return long.measures.get(written)
    kinds = {name.lower(): kept for name, kept in contract.figures.periods.items()}
    plain = written.strip().lower()
    return kinds.get(plain) or (WEEK if WEEK in kinds.values() and "week" in plain else None)


def official_kind(written: str) -> str:
    """A kind of period as the standard names it; what is none of its kinds is not repeated."""
    plain = written.strip().lower()
    by_name = {name.lower(): name for name in KINDS}
    return by_name.get(plain) or (WEEK if plain.startswith("week ") else "none of the standard")


def is_year(written: str) -> bool:
    return written.isascii() and written.isdigit() and FIRST_YEAR <= int(written) <= LAST_YEAR


def _known(contract: Contract) -> set[str]:
    """The measures that a contract names."""
    figures = contract.figures
    in_parts = {*figures.parts, *figures.parts.values()} - {*figures.categories}
    shares = {*figures.percentages} - {*figures.categories}
    return {*contract.measures, *contract.only, *figures.counts, *in_parts, *shares}
