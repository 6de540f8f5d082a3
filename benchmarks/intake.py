"""What intake costs beside DuckDB's own typed read of the same CSV files, and how much it holds.

    python benchmarks/intake.py [--records N] [--authorities N] [--months N] [--runs N]
                                [--xml MB] [--json]

All data are simulated. Every step is a process of its own, and the steps alternate; printed are
medians of CPU seconds, those of child processes with them, less what starting Python and its
modules takes. The floor reads the very members of the bundles, unpacked: as many files, of the same
rows. Intake fills a home that exists. Compare ratios: seconds depend on the machine.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb

from warehouse import home as homes
from warehouse.home import Home
from warehouse.intake.bundles import open_bundle, open_plain
from warehouse.intake.pseudonyms import pseudonym, set_key
from warehouse.intake.reading import read_submission
from warehouse.intake.senders import authorities
from warehouse.intake.spool import Spool
from warehouse.intake.taking import take_in
from warehouse.state import State

TODAY = date(2026, 10, 20)
# Typed columns of each table, as the floor reads them.
TABLES = {
    "ssd_person": {
        "pers_person_id": "varchar",
        "pers_sex": "varchar",
        "pers_dob": "date",
    },
    "ssd_linked_identifiers": {
        "link_table_id": "varchar",
        "link_person_id": "varchar",
        "link_identifier_type": "varchar",
        "link_identifier_value": "varchar",
    },
    "ssd_cin_episodes": {
        "cine_referral_id": "varchar",
        "cine_person_id": "varchar",
        "cine_referral_date": "date",
        "cine_cin_primary_need_code": "varchar",
        "cine_referral_source_code": "varchar",
        "cine_referral_nfa": "varchar",
        "cine_close_reason": "varchar",
        "cine_close_date": "date",
    },
    "ssd_cin_assessments": {
        "cina_assessment_id": "varchar",
        "cina_person_id": "varchar",
        "cina_referral_id": "varchar",
        "cina_assessment_start_date": "date",
        "cina_assessment_auth_date": "date",
    },
    "ssd_assessment_factors": {
        "cinf_table_id": "varchar",
        "cinf_assessment_id": "varchar",
        "cinf_assessment_factors_json": "varchar",
    },
}
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


@dataclass(frozen=True)
class Cost:
    """CPU seconds, and the most memory that any one process held, in MB."""

    cpu: float
    rss: float


def months(count: int) -> list[tuple[date, date]]:
    """The first and last days of so many months, the last one March 2026."""
    numbers = [divmod(2026 * 12 + 2 - back, 12) for back in range(count)]
    firsts = [date(year, month + 1, 1) for year, month in numbers]
    return [(day, (day + timedelta(days=32)).replace(day=1) - timedelta(days=1)) for day in firsts]


def upn(la_code: str, number: int) -> str:
    digits = f"{la_code}{number % 10**9:09d}"
    total = sum(place * int(digit) for place, digit in enumerate(digits, 2))
    return f"{CHECK_LETTERS[total % 23]}{digits}"


def rows(la_code: str, start: int, count: int, first: date) -> dict[str, list[str]]:
    """The rows of a bundle: so many children, each referred and assessed once."""
    made: dict[str, list[str]] = {table: [] for table in TABLES}
    for i in range(start, start + count):
        day = first + timedelta(days=i % 24)
        later = day + timedelta(days=3)
        made["ssd_person"].append(f"P{la_code}{i},{'MF'[i % 2]},20{8 + i % 12:02d}-05-14")
        made["ssd_linked_identifiers"].append(
            f"L{i},P{la_code}{i},Unique Pupil Number,{upn(la_code, i)}"
        )
        made["ssd_cin_episodes"].append(f"R{i},P{la_code}{i},{day},N{i % 8 + 1},2A,N,,")
        made["ssd_cin_assessments"].append(f"A{i},P{la_code}{i},R{i},{day},{later}")
        made["ssd_assessment_factors"].append(f'F{i},A{i},"[""13A"",""24A""]"')
    return made


def bundles(
    records: int, senders: list[str], spans: list[tuple[date, date]]
) -> Iterator[tuple[str, date, date, dict[str, list[str]]]]:
    """Of each sender and month its rows."""
    each = max(records // (len(TABLES) * len(senders) * len(spans)), 1)
    for number, (first, last) in enumerate(spans):
        for sender in senders:
            yield sender, first, last, rows(sender, number * each + 1, each, first)


def write_csv(path: Path, table: str, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([",".join(TABLES[table]), *lines, ""]))


def write_zip(path: Path, first: date, last: date, tables: dict[str, list[str]]) -> None:
    manifest = {"period_start": str(first), "period_end": str(last), "simulated": True}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, lines in tables.items():
            archive.writestr(f"{table}.csv", "\n".join([",".join(TABLES[table]), *lines, ""]))
        archive.writestr("manifest.json", json.dumps(manifest))


def prepare(folder: Path, records: int, senders: list[str], spans: list[tuple[date, date]]) -> int:
    """The same rows as many small bundles and as few large ones, each with its members as plain
    CSV beside them; their number."""
    whole: dict[str, dict[str, list[str]]] = {s: {t: [] for t in TABLES} for s in senders}
    made = 0
    for sender, first, last, tables in bundles(records, senders, spans):
        write_zip(folder / "small" / sender / f"{first}.zip", first, last, tables)
        for table, lines in tables.items():
            write_csv(folder / "small_csv" / table / f"{sender}-{first}.csv", table, lines)
            whole[sender][table] += lines
            made += len(lines)
    for sender, tables in whole.items():
        write_zip(folder / "few" / sender / "all.zip", spans[-1][0], spans[0][1], tables)
        for table, lines in tables.items():
            write_csv(folder / "few_csv" / table / f"{sender}.csv", table, lines)
    return made


def floor(folder: Path) -> None:
    """Typed CSV to Parquet, and no more."""
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            connection.execute(
                f"copy (select * from read_csv('{folder}/{table}/*.csv', header = true,"
                f" columns = {columns}, auto_detect = false))"
                f" to '{folder}/{table}.parquet' (format parquet, compression zstd)"
            )


def intake(home: Path) -> None:
    """What the command line does; a single row that is refused makes the figures worthless."""
    at = Home(home)
    report = take_in(at, homes.load_settings(at), State(at.state_db))
    if report.refused or report.quarantined_rows:
        first = next((one.first_error for one in report.outcomes if one.first_error), "")
        raise SystemExit(f"{len(report.refused)} bundles were refused: {first}")


def hashing(_folder: Path) -> None:
    """The pseudonyms of a million identifiers."""
    with duckdb.connect() as connection:
        set_key(connection, os.urandom(32))
        value = pseudonym("'person'", "'301'", "cast(range as varchar)")
        connection.execute(f"select max({value}) from range(1000000)").fetchall()


def xml(path: Path) -> None:
    """Read a return to the spool."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        bundle = open_bundle(partial(open_plain, path), path.stat().st_size, path.name)
        read_submission(bundle, None, spool.draft(1).add)
        spool.close()


