"""A page for the senders of each extract, in Markdown, made from its contract and nothing else."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from senders.remedies import REMEDIES, remedy
from warehouse.areas import PUBLISHER
from warehouse.contracts import schema as contracts
from warehouse.contracts import words
from warehouse.contracts.official import IDENTITY
from warehouse.contracts.rules import Long
from warehouse.contracts.schema import Code, Column, Contract, SentTable, compared
from warehouse.intake.judge.column_rules import all_queries, faults, judgement
from warehouse.intake.judge.judged import CONFLICT, Fault, own_key
from warehouse.intake.judge.published import MARKERS
from warehouse.intake.judge.submission import FEWEST_BAD_ROWS

INDEX = "README.md"
AUTHORITY = "301"
# Kinds of period that are named by two years.
TWO_YEARS = ("Academic", "Financial")
MOST_NAMED = 3
MOST_SPELLINGS = 4
MANIFEST = {"period_start": "2026-03-01", "period_end": "2026-03-31", "sequence": 1}
OF_TERM = {"period_start": "2026-01-01"}
CENSUS = {"period_start": "2026-09-01", "period_end": "2026-12-31"}
PERIOD_FROM = {
    "manifest": "what `manifest.json` says",
    "header": "what the header of the return says",
    "census": "the census that the table `schoolcensus` names, else what `manifest.json` says",
    "dates": "what `manifest.json` says, else the year in which most of its dates lie",
    "window": "what `manifest.json` says, else from its first referral to its last",
    "snapshot": "what `manifest.json` says, else the month in which most of its days lie; of a"
    " snapshot of years, from its first day to its last",
    "time_period": "the column `time_period`",
}
OFTEN = (
    "TRUNCATED", "ENCODING", "EMPTY_FILE", "MISSING_COLUMN", "MISSING_TABLE", "PERIOD_UNKNOWN",
    "WRONG_SENDER", "DELIMITER", "PREAMBLE", "NOT_XLSX", "RAGGED_ROW", "TOO_MANY_BAD_ROWS",
)  # fmt: skip


def write(folder: Path) -> list[Path]:
    """Every page, and an index of them; pages of extracts that are gone are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {f"{one.name}.md": page(one) for one in contracts.load().values()}
    texts[INDEX] = index()
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def index() -> str:
    return _joined(_index())


def page(contract: Contract) -> str:
    return _joined(_page(contract))


