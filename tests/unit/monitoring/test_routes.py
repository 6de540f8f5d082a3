"""Who gets which message, and that wrong routes are refused before anything is built."""

from typing import Any

import pytest

from sightline.monitoring import routes
from sightline.monitoring.routes import Subject
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.settings import Settings

LEEDS = Subject("referral_rate", "warning", "local_authority", "E08000035")
HULL = Subject("referral_rate", "warning", "local_authority", "E06000010")
YORKSHIRE = Subject("referral_rate", "warning", "region", "E12000003")
ENGLAND = Subject("referral_rate", "critical", "country", "E92000001")
MAIL = {"kind": "smtp", "host": "mail", "sender": "a@b.uk", "recipients": ["c@d.uk"]}
ALL = {"name": "all", "audience": "national", "channels": ["files"], "fallback": True}


def settings(*blocks: dict[str, Any]) -> Settings:
    return Settings(delivery=[MAIL], route=[*blocks])


def names(subject: Subject, *blocks: dict[str, Any]) -> list[str]:
    found = routes.matching(routes.load(settings(*blocks, ALL)), subject)
    return [match.route.name for match in found]


def route(name: str, audience: str = "national", **more: Any) -> dict[str, Any]:
    return {"name": name, "audience": audience, "channels": ["smtp"]} | more


def test_without_routes_everybody_hears_of_everything() -> None:
    known = routes.load(settings())
    for subject in (LEEDS, YORKSHIRE, ENGLAND):
        [match] = routes.matching(known, subject)
        assert match.route.channels == ["files", "smtp"]
    assert routes.of_engineers(known) == known


def test_the_first_that_matches_takes_it_unless_it_goes_on() -> None:
    first, second = route("one", "authority", authorities=["383"]), route("two")
    assert names(LEEDS, first, second) == ["one"]
    assert names(LEEDS, first | {"continue": True}, second) == ["one", "two"]
    assert names(HULL, first, second) == ["two"]


@pytest.mark.parametrize(
    ("block", "takes"),
    [
        (route("r", "authority", authorities=["383"]), [LEEDS]),
        (route("r", "authority", regions=["E12000003"]), [LEEDS, HULL]),
        (route("r", "region", regions=["Yorkshire and The Humber"]), [LEEDS, HULL, YORKSHIRE]),
        (route("r", "region"), [LEEDS, HULL, YORKSHIRE]),
        (route("r"), [LEEDS, HULL, YORKSHIRE, ENGLAND]),
        (route("r", severity="warning"), [LEEDS, HULL, YORKSHIRE, ENGLAND]),
        (route("r", severity="critical"), [ENGLAND]),
        (route("r", indicators=["contact_conversion"]), []),
        (route("r", indicators=["referral_rate"]), [LEEDS, HULL, YORKSHIRE, ENGLAND]),
        (route("r", "engineers"), []),
    ],
)
def test_a_route_takes_what_its_block_says(block: dict[str, Any], takes: list[Subject]) -> None:
    for subject in (LEEDS, HULL, YORKSHIRE, ENGLAND):
        assert (names(subject, block) == ["r"]) is (subject in takes), subject


def test_what_no_route_takes_goes_to_the_fallback_and_says_so() -> None:
    block = route("one", "authority", authorities=["383"])
    [match] = routes.matching(routes.load(settings(ALL, block)), ENGLAND)
    assert (match.route.name, match.why) == ("all", "no other route matches")


def test_who_was_told_while_it_was_less_serious_hears_on() -> None:
    known = routes.load(settings(route("worst", severity="critical"), ALL))
    assert [one.name for one in routes.all_matching(known, ENGLAND)] == ["worst", "all"]


@pytest.mark.parametrize(
    ("blocks", "said"),
    [
        ([route("one")], "one .* has to be the fallback.* none is"),
        ([ALL, ALL | {"name": "again"}], "has to be the fallback.* 2 is"),
        ([ALL, route("all")], "two .* are called 'all'"),
        ([ALL, route("one", channels=["pigeon"])], "one: channels: there is no 'pigeon'"),
        ([ALL, route("one", escalate_to=["smpt"])], "escalate_to: .* did you mean smtp"),
        ([ALL, route("one", regions=["Yorkshire"])], "regions: there is no 'Yorkshire'"),
        ([ALL, route("one", authorities=["999"])], "authorities: there is no '999'"),
        ([ALL, route("one", indicators=["referral"])], "did you mean referral_rate"),
        ([ALL, route("one", "authority")], "say which"),
        ([ALL, route("one", "engineers", severity="watch")], "engineers' messages"),
        ([ALL | {"severity": "watch"}], "the fallback takes whatever comes"),
        ([ALL, route("one", "leads")], "one: audience"),
        ([ALL, route("one", when="later")], "one: when"),
        ([ALL, route("one", reply_to="nobody")], "one: reply_to: .*address"),
        ([ALL, route("one", chanels=["smtp"])], "did you mean channels"),
    ],
)
def test_wrong_routes_are_refused_in_one_sentence(blocks: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        routes.load(settings(*blocks))


def test_where_routes_are_wrong_everybody_hears_of_it() -> None:
    [known] = routes.load_or_usual(settings(route("one")))
    assert known.channels == ["files", "smtp"]
