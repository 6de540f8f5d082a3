"""What the marks of every school register would cost: three sizes measured, the country estimated.

    python benchmarks/attendance.py [--pupils N] [--runs N] [--engine-factor F] [--json]

All data are simulated: for each pupil a mark for 190 days, morning and afternoon, in ten months; a
month arrives as CSV in the order of registers. `store` reads that CSV, replaces pupil numbers by
keys and writes Parquet by month and region, sorted by pupil. `month` counts a stored month: marks
by authority and day, and one row for each pupil. `year` finds from those rows who missed a tenth
of the year, `scratch` the same from all marks; where they differ, nothing is printed.

The model is a cost that grows with the marks, a + b n, taken from two sizes; the third, three
times the larger, is what it is checked on. From it follows what the country takes, and how long
on a cluster, where tasks are months by region, an engine that spreads over machines takes
`--engine-factor` times DuckDB's CPU, and tasks go to the next free core, the largest first.
"""

import heapq
import json
import sys
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path

import duckdb
import processes

MONTHS, DAYS = 10, 19  # of a school year, and of each month
MARKS_OF_PUPIL = 2 * DAYS  # in a month
SIZES = (1, 3, 9)
COUNTRY = 3_000_000_000  # marks in a year
CORES = (2, 8, 32, 128)
SHORTEST = 0.4  # seconds, below which a step is noise
# Shares of the regions of England in pupils, January 2025, rounded.
REGIONS = (0.17, 0.16, 0.13, 0.11, 0.10, 0.10, 0.10, 0.09, 0.04)
TENTH = "sum(missed) * 10 >= sum(possible)"
STORED = "marks/{:02}"

# A mark in twelve is an absence; one pupil in eight is absent three times as often.
MARKS = """
    select
        pupil, pupil // 400 as school, (pupil // 400) % 153 as authority,
        date '2025-09-01' + interval (31 * {month} + day) day as day, session,
        case when hash(pupil, {month}, day, session) % 1000 < if(pupil % 8 = 0, 180, 60)
             then if(hash(pupil, day) % 4 = 0, 'O', 'I')
             else if(session = 0, '/', '\\') end as code
    from range({pupils}) as pupils(pupil), range({days}) as days(day), range(2) as half(session)
"""


def prepare(folder: Path, pupils: int) -> None:
    """The last month as CSV, those before it stored, and the kept keys of pupil numbers."""
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'A' || lpad(range::varchar, 12, '0') as upn, range as pupil"
            f" from range({pupils})) to '{folder}/keys.parquet'"
        )
        for month in range(MONTHS):
            marks = MARKS.format(month=month, pupils=pupils, days=DAYS)
            if month == MONTHS - 1:
                connection.execute(
                    "copy (select 'A' || lpad(pupil::varchar, 12, '0') as upn, school, authority,"
                    f" day::date as day, session, code from ({marks})"
                    f" order by school, day, session, pupil) to '{folder}/last.csv'"
                )
            else:
                write_month(connection, folder, month, marks)
                count_month(connection, folder, month)


def write_month(
    connection: duckdb.DuckDBPyConnection, folder: Path, month: int, marks: str
) -> None:
    place = folder / STORED.format(month)
    place.mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"copy (select authority % 9 as region, authority, pupil::integer as pupil,"
        f" day::date as day, session::tinyint as session, code from ({marks})"
        f" order by region, authority, pupil, day, session) to '{place}'"
        " (format parquet, compression zstd, partition_by (region), overwrite_or_ignore)"
    )


def count_month(connection: duckdb.DuckDBPyConnection, folder: Path, month: int) -> None:
    marks = f"read_parquet('{folder}/{STORED.format(month)}/*/*.parquet')"
    for name in ("days", "pupils"):
        (folder / name).mkdir(exist_ok=True)
    connection.execute(
        f"copy (select authority, day, code, count(*) as marks from {marks} group by all)"
        f" to '{folder}/days/{month:02}.parquet'"
    )
    connection.execute(
        "copy (select authority, pupil, count(*) as possible,"
        f" count(*) filter (where code in ('O', 'I')) as missed from {marks} group by all"
        f" order by pupil) to '{folder}/pupils/{month:02}.parquet'"
    )


# The steps, each run in a process of its own.


def nothing(_folder: Path) -> None:
    """Starting, which the others do too."""
    duckdb.connect().close()


def store(folder: Path) -> None:
    """A month that has come, typed and with keys, to Parquet."""
    with duckdb.connect() as connection:
        types = {
            "upn": "varchar", "school": "integer", "authority": "smallint", "day": "date",
            "session": "tinyint", "code": "varchar",
        }  # fmt: skip
        sent = (
            f"read_csv('{folder}/last.csv', header = true, auto_detect = false, columns = {types})"
        )
        keyed = f"select * from {sent} join read_parquet('{folder}/keys.parquet') using (upn)"
        write_month(connection, folder, MONTHS - 1, keyed)


def month(folder: Path) -> None:
    with duckdb.connect() as connection:
        count_month(connection, folder, MONTHS - 1)


def year(folder: Path) -> None:
    persistent(folder, f"read_parquet('{folder}/pupils/*.parquet')", "year")


