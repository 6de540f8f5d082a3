"""How often a series has a value, and the lengths that follow from it."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rhythm:
    """Lengths are in periods."""

    per_year: int
    guard: int  # newest periods that are judged and teach the baseline nothing
    swing_memory: float  # correlation of short swings from one period to the next
    lengths: tuple[int, ...]  # of changes that take an area's say in the national effect away
    steps: tuple[int, ...]  # lengths of the sustained changes that are looked for
    drifts: tuple[int, ...]
    history: int  # the most that a fitted window holds
    tested: int
    settling: int  # judged before the first that is reported, so that fit and null settle
    fewest_before: int
    full_history: int
    fewest_for_shifts: int  # shorter windows free no level shift in their baseline
    shift_edges: tuple[int, int]  # periods at the start and the end that a shift leaves whole

    @property
    def longest(self) -> int:
        return self.drifts[-1] + 2


# Of eight years of months the slope of an area is known a third better than of six, and what is not
# known of it is what hides slow losses. Steps of eight to twelve months and a drift of sixteen look
# most like an error of the slope: they bring long false runs and find little.
MONTHS = Rhythm(
    per_year=12, guard=6, swing_memory=0.6, lengths=(3, 4, 6, 9, 12),
    steps=(2, 3, 4, 5, 6), drifts=(6, 9, 12), history=96, tested=24, settling=6,
    fewest_before=12, full_history=36, fewest_for_shifts=36, shift_edges=(11, 14),
)  # fmt: skip
# The slopes of a few series say too little of what an ordinary slope is, so nothing tells a change
# that lasts from a slope that was not known: their longer steps keep it marked for a year.
MONTHS_ALONE = replace(MONTHS, steps=(2, 3, 4, 5, 6, 8, 10, 12), drifts=(6, 9, 12, 16))
# A term is a third of a year. Two years are the least in which each term has come twice; a shift in
# so few would be freed on the word of a handful of figures, so it takes six years. On panels of 150
# areas without a change (level, slope and season of each its own, 12 or 15 terms) 1.0 to 1.4 in 100
# terms had a probability below 0.01, and 0.7 to 0.8 in 1,000 one below 0.001.
TERMS = Rhythm(
    per_year=3, guard=2, swing_memory=0.13, lengths=(2, 3), steps=(2, 3, 4), drifts=(2, 3),
    history=24, tested=6, settling=2, fewest_before=6, full_history=9, fewest_for_shifts=18,
    shift_edges=(3, 5),
)  # fmt: skip
