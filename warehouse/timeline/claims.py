"""Read the claims of senders that two identifiers are one child's: who says it, when, of whom.

Which claims are believed and which are cut is decided in `identities`.

A claim names a holder (a local number, or a UPN where the table has no local numbers) and a UPN
that the holder has or had. Beside it stand month of birth and sex, by which claims are held
against each other.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Literal

import duckdb

from sightline.warehouse.contracts import schema as contracts

PERSON, UPN, FORMER = KEYS = ("person_key", "upn_key", "former_upn_key")
# Births further apart, in months, are those of two children; a year alone may be a slip of the pen.
MOST_APART = 12
MEANINGS = "control.reused_identifiers"


def tables_with(*columns: str) -> dict[str, tuple[str, ...]]:
    """The raw tables that have all of these columns, with the identifiers that each holds."""
    return {
        table: tuple(key for key in KEYS if key in held)
        for table, held in contracts.raw_tables().items()
        if all(column in held for column in columns) and any(key in held for key in KEYS)
    }


def write_sent(connection: duckdb.DuckDBPyConnection) -> None:
    """The accepted submissions: those that others have replaced speak too, and count as older.

    Also an empty table of identifiers that were found to stand for several children.
    """
    run(
        connection,
        "create temp table sent as"
        " select submission_id, sender, extract, place, period_start from control.submissions",
    )
    run(
        connection,
        "create temp table not_one (kind varchar, submission_id integer, identifier_key bigint)",
    )


def told() -> str:
    """Every row that tells birth and sex of somebody; births as months since 1900."""
    return " union all ".join(
        f"""
        select
            submission_id, {keys[0]} as identifier_key, {keys[0] == PERSON} as is_person,
            (year(birth_month) - 1900) * 12 + month(birth_month) as birth,
            case sex when 'F' then 1 when 'M' then 0 end as girl
        from raw.{table} where {keys[0]} is not null
        """
        for table, keys in tables_with("birth_month", "sex").items()
    )


def named() -> str:
    """Every row that gives a holder a UPN, with whether it is a former one.

    Of a list of numbers beside the persons themselves, a present one counts only where the record
    of the person has none.
    """
    return " union all ".join(
        f"""
        select
            submission_id, {holder} as holder, {holder == PERSON} as is_person, {number} as number,
            {"coalesce(is_former, false)" if _tells_former(table) else number == FORMER}
                as is_former
        from raw.{table} where {holder} is not null and {number} is not null
            {_unless_recorded(table)}
        """
        for table, (holder, *numbers) in tables_with().items()
        for number in numbers
    )


def _unless_recorded(table: str) -> str:
    """Of a list of numbers, whether it is a former one or the person's record has none."""
    if not _tells_former(table):
        return ""
    recorded = "".join(
        f" or exists (select 1 from raw.{persons} as persons where persons.{UPN} is not null"
        f" and persons.submission_id = {table}.submission_id"
        f" and persons.{PERSON} = {table}.{PERSON})"
        for persons, keys in tables_with("birth_month").items()
        if {PERSON, UPN} <= {*keys} and _of_one_contract(persons, table)
    )
    return f"and (is_former or not (false{recorded}))"


def _of_one_contract(*tables: str) -> bool:
    return any({*tables} <= {*one.raw_tables()} for one in contracts.load().values())


def profiles(where: str = "") -> str:
    """Of each sender and identifier the newest birth and sex, and the extremes of those ever told.

    Of several in one submission the greatest counts, so that the answer is always the same.
    """
    return f"""
        select
            sender, identifier_key, bool_and(is_person) as is_person,
            cast(max(place * 10000 + birth) % 10000 as integer) as birth,
            cast(max(place * 2 + girl) % 2 as integer) as girl,
            min(birth) as least_birth, max(birth) as most_birth,
            min(girl) as least_girl, max(girl) as most_girl,
            max(place) as place, max(period_start) as last_start
        from ({told()}) inner join sent using (submission_id)
        {where}
        group by sender, identifier_key
    """