def nothing(_folder: Path) -> None:
    """Starting, which the others do too."""


STEPS: dict[str, Callable[[Path], None]] = {
    "start": nothing,
    "floor": floor,
    "intake": intake,
    "hashing": hashing,
    "xml": xml,
}


def cost(step: str, path: Path) -> Cost:
    """What a step costs in a process of its own, with the processes that it starts."""
    command = [sys.executable, __file__, "--step", step, str(path)]
    process = subprocess.Popen(command)  # noqa: S603 (this very file, no shell)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the step {step} failed")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def fresh_home(folder: Path, bundles_of: Path) -> Path:
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    made = homes.create(home, today=TODAY)
    State(made.state_db).close()
    shutil.copytree(bundles_of, made.inbox, dirs_exist_ok=True)
    return home


def write_return(path: Path, size: int) -> None:
    """A children in need census of so many MB."""
    la_code, child = "301", 1
    with path.open("w") as file:
        file.write(
            "<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2026</Year>"
            "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>"
            f"<Source><LEA>{la_code}</LEA></Source></Header>\n<Children>\n"
        )
        while file.tell() < size << 20:
            file.write(
                f"<Child><ChildIdentifiers><LAchildID>C{child}</LAchildID>"
                f"<UPN>{upn(la_code, child)}</UPN><PersonBirthDate>2012-05-14</PersonBirthDate>"
                "<Sex>F</Sex></ChildIdentifiers>\n<CINdetails>"
                "<CINreferralDate>2025-06-02</CINreferralDate><ReferralSource>2A</ReferralSource>"
                "<PrimaryNeedCode>N1</PrimaryNeedCode><Assessments>"
                "<AssessmentActualStartDate>2025-06-03</AssessmentActualStartDate>"
                "<AssessmentAuthorisationDate>2025-07-01</AssessmentAuthorisationDate>"
                "<FactorsIdentifiedAtAssessment><AssessmentFactors>13A</AssessmentFactors>\n"
                "<AssessmentFactors>24A</AssessmentFactors></FactorsIdentifiedAtAssessment>"
                "</Assessments><ReferralNFA>false</ReferralNFA></CINdetails></Child>\n"
            )
            child += 1
        file.write("</Children></Message>\n")


