"""Every open-data file of a release passes each of the Department's published screening rules."""

import pytest
import screening


@pytest.fixture(scope="module")
def files(demo_home) -> list[screening.DataFile]:
    return [
        screening.read(path) for path in screening.data_files(demo_home.home.current / "tables")
    ]


@pytest.mark.parametrize("rule", screening.RULES)
def test_a_release_passes(rule, files) -> None:
    assert len(files) > 30
    found = {file.name: screening.RULES[rule](file) for file in files}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_a_data_file_has_its_metadata_and_nothing_else_lies_there(demo_home) -> None:
    folder = demo_home.home.current / "tables"
    data = {path.stem for path in screening.data_files(folder)}
    meta = {path.name.removesuffix(".meta.csv") for path in folder.glob("*.meta.csv")}
    assert data == meta
    assert {path.name for path in folder.iterdir() if path.suffix != ".csv"} == {"README.md"}
