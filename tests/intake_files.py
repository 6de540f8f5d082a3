"""Small bundles as senders drop them, and a monitor to drop them into."""

import io
import json
import sqlite3
import zipfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import sqlalchemy as sa

from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger import submissions as ledger
from sightline.warehouse.ledger.state import State, submissions
from sightline.warehouse.problems import Problem
from sightline.warehouse.settings import load_settings
from sightline.warehouse.submission import Outcome
from sightline.warehouse.take_in import IntakeReport, take_in

TODAY = date(2026, 10, 20)
MARCH = {"period_start": "2026-03-01", "period_end": "2026-03-31"}
YEAR = {"period_start": "2025-04-01", "period_end": "2026-03-31"}
CHECK_LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"

PERSONS = "pers_person_id,pers_sex,pers_ethnicity,pers_dob\n"
IDENTIFIERS = "link_table_id,link_person_id,link_identifier_type,link_identifier_value\n"
EPISODES = (
    "cine_referral_id,cine_person_id,cine_referral_date,cine_cin_primary_need_code,"
    "cine_referral_source_code,cine_referral_nfa,cine_close_reason,cine_close_date\n"
)
ASSESSMENTS = (
    "cina_assessment_id,cina_person_id,cina_referral_id,cina_assessment_start_date,"
    "cina_assessment_auth_date\n"
)
FACTORS = "cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json\n"


def upn(number: int, la_code: str = "301") -> str:
    """A valid unique pupil number."""
    digits = f"{la_code}{number:09d}"
    total = sum(place * int(digit) for place, digit in enumerate(digits, 2))
    return CHECK_LETTERS[total % 23] + digits


def ssd(**changes: str) -> dict[str, str]:
    """The five tables of one child's referral in March 2026, with some of them changed."""
    tables = {
        "ssd_person": PERSONS + "K1,F,WBRI,2012-05-14\n",
        "ssd_linked_identifiers": IDENTIFIERS + f"L1,K1,Unique Pupil Number,{upn(1)}\n",
        "ssd_cin_episodes": EPISODES + "R1,K1,2026-03-09,N1,2A,N,,\n",
        "ssd_cin_assessments": ASSESSMENTS + "A1,K1,R1,2026-03-10,2026-03-27\n",
        "ssd_assessment_factors": FACTORS + 'F1,A1,"[""13A"",""24A""]"\n',
    }
    return {f"{name}.csv": text for name, text in (tables | changes).items()}


def referrals(count: int, *more: str) -> str:
    """As many good referral rows, then others as they are given."""
    rows = [f"R{i},K1,2026-03-{i % 28 + 1:02d},N1,2A,N,,\n" for i in range(1, count + 1)]
    return EPISODES + "".join([*rows, *more])


def care(missing: str = "", year: int = 2025) -> dict[str, str]:
    """An SSDA903 return of one child."""
    return {
        "a.csv": f"CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\nK1,F,14/05/2012,WBRI,{upn(1)},,\n",
        "b.csv": "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n"
        f"K1,02/05/{year},S,C2,N1,U6,09/06/{year},X1\n",
        "c.csv": "CHILD,DOB,MISSING,MIS_START,MIS_END\n"
        f"K1,14/05/2012,M,03/06/{year},05/06/{year}\n{missing}",
    }


def month_first(count: int, more: str = "") -> dict[str, str]:
    """Periods of going missing of which no day lies after the 12th, as if the month stood first."""
    days = [f"{day:02}/{month:02}/2025" for month in range(5, 10) for day in range(4, 10)][:count]
    rows = "".join(f"K1,14/05/2012,M,{day},{day}\n" for day in days)
    episodes = "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\nK1,02/04/2025,S,C2,N1,U6,,\n"
    missing = "CHILD,DOB,MISSING,MIS_START,MIS_END\n"
    return care() | {"b.csv": episodes, "c.csv": missing + rows + more}


def zipped(files: dict[str, Any], manifest: dict[str, Any] | None = None) -> bytes:
    """An archive whose bytes follow from what is in it, whenever it is made."""
    held = dict(files) if manifest is None else files | {"manifest.json": json.dumps(manifest)}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in held.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@dataclass(frozen=True)
class Monitor:
    """A home with its state, and what people do with it."""

    home: Home
    state: State

    def drop(self, name: str, content: bytes | str, sender: str = "301") -> Path:
        path = self.home.inbox / sender / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def drop_zip(
        self,
        files: dict[str, Any],
        manifest: dict[str, Any] | None = MARCH,
        name: str = "bundle.zip",
        sender: str = "301",
    ) -> Path:
        return self.drop(name, zipped(files, manifest), sender)

    def take_in(self) -> IntakeReport:
        return take_in(self.home, load_settings(self.home), self.state)

    def send(self, files: dict[str, Any], manifest: dict[str, Any] | None = MARCH) -> Outcome:
        """Drop one bundle, take it in, and say what came of it."""
        self.drop_zip(files, manifest)
        [outcome] = self.take_in().outcomes
        return outcome

    def raw(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        paths = sorted(map(str, (self.home.raw / table).glob("*.parquet")))
        if not paths:
            return []
        with duckdb.connect() as connection:
            return connection.execute(
                f"select {columns} from read_parquet($1) order by all", [paths]
            ).fetchall()

    def refused_lines(self) -> list[tuple[Any, ...]]:
        paths = sorted(map(str, self.home.quarantine.glob("*.parquet")))
        if not paths:
            return []
        with duckdb.connect() as connection:
            return connection.execute(
                "select table_name, line, rule from read_parquet($1) order by all", [paths]
            ).fetchall()

    def ledger(self) -> list[dict[str, Any]]:
        with self.state.read() as connection:
            return ledger.listing(connection)[::-1]

    def statuses(self) -> list[str]:
        with self.state.read() as connection:
            query = sa.select(submissions.c.status).order_by(submissions.c.submission_id)
            return list(connection.scalars(query))


def monitor(folder: Path) -> Monitor:
    home = homes.create(folder, today=TODAY)
    home.state_db.write_bytes(_new_state())
    return Monitor(home, State(home.state_db))


@cache
def _new_state() -> bytes:
    """The state of a new monitor; to make each from its first layout on takes ten times as long."""
    with TemporaryDirectory() as folder:
        home = homes.create(Path(folder) / "monitor", today=TODAY)
        copy = Path(folder) / "state.db"
        State(home.state_db).engine.dispose()
        with closing(sqlite3.connect(home.state_db)) as made, closing(sqlite3.connect(copy)) as to:
            made.backup(to)
        return copy.read_bytes()


def rules(outcome: Outcome) -> list[str]:
    return [problem.rule for problem in outcome.problems]


def errors(outcome: Outcome) -> list[tuple[str, int | None, str | None]]:
    return [(p.rule, p.line, p.column) for p in outcome.problems if p.severity == "error"]


def queries(outcome: Outcome) -> list[Problem]:
    return [problem for problem in outcome.problems if problem.severity == "query"]


def notes(outcome: Outcome) -> list[tuple[str, str | None, int]]:
    return [(p.rule, p.file, p.count) for p in outcome.problems if p.severity == "note"]