def measure(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    senders = list(
        islice((c for c, a in authorities().items() if not a.valid_to), wanted.authorities)
    )
    spans = months(wanted.months)
    made = prepare(folder, wanted.records, senders, spans)
    runs: dict[str, list[Cost]] = defaultdict(list)
    for _ in range(wanted.runs):
        runs["start"].append(cost("start", folder))
        runs["hash"].append(cost("hashing", folder))
        for shape in ("few", "small"):
            runs[f"{shape}_floor"].append(cost("floor", folder / f"{shape}_csv"))
            runs[shape].append(cost("intake", fresh_home(folder, folder / shape)))
    start = statistics.median(one.cpu for one in runs["start"])
    cpu = {
        name: statistics.median(one.cpu for one in costs) - start for name, costs in runs.items()
    }
    hashed = made * HASHED_A_RECORD / 1e6 * cpu["hash"]
    found = {
        "records": made,
        "bundles_small": len(senders) * len(spans),
        "bundles_few": len(senders),
        "few_floor_cpu": cpu["few_floor"],
        "small_floor_cpu": cpu["small_floor"],
        "few_cpu": cpu["few"],
        "small_cpu": cpu["small"],
        "hash_cpu_per_million": cpu["hash"],
        "few_over_floor": (cpu["few"] - hashed) / cpu["few_floor"],
        "small_over_floor": (cpu["small"] - hashed) / cpu["small_floor"],
        "small_over_few": cpu["small"] / cpu["few"],
        "peak_rss_mb": max(one.rss for one in (*runs["few"], *runs["small"])),
    }
    return found | growing(folder, wanted, senders, start) | returns(folder, wanted)


def growing(
    folder: Path, wanted: argparse.Namespace, senders: list[str], start: float
) -> dict[str, float]:
    """One more month, and one bundle sent again, in the home that holds the months before."""
    home, (first, last) = folder / "home", (date(2026, 4, 1), date(2026, 4, 30))
    each = max(wanted.records // (len(TABLES) * len(senders) * wanted.months), 1)
    for sender in senders:
        tables = rows(sender, wanted.months * each + 1, each, first)
        write_zip(home / "inbox" / sender / "next.zip", first, last, tables)
    month = cost("intake", home)
    tables = rows(senders[0], wanted.months * each + 2, each, first)
    write_zip(home / "inbox" / senders[0] / "again.zip", first, last, tables)
    again = cost("intake", home)
    return {"next_month_cpu": month.cpu - start, "sent_again_cpu": again.cpu - start}


def returns(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    if not wanted.xml:
        return {}
    path = folder / "census.xml"
    write_return(path, wanted.xml)
    read = cost("xml", path)
    return {"xml_mb": path.stat().st_size / 2**20, "xml_cpu": read.cpu, "xml_rss_mb": read.rss}


# Identifiers among the columns of a child's five rows: person and pupil number, referral and
# person, assessment, referral and person, factor's assessment, and the two of the link.
HASHED_A_RECORD = 9 / 5
WORDS = {
    "records": "records",
    "bundles_small": "bundles, where many small ones are sent",
    "bundles_few": "bundles, where few large ones are",
    "few_floor_cpu": "few bundles' CSV, typed, to Parquet by DuckDB alone, CPU s",
    "small_floor_cpu": "many bundles' CSV, typed, to Parquet by DuckDB alone, CPU s",
    "few_cpu": "intake of few bundles, CPU s",
    "small_cpu": "intake of many bundles, CPU s",
    "hash_cpu_per_million": "pseudonyms, CPU s a million",
    "few_over_floor": "few bundles without pseudonyms over their floor (goal: at most 2)",
    "small_over_floor": "many bundles without pseudonyms over theirs (goal: at most 2)",
    "small_over_few": "many bundles over few (goal: at most 1.5)",
    "peak_rss_mb": "most memory of a process, MB (goal: under 1,500)",
    "next_month_cpu": "a further month of all senders, CPU s",
    "sent_again_cpu": "one bundle sent again, CPU s",
    "xml_mb": "a return in XML of so many MB",
    "xml_cpu": "read to the spool, CPU s",
    "xml_rss_mb": "most memory while it is read, MB (goal: under 300)",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--authorities", type=int, default=40)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--xml", type=int, default=0, metavar="MB")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--step", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.step:
        name, path = wanted.step
        STEPS[name](Path(path))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), wanted)
    if wanted.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for key, value in found.items():
        sys.stdout.write(f"{WORDS[key]:<66}{value:>10,.2f}\n")


if __name__ == "__main__":
    main()
