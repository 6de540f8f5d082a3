"""Which alerts somebody wants to see."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from sightline.warehouse.alert_terms import SEVERITIES
from sightline.warehouse.areas import numbers, regions_of
from sightline.warehouse.errors import WRONG_USE, SightlineError

Row = dict[str, Any]


def checked(states: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The states, all of them known; raises SightlineError."""
    for name in states:
        _one_of(name, known, "state")
    return tuple(states)


def of(
    *,
    today: date,
    area: str | None = None,
    region: str | None = None,
    indicator: str | None = None,
    severity: str | None = None,
    owner: str | None = None,
    age: int | None = None,
) -> Callable[[Row], bool]:
    """Whether an alert is wanted; what is not given leaves out nothing. `age` is in days."""
    if severity is not None:
        _one_of(severity, SEVERITIES, "severity")
    places = regions_of() if region else {}

    def keeps(row: Row) -> bool:
        code = row["area_code"]
        codes = (code, row["area_name"], numbers().get(code, code))
        return (
            (area is None or area in codes)
            and (region is None or region in (*codes, *places.get(row["area_code"], ())))
            and (indicator is None or row["indicator"] == indicator)
            and (severity is None or _rank(row["severity"]) >= _rank(severity))
            and (owner is None or row["summary"].get("assigned_to") == owner)
            and (age is None or (today - row["first_raised_on"]).days >= age)
        )

    return keeps


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def _one_of(name: str, known: Sequence[str], what: str) -> None:
    if name not in known:
        raise SightlineError(f"the {what} must be one of: {', '.join(known)}", WRONG_USE)
