"""How well children are told apart: ties that are false and ties that are missed, in a demo.

    python benchmarks/linkage.py sightline-demo

The truth comes from the simulator, made anew from the demo's seed: `simulation/people.py`
gives for every sender its local numbers and pupil numbers with the child that each stands for; an
identifier that stands for two children comes twice, and an adopted child is another one from then
on. They are hashed with the demo's key and held against who is one child in the demo's warehouse.

A false tie joins two children (one count for each child too many under one identity), also where a
local number that was given to a second child was not told apart. A missed tie leaves a child in
parts of whom some return names the identifiers together; parts that nobody ever named together are
no fault of linkage and not counted. Beside it stands what taking every claim at its word gives.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

import duckdb
import numpy as np

from sightline.simulation import truth as truths
from sightline.simulation.people import Known, people
from sightline.warehouse.connection import connect
from sightline.warehouse.home import Home
from sightline.warehouse.intake.judge.identifiers import digests
from sightline.warehouse.ledger.state import State
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import load_settings
from sightline.warehouse.timeline.claims import named
from sightline.warehouse.timeline.identities import components, write_identities
from sightline.warehouse.timeline.in_force import known
from sightline.warehouse.timeline.raw_views import write_views

GOAL = 1.0
"""False ties in 10,000 children, to stay under."""
BATCH = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("demo", type=Path, help="folder of a demo that has been run")
    home = Home(parser.parse_args().demo.resolve())
    with connect(home=home, settings=load_settings(home)) as connection:
        _claims(home, connection)
        _truth(home, connection)
        started = time.perf_counter()
        write_identities(connection)
        seconds = time.perf_counter() - started
        _print(connection, seconds)


def _claims(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """The raw tables of the demo, and its submissions as the last run knew them."""
    state = State(home.state_db)
    connection.execute("create schema raw; create schema control").fetchall()
    with duckdb.connect(str(home.warehouse_db), read_only=True) as warehouse:
        [(as_of,)] = warehouse.execute("select as_of from control.run").fetchall()
    write_views(connection, home, known(state, as_of))
    state.close()
    connection.execute(f"attach '{home.warehouse_db}' as built (read_only)").fetchall()
    connection.execute(
        "create table control.submissions as from built.control.submissions"
    ).fetchall()
    connection.execute(
        f"create table plain as select distinct holder, number from ({named()})"
    ).fetchall()


def _truth(home: Home, connection: duckdb.DuckDBPyConnection) -> None:
    """Every identifier of the simulation as the demo has it: sender, kind, key, child."""
    connection.execute(
        "create table truth (sender varchar, kind varchar, identifier_key bigint, child varchar)"
    ).fetchall()
    everybody = people(truths.load(home.root / "truth.json"))
    with digests(keys.read(home.key)) as digest:
        for batch in _batches(everybody):
            sender = batch[0].sender
            found = digest(sender, {(one.kind, one.identifier) for one in batch})
            rows = [(sender, one.kind, found[one.kind, one.identifier], one.child) for one in batch]
            columns = [list(column) for column in zip(*rows, strict=True)]
            connection.execute(
                "insert into truth select unnest($1::varchar[]), unnest($2::varchar[]),"
                " unnest($3::bigint[]), unnest($4::varchar[])",
                columns,
            ).fetchall()


def _batches(everybody: Iterable[Known]) -> Iterator[list[Known]]:
    for _, of_sender in groupby(everybody, lambda one: one.sender):
        while batch := list(islice(of_sender, BATCH)):
            yield batch


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _print(connection: duckdb.DuckDBPyConnection, seconds: float) -> None:
    _name_nodes(connection)
    children, whole = _one(
        connection,
        "select count(distinct child), count(distinct child) filter (where identifiers > 1)"
        " from (select child, count(*) over (partition by child) as identifiers from nodes)",
    )
    say(f"{children:,} children of whom something is told, {whole:,} with several identifiers")
    _at_its_word(connection)
    for title, relation in (
        ("every claim at its word", "at_its_word"),
        ("the newest claims that nothing contradicts", "judged"),
    ):
        false, missed = _judged(connection, relation)
        rate = 10_000 * false / children
        say(f"{title}: {false:,} false ties ({rate:.2f} in 10,000 children), {missed:,} missed")
    [unsplit, reused] = _one(
        connection,
        "select count(*) filter (where identifier_key not in"
        " (select identifier_key from control.reused_identifiers)), count(*) from given_twice",
    )
    say(f"of {reused:,} local numbers given to a second child, {unsplit:,} not told apart")
    say(f"goal: fewer than {GOAL} false tie in 10,000 children; {seconds:.1f} s")
    for kind, count in connection.execute(
        "select kind, sum(identifiers) from control.link_conflicts group by kind order by kind"
    ).fetchall():
        say(f"  cut: {kind.replace('_', ' ')}: {count:,}")


def _name_nodes(connection: duckdb.DuckDBPyConnection) -> None:
    """Identifiers that stand for one child each, with what they mean at their sender.

    Only those under which rows describe a child: a number that is named alone joins nobody. Local
    numbers of two children are apart: which is meant in which return, the truth does not say.
    """
    connection.execute(
        """
        create table given_twice as
        select identifier_key
        from truth semi join control.identities using (identifier_key)
        where kind = 'person'
        group by identifier_key having min(child) <> max(child);
        create table nodes as
        with meant as (
            select distinct sender, identifier_key, meant_key
            from control.reused_identifiers inner join control.submissions using (submission_id)
        ),
        here as (
            select child, identifier_key, coalesce(meant_key, identifier_key) as node
            from truth
            anti join given_twice using (identifier_key)
            left join meant using (sender, identifier_key)
        )
        select distinct child, node, here.identifier_key
        from here semi join profiles on here.node = profiles.identifier_key;
        create view judged as
        select child, child_key as found from nodes
        inner join control.identities as identities on nodes.node = identities.identifier_key
        """
    ).fetchall()


def _at_its_word(connection: duckdb.DuckDBPyConnection) -> None:
    """Whoever was ever named together, by identifiers as they are sent."""
    pairs = connection.execute(
        """
        create table numbers as
        select identifier_key, row_number() over () - 1 as number
        from (
            select holder as identifier_key from plain
            union select number from plain union select identifier_key from nodes
        );
        select ones.number as one, others.number as other
        from plain
        inner join numbers as ones on plain.holder = ones.identifier_key
        inner join numbers as others on plain.number = others.identifier_key
        """
    ).fetchnumpy()
    [(count,)] = connection.execute("select count(*) from numbers").fetchall()
    labels = components(pairs["one"], pairs["other"], count)
    connection.register("labels", {"number": np.arange(count), "label": labels})
    connection.execute(
        """
        create table at_its_word as
        select child, label as found
        from nodes inner join numbers using (identifier_key) inner join labels using (number)
        """
    ).fetchall()


def _judged(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    """Children too many under one identity, and parts too many of those named together."""
    return _one(
        connection,
        f"""
        with pieces as (
            select child, count(distinct found) as parts from {relation} group by child
        ),
        least as (select child, count(distinct found) as parts from at_its_word group by child)
        select
            (select coalesce(sum(children - 1), 0) from (
                select count(distinct child) as children from {relation} group by found
            )),
            (select coalesce(sum(greatest(pieces.parts - least.parts, 0)), 0)
                from pieces inner join least using (child))
        """,
    )


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[int, int]:
    [(first, second)] = connection.execute(query).fetchall()
    return int(first), int(second)


if __name__ == "__main__":
    main()
