"""Plant one fault at a time in a copy of the code, run the tests that concern it, and say which
faults no test sees.

    python tests/mutants [--list] [--only WORDS]...

Fails when more than one fault in twenty survives, or one that the lists do not explain.
"""

import sys
import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory

import click
from planting import CannotPlant, Mutant, load
from trying import Tree, Trouble

MOST_SURVIVORS = 0.05


@click.command(help=__doc__.partition("\n\n")[0] if __doc__ else None)
@click.option("--list", "is_listed", is_flag=True, help="Name the faults and plant none.")
@click.option(
    "--only", multiple=True, metavar="WORDS", help="Those whose name, kind or file says so."
)
def main(is_listed: bool, only: Sequence[str]) -> None:
    chosen = [one for one in load() if not only or any(_says(one, words) for words in only)]
    if not chosen:
        raise click.UsageError("no fault has such a name")
    if is_listed:
        for one in chosen:
            click.echo(f"{one.about}: {one.name} ({one.file})")
        return
    try:
        survivors = _tried(chosen)
    except Trouble as trouble:
        raise click.ClickException(str(trouble)) from None
    sys.exit(_told(survivors, len(chosen)))


def _says(one: Mutant, words: str) -> bool:
    return any(words in text for text in (one.name, one.about, one.file))


def _tried(chosen: Sequence[Mutant]) -> list[Mutant]:
    survivors = []
    with TemporaryDirectory(prefix="mutants-") as folder:
        click.echo("copying the code and building empty models")
        tree = Tree.copied(folder, chosen)
        for number, one in enumerate(chosen, 1):
            started = time.monotonic()
            try:
                seen_by = tree.sees(one)
            except (CannotPlant, Trouble) as trouble:
                raise Trouble(f"{one.name}: {trouble}") from None
            if seen_by is None:
                survivors.append(one)
            said = f"seen by {seen_by}" if seen_by else "SURVIVES"
            seconds = time.monotonic() - started
            click.echo(
                f"{number:3}/{len(chosen)} {seconds:5.1f} s  {one.about}: {one.name}: {said}"
            )
    return survivors


def _told(survivors: Sequence[Mutant], planted: int) -> int:
    """Say which survive, and whether that is too many."""
    share = len(survivors) / planted
    click.echo(f"\n{len(survivors)} of {planted} faults survive ({share:.1%})")
    for one in survivors:
        click.echo(f"  {one.name} ({one.file}): {one.survives or 'not explained'}")
    return int(share > MOST_SURVIVORS or any(one.survives is None for one in survivors))


if __name__ == "__main__":
    main()