def differ(one: str, other: str) -> str:
    """SQL: whether two profiles cannot be of one child; what is unknown contradicts nothing."""
    return (
        f"(coalesce(abs({one}.birth - {other}.birth) > {MOST_APART}, false)"
        f" or coalesce({one}.girl <> {other}.girl, false))"
    )


def disagree(birth: str = "birth", girl: str = "girl") -> str:
    """SQL over a group: whether any two of its profiles cannot be of one child."""
    return (
        f"(coalesce(max({birth}) - min({birth}) > {MOST_APART}, false)"
        f" or coalesce(max({girl}) <> min({girl}), false))"
    )


@dataclass
class Claim:
    """What one submission says of a local number."""

    identifier: int
    sender: str
    submission_id: int
    birth: int | None
    girl: int | None
    upns: frozenset[int]


@dataclass
class Meaning:
    """A child for whom a number has stood, as last described."""

    birth: int | None = None
    girl: int | None = None
    upns: frozenset[int] = field(default_factory=frozenset)

    def contradictions(self, claim: Claim) -> tuple[bool, bool]:
        """Whether birth or sex is another child's, and whether the UPN is.

        A UPN that comes or goes is another one only where both birth and sex are.
        """
        is_born_else = _both(self.birth, claim.birth) > MOST_APART
        is_of_other_sex = _both(self.girl, claim.girl) > 0
        has_other_upn = bool(self.upns and claim.upns and not self.upns & claim.upns)
        has_or_lacks_upn = bool(self.upns) != bool(claim.upns)
        is_described_anew = is_born_else and is_of_other_sex and has_or_lacks_upn
        return is_born_else or is_of_other_sex, has_other_upn or is_described_anew

    def learn(self, claim: Claim) -> None:
        self.birth = self.birth if claim.birth is None else claim.birth
        self.girl = self.girl if claim.girl is None else claim.girl
        self.upns = claim.upns or self.upns


def meanings(claims: Iterable[Claim]) -> list[int]:
    """For each claim about one number, in order, the child that it means, counted from 0.

    Another child is meant where the UPN is another and with it birth or sex, and where all three
    change at once: birth and sex alone are corrected, and a UPN alone is changed. A claim goes to
    the child whom it contradicts least, so that an old month that is sent again means the old
    child.
    """
    known: list[Meaning] = []
    found: list[int] = []
    for claim in claims:
        told = [(place, one.contradictions(claim)) for place, one in enumerate(known)]
        fitting = [(sum(said), place) for place, said in told if not all(said)]
        # Of those that fit alike the one meant last, then the newest.
        chosen = min(fitting, key=lambda one: (one[0], one[1] != found[-1], -one[1]), default=None)
        if chosen is None:
            known.append(Meaning())
        place = len(known) - 1 if chosen is None else chosen[1]
        known[place].learn(claim)
        found.append(place)
    return found


def split_reused(connection: duckdb.DuckDBPyConnection) -> None:
    """Give a local number that was given to another child a key for each of them.

    Writes control.reused_identifiers: by submission, what an identifier means there; the newest
    child keeps the number's own key. The views of the raw tables then say what is meant. The
    profiles of these numbers are made anew.
    """
    run(
        connection,
        f"create table {MEANINGS} (submission_id integer, identifier_key bigint, meant_key bigint)",
    )
    rows: list[tuple[int, int, int]] = []
    found: list[tuple[int, int]] = []
    for _, group in groupby(_doubtful(connection), attrgetter("identifier")):
        claims = list(group)
        meant = meanings(claims)
        if max(meant):
            rows += _by_submission(connection, claims, meant)
            last = max(place for place, one in enumerate(meant) if one != meant[place - 1])
            found.append((claims[last].submission_id, claims[last].identifier))
    if rows:
        note(connection, "number_of_different_children", found)
        mean(connection, rows)
        renamed = f"(select identifier_key from {MEANINGS} union select meant_key from {MEANINGS})"
        where = f"where identifier_key in {renamed}"
        run(connection, f"delete from profiles {where}")
        run(connection, f"insert into profiles {profiles(where)}")


