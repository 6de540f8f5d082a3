"""`sightline sql`: what it takes, what it refuses, and the forms in which it answers."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import work_file
from click.testing import CliRunner
from support import SIGHTLINE

from sightline.orchestration import answers
from sightline.orchestration.cli import commands
from sightline.warehouse import belonging
from sightline.warehouse import home as homes
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger.state import State
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases

pytestmark = pytest.mark.slow

WHY = "check of the referral counts for the spring report"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = homes.create(tmp_path_factory.mktemp("asked") / "monitor")
    work_file.write(home.work_db)
    draft = work_file.draft(home)
    state = State(home.state_db)
    with state.begin() as connection:
        row = {
            "release_id": draft.release_id, "sequence": 1, "built_at": draft.built_at,
            "as_of": draft.as_of, "content_hash": draft.content_hash, "code_version": "0.1.0",
            "simulated": True, "is_current": True,
        }  # fmt: skip
        connection.execute(recorded.insert(), [row])
    belonging.mark(home, state)
    state.close()
    releases.commit(home, draft, lambda: None)
    home.work_db.rename(home.warehouse_db)
    return home


@pytest.fixture
def ask(home):
    def asked(*words: str, given: str | bytes | None = None) -> tuple[int, str, str]:
        done = CliRunner().invoke(
            commands, ["sql", "--home", str(home.root), *words], input=given, standalone_mode=False
        )
        if done.exception and not hasattr(done.exception, "exit_code"):
            raise done.exception
        fault = done.exception
        code = fault.exit_code if fault else done.return_value
        return code, done.stdout, done.stderr + (fault.message if fault else "")

    return asked


def test_a_text_that_begins_with_a_comment_is_no_option(ask) -> None:
    for text in (
        "-- how many?\nselect 42 as n",
        "--how many?\nselect 42 as n",
        "/* a */ select 42",
    ):
        code, said, _ = ask(text)
        assert (code, said.splitlines()[-1:]) == (0, ["42"])
    assert ask("--json", "-- a\nselect 42 as n")[1] == '[\n  {"n": 42}\n]\n'
    assert ask("--", "-- a\nselect 42 as n")[0] == 0


def test_an_option_that_is_not_known_is_still_refused(ask) -> None:
    assert ask("--jsn", "select 1")[0] == 2


def test_a_file_and_standard_input_are_read(ask, tmp_path) -> None:
    script = tmp_path / "query.sql"
    script.write_text("\ufeff-- what is it?\nselect 42 as n;\n", encoding="utf-8")
    for code, said, _ in (
        ask("--file", str(script)),
        ask("--file", "-", given=script.read_text("utf-8-sig")),
        ask("-", given="select 42 as n"),
        ask(given="select 42 as n"),
    ):
        assert (code, said) == (0, "n\n42\n")
    assert ask("--file", str(script), "select 1")[0] == 2
    script.write_bytes("select 'é'".encode("latin-1"))
    assert ask("--file", str(script))[0] == 2


def test_nothing_asked_shows_the_tables_and_comments_alone_are_nothing(ask) -> None:
    assert "area_successions" in ask(given="")[1]
    code, _, told = ask("-- nothing\n")
    assert (code, told) == (2, "there is no statement in it")


def test_each_statement_is_shown_or_refused(ask) -> None:
    code, said, told = ask(
        "create temp table mine as select 1 as a; from mine; drop table areas; select 2 as b"
    )
    assert code == 2
    assert said == "a\n1\n\nb\n2\n"
    assert told.count("\n") == 1
    assert told.startswith("sightline: statement 3 is more than a question")


def test_a_text_that_cannot_be_read_is_not_begun(ask) -> None:
    code, said, told = ask("select 1; selec 2")
    assert (code, said) == (2, "")
    assert "syntax error" in told


@pytest.mark.parametrize(
    "query",
    [
        "copy areas to '/tmp/never.csv'",
        "explain analyze copy areas to '/tmp/never.csv'",
        "attach '/tmp/never.duckdb' as other",
        "from read_csv('/etc/passwd')",
        "from read_text('/etc/passwd')",
        "from glob('/etc/*')",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '1TB'",
        "reset threads",
        "use information_schema",
        "pragma threads = 4",
        "call pragma_version()",
        "checkpoint",
        "export database '/tmp/never'",
        "create table mine (a int)",
        "create /* temp */ table mine (a int)",
        "insert into areas from areas",
        "with gone as (delete from areas returning *) select count(*) from gone",
        "set variable a = 1",
        "begin",
        "prepare a as select 1",
        "create secret (type s3)",
    ],
)
def test_what_is_no_question_is_refused_in_a_sentence(ask, query) -> None:
    code, said, told = ask(query)
    assert (code, said) == (2, "")
    assert told.startswith("sightline: this ")
    assert len(told.splitlines()[0]) < 160


@pytest.mark.parametrize(
    "query",
    [
        "from areas limit 1",
        "with a as (select 1 as b) select * from a",
        "describe areas",
        "summarize areas",
        "show tables",
        "explain select 1",
        "pivot areas on area_level using count(*)",
        "values (1)",
        "create or replace temporary view mine as select 1",
    ],
)
def test_questions_of_every_kind_are_answered(ask, query) -> None:
    code, _, told = ask(query)
    assert (code, told) == (0, "")


ODD = (
    "select '=1+1' as \"=head\", '-5.5' as number, -5.5 as real, 'a|b' as pipe, null as gap,"
    " date '2026-01-31' as day, 'x' || chr(27) || chr(10) || 'y' as odd, 1 as number,"
    " 'nan'::double as nan, true as yes, 170141183460469231731687303715884105727 as huge"
)


def test_csv_holds_no_formula(ask) -> None:
    _, said, _ = ask("--format", "csv", ODD)
    head, row = csv.reader(io.StringIO(said))
    assert head[:2] == ["'=head", "number"]
    assert row[:6] == ["'=1+1", "-5.5", "-5.5", "a|b", "", "2026-01-31"]
    assert row[9] == "true"


def test_json_is_json_and_loses_no_column(ask) -> None:
    _, said, _ = ask("--format", "json", ODD)
    [row] = json.loads(said)
    assert (row["number"], row["number_2"], row["nan"], row["gap"]) == ("-5.5", 1, None, None)
    assert (row["day"], row["huge"]) == ("2026-01-31", 2**127 - 1)
    assert json.loads(ask("--json", "select 1 as a; from areas where false")[1]) == [[{"a": 1}], []]


def test_markdown_is_one_line_a_row(ask) -> None:
    _, said, _ = ask("--format", "markdown", ODD)
    lines = said.splitlines()
    assert len(lines) == 3
    assert "a\\|b" in lines[2]
    assert lines[1].startswith("| --- | --- | ---: |")


def test_a_table_obeys_nothing_that_stands_in_it(ask) -> None:
    _, said, _ = ask(ODD)
    assert "x\\x1b\\ny" in said
    assert "\x1b" not in said


def test_a_long_table_says_that_it_is_cut(ask, monkeypatch) -> None:
    monkeypatch.setattr(answers, "MOST_LINES", 3)
    assert ask("from range(3)")[1].count("\n") == 4
    assert ask("from range(4)")[1].endswith("(only the first 3 rows; --format csv writes all)\n")


def test_a_file_is_written_in_the_form_of_its_name(ask, tmp_path) -> None:
    query = "select area_code, area_name, hex_column from areas order by all"
    for ending in ("csv", "json", "md", "parquet", "txt"):
        path = tmp_path / f"areas.{ending}"
        assert ask("--output", str(path), query) == (0, "", "")
        assert path.stat().st_size
    held = pq.read_table(tmp_path / "areas.parquet")
    assert held.num_rows == len(json.loads((tmp_path / "areas.json").read_text()))
    assert held.column_names == ["area_code", "area_name", "hex_column"]
    before = path.read_bytes()
    assert ask("--output", str(path), "from nowhere")[0] == 2
    assert path.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {
        f"areas.{ending}" for ending in ("csv", "json", "md", "parquet", "txt")
    }


def test_a_pipe_is_written_to_and_a_link_followed(ask, tmp_path) -> None:
    """Neither is replaced by a file, nor is a device."""
    pipe, link = tmp_path / "pipe", tmp_path / "link.csv"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "linked.csv")
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        for path in (pipe, link):
            query = ("--format", "csv", "--output", str(path), "select 42 as n")
            assert ask(*query) == (0, "", "")
        assert reader.communicate(timeout=5)[0] == "n\n42\n"
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert (tmp_path / "linked.csv").read_text() == "n\n42\n"
    assert ask("--format", "csv", "--output", "/dev/null", "select 42 as n") == (0, "", "")
    assert not Path("/dev/null").is_file()


def test_sql_that_is_not_in_utf_8_is_refused_wherever_it_stands(ask) -> None:
    for words, given in ((("select '\udce9'",), None), ((), b"select '\xe9'"), (("-",), b"\xff")):
        assert ask(*words, given=given)[0] == 2
    assert ask("-", given="\ufeffselect 42 as n")[:2] == (0, "n\n42\n")


def test_a_terminal_need_not_know_every_character(home) -> None:
    done = subprocess.run(
        [*SIGHTLINE, "sql", "select '\u2013,\u00fc' as a", "--format", "csv",
         "--home", str(home.root)],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b'a\n"\\u2013,\xfc"\n')


def test_what_cannot_be_written_is_said_of_the_output(home) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*SIGHTLINE, "sql", "from areas", "--home", str(home.root)],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "standard output cannot be written to: no space left" in done.stderr


def test_parquet_needs_a_file_and_one_result(ask, home, tmp_path) -> None:
    assert ask("--format", "parquet", "select 1")[0] == 2
    path = str(tmp_path / "a.parquet")
    assert ask("--output", path, "select 1; select 2")[0] == 2
    assert ask("--output", str(home.published / "a.csv"), "select 1")[0] == 2
    assert ask("--output", str(tmp_path / "a.xlsx"), "select 1")[0] == 2
    assert ask("--output", str(tmp_path / "a.out"), "--format", "csv", "select 1")[0] == 0
    assert ask("--output", str(tmp_path / "none" / "a.csv"), "select 1")[0] == 2


def test_a_query_too_large_for_memory_fails_and_leaves_no_file(ask, home) -> None:
    """Fault 84."""
    settings = home.config.read_text()
    home.config.write_text('memory_limit = "60MB"\n' + settings)
    code, _, told = ask(
        "select list(a order by a) from (select a::varchar as a from range(9e6::bigint) t(a))"
    )
    home.config.write_text(settings)
    assert code == 2
    assert "memory" in told
    assert not list(home.releases.glob("*/*.tmp"))


def test_ctrl_c_ends_a_query_that_would_take_for_ever(home) -> None:
    words = [
        "sql",
        "select sum(a.score * b.score * c.score * d.score)"
        " from trends a, trends b, trends c, trends d",
        "--home",
        str(home.root),
    ]
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"sys.argv = ['sightline', *{words!r}];"
        "from sightline.orchestration.cli import main; main()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True) as asked:
        time.sleep(4)
        assert asked.poll() is None
        began = time.monotonic()
        os.kill(asked.pid, signal.SIGINT)
        _, told = asked.communicate(timeout=20)
    assert time.monotonic() - began < 6
    assert asked.returncode != 0
    assert "stopped" in told


def restricted(ask, *words: str) -> tuple[int, str, str]:
    return ask("--restricted", "--reason", WHY, *words)


def test_restricted_rows_are_shown_with_a_reason_that_is_recorded_first(ask, home) -> None:
    query = "select count(*) as n from marts.dim_areas where la_code = 'ZEBRA77'; select 1 as a"
    code, said, _ = restricted(ask, query)
    assert (code, said) == (0, "n\n0\n\na\n1\n")
    entry = audit.entries(State(home.state_db))[-1]
    assert (entry["action"], entry["reason"]) == ("read restricted", WHY)
    assert entry["subject"] == "2 statements on the restricted warehouse"
    assert "ZEBRA77" not in str(entry)
    for path in (*home.logs.rglob("*"), home.state_db):
        if path.is_file():
            assert b"ZEBRA77" not in path.read_bytes()
    assert "marts.fct_signals" in restricted(ask, "")[1]


@pytest.mark.parametrize(
    "reason",
    [
        (),
        ("--reason", " "),
        ("--reason", "look at A123456789012"),
        ("--reason", "child born 2012-03-04"),
    ],
)
def test_without_a_fit_reason_nothing_is_shown_or_recorded(ask, home, reason) -> None:
    before = len(audit.entries(State(home.state_db)))
    code, said, _ = ask("--restricted", *reason, "select 1")
    assert (code, said) == (2, "")
    assert len(audit.entries(State(home.state_db))) == before


def test_where_it_cannot_be_recorded_nothing_is_shown(ask, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(OSError, match="disk full"):
        restricted(ask, "select 1")


def test_a_reason_without_restricted_rows_is_a_mistake(ask) -> None:
    assert ask("--reason", WHY, "select 1")[0] == 2


def test_the_restricted_warehouse_is_only_read_and_blocks_no_run(ask, home, tmp_path) -> None:
    assert restricted(ask, "update marts.dim_areas set la_code = '1'")[0] == 2
    assert restricted(ask, "from read_text('/etc/passwd')")[0] == 2
    path = tmp_path / "result.csv"
    assert restricted(ask, "--output", str(path), "select 1 as a")[0] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_a_warehouse_it_is_said_what_to_do(ask, home) -> None:
    aside = home.warehouse_db.rename(home.warehouse_db.with_suffix(".aside"))
    code, _, told = restricted(ask, "select 1")
    aside.rename(home.warehouse_db)
    assert code == 1
    assert "sightline run" in told


def test_a_file_that_is_not_what_was_published_is_not_asked(home, ask) -> None:
    database = releases.require_current(home).database
    whole = database.read_bytes()
    database.chmod(0o600)
    database.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        code, said, why = ask("select 42")
    finally:
        database.write_bytes(whole)
        database.chmod(0o440)
    assert (code, said) == (3, "")
    assert "is not what was published" in why
    assert ask("select 42")[0] == 0
