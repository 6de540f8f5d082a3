"""Decide which identifiers are one child's: what senders claim, as far as nobody contradicts it.

Of each identifier the newest claim of its sender stands. Where claims contradict each other, in a
return, between returns or between senders, nobody can say which is right: the tie is cut and
counted, and its sender is asked. To take two children for one would hide a child.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sightline.warehouse.timeline.claims import (
    MOST_APART,
    Decision,
    another_key,
    differ,
    disagree,
    mean,
    named,
    profiles,
    run,
    split_reused,
    tables_with,
    told,
    write_sent,
)

# A child who lived in six authorities, each with its own number, and had a UPN anew in each.
MOST_IDENTIFIERS = 24
ADOPTED = "('E11', 'E12')"
# Birth, girl or day of a profile that nobody told.
UNKNOWN = -1
Places = NDArray[np.int64]
Flags = NDArray[np.bool_]
Labels = NDArray[np.int32]


def write_identities(
    connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision] = ()
) -> None:
    """Write control.identities: every identifier with the smallest key among those joined to it.

    Also control.link_conflicts: by sender, extract and kind, of how many identifiers ties were
    cut; control.link_queries has the same by the newest submission concerned. Reads
    control.submissions and the raw tables, and makes these say what is meant where one identifier
    stands for two children (control.reused_identifiers). Leaves the temporary table `ties`, every
    standing claim with what it was cut for.
    """
    write_sent(connection)
    run(connection, f"create temp table profiles as {profiles()}")
    split_reused(connection)
    _write_ties(connection)
    _part_authorities(connection)
    run(connection, f"create temp table keys as {_numbered()}")
    children = Children(connection)
    children.part_contradictions()
    children.part_adoptions(connection)
    children.part_giants()
    children.decide(connection, decisions)
    children.write(connection)
    _write_conflicts(connection)


def _write_ties(connection: duckdb.DuckDBPyConnection) -> None:
    """The newest claims of each sender; `cut` says by what they are contradicted at that sender."""
    run(
        connection,
        f"""
        create temp table named as
        select sender, place, submission_id, holder, is_person, number, is_former
        from ({named()}) inner join sent using (submission_id)
        """,
    )
    run(
        connection,
        """
        create temp table ties as
        with newest as (
            select sender, holder, is_former, max(place) as place
            from named group by sender, holder, is_former
        )
        select named.*, cast(null as varchar) as cut
        from named inner join newest using (sender, holder, is_former, place)
        """,
    )
    cut(connection, "upn_of_several_children", "is_person, number", _side_by_side())
    cut(connection, "upn_of_several_children", "number", _of_two_pupils())
    cut(connection, "child_with_several_upns", "is_person, holder", _several_upns())
    cut(connection, "birth_or_sex_differs", "holder, number", _unlike())
    cut(connection, "upn_of_different_children", "is_person, number", _disputed())


def cut(connection: duckdb.DuckDBPyConnection, kind: str, by: str, found: str) -> None:
    """Cut the ties of these senders and identifiers that still hold."""
    columns = ["sender", *by.split(", ")]
    same = " and ".join(f"ties.{column} = found.{column}" for column in columns)
    run(
        connection,
        f"update ties set cut = '{kind}' from ({found}) as found where {same} and cut is null",
    )


SHARED = """
    select sender, is_person, number from ties where cut is null
    group by sender, is_person, number having min(holder) <> max(holder)
"""


def _side_by_side() -> str:
    """UPNs that one return gave to several of those who claim them still."""
    return f"""
        select distinct sender, is_person, number
        from named
        semi join ({SHARED}) as shared using (sender, is_person, number)
        semi join ties using (sender, is_person, number, holder)
        group by sender, is_person, number, submission_id
        having min(holder) <> max(holder)
    """


def _of_two_pupils() -> str:
    """UPNs under which the newest return tells pupils who are not one child."""
    return f"""
        with doubtful as (
            select sender, identifier_key, place from profiles
            where not is_person
                and (most_birth - least_birth > {MOST_APART} or least_girl < most_girl)
        )
        select sender, identifier_key as number
        from ({told()})
        inner join sent using (submission_id)
        semi join doubtful using (sender, identifier_key, place)
        group by sender, identifier_key
        having {disagree()}
    """


def _several_upns() -> str:
    """Children with several present UPNs in their newest return; former ones may be several."""
    return """
        select sender, is_person, holder from ties
        where is_person and not is_former
        group by sender, is_person, holder having min(number) <> max(number)
    """


def _unlike() -> str:
    """Ties of a holder to a UPN whose own record at the same sender is another child's."""
    return f"""
        select ties.sender, ties.holder, ties.number
        from ties
        inner join profiles as held
            on ties.sender = held.sender and ties.holder = held.identifier_key
        inner join profiles as own
            on ties.sender = own.sender and ties.number = own.identifier_key
        where {differ("held", "own")}
    """


