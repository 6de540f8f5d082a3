"""Erase a child everywhere: this outranks that what was received is never changed.

The identifiers are never written down. Every original that is kept is read once, for every
identifier that is linked to those given, and what holds one is rewritten without the child.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from warehouse import audit, keys
from warehouse.connection import connect
from warehouse.errors import SightlineError
from warehouse.home import Home, Settings, today
from warehouse.identities import write_identities
from warehouse.in_force import known
from warehouse.intake import erasing
from warehouse.intake.loading import landed
from warehouse.intake.pool import pending_of
from warehouse.intake.problems import Refused
from warehouse.intake.redaction import (
    Contents,
    Identifier,
    contents_of,
    mentions,
    records_of,
)
from warehouse.intake.senders import PUBLISHER
from warehouse.intake.suppression import digests, key_of, remember
from warehouse.prepare import write_views
from warehouse.state import State, problems, submissions

Progress = Callable[[str, int, int], None]
WRONG_USE = 2
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
    redact: set[int] = field(default_factory=set)
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


def forget(
    home: Home, state: State, chosen: Settings, child: Child, reason: str, say: Progress
) -> Forgotten:
    """Erase a child and all that is linked to it; the audit entry says neither who nor how many."""
    key, on = keys.in_use(home, state), today(chosen)
    erasing.finish(home, state, chosen, key, on)
    with digests(key) as digest:
        seeds = digest(child.sender, child.identifiers)
        if len(seeds) < len(child.identifiers):
            raise _wrong("an identifier is not written as one: check the UPN's letters and digits")
        wanted = _linked(home, state, chosen, set(seeds.values()))
        found = _search(home, state, lambda s, i: _kept(digest(s, i), wanted), child, say)
    with digests(key_of(home)) as digest:
        kept_out = {
            value
            for sender, identifiers in found.clear.items()
            for value in digest(sender, identifiers).values()
        }
    texts = {text for identifiers in found.clear.values() for _, text in identifiers}
    with state.begin() as connection:
        audit.record(connection, "forget", "a child", reason)
        remember(connection, kept_out)
        _rename(connection, texts)
        erasing.plan(connection, found.redact, found.remove, wanted)
    erasing.finish(home, state, chosen, key, on)
    remains = _remains(home, texts)
    return Forgotten(len(kept_out), found.records, len(found.redact), len(found.remove), remains)


def _linked(home: Home, state: State, chosen: Settings, seeds: set[int]) -> set[int]:
    """The pseudonyms of everything that any submission, in force or not, says is this child."""
    submitted = [one for one in known(state, date.max) if one.is_accepted]
    with connect(home=home, settings=chosen) as connection:
        connection.execute("create schema raw; create schema control").fetchall()
        write_views(connection, home, submitted)
        rows = [(one.submission_id, one.sender, one.extract) for one in submitted]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
        connection.execute(
            "create table control.submissions as select unnest($1::integer[]) as submission_id,"
            " unnest($2::varchar[]) as sender, unnest($3::varchar[]) as extract,"
            " true as is_in_force",
            columns,
        ).fetchall()
        write_identities(connection)
        linked = connection.execute(
            "select identifier_key from control.identities where child_key in"
            " (select child_key from control.identities where list_contains($1, identifier_key))",
            [sorted(seeds)],
        ).fetchall()
    return seeds | {one for (one,) in linked}


def _search(
    home: Home,
    state: State,
    wanted: Callable[[str | None, Collection[Identifier]], set[Identifier]],
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
            (search.redact if is_readable else search.remove).add(row.submission_id)
    return search


def _note(
    search: Search,
    row: "sa.Row[Any]",
    contents: Contents,
    wanted: Callable[[str | None, Collection[Identifier]], set[Identifier]],
) -> bool:
    """Whether the child stands in a submission; what it is called there is noted."""
    found = records_of(contents, wanted(row.sender, contents.identifiers()))
    for table, places in zip(contents.tables, found, strict=True):
        search.records[table.contract.name] += len(places)
        own = {one for place in places for one in table.identifiers(place) if one[1]}
        known = search.clear.setdefault(row.sender, set())
        if own:
            known |= wanted(row.sender, own)
    if any(found):
        search.redact.add(row.submission_id)
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


def _kept(known_as: dict[Identifier, int], wanted: set[int]) -> set[Identifier]:
    return {one for one, value in known_as.items() if value in wanted}


def _kept_rows(state: State) -> list["sa.Row[Any]"]:
    query = (
        sa.select(submissions)
        .where(submissions.c.purged_on.is_(None), submissions.c.sender != PUBLISHER)
        .order_by(submissions.c.submission_id)
    )
    with state.read() as connection:
        return list(connection.execute(query))


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
