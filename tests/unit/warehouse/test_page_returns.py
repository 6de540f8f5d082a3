"""A return that is made as its page says, in each form that the page names, is taken in whole."""

import csv
import io
import shlex
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from pages import ROOT, blocks, lines
from test_intake_xml import census

from sightline.orchestration.cli import commands
from sightline.warehouse.contracts import schema as contracts

pytestmark = pytest.mark.slow

FOLDER = ROOT / "docs" / "senders"
PAGES = [FOLDER / f"{name}.md" for name in contracts.load()]
# The department's own format, of which a page shows the elements and no file.
XML = {"cin_census": census(3)}
Files = dict[str, str]


def command_of(page: Path) -> list[str]:
    """What the page tells its sender to type."""
    [line] = [line for line in lines(page) if line.startswith("sightline validate ")]
    return shlex.split(line)[1:]


def tables(page: Path) -> Files:
    return {f"table_{number}.csv": text for number, text in enumerate(blocks(page, "csv"))}


def manifest(page: Path) -> str:
    return next(iter(blocks(page, "json")), "")


def as_zip(path: Path, files: Files) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def as_folder(path: Path, files: Files) -> None:
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)


def as_workbook(path: Path, files: Files) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in files.items():
        sheet = book.create_sheet(name.removesuffix(".csv"))
        for row in csv.reader(io.StringIO(text)):
            sheet.append(row)
    book.save(path)


def beside(path: Path, text: str) -> None:
    if text:
        path.with_name(f"{path.name}.manifest.json").write_text(text)


def zip_with_manifest(page: Path, path: Path) -> Path:
    held = tables(page) | ({"manifest.json": manifest(page)} if manifest(page) else {})
    as_zip(path.with_suffix(".zip"), held)
    return path.with_suffix(".zip")


def folder_with_manifest(page: Path, path: Path) -> Path:
    held = tables(page) | ({"manifest.json": manifest(page)} if manifest(page) else {})
    as_folder(path.with_suffix(""), held)
    return path.with_suffix("")


def zip_and_manifest(page: Path, path: Path) -> Path:
    as_zip(path.with_suffix(".zip"), tables(page))
    beside(path.with_suffix(".zip"), manifest(page))
    return path.with_suffix(".zip")


def workbook_and_manifest(page: Path, path: Path) -> Path:
    as_workbook(path.with_suffix(".xlsx"), tables(page))
    beside(path.with_suffix(".xlsx"), manifest(page))
    return path.with_suffix(".xlsx")


def csv_and_manifest(page: Path, path: Path) -> Path:
    [text] = tables(page).values()
    path.with_suffix(".csv").write_text(text)
    beside(path.with_suffix(".csv"), manifest(page))
    return path.with_suffix(".csv")


def xml(page: Path, path: Path) -> Path:
    path.with_suffix(".xml").write_text(XML[page.stem])
    return path.with_suffix(".xml")


OF_TABLES = (zip_with_manifest, folder_with_manifest, zip_and_manifest, workbook_and_manifest)
OF_READER = {"csv": OF_TABLES, "published": (csv_and_manifest, zip_and_manifest), "xml": (xml,)}
FORMS = [
    pytest.param(page, form, id=f"{page.stem}-{form.__name__}")
    for page in PAGES
    for form in OF_READER[contracts.load()[page.stem].reader]
]


@pytest.mark.parametrize(("page", "form"), FORMS)
def test_a_return_made_from_its_page_is_taken_in_by_the_command_of_the_page(
    page: Path,
    form: Callable[[Path, Path], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    command, file, *options = command_of(page)
    made = form(page, tmp_path / file)
    done = CliRunner().invoke(commands, [command, made.name, *options], standalone_mode=False)
    assert done.return_value == 0, done.output
    assert "It would be taken in whole." in done.output
    assert f"\n  {page.stem}" in done.output
    assert (tmp_path / "to_mend.html").is_file()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_file_of_the_command_is_one_that_the_page_names(page: Path) -> None:
    """The suffix in the command is that of a form which the page says is read."""
    suffix = Path(command_of(page)[1]).suffix
    forms = OF_READER[contracts.load()[page.stem].reader]
    assert any(suffix.strip(".") in form.__name__ for form in forms)


def test_the_page_names_the_sender_that_its_contract_has() -> None:
    for page in PAGES:
        is_official = contracts.load()[page.stem].sent_by == "publisher"
        assert command_of(page)[2:4] == ["--sender", "published" if is_official else "301"]


def test_the_command_of_the_index_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command, file, *options = command_of(FOLDER / "README.md")
    zip_with_manifest(FOLDER / "ssd.md", tmp_path / file)
    done = CliRunner().invoke(commands, [command, file, *options], standalone_mode=False)
    assert done.return_value == 0, done.output
