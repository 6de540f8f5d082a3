"""A monitor's folder: where each thing lives, and who may look into it."""

import os
import secrets
import stat
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from warehouse.errors import ConfigurationError

KEY_BYTES = 32
TEMPLATE = Path(__file__).with_name("template.toml")
# The database engine takes the first four for a pattern and a backslash for a slash, dbt's adapter
# ends a path at a hash sign, and Dagster decodes what follows a percent sign.
NOT_IN_PATHS = "[]*?\\#%"


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def places(self) -> tuple[Path, ...]:
        """The folders that may lie on disks of their own; what holds the rest comes first."""
        return (self.restricted, self.published, self.outbox, self.inbox, self.root)

    @property
    def config(self) -> Path:
        return self.root / "sightline.toml"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def published(self) -> Path:
        return self.root / "published"

    @property
    def releases(self) -> Path:
        return self.published / "releases"

    @property
    def current(self) -> Path:
        return self.published / "current"

    @property
    def restricted(self) -> Path:
        return self.root / "restricted"

    @property
    def landing(self) -> Path:
        return self.restricted / "landing"

    @property
    def raw(self) -> Path:
        return self.restricted / "raw"

    @property
    def quarantine(self) -> Path:
        return self.restricted / "quarantine"

    @property
    def spool(self) -> Path:
        return self.restricted / "spool"

    @property
    def work(self) -> Path:
        return self.restricted / "work"

    @property
    def work_db(self) -> Path:
        return self.work / "warehouse.duckdb"

    @property
    def warehouse_db(self) -> Path:
        return self.restricted / "warehouse.duckdb"

    @property
    def state_db(self) -> Path:
        return self.restricted / "state.db"

    @property
    def key(self) -> Path:
        return self.restricted / "pseudonym.key"

    @property
    def suppression_key(self) -> Path:
        """What children who were erased are known again by; it never changes."""
        return self.restricted / "suppression.key"

    @property
    def rotation(self) -> Path:
        """What a change of keys has built and not yet put in place."""
        return self.restricted / "rotation"

    @property
    def dagster(self) -> Path:
        return self.restricted / "dagster"

    @property
    def dbt(self) -> Path:
        return self.restricted / "dbt"

    @property
    def logs(self) -> Path:
        return self.restricted / "logs"


def create(root: Path, *, today: date | None = None) -> Home:
    """Make the folders, the key and the settings; what is already there stays as it is."""
    home = Home(root.resolve())
    _check_path(home.root)
    for folder in (home.root, home.inbox, home.published, home.releases, home.outbox):
        folder.mkdir(parents=True, exist_ok=True)
    restricted = (home.restricted, home.landing, home.raw, home.quarantine, home.spool, home.work)
    for folder in (*restricted, home.dagster, home.dbt):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    if not home.key.exists():
        write_secret(home.key, secrets.token_bytes(KEY_BYTES))
    if not home.config.exists():
        fixed = f"today = {today.isoformat()}" if today else "# today = 2026-01-31"
        _write_new(home.config, TEMPLATE.read_text(encoding="utf-8").format(today=fixed), 0o644)
    return home


def find(root: Path) -> Home:
    """The monitor in this folder, or a sentence saying that there is none."""
    home = Home(root.resolve())
    if not home.config.is_file():
        raise ConfigurationError(
            f"{root} is no monitor: it has no sightline.toml. Make one with: sightline init {root}"
        )
    _check_path(home.root)
    return home


def _check_path(root: Path) -> None:
    """Also of a monitor that is there already: it may have been moved or renamed."""
    if set(str(root)) & set(NOT_IN_PATHS):
        raise ConfigurationError(
            f"{root}: a path may not hold brackets, stars, question marks, backslashes, hash or"
            " percent signs"
        )


def close_to_others(home: Home) -> None:
    """Take from others what a loose umask or a copy has given them; refuse what is not ours."""
    if home.restricted.is_symlink() or home.restricted.stat().st_uid != os.geteuid():
        raise ConfigurationError(
            f"{home.restricted} must be a folder of the account that runs Sightline, and no link"
        )
    home.restricted.chmod(0o700)
    for base, folders, names in os.walk(home.restricted):
        for name in (*folders, *names):
            path = Path(base) / name
            found = path.lstat()
            loose = stat.S_IMODE(found.st_mode) & 0o077
            # A key that others could read is no secret any more: that is for a person to mend.
            if loose and not stat.S_ISLNK(found.st_mode) and path != home.key:
                path.chmod(stat.S_IMODE(found.st_mode) & 0o700)


def write_secret(path: Path, key: bytes) -> None:
    """A new key file that only its owner can read."""
    _write_new(path, key.hex() + "\n", 0o600)


def _write_new(path: Path, text: str, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
