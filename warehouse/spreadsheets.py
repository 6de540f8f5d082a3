"""Cells that no spreadsheet takes for a formula."""

import re

# What a spreadsheet would take for a formula, or for the start of one.
ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")


def plain(cell: str) -> str:
    """A cell that no spreadsheet runs: what looks like a formula begins with an apostrophe."""
    return f"'{cell}" if cell.startswith(ACTIVE) else cell


def plain_or_number(cell: str) -> str:
    """The same, where a text that is a number and nothing else stays one."""
    return cell if NUMBER.fullmatch(cell) else plain(cell)