def _disputed() -> str:
    """UPNs that different returns give to holders who are not one child.

    A child who is numbered anew keeps UPN, birth and sex, and has the old number no more where it
    has the new one, neither by the order nor by the periods of an extract's returns. Where one of
    the holders had another present UPN before, this one may be a slip, so that birth and sex must
    be known and the same.
    """
    return f"""
        with shared as ({SHARED}),
        claimed as (
            select sender, is_person, number, holder
            from ties semi join shared using (sender, is_person, number)
            where cut is null
        ),
        spans as (
            select
                named.sender, is_person, number, holder, extract,
                min(named.place) as first_place, max(named.place) as last_place,
                min(period_start) as first_start, max(period_start) as last_start
            from named
            semi join claimed using (sender, is_person, number, holder)
            inner join sent using (submission_id)
            group by named.sender, is_person, number, holder, extract
        ),
        interleaved as (
            select sender, is_person, number
            from spans inner join spans as others using (sender, is_person, number, extract)
            where others.holder <> spans.holder
                and others.first_place > spans.first_place
                and others.first_place < spans.last_place
                and others.first_start < spans.last_start
        ),
        wavering as (
            select sender, holder
            from named semi join claimed using (sender, holder)
            where is_person and not is_former
            group by sender, holder having min(number) <> max(number)
        )
        select claimed.sender, claimed.is_person, claimed.number
        from claimed
        left join profiles
            on claimed.sender = profiles.sender and claimed.holder = profiles.identifier_key
        left join wavering
            on claimed.sender = wavering.sender and claimed.holder = wavering.holder
        group by claimed.sender, claimed.is_person, claimed.number
        having {disagree()} or (
            count(wavering.holder) > 0 and not (
                count(birth) = count(*) and min(birth) = max(birth)
                and count(girl) = count(*) and min(girl) = max(girl)
            )
        )
        union
        select sender, is_person, number from interleaved
    """


def _part_authorities(connection: duckdb.DuckDBPyConnection) -> None:
    """A UPN of which authorities tell different children is another identifier at each of them.

    Those that agree share one; of those that tell neither birth nor sex nobody knows whom they
    mean, so that each stands alone.
    """
    run(
        connection,
        f"""
        create temp view seen as
        select ties.sender, number as upn, birth, girl
        from ties inner join profiles
            on ties.sender = profiles.sender and ties.holder = profiles.identifier_key
        where cut is null
        union all
        select sender, identifier_key as upn, birth, girl from profiles where not is_person;
        create temp table torn as
        select upn from seen group by upn having min(sender) <> max(sender) and {disagree()}
        """,
    )
    rows = connection.execute(
        """
        select upn, sender, min(birth), max(birth), min(girl), max(girl)
        from seen semi join torn using (upn)
        group by upn, sender order by upn, sender
        """
    ).fetchall()
    parted = [
        (upn, sender, another_key(upn, group[0]))
        for upn, group_of_upn in groupby(rows, itemgetter(0))
        for group in _agreeing([row[1:] for row in group_of_upn])[1:]
        for sender in group
    ]
    if not parted:
        return
    run(
        connection,
        """
        insert into not_one
        select 'upn_at_several_authorities', max_by(submission_id, place), upn
        from (
            select sender, place, number as upn from ties where cut is null
            union all
            select sender, place, identifier_key from profiles where not is_person
        )
        semi join torn using (upn)
        inner join sent using (sender, place)
        group by sender, upn
        """,
    )
    columns = [list(column) for column in zip(*parted, strict=True)]
    connection.execute(
        "create temp table parted as select unnest($1::bigint[]) as upn,"
        " unnest($2::varchar[]) as sender, unnest($3::bigint[]) as meant_key",
        columns,
    ).fetchall()
    meant = connection.execute(
        "select submission_id, upn, meant_key from parted inner join sent using (sender)"
    ).fetchall()
    mean(connection, meant)
    for table, column in (("ties", "number"), ("ties", "holder"), ("profiles", "identifier_key")):
        run(
            connection,
            f"update {table} set {column} = meant_key from parted"
            f" where {table}.sender = parted.sender and {table}.{column} = parted.upn",
        )


