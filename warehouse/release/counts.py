"""What the release that readers see counts of returns and links."""

from sightline.warehouse.home import Home
from sightline.warehouse.release import store

RETURNS = "select status, count(*) from coverage group by status order by status"
LINK_CONFLICTS = """
select extract, cast(sum(conflicts) as integer)
from linkage group by extract having sum(conflicts) > 0 order by extract
"""


def returns(home: Home) -> dict[str, int]:
    """Returns that are due, by status."""
    return _pairs(home, RETURNS)


def link_conflicts(home: Home) -> dict[str, int]:
    """By extract, rows whose identifiers contradict each other, in tens as published."""
    return _pairs(home, LINK_CONFLICTS)


def _pairs(home: Home, query: str) -> dict[str, int]:
    with store.open_published(home) as connection:
        return dict(connection.execute(query).fetchall())
