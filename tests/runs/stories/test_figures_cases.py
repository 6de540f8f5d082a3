"""The figures of hand-made cases, each by itself; see `oracle.cases` for what is in them."""

import json
import re
from collections.abc import Iterator

import duckdb
import pytest
from oracle.cases import SOME, Case, Check, cases
from oracle.monitor import Monitor, ran
from support import sightline

ALL = {one.name: one for one in cases()}
COUNTS = ("counted", "told_late", "superseded", "outside")


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, Monitor]:
    """A monitor for each case that has one of its own."""
    chosen = [one for one in ALL.values() if one.is_alone]
    return {one.name: ran(tmp_path_factory.mktemp(one.name), [one]) for one in chosen}


@pytest.mark.parametrize("name", ALL)
def test_the_figures_of_a_case(alone, hand_made, name):
    monitor = alone.get(name, hand_made)
    wrong = [said for check in ALL[name].checks for said in differences(monitor, ALL[name], check)]
    assert not wrong, "\n".join([ALL[name].checks[0].where.get("la_code", ""), *wrong])


def test_no_case_stops_another(alone, hand_made):
    reports = [report for one in (*alone.values(), hand_made) for report in one.reports]
    assert {report.exit_code for report in reports} == {0}


def differences(monitor: Monitor, case: Case, check: Check) -> Iterator[str]:
    """What is not as it must be, in words."""
    if check.relation == "account":
        yield from _account(monitor, case, check)
        return
    rows = found(monitor, check)
    said = ", ".join(f"{name} {value}" for name, value in check.where.items())
    if check.rows is not None:
        if len(rows) != check.rows:
            yield f"{check.relation}, {said}: {len(rows)} rows in place of {check.rows}"
        return
    if not rows and check.relation.endswith("int_measures"):
        rows = [{"measured": 0}]
    if len(rows) != 1:
        yield f"{check.relation}, {said}: {len(rows)} rows in place of one"
        return
    for name, value in check.expect.items():
        is_right = rows[0][name] is not None if value is SOME else rows[0][name] == value
        if not is_right:
            wanted = "some" if value is SOME else value
            yield f"{check.relation}, {said}: {name} is {rows[0][name]} in place of {wanted}"


def found(monitor: Monitor, check: Check) -> list[dict]:
    """The rows of a table of which all that is asked is true."""
    database = monitor.home.warehouse_db
    relation = check.relation
    if relation.startswith("published."):
        database = monitor.home.current / "sightline.duckdb"
        relation = relation.removeprefix("published.")
    with duckdb.connect(str(database), read_only=True) as connection:
        asked = " and ".join(f"{name} = ?" for name in check.where)
        result = connection.execute(
            f"select * from {relation} where {asked}", list(check.where.values())
        )
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _account(monitor: Monitor, case: Case, check: Check) -> Iterator[str]:
    """How a submission is accounted for: in numbers that add up, and in words."""
    file = check.where["file"]
    [number] = [
        one["submission_id"]
        for one in listed(monitor)
        if one["sender"] == case.senders[0] and one["original_name"].rstrip("/") == file
    ]
    rows = monitor.rows(
        f"select sum(taken_in), {', '.join(f'sum({name})' for name in COUNTS)}"
        " from marts.fct_submission_rows where submission_id = ?",
        [number],
    )
    taken_in, *counts = rows[0]
    if taken_in != sum(counts):
        yield f"{file}: {taken_in} rows taken in, {counts} accounted for"
    for name, count in zip(COUNTS, counts, strict=True):
        wanted = check.expect.get(name, count)
        if (count == 0) if wanted is SOME else (count != wanted):
            yield f"{file}: {count} rows {name} in place of {'some' if wanted is SOME else wanted}"
    if check.expect.get("told_late"):
        shown = sightline("submissions", "show", str(number), "--home", str(monitor.home.root))
        if not re.search("told late", shown.stdout):
            yield f"{file}: its account does not say that rows were told late"


def listed(monitor: Monitor) -> list[dict]:
    done = sightline("submissions", "list", "--json", "--home", str(monitor.home.root))
    return json.loads(done.stdout)