def _agreeing(described: list[tuple[Any, ...]]) -> list[list[str]]:
    """Senders whose births and sexes can be of one child, together; the first group is largest."""
    groups: list[tuple[list[str], list[tuple[Any, ...]]]] = []
    for sender, *profile in described:
        is_described = any(value is not None for value in profile)
        fitting = [
            group for group in groups if is_described and _is_one_child([*group[1], tuple(profile)])
        ]
        if fitting:
            fitting[0][0].append(sender)
            fitting[0][1].append(tuple(profile))
        else:
            groups.append(([sender], [tuple(profile)] if is_described else []))
    return sorted((senders for senders, _ in groups), key=len, reverse=True)


def _is_one_child(profiles: list[tuple[Any, ...]]) -> bool:
    if not profiles[:-1]:
        return False
    births = [birth for one in profiles for birth in one[:2] if birth is not None]
    girls = {girl for one in profiles for girl in one[2:] if girl is not None}
    return len(girls) < 2 and (not births or max(births) - min(births) <= MOST_APART)


def _numbered() -> str:
    """Every identifier that stands anywhere, with a number of its own from 0."""
    described = tables_with("birth_month", "sex")
    others = "".join(
        f" union all select {keys[0]} from raw.{table} inner join sent using (submission_id)"
        for table, keys in tables_with().items()
        if table not in described
    )
    return f"""
        select identifier_key, row_number() over () - 1 as number
        from (
            select distinct identifier_key
            from (
                select identifier_key from profiles
                union all select number from named
                union all select number from ties{others}
            )
            where identifier_key is not null
        )
    """


