"""What intake costs beside DuckDB's own typed read of the same files, and how much it holds.

    python benchmarks/intake.py [--areas N] [--months N] [--runs N] [--records N] [--xml MB]
                                [--big MB] [--only PART] [--json]

All data are simulated. `extracts` are those of an authority in the real formats, as
`sightline simulate` writes them (--areas 153 --months 60: the nation), but in plain files, since a
typed read takes no other form; the floor reads the very members of their bundles, unpacked, with
the types of the contracts, and writes Parquet. Returns in XML have no such floor and are left out
of both. `shapes` are the same rows in many small bundles
and in few. `xml` is one return of so many MB, `big` one CSV, each of its rows about another child:
checked for its sender, and taken in. It takes three times its size on disk.

Every step is a process of its own, and the steps alternate; printed are medians of CPU seconds,
those of child processes with them, less what starting Python and its modules takes. Compare
ratios: seconds depend on the machine.
"""

import argparse
import json
import secrets
import shutil
import statistics
import sys
import tempfile
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb
import processes

from sightline.senders.validate import validate
from sightline.simulation.national import simulate
from sightline.warehouse import home as homes
from sightline.warehouse.areas import authorities
from sightline.warehouse.contracts.schema import SentTable, compared, date_formats
from sightline.warehouse.home import Home
from sightline.warehouse.intake.judge.column_rules import normalised
from sightline.warehouse.intake.read.bundles import open_bundle
from sightline.warehouse.intake.read.csv import header_of
from sightline.warehouse.intake.read.recognise import match
from sightline.warehouse.intake.read.spool import Spool
from sightline.warehouse.intake.read.submission import read_submission
from sightline.warehouse.intake.receive.unpacking import open_plain
from sightline.warehouse.ledger.state import State
from sightline.warehouse.pseudonyms.sql import pseudonym, set_key
from sightline.warehouse.quoting import quoted
from sightline.warehouse.settings import load_settings
from sightline.warehouse.take_in import take_in

TODAY = date(2026, 10, 20)
LAST_MONTH = "ssd_2026-09.zip"
KNOWN = {"id", "upn"}
FLOOR_TYPES = {"date": "date", "month": "date", "integer": "integer", "number": "double"}
# The tables of the bundles whose shape is compared, and their columns.
TABLES = {
    "ssd_person": ("pers_person_id", "pers_sex", "pers_dob"),
    "ssd_linked_identifiers": (
        "link_table_id",
        "link_person_id",
        "link_identifier_type",
        "link_identifier_value",
    ),
    "ssd_cin_episodes": (
        "cine_referral_id",
        "cine_person_id",
        "cine_referral_date",
        "cine_cin_primary_need_code",
        "cine_referral_source_code",
        "cine_referral_nfa",
        "cine_close_reason",
        "cine_close_date",
    ),
    "ssd_cin_assessments": (
        "cina_assessment_id",
        "cina_person_id",
        "cina_referral_id",
        "cina_assessment_start_date",
        "cina_assessment_auth_date",
    ),
    "ssd_assessment_factors": (
        "cinf_table_id",
        "cinf_assessment_id",
        "cinf_assessment_factors_json",
    ),
}
# Of the table that is written as one large CSV.
ROWS_IN_MB = 25_000
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"


# The steps, each run in a process of its own.


def floor(folder: Path) -> None:
    """Typed CSV to Parquet, and no more; a folder of files for each header."""
    with duckdb.connect() as connection:
        for files in sorted(folder.iterdir()):
            first = next(files.iterdir())
            with first.open("rb") as file:
                header = header_of(file.readline())
            sent = table_of(header)
            held = {name: sent.columns.get(sent.headers.get(compared(name), "")) for name in header}
            types = {
                n: FLOOR_TYPES.get(c.type, "varchar") if c else "varchar" for n, c in held.items()
            }
            formats = [
                date_formats()[c.format].strptime
                for c in held.values()
                if c and c.type in ("date", "month")
            ]
            days = f", dateformat = {quoted(formats[0])}" if formats else ""
            connection.execute(
                f"copy (select * from read_csv('{files}/*.csv', header = true, columns = {types},"
                f" auto_detect = false{days}))"
                f" to '{folder.parent}/floor.parquet' (format parquet, compression zstd)"
            )


