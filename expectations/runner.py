"""Judge one small frame by stated limits with Great Expectations, and say what held in counts only.

Great Expectations takes seconds to import, so it is imported here alone and when first needed.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import (
        EphemeralDataContext,
    )
    from great_expectations.expectations.expectation import Expectation

# BASIC and SUMMARY copy failing values into results unless none may be listed.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


class CheckerBroken(RuntimeError):
    """A check that could not run: a fault in the checker, never to be read as bad data."""


@dataclass(frozen=True)
class Limit:
    """What a column of the frame must keep to; blanks pass unless they are forbidden."""

    rule: str
    column: str
    reason: str
    least: float | None = None
    most: float | None = None
    may_be_blank: bool = True


@dataclass(frozen=True)
class CheckResult:
    name: str
    passed: bool
    severity: Literal["error", "warning"]
    ran: int
    failed: int
    details: dict[str, Any] = field(default_factory=dict)


def judge(
    name: str,
    frame: pd.DataFrame,
    limits: Sequence[Limit],
    *,
    severity: Literal["error", "warning"] = "error",
    identify: str | None = None,
) -> CheckResult:
    """Every limit over every row; `identify` names a column of our own ids for the failing rows."""
    results = _validate(frame, _suite(name, limits), identify)
    failures = Counter[str]()
    for rule, result in results:
        if not result.success:
            failures[rule] += int(result.result["unexpected_count"])
    details: dict[str, Any] = {"rows": len(frame)} | {f"failed_{k}": v for k, v in failures.items()}
    if identify:
        details["failing"] = _identified(results, identify)
    return CheckResult(name, not failures, severity, len(results), len(failures), details)


def _suite(name: str, limits: Sequence[Limit]) -> "ExpectationSuite":
    from great_expectations.core import ExpectationSuite

    expectations = [one for limit in limits for one in _expectations(limit)]
    return ExpectationSuite(name=name, expectations=expectations)


def _expectations(limit: Limit) -> Iterator["Expectation"]:
    from great_expectations.expectations.core.expect_column_values_to_be_between import (
        ExpectColumnValuesToBeBetween,
    )
    from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
        ExpectColumnValuesToNotBeNull,
    )

    meta = {"rule": limit.rule}
    if limit.least is not None or limit.most is not None:
        yield ExpectColumnValuesToBeBetween(
            column=limit.column, min_value=limit.least, max_value=limit.most, meta=meta
        )
    if not limit.may_be_blank:
        yield ExpectColumnValuesToNotBeNull(column=limit.column, meta=meta)


def _validate(
    frame: pd.DataFrame, suite: "ExpectationSuite", identify: str | None
) -> list[tuple[str, "ExpectationValidationResult"]]:
    context = _context()
    batch = (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset(suite.name)
        .add_batch_definition_whole_dataframe("all")
        .get_batch({"dataframe": frame})
    )
    report = batch.validate(suite, result_format=_result_format(identify))
    results = [(_rule(result), result) for result in report.results]
    broken = sorted(rule for rule, result in results if _is_broken(result))
    if broken or len(results) != len(suite.expectations):
        raise CheckerBroken(f"{suite.name}: could not be checked: {', '.join(broken) or 'missing'}")
    return results


def _context() -> "EphemeralDataContext":
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return context


def _result_format(identify: str | None) -> dict[str, Any]:
    if identify is None:
        return COUNTS_ONLY
    return COUNTS_ONLY | {
        "result_format": "COMPLETE",
        "unexpected_index_column_names": [identify],
        "exclude_unexpected_values": True,
    }


def _rule(result: "ExpectationValidationResult") -> str:
    assert result.expectation_config is not None  # noqa: S101 (for the types: each has one)
    return str((result.expectation_config.meta or {})["rule"])


def _is_broken(result: "ExpectationValidationResult") -> bool:
    # A checker that fell over reports "no success" with an empty result, as bad data would.
    return "element_count" not in result.result or "raised_exception': True" in str(
        result.exception_info
    )


def _identified(
    results: list[tuple[str, "ExpectationValidationResult"]], identify: str
) -> dict[str, list[int]]:
    """Rule by rule the ids of the rows that broke it, never a value."""
    found: dict[str, list[int]] = {}
    for rule, result in results:
        for entry in result.result.get("unexpected_index_list") or []:
            values = entry[identify]
            ids = values if isinstance(values, list) else [values]
            found.setdefault(rule, []).extend(int(one) for one in ids)
    return {rule: sorted(ids) for rule, ids in found.items()}
