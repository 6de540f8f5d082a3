"""A page for the senders of each extract, in Markdown, made from its contract and nothing else.

What the pages say stands in `templates`; here is what they say it about.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sightline.senders.remedies import REMEDIES, remedy
from sightline.warehouse.areas import PUBLISHER
from sightline.warehouse.contracts import schema as contracts
from sightline.warehouse.contracts import words
from sightline.warehouse.contracts.official import IDENTITY
from sightline.warehouse.contracts.rules import Long
from sightline.warehouse.contracts.schema import Code, Column, Contract, SentTable, compared
from sightline.warehouse.intake.judge.column_rules import all_queries, faults, judgement
from sightline.warehouse.intake.judge.judged import CONFLICT, Fault, own_key
from sightline.warehouse.intake.judge.published import MARKERS
from sightline.warehouse.intake.judge.submission import FEWEST_BAD_ROWS

INDEX = "README.md"
TEMPLATES = Path(__file__).parent / "templates"
AUTHORITY = "301"
# Kinds of period that are named by two years.
TWO_YEARS = ("Academic", "Financial")
MOST_NAMED = 3
MOST_SPELLINGS = 4
MANIFEST = {"period_start": "2026-03-01", "period_end": "2026-03-31", "sequence": 1}
OF_RELEASE = {"released_on": "2026-03-26", "source": "where it was downloaded"}
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
    texts = {f"{contract.name}.md": page(contract) for contract in contracts.load().values()}
    texts[INDEX] = index()
    for path in folder.glob("*.md"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def index() -> str:
    """The page that leads to the others."""

    def returns(sent_by: str) -> list[tuple[str, str]]:
        return [
            (f"[{contract.title}]({contract.name}.md)", words.due(contract))
            for contract in contracts.load().values()
            if contract.sent_by == sent_by
        ]

    often = [(_code(rule), REMEDIES[rule]) for rule in OFTEN]
    return _rendered(
        "index.md", returns=returns, often=often, authority=AUTHORITY, publisher=PUBLISHER
    )


def page(contract: Contract) -> str:
    """The page of one extract."""
    of_figures = contract.reader == "published"
    return _rendered(
        "page.md",
        contract=contract,
        facts=list(_facts(contract)),
        file=_file_of(contract),
        folder=_folder(contract),
        publisher=PUBLISHER,
        needed=[name for name, table in contract.tables.items() if table.required],
        manifest=json.dumps(_manifest(contract)),
        fewest_bad_rows=FEWEST_BAD_ROWS,
        spare=[name for name in contract.tables if contract.can_do_without(name, contract.tables)],
        ends=[
            table.event.until
            for table in contract.tables.values()
            if table.event and table.event.until
        ],
        **(_of_figures(contract) if of_figures else _of_tables(contract)),
    )


def example(table: SentTable) -> str:
    """A table of one row that is right and about nobody, as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    named = _named(table)
    writer.writerow([*named, *table.columns])
    samples = (words.example(column) for column in table.columns.values())
    writer.writerow([*("" for _ in named), *samples])
    return out.getvalue()


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


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,  # noqa: S701  Markdown, of contracts alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "cell": lambda text: text.replace("|", "&#124;"),
        "code": _code,
        "day": lambda day: f"{day:%-d %B %Y}",
        "paragraph": lambda text: " ".join(text.split()) + "\n",
    }
    return made


def _rendered(template: str, **values: Any) -> str:
    """Blocks stand one blank line apart, however many the template leaves between them."""
    text = _environment().get_template(template).render(**values)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _code(name: str) -> str:
    return f"`{name}`"


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


def _manifest(contract: Contract) -> dict[str, object]:
    if contract.sent_by == "publisher":
        return {**OF_RELEASE}
    # A census is named by its table too, whose example it must not contradict.
    own = CENSUS if contract.period.found_in == "census" else OF_TERM
    return MANIFEST | (own if contract.period.every == "term" else {})


