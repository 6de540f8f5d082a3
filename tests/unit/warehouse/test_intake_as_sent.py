"""Files as programs really write them: blank rows, titles, line ends, in every encoding."""

import io
import itertools
import re
from functools import partial

import intake_files as files
import pytest
from intake_files import YEAR, care, errors, notes, queries, referrals, ssd

from sightline.warehouse.intake.read import csv as text
from sightline.warehouse.intake.read.recognise import recognise
from sightline.warehouse.problems import Refused
from sightline.warehouse.submission import Member

HEADER = "CHILD,DOB,MISSING,MIS_START,MIS_END,NOTE"
ROWS = [f"K{n},15/01/2009,M,0{n}/10/2025,0{n}/11/2025,x" for n in range(1, 4)]
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def read(content, header_line=1, delimiter=",", size=1 << 20):
    """Records with their lines, how many repeat, which are set aside, and what is said."""
    records, repeated, aside, said = [], 0, [], []
    original, text.BLOCK = text.BLOCK, size
    try:
        for lines in text.read_text(
            partial(io.BytesIO, content), "x.csv", ("utf-8", "cp1252"), delimiter, header_line
        ):
            records += lines.numbered()
            repeated += lines.duplicates
            aside += lines.refused
            said += [(one.rule, one.severity, one.line, one.count) for one in lines.queries]
    finally:
        text.BLOCK = original
    return records, repeated, aside, said


def refused(content):
    with pytest.raises(Refused) as fault:
        read(content)
    return fault.value.problems[0].rule, fault.value.problems[0].line


BLANK = [
    ",,,,,", ",,", ",,,,,,,,,", '"","","","","",""', '"",,"",,,', " , ,\t,,, ", '" "," ",,,,',
    "\u00a0,,,,,", '"\u00a0",,,,,', ",,\u200b,,,", "\ufeff,,,,,", "\u3000",
]  # fmt: skip


@pytest.mark.parametrize("row", BLANK)
@pytest.mark.parametrize("end", ENDS)
def test_a_row_in_which_nothing_stands_is_a_blank_line(row, end):
    content = end.join([HEADER, row, ROWS[0], row, row, ROWS[1], "", row, ""]).encode()
    records, repeated, aside, said = read(content)
    assert records == [(3, ROWS[0].encode()), (6, ROWS[1].encode())]
    assert (repeated, aside, said) == (0, [], [("BLANK_ROWS", "note", 2, 4)])


@pytest.mark.parametrize("row", [",,,,,x", '"""",,,,,', '",",,,,,', "0,,,,,", "-,,,,,"])
def test_a_row_with_any_value_is_a_record(row):
    assert read("\n".join([HEADER, row, ""]).encode())[0] == [(2, row.encode())]


@pytest.mark.parametrize(
    ("end", "encoding", "delimiter"),
    list(itertools.product(ENDS, ENCODINGS, (",", ";", "\t", "|"))),
)
def test_blank_rows_titles_and_broken_values_are_read_alike_in_every_form(end, encoding, delimiter):
    """Also where blocks end between any two lines."""
    broken = 'K9,15/01/2009,M,09/10/2025,09/11/2025,"one\rtwo\u00e9"'
    if end == "\r":
        broken = broken.replace("\r", "\n")
    lines = ["Missing 2025-26", "", HEADER, ROWS[0], ",,,,,", broken, ROWS[0], ",,,,,", ROWS[1], ""]
    content = end.join(lines).replace(",", delimiter).encode(encoding)
    records, repeated, aside, said = read(content, 3, delimiter)
    kept = [ROWS[0], re.sub("[\r\n]", "\x0b", broken), ROWS[1]]
    kept = [line.replace(",", delimiter).encode() for line in kept]
    assert [(number, line.replace(b'"', b"")) for number, line in records] == [
        (number, line.replace(b'"', b"")) for number, line in zip((4, 6, 9), kept, strict=True)
    ]
    assert (repeated, aside) == (1, [])
    assert said == [("TITLE_ROWS", "note", 1, 2), ("BLANK_ROWS", "note", 5, 2)]
    for size in range(180, 240, 7):
        assert read(content, 3, delimiter, size) == (records, repeated, aside, said)


