"""Lines of a file that repeat one of an earlier block, found without holding the file."""

from collections.abc import Iterable
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from warehouse.intake.lines import Lines

# Whole numbers up to here are exact as floats.
EXACT_BITS = 52
# Lines of a run; 16 bytes each.
LONG_RUN = 4_000_000


def without_repeats(lines: Lines) -> Lines:
    """Lines that repeat an earlier one byte for byte are counted and dropped."""
    if len(set(lines.records)) == len(lines.records):
        return lines
    first_of: dict[bytes, int] = {}
    for number, line in lines.numbered():
        first_of.setdefault(line, number)
    lines.duplicates = len(lines.records) - len(first_of)
    lines.records, lines.numbers = list(first_of), list(first_of.values())
    return lines


class Repeats:
    """The lines of earlier blocks, each as 104 bits of a keyed hash: two never look alike.

    Kept as sorted runs of ever smaller size, so that looking one up takes few steps. Those that
    are long are not merged, which would take their memory three times over.
    """

    def __init__(self) -> None:
        self.runs: list[NDArray[np.complex128]] = []

    def drop_from(self, lines: Lines) -> None:
        """Take out of a block, itself without repeats, what an earlier block held."""
        keys = _keys(lines.records)
        is_known = np.zeros(len(keys), dtype=np.bool_)
        for run in self.runs:
            places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            is_known |= run[places] == keys
        if is_known.any():
            is_new = ~is_known
            lines.numbers = list(compress(lines.every_number, is_new))
            lines.records = list(compress(lines.records, is_new))
            lines.duplicates += int(is_known.sum())
            keys = keys[is_new]
        if len(keys):
            self._add(np.sort(keys))

    def _add(self, run: NDArray[np.complex128]) -> None:
        while self.runs and len(self.runs[-1]) <= len(run) < LONG_RUN:
            run = np.concatenate((self.runs.pop(), run))
            run.sort()
        self.runs.append(run)


def _keys(records: list[bytes]) -> NDArray[np.complex128]:
    """Of each line two hashes, as numbers that sort as one."""
    keys = np.empty(len(records), dtype=np.complex128)
    keys.real = _hashes(records, len(records))
    keys.imag = _hashes((record + b"\n" for record in records), len(records))
    return keys


def _hashes(records: Iterable[bytes], count: int) -> NDArray[np.int64]:
    return np.fromiter(map(hash, records), np.int64, count) >> (64 - EXACT_BITS)
