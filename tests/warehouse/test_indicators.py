"""Indicator definitions: read whole, refused when wrong, written for dbt."""

from pathlib import Path

import duckdb
import pytest
import yaml
from pydantic import ValidationError

from warehouse import indicators

MODELS = Path(__file__).parents[2] / "dbt_project" / "models" / "intermediate"


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
