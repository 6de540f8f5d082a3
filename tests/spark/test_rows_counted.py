"""That the comparison of two engines sees what differs; without Spark."""

from pathlib import Path

import duckdb
import pytest
from parity import Compared, compared, in_words

ROWS = "select i as n, i / 3 as share, 'a' as code from range(3) as numbers(i)"


def made(path: Path, sql: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create schema marts; {sql}")
    return path


def beside(folder: Path, other: str) -> list[Compared]:
    here = made(folder / "here.duckdb", f"create table marts.fct as {ROWS}")
    return [*compared(here, made(folder / "there.duckdb", other))]


def test_the_same_rows_in_another_order_are_the_same(tmp_path: Path) -> None:
    [one] = beside(tmp_path, f"create table marts.fct as {ROWS} order by n desc")
    assert one == Compared("marts.fct", 3, 0, 0)
    assert one.is_same


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("share + 1e-12", (0, 0)),
        ("share * (1 + 2e-9)", (1, 1)),
        ("case when n = 0 then 5e-10 else share end", (0, 0)),
        ("case when n = 0 then 2e-9 else share end", (1, 1)),
        ("case when n = 1 then null else share end", (1, 1)),
    ],
)
def test_doubles_may_differ_by_a_billionth(
    tmp_path: Path, changed: str, counts: tuple[int, int]
) -> None:
    [one] = beside(
        tmp_path, f"create table marts.fct as select n, {changed} as share, code from ({ROWS})"
    )
    assert (one.only_duckdb, one.only_spark) == counts
    assert one.is_same == (counts == (0, 0))


@pytest.mark.parametrize(
    ("other", "counts"),
    [
        (f"{ROWS} union all {ROWS} where i = 0", (0, 1)),
        (f"{ROWS} where i > 0", (1, 0)),
        (f"{ROWS} where false", (3, 0)),
        ("select i as n, i / 3 as share, 'b' as code from range(3) as numbers(i)", (3, 3)),
    ],
)
def test_rows_too_many_too_few_or_others_are_counted(
    tmp_path: Path, other: str, counts: tuple[int, int]
) -> None:
    [one] = beside(tmp_path, f"create table marts.fct as {other}")
    assert (one.only_duckdb, one.only_spark) == counts
    assert not one.is_same


@pytest.mark.parametrize(
    "other",
    [
        "",
        f"create table marts.fct as select n, share from ({ROWS})",
        f"create table marts.fct as select n::hugeint as n, share, code from ({ROWS})",
        f"create table marts.fct as select *, 1 as more from ({ROWS})",
    ],
)
def test_a_table_that_is_not_there_or_has_other_columns_is_not_the_same(
    tmp_path: Path, other: str
) -> None:
    [one] = beside(tmp_path, other)
    assert not one.is_same
    assert one.kinds


def test_it_says_how_many_tables_differ_and_how_many_have_no_rows() -> None:
    said = in_words([Compared("a", 3, 0, 0), Compared("b", 0, 0, 0), Compared("c", 4, 1, 0)])
    assert said.endswith("2 tables are the same, 1 differ; 1 are empty")