def example(table: SentTable) -> str:
    """A table of one row that is right and about nobody, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = _named(table)
    writer.writerow([*named, *table.columns])
    writer.writerow(["" for _ in named] + [words.example(one) for one in table.columns.values()])
    return out.getvalue()


def _named(table: SentTable) -> list[str]:
    """Columns that a table is recognised by, though what they hold is not read."""
    return [name for name in table.recognise if table.headers[compared(name)] not in table.columns]


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _index() -> Iterator[str]:
    yield "# For those who send"
    yield ""
    yield "Find your return, read its page, check your file, send it."
    yield ""
    for sent_by, head in (("authority", "From authorities"), ("publisher", "Official series")):
        yield f"## {head}"
        yield ""
        rows = [
            (f"[{one.title}]({one.name}.md)", words.due(one))
            for one in contracts.load().values()
            if one.sent_by == sent_by
        ]
        yield from _table(("Return", "Due"), rows)
    yield from _checking("your_file.zip", AUTHORITY)
    yield f"The file of an official series is checked with `--sender {PUBLISHER}`."
    yield ""
    yield "## What most often goes wrong with a file"
    yield ""
    yield from _table(("Rule", "How to mend it"), [(f"`{one}`", REMEDIES[one]) for one in OFTEN])


def _page(contract: Contract) -> Iterator[str]:
    yield f"# {contract.title}"
    yield ""
    yield from _table(("", ""), _facts(contract))
    yield from _what_to_send(contract)
    yield from _checking(_file_of(contract), _folder(contract))
    yield from _bad_rows(contract)
    if contract.reader == "published":
        yield from _figures(contract)
        return
    yield "## Tables and columns"
    yield ""
    for name, table in contract.tables.items():
        yield from _sent_table(contract, name, table)
    yield from _not_read(contract)
    yield from _rules(contract)
    yield from _code_lists(contract)
    yield from _not_kept(contract)


def _facts(contract: Contract) -> Iterator[tuple[str, str]]:
    who = "each authority" if contract.sent_by == "authority" else "whoever fetches official series"
    yield "Name", f"`{contract.name}`"
    yield "Sent by", who
    yield "Due", words.due(contract)
    by_name = contract.period.named
    named = (
        f", else what names of files say, such as `{contract.period.example}`" if by_name else ""
    )
    long = contract.figures.long
    yield (
        "Its period is",
        f"the column `{long.period}`" if long else PERIOD_FROM[contract.period.found_in] + named,
    )
    if contract.nil_return:
        yield "Nothing to report?", "send the empty tables with the period in `manifest.json`"


def _what_to_send(contract: Contract) -> Iterator[str]:
    yield "## What to send"
    yield ""
    if contract.reader == "xml":
        yield "The XML file exactly as it is exported for the department, alone or in a zip."
    elif contract.reader == "published":
        yield "The CSV file of the release, as it was downloaded, with a manifest beside it."
    else:
        yield (
            "One file for each table, as CSV (UTF-8, commas, the header in line 1) or a"
            " workbook (.xlsx or .ods, a sheet for each table), all together in one"
            f" folder or zip, such as `{_file_of(contract)}`. {_told_by(contract)} The order of"
            " columns does not matter, and columns of your own are not read."
        )
        if contract.root:
            yield ""
            yield "Or the XML file as it is exported for the department, alone or in a zip."
        if contract.told_by_key:
            yield ""
            yield (
                "Or the payload for the department's interface: the full record of every child as"
                " JSON, in one file or several, with `manifest.json` beside it in a zip. A payload"
                " of changes alone is refused. Lines are counted as if each table were a file."
            )
    yield ""
    wanted = [f"`{name}`" for name, table in contract.tables.items() if table.required]
    if contract.reader == "csv" and wanted:
        yield f"Always needed: {', '.join(wanted)}."
        yield ""
    yield from _manifest(contract)
    folder = PUBLISHER if contract.sent_by == "publisher" else "your three-digit code"
    yield f"It goes into the folder named by {folder}, such as `inbox/{_folder(contract)}/`."
    yield ""


def _manifest(contract: Contract) -> Iterator[str]:
    if contract.sent_by == "publisher":
        said: dict[str, object] = {"released_on": "2026-03-26", "source": "where it was downloaded"}
        yield f"`{_file_of(contract)}.manifest.json` beside the file says when it was released:"
    elif contract.period.found_in in ("manifest", "census", "dates", "window", "snapshot"):
        # A census is named by its table too, whose example it must not contradict.
        own = CENSUS if contract.period.found_in == "census" else OF_TERM
        said = MANIFEST | (own if contract.period.every == "term" else {})
        yield (
            f"`manifest.json` in the folder or zip, or `{_file_of(contract)}.manifest.json` beside"
            " it, says which days it speaks for; send the same period again with a higher"
            " `sequence` and it takes the place of the former one:"
        )
    else:
        return
    yield ""
    yield f"```json\n{json.dumps(said)}\n```"
    yield ""


def _checking(file: str, sender: str) -> Iterator[str]:
    yield "## Check it before it is sent"
    yield ""
    yield f"```sh\nsightline validate {file} --sender {sender} --report to_mend.html\n```"
    yield ""
    yield (
        "It gives the same verdict as the monitor, needs no monitor and keeps nothing."
        " `to_mend.html` names each row to mend by file, line and column, with the rule and how to"
        " mend it; `--report to_mend.csv` gives the same for a spreadsheet. Neither holds a value"
        " from your file. What was read though it is written otherwise than here (a date with a"
        " time, a code in small letters) is told as a note; there is nothing to mend."
    )
    yield ""


def _bad_rows(contract: Contract) -> Iterator[str]:
    yield "## What happens to bad rows"
    yield ""
    yield (
        "A row with an *error* is set aside and named; all others are taken in. A row with a"
        " *query* is taken in: please look at it. Where more than"
        f" {contract.max_bad_share:.0%} of the rows of a table are bad (and at least"
        f" {FEWEST_BAD_ROWS}, or all), nothing is taken in and the former submission stays in"
        " force. Rows that repeat another one to the letter are counted once."
    )
    yield ""
    if spare := [
        name for name in contract.tables if contract.can_do_without(name, contract.tables)
    ]:
        yield (
            "A table that a return can do without is then set aside by itself, and what it tells is"
            f" not told: {', '.join(f'`{name}`' for name in spare)}."
        )
        yield ""
    ends = [table.event.until for table in contract.tables.values() if table.event]
    if until := [f"`{name}`" for name in ends if name]:
        yield (
            f"Of days on which something ended ({', '.join(until)}), the same holds where so many"
            " of those that are filled cannot be read: left blank, they would seem to go on."
        )
        yield ""
    if any(table.event for table in contract.tables.values()):
        yield (
            "Rows before the period are counted on their own days, as *told late*. Where more of"
            " them lie outside the period than in it, the return is held back until a person has"
            " looked: send it again with the right period. Sent before its period is over, it"
            " covers the days until then."
        )
        yield ""


def _figures(contract: Contract) -> Iterator[str]:
    yield "## Columns"
    yield ""
    long = contract.figures.long
    yield from _table(("Column", "What it holds"), _long(long) if long else _wide(contract))
    marks = ", ".join(f"`{mark}`" for mark in MARKERS)
    if long:
        yield f"Values are numbers, one of the symbols {marks}, or `-` for none."
    else:
        others = (
            "Of the others, those that are kept hold" if contract.only else "Any other column holds"
        )
        yield f"{others} a figure: a number, or one of the symbols {marks}."
    yield ""
    yield f"```csv\n{figures_example(contract).rstrip()}\n```"
    yield ""
    yield from _used_rows(contract)


def figures_example(contract: Contract) -> str:
    """A release of one row that is right, as CSV."""
    figures = contract.figures
    if figures.long:
        said = dict.fromkeys(contract.measures, "") | {
            figures.long.measure: next(iter(figures.long.measures)),
            figures.long.period: "2024/25",
            figures.long.area: AUTHORITY,
            figures.long.value: "12",
        }
    else:
        kind = next(iter(figures.periods))
        country = {"geographic_level": "National", "country_code": "E92000001"}
        said = (
            dict.fromkeys(IDENTITY, "")
            | country
            | {
                "time_period": "202425" if kind.startswith(TWO_YEARS) else "2025",
                "time_identifier": kind,
                "country_name": "England",
                contract.filter[0]: next(iter(figures.categories), "Total"),
                **dict.fromkeys(contract.measures, "12"),
            }
        )
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows((said.keys(), said.values()))
    return out.getvalue()


def _wide(contract: Contract) -> Iterator[tuple[str, str]]:
    for name in IDENTITY:
        yield f"`{name}`", "which figure, of where and when"
    yield " or ".join(f"`{name}`" for name in contract.filter), "which part of the total"
    for name in contract.measures:
        yield f"`{name}`", "a figure; the release must have it"


def _long(long: Long) -> Iterator[tuple[str, str]]:
    kept = ", ".join(f"`{name}`" for name in long.measures)
    yield f"`{long.measure}`", f"which figure; kept are {kept}"
    yield f"`{long.period}`", "the year, or two years together, such as 2025 or 2024/25"
    yield f"`{long.area}`", "the three-digit number of the authority, region or country"
    yield f"`{long.value}`", "the figure"


def _used_rows(contract: Contract) -> Iterator[str]:
    """What is read of a release, and what of it is passed over."""
    figures = contract.figures
    yield "## Which rows are used"
    yield ""
    if not figures.long:
        yield (
            f"Used are rows of these kinds of period: {', '.join(figures.periods)}. Others, such as"
            " terms, are set aside and named; a file of nothing else is refused. Rows of other"
            " levels than National, Regional and Local authority are passed over, and so are rows"
            " of several authorities together and, where a further column parts the total"
            f"{_named_parts(figures.totals_of)}, all but those of the total."
        )
        yield ""
    yield (
        "A figure that cannot be is set aside with its row: one below nothing, a share above 100"
        " per cent, a part above its whole, England below one of its authorities, two rows that"
        " tell the same differently."
    )
    yield ""
    for one in figures.breaks:
        yield f"From {one.starts_on:%-d %B %Y} on: {one.says}. No step there is judged as a change."
        yield ""
    for form in figures.other_forms:
        told = ", ".join(f"`{name}`" for name in form.columns)
        yield f"Where the header has {told}, {form.says}."
        yield ""
    if not figures.long:
        yield (
            "A zip of the release may hold one data file that is read here. What describes it"
            " (`.meta.csv`, `data-guidance.txt`) is passed over."
        )
        yield ""


def _named_parts(columns: tuple[str, ...]) -> str:
    return f" ({', '.join(f'`{name}`' for name in columns)})" if columns else ""


def _sent_table(contract: Contract, name: str, table: SentTable) -> Iterator[str]:
    needed = "needed" if table.required else "may be left out"
    yield f"### `{name}`{f': {table.title}' if table.title else ''} ({needed})"
    yield ""
    if table.means:
        yield table.means
        yield ""
    rows = [_column_row(column, spelled, contract) for spelled, column in table.columns.items()]
    by_name = "in the header", "the table is recognised by it; what it holds is not read", ""
    rows += [(f"`{name}`", "", *by_name) for name in _named(table)]
    yield from _table(("Column", "What it holds", "Needed", "How it is written", "Example"), rows)
    if contract.reader == "csv":
        yield f"```csv\n{example(table).rstrip()}\n```"
        yield ""


def _column_row(column: Column, name: str, contract: Contract) -> tuple[str, ...]:
    also = _spelled(column.aliases)
    years = f" ({words.years(column)})" if words.years(column) else ""
    needed = "in each row" if column.required else "where known"
    if column.optional:
        needed += "; the column may be absent"
    how = _linked(column, contract) or words.kind_of(column)
    sample = words.example(column)
    said = column.means or _means(column)
    return f"`{name}`{also}{years}", said, needed, how, f"`{sample}`" if sample else ""


def _spelled(aliases: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{one}`" for one in aliases[:MOST_SPELLINGS])
    more = len(aliases) - MOST_SPELLINGS
    return f" or {shown}{f' and {more} more' if more > 0 else ''}" if aliases else ""


def _means(column: Column) -> str:
    return f"the {column.kind}" if column.type == "id" else ""


def _linked(column: Column, contract: Contract) -> str:
    """A code column points to its list further down."""
    if column.type not in ("code", "codes"):
        return ""
    name = next(head for head, codes in _lists(contract).items() if codes[0] == column.codes)
    what = "a JSON list of codes" if column.type == "codes" else "a code"
    return f"{what} from [{name}](#{name.replace(' ', '-')})"


def _lists(contract: Contract) -> dict[str, tuple[dict[str, Code], dict[str, str]]]:
    """Each code list once, under the name of the first column that uses it."""
    found: dict[str, tuple[dict[str, Code], dict[str, str]]] = {}
    for table in contract.tables.values():
        for name, column in table.columns.items():
            is_list = column.type in ("code", "codes")
            if is_list and all(codes != column.codes for codes, _ in found.values()):
                found[f"codes of {name}"] = column.codes, column.also_written
    return found


def _rules(contract: Contract) -> Iterator[str]:
    """Each rule once, with the columns that it looks at: the contract's own before the others."""
    yield "## Rules"
    yield ""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    known: tuple[str, str, str, str]
    for table in contract.tables.values():
        for rule in table.rules:
            known = (rule.rule, rule.official or "", str(rule.severity), rule.says)
            found.setdefault(known, []).append(rule.column)
    for fault in _column_rules(contract):
        known = (fault.rule, fault.official or "", str(fault.severity), remedy(fault.rule))
        found.setdefault(known, []).append(fault.column or "")
    rows = [
        (f"`{rule}`", _some(columns), official, severity, says)
        for (rule, official, severity, says), columns in found.items()
    ]
    head = ("Rule", "Column", "Official number", "Severity", "What is wrong, or how to mend it")
    yield from _table(head, rows)


