"""Cases and episodes that were open in a sender's previous return and are missing from the next."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sightline.warehouse.connection import open_quietly, safe_config
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.rules import CarriedOver
from sightline.warehouse.intake.write import parquet


@dataclass(frozen=True)
class Carried:
    """Of one table of a submission: how many were open before, and how many are lost."""

    submission_id: int
    table: str
    official: str | None
    was_open: int
    lost: int


def open_and_absent(accepted: pd.DataFrame, new: "pd.Series[bool]", raw: Path) -> list[Carried]:
    """For each new submission that follows another; a row per submission with its `batch`."""
    ordered = accepted.sort_values(["period_end", "submission_id"])
    before = ordered.groupby(["sender", "extract"])[["submission_id", "period_end"]].shift()
    gap = pd.to_datetime(ordered["period_start"]) - pd.to_datetime(before["period_end"])
    ordered = ordered.assign(former=before["submission_id"])
    # After a gap, what was open may have ended in the return that never came.
    pairs = ordered[new.reindex(ordered.index) & (gap <= pd.Timedelta(days=1))]
    found = []
    for extract, of_extract in pairs.groupby("extract"):
        for name, table in contracts.load()[str(extract)].tables.items():
            if table.raw and table.carried_over:
                paths = _paths(accepted, of_extract, raw / table.raw)
                rows = _counted(of_extract, table.carried_over, paths) if paths else []
                official = table.carried_over.official
                found += [Carried(one, name, official, was, lost) for one, was, lost in rows]
    return found


def _paths(accepted: pd.DataFrame, pairs: pd.DataFrame, folder: Path) -> list[Path]:
    wanted = {*pairs["submission_id"], *pairs["former"].astype(int)}
    batches = accepted.loc[accepted["submission_id"].isin(wanted), "batch"].dropna().unique()
    paths = [folder / f"{batch}.parquet" for batch in sorted(batches)]
    return [path for path in paths if path.exists()]


def _counted(
    pairs: pd.DataFrame, carried: CarriedOver, paths: list[Path]
) -> list[tuple[int, int, int]]:
    keys = ", ".join(carried.by)
    with closing(open_quietly(None, safe_config())) as connection:
        connection.register("pairs", pairs[["submission_id", "former"]])
        rows = connection.execute(
            f"""
            with told as (
                select submission_id, {keys}, {carried.open_while_blank} is null as is_open
                from {parquet(*paths)}
            ),
            was_open as (
                select distinct pairs.submission_id, {keys}
                from told inner join pairs on told.submission_id = pairs.former
                where is_open
            ),
            lost as (
                select * from was_open anti join told using (submission_id, {keys})
            )
            select submission_id, count(*), (
                select count(*) from lost where lost.submission_id = was_open.submission_id
            )
            from was_open group by submission_id order by submission_id
            """
        ).fetchall()
    return [(int(one), int(was), int(lost)) for one, was, lost in rows]
