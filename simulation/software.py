"""How the programs of each sender write returns other than social care's: forms, not facts.

Most write them as the specification shows. The others differ in what changes no meaning, each in
one way or two, always the same for a sender.
"""

import codecs
from dataclasses import dataclass

import numpy as np

from sightline.simulation.text import Rows, file

CODES = (
    "sex", "reason", "legal", "need", "place", "provider", "ending", "move", "category",
    "reason_1", "reason_2", "reason_3", "special_needs", "enrolment",
)  # fmt: skip
"""Columns that hold codes, in the tables of SSDA903 and the school census."""
BLANK_ROWS = 3


@dataclass(frozen=True)
class Software:
    has_mark: bool = False
    """Files begin with a byte order mark."""
    lower_case: bool = False
    """Codes are in lower case."""
    lower_headings: bool = False
    blank_rows: bool = False
    """Rows of commas alone stand at the end, as spreadsheets leave them."""
    iso_days: bool = False
    """Days of SSDA903 are written year first and with a time, as databases do."""
    counts_with_point: bool = False
    """Sessions of absence are written as 12.0."""
    names_tell_term: bool = False
    """Files of a census are called by year and term, and no table tells of its schools."""

    def file(self, header: str, rows: Rows) -> bytes:
        mark = codecs.BOM_UTF8 if self.has_mark else b""
        header = header.lower() if self.lower_headings else header
        if self.lower_case:
            rows = rows.copy()
            for name in set(CODES) & set(rows.dtype.names or ()):
                rows[name] = np.char.lower(rows[name])
        blank = b"," * header.count(",") + b"\n"
        return mark + file(header, rows) + blank * (BLANK_ROWS * self.blank_rows)


PLAIN = Software()


def software(la_code: str) -> Software:
    number = int(la_code)
    return Software(
        has_mark=number % 4 == 0,
        lower_case=number % 9 == 4,
        lower_headings=number % 11 == 10,
        blank_rows=number % 6 == 2,
        iso_days=number % 10 == 6,
        counts_with_point=number % 7 == 5,
        names_tell_term=number % 8 == 6,
    )