def _some(columns: list[str]) -> str:
    named = list(dict.fromkeys(columns))
    shown = ", ".join(f"`{name}`" for name in named[:MOST_NAMED])
    more = len(named) - MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _column_rules(contract: Contract) -> Iterator[Fault]:
    """The rules that follow from types, lists and keys, in the order of the columns."""
    for sent, table in contract.tables.items():
        for name, column in table.columns.items():
            yield from faults(name, column, judgement(column))
        yield from all_queries(table)
        if table.unique:
            yield Fault("", CONFLICT, "", table.unique[0])
        if table.parent:
            own = own_key(contract.tables, sent, table.parent.table)
            yield Fault("", "PARENT_MISSING", "", own, table.parent.official, "query")


def _code_lists(contract: Contract) -> Iterator[str]:
    lists = _lists(contract)
    if lists:
        yield "## Code lists"
        yield ""
    for name, (codes, also_written) in lists.items():
        yield f"### {name[0].upper()}{name[1:]}"
        yield ""
        spelled: dict[str, list[str]] = {}
        for written, code in also_written.items():
            spelled.setdefault(code, []).append(f"`{written}`")
        rows = [
            (f"`{code}`", one.means, words.years(one), ", ".join(spelled.get(code, [])))
            for code, one in codes.items()
        ]
        yield from _table(("Code", "Means", "Years", "Also written"), rows)


