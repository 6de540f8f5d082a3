"""The map of hexagons: every authority once, regions in one piece, names that can be said."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from lxml import etree

from sightline.report.hexmap import Hexagon, around, hexagon_map, short_names
from sightline.report.html import FOLDER

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"
SVG = {"svg": "http://www.w3.org/2000/svg"}


def rows(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


AUTHORITIES = {
    row["la_code"]: row
    for row in rows("areas")
    if row["area_level"] == "local_authority" and not row["valid_to"]
}
PLACES = {
    row["la_code"]: (int(row["hex_column"]), int(row["hex_row"])) for row in rows("area_hexagons")
}
NAMES = {row["area_name"]: code for code, row in AUTHORITIES.items()}


def test_every_authority_of_today_has_one_place_of_its_own() -> None:
    codes = [row["la_code"] for row in rows("area_hexagons")]
    assert sorted(codes) == sorted(AUTHORITIES)
    assert len(codes) == 153
    assert max(Counter(PLACES.values()).values()) == 1


def pieces(held: set[tuple[int, int]]) -> int:
    left, found = set(held), 0
    while left:
        found += 1
        reached = [left.pop()]
        while reached:
            for beside in around(*reached.pop()):
                if beside in left:
                    left.remove(beside)
                    reached.append(beside)
    return found


def test_each_region_is_in_one_piece() -> None:
    regions: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for code, place in PLACES.items():
        regions[AUTHORITIES[code]["region_code"]].add(place)
    assert {region: pieces(held) for region, held in regions.items()} == dict.fromkeys(regions, 1)
    assert len(regions) == 9
    assert pieces(set(PLACES.values())) == 1
    assert pieces({(0, 0), (2, 0)}) == 2


def test_places_beside_each_other_are_so_both_ways() -> None:
    for row in (3, 4):
        for beside in around(7, row):
            assert (7, row) in around(*beside)
        assert len(set(around(7, row))) == 6


@pytest.mark.parametrize(
    ("north", "south"),
    [
        ("Northumberland", "North Tyneside"), ("Leeds", "Sheffield"), ("Lancashire", "Manchester"),
        ("Birmingham", "Bristol, City of"), ("Suffolk", "Essex"),
        ("Oxfordshire", "Hampshire"), ("Hampshire", "Isle of Wight"), ("Barnet", "Croydon"),
    ],
)  # fmt: skip
def test_north_is_up(north: str, south: str) -> None:
    def height(name: str) -> int:
        return PLACES[NAMES[name]][1]

    assert height(north) > height(south)


@pytest.mark.parametrize(
    ("west", "east"),
    [("Cornwall", "Devon"), ("Devon", "Kent"), ("Liverpool", "Leeds"), ("Birmingham", "Norfolk"),
     ("Hillingdon", "Havering"), ("Herefordshire, County of", "Worcestershire")],
)  # fmt: skip
def test_east_is_right(west: str, east: str) -> None:
    assert PLACES[NAMES[west]][0] <= PLACES[NAMES[east]][0]


def test_no_two_authorities_have_the_same_letters() -> None:
    labels = short_names(NAMES)
    assert len(labels) == 153
    assert len(set(labels.values())) == 153
    assert max(map(len, labels.values())) == 4
    assert labels["Leeds"] == "Leed"
    assert labels["Derby"] == "Derb"
    assert labels["Derbyshire"] == "Ders"
    assert labels["Bristol, City of"] == "Bris"
    assert labels["East Riding of Yorkshire"] == "ERY"


def test_names_that_leave_no_other_letters_get_a_number() -> None:
    assert set(short_names(["Kent", "Kent, new", "Kent, old"]).values()) == {"Kent", "Knt", "Ken2"}


def drawn(*cells: Hexagon) -> etree._Element:
    labels = short_names(cell.name for cell in cells)
    return etree.fromstring(
        str(hexagon_map([("Yorkshire & Humber", cells), ("Empty", [])], "A <map>", labels)).replace(
            "<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1
        )
    )


LEEDS = Hexagon(11, 12, "areas/383.html", "Leeds", "405.1 per 10,000", "405.1", "fifth2", True)
YORK = Hexagon(12, 12, "areas/816.html", "York", "not available", "", "absent")


def test_the_name_of_a_hexagon_begins_with_what_is_seen() -> None:
    for link in drawn(LEEDS, YORK).findall(".//svg:a", SVG):
        seen = " ".join(one.text for one in link.findall(".//svg:text", SVG))
        assert link.get("aria-label").startswith(seen)
        # a space between them, or both are read as one word
        assert " ".join("".join(link.itertext()).split()) == seen
    labels = [one.get("aria-label") for one in drawn(LEEDS, YORK).findall(".//svg:a", SVG)]
    assert labels == ["Leed 405.1: Leeds, 405.1 per 10,000", "York: not available"]


def test_a_flag_is_a_shape_and_only_where_it_is_due() -> None:
    flags = drawn(LEEDS, YORK).findall(".//svg:path[@class='hex-flag']", SVG)
    assert len(flags) == 1


def test_a_border_goes_round_a_region_and_not_between_its_hexagons() -> None:
    [one] = drawn(LEEDS).findall("svg:path[@class='border']", SVG)
    [two] = drawn(LEEDS, YORK).findall("svg:path[@class='border']", SVG)
    assert one.get("d").count("M") == 6
    assert two.get("d").count("M") == 10
    ends = Counter(re.findall(r"[ML]([-\d.]+ [-\d.]+)", two.get("d")))
    assert set(ends.values()) == {2}


def test_nothing_is_drawn_without_a_hexagon() -> None:
    assert hexagon_map([("Nowhere", [])], "", {}) == ""


def light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted([light(one), light(other)])
    return (high + 0.05) / (low + 0.05)


def full(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * one for one in colour[1:])


OF_SOME = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
"""Rules for some windows, colours or paper."""
STYLE = OF_SOME.sub("", (FOLDER / "style.css").read_text(encoding="utf-8"))


def test_letters_stand_out_on_every_shade() -> None:
    grounds = dict(re.findall(r"^\.hex-(\w+)\{fill:(#\w+)", STYLE, re.MULTILINE))
    grounds = {name: full(one) for name, one in grounds.items() if name not in {"flag", "text"}}
    assert {"fifth1", "fifth5", "some", "blank"} <= set(grounds)
    [whites] = re.findall(r"^(\.hex-text-[^{]*)\{fill:#fff\}", STYLE, re.MULTILINE)
    for name, ground in grounds.items():
        ink = "#ffffff" if f".hex-text-{name}" in whites.split(",") else "#14202b"
        assert contrast(ink, ground) >= 4.5, name


@pytest.mark.parametrize(
    "name", ["expected", "beside", "line", "axis", "change", "nought", "worse", "better"]
)
def test_what_a_chart_draws_stands_out_from_the_page(name: str) -> None:
    [rule] = re.findall(rf"^\.{name}\{{([^}}]*)\}}", STYLE, re.MULTILINE)
    colours = [full(one) for one in re.findall(r"#\w+", rule)]
    assert max(contrast(one, "#ffffff") for one in colours) >= 3
