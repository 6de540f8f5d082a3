"""Bring a state database to the newest layout, in one transaction.

A layout newer than this code knows is refused.
"""

from pathlib import Path

import sqlalchemy as sa

from warehouse.errors import ConfigurationError

HEAD = "0008"
FOLDER = Path(__file__).parent


def upgrade(engine: sa.Engine) -> None:
    found = _version(engine)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise ConfigurationError(
            f"the state database has layout {found}, newer than {HEAD} which this version knows;"
            " use the newer version of Sightline"
        )
    from alembic import command  # slow to import, and seldom needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, HEAD)


def _version(engine: sa.Engine) -> str | None:
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        version = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    return str(version) if version else None
