"""The models that Spark builds too say nothing that the two engines take for different things."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import rendered
import sqlglot
from sqlglot import exp

from sightline.orchestration.dbt_runner import PROJECT

# The published models are built by DuckDB alone, after detection, from some thousands of rows.
MODELS = sorted(path for path in PROJECT.glob("models/*/*.sql") if path.parent.name != "published")
# What both know by one name and reckon alike; max_by and min_by where what is compared is no blank.
FUNCTIONS = {
    "avg", "cast", "coalesce", "count", "date_trunc", "extract", "floor", "greatest", "lag",
    "lead", "least", "make_date", "max", "max_by", "min", "min_by", "nullif", "rank", "round",
    "row_number", "substring", "sum",
}  # fmt: skip
# What dbt's macros for dates come to; a model that calls these itself is understood by one engine.
OWN = {
    "duckdb": {"date_add", "date_diff", "interval"},
    "spark": {"add_months", "date_add", "datediff", "month", "year"},
}
BEFORE_A_BRACKET = {
    "and", "as", "by", "else", "from", "in", "join", "not", "on", "or", "over", "select", "then",
    "union", "when", "where", "with",
}  # fmt: skip
TYPES = {"BIGINT", "BOOLEAN", "DATE", "DOUBLE", "INT", "TEXT"}
# Going up, blanks come last in DuckDB and first in Spark. A key that is not here, never blank,
# says where they come.
NEVER_BLANK = {
    "category", "completed_date", "entry_date", "event_date", "event_kind", "event_month",
    "event_order", "exclusion_key", "exposed_date", "exposure", "is_short_break", "la_code",
    "part_start", "period_start", "received_on", "referral_date", "referral_key", "released_on",
    "start_date", "submission_id",
}  # fmt: skip
WORDS = re.compile(r"::|//|[\[{]|\b(?:asof|by all|ilike|positional|qualify|using|values)\b")
NODES = (exp.Except, exp.Filter, exp.Interval, exp.Intersect, exp.Lambda, exp.Unnest)
WHOLE = (exp.Floor, exp.Round)


def said(duck: str, spark: str) -> Iterator[str]:
    """What is wrong with a query, given as it is written out for each of the engines."""
    texts = {"duckdb": duck, "spark": spark}
    trees: dict[str, exp.Expression] = {}
    for engine, text in texts.items():
        plain = re.sub(r"'[^']*'", "''", re.sub(r"--[^\n]*", "", text))
        called = set(re.findall(r"\b([a-z]\w*)\s*\(", plain)) - BEFORE_A_BRACKET
        yield from (f"function {name}" for name in called - FUNCTIONS - OWN[engine])
        yield from (f"word {found[0]}" for found in WORDS.finditer(plain))
        if engine == "spark" and re.search(r"\bvarchar\b", plain):
            yield "type varchar"
        try:
            trees[engine] = sqlglot.parse_one(text, dialect=engine)
        except sqlglot.ParseError:
            yield f"not read by {engine}"
            return
        yield from _nodes(trees[engine])
    ordered = (trees[engine].find_all(exp.Ordered) for engine in texts)
    for here, there in zip(*ordered, strict=True):
        if here.args.get("nulls_first") != there.args.get("nulls_first") and _may_be_blank(here):
            yield f"blanks in the order of {here.this.sql()}"


def _nodes(tree: exp.Expression) -> Iterator[str]:
    for node in tree.walk():
        if isinstance(node, exp.Literal) and not node.is_string and not node.is_int:
            yield f"decimal {node}"
        if isinstance(node, exp.Star) and any(node.args.values()):
            yield "word *"
        if isinstance(node, exp.Cast):
            kind = node.to.sql()
            if kind not in TYPES:
                yield f"type {kind}"
            if kind in ("INT", "BIGINT") and _is_broken(node.this):
                yield f"rest cut off or rounded in {node.this.sql()}"
        # DuckDB's own way to move a date is an interval, which its macros write out
        if isinstance(node, NODES) and not isinstance(node.parent, exp.DateAdd):
            yield f"word {node.key}"


def _is_broken(value: exp.Expression) -> bool:
    """Whether it has a division that nothing makes whole."""
    return any(not _is_made_whole(division, value) for division in value.find_all(exp.Div))


def _is_made_whole(node: exp.Expression | None, within: exp.Expression) -> bool:
    while node is not None and node is not within.parent:
        if isinstance(node, WHOLE):
            return True
        node = node.parent
    return False


def _may_be_blank(key: exp.Ordered) -> bool:
    if isinstance(key.this, exp.Case):
        return key.this.args.get("default") is None
    return not (isinstance(key.this, exp.Column) and key.this.name in NEVER_BLANK)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_means_the_same_on_both_engines(path: Path) -> None:
    assert not [*said(rendered.model(path), rendered.model(path, on_spark=True))]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select a::date from t", "word ::"),
        ("select a // 2 from t", "word //"),
        ("select [a] from t", "word ["),
        ("select concat(a, b) from t", "function concat"),
        ("select isfinite(a) from t", "function isfinite"),
        ("select date_diff('month', a, b) from t", "function date_diff"),
        ("select datediff(a, b) from t", "function datediff"),
        ("select a * 0.05 from t", "decimal 0.05"),
        ("select cast(a as varchar) from t", "type varchar"),
        ("select cast(a as decimal) from t", "type DECIMAL"),
        ("select cast(a / 2 as integer) from t", "rest cut off or rounded in a / 2"),
        ("select row_number() over (order by end_date) as n from t", "blanks"),
        ("select sum(a) filter (where b) from t", "word filter"),
        ("select * exclude (a) from t", "word *"),
        ("select (a from t", "not read by duckdb"),
        ("select a from t group by all", "word by all"),
        ("select a from t qualify rank() over (order by a desc) = 1", "word qualify"),
        ("select a from t except all select a from u", "word except"),
    ],
)
def test_what_only_one_engine_understands_is_named(sql: str, found: str) -> None:
    named = [*said(sql, sql)]
    assert any(one.startswith(found) for one in named), named


@pytest.mark.parametrize(
    "sql",
    [
        "select cast(floor(a / 2) as integer) from t",
        "select row_number() over (order by end_date nulls last) as n from t",
        "select row_number() over (order by end_date desc) as n from t",
        "select row_number() over (order by start_date) as n from t",
        "select cast(a as double) * 5 / 8 as b from t",
    ],
)
def test_what_both_engines_take_for_the_same_is_left_alone(sql: str) -> None:
    assert not [*said(sql, sql)]


def test_months_are_counted_on_spark_as_on_duckdb() -> None:
    """In what Spark is given for a difference of months no word is unknown to DuckDB, so that the
    two can be compared day by day: dbt's own words for it make children a month too young."""
    macros = rendered.macros_on_spark()
    first = date(2011, 12, 27)
    with duckdb.connect() as connection:
        connection.execute("create table days (born date, day date)")
        days = [first + timedelta(days=step) for step in range(100)]
        pairs = [(born, day) for born in days for day in days]
        connection.executemany("insert into days values (?, ?)", pairs[::7])
        wrong = connection.execute(
            f"select born, day from days"
            f" where {macros.datediff('born', 'day', 'month')} <> date_diff('month', born, day)"
        ).fetchall()
    assert not wrong
