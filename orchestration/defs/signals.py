"""What stands out: every series judged, and the marts checked before anything leaves."""

from collections.abc import Iterator

import dagster as dg

from sightline.orchestration import ownership
from sightline.orchestration.checks import asset_check
from sightline.orchestration.resources import Monitor
from sightline.orchestration.steps import disclosure
from sightline.orchestration.steps import marts as steps
from sightline.orchestration.steps.order import done

VALUES = dg.AssetKey(["marts", "fct_indicator_values"])
DELAY = dg.AssetKey(["intermediate", "int_reporting_delay"])
SIGNALS = dg.AssetKey(["marts", "fct_signals"])


@dg.asset(
    key=SIGNALS,
    deps=[VALUES, DELAY],
    group_name="marts",
    kinds={"python", "duckdb"},
    owners=ownership.teams(),
)
def signals(monitor: Monitor) -> dg.MaterializeResult[None]:
    """One row per monitored indicator, area and recent period: expected range and status."""
    return dg.MaterializeResult(metadata=done(monitor.run, steps.detect))


@dg.asset_check(asset=SIGNALS, blocking=True)
def marts_are_coherent(monitor: Monitor) -> dg.AssetCheckResult:
    """Blocks the release: one row each, rates that can be, England the sum of its areas."""
    return asset_check(done(monitor.run, steps.marts_are_coherent))


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(
            f"{one.indicator}_is_not_worsening",
            asset=SIGNALS,
            # the figures that are shown with it are those of the release
            additional_deps=["release"],
            description=f"Warns only: no area worsens in the newest period of: {one.name}.",
            metadata={"owner": one.owner},
        )
        for one in ownership.defined()
        if one.is_monitored
    ],
    can_subset=True,
)
def no_indicator_is_worsening(
    context: dg.AssetCheckExecutionContext, monitor: Monitor
) -> Iterator[dg.AssetCheckResult]:
    """A worsening indicator is what a run is for, never a reason to stop it."""
    wanted = {key.name for key in context.selected_asset_check_keys}
    for one in done(monitor.run, steps.worsening).values():
        if one.check.name in wanted:
            told = steps.told_of(monitor.run, one)
            page = monitor.run.home.current / "report" / "indicators" / f"{one.indicator}.html"
            yield asset_check(one.check, asset_key=SIGNALS, areas=told, page=page)


@dg.asset_check(asset=SIGNALS)
def counts_agree_with_official(monitor: Monitor) -> dg.AssetCheckResult:
    """Warns only: our counts of a year beside the official ones, where they can be compared."""
    return asset_check(done(monitor.run, steps.counts_agree_with_official))


@dg.asset_check(asset=SIGNALS, blocking=True)
def small_counts_stay_withheld(monitor: Monitor) -> dg.AssetCheckResult:
    """Blocks the release: no withheld small count can be worked out to fewer than five values."""
    return asset_check(done(monitor.run, disclosure.control))
