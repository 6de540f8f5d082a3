"""What a release says drove a movement: the one wording of it, for pages and messages.

It is made of the rows of `drivers` of one series and of nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from sightline.warehouse.calendar import period_name
from sightline.warehouse.connection import records
from sightline.warehouse.release.evidence import Direction

WHOLE, REST, ABSENT = "whole", "rest", "absent"

# What each is called where it stands alone, and in "half of the fall is ...".
PARTS = {
    "individuals": ("Individuals, among them family", "from individuals"),
    "schools": ("Schools and education services", "from schools"),
    "health": ("Health services", "from health services"),
    "local_authority": ("Local authority services and housing", "from local authority services"),
    "police": ("Police", "from police"),
    "disruption": ("Persistent disruptive behaviour", "for disruptive behaviour"),
    "against_adults": ("Violence, threats or abuse against adults", "for violence against adults"),
    "against_pupils": ("Violence, threats or abuse against pupils", "for violence against pupils"),
    "weapons_or_drugs": ("Weapons, drugs or alcohol", "for weapons, drugs or alcohol"),
    "girls_under_10": ("Girls under 10", "among girls under 10"),
    "girls_10_to_13": ("Girls aged 10 to 13", "among girls aged 10 to 13"),
    "girls_14_to_17": ("Girls aged 14 to 17", "among girls aged 14 to 17"),
    "girls_under_14": ("Girls under 14", "among girls under 14"),
    "boys_under_14": ("Boys under 14", "among boys under 14"),
    "boys_under_10": ("Boys under 10", "among boys under 10"),
    "boys_10_to_13": ("Boys aged 10 to 13", "among boys aged 10 to 13"),
}
DIMENSIONS = {
    "referred_by": "Who referred",
    "main_reason": "Main reason",
    "age_and_sex": "Age and sex",
    "region": "Region",
    "authority": "Authority",
}
RESTS = {
    "referred_by": "Others, unknown, withheld, and rounding",
    "main_reason": "Other reasons, withheld, and rounding",
    "age_and_sex": "Boys aged 14 to 17, not recorded, withheld, and rounding",
    "region": "Rounding",
    "authority": "Withheld, and rounding",
}
ABSENTEES = "Authorities without a return in some of these months"

# Shares of a movement in words, each up to half-way to the next.
FRACTIONS = (
    (0.1, "a tenth"), (0.2, "a fifth"), (0.25, "a quarter"), (1 / 3, "a third"),
    (0.4, "two fifths"), (0.5, "half"), (0.6, "three fifths"), (2 / 3, "two thirds"),
    (0.75, "three quarters"), (0.8, "four fifths"), (0.9, "nine tenths"), (1.0, "all"),
)  # fmt: skip
NAMED = 4
"""So many authorities are named; of more their number is told."""
MUCH = 25.0
"""Per cent of a movement from which on what cannot be put down to anything is said."""
MOST = 40.0
"""Per cent of a movement from which on one part is said to make it."""


@dataclass(frozen=True)
class Driver:
    """A row of `drivers`."""

    within: str
    dimension: str
    part: str
    first_period: date
    last_period: date
    years_before: int
    counted: int
    expected: int
    contribution: int
    share: float | None


OF_ALERT = f"""
select
    indicators.bad_direction, coalesce(indicators.counted, 'events') as of_what,
    {", ".join(f"drivers.{name}" for name in Driver.__dataclass_fields__)}
from alerts
inner join drivers
    on alerts.indicator = drivers.indicator
    and alerts.area_code = drivers.area_code
inner join indicators
    on alerts.indicator = indicators.indicator
