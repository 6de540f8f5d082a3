"""What share of a count that is not final is in: learned from what each sender sent before."""

import duckdb
import numpy as np
import pandas as pd

from sightline.monitoring.detection.completeness import learn

AGES = 3  # months after which what is still to come is no longer told from a correction
# A sender is taken at its word after a year of final months of its own: fewer would be judged by
# what other senders do. A share that is usually a tenth or more off is held: one month in which
# half the usual did not come is then no rare thing, and a normal variance makes light of it.
FEWEST_PERIODS = 12
LARGEST_VARIANCE = 0.01

COLUMNS = ["measure", "la_code", "period_start", "completeness", "completeness_variance"]

TOLD = """
select measure, la_code, period_start, age, reported, final, is_in_force
from intermediate.int_reporting_delay
order by measure, la_code, period_start, age
"""


def learned(connection: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row per authority and month not yet final whose share known is known well enough."""
    told = connection.execute(TOLD).df()
    found = [_of_measure(rows) for _, rows in told.groupby("measure")]
    return pd.concat(found, ignore_index=True) if found else told.reindex(columns=COLUMNS)


def _of_measure(told: pd.DataFrame) -> pd.DataFrame:
    areas = pd.Index(sorted(told["la_code"].unique()))
    periods = pd.Index(sorted(told["period_start"].unique()))
    row, column = areas.get_indexer(told["la_code"]), periods.get_indexer(told["period_start"])
    age = told["age"].to_numpy()
    reported = np.full((len(areas), len(periods), AGES), np.nan)
    reported[row, column, age] = told["reported"]
    final = np.full((len(areas), len(periods)), np.nan)
    final[row, column] = told["final"]
    known = learn(reported, final)
    is_sure = (known.periods >= FEWEST_PERIODS) & (known.variance <= LARGEST_VARIANCE)
    wanted = told["is_in_force"].to_numpy(dtype=bool) & is_sure[row, age]
    found = told.assign(
        completeness=known.share[row, age], completeness_variance=known.variance[row, age]
    )
    chosen: pd.DataFrame = found.loc[wanted, COLUMNS]
    return chosen
