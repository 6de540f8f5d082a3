"""Bring a state database to the newest layout, in one transaction, after a copy of it was made.

A layout newer than this code knows is refused.
"""

import ast
from pathlib import Path

import sqlalchemy as sa

from sightline.warehouse.database import Database, File, Server
from sightline.warehouse.errors import ConfigurationError

HEAD = "0013"
FOLDER = Path(__file__).parent
COPIES_KEPT = 3


def upgrade(engine: sa.Engine, state: Database, path: Path) -> None:
    """A new state gets the newest layout; an older one is copied first, beside `path`."""
    found = version_of(engine)
    if found == HEAD:
        return
    refuse_newer(found)
    if not state.is_writable():
        raise ConfigurationError(
            f"{state} has layout {found}; it is to be brought to {HEAD}, but cannot be written to"
        )
    if found is None:
        state.check_suits()
    else:
        copy_aside(state, path, found)
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


def copy_aside(state: Database, path: Path, layout: str) -> Path:
    """A copy of the state as a file beside `path`, whole or not at all; of the former ones the
    newest stay."""
    former, target = copies(path), _next_copy(path, layout)
    snapshot(state, target, layout)
    for copy in former[: len(former) + 1 - COPIES_KEPT]:
        copy.unlink()
    return target


def move_to(server: Server, path: Path) -> Path:
    """The state in a file goes to a server that holds none; the file stays as the newest copy.

    Raises ConfigurationError, and changes nothing, where there is no such file or the server is not
    empty.
    """
    file = File(path)
    if file.is_missing():
        raise ConfigurationError(f"{file} is missing: there is no state to move")
    if not server.is_empty():
        raise ConfigurationError(f"{server} holds a state already; name an empty database")
    server.check_suits()
    with file.working() as engine:
        upgrade(engine, file, path)
    server.take_over(path, lambda engine: migrate(engine, HEAD))
    target = _next_copy(path, HEAD)
    path.replace(target)
    return target


def snapshot(state: Database, target: Path, layout: str = HEAD) -> None:
    """One view of a state that others may write to meanwhile, as a file of its own."""
    state.snapshot(target, lambda engine: migrate(engine, layout))


def _next_copy(path: Path, layout: str) -> Path:
    number = max(map(_number, copies(path)), default=0) + 1
    return path.with_name(f"{path.stem}-{layout}-{number}{path.suffix}")


def _number(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])
