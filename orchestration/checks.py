"""One adapter: any check's result as Dagster shows it, and as the run remembers it."""

import dagster as dg

from expectations.runner import CheckResult
from orchestration.run import Run


def asset_check(
    run: Run, result: CheckResult, *, asset_key: dg.AssetKey | None = None
) -> dg.AssetCheckResult:
    """Counts only go into metadata; a failed error is a gate that stopped the run."""
    is_error = result.severity == "error"
    if is_error and not result.passed:
        run.shut(result.name)
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata={"ran": result.ran, "failed": result.failed} | result.details,
    )
