"""The Department for Education's published screening rules for open-data files, one function each.

Names of rules are those of the Department's own screener (eesyscreener 0.3, with which explore
education statistics screens what is uploaded); its warnings count as failures here. Left out are
its two comparisons with the data dictionary, which concern data sets for its API. Rules about
places that no file of ours names (districts, wards, trusts, schools and the like) are one rule,
`geog_other_columns`: their columns do not occur. So are those about ethnicity.

A rule takes a `DataFile` and returns what is wrong, or None.
"""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
TERMS = ("Autumn term", "Spring term", "Summer term")
WEEKS = tuple(f"Week {number}" for number in range(1, 53))
QUARTERS = tuple(f"Financial year Q{number}" for number in range(1, 5))
HALVES = ("Part 1 (April to September)", "Part 2 (October to March)")
YEARS = ("Calendar year", "Reporting year")
SPLIT_YEARS = ("Autumn and spring term", "Financial year", "Academic year", "Tax year")
# Identifiers that may stand together in one file.
TOGETHER = (TERMS, WEEKS, MONTHS, QUARTERS, HALVES, *((one,) for one in YEARS + SPLIT_YEARS))
FOUR_DIGITS = (*YEARS, *WEEKS, *MONTHS)
SIX_DIGITS = (*SPLIT_YEARS, *TERMS, *QUARTERS, *HALVES)

COUNTRY = ("country_code", "country_name")
REGION = ("region_code", "region_name")
AUTHORITY = ("old_la_code", "new_la_code", "la_name")
PLACES = {"National": COUNTRY, "Regional": REGION, "Local authority": AUTHORITY}
REQUIRED = ("geographic_level", "time_period", "time_identifier", *COUNTRY)
UNITS = (*REQUIRED, *REGION, *AUTHORITY)
OTHER_PLACES = (
    "lad_", "pcon_", "lsip_", "local_enterprise_partnership_", "english_devolved_area_",
    "opportunity_area_", "ward_", "trust_", "sponsor_", "school_", "provider_", "institution_",
    "planning_area_", "pfa_", "rsc_region_",
)  # fmt: skip
LOOKS_LIKE_A_PLACE = re.compile(
    r"(country|sch|prov|inst|estab|reg|la|local|rsc|pfa|pcon|lep|mca|oa|ward|mat)"
    r".*(name|code|urn|ukprn|number|upin|id)"
    r"|laestab|estab|schools?|sch|prov|providers?|inst|institutions?|name|code|urn|ukprn|number"
    r"|upin|id|region|la|lad|rsc|pcon|lep|mca|oa|ward|mat",
    re.IGNORECASE,
)
PEOPLE = (
    "male", "female", "asian", "chinese", "indian", "pakistani", "bangladeshi", "black",
    "african", "caribbean", "white", "roma", "irish", "english", "british", "scottish", "welsh",
    "arab",
)  # fmt: skip
HARMONISED = {
    "sen_": ("sen_status", "sen_primary_need", "sen_secondary_need", "sen_provision"),
    "primary_need": ("sen_primary_need",),
    "secondary_need": ("sen_secondary_need",),
    "establishment_type": ("establishment_type", "establishment_type_group"),
    "school_type": ("establishment_type", "establishment_type_group"),
    "provider_type": ("provider_type",),
    "ethnic": (),
}
META_COLUMNS = (
    "col_name", "col_type", "label", "indicator_grouping", "indicator_unit", "indicator_dp",
    "filter_hint", "filter_grouping_column",
)  # fmt: skip
OPTIONAL_META_COLUMNS = ("filter_default", "parent_filter")
INDICATOR_UNITS = ("%", "pp", "£", "£m", "numberstring")
SYMBOLS = ("c", "k", "low", "u", "x", "z")
NULLS = ("NULL", "Null", "null", "NA", "na")
LEGACY = ("N/A", "n/a", ".", "..", "-", "~", ":")
TOTALS = ("Total", "total", "All", "all")
MOST_ITEMS = 25_000

