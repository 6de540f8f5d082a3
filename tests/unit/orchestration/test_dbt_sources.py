"""What dbt is told of the tables that it reads is what the contracts and the code say."""

from orchestration import dbt_sources


def test_the_sources_are_as_the_command_writes_them() -> None:
    written = dbt_sources.FILE.read_text(encoding="utf-8")
    assert written == dbt_sources.text(), "run: sightline contract sources"
