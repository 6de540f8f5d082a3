"""What is measured: false alarms, and changes found at the same number of false alarms."""

import numpy as np
from numpy.typing import NDArray
from series import FIRST_WEEK, Panel, Weekly

Array = NDArray[np.float64]

FALSE_EPISODES = 0.06  # a year and authority
NOMINAL = 2.326  # standard normal score of a chance of 1 %
WASH_OUT = 8  # weeks after a fall in which no alarm is false


def of_panels(scores: list[Array], panels: list[Panel]) -> dict[str, float]:
    """Rate of p < 0.01 without an event, and the share of events found.

    Runs of false alarms count once. Drifts have twelve months to be found in, the rest six.
    """
    event = np.concatenate([panel.event for panel in panels])
    out = {"native": native_rate(scores, panels)}
    for kind in sorted(set(event) - {"none"}):
        within = 12 if kind.startswith("drift") else 6
        out[kind] = found_within(scores, panels, kind, within)
    return out


def native_rate(scores: list[Array], panels: list[Panel]) -> float:
    clean = np.concatenate([panel.clean for panel in panels])
    return float((np.concatenate(scores) > NOMINAL)[clean].mean())


def found_within(scores: list[Array], panels: list[Panel], kind: str, months: int) -> float:
    """Share of events of a kind found within so many months, at the agreed false episodes."""
    limit = limit_of(scores, panels)
    return float(np.mean(np.concatenate([
        hits(found, panel, kind, months, limit) for found, panel in zip(scores, panels, strict=True)
    ])))  # fmt: skip


def hits(scores: Array, panel: Panel, kind: str, months: int, limit: float) -> NDArray[np.bool_]:
    """For each event of a kind in a panel, whether it was found within so many months."""
    rows, onset = np.flatnonzero(panel.event == kind), panel.onset
    found = [bool((scores[row, onset[row] : onset[row] + months] > limit).any()) for row in rows]
    return np.array(found, dtype=bool)


def limit_of(scores: list[Array], panels: list[Panel], *, under_way: bool = True) -> float:
    """The limit at the agreed false episodes, with runs under way in the first month or without."""
    clean = np.concatenate([panel.clean for panel in panels])
    return _limit(np.concatenate(scores), clean, under_way=under_way)


def _limit(scores: Array, clean: NDArray[np.bool_], *, under_way: bool) -> float:
    """The limit at which runs of false alarms come as often as agreed."""
    years = clean.sum() / 12
    low, high = -5.0, 40.0
    for _ in range(60):
        middle = (low + high) / 2
        false = (scores > middle) & clean
        starts = np.array(false)
        starts[:, 1:] &= ~false[:, :-1]
        starts[:, 0] &= under_way
        low, high = (middle, high) if starts.sum() / years > FALSE_EPISODES else (low, middle)
    return high


def of_weeks(scores: Array, given: Weekly) -> dict[str, float]:
    """Share of events found and F1 over weeks, at a false-positive rate of 1 %."""
    start, end = given.start[:, None], given.end[:, None]
    week = np.arange(FIRST_WEEK, FIRST_WEEK + scores.shape[1])[None, :]
    event = (week >= start) & (week <= end)
    clean = ~event & ~((week > end) & (week <= end + (WASH_OUT if given.sign < 0 else 0)))
    found = np.nan_to_num(scores, nan=-40)
    alarm = found > np.quantile(found[clean], 0.99)
    true, false = (alarm & event).sum(), (alarm & clean).sum()
    precision, recall = true / max(true + false, 1), true / event.sum()
    return {
        "native": float((found > NOMINAL)[clean].mean()),
        "found": float((alarm & event).any(1).mean()),
        "f1": float(2 * precision * recall / max(precision + recall, 1e-9)),
    }
