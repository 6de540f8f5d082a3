"""A monitor's folder: where each thing lives, and who may look into it."""

import hashlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.filesystems import shared_drives

KEY_BYTES = 32
TEMPLATE = Path(__file__).with_name("template.toml")
# What every engine takes as it stands. Of the rest DuckDB takes some for a pattern, dbt's adapter
# ends a path at a hash sign, and Dagster decodes what follows a percent sign.
PLAIN = re.compile(r"[\w/. @+-]+", re.ASCII)
# DuckDB follows links to a database, takes a backslash for a slash and what is behind a question
# mark for no part of a name, so that no plain name would help.
NEVER_IN_PATHS = "\\?"
# SQLite opens no longer path than 512 bytes; the longest of our own is some 100 below the folder.
LONGEST_PATH = 400
# The setting that names a database for the state, as a variable; and a line of the settings that
# may hold it, in any encoding without its zero bytes.
STATE_VARIABLE = "SIGHTLINE_STATE__URL"
NAMES_STATE = re.compile(rb"^[\s\xef\xbb\xbf\xff\xfe]*\[?\s*([\"']|state\b)", re.MULTILINE)
# By the plain link through which the engines see a folder, what people call it.
_shown: dict[str, str] = {}


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

    def original(self, sha256: str) -> Path:
        """Where bytes of this hash are kept."""
        return self.landing / sha256[:2] / sha256

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
    def may_name_a_server(self) -> bool:
        """Whether settings or environment may name a database for the state; most do not, and
        need not be read for that."""
        if any(name.upper() == STATE_VARIABLE for name in os.environ):
            return True
        try:
            return bool(NAMES_STATE.search(self.config.read_bytes().replace(b"\0", b"")))
        except FileNotFoundError:
            return False
        except OSError:  # told where it is read
            return True

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
    def orphans(self) -> Path:
        """What no ledger knows, set aside until somebody decides."""
        return self.restricted / "orphans"

    @property
    def dagster(self) -> Path:
        return self.restricted / "dagster"

    @property
    def dbt(self) -> Path:
        return self.restricted / "dbt"

    @property
    def logs(self) -> Path:
        return self.restricted / "logs"

    @property
    def tracebacks(self) -> list[Path]:
        """What unexpected faults left and what Dagster's processes print, which may quote what was
        being read; older layouts kept all of it in one file."""
        found = [*self.logs.glob("faults-*.txt"), *self.logs.glob("up*.log")]
        return [self.restricted / "faults.log", *sorted(found)]


def create(root: Path, *, today: date | None = None) -> Home:
    """Make the folders, the key and the settings; what is already there stays as it is."""
    home = at(root)
    make_folders(home)
    if not home.key.exists():
        write_secret(home.key, secrets.token_bytes(KEY_BYTES))
    if not home.config.exists():
        fixed = f"today = {today.isoformat()}" if today else "# today = 2026-01-31"
        _write_new(home.config, TEMPLATE.read_text(encoding="utf-8").format(today=fixed), 0o644)
    return home


def make_folders(home: Home) -> None:
    """The folders of a monitor, closed to others where they must be."""
    check_is_local(home.root.resolve())
    for folder in (home.root.resolve(), home.inbox, home.published, home.releases, home.outbox):
        folder.mkdir(parents=True, exist_ok=True)
    restricted = (home.restricted, home.landing, home.raw, home.quarantine, home.spool, home.work)
    for folder in (*restricted, home.dagster, home.dbt):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)


def find(root: Path) -> Home:
    """The monitor in this folder, or a sentence saying that there is none."""
    real = root.resolve()
    if not (real / "sightline.toml").is_file():
        name = readable(root)
        raise ConfigurationError(
            f"{name} is no monitor: it has no sightline.toml. Make one with: sightline init {name}"
        )
    return at(real)


def check_place(home: Home, *, may_be_shared: bool = False) -> None:
    """Raises ConfigurationError where a run could not keep or show what it makes. A folder may be
    shared where nothing in it is a lock or a write-ahead log."""
    if not may_be_shared:
        check_is_local(home.root, home.restricted)
    for folder in (home.restricted, home.inbox, home.outbox, home.published, home.releases):
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            if folder.exists():
                what = "cannot be written to by the account that runs Sightline"
            else:
                what = "is missing; if it is a drive of its own, mount it, else make the folder"
            raise ConfigurationError(f"{folder} {what}")


def check_is_local(*folders: Path) -> None:
    """Raises ConfigurationError where a folder lies on a drive that machines share."""
    for folder, kind in shared_drives(*folders).items():
        raise ConfigurationError(
            f"{folder} lies on a network drive ({kind}), where locks and write-ahead logs are"
            " not safe; keep the monitor on a local disk, and only published/ on such a drive"
        )


def shown(text: str) -> str:
    """A text for people: a folder under the name that it has, and nothing that cannot be shown."""
    for alias, real in _shown.items():
        text = text.replace(alias, real)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def readable(path: Path) -> str:
    """A path on one line, also where its name holds line feeds or is not written in UTF-8."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def at(root: Path) -> Home:
    """The folder as the engines can read it, whether or not a monitor is in it."""
    real = root.resolve()
    length = len(os.fsencode(real))
    if length > LONGEST_PATH:
        raise ConfigurationError(
            f"the path of {readable(root)} is {length} bytes long, and may be {LONGEST_PATH}"
        )
    if set(str(real)) & set(NEVER_IN_PATHS) or not _is_text(real):
        raise ConfigurationError(
            f"{readable(real)}: the database engine opens no path that holds a backslash or a"
            " question mark, or is not written in UTF-8; choose another folder"
        )
    return Home(real if PLAIN.fullmatch(str(real)) else _alias(real))


def _is_text(path: Path) -> bool:
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def private_folder() -> Path:
    """A folder of this account alone among the temporary files; what is in it can be made anew."""
    try:
        folder = Path(tempfile.gettempdir()) / f"sightline-{os.geteuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        raise ConfigurationError(
            "there is no folder for temporary files (TMPDIR) that this account can write to"
        ) from None
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ConfigurationError(f"{folder} is not a folder of this account alone; remove it")
    return folder


def _alias(real: Path) -> Path:
    """A link to the folder under a plain name, made anew by each process that works on it."""
    folder = private_folder()
    if not PLAIN.fullmatch(str(folder)):
        raise ConfigurationError(
            f"{readable(folder.parent)} is where temporary files are kept (TMPDIR); its own path"
            f" has to be plain so that {readable(real)} can be used"
        )
    alias = folder / hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    if not alias.is_symlink() or alias.readlink() != real:
        fresh = alias.with_suffix(f".{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(real)
        fresh.replace(alias)
    # What cleans the folder of temporary files goes by age.
    os.utime(alias, follow_symlinks=False)
    _shown[str(alias)] = readable(real)
    return alias


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


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_secret(path: Path, key: bytes) -> None:
    """A new key file that only its owner can read."""
    _write_new(path, key.hex() + "\n", 0o600)


def _write_new(path: Path, text: str, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
