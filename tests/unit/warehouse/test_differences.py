"""What moved between two releases, and the reason that is told for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import releasing
import work_file
from click.testing import CliRunner
from releasing import FIRST, MONTH, SECOND, THIRD, release, set_counts

from sightline.orchestration.cli import commands
from sightline.orchestration.commands.releases import _say_differences
from sightline.warehouse.release import differences, store

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[2]
LEEDS, BRADFORD = work_file.WORSENING, "E08000032"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Three releases; what moved between two of them is told by what their tables say beside."""
    home = releasing.monitor(tmp_path_factory.mktemp("differences"))
    set_counts(home, 300)
    set_counts(home, 100, BRADFORD)
    release(home, 1, FIRST)
    set_counts(home, 350)
    set_counts(home, 3, BRADFORD)
    with duckdb.connect(str(home.work_db)) as connection:
        connection.execute("update control.submissions set is_in_force = submission_id = 1")
    release(home, 2, SECOND)
    release(home, 3, THIRD, code_version="0.2.0")
    return home


@pytest.fixture(scope="module")
def found(home):
    return differences.between(*(store.find(home, one) for one in (f"{FIRST}.1", f"{SECOND}.2")))


ELSEWHERE_MADE = """
import sys
from pathlib import Path
import releasing
home = releasing.monitor(Path(sys.argv[1]))
releasing.set_counts(home, 300)
releasing.set_counts(home, 100, "E08000032")
print(releasing.draft(home, 1, releasing.FIRST).content_hash)
"""


def test_another_machine_gives_the_same_release(home, tmp_path) -> None:
    """Fault 131: whatever its language, its zone, and the order of its sets."""
    environment = os.environ | {
        "LC_ALL": "C", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "77", "TZ": "Pacific/Auckland",
        "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ["PYTHONPATH"]]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE_MADE, str(tmp_path)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == store.find(home, f"{FIRST}.1").content_hash


def moved(found, area: str) -> list[dict]:
    return [
        row
        for row in found.trends
        if row["area_code"] == area and str(row["period_start"]) == MONTH
        and row["period_type"] == "month"
    ]  # fmt: skip


def test_a_figure_that_a_replaced_return_changed_is_a_correction(found) -> None:
    [row] = moved(found, LEEDS)
    assert (row["old_numerator"], row["new_numerator"]) == (300, 350)
    assert (row["indicator"], row["reason"]) == ("referral_rate", "correction")


def test_a_count_that_is_only_withheld_now_is_rounding(found) -> None:
    [row] = moved(found, BRADFORD)
    assert (row["new_value"], row["new_marker"], row["reason"]) == (None, "c", "rounding")


def test_rows_of_each_table_are_counted_by_their_key(found) -> None:
    tables = {one.name: (one.added, one.removed, one.changed) for one in found.tables}
    assert tables["trends"] == (0, 0, 2)
    assert tables["submissions"] == (0, 0, 2)
    assert tables["trends_vintages"] == (2, 0, 2)
    assert tables["areas"] == tables["coverage"] == (0, 0, 0)


def test_a_release_by_other_code_without_other_figures_moves_nothing(home) -> None:
    """Fault 126."""
    found = differences.between(*(store.find(home, one) for one in (f"{SECOND}.2", f"{THIRD}.3")))
    assert found.trends == []


def written(path, sent, *, value=3.0, marker=None, status="ok", code="1", noted=(), version="1"):
    """As much of a published file as the comparison reads."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table indicators as select 'rate' as indicator, 'd' as definition,
                'a' as numerator, 'b' as denominator, 1.0 as scale, false as annualise;
            create table areas as select 'E1' as area_code, '383' as la_code, 'Leeds' as area_name,
                'local_authority' as area_level, 'E12' as region_code, null as sub_region_code;
            create table annotations (indicator varchar, area_code varchar, kind varchar,
                starts_on date, ends_on date, recorded_on date);
            create table submissions (submission_id integer, sender varchar, extract varchar,
                period_start date, period_end date, is_in_force boolean)
            """
        )
        connection.execute("create table release as select ? as code_version", [code])
        for one in sent:
            number = int(one[2][5:7])
            connection.execute(
                "insert into submissions values (?, ?, ?, ?, ?, true)", [number, *one]
            )
        for one in noted:
            connection.execute(
                "insert into annotations (indicator, area_code) values (?, 'E1')", [one]
            )
        connection.execute(
            "create table trends as select 'rate' as indicator, 'E1' as area_code,"
            " 'local_authority' as area_level, 'month' as period_type, 'extracts' as source,"
            " 'total' as breakdown, date '2026-10-01' as period_start,"
            " date '2026-10-31' as period_end, 30.0 as numerator, 10.0 as denominator,"
            " ?::double as value, ?::varchar as marker, ?::varchar as status, 'panel' as method,"
            " ?::varchar as version",
            [value, marker, status, version],
        )
        # Another version published more of an annotation.
        if code != "1":
            connection.execute("alter table annotations add column public_sentence varchar")
    return store.Release("r", path.parent, FIRST, "", "", True)


