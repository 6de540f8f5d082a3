"""One adapter: any check's result as Dagster shows it."""

import dagster as dg

from expectations.runner import CheckResult


def asset_check(
    result: CheckResult, *, asset_key: dg.AssetKey | None = None
) -> dg.AssetCheckResult:
    """Counts only go into metadata."""
    is_error = result.severity == "error"
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata={"ran": result.ran, "failed": result.failed} | result.details,
    )
