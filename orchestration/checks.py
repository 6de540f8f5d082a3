"""Results of steps as Dagster's check results and metadata."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from sightline.expectations.runner import CheckResult
from sightline.warehouse.contents import Content


def asset_check(
    result: CheckResult,
    *,
    asset_key: dg.AssetKey | None = None,
    areas: Sequence[Mapping[str, Any]] = (),
    page: Path | None = None,
) -> dg.AssetCheckResult:
    """Counts only go into metadata; and of areas, what a release shows of them."""
    is_error = result.severity == "error"
    told: dict[str, Any] = {"ran": result.ran, "failed": result.failed} | result.details
    if areas:
        told["areas"] = dg.TableMetadataValue(
            [dg.TableRecord({name: _cell(row[name]) for name in row}) for row in areas],
            dg.TableSchema([dg.TableColumn(name) for name in areas[0]]),
        )
        told["alerts"] = [row["alert"] for row in areas if row["alert"]]
    if page:
        told["page"] = dg.MetadataValue.path(page)
    return dg.AssetCheckResult(
        asset_key=asset_key,
        check_name=result.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description=result.said,
        metadata=told,
    )


def _cell(value: Any) -> Any:
    return "" if value is None else value


def key_of(event: Any) -> dg.AssetKey | dg.AssetCheckKey | None:
    """Of which asset or check an event tells, to yield what was asked for and nothing else."""
    if isinstance(event, dg.AssetCheckResult) and event.asset_key and event.check_name:
        return dg.AssetCheckKey(event.asset_key, event.check_name)
    return event.asset_key if isinstance(event, dg.MaterializeResult) else None


def table_metadata(content: Content | None) -> dict[str, Any]:
    """Columns and rows of a table in the work file; nothing where it is not there."""
    if content is None:
        return {}
    columns = [dg.TableColumn(one.name, one.type, one.description) for one in content.columns]
    found: dict[str, Any] = {"dagster/column_schema": dg.TableSchema(columns)}
    return found if content.rows is None else found | {"dagster/row_count": content.rows}
