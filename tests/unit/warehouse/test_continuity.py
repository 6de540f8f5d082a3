"""Where everybody is numbered anew, that is asked about and never read as an end of repeats."""

from datetime import date

import pytest
from claimed import Claimed

from sightline.warehouse.ledger import annotations
from sightline.warehouse.ledger.annotations import Annotation
from sightline.warehouse.timeline.continuity import Return, _returns, breaks, write_breaks

pytestmark = pytest.mark.slow

MONTHS = 6


def returns(*counts):
    """The returns of one sender: persons, and of these known from former ones."""
    return [Return(place, "301", "ssd", *one) for place, one in enumerate(counts)]


def broken(*counts):
    return [one.told.submission_id for one in breaks(returns(*counts))]


@pytest.mark.parametrize(
    ("persons", "known", "is_broken"),
    [
        (50, 4, True),
        (50, 5, False),
        (49, 0, False),
        (100, 9, True),
        (100, 10, False),
    ],
)
def test_a_return_of_which_hardly_any_person_is_known_is_a_break(persons, known, is_broken):
    assert broken((100, 0), (100, 40), (persons, known)) == ([2] if is_broken else [])


@pytest.mark.parametrize(("usual", "is_broken"), [(8, False), (9, True)])
def test_former_returns_must_have_shown_four_times_as_many(usual, is_broken):
    assert broken((100, 0), (100, usual), (100, 2)) == ([2] if is_broken else [])


def test_a_first_year_in_which_the_share_grows_has_no_break():
    assert broken(*((600, known) for known in (0, 9, 30, 50, 48, 60, 90, 92))) == []


def test_a_month_that_is_sent_again_says_nothing_of_the_usual_share():
    """As a simulated sender sent them."""
    shares = [(677, 0), (609, 9), (450, 24), (649, 609), (492, 451), (604, 48), (405, 37)]
    assert broken(*shares) == []


@pytest.mark.parametrize(("known", "is_broken"), [(2, True), (90, False)])
def test_a_snapshot_of_many_more_persons_is_held_against_those_before(known, is_broken):
    """Of 100 persons so far no more than 100 can be known, however many a snapshot names."""
    told = [(60, 0, None), (60, 20, 60), (4000, known, 100)]
    assert broken(*told) == ([2] if is_broken else [])


def test_the_persons_before_a_return_are_counted_once():
    said = Claimed()
    people = [(child, "2012-05", "F", None) for child in range(1, 91)]
    for sent in (people[:60], people[30:], people):
        said.ssd(*sent)
    said.children()
    found = _returns(said.connection)
    assert [(one.persons, one.known, one.before) for one in found] == [
        (60, 0, None), (60, 30, 60), (90, 90, 90),
    ]  # fmt: skip


def test_returns_after_a_break_are_held_against_those_since():
    assert broken((100, 0), (100, 40), (100, 40), (100, 0), (100, 2), (100, 5)) == [3]
    assert broken((100, 0), (100, 40), (100, 0), (100, 40), (100, 0)) == [2, 4]


def said(upns, *, anew=True):
    """Half a year of the same sixty children, then the same under new numbers."""
    said = Claimed()
    for sent in range(MONTHS):
        first = 0 if sent < MONTHS - 1 or not anew else 100
        people = [
            (first + child, "2012-05", "F", 1000 + child if child <= upns else None)
            for child in range(1, 61)
        ]
        said.ssd(*people, start=date(2025, 1 + sent, 1))
    return said.children()


def written(said, *notes, sources=("front_door", "referrals")):
    said.connection.execute(
        "create table control.slices as"
        " select submission_id, unnest($1) as source from control.submissions",
        [list(sources)],
    )
    write_breaks(said.connection, notes)
    found = said.asked("from control.breaks order by all")
    return found, said.asked("from control.continuity_queries")


BREAK = date(2025, 6, 1)
FOUND = [("301", source, "ssd", BREAK) for source in ("front_door", "referrals")]


def test_a_break_stands_from_the_first_day_of_the_returns_window_by_source():
    assert written(said(0)) == (FOUND, [(MONTHS, 60)])


def test_a_break_is_of_what_the_return_tells_and_not_of_all_that_it_might():
    found, _ = written(said(0), sources=("referrals", "missing"))
    assert found == [("301", source, "ssd", BREAK) for source in ("missing", "referrals")]


def test_a_sender_who_keeps_its_numbers_has_no_break():
    assert written(said(0, anew=False)) == ([], [])


@pytest.mark.parametrize(("upns", "is_found"), [(29, True), (30, False), (60, False)])
def test_a_break_is_mended_where_half_as_many_as_usual_are_found_by_upn(upns, is_found):
    """The sender is asked all the same."""
    found, asked = written(said(upns))
    assert found == (FOUND if is_found else [])
    assert asked == [(MONTHS, 60)]


@pytest.mark.parametrize(
    ("kind", "scope", "starts_on", "left"),
    [
        ("renumbering", "referrals", date(2025, 6, 1), 1),
        ("renumbering", "referrals", date(2025, 5, 1), 1),
        ("renumbering", "referrals", date(2025, 4, 30), 2),
        ("renumbering", "referrals", date(2025, 7, 1), 1),
        ("renumbering", "referrals", date(2025, 7, 2), 2),
        ("renumbering", "missing", date(2025, 6, 1), 2),
        ("recording_change", "referrals", date(2025, 6, 1), 2),
    ],
)
def test_a_break_that_is_annotated_no_longer_stands(kind, scope, starts_on, left):
    note = Annotation(
        1, annotations.area_code("301"), scope, kind, starts_on, None, "x", starts_on, None,
        "other", None, None,
    )  # fmt: skip
    assert len(written(said(0), note)[0]) == left
