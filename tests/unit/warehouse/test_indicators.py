"""Indicator definitions: read whole, refused when wrong, written for dbt."""

from pathlib import Path

import duckdb
import pytest
import yaml
from pydantic import ValidationError

from sightline.warehouse import indicators

pytestmark = pytest.mark.slow

MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "intermediate"


def test_every_definition_says_why_it_matters_and_what_else_could_explain_it():
    for one in indicators.load():
        assert one.why_it_matters.endswith(".")
        assert one.what_to_check
        assert one.other_explanations


def test_definitions_come_in_the_order_of_the_catalogue():
    codes = [one.code for one in indicators.load()]
    assert codes.index("A3") < codes.index("B1") < codes.index("D2") < codes.index("D10")


def test_every_measure_is_counted_by_a_model():
    counted = "".join(path.read_text() for path in MODELS.glob("int_measures__*.sql"))
    for one in (one for one in indicators.load() if one.sources):
        assert f"'{one.numerator}'" in counted, one.indicator
        assert f"'{one.denominator}'" in counted, one.indicator


def test_an_unknown_field_is_refused(tmp_path, monkeypatch):
    good = yaml.safe_load((indicators.FOLDER / "referral_rate.yml").read_text())
    (tmp_path / "referral_rate.yml").write_text(yaml.safe_dump({**good, "threshold": 12}))
    monkeypatch.setattr(indicators, "FOLDER", tmp_path)
    with pytest.raises(ValidationError, match="threshold"):
        indicators.load()


def test_the_work_file_gets_one_row_an_indicator_and_its_series():
    with duckdb.connect() as connection:
        indicators.write(connection)
        [(rows,)] = connection.execute("select count(*) from control.indicators").fetchall()
        series = connection.execute(
            "select series, denominator_year_lag from control.indicator_series"
            " where indicator = 'referral_rate'"
        ).fetchall()
    assert rows == len(indicators.load())
    assert series == [("published_referrals", -1)]


SHARED_WORDS = {
    "known to social care": "looked after, short breaks included, referred in the twelve months",
    "lunchtime": "Lunchtime suspensions are not counted.",
    "ages": "Only the month of birth is kept; its 15th is taken as the day.",
    "short breaks": "Children who were only in short breaks at the time",
}
SAID_BY = {
    "known to social care": {"D7", "E1", "E3", "E4", "E5"},
    "lunchtime": {"D1", "D3", "D19", "D20", "E1", "E5", "E7"},
    "ages": {"C4", "C5", "C6", "D5", "D6", "D7", "D8", "E1", "E3", "E4", "E5", "E7"},
    "short breaks": {"D9", "D10", "D11", "D12"},
}


@pytest.mark.parametrize("what", SHARED_WORDS)
def test_definitions_say_the_same_in_the_same_words(what):
    said = {one.code for one in indicators.load() if SHARED_WORDS[what] in one.definition}
    assert said == SAID_BY[what]


def test_the_glossary_says_who_is_known_in_the_words_of_the_definitions():
    glossary = (Path(__file__).parents[3] / "report" / "glossary.md").read_text()
    [words] = {
        one.definition.partition("Known: ")[2].partition(".")[0]
        for one in indicators.load()
        if SHARED_WORDS["known to social care"] in one.definition
    }
    assert f"| known | {words}." in glossary


def changed(tmp_path, monkeypatch, name: str, **fields) -> None:
    """The definitions, one of them with other fields; a field of None is left out."""
    for path in indicators.FOLDER.glob("*.yml"):
        held = yaml.safe_load(path.read_text())
        if path.stem == name:
            held = {key: value for key, value in (held | fields).items() if value is not None}
        (tmp_path / path.name).write_text(yaml.safe_dump(held))
    monkeypatch.setattr(indicators, "FOLDER", tmp_path)


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("referral_rate", {"kind": None}, "kind"),
        ("referral_rate", {"kind": "share"}, "kind"),
        ("referral_rate", {"kind": "proportion"}, "a proportion is in per cent of a counted whole"),
        ("re_referral_rate", {"scale": 1000}, "a proportion is in per cent of a counted whole"),
        (
            "suspension_rate",
            {"denominator_is_estimate": True, "denominator_is_population": False},
            "an estimate is one of a population",
        ),
        ("divergence", {"lag_days": 59}, "can be read after 60 days"),
        ("divergence", {"exposure": ["no_such"]}, "no such indicator: no_such"),
        ("divergence", {"joint": None}, "the family joint says how"),
    ],
)
def test_a_definition_that_contradicts_itself_is_refused(tmp_path, monkeypatch, name, fields, said):
    changed(tmp_path, monkeypatch, name, **fields)
    with pytest.raises(ValueError, match=said):
        indicators.load()


def test_a_source_that_no_contract_tells_is_refused(tmp_path, monkeypatch):
    changed(tmp_path, monkeypatch, "referral_rate", sources=["front_door", "no_such"])
    with (
        duckdb.connect() as connection,
        pytest.raises(ValueError, match="referral_rate: no contract tells no_such"),
    ):
        indicators.write(connection)


def test_a_joint_indicator_may_be_read_with_the_last_of_its_parts(tmp_path, monkeypatch):
    changed(tmp_path, monkeypatch, "divergence", lag_days=60)
    assert indicators.load()


def test_what_is_a_part_of_a_whole_is_a_proportion_and_a_usual_level_is_none():
    kinds = {one.indicator: one.kind for one in indicators.load()}
    assert kinds["re_referral_rate"] == "proportion"
    assert kinds["referrals_against_usual"] == kinds["neighbour_gap"] == "index"
    assert kinds["contact_conversion"] == kinds["suspension_rate"] == "rate"
    assert kinds["identified_against_expected"] == "share_of_expected"
