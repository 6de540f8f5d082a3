"""What is said of what drove a movement: its size, where most of it is, and what cannot be told."""

from datetime import date

import pytest

from sightline.warehouse.release import drivers
from sightline.warehouse.release.drivers import Driver, sentences

NAMES = {f"E{number}": f"Area {number}" for number in range(9)}


def row(dimension: str, part: str, share: float, whole: int = -200) -> Driver:
    contribution = round(whole * share / 100)
    return Driver(
        within="whole", dimension=dimension, part=part,
        first_period=date(2025, 10, 1), last_period=date(2026, 9, 30), years_before=1,
        counted=400 + contribution, expected=400, contribution=contribution, share=share,
    )  # fmt: skip


def said(*rows: Driver, whole: int = -200, direction: str = "down") -> list[str]:
    found = sentences(
        [row("whole", "whole", 100, whole), *rows],
        "up" if direction == "up" else "down",
        "referrals",
        NAMES,
    )
    assert all(len(one.split()) <= 25 for one in found)
    return found


def test_the_size_is_told_with_its_months_and_the_year_it_is_compared_with() -> None:
    assert said() == [
        "October 2025 to September 2026: about 200 fewer referrals than at the rate of the year"
        " before, that is 50% less."
    ]
    assert "about 200 more referrals" in said(whole=200, direction="up")[0]
    assert "50% more" in said(whole=200, direction="up")[0]


@pytest.mark.parametrize(
    ("contribution", "told"), [(-97, "95"), (-98, "100"), (-104, "100"), (-105, "110")]
)
def test_it_is_not_told_more_closely_than_rounded_counts_are(contribution: int, told: str) -> None:
    assert f"about {told} fewer" in said(whole=contribution)[0]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (39.9, "No single source makes it: schools 40%."),
        (40.0, "Two fifths of the fall is from schools."),
        (62.0, "Three fifths of the fall is from schools."),
        (64.0, "Two thirds of the fall is from schools."),
        (130.0, "All of the fall is from schools."),
    ],
)
def test_one_source_that_makes_two_fifths_of_it_or_more_is_said_to(
    share: float, expected: str
) -> None:
    assert said(row("referred_by", "schools", share), row("referred_by", "rest", 100 - share))[
        1
    ] == (expected)


def test_a_source_that_moved_the_other_way_makes_none_of_it() -> None:
    found = said(row("referred_by", "police", -30), row("referred_by", "rest", 130))
    assert len(found) == 1


def test_sources_and_reasons_go_before_age_and_sex() -> None:
    girls = row("age_and_sex", "girls_14_to_17", 60)
    assert said(girls)[1] == "Three fifths of the fall is among girls aged 14 to 17."
    assert "from police" in said(girls, row("referred_by", "police", 50))[1]
    assert len(said(row("age_and_sex", "girls_14_to_17", 39))) == 1


def test_the_fewest_authorities_that_carry_half_are_named_up_to_four() -> None:
    areas = [row("authority", f"E{number}", 20) for number in range(5)]
    found = said(*areas)
    assert found[1] == "Three fifths of the fall is in Area 0, Area 1 and Area 2."
    many = [row("authority", f"E{number}", 10.4) for number in range(9)]
    assert said(*many)[1] == "Half of the fall is in 5 authorities."
    four = [row("authority", f"E{number}", 13) for number in range(4)]
    assert said(*four)[1] == "Half of the fall is in Area 0, Area 1, Area 2 and Area 3."
    assert len(said(row("authority", "E1", 49.9))) == 1


@pytest.mark.parametrize(("share", "is_said"), [(24.9, False), (25.0, True)])
def test_what_cannot_be_put_down_to_anybody_is_said_from_a_quarter_on(
    share: float, is_said: bool
) -> None:
    for part, why in (("rest", "withheld"), ("absent", "sent no return")):
        found = said(row("authority", "E1", 70), row("authority", part, share))
        assert (why in found[-1]) == is_said


def test_where_the_movement_is_the_other_way_nothing_is_put_down_to_anybody() -> None:
    found = said(row("authority", "E1", 100), whole=200)
    assert found[1:] == ["So against that year there is no fall to take apart."]


def test_nothing_is_said_where_nothing_was_taken_apart() -> None:
    assert sentences([], "down", "referrals", NAMES) == []


def test_every_part_and_every_rest_has_a_name() -> None:
    for dimension in drivers.DIMENSIONS:
        assert drivers.label(row(dimension, "rest", 1), NAMES)
    assert drivers.label(row("authority", "absent", 1), NAMES) == drivers.ABSENTEES
    assert drivers.label(row("authority", "E1", 1), NAMES) == "Area 1"
    assert drivers.label(row("referred_by", "police", 1), NAMES) == "Police"
