"""Measure the vital signs of submissions: counts and shares, one row per submission."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sightline.expectations import forms
from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.intake.judge.profiles import FEWEST_ASKED, Profile, outside_share

# Fewer than five bad rows say nothing about a submission as a whole.
FEWEST_REFUSED = 5
# A median needs a few periods, and of small numbers any multiple is possible.
FORMER_PERIODS = 3
LEAST_USUAL = 50
FEWEST_EXPECTED = 20
FEWEST_CODES, MOST_ALIKE = 50, 0.8
FEWEST_OPEN = 10
# Returns of about the same length are compared with each other.
ALIKE_DAYS = 15
DAYS_IN_YEAR = 365.25

Profiles = Mapping[int, Profile]


def vital_signs(
    accepted: pd.DataFrame,
    profiles: Profiles,
    carried: Mapping[int, tuple[int, int]],
    places: pd.DataFrame,
) -> pd.DataFrame:
    """One row per submission; blank where there is nothing to compare with.

    `carried` is what was open in the sender's former return and how much of it is absent now;
    `places` are the signs `by_place` of the same submissions.
    """
    end = pd.to_datetime(accepted["period_end"])
    ids = accepted["submission_id"]
    aside = ids.map(_rows_set_aside(profiles)).fillna(0)
    quarantined, counted = accepted["quarantined"] - aside, accepted["records"] - aside
    refused = quarantined.where(quarantined >= FEWEST_REFUSED, 0)
    records = counted.where(counted > 0).astype("float64")
    alike = _with_days(accepted)
    usual = _former(alike, alike["records"], [])
    came = pd.to_datetime(accepted["received_on"])
    of_authority = accepted["sender"] != PUBLISHER
    return alike.assign(
        years_back=((came - end).dt.days / DAYS_IN_YEAR).where(of_authority),
        refused_share=refused / records,
        outside_share=ids.map(_outside(accepted, profiles)),
        volume=accepted["records"] / usual.where(usual >= LEAST_USUAL),
        open_lost=ids.map({key: _lost_share(*found) for key, found in carried.items()}),
        **{
            name: ids.map(of_sign.groupby("submission_id")["value"].agg(how))
            for name, how in _signs_by_place().items()
            for of_sign in (places[places["sign"] == name],)
        },
    )


def _rows_set_aside(profiles: Profiles) -> dict[int, int]:
    """By submission, the rows of tables that were set aside whole: named, and no measure of the
    rows that were taken in."""
    return {
        submission_id: sum(one.get("rows_set_aside", 0) for one in profile.values())
        for submission_id, profile in profiles.items()
    }


def by_place(accepted: pd.DataFrame, profiles: Profiles) -> pd.DataFrame:
    """The signs that tables and columns have one by one: submission_id, sign, place, value.

    A place is words for a table, or for a table and its columns.
    """
    alike = _with_days(accepted)
    tables, columns = _tables(alike, profiles), _columns(alike, profiles)
    columns["since"] = _comparable_since(columns, forms.since(accepted, profiles))
    beside = _beside_shares(alike, profiles)
    columns["place"] = columns["table"] + ", column " + columns["column"]
    found = [
        tables.assign(sign="table_volume", place=tables["table"], value=_volume(tables)),
        columns.assign(sign="fullness", value=_fullness(columns)),
        columns.assign(sign="one_value", value=_of_one_value(columns)),
        *(
            beside.assign(sign=beside["name"] + f"_{sign}", value=beside[sign])
            for sign in ("found", "at_first")
        ),
    ]
    names = ["submission_id", "sign", "place", "value"]
    return pd.concat(
        [one[names].astype({"submission_id": "int64", "value": "float64"}) for one in found]
    )


def _signs_by_place() -> dict[str, str]:
    """What a submission is held to of those signs: the least of its places, or their sum."""
    beside = {f"{name}_{sign}": "min" for name in _all_beside() for sign in ("found", "at_first")}
    return {"table_volume": "min", "fullness": "min", "one_value": "sum"} | beside


def _comparable_since(columns: pd.DataFrame, since: Mapping[int, int]) -> list[int]:
    """The submission from which on a column is compared. Which of its tables a case system ties
    together, and by which keys, is its own way: keys are compared within one form."""
    extracts = contracts.load()
    names = ("submission_id", "extract", "table", "column")
    return [
        since[one] if extracts[extract].tables[table].columns[column].type == "id" else 0
        for one, extract, table, column in zip(*(columns[name] for name in names), strict=True)
    ]


def _with_days(accepted: pd.DataFrame) -> pd.DataFrame:
    start, end = (pd.to_datetime(accepted[name]) for name in ("period_start", "period_end"))
    return accepted.assign(days=(end - start).dt.days + 1)


def _outside(accepted: pd.DataFrame, profiles: Profiles) -> dict[int, float | None]:
    names = ["submission_id", "period_start", "period_end"]
    rows: list[Any] = accepted[names].dropna().to_dict("records")
    return {
        row["submission_id"]: outside_share(
            profiles[row["submission_id"]], Span(row["period_start"], row["period_end"])
        )
        for row in rows
        if row["submission_id"] in profiles
    }


def _former(frame: pd.DataFrame, values: "pd.Series[Any]", more: list[str]) -> "pd.Series[float]":
    """The median of the same sender's former returns of about the same length."""
    ordered = frame.assign(value=values, length=frame["days"] // ALIKE_DAYS)
    ordered = ordered.sort_values(["period_start", "submission_id"])
    keys = ["extract", "sender", "length", *more]
    grouped = ordered.groupby(keys, dropna=False, sort=False)["value"]
    medians = grouped.expanding(FORMER_PERIODS).median()
    medians.index = medians.index.get_level_values(-1)
    shifted = medians.reindex(ordered.index).groupby([ordered[key] for key in keys], dropna=False)
    return shifted.shift().reindex(frame.index)


def _tables(accepted: pd.DataFrame, profiles: Profiles) -> pd.DataFrame:
    found = [
        (submission_id, table, one["rows"])
        for submission_id, profile in profiles.items()
        for table, one in profile.items()
        if not one.get("is_spare") and "rows_set_aside" not in one
    ]
    return _beside(accepted, pd.DataFrame(found, columns=["submission_id", "table", "rows"]))


def _columns(accepted: pd.DataFrame, profiles: Profiles) -> pd.DataFrame:
    """One row per submission and column; the commonest code is blank where there is no code."""
    found = [
        (submission_id, table, column, one["rows"], filled, one["commonest"].get(column))
        for submission_id, profile in profiles.items()
        for table, one in profile.items()
        for column, filled in _filled(one).items()
    ]
    names = ["submission_id", "table", "column", "rows", "filled", "commonest"]
    return _beside(accepted, pd.DataFrame(found, columns=names))


def _filled(profile: Mapping[str, Any]) -> dict[str, int]:
    """Columns that need a value are as full as their table, and not counted one by one."""
    filled: dict[str, int] = dict.fromkeys(profile["commonest"], profile["rows"])
    filled.update(profile["filled"])
    return filled


def _beside(accepted: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    whose = accepted[["submission_id", "sender", "extract", "days", "period_start"]]
    return found.merge(whose, on="submission_id")


def _volume(tables: pd.DataFrame) -> "pd.Series[float]":
    usual = _former(tables, tables["rows"], ["table"])
    return tables["rows"] / usual.where(usual >= LEAST_USUAL)


def _fullness(columns: pd.DataFrame) -> "pd.Series[float]":
    share = columns["filled"] / columns["rows"].where(columns["rows"] > 0)
    usual = _former(columns, share, ["table", "column", "since"])
    return share / usual.where(usual * columns["rows"] >= FEWEST_EXPECTED)


def _of_one_value(columns: pd.DataFrame) -> "pd.Series[float]":
    share = columns["commonest"].astype("float64") / columns["filled"].where(columns["filled"] > 0)
    usual = _former(columns, share, ["table", "column"])
    is_new = (share == 1) & (usual <= MOST_ALIKE) & (columns["filled"] >= FEWEST_CODES)
    return is_new.astype("float64")


def _beside_shares(accepted: pd.DataFrame, profiles: Profiles) -> pd.DataFrame:
    """One row per submission and name of what rows usually have: as `found` its share against the
    sender's former returns; without any, as `at_first` the share itself."""
    found = [
        (submission_id, table, name, have, of)
        for submission_id, profile in profiles.items()
        for table, one in profile.items()
        for name, (have, of) in one.get("beside", {}).items()
    ]
    names = ["submission_id", "table", "name", "have", "of"]
    rows = _beside(accepted, pd.DataFrame(found, columns=names))
    share = rows["have"] / rows["of"].astype("float64")
    usual = _former(rows, share, ["name"])
    rows["found"] = share / usual.where(usual * rows["of"] >= LEAST_USUAL)
    rows["at_first"] = share.where(usual.isna() & (rows["of"] >= FEWEST_ASKED))
    rows["place"] = _places_beside(rows)
    return rows


def _places_beside(rows: pd.DataFrame) -> list[str]:
    """The table that is judged, and where it has to have what its rows usually have."""
    extracts, found = contracts.load(), []
    for extract, table, name in zip(rows["extract"], rows["table"], rows["name"], strict=True):
        of_table = extracts[extract].tables[table]
        columns = of_table.beside[name].columns(of_table.columns)
        own = f", column {' or '.join(columns)}" if columns else ""
        found.append(f"{table}{own}, with {of_table.beside[name].table}")
    return found


def _all_beside() -> list[str]:
    tables = (table for one in contracts.load().values() for table in one.tables.values())
    return sorted({name for table in tables for name in table.beside})


def _lost_share(was_open: int, lost: int) -> float | None:
    return lost / was_open if was_open >= FEWEST_OPEN else None
