"""Bring a state database to the newest layout, in one transaction, after a copy of it was made.

A layout newer than this code knows is refused.
"""

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from sightline.warehouse import belonging
from sightline.warehouse.errors import ConfigurationError

HEAD = "0012"
FOLDER = Path(__file__).parent
COPIES_KEPT = 3


def upgrade(engine: sa.Engine, path: Path | None = None, *, is_writable: bool = True) -> None:
    """A file that is new gets the newest layout; an older one is copied first, beside `path`."""
    found = version_of(engine)
    if found == HEAD:
        return
    refuse_newer(found)
    if not is_writable:
        raise ConfigurationError(
            f"{path} has layout {found}; it is to be brought to {HEAD}, but cannot be written to"
        )
    if path and found is not None:
        copy_aside(path, found)
    migrate(engine, HEAD)


def migrate(engine: sa.Engine, layout: str) -> None:
    """Every step up to a layout, or none of them."""
    from alembic import command  # slow to import, and seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, layout)


def refuse_newer(found: str | None) -> None:
    if found is not None and found > HEAD:
        raise ConfigurationError(
            f"the state database has layout {found}, newer than {HEAD} which this version knows;"
            " use the newer version of Sightline"
        )


def steps(found: str) -> list[tuple[str, str]]:
    """Each layout after this one, and what its step adds."""
    later = [path for path in sorted(FOLDER.glob("versions/v*.py")) if path.name[1:5] > found]
    return [
        (path.name[1:5], ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "")
        for path in later
    ]


def version_of(engine: sa.Engine) -> str | None:
    """The layout of a state database; none where it has none yet."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    return str(version) if version else None


def copies(path: Path) -> list[Path]:
    """Copies of a state from before its upgrades, the oldest first."""
    return sorted(path.parent.glob(f"{path.stem}-[0-9]*-[0-9]*{path.suffix}"), key=_number)


def copy_aside(path: Path, layout: str) -> Path:
    """A copy of the state beside it, whole or not at all; of the former ones the newest stay."""
    former = copies(path)
    number = max(map(_number, former), default=0) + 1
    target = path.with_name(f"{path.stem}-{layout}-{number}{path.suffix}")
    with belonging.opened(path) as source:
        if source is not None:
            snapshot(source, target)
    for copy in former[: len(former) + 1 - COPIES_KEPT]:
        copy.unlink()
    return target


def snapshot(source: sqlite3.Connection, target: Path) -> None:
    """One view of a database that others may write to meanwhile, as a file of its own."""
    unfinished = target.with_name(f"{target.name}.tmp")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(0o600)
    with closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
        # A copy is one file: no log is to be kept beside it.
        copy.execute("pragma journal_mode = delete")
    unfinished.replace(target)


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
