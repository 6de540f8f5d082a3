"""The pages for senders say what the contracts say, and their examples are taken in."""

from pathlib import Path

import pytest

from sightline.senders import pages as senders
from sightline.senders.validate import validate
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.words import years

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parents[3] / "docs" / "senders"
TABLES = [one for one in contracts.load().values() if one.reader == "csv"]


def test_the_pages_are_those_of_the_present_contracts(tmp_path: Path) -> None:
    senders.write(tmp_path)
    made, kept = ({path.name: path.read_text() for path in folder.glob("*")}
                  for folder in (tmp_path, FOLDER))  # fmt: skip
    assert made == kept, "run: sightline contract pages docs/senders"


@pytest.mark.parametrize("contract", TABLES, ids=lambda one: one.name)
def test_the_example_of_a_page_is_taken_in_whole(
    contract: contracts.Contract, tmp_path: Path
) -> None:
    for name, table in contract.tables.items():
        text = senders.example(table)
        assert text.rstrip() in senders.page(contract)
        (tmp_path / f"{name}.csv").write_text(text)
        if contract.period.found_in == "manifest":
            (tmp_path / "manifest.json").write_text(
                '{"period_start": "2026-03-01", "period_end": "2026-03-31"}'
            )
    [verdict] = validate([tmp_path])
    assert verdict.is_accepted, verdict.problems
    assert verdict.quarantined == 0, verdict.problems


@pytest.mark.parametrize("contract", contracts.load().values(), ids=lambda one: one.name)
def test_every_column_rule_and_code_stands_on_the_page(contract: contracts.Contract) -> None:
    text = senders.page(contract)
    for table in contract.tables.values():
        for name, column in table.columns.items():
            assert f"`{name}`" in text
            for code, one in column.codes.items() if column.type != "boolean" else ():
                assert f"| `{code}` | {one.means} | {years(one)} |" in text
        for rule in table.rules:
            assert f"`{rule.rule}`" in text
            assert rule.says in text
            assert (rule.official or "") in text


def test_pages_of_extracts_that_are_gone_are_removed(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("old")
    senders.write(tmp_path)
    assert not (tmp_path / "gone.md").exists()
