"""Whether children keep their local numbers from one return to the next.

Where everybody is numbered anew, children cannot be followed over months: re-referrals and repeats
fall to nothing, and nobody went away. Such a return is asked about, and measures over months carry
a reason until the new numbers are known to be the old children's, or somebody has said what it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import duckdb

from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.ledger.annotations import RENUMBERING, Annotation, area_code
from sightline.warehouse.timeline.claims import PERSON, run, tables_with

# In simulated returns of a year's history and more, 10 to 95 per cent of the persons of a month of
# referrals stood in former ones (a median of 34), 35 to 49 of a yearly census, and 82 to 100 of
# the children of a quarter in care. In the first year of a monthly sender the share only grows,
# from 1 to 15 per cent, so that it is held against what the sender's returns showed of late; not
# the most of them, since a month that is sent again shows nearly all its persons again.
HARDLY_ANY = 0.1
RECENT = 8
FEWEST_PERSONS = 50
TIMES_FEWER = 4
# Of the usual share of children, what must be found again under other numbers to follow them.
MAPPED = 0.5
# How long before the return a recorded change may have begun.
NEAR = timedelta(days=31)


@dataclass(frozen=True)
class Return:
    """One return: how many persons it names, and how many stood in the sender's former ones."""

    submission_id: int
    sender: str
    extract: str
    persons: int
    known: int
    before: int | None = None
    """How many persons the former returns named, where that is told."""

    @property
    def comparable(self) -> int:
        """Of how many persons any could be known: a snapshot of years names many more than the
        months before it."""
        return min(self.persons, self.before or self.persons)

    @property
    def share(self) -> float:
        return self.known / self.comparable


@dataclass(frozen=True)
class Break:
    """A return of which hardly any person stood in former ones, and the share that used to."""

    told: Return
    usual: float


def breaks(returns: Iterable[Return]) -> list[Break]:
    """Those where the numbers of a sender changed; the returns of each sender in their order.

    A return is held against those since the last such change.
    """
    found = []
    for _, group in groupby(returns, lambda one: (one.sender, one.extract)):
        former: list[float] = []
        is_first = True
        for one in group:
            recent = sorted(former[-RECENT:])
            usual = recent[len(recent) // 4] if recent else 0.0
            if (
                one.comparable >= FEWEST_PERSONS
                and one.share < HARDLY_ANY
                and one.share * TIMES_FEWER < usual
            ):
                found.append(Break(one, usual))
                former = []
            elif not is_first and one.comparable >= FEWEST_PERSONS:
                former.append(one.share)
            is_first = False
    return found


def write_breaks(connection: duckdb.DuckDBPyConnection, annotated: Iterable[Annotation]) -> None:
    """Write control.breaks and control.continuity_queries; reads control.identities.

    control.breaks has the first day of the window of each return that changed the numbers, by
    what the extract is a source of, unless most of the children are found under their former
    numbers (by UPN, or joined by people), or the change is annotated. control.continuity_queries
    has those whose senders are asked: all that are not annotated.
    """
    run(
        connection,
        """
        create table control.breaks
            (la_code varchar, source varchar, extract varchar, broke_on date);
        create table control.continuity_queries (submission_id integer, persons integer)
        """,
    )
    known = [one for one in annotated if one.kind == RENUMBERING]
    for one in breaks(_returns(connection)):
        told = one.told
        may_tell = contracts.load()[told.extract].windows(_period(connection, told))
        sources = _sources(connection, told)
        windows = {source: window for source, window in may_tell.items() if source in sources}
        open_windows = {
            source: window
            for source, window in windows.items()
            if not any(_is_about(note, told.sender, source, window) for note in known)
        }
        if open_windows:
            connection.execute(
                "insert into control.continuity_queries values (?, ?)",
                [told.submission_id, told.persons - told.known],
            ).fetchall()
        if _share_of_children(connection, told) < MAPPED * one.usual:
            for source, window in open_windows.items():
                connection.execute(
                    "insert into control.breaks values (?, ?, ?, ?)",
                    [told.sender, source, told.extract, window.start],
                ).fetchall()


def _persons() -> str:
    """Every person of every return once; a return that has several lists names some in each."""
    described = tables_with("birth_month", "sex")
    selects = []
    for contract in contracts.load().values():
        lists = [
            f"select submission_id, {PERSON} from raw.{table}"
            for table in contract.raw_tables()
            if PERSON in described.get(table, ())
        ]
        if lists:
            selects.append(f"select * from ({' union '.join(lists)})")
    return f"({' union all '.join(selects)}) inner join sent using (submission_id)"


def _returns(connection: duckdb.DuckDBPyConnection) -> list[Return]:
    rows = connection.execute(
        f"""
        with persons as (select * from {_persons()}),
        first as (
            select extract, {PERSON}, min(place) as first_place
            from persons group by extract, {PERSON}
        ),
        returns as (
            select
                submission_id, any_value(sender) as sender, any_value(extract) as extract,
                any_value(place) as place, count(*) as persons,
                count(*) filter (where first_place < place) as known
            from persons inner join first using (extract, {PERSON})
            group by submission_id
        )
        select
            submission_id, sender, extract, persons, known,
            sum(persons - known) over (
                partition by sender, extract order by place
                rows between unbounded preceding and 1 preceding
            )::bigint as before
        from returns
        order by sender, extract, place
        """
    ).fetchall()
    return [Return(*row) for row in rows]


def _share_of_children(connection: duckdb.DuckDBPyConnection, told: Return) -> float:
    """Of the children of a return, those who stood in the sender's former ones by any number."""
    [(share,)] = connection.execute(
        f"""
        with children as (
            select distinct sent_as.place, child_key
            from (select * from {_persons()} where sender = $1 and extract = $2) as sent_as
            inner join control.identities as identities
                on sent_as.{PERSON} = identities.identifier_key
        ),
        own as (
            select children.* from children inner join sent using (place) where submission_id = $3
        )
        select avg(case when exists (
            select 1 from children as former
            where former.child_key = own.child_key and former.place < own.place
        ) then 1 else 0 end)
        from own
        """,
        [told.sender, told.extract, told.submission_id],
    ).fetchall()
    return float(share)


def _period(connection: duckdb.DuckDBPyConnection, told: Return) -> Span:
    [(start, end)] = connection.execute(
        "select period_start, period_end from control.submissions where submission_id = $1",
        [told.submission_id],
    ).fetchall()
    return Span(start, end)


def _sources(connection: duckdb.DuckDBPyConnection, told: Return) -> set[str]:
    """What it tells: a submission may lack the tables of some of what it might."""
    rows = connection.execute(
        "select distinct source from control.slices where submission_id = $1", [told.submission_id]
    ).fetchall()
    return {source for (source,) in rows}


def _is_about(note: Annotation, sender: str, source: str, window: Span) -> bool:
    begins: date = note.starts_on
    return (
        note.area_code == area_code(sender)
        and note.scope == source
        and window.start - NEAR <= begins <= window.end
    )