def intake(home: Path) -> None:
    """What the command line does; a single row that is refused makes the figures worthless."""
    at = Home(home)
    report = take_in(at, load_settings(at), State(at.state_db))
    if report.refused or report.quarantined_rows:
        first = next((one.first_error for one in report.outcomes if one.first_error), "")
        raise SystemExit(f"{len(report.refused)} bundles were refused: {first}")


def pseudonyms(_folder: Path) -> None:
    """The hashes of a million identifiers, and nothing of what finds and judges them."""
    with duckdb.connect() as connection:
        set_key(connection, secrets.token_bytes(32))
        hashed = pseudonym("'person'", "'301'", "'K' || range")
        connection.execute(f"create table keys as select {hashed} from range(1000000)")


def xml(path: Path) -> None:
    """Read a return to the spool."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder))
        bundle = open_bundle(partial(open_plain, path), path.stat().st_size, path.name)
        read_submission(bundle, None, spool.draft(1).add)
        spool.close()


def checked(path: Path) -> None:
    """What a sender does; a row at fault makes the figures worthless."""
    [verdict] = validate([path])
    if not verdict.is_accepted or verdict.quarantined:
        raise SystemExit(f"{path.name}: {verdict.words}")


def nothing(_folder: Path) -> None:
    """Starting, which the others do too."""


STEPS: processes.Steps = {
    "start": nothing,
    "floor": floor,
    "intake": intake,
    "pseudonyms": pseudonyms,
    "xml": xml,
    "checked": checked,
}


cost = partial(processes.cost, Path(__file__))


def fresh_home(folder: Path, bundles_of: Path) -> Path:
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    made = homes.create(home, today=TODAY)
    State(made.state_db).close()
    if bundles_of.exists():
        shutil.copytree(bundles_of, made.inbox, dirs_exist_ok=True)
    return home


# Extracts in the real formats.


def table_of(header: tuple[str, ...]) -> SentTable:
    found = match(header)
    if found is None:
        raise SystemExit(f"no contract knows this header: {', '.join(header)}")
    contract, table = found
    return contract.tables[table]


def unpack(inbox: Path, folder: Path) -> tuple[int, int]:
    """Every table of every bundle as plain CSV, a folder for each header; bundles and records.

    Bundles with returns in XML are taken out of the inbox.
    """
    headers: dict[tuple[str, ...], Path] = {}
    bundles = records = 0
    for path in sorted(inbox.glob("*/*.zip")):
        with zipfile.ZipFile(path) as archive:
            names = [one for one in archive.namelist() if one != "manifest.json"]
            tables = [archive.read(name) for name in names]
        if any(name.endswith(".xml") for name in names):
            path.unlink()
            continue
        bundles += 1
        for data in tables:
            files = headers.setdefault(header_of(data), folder / str(len(headers)))
            files.mkdir(parents=True, exist_ok=True)
            (files / f"{path.parent.name}-{path.stem}.csv").write_bytes(data)
            records += data.count(b"\n") - 1
    return bundles, records


def new_identifiers(folder: Path) -> int:
    """How many different identifiers stand in all files, by kind and sender; UPNs by themselves."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for files in sorted(folder.iterdir()):
        with next(files.iterdir()).open("rb") as file:
            header = header_of(file.readline())
        sent = table_of(header)
        for name in header:
            column = sent.columns.get(sent.headers.get(compared(name), ""))
            if column and column.type in KNOWN:
                scope = "''" if column.type == "upn" else "parse_filename(filename)[1:3]"
                value = normalised(f"cast({name} as varchar)")
                found[column.type, str(column.kind)].append(
                    f"select {scope} as sender, {value} as value from"
                    f" read_csv('{files}/*.csv', header = true, all_varchar = true,"
                    " filename = true, delim = ',', quote = '\"')"
                )
    with duckdb.connect() as connection:
        counts = [
            connection.execute(
                "select count(*) from (select distinct sender, value from"
                f" ({' union all '.join(selects)}) where value is not null)"
            ).fetchone()
            for selects in found.values()
        ]
    return sum(count[0] for count in counts if count)


