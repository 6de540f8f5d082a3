"""What building every figure anew costs beside bare DuckDB and other libraries, and how it grows.

    python benchmarks/rebuild.py [--areas N ...] [--months N] [--runs N] [--json]

All data are simulated. For each number of authorities, extracts are taken in and the tables that
the models read are written; then, each in a process of its own and in turn,

- `dbt` parses nothing anew and builds all seeds, models and tests, as a run does,
- `models` does so without tests,
- `bare` runs the SQL that dbt compiled for the models, one after the other, in DuckDB alone,
- `duckdb`, `pandas` and `polars` read the referrals from one Parquet file and count, for each
  authority and month, referrals and those of a child referred in the year before. Where one of
  them counts otherwise, nothing is printed; polars is left out where it is not installed.

Printed are medians of CPU seconds less what starting takes, and ratios, which depend less on the
machine: dbt over bare (goal: at most 1.5), DuckDB over pandas (goal: at most 1), and the cost of
each size over what the first would grow to in proportion (goal: at most 1.25).
"""

import json
import shutil
import sys
import tempfile
from collections import defaultdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import duckdb
import processes

from sightline.orchestration import dbt_runner
from sightline.simulation.national import simulate
from sightline.warehouse import home as homes
from sightline.warehouse.connection import connect
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import State
from sightline.warehouse.settings import load_settings, today
from sightline.warehouse.take_in import take_in
from sightline.warehouse.timeline import work_file

AREAS, MONTHS = (8, 24, 72), 60
COMPILED, PREPARED, BUILT = "compiled.json", "prepared.duckdb", "built.duckdb"
REFERRALS, COUNTS = "referrals.parquet", "counts-{}.csv"
PEERS = ("duckdb", "pandas", *(["polars"] if find_spec("polars") else []))


def prepare(home: Home, areas: int, months: int) -> None:
    """All that a build reads, what it compiles, and the referrals that the peers count."""
    simulate(home.inbox, months=months, areas=areas)
    settings, state = load_settings(home), State(home.state_db)
    take_in(home, settings, state)
    work_file.prepare(home, state, today(settings))
    state.close()
    shutil.copy(home.work_db, home.work / PREPARED)
    results = dbt_runner.build(home, dbt_runner.parsed(home), tests=False)
    compiled = [
        (one.node.config.materialized, one.node.schema, one.node.name, one.node.compiled_code)
        for one in results
        if one.node.resource_type == "model"
    ]
    (home.work / COMPILED).write_text(json.dumps(compiled))
    with connect(home.work_db, home=home) as connection:
        connection.execute(
            "copy (select la_code, child_key, referral_date as referred_on"
            " from intermediate.int_referrals)"
            f" to '{home.work / REFERRALS}'"
        )
    shutil.copy(home.work_db, home.work / BUILT)


# The steps, each run in a process of its own.


def nothing(_root: Path) -> None:
    """Starting with all that is imported, which the others do too."""


def dbt(root: Path, *, tests: bool = True) -> None:
    home = Home(root)
    shutil.copy(home.work / PREPARED, home.work_db)
    dbt_runner.build(home, dbt_runner.parsed(home), tests=tests)


def bare(root: Path) -> None:
    """The same SQL over the same tables; seeds stand there already."""
    home = Home(root)
    shutil.copy(home.work / BUILT, home.work_db)
    with connect(home.work_db, home=home, settings=load_settings(home)) as connection:
        for kind, schema, name, sql in json.loads((home.work / COMPILED).read_text()):
            what = "view" if kind == "view" else "table"
            connection.execute(f"create or replace {what} {schema}.{name} as {sql}")