SEPTEMBER = ("383", "ssd", "2026-09-01", "2026-09-30")
OCTOBER = ("383", "ssd", "2026-10-01", "2026-10-31")
ELSEWHERE = ("301", "ssd", "2026-10-01", "2026-10-31")


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        ("new_submission", {"sent": [SEPTEMBER], "value": None, "marker": "x"},
         {"sent": [SEPTEMBER, OCTOBER]}),
        ("correction", {"sent": [OCTOBER]}, {"sent": [], "value": 4.0}),
        ("annotation", {}, {"status": "not_assessable", "noted": ["rate"]}),
        ("method", {}, {"value": 4.0, "version": "2"}),
        ("method", {}, {"value": 4.0, "code": "2"}),
        ("rounding", {}, {"value": None, "marker": "c"}),
        ("other_figures", {}, {"status": "worsening"}),
        ("other_figures", {"sent": []}, {"sent": [ELSEWHERE], "status": "worsening"}),
    ],
)  # fmt: skip
def test_each_reason_is_told_for_what_it_is(tmp_path, reason, old, new) -> None:
    sides = []
    for name, given in (("old", old), ("new", new)):
        folder = tmp_path / name
        folder.mkdir()
        told = {"sent": [SEPTEMBER]} | given
        sides.append(written(folder / store.DATABASE, told.pop("sent"), **told))
    with store.both(*(side.database for side in sides)) as connection:
        [row] = differences._trends(connection, is_other_rules=False)
    assert row["reason"] == reason


def test_the_command_names_what_moved_and_why(home) -> None:
    words = ["releases", "diff", f"{FIRST}.1", f"{SECOND}.2", "--home", str(home.root)]
    said = CliRunner().invoke(commands, words, standalone_mode=False)
    assert said.exception is None, said.exception
    for told in ("correction", "rounding", "Leeds", "[c]", "trends"):
        assert told in said.output
    held = json.loads(CliRunner().invoke(commands, [*words, "--json"]).output)
    assert held["reasons"] == {"correction": 1, "rounding": 1} | held["reasons"]
    only = [*words, "--area", LEEDS, "--exit-code", "--json"]
    done = CliRunner().invoke(commands, only, standalone_mode=False)
    assert {row["area_code"] for row in json.loads(done.output)["trends"]} == {LEEDS}
    assert done.return_value == 1


def test_the_command_names_what_is_new_in_the_later_release(home, capsys) -> None:
    nothing = dict.fromkeys(
        ("subject", "area_code", "alert_id", "indicator", "old_severity", "severity", "reason",
         "recorded_by", "extract", "first_period", "last_period", "periods")
    )  # fmt: skip
    worse = {"change": "worse", "area_name": "Leeds", "indicator": "referral_rate",
             "old_severity": "watch", "severity": "warning"}  # fmt: skip
    closed = {"change": "closed", "area_name": "Bradford", "indicator": "referral_rate",
              "severity": "watch", "recorded_by": "a person", "reason": "expected"}  # fmt: skip
    came = {"change": "return_in", "area_name": "Leeds", "extract": "ssd",
            "first_period": FIRST, "last_period": SECOND}  # fmt: skip
    moved = differences.TableDifference("changes", 3, 0, 0)
    changes = [nothing | one for one in (worse, closed, came)]
    _say_differences(differences.Differences("r1", "r2", [moved], [], changes), 40)
    said = " ".join(capsys.readouterr().out.split())
    assert "New in r2 since the release before it:" in said
    assert "worse Leeds referral_rate watch > warning" in said
    assert "closed Bradford referral_rate watch, by a person, expected" in said
    assert f"return_in Leeds ssd {FIRST} to {SECOND}" in said
