"""The analysts' example queries run on a release and answer what they say."""

from pathlib import Path

import duckdb
import pytest
import work_file

from warehouse import home as homes

FOLDER = Path(__file__).parents[3] / "warehouse" / "queries"
QUERIES = sorted(FOLDER.glob("*.sql"))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    home = homes.create(tmp_path_factory.mktemp("monitor"))
    work_file.write(home.work_db)
    with duckdb.connect(str(work_file.draft(home).database), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_every_query_says_what_it_answers_and_runs(published, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("-- ")
    assert "?" in text.splitlines()[0]
    published.execute(text).fetchall()


def answer(published, name: str) -> list[tuple]:
    return published.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8")).fetchall()


def test_the_worsening_authority_is_listed(published) -> None:
    assert ("Leeds", "Referral rate") in [row[:2] for row in answer(published, "worsening_now")]


def test_the_silent_authority_is_listed(published) -> None:
    assert {row[0] for row in answer(published, "returns_missing")} == {"Leicester"}


def test_ours_stand_beside_the_official_figures(published) -> None:
    rows = answer(published, "official_against_ours")
    assert [(row[1], row[-2], row[-1]) for row in rows] == [
        ("Derby", 83.3, "differs"),
        ("Leeds", 101.3, "agrees"),
    ]