def in_duckdb(root: Path) -> None:
    work = Home(root).work
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select
                    la_code, date_trunc('month', referred_on)::date as month, count(*) as referrals,
                    count(*) filter (where referred_on - before <= 365) as again
                from (
                    select
                        la_code, referred_on,
                        lag(referred_on) over (partition by child_key order by referred_on, la_code)
                            as before
                    from '{work / REFERRALS}'
                )
                group by all
                order by all
            ) to '{work / COUNTS.format("duckdb")}' (header false)
            """
        )


def in_pandas(root: Path) -> None:
    import pandas as pd

    work = Home(root).work
    rows = pd.read_parquet(work / REFERRALS).sort_values(["child_key", "referred_on", "la_code"])
    before = rows.groupby("child_key", sort=False)["referred_on"].shift()
    referred = pd.to_datetime(rows["referred_on"])
    rows["again"] = (referred - pd.to_datetime(before)).dt.days <= 365
    rows["month"] = referred.dt.strftime("%Y-%m-01")
    counts = rows.groupby(["la_code", "month"])["again"].agg(["size", "sum"])
    counts.to_csv(work / COUNTS.format("pandas"), header=False)


def in_polars(root: Path) -> None:
    import polars as pl  # type: ignore[import-not-found, unused-ignore]  # may not be there

    work = Home(root).work
    day = pl.col("referred_on")
    rows = pl.scan_parquet(work / REFERRALS).sort("child_key", "referred_on", "la_code")
    before = day.shift().over("child_key")
    counts = (
        rows.with_columns(((day - before).dt.total_days() <= 365).fill_null(False).alias("again"))
        .group_by("la_code", day.dt.truncate("1mo").alias("month"))
        .agg(pl.len(), pl.col("again").sum())
        .sort("la_code", "month")
    )
    counts.collect().write_csv(work / COUNTS.format("polars"), include_header=False)


STEPS = {
    "start": nothing,
    "dbt": dbt,
    "models": partial(dbt, tests=False),
    "bare": bare,
    "duckdb": in_duckdb,
    "pandas": in_pandas,
    "polars": in_polars,
}
cost = partial(processes.cost, Path(__file__))


def measured(root: Path, areas: int, months: int, runs: int) -> dict[str, float]:
    """CPU seconds of each step at this size, and the rows that it is about."""
    home = homes.create(root)
    prepare(home, areas, months)
    found: dict[str, list[processes.Cost]] = defaultdict(list)
    for _ in range(runs):
        for step in ("start", "dbt", "models", "bare", *PEERS):
            found[step].append(cost(step, root))
    counts = {peer: (home.work / COUNTS.format(peer)).read_bytes() for peer in PEERS}
    if len(set(counts.values())) > 1:
        raise SystemExit("the libraries do not count the same")
    with duckdb.connect() as connection:
        rows = connection.execute(f"select count(*) from '{home.work / REFERRALS}'").fetchone()
    return processes.less_start(found) | {
        "referrals": rows[0] if rows else 0,
        "rss_mb": max(one.rss for one in found["dbt"]),
    }


def main() -> None:
    parser = processes.parser(__doc__)
    parser.add_argument("--areas", type=int, nargs="+", default=AREAS)
    parser.add_argument("--months", type=int, default=MONTHS)
    wanted = parser.parse_args()
    if processes.is_step(wanted, STEPS):
        return
    found = {}
    for areas in wanted.areas:
        with tempfile.TemporaryDirectory() as folder:
            found[areas] = measured(Path(folder) / "home", areas, wanted.months, wanted.runs)
    if wanted.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    first, *_ = found
    for areas, of in found.items():
        grown = areas / first
        sys.stdout.write(
            f"{areas:>4} authorities, {of['referrals']:,.0f} referrals: dbt {of['dbt']:.1f} CPU s,"
            f" without tests {of['models']:.1f}, bare {of['bare']:.1f};"
            f" dbt over bare {of['dbt'] / of['bare']:.2f}, models {of['models'] / of['bare']:.2f};"
            f" over proportion {of['bare'] / found[first]['bare'] / grown:.2f};"
            f" {of['rss_mb']:,.0f} MB; "
            + ", ".join(f"{peer} {of[peer]:.2f}" for peer in PEERS)
            + f"; DuckDB over pandas {of['duckdb'] / of['pandas']:.2f}\n"
        )


if __name__ == "__main__":
    main()
