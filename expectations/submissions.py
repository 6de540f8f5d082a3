"""Each new submission's vital signs: few refused rows, dates inside its period, a usual volume.

A submission that does not hold is held back alone, with its reason; the others go on. The limits
are wide: they are to catch a wrong file, never a real change, which is what the monitor looks for.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from expectations.runner import CheckResult, Limit, judge
from warehouse.intake import ledger
from warehouse.state import State, problems, submissions

# A contract refuses a whole file at a tenth of bad rows; from half of that a person should look.
# Fewer than five bad rows say nothing about a submission as a whole.
MOST_REFUSED = 0.05
FEWEST_REFUSED = 5

# Of the published suspensions of 2006/07 to 2022/23, one authority's year in a thousand was under
# a third or over four times the median of its three former years, the closure of 2020 among them.
# A month is noisier; a file of another kind or another unit is off by more than twenty times.
LEAST_VOLUME, MOST_VOLUME = 0.05, 20.0
# A median needs a few periods, and of small numbers any multiple is possible.
FORMER_PERIODS = 3
LEAST_USUAL = 50

OUTSIDE = "OUTSIDE_PERIOD"

LIMITS = [
    Limit("few_rows_refused", "refused_share", "too many rows were refused", 0, MOST_REFUSED),
    Limit("dates_in_period", "outside_share", "dates outside the period", 0, MOST_REFUSED),
    Limit(
        "usual_volume", "volume", "far from the sender's usual volume", LEAST_VOLUME, MOST_VOLUME
    ),
    Limit("says_its_period", "days", "no period of at least a day", least=1, may_be_blank=False),
]

COLUMNS = [
    submissions.c.submission_id,
    submissions.c.sender,
    submissions.c.extract,
    submissions.c.period_start,
    submissions.c.period_end,
    submissions.c.records,
    submissions.c.quarantined,
]


def judge_submissions(state: State, after: int) -> CheckResult:
    """Judge the accepted submissions above this id; hold back those that do not keep to a limit."""
    signs = vital_signs(_accepted(state), _outside(state))
    result = judge(
        "vital_signs_hold",
        signs[signs["submission_id"] > after],
        LIMITS,
        severity="warning",
        identify="submission_id",
    )
    details = dict(result.details)
    held = _reasons(details.pop("failing"))
    hold(state, held)
    return CheckResult(
        result.name,
        result.passed,
        result.severity,
        result.ran,
        result.failed,
        details | {"held": len(held)},
    )


def vital_signs(accepted: pd.DataFrame, outside: Mapping[int, int]) -> pd.DataFrame:
    """One row per submission; blank where there is nothing to compare with."""
    start, end = (pd.to_datetime(accepted[name]) for name in ("period_start", "period_end"))
    refused = accepted["quarantined"].where(accepted["quarantined"] >= FEWEST_REFUSED, 0)
    beyond = accepted["submission_id"].map(outside).fillna(0)
    records = accepted["records"].where(accepted["records"] > 0).astype("float64")
    days = (end - start).dt.days + 1
    return accepted.assign(
        days=days,
        refused_share=refused / records,
        outside_share=beyond.where(beyond >= FEWEST_REFUSED, 0) / records,
        volume=accepted["records"] / _usual(accepted.assign(days=days)),
    )


def hold(state: State, reasons: Mapping[int, str]) -> None:
    """Keep these submissions out of force until a person has looked."""
    with state.begin() as connection:
        for submission_id, reason in reasons.items():
            connection.execute(
                sa.update(submissions)
                .where(submissions.c.submission_id == submission_id)
                .values(held_reason=reason)
            )


def _usual(accepted: pd.DataFrame) -> "pd.Series[float]":
    """The median of the same sender's former returns of about the same length."""
    ordered = accepted.sort_values(["period_start", "submission_id"])
    alike = ordered.groupby(["extract", "sender", ordered["days"] // 15], dropna=False)["records"]
    former = alike.transform(lambda one: one.expanding(FORMER_PERIODS).median().shift())
    return former.where(former >= LEAST_USUAL).reindex(accepted.index)


def _accepted(state: State) -> pd.DataFrame:
    query = sa.select(*COLUMNS).where(ledger.is_used()).order_by(submissions.c.submission_id)
    with state.read() as connection:
        rows: list[Any] = list(connection.execute(query).all())
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])


def _outside(state: State) -> dict[int, int]:
    query = (
        sa.select(problems.c.submission_id, sa.func.sum(problems.c.count))
        .where(problems.c.rule == OUTSIDE)
        .group_by(problems.c.submission_id)
    )
    with state.read() as connection:
        rows: list[Any] = list(connection.execute(query).all())
    return {key: int(count) for key, count in rows}


def _reasons(failing: Mapping[str, list[int]]) -> dict[int, str]:
    told = {limit.rule: limit.reason for limit in LIMITS}
    found: dict[int, list[str]] = {}
    for rule, ids in failing.items():
        for one in ids:
            found.setdefault(one, []).append(told[rule.removesuffix("_blank")])
    return {one: "; ".join(reasons) for one, reasons in found.items()}