def mean(connection: duckdb.DuckDBPyConnection, rows: list[tuple[int, int, int]]) -> None:
    """Record what identifiers mean in submissions, and let the raw tables say so."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    is_first = not connection.execute(f"select count(*) from {MEANINGS}").fetchall()[0][0]
    connection.execute(
        f"insert into {MEANINGS} select unnest($1::integer[]), unnest($2::bigint[]),"
        " unnest($3::bigint[])",
        columns,
    ).fetchall()
    for table, keys in tables_with().items() if is_first else ():
        joins = "".join(
            f" left join {MEANINGS} as {key}s on told.submission_id = {key}s.submission_id"
            f" and told.{key} = {key}s.identifier_key"
            for key in keys
        )
        meant = ", ".join(f"coalesce({key}s.meant_key, told.{key}) as {key}" for key in keys)
        run(connection, f"alter view raw.{table} rename to {table}_as_sent")
        run(
            connection,
            f"create view raw.{table} as select told.* replace ({meant})"
            f" from raw.{table}_as_sent as told{joins}",
        )


def note(connection: duckdb.DuckDBPyConnection, kind: str, found: list[tuple[int, int]]) -> None:
    """Note identifiers that stand for several children, with the submission that tells it."""
    connection.execute(
        f"insert into not_one select '{kind}', unnest($1::integer[]), unnest($2::bigint[])",
        [list(column) for column in zip(*found, strict=True)],
    ).fetchall()


def another_key(identifier: int, which: str) -> int:
    """A key for another child of whom an identifier is told, always the same."""
    digest = hashlib.blake2b(f"{identifier} {which}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def run(connection: duckdb.DuckDBPyConnection, query: str) -> None:
    connection.execute(query).fetchall()


def _doubtful(connection: duckdb.DuckDBPyConnection) -> list[Claim]:
    """The claims about local numbers of which births or sexes contradict each other, in order."""
    rows = connection.execute(
        f"""
        with doubtful as (
            select identifier_key from profiles
            where is_person and (most_birth - least_birth > {MOST_APART} or least_girl < most_girl)
        ),
        described as (
            select submission_id, identifier_key, max(birth) as birth, max(girl) as girl
            from ({told()}) semi join doubtful using (identifier_key)
            group by submission_id, identifier_key
        ),
        held as (
            select submission_id, holder as identifier_key, list(distinct number) as upns
            from ({named()})
            where not is_former and holder in (select identifier_key from doubtful)
            group by submission_id, holder
        )
        select identifier_key, sender, submission_id, birth, girl, upns
        from described
        full join held using (submission_id, identifier_key)
        inner join sent using (submission_id)
        order by identifier_key, place
        """
    ).fetchall()
    return [
        Claim(number, sender, submission_id, birth, girl, frozenset(upns or ()))
        for number, sender, submission_id, birth, girl, upns in rows
    ]


def _by_submission(
    connection: duckdb.DuckDBPyConnection, claims: list[Claim], meant: list[int]
) -> list[tuple[int, int, int]]:
    """What the number means in each submission of its sender, told of there or not."""
    own = dict(zip((claim.submission_id for claim in claims), meant, strict=True))
    number, sender = claims[0].identifier, claims[0].sender
    sent = connection.execute(
        "select submission_id from sent where sender = $1 order by place", [sender]
    ).fetchall()
    found = []
    now = meant[0]
    for (submission_id,) in sent:
        now = own.get(submission_id, now)
        if now != meant[-1]:
            found.append((submission_id, number, another_key(number, str(now))))
    return found


def _both(one: int | None, other: int | None) -> int:
    return 0 if one is None or other is None else abs(one - other)


def _tells_former(table: str) -> bool:
    return "is_former" in contracts.raw_tables()[table]


Kind = Literal["cut", "join"]


@dataclass(frozen=True)
class Decision:
    """That two identifiers, by pseudonym, are not one child (cut) or are (join)."""

    kind: Kind
    one: int
    other: int