def scratch(folder: Path) -> None:
    of_pupils = (
        "(select authority, pupil, count(*) as possible, count(*) filter (where code in ('O', 'I'))"
        f" as missed from read_parquet('{folder}/marks/*/*/*.parquet') group by all)"
    )
    persistent(folder, of_pupils, "scratch")


def persistent(folder: Path, of_pupils: str, name: str) -> None:
    """How many pupils of each authority missed a tenth of the year."""
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select authority, count(*) as pupils, count(*) filter (where is_persistent) as"
            f" persistent from (select authority, pupil, {TENTH} as is_persistent from {of_pupils}"
            f" group by all) group by all order by authority) to '{folder}/{name}.csv'"
        )


STEPS = {"start": nothing, "store": store, "month": month, "year": year, "scratch": scratch}
cost = partial(processes.cost, Path(__file__))


def measured(folder: Path, pupils: int, runs: int) -> dict[str, float]:
    """CPU seconds of each step at this size, the median of several runs."""
    prepare(folder, pupils)
    found: dict[str, list[processes.Cost]] = defaultdict(list)
    for _ in range(runs):
        for step in STEPS:
            found[step].append(cost(step, folder))
    if (folder / "year.csv").read_bytes() != (folder / "scratch.csv").read_bytes():
        raise SystemExit("the year from the months is not the year from the marks")
    return processes.less_start(found)


def marks_of(step: str, pupils: float) -> float:
    """Millions of marks that a step is about."""
    return pupils * MARKS_OF_PUPIL / 1e6 * (1 if step in ("store", "month") else MONTHS)


def hours(tasks: list[float], cores: int) -> float:
    """Until the last of these tasks has ended, each given in CPU seconds."""
    ends = [0.0] * cores
    for task in sorted(tasks, reverse=True):
        heapq.heappush(ends, heapq.heappop(ends) + task)
    return max(ends) / 3600


def country(model: dict[str, tuple[float, float]], factor: float) -> dict[str, float]:
    """CPU seconds for all England, and hours on so many cores."""
    pupils = COUNTRY / (MARKS_OF_PUPIL * MONTHS)

    def seconds(step: str, share: float = 1.0) -> float:
        fixed, each = model[step]
        return fixed + each * marks_of(step, pupils * share)

    found = {f"country_{step}": seconds(step) for step in model}
    for cores in CORES:
        share = [factor * (seconds("store", one) + seconds("month", one)) for one in REGIONS]
        again = [factor * seconds("month", one) for one in REGIONS] * MONTHS * 10
        found[f"month_hours_{cores}"] = hours(share, cores)
        found[f"ten_years_hours_{cores}"] = hours(again, cores)
    return found


def main() -> None:
    parser = processes.parser(__doc__)
    parser.add_argument("--pupils", type=int, default=20_000, help="of the smallest size")
    parser.add_argument("--engine-factor", type=float, default=3.0)
    wanted = parser.parse_args()
    if processes.is_step(wanted, STEPS):
        return
    sizes = [wanted.pupils * size for size in SIZES]
    cpu = []
    for pupils in sizes:
        with tempfile.TemporaryDirectory() as folder:
            cpu.append(measured(Path(folder), pupils, wanted.runs))
    model = {}
    steps = {}
    for step in [one for one in STEPS if one != "start"]:
        small, large, checked = (marks_of(step, pupils) for pupils in sizes)
        each = (cpu[1][step] - cpu[0][step]) / (large - small)
        model[step] = cpu[0][step] - each * small, each
        expected = model[step][0] + each * checked
        steps[step] = {
            "millions": checked, "each": each, "expected": expected, "measured": cpu[2][step],
            "measured_over_expected": cpu[2][step] / expected,
        }  # fmt: skip
    of_country = country(model, wanted.engine_factor)
    if wanted.json:
        sys.stdout.write(json.dumps({"steps": steps, "country": of_country}) + "\n")
        return
    say(steps, of_country)


def held(of: dict[str, float]) -> str:
    """What the third size says of the model; of what takes no time it says nothing."""
    if of["measured"] < SHORTEST:
        return f"under {SHORTEST} s, too short to hold"
    return f"{of['measured_over_expected']:.2f} (goal: 0.75 to 1.33)"


def say(steps: dict[str, dict[str, float]], of_country: dict[str, float]) -> None:
    lines = [
        f"{step:<8} {of['each']:.3f} CPU s a million marks; at {of['millions']:.1f} million"
        f" {of['expected']:.2f} expected, {of['measured']:.2f} measured:"
        f" {held(of)}"
        for step, of in steps.items()
    ]
    lines += [
        f"{step:<8} of the country {of_country[f'country_{step}']:,.0f} CPU s" for step in steps
    ]
    lines += [
        f"{cores:>4} cores of a cluster: a month {of_country[f'month_hours_{cores}']:.2f} hours,"
        f" the counts of ten years anew {of_country[f'ten_years_hours_{cores}']:.2f}"
        for cores in CORES
    ]
    sys.stdout.write("\n".join([*lines, ""]))


if __name__ == "__main__":
    main()
