"""What dbt is told of the tables that it reads is what the contracts and the code say."""

from sightline.orchestration import dbt_macros, dbt_sources


def test_the_sources_are_as_the_command_writes_them() -> None:
    written = dbt_sources.FILE.read_text(encoding="utf-8")
    assert written == dbt_sources.text(), "run: sightline contract sources"


def test_persons_are_numbered_by_each_table_that_gives_them_a_number() -> None:
    """Also by their own record, which is all that an authority may send."""
    numbered = dbt_macros.lists()["tables_of_pupil_numbers"]
    assert numbered == ["cin_children", "ssd_persons", "ssd_identifiers", "care_children"]


def test_the_lists_of_tables_and_models_are_as_the_command_writes_them() -> None:
    written = dbt_macros.FILE.read_text(encoding="utf-8")
    assert written == dbt_macros.text(), "run: sightline contract sources"
