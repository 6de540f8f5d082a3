"""Validate frames against suites of Great Expectations and keep counts of what failed, no value.

Great Expectations takes seconds to import: it is loaded when a check runs and not before.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

if TYPE_CHECKING:
    import duckdb
    from great_expectations.core import ExpectationSuite, ExpectationValidationResult
    from great_expectations.data_context import AbstractDataContext
    from great_expectations.expectations.expectation import Expectation

# BASIC and SUMMARY copy failing values into results unless none may be listed.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}


class CheckerBroken(RuntimeError):
    """A check that could not run: a fault in the checker, never to be read as bad data."""


@dataclass(frozen=True)
class CheckResult:
    name: str
    passed: bool
    severity: Literal["error", "warning"]
    ran: int
    failed: int
    details: dict[str, Any] = field(default_factory=dict)
    said: str | None = None
    """What was found, in a sentence without a value."""


def about(rule: str, owner: str) -> dict[str, str]:
    """The `meta` of an expectation: the name under which its failures are counted, and who owns it.

    Why it is expected stands in its `description`.
    """
    return {"rule": rule, "owner": owner}


def frame_of(connection: "duckdb.DuckDBPyConnection", query: str) -> pd.DataFrame:
    """The rows of a query; text that repeats is kept as categories, which are judged faster."""
    frame: pd.DataFrame = connection.sql(query).df()
    return frame.astype(dict.fromkeys(frame.select_dtypes("string").columns, "category"))


def judge(
    name: str,
    frame: pd.DataFrame,
    expectations: "Sequence[Expectation]",
    *,
    severity: Literal["error", "warning"] = "error",
    identify: str | None = None,
) -> CheckResult:
    """Validate a frame; `identify` names a column of our own ids for the failing rows.

    Failures are counted by the `rule` in each expectation's `meta`: rows, or the values that a
    column lacks or should not have. Raises CheckerBroken where an expectation could not be run.
    """
    from great_expectations.core import ExpectationSuite

    suite = ExpectationSuite(name=name, expectations=list(expectations))
    results = _validate(frame, suite, identify)
    rules = {rule for rule, _ in results}
    failures = Counter[str]()
    for rule, result in results:
        if not result.success:
            failures[rule] += _failures(result)
    details: dict[str, Any] = {"rows": len(frame)} | {f"failed_{k}": v for k, v in failures.items()}
    if identify:
        details["failing"] = _identified(results, identify)
    return CheckResult(name, not failures, severity, len(rules), len(failures), details)


def together(name: str, results: Mapping[str, CheckResult]) -> CheckResult:
    """One check of several frames; its details say which count is of which frame."""
    return CheckResult(
        name,
        all(result.passed for result in results.values()),
        "error",
        sum(result.ran for result in results.values()),
        sum(result.failed for result in results.values()),
        {
            f"{detail}_of_{frame}": count
            for frame, result in results.items()
            for detail, count in result.details.items()
        },
    )


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


def _context() -> "AbstractDataContext":
    """In memory: no folder for pages of results, no bars, nothing told to anybody."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


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


def _failures(result: "ExpectationValidationResult") -> int:
    """Rows that broke it; of a whole column the values that are missing or should not be there."""
    names = ("unexpected_count", "missing_count")
    if "element_count" in result.result:
        return int(result.result["unexpected_count"])
    return max(1, sum(int(result.result.get(name) or 0) for name in names))


def _is_broken(result: "ExpectationValidationResult") -> bool:
    # A checker that fell over reports "no success" with an empty result, as bad data would.
    return not result.result or "raised_exception': True" in str(result.exception_info)


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