def extracts(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    """Simulated extracts beside their floor, then one more month, then one bundle again."""
    inbox = folder / "sent"
    simulate(inbox, months=wanted.months, areas=wanted.areas, plain_files=True)
    bundles, records = unpack(inbox, folder / "plain")
    runs: dict[str, list[processes.Cost]] = defaultdict(list)
    for _ in range(wanted.runs):
        runs["start"].append(cost("start", folder))
        runs["pseudonyms"].append(cost("pseudonyms", folder))
        runs["floor"].append(cost("floor", folder / "plain"))
        runs["intake"].append(cost("intake", fresh_home(folder, inbox)))
    cpu = processes.less_start(runs)
    new = new_identifiers(folder / "plain")
    found = {
        "records": records,
        "bundles": bundles,
        "identifiers": new,
        "floor_cpu": cpu["floor"],
        "intake_cpu": cpu["intake"],
        "pseudonyms_cpu_per_million": cpu["pseudonyms"],
        "over_floor": (cpu["intake"] - new / 1e6 * cpu["pseudonyms"]) / cpu["floor"],
        "over_floor_in_all": cpu["intake"] / cpu["floor"],
        "rss_mb": max(one.rss for one in runs["intake"]),
    }
    return found | growing(folder, inbox, statistics.median(one.cpu for one in runs["start"]))


def growing(folder: Path, inbox: Path, start: float) -> dict[str, float]:
    """A further month of all senders in a home that holds the months before, and one bundle of it
    sent again."""
    for path in inbox.glob(f"*/{LAST_MONTH}"):
        path.rename(folder / f"{path.parent.name}.zip")
    home = fresh_home(folder, inbox)
    cost("intake", home)
    held_back = sorted(folder.glob("*.zip"))
    for path in held_back:
        shutil.copy(path, home / "inbox" / path.stem / LAST_MONTH)
    month = cost("intake", home)
    again = home / "inbox" / held_back[0].stem / LAST_MONTH
    shutil.copy(held_back[0], again)
    with zipfile.ZipFile(again, "a") as archive:
        archive.comment = b"sent again"
    once_more = cost("intake", home)
    return {"next_month_cpu": month.cpu - start, "sent_again_cpu": once_more.cpu - start}


# The same rows in many bundles and in few.


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


def write_zip(path: Path, first: date, last: date, tables: dict[str, list[str]]) -> None:
    manifest = {"period_start": str(first), "period_end": str(last), "simulated": True}
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for table, lines in tables.items():
            archive.writestr(f"{table}.csv", "\n".join([",".join(TABLES[table]), *lines, ""]))
        archive.writestr("manifest.json", json.dumps(manifest))


def shapes(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    senders = list(islice((c for c, a in authorities().items() if not a.valid_to), 40))
    spans = months(60)
    whole: dict[str, dict[str, list[str]]] = {s: {t: [] for t in TABLES} for s in senders}
    for sender, first, last, tables in bundles(wanted.records, senders, spans):
        write_zip(folder / "small" / sender / f"{first}.zip", first, last, tables)
        for table, lines in tables.items():
            whole[sender][table] += lines
    for sender, tables in whole.items():
        write_zip(folder / "few" / sender / "all.zip", spans[-1][0], spans[0][1], tables)
    runs: dict[str, list[processes.Cost]] = defaultdict(list)
    for _ in range(wanted.runs):
        runs["start"].append(cost("start", folder))
        for shape in ("few", "small"):
            runs[shape].append(cost("intake", fresh_home(folder, folder / shape)))
    cpu = processes.less_start(runs)
    return {
        "shape_records": sum(len(lines) for tables in whole.values() for lines in tables.values()),
        "bundles_small": len(senders) * len(spans),
        "bundles_few": len(senders),
        "small_cpu": cpu["small"],
        "few_cpu": cpu["few"],
        "small_over_few": cpu["small"] / cpu["few"],
    }


# One large return in XML.


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


def returns(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    path = folder / "census.xml"
    write_return(path, wanted.xml)
    read = cost("xml", path)
    return {"xml_mb": path.stat().st_size / 2**20, "xml_cpu": read.cpu, "xml_rss_mb": read.rss}


# One large CSV.


def write_big(path: Path, size: int) -> int:
    """A table of children of about so many MB; how many rows."""
    count = size * ROWS_IN_MB
    digits = "'301' || lpad(range::varchar, 9, '0')"
    total = " + ".join(f"{place + 1} * n[{place}]::integer" for place in range(1, 13))
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                with numbered as (select range as child, {digits} as n from range({count}))
                select
                    'P301' || child as pers_person_id,
                    '{CHECK_LETTERS}'[({total}) % 23 + 1] || n as pers_upn,
                    'MF'[child % 2 + 1] as pers_sex,
                    'WBRI' as pers_ethnicity,
                    2008 + child % 12 || '-05-14' as pers_dob
                from numbered
            ) to '{path}' (header)
            """
        )
    return count


def big(folder: Path, wanted: argparse.Namespace) -> dict[str, float]:
    path = folder / "ssd_person.csv"
    count = write_big(path, wanted.big)
    check = cost("checked", path)
    home = fresh_home(folder, folder / "nothing")
    bundle = home / "inbox" / "301" / "ssd"
    bundle.mkdir(parents=True)
    size = path.stat().st_size / 2**20
    path.rename(bundle / path.name)
    for table, lines in rows("301", 0, 1, date(2026, 10, 1)).items():
        if table != path.stem:
            (bundle / f"{table}.csv").write_text("\n".join([",".join(TABLES[table]), *lines, ""]))
    period = {"period_start": "2026-10-01", "period_end": "2026-10-31", "simulated": True}
    (bundle / "manifest.json").write_text(json.dumps(period))
    taken = cost("intake", home)
    return {
        "big_mb": size,
        "big_rows": count,
        "big_check_cpu": check.cpu,
        "big_check_rss_mb": check.rss,
        "big_intake_cpu": taken.cpu,
        "big_intake_rss_mb": taken.rss,
    }


PARTS: dict[str, Callable[[Path, argparse.Namespace], dict[str, float]]] = {
    "extracts": extracts,
    "shapes": shapes,
    "xml": returns,
    "big": big,
}
WORDS = {
    "records": "records of simulated extracts",
    "bundles": "bundles that hold them",
    "identifiers": "identifiers in them, each counted once",
    "floor_cpu": "their CSV, typed, to Parquet by DuckDB alone, CPU s",
    "intake_cpu": "their intake, CPU s",
    "pseudonyms_cpu_per_million": "hashing, CPU s a million new identifiers (goal: at most 1.5)",
    "over_floor": "intake without hashing over the floor (goal: at most 2)",
    "over_floor_in_all": "intake with it over the floor",
    "rss_mb": "most memory of all its processes together, MB (goal: under 1,500)",
    "next_month_cpu": "a further month of all senders, CPU s",
    "sent_again_cpu": "one bundle of it sent again, CPU s",
    "shape_records": "the same records in many small bundles and in few",
    "bundles_small": "many",
    "bundles_few": "few",
    "small_cpu": "intake of many, CPU s",
    "few_cpu": "intake of few, CPU s",
    "small_over_few": "many over few (goal: at most 1.5)",
    "xml_mb": "a return in XML of so many MB",
    "xml_cpu": "read to the spool, CPU s",
    "xml_rss_mb": "most memory while it is read, MB (goal: under 300)",
    "big_mb": "one CSV of so many MB",
    "big_rows": "its rows, each about another child",
    "big_check_cpu": "checked for its sender, CPU s",
    "big_check_rss_mb": "most memory while it is checked, MB (goal: under 4,000)",
    "big_intake_cpu": "taken in, CPU s",
    "big_intake_rss_mb": "most memory while it is taken in, MB (goal: under 4,000)",
}


def main() -> None:
    parser = processes.parser(__doc__)
    parser.add_argument("--areas", type=int, default=24)
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--records", type=int, default=3_000_000)
    parser.add_argument("--xml", type=int, default=100, metavar="MB")
    parser.add_argument("--big", type=int, default=1_000, metavar="MB")
    parser.add_argument("--only", choices=PARTS)
    wanted = parser.parse_args()
    if processes.is_step(wanted, STEPS):
        return
    found: dict[str, float] = {}
    for name in [wanted.only] if wanted.only else PARTS:
        with tempfile.TemporaryDirectory() as folder:
            found |= PARTS[name](Path(folder), wanted)
    if wanted.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for key, value in found.items():
        sys.stdout.write(f"{WORDS[key]:<72}{value:>12,.2f}\n")


if __name__ == "__main__":
    main()