class Children:
    """Which identifiers are joined: a label for each, and the ties that join them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        profile = connection.execute(
            f"""
            select
                coalesce(min(birth), {UNKNOWN}) as least_birth,
                coalesce(max(birth), {UNKNOWN}) as most_birth,
                coalesce(min(girl), {UNKNOWN}) as least_girl,
                coalesce(max(girl), {UNKNOWN}) as most_girl
            from keys left join profiles using (identifier_key)
            group by number order by number
            """
        ).fetchnumpy()
        self.births = tuple(_array(profile[name]) for name in ("least_birth", "most_birth"))
        self.girls = tuple(_array(profile[name]) for name in ("least_girl", "most_girl"))
        found = connection.execute(
            """
            select ties.rowid as tie, ones.number as one, others.number as other
            from ties
            inner join keys as ones on ties.holder = ones.identifier_key
            inner join keys as others on ties.number = others.identifier_key
            where cut is null
            """
        ).fetchnumpy()
        self.tie, self.one, self.other = (_array(found[name]) for name in ("tie", "one", "other"))
        self.count = len(self.births[0])
        self.holds = np.ones(len(self.tie), dtype=np.bool_)
        self.cut: dict[str, list[Places]] = {}
        self.labels = components(self.one, self.other, self.count)

    def part(self, kind: str, children: Flags, keep: Flags) -> None:
        """Of these children, by label, cut the ties that are not to be kept."""
        own = np.flatnonzero(self.holds & children[self.labels[self.one]])
        cut = own[~keep[own]]
        self.holds[cut] = False
        self.cut.setdefault(kind, []).append(self.tie[cut])
        own = own[keep[own]]
        members = np.flatnonzero(children[self.labels])
        one, other = (np.searchsorted(members, ends[own]) for ends in (self.one, self.other))
        parted = components(one, other, len(members))
        self.labels[members] = self._next_label() + parted

    def part_contradictions(self) -> None:
        """Where births or sexes of those joined contradict each other, only equals stay joined."""
        least, most = (
            _extreme(self.births, self.labels, pick) for pick in (np.minimum, np.maximum)
        )
        boy, girl = (_extreme(self.girls, self.labels, pick) for pick in (np.minimum, np.maximum))
        differs = (most - least > MOST_APART) | (girl > boy)
        keep = np.ones(len(self.tie), dtype=np.bool_)
        for low, high in (self.births, self.girls):
            keep &= (low[self.one] == high[self.other]) & (high[self.one] == low[self.other])
            keep &= low[self.one] != UNKNOWN
        if differs.any():
            self.part("joined_to_contradictions", differs, keep)

    def part_adoptions(self, connection: duckdb.DuckDBPyConnection) -> None:
        """No tie from what stood for a child before its adoption to what does afterwards.

        An identifier is of afterwards where a return whose period began after the adoption names
        it, other than as a former UPN. The local number whose care ended is of before.
        """
        adopted = connection.execute(_adopted()).fetchnumpy()
        if not len(adopted["number"]):
            return
        wall = np.full(int(self.labels.max()) + 1, np.iinfo(np.int64).max)
        numbers, on = _array(adopted["number"]), _array(adopted["adopted_on"])
        np.minimum.at(wall, self.labels[numbers], on)
        is_concerned = wall < np.iinfo(np.int64).max
        members = np.flatnonzero(is_concerned[self.labels])
        is_after = np.zeros(self.count, dtype=np.bool_)
        is_after[members] = self._last_named(connection, members) > wall[self.labels[members]]
        is_after[numbers] = False
        self.part("across_adoption", is_concerned, is_after[self.one] == is_after[self.other])

    def _last_named(self, connection: duckdb.DuckDBPyConnection, members: Places) -> Places:
        """The first day of the newest period in which each of these was named as present."""
        connection.register("members", {"number": members})
        rows = connection.execute(
            f"""
            with concerned as (select * from keys semi join members using (number)),
            named_on as (
                select concerned.number, last_start as day
                from profiles inner join concerned using (identifier_key)
                union all
                select concerned.number, period_start as day
                from ties
                inner join concerned on ties.number = concerned.identifier_key
                inner join sent using (submission_id)
                where not is_former
            )
            select coalesce(max(datediff('day', date '1900-01-01', day)), {UNKNOWN}) as day
            from concerned left join named_on using (number)
            group by concerned.number order by concerned.number
            """
        ).fetchnumpy()
        connection.unregister("members")
        return _array(rows["day"])

    def part_giants(self) -> None:
        """No child has so many identifiers: those of such a knot stand alone."""
        is_giant = np.bincount(self.labels, minlength=1) > MOST_IDENTIFIERS
        if is_giant.any():
            self.part("joined_to_too_many", is_giant, np.zeros(len(self.tie), dtype=np.bool_))

    def decide(self, connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]) -> None:
        """People cut and join last, whatever is claimed."""
        numbers = _numbers_of(connection, decisions)
        known = [one for one in decisions if one.one in numbers and one.other in numbers]
        pairs = [(one.kind, numbers[one.one], numbers[one.other]) for one in known]
        joined = [(one, other) for kind, one, other in pairs if kind == "join"]
        apart = [(one, other) for kind, one, other in pairs if kind == "cut"]
        if joined:
            ends = np.array(joined, dtype=np.int64).T
            self.tie = np.append(self.tie, np.full(len(joined), UNKNOWN))
            self.one, self.other = np.append(self.one, ends[0]), np.append(self.other, ends[1])
            self.holds = np.append(self.holds, np.ones(len(joined), dtype=np.bool_))
            self.labels = components(self.one[self.holds], self.other[self.holds], self.count)
        for one, other in apart:
            is_direct = (self.one == one) & (self.other == other)
            self._without(is_direct | (self.one == other) & (self.other == one), one)
            if self.labels[one] == self.labels[other]:
                # What leads round is not known to be right either: the first stands alone.
                self._without((self.one == one) | (self.other == one), one)

    def _without(self, ties: Flags, number: int) -> None:
        children = np.zeros(int(self.labels.max()) + 1, dtype=np.bool_)
        children[self.labels[number]] = True
        self.part("decision", children, ~ties)

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.register("labels", {"number": np.arange(self.count), "label": self.labels})
        run(
            connection,
            """
            create table control.identities as
            select
                keys.identifier_key,
                min(keys.identifier_key) over (partition by labels.label) as child_key
            from keys
            inner join labels on keys.number = labels.number
            """,
        )
        connection.unregister("labels")
        for kind, cut_ties in self.cut.items():
            connection.register("found", {"tie": np.concatenate(cut_ties)})
            run(
                connection,
                f"update ties set cut = '{kind}' from found where ties.rowid = found.tie",
            )
            connection.unregister("found")

    def _next_label(self) -> int:
        return int(self.labels.max()) + 1 if self.count else 0


def _adopted() -> str:
    """Local numbers whose care ended in adoption, as last told, and the days since 1900."""
    return f"""
        with episodes as (
            select submission_id, person_key, start_date, end_date, reason_ended
            from raw.care_episodes
            union all
            select submission_id, person_key, start_date, end_date, reason_ended
            from raw.ssd_care_episodes
        ),
        adopted as (
            select distinct person_key from episodes where reason_ended in {ADOPTED}
        ),
        newest as (
            select
                person_key,
                max_by({{'reason': reason_ended, 'ended_on': end_date}}, place) as told
            from episodes
            inner join sent using (submission_id)
            semi join adopted using (person_key)
            group by person_key, start_date
        )
        select number, datediff('day', date '1900-01-01', max(told.ended_on)) as adopted_on
        from newest inner join keys on newest.person_key = keys.identifier_key
        where told.reason in {ADOPTED} and told.ended_on is not null
        group by number
    """


def _numbers_of(
    connection: duckdb.DuckDBPyConnection, decisions: Sequence[Decision]
) -> dict[int, int]:
    wanted = sorted({key for one in decisions for key in (one.one, one.other)})
    return dict(
        connection.execute(
            "select identifier_key, number from keys where list_contains($1, identifier_key)",
            [wanted],
        ).fetchall()
        if wanted
        else []
    )


def _write_conflicts(connection: duckdb.DuckDBPyConnection) -> None:
    """How many identifiers are concerned; those of a knot are all that stand in it."""
    run(
        connection,
        """
        create table control.link_queries as
        with concerned as (
            select cut as kind, submission_id, number as identifier_key
            from ties where cut <> 'child_with_several_upns' and cut <> 'decision'
            union
            select cut as kind, submission_id, holder as identifier_key
            from ties where cut in ('child_with_several_upns', 'joined_to_too_many')
            union
            select kind, submission_id, identifier_key from not_one
        )
        select kind, sender, extract, max_by(submission_id, place) as submission_id,
            count(distinct identifier_key) as identifiers
        from concerned inner join sent using (submission_id)
        group by kind, sender, extract
        order by all;
        create table control.link_conflicts as
        select sender, extract, kind, identifiers from control.link_queries order by all
        """,
    )


def _array(column: Any) -> Places:
    return np.asarray(column, dtype=np.int64)


def _extreme(ends: tuple[Places, ...], labels: Labels, pick: "np.ufunc") -> Places:
    """The least or greatest that is told of each label, by which of them the function picks."""
    values = ends[0] if pick is np.minimum else ends[1]
    is_told = values != UNKNOWN
    found = np.full(int(labels.max(initial=-1)) + 1, UNKNOWN, dtype=np.int64)
    if pick is np.minimum:
        found[labels[is_told]] = np.iinfo(np.int64).max
    pick.at(found, labels[is_told], values[is_told])
    return found


def components(one: Places, other: Places, count: int) -> Labels:
    """A label for each number; numbers that are joined, however far apart, share theirs."""
    if not count:
        return np.empty(0, dtype=np.int32)
    links = (np.ones(len(one), dtype=np.int8), (one, other))
    _, labels = connected_components(csr_array(links, shape=(count, count)), directed=False)
    return np.asarray(labels, dtype=np.int32)
