"""Claims made by hand: what senders say in their returns, as the raw tables hold it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import duckdb

from sightline.warehouse.contracts import schema as contract
from sightline.warehouse.timeline.claims import Decision
from sightline.warehouse.timeline.identities import write_identities

# Identifiers are numbers here: local ones below 1000, pupil numbers from 1000 on.
FIRST_UPN = 1000


def month(text: str | None) -> date | None:
    return date.fromisoformat(f"{text}-01") if text else None


class Claimed:
    """Returns as they come, one after another, and who is one child by them."""

    def __init__(self) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("create schema given; create schema raw; create schema control")
        self.connection.execute(
            "create table control.submissions (submission_id integer, place integer,"
            " sender varchar, extract varchar, period_start date, period_end date,"
            " is_in_force boolean)"
        )
        for table, columns in contract.raw_tables().items():
            held = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self.connection.execute(f"create table given.{table} ({held})")
            self.connection.execute(f"create view raw.{table} as from given.{table}")
        self.sent = 0

    def send(self, extract: str, sender: str = "301", start: date | None = None) -> int:
        """A return, newer than those before it; its period begins a month later, if not told."""
        self.sent += 1
        starts = start or date(2025, 1, 1) + timedelta(days=31 * self.sent)
        row = [self.sent, self.sent, sender, extract, starts, starts + timedelta(days=30), True]
        self.connection.execute("insert into control.submissions values (?, ?, ?, ?, ?, ?, ?)", row)
        return self.sent

    def recorded(self, *people: Sequence[Any], sender: str = "301") -> int:
        """A return of social care: number, UPN on the record itself, present and former UPN in the
        list."""
        sent = self.send("ssd", sender)
        for person, upn, present, former in people:
            self._put("ssd_persons", sent, person_key=person, upn_key=upn)
            for number, is_former in ((present, False), (former, True)):
                self._put(
                    "ssd_identifiers", sent, person_key=person, upn_key=number, is_former=is_former
                )
        return sent

    def ssd(self, *people: Sequence[Any], sender: str = "301", start: date | None = None) -> int:
        """A return of social care: number, birth month, sex, present UPN, former UPNs."""
        sent = self.send("ssd", sender, start)
        for person, birth, sex, upn, *formers in people:
            self._put("ssd_persons", sent, person_key=person, birth_month=month(birth), sex=sex)
            numbers = [(one, False) for one in _several(upn)] + [(one, True) for one in formers]
            for number, is_former in numbers:
                self._put(
                    "ssd_identifiers", sent, person_key=person, upn_key=number, is_former=is_former
                )
        return sent

    def census(self, *pupils: Sequence[Any], sender: str = "301", start: date | None = None) -> int:
        """A school census: UPN, birth month, sex, former UPN."""
        sent = self.send("school_census", sender, start)
        for upn, birth, sex, *former in pupils:
            self._put(
                "census_pupils", sent, upn_key=upn, birth_month=month(birth), sex=sex,
                former_upn_key=former[0] if former else None,
            )  # fmt: skip
        return sent

    def care(self, *people: Sequence[Any], sender: str = "301", start: date | None = None) -> int:
        """A return of looked-after children: number, birth month, sex, UPN, end, reason."""
        sent = self.send("ssda903", sender, start)
        for person, birth, sex, upn, ended_on, reason in people:
            self._put(
                "care_children", sent, person_key=person, birth_month=month(birth), sex=sex,
                upn_key=upn,
            )  # fmt: skip
            self._put(
                "care_episodes", sent, person_key=person, start_date=date(2024, 1, 8),
                end_date=ended_on, reason_ended=reason,
            )  # fmt: skip
        return sent

    def children(self, *decisions: Decision) -> "Claimed":
        """Say who is one child; nothing can be sent afterwards."""
        write_identities(self.connection, decisions)
        return self

    def joined(self) -> set[frozenset[int]]:
        """The identifiers of each child that has several."""
        rows = self.asked(
            "select list(identifier_key) from control.identities group by child_key"
            " having count(*) > 1"
        )
        return {frozenset(row[0]) for row in rows}

    def conflicts(self) -> dict[str, int]:
        """Identifiers whose ties were cut, by kind, at all senders."""
        return dict(
            self.asked("select kind, sum(identifiers) from control.link_conflicts group by kind")
        )

    def meant(self, table: str, column: str = "person_key") -> dict[int, set[int]]:
        """What stands in a raw table by submission, once it is said what is meant."""
        rows = self.asked(f"select submission_id, list({column}) from raw.{table} group by 1")
        return {sent: set(found) for sent, found in rows}

    def asked(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def _put(self, table: str, sent: int, **values: Any) -> None:
        names = ", ".join(["submission_id", *values])
        marks = ", ".join("?" for _ in range(len(values) + 1))
        self.connection.execute(
            f"insert into given.{table} ({names}) values ({marks})", [sent, *values.values()]
        )


def _several(upn: Any) -> list[int]:
    if upn is None:
        return []
    return list(upn) if isinstance(upn, (list, tuple)) else [upn]
