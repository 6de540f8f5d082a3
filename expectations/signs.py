"""What is measured of each submission as a whole: counts and shares, one row per submission."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from warehouse import contract as contracts
from warehouse.calendar import Span
from warehouse.intake.profiles import FEWEST_ASKED, Profile, outside_share
from warehouse.intake.senders import PUBLISHER

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
) -> pd.DataFrame:
    """One row per submission; blank where there is nothing to compare with.

    `carried` is what was open in the sender's former return and how much of it is absent now.
    """
    start, end = (pd.to_datetime(accepted[name]) for name in ("period_start", "period_end"))
    ids = accepted["submission_id"]
    aside = ids.map(_rows_set_aside(profiles)).fillna(0)
    quarantined, counted = accepted["quarantined"] - aside, accepted["records"] - aside
    refused = quarantined.where(quarantined >= FEWEST_REFUSED, 0)
    records = counted.where(counted > 0).astype("float64")
    alike = accepted.assign(days=(end - start).dt.days + 1)
    rows, columns = _tables(alike, profiles), _columns(alike, profiles)
    usual = _former(alike, alike["records"], [])
    beside = _beside_shares(alike, profiles)
    came = pd.to_datetime(accepted["received_on"])
    of_authority = accepted["sender"] != PUBLISHER
    return alike.assign(
        years_back=((came - end).dt.days / DAYS_IN_YEAR).where(of_authority),
        refused_share=refused / records,
        outside_share=ids.map(_outside(accepted, profiles)),
        volume=accepted["records"] / usual.where(usual >= LEAST_USUAL),
        table_volume=ids.map(_least_volume(rows)),
        fullness=ids.map(_least_fullness(columns)),
        one_value=ids.map(_of_one_value(columns)),
        open_lost=ids.map({key: _lost_share(*found) for key, found in carried.items()}),
        **{name: ids.map(values) for name, values in beside.items()},
    )


def _rows_set_aside(profiles: Profiles) -> dict[int, int]:
    """By submission, the rows of tables that were set aside whole: named, and no measure of the
    rows that were taken in."""
    return {
        submission_id: sum(one.get("rows_set_aside", 0) for one in profile.values())
        for submission_id, profile in profiles.items()
    }


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


def _least_volume(tables: pd.DataFrame) -> "pd.Series[float]":
    usual = _former(tables, tables["rows"], ["table"])
    return _least(tables, tables["rows"] / usual.where(usual >= LEAST_USUAL))


def _least_fullness(columns: pd.DataFrame) -> "pd.Series[float]":
    share = columns["filled"] / columns["rows"].where(columns["rows"] > 0)
    usual = _former(columns, share, ["table", "column"])
    return _least(columns, share / usual.where(usual * columns["rows"] >= FEWEST_EXPECTED))


def _of_one_value(columns: pd.DataFrame) -> "pd.Series[float]":
    share = columns["commonest"].astype("float64") / columns["filled"].where(columns["filled"] > 0)
    usual = _former(columns, share, ["table", "column"])
    is_new = (share == 1) & (usual <= MOST_ALIKE) & (columns["filled"] >= FEWEST_CODES)
    return is_new.astype("float64").groupby(columns["submission_id"]).sum()


def _beside_shares(accepted: pd.DataFrame, profiles: Profiles) -> "dict[str, pd.Series[float]]":
    """By name of what rows usually have, as `NAME_found`: its share against the sender's former
    returns; without any, as `NAME_at_first`: the share itself."""
    found = [
        (submission_id, name, have, of)
        for submission_id, profile in profiles.items()
        for one in profile.values()
        for name, (have, of) in one.get("beside", {}).items()
    ]
    rows = _beside(accepted, pd.DataFrame(found, columns=["submission_id", "name", "have", "of"]))
    share = rows["have"] / rows["of"].astype("float64")
    usual = _former(rows, share, ["name"])
    rows["found"] = share / usual.where(usual * rows["of"] >= LEAST_USUAL)
    rows["at_first"] = share.where(usual.isna() & (rows["of"] >= FEWEST_ASKED))
    return {
        f"{name}_{sign}": rows[rows["name"] == name].set_index("submission_id")[sign]
        for name in _all_beside()
        for sign in ("found", "at_first")
    }


def _all_beside() -> list[str]:
    tables = (table for one in contracts.load().values() for table in one.tables.values())
    return sorted({name for table in tables for name in table.beside})


def _least(frame: pd.DataFrame, values: "pd.Series[float]") -> "pd.Series[float]":
    return values.groupby(frame["submission_id"]).min()


def _lost_share(was_open: int, lost: int) -> float | None:
    return lost / was_open if was_open >= FEWEST_OPEN else None