# The Department's lookups (country.csv, regions.csv, las.csv); triples of an authority are those of
# our seed, which was compared with them.
COUNTRIES = {("E92000001", "England")}
REGIONS = {
    ("E12000001", "North East"),
    ("E12000002", "North West"),
    ("E12000003", "Yorkshire and The Humber"),
    ("E12000004", "East Midlands"),
    ("E12000005", "West Midlands"),
    ("E12000006", "East of England"),
    ("E12000007", "London"),
    ("E12000008", "South East"),
    ("E12000009", "South West"),
    ("E13000001", "Inner London"),
    ("E13000002", "Outer London"),
}
SEED = Path(__file__).parents[1] / "dbt_project" / "seeds" / "areas.csv"

Rule = Callable[["DataFile"], "str | None"]
RULES: dict[str, Rule] = {}


@dataclass(frozen=True)
class DataFile:
    """A data file and its metadata, every cell as the text that is in the file."""

    name: str
    meta_name: str
    data: pd.DataFrame
    meta: pd.DataFrame

    def of_type(self, col_type: str) -> list[str]:
        return list(self.meta.loc[self.meta["col_type"] == col_type, "col_name"])

    @property
    def filters(self) -> list[str]:
        return [name for name in self.of_type("Filter") if name in self.data]

    @property
    def groups(self) -> list[str]:
        return [name for name in self.meta["filter_grouping_column"] if name]

    @property
    def indicators(self) -> list[str]:
        return [name for name in self.of_type("Indicator") if name in self.data]

    def level(self, level: str) -> pd.DataFrame:
        return self.data[self.data["geographic_level"] == level]


def read(path: Path) -> DataFile:
    meta = path.with_suffix(".meta.csv")
    return DataFile(path.name, meta.name, _cells(path), _cells(meta))


def data_files(folder: Path) -> list[Path]:
    """The data files of a folder, without their metadata."""
    return [path for path in sorted(folder.glob("*.csv")) if not path.name.endswith(".meta.csv")]


def failures(file: DataFile) -> dict[str, str]:
    """What is wrong, for each rule that fails."""
    return {name: found for name, rule in RULES.items() if (found := rule(file))}