def _file_of(contract: Contract) -> str:
    return {"xml": f"{contract.name}.xml", "published": f"{contract.name}.csv"}.get(
        contract.reader, f"{contract.name}_2026-03.zip"
    )


def _folder(contract: Contract) -> str:
    return PUBLISHER if contract.sent_by == "publisher" else AUTHORITY


def _of_figures(contract: Contract) -> dict[str, Any]:
    """What the page of an official series tells of its columns."""
    long = contract.figures.long
    return {
        "columns": list(_long(long) if long else _wide(contract)),
        "markers": MARKERS,
        "example": figures_example(contract).rstrip(),
    }


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


def _of_tables(contract: Contract) -> dict[str, Any]:
    """What the page of any other extract tells of its tables, rules and codes."""
    return {
        "tables": [_sent_table(contract, *sent) for sent in contract.tables.items()],
        "rules": list(_rules(contract)),
        "lists": [_code_list(name, *codes) for name, codes in _lists(contract).items()],
        "kept": list(_kept(contract)),
        "known": sorted({name for table in contract.tables.values() for name in table.known}),
    }


def _sent_table(contract: Contract, name: str, table: SentTable) -> dict[str, Any]:
    by_name = "in the header", "the table is recognised by it; what it holds is not read", ""
    return {
        "name": name,
        "title": table.title,
        "means": table.means,
        "required": table.required,
        "example": example(table).rstrip(),
        "columns": [
            *(_column_row(column, spelled, contract) for spelled, column in table.columns.items()),
            *((_code(column), "", *by_name) for column in _named(table)),
        ],
    }


def _named(table: SentTable) -> list[str]:
    """Columns that a table is recognised by, though what they hold is not read."""
    return [name for name in table.recognise if table.headers[compared(name)] not in table.columns]


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
    shown = ", ".join(map(_code, aliases[:MOST_SPELLINGS]))
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
    lists: dict[str, tuple[dict[str, Code], dict[str, str]]] = {}
    for table in contract.tables.values():
        for name, column in table.columns.items():
            is_list = column.type in ("code", "codes")
            if is_list and all(codes != column.codes for codes, _ in lists.values()):
                lists[f"codes of {name}"] = column.codes, column.also_written
    return lists


def _code_list(name: str, codes: dict[str, Code], also_written: dict[str, str]) -> dict[str, Any]:
    spelled: dict[str, list[str]] = {}
    for written, code in also_written.items():
        spelled.setdefault(code, []).append(_code(written))
    return {
        "title": f"{name[0].upper()}{name[1:]}",
        "rows": [
            (_code(code), known.means, words.years(known), ", ".join(spelled.get(code, [])))
            for code, known in codes.items()
        ],
    }


def _rules(contract: Contract) -> Iterator[tuple[str, ...]]:
    """Each rule once, with the columns that it looks at: the contract's own before the others."""
    columns: dict[tuple[str, str, str, str], list[str]] = {}
    key: tuple[str, str, str, str]
    for table in contract.tables.values():
        for rule in table.rules:
            key = (rule.rule, rule.official or "", str(rule.severity), rule.says)
            columns.setdefault(key, []).append(rule.column)
    for fault in _column_rules(contract):
        key = (fault.rule, fault.official or "", str(fault.severity), remedy(fault.rule))
        columns.setdefault(key, []).append(fault.column or "")
    for (name, official, severity, says), named in columns.items():
        yield _code(name), _some(named), official, severity, says


def _some(columns: list[str]) -> str:
    named = list(dict.fromkeys(columns))
    shown = ", ".join(map(_code, named[:MOST_NAMED]))
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


def _kept(contract: Contract) -> Iterator[tuple[str, str]]:
    columns: dict[str, dict[str, None]] = {}
    for table in contract.tables.values():
        for name, column in table.columns.items():
            columns.setdefault(words.kept(column), {})[_code(name)] = None
    for what, named in columns.items():
        yield what, ", ".join(named)