def _not_kept(contract: Contract) -> Iterator[str]:
    yield "## What is kept"
    yield ""
    yield "Names, addresses and free text are never read. Of the columns above is kept:"
    yield ""
    rows: dict[str, list[str]] = {}
    for table in contract.tables.values():
        for name, column in table.columns.items():
            held = rows.setdefault(words.kept(column), [])
            held += [] if f"`{name}`" in held else [f"`{name}`"]
    yield from _table(("What is kept", "Columns"), [(k, ", ".join(v)) for k, v in rows.items()])
    known = sorted({name for table in contract.tables.values() for name in table.known})
    if known:
        names = ", ".join(f"`{name}`" for name in known)
        yield f"These may stay in the file and are not read: {names}."
        yield ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |"
    yield ""


def _told_by(contract: Contract) -> str:
    """Whether what a file or sheet is called matters."""
    if any(table.named for table in contract.tables.values()):
        return (
            "A table is recognised by its headings; capitals, blanks and punctuation do not matter."
            " Where they fit two tables, the name of the file or sheet decides: keep the names of"
            " the template."
        )
    if contract.period.named:
        return (
            "A table is recognised by its header; the names of files matter only where nothing else"
            f" says which term it is, so keep names such as `{contract.period.example}`."
        )
    return "Names of files do not matter: a table is recognised by its header."


def _not_read(contract: Contract) -> Iterator[str]:
    if contract.not_read:
        yield "## Tables that are not read"
        yield ""
        yield "These may travel along. They are named, and nothing of them is read or kept."
        yield ""
        yield from (f"- {table.title.rstrip('.')}" for table in contract.not_read.values())
        yield ""


def _file_of(contract: Contract) -> str:
    return {"xml": f"{contract.name}.xml", "published": f"{contract.name}.csv"}.get(
        contract.reader, f"{contract.name}_2026-03.zip"
    )


def _folder(contract: Contract) -> str:
    return PUBLISHER if contract.sent_by == "publisher" else AUTHORITY
