"""Every table of every contract is told by its headings, however those are written, and no other.

The table of tests is made from the contracts themselves: a new table is tried as soon as it is
there.
"""

import io

import pytest
from pydantic import ValidationError

from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts.schema import SentTable, compared
from sightline.warehouse.intake.read import recognise
from sightline.warehouse.intake.read.recognise import match, unread, why_not
from sightline.warehouse.submission import Member

READ = [
    (one.name, table)
    for one in contracts.load().values()
    if one.reader == "csv"
    for table in one.tables
]
NOT_READ = [(one.name, table) for one in contracts.load().values() for table in one.not_read]
WAYS = {
    "as they stand": lambda header: header,
    "capitals": lambda header: [one.upper() for one in header],
    "small letters": lambda header: [one.lower() for one in header],
    "underscores": lambda header: [one.replace(" ", "_") for one in header],
    "blanks": lambda header: [f" {one.replace('_', '  ')} " for one in header],
    "no blanks": lambda header: [one.replace(" ", "").replace("_", "") for one in header],
    "hyphens and quotes": lambda header: [
        f"\u2018{one.replace(' ', '-').replace('_', '-')}\u2019?" for one in header
    ],
    "other order": lambda header: header[::-1],
    "a column more": lambda header: [*header, "Something of our own"],
    "fewer blanks around": lambda header: [f"\u00a0{one}\u00a0" for one in header],
}


def official(table):
    """The headings of a table by their first spelling, or by the column's name where it has one."""
    columns = [(*column.aliases, name)[0] for name, column in table.columns.items()]
    return [*columns, *table.known]


def member(header, name="data.csv", rows=""):
    text = f"{','.join(header)}\n{rows}".encode()
    return Member(name, "text", text, lambda: io.BytesIO(text))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("extract", "table"), READ)
def test_a_table_is_told_however_its_headings_are_written(extract, table, way):
    contract = contracts.load()[extract]
    sent = contract.tables[table]
    for header in (official(sent), [*sent.columns, *sent.known]):
        assert match(WAYS[way](header)) == (contract, table)


@pytest.mark.parametrize(("extract", "table"), READ)
def test_a_table_that_lacks_one_heading_is_never_another(extract, table):
    contract = contracts.load()[extract]
    sent = contract.tables[table]
    header = official(sent)
    for place, heading in enumerate(header):
        fewer = header[:place] + header[place + 1 :]
        one = member(fewer)
        found = match(fewer)
        needed = sent.headers[compared(heading)] in sent.recognise
        assert found == (None if needed else (contract, table)), heading
        assert unread(one) is None, heading
        if needed:
            [problem] = why_not(one, None).problems
            assert (problem.rule, problem.column) == (
                "MISSING_COLUMN",
                sent.headers[compared(heading)],
            )
            assert f"{extract}, table {table}," in problem.message


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("extract", "table"), NOT_READ)
def test_a_table_that_is_not_read_is_named_and_never_read(extract, table, way):
    held = contracts.load()[extract].not_read[table]
    header = WAYS[way]([*held.recognise, *held.known])
    assert match(header) is None
    assert unread(member(header)) == held.title.rstrip(".")


@pytest.mark.parametrize(("extract", "table"), NOT_READ)
def test_of_a_table_that_is_not_read_most_headings_are_enough(extract, table):
    held = contracts.load()[extract].not_read[table]
    for place in range(len(held.recognise)):
        fewer = [*held.recognise[:place], *held.recognise[place + 1 :], *held.known]
        assert match(fewer) is None
        if len(held.recognise) > 2:
            assert unread(member(fewer)) == held.title.rstrip(".")


def test_no_table_that_is_not_read_has_the_name_of_one_that_is():
    for one in contracts.load().values():
        assert not set(one.tables) & set(one.not_read)


def test_no_heading_means_two_columns():
    with pytest.raises(ValidationError, match="is a heading of"):
        SentTable.model_validate(
            {
                "recognise": ["day"],
                "columns": {
                    "day": {"type": "date", "aliases": ["Day (of event)"]},
                    "other": {"type": "date", "aliases": ["day-of-event?"]},
                },
            }
        )


@pytest.mark.parametrize(
    ("title", "names", "is_said"),
    [
        ("List 4", ["list_4"], True), ("list04", ["list_4"], True), ("LIST_4", ["list_4"], True),
        ("annexA_List4_v2", ["list_4"], True), ("List 40", ["list_4"], False),
        ("List 14", ["list_4"], False), ("List 1 to 4", ["list_4"], False),
        ("EarlyHelp", ["Early Help"], True), ("EARLYHELP", ["Early Help"], True),
        ("Early-help (2026)", ["Early Help"], True), ("Nearly Helped", ["Early Help"], False),
        ("Medicine", ["CIN"], False), ("", ["CIN"], False),
    ],
)  # fmt: skip
def test_a_title_says_a_name_by_whole_words(title, names, is_said):
    assert recognise._says(title, names) == is_said


def test_wide_tables_with_columns_of_two_go_to_the_one_that_has_most_of_its_own():
    """A list of assessments with two columns of children in need stays what it is."""
    contract = contracts.load()["annex_a"]
    assessments = official(contract.tables["list_4"])
    assert match([*assessments, "CIN Start Date", "Case Status"]) == (contract, "list_4")
    needs = contract.not_read["list_6"]
    both = [*needs.recognise, *needs.known, *official(contract.tables["list_4"])[3:5]]
    assert match(both) is None
    assert unread(member(both)) == "List 6, children in need"


def test_a_pivot_or_a_list_of_choices_is_no_table_that_lacks_a_column():
    for header in (
        ["Gender", "Ethnicity", "Age"], ["Child ID", "Date of Birth"], ["Row Labels", "Count"],
        ["Child Unique ID", "Gender", "Ethnicity", "Date of Birth", "Age", "Allocated Team"],
    ):  # fmt: skip
        one = member(header)
        assert why_not(one, None).problems[0].rule == "UNKNOWN_EXTRACT"
        assert unread(one) is None