def _cells(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def said(wrong: object) -> str | None:
    """Some of what is wrong, as text; None where nothing is."""
    found = [str(one) for one in wrong]  # type: ignore[attr-defined]
    return ", ".join(found[:5]) or None


# Names of files


@rule
def filename_spaces(file: DataFile) -> str | None:
    return said(name for name in (file.name, file.meta_name) if re.search(r"\s", name))


@rule
def filename_special(file: DataFile) -> str | None:
    allowed = re.compile(r"[A-Za-z0-9_-]+(\.meta)?\.csv")
    return said(n for n in (file.name, file.meta_name) if not allowed.fullmatch(n))


@rule
def filenames_match(file: DataFile) -> str | None:
    return said([file.meta_name] * (file.meta_name != file.name.replace(".csv", ".meta.csv")))


# Columns of both files


@rule
def col_req_data(file: DataFile) -> str | None:
    return said(name for name in REQUIRED if name not in file.data)


@rule
def col_req_meta(file: DataFile) -> str | None:
    return said(name for name in META_COLUMNS if name not in file.meta)


@rule
def col_invalid_meta(file: DataFile) -> str | None:
    return said(n for n in file.meta if n not in META_COLUMNS + OPTIONAL_META_COLUMNS)


@rule
def col_to_rows(file: DataFile) -> str | None:
    return said(["more rows"] * (len(file.meta) > len(file.data.columns) - len(REQUIRED)))


@rule
def cross_meta_to_data(file: DataFile) -> str | None:
    return said(n for n in [*file.meta["col_name"], *file.groups] if n not in file.data)


@rule
def cross_data_to_meta(file: DataFile) -> str | None:
    known = {*UNITS, *file.meta["col_name"], *file.groups}
    return said(n for n in file.data if n not in known and file.data[n].nunique() > 1)


@rule
def col_names_spaces(file: DataFile) -> str | None:
    return said(name for name in file.data if re.search(r"\s", name))


@rule
def col_snake_case(file: DataFile) -> str | None:
    return said(name for name in file.data if not re.fullmatch(r"[a-z0-9_]+", name))


@rule
def col_var_start(file: DataFile) -> str | None:
    return said(name for name in file.data if not re.match(r"[a-z]", name))


@rule
def col_var_characteristic(file: DataFile) -> str | None:
    named = {*file.meta["col_name"], *file.groups}
    return said(named & {"characteristic", "characteristic_group"})


@rule
def col_ind_smushed(file: DataFile) -> str | None:
    return said(n for n in file.of_type("Indicator") if any(p in n.lower() for p in PEOPLE))


@rule
def harmonised_variables(file: DataFile) -> str | None:
    named = [*file.meta["col_name"], *file.groups, *file.data]
    return said(
        name
        for name in named
        for part, allowed in HARMONISED.items()
        if part in name.lower() and name not in allowed
    )


# Time


@rule
def time_id_valid(file: DataFile) -> str | None:
    return said(set(file.data["time_identifier"]) - {*FOUR_DIGITS, *SIX_DIGITS})


@rule
def time_id_mix(file: DataFile) -> str | None:
    used = set(file.data["time_identifier"])
    return said([] if any(used <= set(group) for group in TOGETHER) else sorted(used))


@rule
def time_period_num(file: DataFile) -> str | None:
    return said(t for t in set(file.data["time_period"]) if not re.fullmatch(r"\d{4}(\d\d)?", t))


@rule
def time_period(file: DataFile) -> str | None:
    pairs = set(zip(file.data["time_identifier"], file.data["time_period"], strict=True))
    return said(
        (identifier, period)
        for identifier, period in pairs
        if len(period) != (4 if identifier in FOUR_DIGITS else 6)
    )


@rule
def time_period_six(file: DataFile) -> str | None:
    six = [t for t in set(file.data["time_period"]) if re.fullmatch(r"\d{6}", t)]
    return said(t for t in six if (int(t[2:4]) + 1) % 100 != int(t[4:]))


# Places


@rule
def geog_level(file: DataFile) -> str | None:
    return said(set(file.data["geographic_level"]) - set(PLACES))


@rule
def geog_level_present(file: DataFile) -> str | None:
    levels = set(file.data["geographic_level"])
    return said(n for one in levels for n in PLACES.get(one, ()) if n not in file.data)


@rule
def geog_region_col_present(file: DataFile) -> str | None:
    return _partly(file, REGION)


@rule
def geog_la_col_present(file: DataFile) -> str | None:
    return _partly(file, AUTHORITY)


@rule
def geog_level_completed(file: DataFile) -> str | None:
    return said(
        (level, name)
        for level, names in PLACES.items()
        for name in names
        if name in file.data and (file.level(level)[name] == "").any()
    )


@rule
def geog_overcompleted_cols(file: DataFile) -> str | None:
    empty = {"National": (*REGION, *AUTHORITY), "Regional": AUTHORITY}
    return said(
        (level, name)
        for level, names in empty.items()
        for name in names
        if name in file.data and (file.level(level)[name] != "").any()
    )


@rule
def geog_region_for_la(file: DataFile) -> str | None:
    rows = file.level("Local authority")
    return said(n for n in REGION if n not in rows or (rows[n] == "").any())


@rule
def geog_country_combos(file: DataFile) -> str | None:
    return said(_combinations(file, COUNTRY) - COUNTRIES)


@rule
def geog_region_combos(file: DataFile) -> str | None:
    return said(_combinations(file, REGION) - REGIONS - {("", "")})


@rule
def geog_la_combos(file: DataFile) -> str | None:
    return said(_combinations(file, AUTHORITY) - _authorities() - {("", "", "")})


@rule
def geog_other_columns(file: DataFile) -> str | None:
    return said(name for name in file.data if name.startswith(OTHER_PLACES))


@rule
def geog_ignored_rows(file: DataFile) -> str | None:
    ignored = {"School", "Provider", "Institution", "Planning area"}
    return said(set(file.data["geographic_level"]) & ignored)


# Filters


@rule
def filter_not_singular(file: DataFile) -> str | None:
    return said(name for name in file.filters if file.data[name].nunique() < 2)


@rule
def filter_blanks(file: DataFile) -> str | None:
    named = [*file.filters, *(n for n in file.groups if n in file.data)]
    return said(name for name in named if (file.data[name] == "").any())


@rule
def filter_defaults(file: DataFile) -> str | None:
    defaults = dict.fromkeys(file.filters, "Total")
    if "filter_default" in file.meta:
        stated = zip(file.meta["col_name"], file.meta["filter_default"], strict=True)
        defaults |= {name: item for name, item in stated if item and name in defaults}
    return said(n for n, item in defaults.items() if item not in set(file.data[n]))


@rule
def filter_ob_total(file: DataFile) -> str | None:
    units = [n for n in file.data if n in UNITS or LOOKS_LIKE_A_PLACE.fullmatch(n)]
    return said(name for name in units if file.data[name].isin(TOTALS).any())


@rule
def filter_whitespace(file: DataFile) -> str | None:
    named = [n for n in file.data if n in UNITS or n in file.filters]
    return said(n for n in named if (file.data[n] != file.data[n].str.strip()).any())


@rule
def filter_item_limit(file: DataFile) -> str | None:
    return said(name for name in file.filters if file.data[name].nunique() > MOST_ITEMS)


@rule
def filter_group_level(file: DataFile) -> str | None:
    pairs = zip(file.meta["col_name"], file.meta["filter_grouping_column"], strict=True)
    return said(
        group
        for name, group in pairs
        if group in file.data and file.data[group].nunique() > file.data[name].nunique()
    )


# Rows and cells


@rule
def general_dupes(file: DataFile) -> str | None:
    keys = [n for n in file.data if n in UNITS or n in file.filters or n in file.groups]
    return said(map(tuple, file.data[file.data.duplicated(keys)][keys].values))


@rule
def general_null(file: DataFile) -> str | None:
    both = (file.data.isin((*NULLS, *LEGACY)), file.meta.isin(NULLS))
    return said(name for found in both for name in found.columns[found.any()])


@rule
def ind_invalid_entry(file: DataFile) -> str | None:
    """Stricter than the Department: each cell is a number or a current symbol."""
    number = re.compile(r"-?\d+(\.\d+)?")
    return said(
        (name, cell)
        for name in file.indicators
        for cell in set(file.data[name])
        if cell not in SYMBOLS and not number.fullmatch(cell)
    )


# Metadata


@rule
def meta_col_name(file: DataFile) -> str | None:
    return said(["blank"] * bool((file.meta["col_name"].str.strip() == "").any()))


@rule
def meta_col_name_spaces(file: DataFile) -> str | None:
    return said(name for name in file.meta["col_name"] if re.search(r"\s", name))


@rule
def meta_col_name_dupe(file: DataFile) -> str | None:
    return said(file.meta["col_name"][file.meta["col_name"].duplicated()])


@rule
def meta_col_type(file: DataFile) -> str | None:
    return said(set(file.meta["col_type"]) - {"Filter", "Indicator"})


@rule
def meta_ob_unit(file: DataFile) -> str | None:
    return said({*file.meta["col_name"], *file.groups} & set(UNITS))


@rule
def meta_geog_catch(file: DataFile) -> str | None:
    named = [*file.of_type("Filter"), *file.groups]
    return said(name for name in named if LOOKS_LIKE_A_PLACE.fullmatch(name))


@rule
def meta_label(file: DataFile) -> str | None:
    return said(["blank"] * bool((file.meta["label"].str.strip() == "").any()))


@rule
def meta_dupe_label(file: DataFile) -> str | None:
    return said(file.meta["label"][file.meta["label"].duplicated()])


@rule
def meta_indicator_grouping(file: DataFile) -> str | None:
    return _filled(file, "Filter", "indicator_grouping")


@rule
def meta_ind_unit(file: DataFile) -> str | None:
    return _filled(file, "Filter", "indicator_unit")


@rule
def meta_indicator_dp(file: DataFile) -> str | None:
    return _filled(file, "Filter", "indicator_dp")


@rule
def meta_filter_hint(file: DataFile) -> str | None:
    return _filled(file, "Indicator", "filter_hint")


@rule
def meta_fil_grp(file: DataFile) -> str | None:
    return _filled(file, "Indicator", "filter_grouping_column")


@rule
def meta_fil_grp_dupe(file: DataFile) -> str | None:
    return said({name for name in file.groups if file.groups.count(name) > 1})


@rule
def meta_fil_grp_is_fil(file: DataFile) -> str | None:
    return said(name for name in file.groups if name not in set(file.meta["col_name"]))


@rule
def meta_fil_grp_match(file: DataFile) -> str | None:
    return said(name for name in file.groups if name not in file.data)


@rule
def meta_fil_grp_stripped(file: DataFile) -> str | None:
    def stripped(name: str) -> set[str]:
        return {re.sub(r"[\W_]", "", item) for item in file.data[name]}

    named = [name for name in file.groups if name in file.data]
    return said(n for n in named if len(stripped(n)) != file.data[n].nunique())


@rule
def meta_ind_unit_validation(file: DataFile) -> str | None:
    rows = file.meta[file.meta["col_type"] == "Indicator"]
    return said(set(rows["indicator_unit"]) - {"", *INDICATOR_UNITS})


@rule
def meta_ind_dp_set(file: DataFile) -> str | None:
    rows = file.meta[file.meta["col_type"] == "Indicator"]
    return said(rows["col_name"][rows["indicator_dp"].str.strip() == ""])


@rule
def meta_ind_dp_values(file: DataFile) -> str | None:
    return said(n for n in file.meta["indicator_dp"] if n and not n.isdecimal())


# Lengths that its API allows


@rule
def api_char_col_name(file: DataFile) -> str | None:
    return said(name for name in file.data if len(name) > 50)


@rule
def api_char_col_label(file: DataFile) -> str | None:
    return said(label for label in file.meta["label"] if len(label) > 100)


@rule
def api_char_loc_code(file: DataFile) -> str | None:
    named = [n for n in file.data if n in UNITS and n.endswith("_code")]
    return said(code for n in named for code in set(file.data[n]) if len(code) > 30)


@rule
def api_char_filter_items(file: DataFile) -> str | None:
    named = [n for n in file.data if n in file.filters or (n in UNITS and n.endswith("_name"))]
    return said(item for n in named for item in set(file.data[n]) if len(item) > 120)


def _partly(file: DataFile, names: tuple[str, ...]) -> str | None:
    missing = [name for name in names if name not in file.data]
    return said(missing if len(missing) < len(names) else [])


def _filled(file: DataFile, col_type: str, column: str) -> str | None:
    rows = file.meta[file.meta["col_type"] == col_type]
    return said(rows["col_name"][rows[column] != ""])


def _combinations(file: DataFile, names: tuple[str, ...]) -> set[tuple[str, ...]]:
    if not set(names) <= set(file.data):
        return set()
    return set(map(tuple, file.data[list(names)].drop_duplicates().values))


@cache
def _authorities() -> set[tuple[str, ...]]:
    with SEED.open(encoding="utf-8") as seed:
        rows = [row for row in csv.DictReader(seed) if row["la_code"]]
    return {(row["la_code"], row["area_code"], row["area_name"]) for row in rows}
