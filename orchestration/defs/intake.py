"""What was sent: one asset per extract, judged by its contract, then put into the work file."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from sightline.orchestration import ownership
from sightline.orchestration.checks import asset_check, key_of
from sightline.orchestration.resources import Monitor
from sightline.orchestration.steps import intake as steps
from sightline.orchestration.steps.order import done
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import Contract, Due
from sightline.warehouse.timeline.recurring_deadlines import deadline

EXTRACTS = contracts.load()
SUBMISSIONS = dg.AssetKey(["control", "submissions"])


def _key(extract: str) -> dg.AssetKey:
    return dg.AssetKey(["raw", extract])


def freshness(due: Due) -> dg.FreshnessPolicy:
    """Late is an extract of which nothing came between the end of a period and its due date.

    That is told of all its senders together; who of them is late is for `returns_are_on_time`.
    """
    by = deadline(due)
    months = ",".join(map(str, by.months))
    return dg.FreshnessPolicy.cron(
        f"0 0 {by.day} {months} *", by.open_for, timezone="Europe/London"
    )


def _columns(contract: Contract) -> dg.TableSchema:
    """The columns of all tables of an extract, as `table.column`."""
    meanings = {
        (table.raw, column.raw): column.means
        for table in contract.tables.values()
        for column in table.columns.values()
    }
    return dg.TableSchema(
        [
            dg.TableColumn(f"{table}.{column}", kind, meanings.get((table, column)))
            for table, columns in contract.raw_tables().items()
            for column, kind in columns.items()
        ]
    )


def _spec(name: str, contract: Contract) -> dg.AssetSpec:
    return dg.AssetSpec(
        _key(name),
        group_name="raw",
        description=contract.title,
        kinds={"parquet"},
        tags={"extract": name, "family": contract.family, "sent_by": contract.sent_by},
        owners=ownership.teams(ownership.of_extract(contract)),
        freshness_policy=freshness(contract.due) if contract.due else None,
        metadata={"dagster/column_schema": _columns(contract)},
        skippable=True,
    )


@dg.multi_asset(
    name="extracts",
    specs=[
        *(_spec(name, contract) for name, contract in EXTRACTS.items()),
        dg.AssetSpec(
            SUBMISSIONS,
            deps=[_key(name) for name in EXTRACTS],
            group_name="control",
            description="Each new submission's vital signs; one that does not hold is held back,"
            " the others go on.",
            kinds={"sqlite"},
            owners=ownership.teams(),
        ),
    ],
    check_specs=[
        *(dg.AssetCheckSpec("meets_contract", asset=_key(name)) for name in EXTRACTS),
        *(
            dg.AssetCheckSpec("returns_are_on_time", asset=_key(name))
            for name, contract in EXTRACTS.items()
            if contract.due
        ),
        dg.AssetCheckSpec("vital_signs_hold", asset=SUBMISSIONS),
    ],
    can_subset=True,
)
def extracts(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
    """Take in all that lies in the inbox, and judge it; what breaks its contract is refused and
    named, what looks wrong as a whole held back.

    One step, since Dagster would skip what follows an extract of which nothing came.
    """
    wanted = context.selected_asset_keys | context.selected_asset_check_keys
    yield from (event for event in _taken_in(context, monitor) if key_of(event) in wanted)
    if wanted & {SUBMISSIONS, dg.AssetCheckKey(SUBMISSIONS, "vital_signs_hold")}:
        result = done(monitor.run, steps.judge_submissions)
        yield dg.MaterializeResult(asset_key=SUBMISSIONS, metadata=result.details)
        yield asset_check(result, asset_key=SUBMISSIONS)
    for name, result in steps.returns_are_on_time(monitor.run).items():
        check = asset_check(result, asset_key=_key(name))
        if key_of(check) in wanted:
            yield check


def _taken_in(context: dg.AssetExecutionContext, monitor: Monitor) -> Iterator[Any]:
    taken_in = done(monitor.run, steps.take_in)
    kept = steps.kept_rows(monitor.run)
    for name, counts in taken_in.items():
        result = steps.meets_contract(counts)
        # Fresh is an extract of which something was taken in, so a run of the whole job makes no
        # other; who asks for an extract itself is answered.
        if steps.was_taken_in(counts) or context.is_subset:
            rows = {"dagster/row_count": kept.get(name, 0)}
            yield dg.MaterializeResult(asset_key=_key(name), metadata=result.details | rows)
        yield asset_check(result, asset_key=_key(name))


@dg.asset(
    key=["control", "work_file"],
    deps=[SUBMISSIONS],
    group_name="control",
    kinds={"duckdb"},
    owners=ownership.teams(),
)
def work_file(monitor: Monitor) -> dg.MaterializeResult[None]:
    """A new file with what is in force, who is who, what was due and what is measured."""
    return dg.MaterializeResult(metadata=done(monitor.run, steps.prepare_work_file))
