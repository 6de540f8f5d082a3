"""Rows of an official file that no model uses are passed over, by what they are of."""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sightline.warehouse.areas import authorities, numbers, seed
from sightline.warehouse.contracts import official
from sightline.warehouse.contracts.official import AUTHORITY, LEVEL, LEVELS
from sightline.warehouse.contracts.schema import Contract, figure_name
from sightline.warehouse.problems import Problem, Severity
from sightline.warehouse.submission import Lines

# Levels of the open-data standard that no model uses.
OTHER_LEVELS = frozenset(
    {
        "local authority district", "rsc region", "parliamentary constituency", "ward",
        "local skills improvement plan area", "lsip", "local enterprise partnership", "lep",
        "english devolved area", "mayoral combined authority", "opportunity area", "mat",
        "multi-academy trust", "sponsor", "school", "provider", "institution", "planning area",
        "police force area",
    }
)  # fmt: skip
# What releases call the whole of a column that parts a series.
TOTALS = frozenset(
    {"", "total", "all", "all pupils", "all children", "all schools", "not applicable", "z"}
)
JOINT = "/"
Reason = tuple[str, str, str, Severity]
OTHER_LEVEL: Reason = (
    "ROWS_PASSED_OVER",
    LEVEL,
    f"rows of other levels than {', '.join(LEVELS)} are not used",
    "note",
)
JOINT_RETURN: Reason = (
    "JOINT_RETURN",
    "new_la_code",
    "rows of several authorities together are not used: no figure of one can be told from them",
    "note",
)
OTHER_CATEGORY = "rows of categories that no indicator uses are kept as published"
UNKNOWN = "the code is not that of an area of England, so the row is not used"


def of_part(column: str) -> Reason:
    """Rows of a part of the total."""
    message = "rows of a part are not used, only those of the total"
    return "ROWS_PASSED_OVER", column, message, "note"


def unknown(column: str) -> Reason:
    return "AREA_UNKNOWN", column, UNKNOWN, "query"


@dataclass
class _Told:
    line: int
    count: int = 0


@dataclass
class Passing:
    """Takes out of the lines of a file those that are passed over, and counts them by reason.

    It notes whether there are rows of categories that are used, which a release may call otherwise,
    and of others.
    """

    contract: Contract
    header: Sequence[str]
    delimiter: str = ","
    found: dict[Reason, _Told] = field(default_factory=dict)
    has_category: bool = False
    of_other_category: _Told | None = None

    def __post_init__(self) -> None:
        self._wanted = {one.lower() for one in self.contract.figures.categories}
        names = official.headings(self.contract, self.header)
        places = {name: place for place, name in enumerate(names)}
        parted_by = (
            places[figure_name(one)] for one in self.contract.filter if figure_name(one) in places
        )
        self._category = next(parted_by, None)
        long = self.contract.figures.long
        self._reason: Callable[[Sequence[str]], Reason | None]
        if long:
            measure, area = (places[figure_name(name)] for name in (long.measure, long.area))
            self._reason = _of_long_row(self.contract, measure, area)
        else:
            self._reason = _of_wide_row(self.contract, places)

    def without(self, lines: Lines) -> Lines:
        """The lines that are left."""
        rows = csv.reader(
            (line.decode("utf-8") for line in lines.records), delimiter=self.delimiter
        )
        kept, left = [], []
        for number, record, row in zip(lines.every_number, lines.records, rows, strict=True):
            if reason := self._reason(row):
                self.found.setdefault(reason, _Told(number)).count += 1
            else:
                self._note_category(number, row)
                kept.append(record)
                left.append(number)
        return lines if len(kept) == len(lines.records) else replace(
            lines, records=kept, numbers=left
        )  # fmt: skip

    def _note_category(self, line: int, row: Sequence[str]) -> None:
        place = self._category
        if place is None or place >= len(row) or not self._wanted:
            return
        if row[place].strip().lower() in self._wanted:
            self.has_category = True
        else:
            self.of_other_category = self.of_other_category or _Told(line)
            self.of_other_category.count += 1

    def told(self, table: str, file: str) -> Iterator[Problem]:
        """What was passed over, by reason, and which rows are of no category that is used."""
        if other := self.of_other_category:
            column = self.header[self._category or 0]
            if self.has_category:
                yield Problem(
                    "CATEGORY_OTHER", OTHER_CATEGORY, "note", table, file, other.line, column,
                    other.count,
                )  # fmt: skip
            else:
                names = " or ".join(self.contract.figures.categories)
                message = f"no row is of {names}, so none of its figures is used"
                yield Problem("CATEGORY_MISSING", message, "query", table, file, None, column)
        for (rule, column, message, severity), one in self.found.items():
            yield Problem(rule, message, severity, table, file, one.line, column, one.count)


def _of_wide_row(
    contract: Contract, places: dict[str, int]
) -> Callable[[Sequence[str]], Reason | None]:
    def at(name: str) -> int:
        return places.get(figure_name(name), -1)

    level_at, country_at, region_at = at(LEVEL), at("country_code"), at("region_code")
    number_at, code_at = at("old_la_code"), at("new_la_code")
    parts = [(at(name), of_part(name)) for name in contract.figures.totals_of if at(name) >= 0]
    countries, regions = _codes("country"), _codes("region", "sub_region")

    def held(row: Sequence[str], place: int) -> str:
        return row[place].strip() if 0 <= place < len(row) else ""

    def reason(row: Sequence[str]) -> Reason | None:
        level = held(row, level_at).lower()
        if level in OTHER_LEVELS:
            return OTHER_LEVEL
        if part := next((why for at, why in parts if held(row, at).lower() not in TOTALS), None):
            return part
        if level == LEVELS[0].lower():
            return None if held(row, country_at) in countries else unknown("country_code")
        if level == LEVELS[1].lower():
            return None if held(row, region_at) in regions else unknown("region_code")
        if level == AUTHORITY.lower():
            number, code = held(row, number_at), held(row, code_at)
            if JOINT in number or JOINT in code:
                return JOINT_RETURN
            is_known = code in numbers() or number.removesuffix(".0") in authorities()
            return None if is_known else unknown("new_la_code")
        return None

    return reason


def _of_long_row(
    contract: Contract, measure_at: int, area_at: int
) -> Callable[[Sequence[str]], Reason | None]:
    long = contract.figures.long
    known = {*authorities(), *(long.areas if long else ())}
    measures = frozenset(long.measures if long else ())
    other = long.measure if long else ""
    not_kept: Reason = (
        "ROWS_PASSED_OVER",
        other,
        f"rows of other measures are not used than {', '.join(sorted(measures))}",
        "note",
    )
    of_no_area = unknown(long.area if long else "")

    def reason(row: Sequence[str]) -> Reason | None:
        if len(row) <= max(measure_at, area_at):
            return None
        if row[measure_at].strip() not in measures:
            return not_kept
        number = row[area_at].strip().partition(".")[0]
        return None if number in known else of_no_area

    return reason


def _codes(*levels: str) -> frozenset[str]:
    return frozenset(row["area_code"] for row in seed("areas.csv") if row["area_level"] in levels)