where alerts.alert_id = ? and indicators.bad_direction in ('down', 'up')
order by drivers.within, drivers.dimension, drivers.part
"""


def of_alert(published: duckdb.DuckDBPyConnection, alert_id: str) -> list[str]:
    """The same sentences of an alert, as a release has them."""
    rows = list(records(published.execute(OF_ALERT, [alert_id])))
    if not rows:
        return []
    [(direction, counted)] = {(row.pop("bad_direction"), row.pop("of_what")) for row in rows}
    names = dict(published.execute("select area_code, area_name from areas").fetchall())
    return sentences([Driver(**row) for row in rows], direction, counted, names)


def sentences(
    drivers: Sequence[Driver], direction: Direction, counted: str, names: Mapping[str, str]
) -> list[str]:
    """What drove one series: how much it is, of what most of it consists and where, and what cannot
    be told. `counted` is what is counted, in the plural; `names` are those of areas by code.

    Nothing where nothing was taken apart.
    """
    whole = next((one for one in drivers if (one.within, one.dimension) == (WHOLE, WHOLE)), None)
    if whole is None:
        return []
    said = [_size(whole, counted)]
    if (whole.contribution > 0) != (direction == "up"):
        word = "rise" if direction == "up" else "fall"
        return [*said, f"So against that year there is no {word} to take apart."]
    word = "rise" if whole.contribution > 0 else "fall"
    found = [_of_parts(drivers, word), _of_areas(drivers, word, names), _of_rest(drivers)]
    return [*said, *filter(None, found)]


def fraction(share: float) -> str:
    """A share in per cent in words: "three fifths"."""
    return min(FRACTIONS, key=lambda one: abs(one[0] - share / 100))[1]


def label(driver: Driver, names: Mapping[str, str]) -> str:
    """What a part is called in a table."""
    if driver.part == REST:
        return RESTS[driver.dimension]
    if driver.part == ABSENT:
        return ABSENTEES
    if driver.part in PARTS:
        return PARTS[driver.part][0]
    return names.get(driver.part, driver.part)


def span(driver: Driver) -> str:
    first, last = (
        period_name("month", day.replace(day=1))
        for day in (driver.first_period, driver.last_period)
    )
    return first if first == last else f"{first} to {last}"


def before(driver: Driver) -> str:
    years = driver.years_before
    return "the year before" if years == 1 else f"{_number(years)} years before"


def _size(whole: Driver, counted: str) -> str:
    side = "fewer" if whole.contribution < 0 else "more"
    share = round(100 * abs(whole.contribution) / whole.expected) if whole.expected > 0 else 0
    size = f", that is {share}% {'less' if side == 'fewer' else 'more'}" if share else ""
    many = f"about {_rounded(whole.contribution):,} {side} {counted}"
    return f"{span(whole)}: {many} than at the rate of {before(whole)}{size}."


def _rounded(contribution: int) -> int:
    """To the nearest five, or ten where it is a hundred or more: it is made of rounded counts."""
    size = abs(contribution)
    base = 5 if size < 100 else 10
    return (size + base // 2) // base * base


def _of_parts(drivers: Sequence[Driver], word: str) -> str:
    """The source or reason that makes most of it, or that none does; else age and sex."""
    for dimension in ("referred_by", "main_reason", "age_and_sex"):
        parts = _largest(drivers, WHOLE, dimension)
        if not parts:
            continue
        first = parts[0]
        if (first.share or 0) >= MOST:
            share = fraction(first.share or 0).capitalize()
            return f"{share} of the {word} is {PARTS[first.part][1]}."
        if dimension == "age_and_sex":
            return ""
        listed = ", ".join(
            f"{PARTS[one.part][1].partition(' ')[2]} {one.share:.0f}%" for one in parts[:3]
        )
        return (
            f"No single {'source' if dimension == 'referred_by' else 'reason'} makes it: {listed}."
        )
    return ""


def _of_areas(drivers: Sequence[Driver], word: str, names: Mapping[str, str]) -> str:
    """The fewest authorities that carry half of it."""
    areas = _largest(drivers, WHOLE, "authority")
    carried, chosen = 0.0, []
    for one in areas:
        if carried >= 50:
            break
        chosen.append(one)
        carried += one.share or 0
    if carried < 50:
        return ""
    where = (
        _listed([names.get(one.part, one.part) for one in chosen])
        if len(chosen) <= NAMED
        else f"{len(chosen)} authorities"
    )
    return f"{fraction(min(carried, 100)).capitalize()} of the {word} is in {where}."


def _of_rest(drivers: Sequence[Driver]) -> str:
    for part, why in (
        (ABSENT, "comes with authorities that sent no return for some of these months"),
        (REST, "cannot be put down to single authorities, whose counts are withheld"),
    ):
        for one in drivers:
            is_it = (one.within, one.dimension, one.part) == (WHOLE, "authority", part)
            if is_it and (one.share or 0) >= MUCH:
                return f"{fraction(min(one.share or 0, 100)).capitalize()} of it {why}."
    return ""


def _largest(drivers: Sequence[Driver], within: str, dimension: str) -> list[Driver]:
    """The parts that go the way of the whole, the largest first."""
    return sorted(
        (
            one for one in drivers
            if (one.within, one.dimension) == (within, dimension)
            and one.part not in (REST, ABSENT) and (one.share or 0) > 0
        ),
        key=lambda one: (-(one.share or 0), one.part),
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _number(number: int) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[number] if number < len(words) else str(number)
