"""Erase a child everywhere: this outranks that what was received is never changed.

The identifiers are never written down. Every original that is kept is read once, for every
identifier that is tied to those given, and what holds one is rewritten without the child. A tie
that was cut is not followed, and where a number stood for another child, that child's rows stay.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from sightline.warehouse import orphans
from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.connection import connect
from sightline.warehouse.erasure import carry_out
from sightline.warehouse.erasure.redaction import Contents, contents_of, mentions, records_of
from sightline.warehouse.erasure.suppression import key_of, remember
from sightline.warehouse.errors import WRONG_USE, SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.intake.judge.identifiers import Digests, Identifier, digests
from sightline.warehouse.intake.pool import pending_of
from sightline.warehouse.intake.receive.unpacking import landed
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import State, problems, submissions
from sightline.warehouse.problems import Refused
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import Settings, today
from sightline.warehouse.timeline import identity_decisions
from sightline.warehouse.timeline.claims import tables_with
from sightline.warehouse.timeline.identities import write_identities
from sightline.warehouse.timeline.in_force import in_sequence, known
from sightline.warehouse.timeline.raw_views import write_views

Progress = Callable[[str, int, int], None]
# Shorter identifiers stand everywhere by chance.
LONG_ENOUGH = 8
ERASED_NAME = "named after a child who was erased"


@dataclass(frozen=True)
class Child:
    """Who is to be forgotten: local numbers at a sender, or UPNs, or both."""

    sender: str | None
    ids: tuple[str, ...] = ()
    upns: tuple[str, ...] = ()

    @property
    def identifiers(self) -> set[Identifier]:
        return {("person", one) for one in self.ids} | {("upn", one) for one in self.upns}


Wanted = Callable[["sa.Row[Any]", Collection[Identifier]], set[Identifier]]
Meanings = dict[tuple[int, int], int]
"""By submission and pseudonym, what a number meant there that stood for several children."""

CLAIMS = {
    (True, False): "a local number and its pupil number",
    (True, True): "a local number and a former pupil number",
    (False, True): "a pupil number and the one before it",
}


@dataclass(frozen=True)
class Tied:
    """What is taken for the child who is to be forgotten, in numbers alone."""

    wanted: frozenset[int]
    """The pseudonyms: of each child whom a number stood for, only the one who is meant."""
    given: int
    """How many identifiers of those given are known."""
    local_numbers: dict[str, int]
    """How many local numbers, by sender."""
    pupil_numbers: int
    claims: dict[tuple[str, str], int]
    """How many ties, by sender and kind of claim."""
    not_followed: int
    """Ties of these identifiers that were cut, since they are contradicted or people said so."""
    rows: dict[str, int]
    """How many rows, by sender."""
    meanings: Meanings


@dataclass
class Forgotten:
    """What was erased, in numbers."""

    identifiers: int = 0
    records: Counter[str] = field(default_factory=Counter)
    rewritten: int = 0
    removed: int = 0
    remains: list[str] = field(default_factory=list)


@dataclass
class Search:
    """What the originals hold of a child."""

    records: Counter[str] = field(default_factory=Counter)
    clear: dict[str | None, set[Identifier]] = field(default_factory=dict)
    redact: dict[int, set[Identifier] | None] = field(default_factory=dict)
    """By submission what the child is called in it; none where its lines could not be read."""
    remove: set[int] = field(default_factory=set)


def child_in(text: str) -> Child:
    """The child named in lines such as `sender: 301`, `id: 12345`, `upn: A...`."""
    said: dict[str, list[str]] = {"sender": [], "id": [], "upn": []}
    for number, line in enumerate(filter(str.strip, text.splitlines()), 1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or name.lower() not in said or not value:
            raise _wrong(f"line {number} must be sender:, id: or upn: and a value")
        said[name.lower()].append(value)
    if len(said["sender"]) > 1 or not (said["id"] or said["upn"]):
        raise _wrong("name one child: one sender with its id, or a upn, or both")
    if said["id"] and not said["sender"]:
        raise _wrong("an id is only known with its sender")
    return Child(next(iter(said["sender"]), None), tuple(said["id"]), tuple(said["upn"]))


def tied(home: Home, state: State, chosen: Settings, child: Child) -> Tied:
    """What is tied to a child, to be looked at before it is erased."""
    with digests(keys.in_use(home, state)) as digest:
        return _tied(home, state, chosen, _seeds(digest, child))


def forget(
    home: Home,
    state: State,
    chosen: Settings,
    child: Child,
    reason: str,
    say: Progress,
    *,
    only_given: bool = False,
) -> Forgotten:
    """Erase a child and all that is tied to it; the audit entry says neither who nor how many.

    With `only_given` what is tied to the identifiers stays.
    """
    key, on = keys.in_use(home, state), today(chosen)
    carry_out.finish(home, state, chosen, key, on)
    with digests(key) as digest:
        seeds = _seeds(digest, child)
        found_tied = _tied(home, state, chosen, seeds)
        own = found_tied.wanted if not only_given else _only(found_tied, set(seeds.values()))

        def wanted(row: "sa.Row[Any]", identifiers: Collection[Identifier]) -> set[Identifier]:
            known_as = digest(row.sender, identifiers)
            meanings = found_tied.meanings
            return {
                one
                for one, value in known_as.items()
                if meanings.get((row.submission_id, value), value) in own
            }

        found = _search(home, state, wanted, child, say)
        # A number that stands for another child by now is not kept out of what comes.
        kept_in = {
            (sender, one)
            for sender, identifiers in found.clear.items()
            for one, value in digest(sender, identifiers).items()
            if value not in own
        }
    with digests(key_of(home)) as digest:
        kept_out = {
            value
            for sender, identifiers in found.clear.items()
            for one, value in digest(sender, identifiers).items()
            if (sender, one) not in kept_in
        }
        senders = _senders(state)
        redact = {
            number: None if names is None else set(digest(senders[number], names).values())
            for number, names in found.redact.items()
        }
    texts = {text for identifiers in found.clear.values() for _, text in identifiers}
    orphans.erase(home, renamed=lambda name: _told(name, texts))
    gone = set(own) | {plain for (_, plain), meant in found_tied.meanings.items() if meant in own}
    with state.begin() as connection:
        audit.record(connection, "forget", "a child", reason)
        remember(connection, kept_out)
        identity_decisions.forget(connection, set(own))
        _rename(connection, texts)
        carry_out.plan(connection, redact, found.remove, gone)
    carry_out.finish(home, state, chosen, key, on)
    remains = _remains(home, texts - {text for _, (_, text) in kept_in})
    return Forgotten(len(kept_out), found.records, len(found.redact), len(found.remove), remains)


def _seeds(digest: Digests, child: Child) -> dict[Identifier, int]:
    seeds = digest(child.sender, child.identifiers)
    if len(seeds) < len(child.identifiers):
        raise _wrong("an identifier is not written as one: check the UPN's letters and digits")
    return seeds


def _only(found: Tied, seeds: set[int]) -> frozenset[int]:
    """Of what is tied, the identifiers that were given, in what they mean."""
    meant = {meant for (_, plain), meant in found.meanings.items() if plain in seeds}
    return frozenset((seeds | meant) & found.wanted)


def _tied(home: Home, state: State, chosen: Settings, seeds: dict[Identifier, int]) -> Tied:
    """Of all submissions that were accepted, in force or not."""
    submitted = [one for one in in_sequence(known(state, date.max)) if one.is_accepted]
    with connect(home=home, settings=chosen) as connection:
        connection.execute("create schema raw; create schema control").fetchall()
        write_views(connection, home, submitted)
        rows = [
            (one.submission_id, place, one.sender, one.extract, one.period.start)
            for place, one in enumerate(submitted)
        ]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
        connection.execute(
            "create table control.submissions as select unnest($1::integer[]) as submission_id,"
            " unnest($2::integer[]) as place, unnest($3::varchar[]) as sender,"
            " unnest($4::varchar[]) as extract, unnest($5::date[]) as period_start",
            columns,
        ).fetchall()
        decided = [one for _, one in identity_decisions.known(state, date.max)]
        write_identities(connection, decided)
        return _counted(connection, seeds)


def _counted(connection: duckdb.DuckDBPyConnection, seeds: dict[Identifier, int]) -> Tied:
    meanings = {
        (submission_id, plain): meant
        for submission_id, plain, meant in connection.execute(
            "from control.reused_identifiers"
        ).fetchall()
    }
    meant = _meant(connection, seeds)
    connection.execute(
        "create temp table wanted as select identifier_key from control.identities"
        " where child_key in (select child_key from control.identities"
        " where list_contains($1, identifier_key))",
        [meant],
    ).fetchall()
    run = connection.execute
    known = frozenset(one for (one,) in run("from wanted").fetchall())
    persons = run(
        "select sender, count(distinct identifier_key) from profiles"
        " semi join wanted using (identifier_key) where is_person group by sender order by sender"
    ).fetchall()
    claims = run(
        """
        select sender, is_person, is_former, count(distinct (holder, number)), cut is null
        from ties
        where holder in (from wanted) or number in (from wanted)
        group by all order by all
        """
    ).fetchall()
    counted = " union all ".join(
        f"select submission_id from raw.{table} where "
        + " or ".join(f"{key} in (from wanted)" for key in held)
        for table, held in tables_with().items()
    )
    rows = run(
        f"select sender, count(*) from ({counted}) inner join sent using (submission_id)"
        " group by sender order by sender"
    ).fetchall()
    [(upns,)] = run(
        "select count(*) from (select identifier_key from wanted except"
        " select identifier_key from profiles where is_person)"
    ).fetchall()
    return Tied(
        known.union(meant),
        sum(value in known for value in meant),
        dict(persons),
        upns,
        {
            (sender, CLAIMS[is_person, is_former]): count
            for sender, is_person, is_former, count, is_followed in claims
            if is_followed
        },
        sum(count for *_, count, is_followed in claims if not is_followed),
        dict(rows),
        meanings,
    )


def _meant(connection: duckdb.DuckDBPyConnection, seeds: dict[Identifier, int]) -> list[int]:
    """A number that stood for several children means the one of the UPN that is given with it,
    and without one the newest."""
    upns = [value for (kind, _), value in seeds.items() if kind == "upn"]
    numbers = [value for (kind, _), value in seeds.items() if kind != "upn"]
    former = connection.execute(
        """
        with meant as (
            select distinct identifier_key as plain, meant_key as meant
            from control.reused_identifiers where list_contains($1, identifier_key)
        ),
        own as (
            select child_key from control.identities where list_contains($2, identifier_key)
        )
        select plain, meant from meant
        inner join control.identities as identities on meant.meant = identities.identifier_key
        semi join own on identities.child_key = own.child_key
        """,
        [numbers, upns],
    ).fetchall()
    of_former = {plain for plain, _ in former}
    plain = [value for value in numbers if value not in of_former]
    return upns + plain + [meant for _, meant in former]


def _senders(state: State) -> dict[int, str]:
    with state.read() as connection:
        rows = connection.execute(sa.select(submissions.c.submission_id, submissions.c.sender))
        return {row.submission_id: row.sender for row in rows}


def _search(
    home: Home,
    state: State,
    wanted: Wanted,
    child: Child,
    say: Progress,
) -> Search:
    """Read every original that is kept; then look for the texts in what could not be read."""
    search = Search(clear={child.sender: set(child.identifiers)})
    rows = _kept_rows(state)
    doubtful: list[tuple[sa.Row[Any], bool]] = []
    for number, row in enumerate(rows, 1):
        contents = contents_of(pending_of(home, row, None))
        if contents is None or not contents.tables:
            doubtful.append((row, False))
        elif not _note(search, row, contents, wanted) and contents.has_lost_lines:
            doubtful.append((row, True))
        if number % 100 == 0 or number == len(rows):
            say("looking through the originals", number, len(rows))
    for row, is_readable in doubtful:
        if _is_mentioned(home, row, search):
            if is_readable:
                search.redact[row.submission_id] = None
            else:
                search.remove.add(row.submission_id)
    return search


def _note(
    search: Search,
    row: "sa.Row[Any]",
    contents: Contents,
    wanted: Wanted,
) -> bool:
    """Whether the child stands in a submission; what it is called there is noted."""
    names = wanted(row, contents.identifiers())
    found = records_of(contents, names)
    for table, places in zip(contents.tables, found, strict=True):
        search.records[table.contract.name] += len(places)
        own = {one for place in places for one in table.identifiers(place) if one[1]}
        known = search.clear.setdefault(row.sender, set())
        if own:
            known |= wanted(row, own)
    if any(found):
        search.redact[row.submission_id] = names
    return any(found)


def _is_mentioned(home: Home, row: "sa.Row[Any]", search: Search) -> bool:
    """Bytes that do not open may name the child; they count as if they did, where anything of
    their sender could be read."""
    texts = {text for _, text in search.clear.get(row.sender, ())}
    texts |= {text for some in search.clear.values() for kind, text in some if kind == "upn"}
    pending = pending_of(home, row, None)
    contents = contents_of(pending)
    if contents is None:
        data = pending.path.read_bytes()
        is_packed = data.startswith((b"PK", b"\x1f\x8b"))
        return mentions(data, texts) or (is_packed and row.sender in search.clear)
    try:
        opened, _ = landed(pending)
        with opened() as file:
            whole = file.read()
    except Refused:
        return row.sender in search.clear
    parts = [whole]
    for member in contents.bundle.members:
        with member.opened() as file:
            parts.append(file.read())
    return any(mentions(part, texts) for part in parts)


def _kept_rows(state: State) -> list["sa.Row[Any]"]:
    query = (
        sa.select(submissions)
        .where(submissions.c.purged_on.is_(None), submissions.c.sender != PUBLISHER)
        .order_by(submissions.c.submission_id)
    )
    with state.read() as connection:
        return list(connection.execute(query))


def _told(name: str, texts: Iterable[str]) -> str:
    """What may be said of a file's name."""
    long = [text for text in texts if len(text) >= LONG_ENOUGH]
    return ERASED_NAME if mentions(name.encode("utf-8", "surrogateescape"), long) else name


def _rename(connection: sa.Connection, texts: Iterable[str]) -> None:
    """A sender may have named a file after a child."""
    long = [text for text in texts if len(text) >= LONG_ENOUGH]
    named = {
        submissions: ("original_name", "first_error"),
        problems: ("file_name", "message"),
    }
    for table, columns in named.items():
        for row in connection.execute(sa.select(table)).mappings().all():
            told = [one for one in columns if mentions(str(row[one]).encode(), long)]
            if told:
                [key] = table.primary_key
                update = table.update().where(key == row[key.name])
                connection.execute(update.values(dict.fromkeys(told, ERASED_NAME)))


def _remains(home: Home, texts: Iterable[str]) -> list[str]:
    """Files of the monitor in whose bytes an identifier stands still; none is expected."""
    long = [text for text in texts if len(text) >= LONG_ENOUGH]
    return [
        str(path.relative_to(home.root))
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and not path.is_symlink() and mentions(path.read_bytes(), long)
    ]


def _wrong(message: str) -> SightlineError:
    return SightlineError(message, WRONG_USE)
