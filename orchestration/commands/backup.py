"""Commands that keep a monitor whole: backup, restore, adopt, originals, upgrade, doctor."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sightline.orchestration.commands.decisions import reason_option
from sightline.orchestration.console import (
    any_home_option,
    as_json,
    home_option,
    json_option,
    progress,
    say,
    table,
)

if TYPE_CHECKING:
    from sightline.warehouse.home import Home

NOT_WHOLE = 1
ORPHANS = ("sha256", "bytes", "sender", "name", "received_on")
copy_argument = click.argument(
    "copy_folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False)
)
key_option = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The pseudonym key from your safe; it must be the one that the copy belongs to.",
)


class CreatesByDefault(click.Group):
    """A group that takes what is none of its subcommands for the folder of `create`."""

    default = "create"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


@click.group("backup", cls=CreatesByDefault)
def backup_group() -> None:
    """Copy a monitor into a new folder, also while a run is going on, or prove such a copy.

    Example: sightline backup /mnt/copies/2026-10-20
    """


@backup_group.command("create")
@copy_argument
@json_option
@home_option
def create(home: "Home", copy_folder: Path, is_json: bool) -> int:
    """Copy state, originals, rows and settings into a folder that is not there or empty.

    The pseudonym key is not copied: keep it elsewhere. Exit code 1 where something that the state
    names is lost; all else is copied.

    Example: sightline backup /mnt/copies/2026-10-20
    """
    from sightline.warehouse import backup

    copy = backup.make(home, copy_folder, progress)
    if is_json:
        as_json({"folder": str(copy_folder), "missing": copy.missing, "numbers": copy.numbers})
    else:
        say(f"{copy_folder} holds {len(copy.files):,} files, {copy.bytes / 1e6:,.1f} MB")
        say(f"It belongs to the key with fingerprint {copy.key}, which is not in it")
        for name in copy.missing:
            say(f"  missing, or not as it was taken in: {name}")
    return NOT_WHOLE if copy.missing else 0


@backup_group.command("verify")
@copy_argument
@key_option
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder to work in, closed to others; beside the copy if not given.",
)
def verify(copy_folder: Path, key: Path | None, work: Path | None) -> int:
    """Hold every file of a copy against its hash, and build its newest release again from it.

    Exit code 0 where the release says the same, 1 where it does not or a file is damaged.

    Example: sightline backup verify /mnt/copies/2026-10-20
    """
    from sightline.orchestration import backup_proof
    from sightline.warehouse import backup

    copy = backup.read(copy_folder)
    wrong = [
        *backup.faults(copy_folder, copy, progress),
        *(f"{name} was missing" for name in copy.missing),
    ]
    for fault in wrong:
        say(fault)
    if wrong:
        return NOT_WHOLE
    say(f"{len(copy.files):,} files are as they were copied")
    comparison = backup_proof.prove(copy_folder, copy, key, work or copy_folder.resolve().parent)
    if comparison is None:
        say("Nothing was published yet, so there is no release to build again")
        return 0
    if comparison.is_other_code:
        say("It was published by another version of the code, which can itself be the reason")
        say("for a difference.")
    for name in comparison.differing:
        say(f"  {name} is not what it was")
    verdict = "differs from" if comparison.differing else "says the same as"
    say(f"{comparison.published}, built again from the copy, {verdict} what was published")
    return NOT_WHOLE if comparison.differing else 0


@click.command("restore")
@copy_argument
@click.option(
    "--home",
    "root",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="A new folder, or a new monitor to which nothing was sent.",
)
@key_option
@click.option(
    "--replace", is_flag=True, help="Move aside what stands there, and take back what goes with it."
)
def restore(copy_folder: Path, root: Path, key: Path | None, *, replace: bool) -> int:
    """Put a copy back, every file held against its hash; never mixed with what stands there.

    Example: sightline restore /mnt/copies/2026-10-20 --home mymonitor --key from_the_safe.key
    """
    from contextlib import nullcontext

    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse import backup

    lock = root / "restricted" / RUN_LOCK
    with held(lock) if lock.parent.is_dir() else nullcontext():
        home, left = backup.restore(copy_folder, root, progress, key=key, replace=replace)
    say(f"{home.root} is as it was when the copy was made")
    for line in left:
        say(f"  {line}")
    say(f"Then build what is published: sightline run --home {root}")
    return 0


@click.command("adopt")
@reason_option
@any_home_option
def adopt(home: "Home", reason: str) -> int:
    """Go on with the state that is here, where no better copy of it is left.

    What it does not know is moved to restricted/orphans/ and never deleted; a state that is damaged
    too, and a new one is begun.

    Example: sightline adopt --reason "the disk with the newer copy is lost"
    """
    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse import adopting

    with held(home.restricted / RUN_LOCK):
        counts = adopting.adopt(home, reason)
    for kind, count in sorted(counts.items()):
        say(f"{count:,} {kind} set aside in {home.orphans / kind}")
    if counts["originals"]:
        say("Take the originals in again with: sightline originals take-in")
    return 0


@click.group("originals")
def originals() -> None:
    """Originals that no ledger knows: which there are, and how to take them in again.

    Example: sightline originals list
    """


@originals.command("list")
@json_option
@home_option
def list_originals(home: "Home", is_json: bool) -> int:
    """What lies in restricted/orphans/originals, and who sent it when under which name.

    Example: sightline originals list --json
    """
    from sightline.warehouse import orphans

    rows = [
        {"sha256": orphan.path.name, "bytes": orphan.bytes}
        | ({name: getattr(orphan.landing, name) for name in ORPHANS[2:]} if orphan.landing else {})
        for orphan in orphans.listed(home)
    ]
    if is_json:
        as_json(rows)
    else:
        table([row | {"sha256": str(row["sha256"])[:12]} for row in rows], ORPHANS)
    return 0


@originals.command("take-in")
@click.option("--sender", help="Whose those are of which nobody noted it: a three-digit code.")
@home_option
def take_in(home: "Home", sender: str | None) -> int:
    """Move them back into the inbox under their names; the next run takes them in.

    Children who were erased are cut out again. Exit code 1 where some have no known sender.

    Example: sightline originals take-in --sender 301
    """
    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse import orphans

    with held(home.restricted / RUN_LOCK):
        moved, left = orphans.take_in(home, sender)
    say(f"{len(moved):,} originals wait in the inbox")
    for orphan in left:
        say(f"  whose is {orphan.path.name[:12]}? Say so with --sender")
    return NOT_WHOLE if left else 0


@click.command("upgrade")
@click.option("--check", "is_check", is_flag=True, help="Say what would be done, and do nothing.")
@home_option
def upgrade(home: "Home", is_check: bool) -> int:
    """Bring the state to the layout of this version; any command does so where it has to.

    A copy is kept beside it as restricted/state-<layout>-<n>.db, the last three of them.

    Example: sightline upgrade --check
    """
    from sightline.warehouse import belonging, database
    from sightline.warehouse.ledger.migrations import upgrade
    from sightline.warehouse.ledger.state import State

    layout = belonging.layout(database.of(home.state_db))
    upgrade.refuse_newer(layout)
    if layout is None:
        say("There is no state yet")
        return 0
    if layout == upgrade.HEAD:
        say(f"The state has layout {layout}, which this version uses")
        return 0
    say(f"From layout {layout} to {upgrade.HEAD}" + (", nothing is done yet:" if is_check else ":"))
    for step, what in upgrade.steps(layout):
        say(f"  {step}: {what}")
    if not is_check:
        State(home.state_db).close()
        say(f"Done; the former state is kept as {upgrade.copies(home.state_db)[-1]}")
    return 0


@click.command("move-state")
@any_home_option
def move_state(home: "Home") -> int:
    """Move the state from restricted/state.db to the empty database that [state] url names.

    Nothing may be at work on the monitor meanwhile. The file stays beside the data as one of the
    copies that an upgrade leaves.

    Example: sightline move-state
    """
    from sightline.orchestration.lock import RUN_LOCK, held
    from sightline.warehouse import belonging, database
    from sightline.warehouse.errors import ConfigurationError
    from sightline.warehouse.ledger.migrations import upgrade

    server = database.of(home.state_db)
    if not isinstance(server, database.Server):
        raise ConfigurationError(f"{home.config} names no database: set url under [state]")
    with held(home.restricted / RUN_LOCK):
        kept = upgrade.move_to(server, home.state_db)
        belonging.check(home)
    say(f"The state is in {server} now; what it was is kept as {kept}")
    return 0


@click.command("doctor")
@click.option("--quick", is_flag=True, help="Leave out what reads every original and row.")
@any_home_option
def doctor(home: "Home", *, quick: bool) -> int:
    """Check what is installed, whether this monitor can run, and whether all of it is whole.

    Exit code 3 where the settings are wrong, 1 where anything else is.

    Example: sightline doctor --quick
    """
    from sightline.orchestration import doctor
    from sightline.warehouse.errors import ConfigurationError

    wrong = set()
    for name, fault in doctor.examine(home, is_quick=quick, progress=progress):
        say(f"{'not ok' if fault else 'ok':<6}  {name}{f': {fault}' if fault else ''}")
        if fault:
            wrong.add(name)
    if "settings" in wrong:
        return ConfigurationError.exit_code
    return NOT_WHOLE if wrong else 0


COMMANDS = (backup_group, restore, originals, adopt, upgrade, move_state, doctor)
