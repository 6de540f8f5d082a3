"""The start of a data protection impact assessment says of this version what is so."""

import re

import pytest
from pages import ROOT

from sightline.warehouse.contracts import schema
from sightline.warehouse.settings import Disclosure, Retention

PAGE = (ROOT / "docs" / "dpia.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.*) \|$", re.MULTILINE)


def test_every_return_with_persons_is_named_with_its_identifiers() -> None:
    said = {name: cells for name, cells in ROW.findall(PAGE) if not name.endswith("_months")}
    sent = [one for one in schema.load().values() if one.sent_by == "authority"]
    assert set(said) == {one.name for one in sent}
    for contract in sent:
        kinds = {column.type for table in contract.tables.values()
                 for column in table.columns.values()}  # fmt: skip
        assert "date of birth" in said[contract.name]
        assert ("UPN" in said[contract.name]) == ("upn" in kinds), contract.name


def test_periods_are_those_that_a_new_monitor_has() -> None:
    said = {name: cells.split(" | ")[0] for name, cells in ROW.findall(PAGE) if "_months" in name}
    assert said == {name: str(months) for name, months in Retention().model_dump().items()}


def test_small_counts_are_those_that_a_new_monitor_withholds() -> None:
    assert f"counts of 1 to {Disclosure().smallest_shown - 1} withheld" in PAGE


@pytest.mark.parametrize("step", range(1, 8))
def test_each_step_says_what_is_left_to_the_organisation(step: int) -> None:
    [part] = re.findall(rf"^## {step}\. .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert "**You**" in part
