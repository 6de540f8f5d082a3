"""Contracts are data: a new extract is a new folder, and a wrong one is refused on load."""

from datetime import date

import duckdb
import intake_files as files
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_files import MARCH, rules

from sightline.warehouse import calendar
from sightline.warehouse.calendar import Span
from sightline.warehouse.contracts import schema as contract
from sightline.warehouse.errors import ConfigurationError
from sightline.warehouse.intake.judge.column_rules import is_upn, normalised
from sightline.warehouse.intake.read import recognise
from sightline.warehouse.pseudonyms.sql import pseudonym, set_key

pytestmark = pytest.mark.slow

EXTRACTS = {
    "ssd", "cin_census", "school_census", "ssda903", "alternative_provision",
    "published_referrals", "published_factors",
    "published_population", "published_looked_after", "published_exclusions", "published_missing",
    "published_attendance", "published_social_care_exclusions", "published_lait",
    "annex_a", "youth_justice", "vulnerable_children_survey",
}  # fmt: skip

VISITS = """
title: Visits
short_title: Visits
sent_by: authority
family: visits
period: {every: month, found_in: manifest}
due: {every: month, days: 10}
tables:
  visit:
    raw: visits
    recognise: [visit_id]
    columns:
      visit_id: {type: id, kind: visit, required: true, raw: visit_key}
      length: {type: integer, minimum: 0, strict: true, raw: minutes}
      place: {type: code, codes: {H: Home, S: School}, raw: place_code}
"""


@pytest.fixture
def own_contracts(tmp_path, monkeypatch):
    """The project's contracts and one of somebody's own."""
    for path in contract.FOLDER.glob("*"):
        if path.suffix == ".yml" or (path / "contract.yml").exists():
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "visits").mkdir()
    (tmp_path / "visits" / "contract.yml").write_text(VISITS)
    monkeypatch.setattr(contract, "FOLDER", tmp_path)
    contract.load.cache_clear()
    forget_tables()
    yield tmp_path
    monkeypatch.undo()
    contract.load.cache_clear()
    forget_tables()


def forget_tables():
    recognise._told.cache_clear()
    recognise._match.cache_clear()
    recognise._shapes.cache_clear()


def test_every_contract_loads():
    assert set(contract.load()) == EXTRACTS


def test_a_new_extract_needs_only_its_folder(own_contracts, tmp_path_factory):
    monitor = files.monitor(tmp_path_factory.mktemp("monitor") / "home")
    rows = "".join(f"V{i},{i},H\n" for i in range(60))
    text = "place,visit_id,length\n" + "".join(
        f"{place},{visit},{length}\n"
        for visit, length, place in (row.split(",") for row in rows.split())
    )
    outcome = monitor.send({"x.csv": text + "S,V60,3.7\nS,V61,1_0\n"}, MARCH)
    assert (outcome.extract, outcome.accepted, rules(outcome)) == ("visits", 60, ["INTEGER"])
    assert sum(row[0] for row in monitor.raw("visits", "minutes")) == sum(range(60))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("kind: visit, ", "kind"),
        ("codes: {H: Home, S: School}, ", "list"),
        ("title: Visits\n", "title"),
        ("raw: visits", "raw: \"visits; drop table x\""),
    ],
)  # fmt: skip
def test_a_contract_that_is_wrong_is_refused_by_name(own_contracts, change, complaint):
    path = own_contracts / "visits" / "contract.yml"
    is_replaced = complaint.startswith("raw")
    path.write_text(VISITS.replace(change, complaint if is_replaced else ""))
    with pytest.raises(ConfigurationError) as raised:
        contract.load_one(path)
    assert "visits" in raised.value.message


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ("short_title: Visits\n", "", "short_title"),
        ("family: visits\n", "family: visits\nresends: sometimes\n", "resends"),
        (
            "    raw: visits\n",
            "    raw: visits\n    event: {day: length, source: calls, counted_as: visits}\n",
            "a source that is not told",
        ),
        (
            "    raw: visits\n",
            "    raw: visits\n    event: {day: length, source: visits}\n",
            "belong together",
        ),
    ],
)
def test_what_models_ask_of_an_extract_has_to_be_said_in_known_words(
    own_contracts, written, instead, complaint
):
    path = own_contracts / "visits" / "contract.yml"
    assert VISITS.count(written) == 1
    path.write_text(VISITS.replace(written, instead))
    with pytest.raises(ConfigurationError, match=complaint):
        contract.load_one(path)


def test_returns_come_by_how_often_they_are_due():
    often = [one.due.every for one in contract.by_due()]
    assert often == sorted(often, key=contract.OFTEN.index)
    assert set(often) == set(contract.OFTEN)


def test_tables_of_all_extracts_are_told_apart_by_their_headers():
    for one in contract.load().values():
        for name, table in one.tables.items():
            if one.reader == "csv":
                assert recognise.match([*table.columns, *table.known]) == (one, name)


def test_raw_tables_begin_with_their_submission_and_line():
    for columns in contract.raw_tables().values():
        assert list(columns)[:2] == ["submission_id", "line"]


def upn_by_the_book(letter, digits, last):
    values = [*map(int, digits), int(last) if last.isdigit() else files.CHECK_LETTERS.index(last)]
    total = sum(place * value for place, value in enumerate(values, 2))
    return files.CHECK_LETTERS[total % 23] == letter and len(set(digits)) > 1


@settings(deadline=None)
@given(
    st.sampled_from(files.CHECK_LETTERS),
    st.text("0123456789", min_size=11, max_size=11),
    st.sampled_from("0123456789" + files.CHECK_LETTERS),
)
def test_check_letters_follow_the_published_rule(letter, digits, last):
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {is_upn('upn')} from (select {normalised('$1::varchar')} as upn)",
            [letter + digits + last],
        ).fetchone()
    assert found == (upn_by_the_book(letter, digits, last),)


@settings(deadline=None)
@given(st.binary(min_size=32, max_size=80), st.text(min_size=1, max_size=20))
def test_pseudonyms_are_hmac_sha_256(key, identifier):
    import hmac

    identifier = identifier.replace("\0", "0").encode("utf-8", "ignore").decode()
    message = f"person\x1f301\x1f{identifier}".encode()
    expected = int.from_bytes(hmac.digest(key, message, "sha256")[:8], "big", signed=True)
    with duckdb.connect() as connection:
        set_key(connection, key)
        sql = pseudonym("'person'", "'301'", "$1::varchar")
        assert connection.execute(f"select {sql}", [identifier]).fetchone() == (expected,)


@pytest.mark.parametrize("every", ["month", "quarter", "term", "year"])
def test_spans_follow_each_other_without_a_gap(every):
    span = calendar.span_of(date(2019, 12, 31), every)
    for _ in range(40):
        following = calendar.next_span(span, every)
        assert (following.start - span.end).days == 1
        assert calendar.span_of(following.end, every) == following
        span = following


@pytest.mark.parametrize("name", ["Autumn", "Spring", "Summer"])
def test_a_census_is_known_by_its_term_and_by_its_window(name):
    for span in (calendar.term(2025, name), calendar.exclusion_window(2025, name)):
        assert calendar.census_of(span.start, span.end) == (2025, name)


def test_a_financial_year_is_named_by_its_end():
    assert calendar.financial_year_of(date(2025, 3, 31)) == calendar.financial_year(2025)
    assert calendar.financial_year_of(date(2025, 4, 1)) == Span(date(2025, 4, 1), date(2026, 3, 31))
