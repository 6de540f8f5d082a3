"""Commands on personal data: the pseudonym key, erasure of a child, retention."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import home_option, progress, say

if TYPE_CHECKING:
    from sightline.warehouse.erasure.forgetting import Tied
    from sightline.warehouse.home import Home

FOUND_STILL = 1


@click.group("key")
def key() -> None:
    """The secret that pseudonyms are made with: known by its fingerprint, never shown.

    Example: sightline key fingerprint
    """


@key.command("fingerprint")
@home_option
def fingerprint(home: "Home") -> int:
    """By what the key can be told from another; compare it with that of the copy in your safe.

    Example: sightline key fingerprint
    """
    from sightline.warehouse.pseudonyms import keys

    say(keys.fingerprint(keys.read(home.key)))
    return 0


@key.command("new")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def new(file: Path) -> int:
    """Write a new random key to a file that only you can read.

    Example: sightline key new next.key
    """
    import secrets

    from sightline.warehouse import home
    from sightline.warehouse.pseudonyms import keys

    if file.exists():
        raise click.UsageError(f"{file} is there already and is not written over")
    home.write_secret(file, secrets.token_bytes(home.KEY_BYTES))
    say(f"{file}, fingerprint {keys.fingerprint(keys.read(file))}")
    return 0


@key.command("rotate")
@click.option(
    "--new-key",
    "file",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file with the new key, for your eyes only; make one with: sightline key new",
)
@reason_option
@home_option
def rotate(home: "Home", file: Path, reason: str) -> int:
    """Derive every pseudonym again under a new key, from the files as they were received.

    All or nothing; cut off, it goes on where it was when it is started again.

    Example: sightline key rotate --new-key next.key --reason "the key was in a lost backup"
    """
    from sightline.orchestration.run import ready
    from sightline.warehouse.erasure import rotation
    from sightline.warehouse.settings import load_settings

    with ready(home) as state:
        settings = load_settings(home)
        fingerprint = rotation.rotate(home, state, settings, file, reason, progress)
    say(
        f"The key is now {fingerprint}. Put a copy in your safe, destroy {file} and the old copies,"
    )
    say("and build the warehouse again with: sightline run")
    return 0


@click.command("forget")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option("--only-given", is_flag=True, help="Leave what is tied to the identifiers given.")
@click.option("--yes", "is_sure", is_flag=True, help="Do not ask, after what is tied was shown.")
@reason_option
@home_option
def forget(home: "Home", file: Path | None, reason: str, *, only_given: bool, is_sure: bool) -> int:
    """Erase a child from everything that is kept, and keep the child out of what comes.

    Who it is stands in FILE, readable for you alone, or comes from standard input and never from
    the command line: one line each of `sender: 301`, `id: 12345` and `upn: A123...`; an id or a
    UPN is enough. What is tied to it is shown in numbers and forgotten with it, once you agree.

    Example: sightline forget child.txt --reason "request of 3 March, case 17"
    """
    import sys

    from sightline.orchestration.run import ready
    from sightline.warehouse.erasure import forgetting
    from sightline.warehouse.settings import load_settings

    if file is None and sys.stdin.isatty():
        click.echo("sender: ..., id: ... and upn: ..., a line each; end with Ctrl+D", err=True)
    child = forgetting.child_in(_only_for_us(file) if file else sys.stdin.read())
    with ready(home) as state:
        settings = load_settings(home)
        _show_tied(forgetting.tied(home, state, settings, child))
        if not is_sure:
            if not sys.stdin.isatty():
                raise click.UsageError("nothing is erased yet: look at it, then say --yes")
            which = "the identifiers given" if only_given else "the child with all of this"
            click.confirm(f"Erase {which}, for good?", abort=True)
        done = forgetting.forget(
            home, state, settings, child, reason, progress, only_given=only_given
        )
    for extract, records in sorted(done.records.items()):
        say(f"{records:,} records of {extract}")
    say(f"{done.rewritten:,} submissions were rewritten, {done.removed:,} removed whole")
    for path in done.remains:
        say(f"  still in {path}")
    say("Publish without the child with: sightline run")
    return FOUND_STILL if done.remains else 0


def _show_tied(tied: "Tied") -> None:
    """What is taken for one child: how much of what and where, never what it is."""
    say(f"Known of the identifiers given: {tied.given}. Taken for one child with them:")
    for sender, count in tied.local_numbers.items():
        rows = tied.rows.get(sender, 0)
        say(f"  {sender}: {count} of its local numbers, {rows:,} rows in all")
    for sender in tied.rows.keys() - tied.local_numbers.keys():
        say(f"  {sender}: {tied.rows[sender]:,} rows")
    say(f"  pupil numbers: {tied.pupil_numbers}")
    for (sender, claim), count in tied.claims.items():
        say(f"  tied by {sender}: {claim} ({count})")
    if tied.not_followed:
        say(f"  not followed, since they are contradicted or were cut: {tied.not_followed} ties")


@click.command("retention")
@click.option(
    "--dry-run/--apply", "is_dry", default=True, help="Only say it, which is the default."
)
@home_option
def retention(home: "Home", is_dry: bool) -> int:
    """What has been kept for as long as the settings say, and with --apply its removal.

    Every run applies it, once a day also without news. What waits for a person, and the originals
    of an authority with an open alert, are kept.

    Example: sightline retention --dry-run
    """
    from sightline.orchestration import retention
    from sightline.orchestration.run import ready
    from sightline.warehouse.settings import load_settings

    with ready(home) as state:
        settings = load_settings(home)
        past = (retention.due if is_dry else retention.retain)(home, state, settings)
    verb = "would be" if is_dry else "were"
    say(f"{len(past.submissions):,} originals {verb} removed; the ledger keeps their hashes")
    say(f"{len(past.files):,} files of refused rows, messages and logs {verb} removed")
    say(f"{len(past.releases):,} releases {verb} removed")
    say(f"{len(past.messages):,} messages that were sent or given up {verb} removed")
    say(f"{len(past.runs):,} records of runs {verb} removed")
    say(f"{len(past.dagster_runs):,} runs in Dagster's pages {verb} removed")
    say(f"{past.held:,} originals past their time are kept: somebody has still to decide on them")
    return 0


def _only_for_us(file: Path) -> str:
    if file.stat().st_mode & 0o077:
        raise click.UsageError(f"{file} can be read by others; run: chmod 600 {file}")
    return file.read_text(encoding="utf-8")


COMMANDS = (key, forget, retention)