def test_a_return_in_quotes_of_a_file_of_one_line_end_belongs_to_its_value():
    content = f'{HEADER}\r\n{ROWS[0][:-1]}"a\rb\r\nc"\r\n{ROWS[1]}\r\n'.encode()
    records, *_ = read(content)
    assert records[0] == (2, f"{ROWS[0][:-1]}a\x0bb\x0bc".encode())
    assert records[1] == (4, ROWS[1].encode())


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"{HEADER}\r\n{ROWS[0]}\r{ROWS[1]}\r\n", 2),
        (f"{HEADER}\r{ROWS[0]}\r{ROWS[1]}\n", 3),
        (f'{HEADER}\r\n{ROWS[0]},"a\rb"\r\n{ROWS[1]}\r', 3),
        (f"{HEADER}\r\r\n{ROWS[0]}\r\r\n", 3),
    ],
)
def test_a_mixture_of_line_ends_outside_quotes_is_refused(content, line):
    assert refused(content.encode()) == ("LINE_ENDINGS", line)


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (",,,,,\n", []),
        (",,,,,", [("NO_FINAL_NEWLINE", "query", 4, 1)]),
        ("  ", [("NO_FINAL_NEWLINE", "query", 4, 1)]),
    ],
)
def test_blank_rows_at_the_end_do_not_hide_whether_the_file_is_whole(end, said):
    content = "\n".join([HEADER, *ROWS[:2], end]).encode()
    assert [one for one in read(content)[3] if one[0] != "BLANK_ROWS"] == said


@pytest.mark.parametrize("end", [",,,,", "K4,", "K4,,,,"])
def test_a_file_cut_off_in_its_last_row_is_refused_though_blank_rows_stand_above(end):
    content = "\n".join([HEADER, *ROWS, ",,,,,", ",,,,,", end]).encode()
    assert refused(content) == ("TRUNCATED", 7)


def test_a_return_saved_with_rows_below_its_table_is_taken_in_whole(monitor):
    tables = {name: content + 300 * ",,,,,,,\n" for name, content in care().items()}
    outcome = monitor.send(tables, YEAR)
    assert (outcome.records, outcome.accepted, outcome.duplicates) == (3, 3, 0)
    assert notes(outcome) == [("BLANK_ROWS", name, 300) for name in sorted(tables)]
    assert errors(outcome) == []


def test_a_table_of_blank_rows_alone_holds_no_row(monitor):
    tables = {name: text.partition("\n")[0] + "\n,,,\n" for name, text in care().items()}
    assert errors(monitor.send(tables, None))[0][0] == "NO_ROWS"


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_a_return_inside_a_value_does_not_refuse_the_file(monitor, end):
    tables = {name: text.replace("\n", end) for name, text in care().items()}
    tables["c.csv"] = (
        tables["c.csv"].replace(f"MIS_END{end}", f"MIS_END,NOTE{end}")[: -len(end)]
        + f',"copied\rtext"{end}'
    )
    outcome = monitor.send({name: text.encode() for name, text in tables.items()}, YEAR)
    assert (outcome.accepted, errors(outcome)) == (3, [])


def head(*lines, delimiter=","):
    content = "\n".join([*lines, ""]).replace(",", delimiter).encode()
    return recognise(Member("x.csv", "text", content, partial(io.BytesIO, content)))


@pytest.mark.parametrize(("titles", "is_read"), [(1, True), (11, True), (12, False)])
def test_a_header_is_looked_for_in_the_first_twelve_lines(titles, is_read):
    found = head(*["Missing children"] * titles, HEADER, *ROWS)
    assert (found.header_line if found else None) == (titles + 1 if is_read else None)


@pytest.mark.parametrize(
    ("above", "is_read"),
    [
        ("Report,2025-26", True),
        ("Report,2025-26,,,,", True),
        ('"Missing, 2025-26",,,,,', True),
        (",,,,,", True),
        ("a,b,c", False),  # as many as half of the columns
        (ROWS[0], False),
    ],
)
def test_what_may_be_a_record_is_never_passed_over_as_a_title(above, is_read):
    assert (head(above, HEADER, *ROWS) is not None) is is_read


@pytest.mark.parametrize(("values", "is_read"), [(4, True), (5, False)])
def test_a_title_holds_at_most_four_values_however_wide_the_table(values, is_read):
    header = referrals(0).strip() + ",a,b,c,d"
    assert (head(",".join("abcde"[:values]), header) is not None) is is_read


def test_the_first_header_of_a_file_counts():
    found = head(HEADER, *ROWS, "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB")
    assert (found.table, found.header_line) == ("missing", 1)


def test_a_header_inside_a_quoted_title_is_none():
    assert head(f'"Columns:\n{HEADER}\n"', *ROWS) is None


def test_lines_below_titles_keep_their_numbers(monitor):
    bad = "R99,K1,2026-02-30,N1,2A,N,,\n"
    table = f"Referrals\nof March\n{referrals(40, bad)}"
    outcome = monitor.send(ssd(ssd_cin_episodes=table))
    assert errors(outcome) == [("DATE_INVALID", 44, "cine_referral_date")]
    assert notes(outcome) == [("TITLE_ROWS", "ssd_cin_episodes.csv", 2)]
    assert len(monitor.raw("ssd_referrals")) == 40


def test_a_fault_of_a_header_below_titles_names_its_line(monitor):
    table = "Referrals\n" + referrals(3).replace("cine_close_date", "cine_referral_id")
    outcome = monitor.send(ssd(ssd_cin_episodes=table))
    assert errors(outcome)[0][:2] == ("DUPLICATE_COLUMN", 2)
    assert queries(outcome) == []
