"""Commands about contracts: what each extract looks like, and how a sender's file differs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.console import as_json, json_option, say, table

if TYPE_CHECKING:
    from sightline.senders.differences import Diff, TableDiff
    from sightline.warehouse.contracts.schema import Contract

DIFFERENT = 4


@click.group("contract")
def contract() -> None:
    """What each extract must look like.

    Example: sightline contract list
    """


@contract.command("list")
@json_option
def list_contracts(is_json: bool) -> int:
    """Every extract that is known here, who sends it and when it is due.

    Example: sightline contract list
    """
    from sightline.warehouse.contracts import schema as contracts
    from sightline.warehouse.contracts.words import due

    rows = [
        {"extract": one.name, "title": one.title, "sent_by": one.sent_by, "due": due(one)}
        for one in contracts.load().values()
    ]
    if is_json:
        as_json(rows)
    else:
        table(rows, ("extract", "title", "sent_by", "due"))
    return 0


@contract.command("show")
@click.argument("extract")
def show_contract(extract: str) -> int:
    """The page for the senders of one extract.

    Example: sightline contract show ssd
    """
    from sightline.senders import pages as senders

    say(senders.page(_contract(extract)).rstrip())
    return 0


@contract.command("pages")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def pages(folder: Path) -> int:
    """Write the page of every extract into a folder; pages of extracts that are gone go too.

    Example: sightline contract pages docs/senders
    """
    from sightline.senders import pages as senders

    written = senders.write(folder)
    say(f"{len(written)} pages: {folder}")
    return 0


@contract.command("sources")
def sources() -> int:
    """Write what dbt knows of returns anew, after a contract, table or count has changed: its
    sources, and the lists of tables and models that models go through.

    Example: sightline contract sources
    """
    from sightline.orchestration import dbt_macros, dbt_sources

    say(f"written: {dbt_sources.write()}")
    say(f"written: {dbt_macros.write()}")
    return 0


@contract.command("diff")
@click.argument("extract")
@click.argument("file", type=click.Path(path_type=Path, exists=True, resolve_path=True))
@json_option
def diff(extract: str, file: Path, is_json: bool) -> int:
    """A sender's file beside a contract, for an engineer who meets a new case system.

    By table: headings that are unknown, missing or named in another way, codes that are not in the
    lists, and how many values cannot be read. No value is shown but for short unknown codes.

    Exit codes: 0 all of it is read, 2 wrong use, 4 something differs.

    Example: sightline contract diff ssd first_export.zip
    """
    from dataclasses import asdict

    from sightline.senders.differences import differences

    found = differences(file, _contract(extract))
    if is_json:
        as_json(asdict(found) | {"is_same": found.is_same})
    for line in [] if is_json else _in_words(found):
        say(line)
    return 0 if found.is_same else DIFFERENT


def _contract(extract: str) -> "Contract":
    from sightline.warehouse.contracts import schema as contracts

    known = contracts.load()
    if extract not in known:
        raise click.UsageError(f"no extract is called {extract}; there are: {', '.join(known)}")
    return known[extract]


def _in_words(diff: "Diff") -> Iterator[str]:
    end = "all of it is read" if diff.is_same else "something differs"
    yield f"{diff.file} beside the contract {diff.extract}: {end}"
    for compared in diff.tables:
        unit = "row" if compared.rows == 1 else "rows"
        yield f"{compared.file}: {compared.table}, {compared.rows:,} {unit}"
        yield from (f"  {line}" for line in _table_in_words(compared))
    if diff.lacking:
        yield f"Tables that it lacks: {', '.join(diff.lacking)}"
    yield from (f"{file}: not compared: {why}" for file, why in diff.others.items())


def _table_in_words(compared: "TableDiff") -> Iterator[str]:
    if compared.renamed:
        yield f"read by another name: {_pairs(compared.renamed)}"
    if compared.near:
        yield f"not read, though near a column's name: {_pairs(compared.near)}"
    if compared.missing:
        yield f"missing: {', '.join(compared.missing)}"
    if compared.unknown:
        yield f"unknown, not read: {', '.join(compared.unknown)}"
    for column, codes in compared.codes.items():
        counts = ", ".join(f"{code} ({count:,})" for code, count in codes.items())
        yield f"{column}: not in the list: {counts}"
    for problem in compared.faults:
        yield f"{problem.column or 'lines'}: {problem.rule} ({problem.count:,}): {problem.message}"
    for note in compared.forms:
        yield (
            f"{note.column or 'lines'}: read in another form: {note.rule} ({note.count:,}):"
            f" {note.message}"
        )


def _pairs(names: dict[str, str]) -> str:
    return ", ".join(f"{heading} = {column}" for heading, column in names.items())


COMMANDS = (contract,)
