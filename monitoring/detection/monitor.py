"""Judge each of the last periods of a set of series with nothing but what was known before it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from sightline.monitoring.detection import panel, windows
from sightline.monitoring.detection.lasting import Changes
from sightline.monitoring.detection.null import against_null
from sightline.monitoring.detection.panel import Array, Fit
from sightline.monitoring.detection.rhythm import MONTHS, Rhythm

VERSION = "2"


@dataclass(frozen=True)
class Judgements:
    """One column per judged period, the last of which is the newest (areas x judged periods)."""

    mean: Array  # expected count
    variance: Array  # of the count, about that mean
    one: Array  # score of the period alone, positive when high
    rise: Array  # evidence of a sustained rise: log of an average likelihood ratio
    fall: Array  # the same for a fall
    before: NDArray[np.int64]  # known periods before the judged one
    year: Array  # expected count of the year to the judged period
    detectable: Array  # log change over half a year that would be found four times in five
    drift: Array  # log change from period to period that would be found so often within a year
    slope_error: Array  # standard error of an area's own slope (log rate a year)
    fall_lasts: NDArray[np.bool_]  # a sustained fall may have been found that has not come back
    rise_lasts: NDArray[np.bool_]
    rebased: NDArray[np.bool_]  # a level shift was found before, and its new level is the baseline
    national: Array  # log national effect of the period against the mean of the window (periods)

    def p_one(self, sign: int) -> Array:
        """One-sided probability of so extreme a period: sign 1 for high, -1 for low."""
        return np.asarray(special.ndtr(-sign * self.one))

    def p_sustained(self, sign: int) -> Array:
        return windows.p_of_evidence(self.rise if sign > 0 else self.fall)

    def lasts(self, sign: int) -> NDArray[np.bool_]:
        return self.rise_lasts if sign > 0 else self.fall_lasts

    def score(self, sign: int) -> Array:
        """The stronger of the two as a standard normal score, positive in that direction."""
        sustained = -special.ndtri(np.clip(self.p_sustained(sign), 1e-30, 1 - 1e-6))
        return np.asarray(np.fmax(sign * self.one, sustained))


def judge(
    counts: Array,
    exposure: Array,
    months: NDArray[np.int64],
    *,
    holiday: Array | None = None,
    uncertainty: Array | None = None,
    tested: int | None = None,
    has_national_effect: bool = True,
    changes: Changes | None = None,
    rhythm: Rhythm = MONTHS,
) -> Judgements:
    """Judge the last `tested` periods of areas x periods, or as many as the rhythm says.

    NaN, or no exposure, is "not known". `months` are the seasons: alike where it is the same
    part of the year. `uncertainty` is the relative variance of the exposure: of an expected
    number, or of the share known of a provisional count. `changes` are those known to have begun
    before the first judged period.
    """
    spread = np.zeros(counts.shape) if uncertainty is None else np.nan_to_num(uncertainty)
    counts = np.where(np.isfinite(exposure) & (exposure > 0), counts, np.nan)
    exposure = np.where(np.isfinite(exposure), exposure, 0.0)
    periods = counts.shape[1]
    first = max(periods - (tested or rhythm.tested), 0)
    fit: Fit | None = None
    columns: list[_Column] = []
    changes = changes or Changes.none(len(counts))
    for last in range(max(first - rhythm.settling, rhythm.fewest_before), periods):
        window = slice(max(0, last + 1 - rhythm.history), last + 1)
        seen, people, names = counts[:, window], exposure[:, window], months[window]
        away = None if holiday is None else holiday[window]
        fit = _follow(
            fit,
            seen,
            people,
            names,
            away,
            spread[:, window],
            rhythm,
            has_national_effect=has_national_effect,
        )
        columns.append(_column(fit, seen, changes, window.start))
        changes = columns[-1].changes
    return _assembled(columns, counts, first, rhythm.per_year)


@dataclass(frozen=True)
class _Column:
    scores: windows.Scores
    changes: Changes
    year: Array
    rebased: NDArray[np.bool_]
    national: float


def _follow(
    fit: Fit | None,
    counts: Array,
    exposure: Array,
    months: NDArray[np.int64],
    holiday: Array | None,
    uncertainty: Array,
    rhythm: Rhythm,
    *,
    has_national_effect: bool,
) -> Fit:
    is_longer = fit is not None and fit.smooth.shape[1] != counts.shape[1]
    # What an odd year did to the season of a few series, a fit that goes on from it never lets go:
    # while there is little history each begins anew. A panel takes odd periods from all its areas.
    if fit is None or (is_longer and not has_national_effect):
        start, rounds = None, panel.COLD_ROUNDS
    else:
        start, rounds = (
            fit.moved_on(counts, exposure, national=has_national_effect),
            panel.WARM_ROUNDS,
        )
    return panel.fit(
        counts,
        exposure,
        months,
        holiday=holiday,
        uncertainty=uncertainty,
        start=start,
        national=has_national_effect,
        rounds=rounds,
        rhythm=rhythm,
    )


def _column(fit: Fit, counts: Array, before: Changes, first: int) -> _Column:
    year = slice(-fit.rhythm.per_year, None)
    scores = windows.scores(fit, counts)
    fitted = np.exp(fit.base + fit.smooth)[:, year]
    return _Column(
        scores=scores,
        changes=before.followed(fit, counts, scores, first),
        year=np.where(np.isfinite(counts[:, year]), fitted, 0.0).sum(1),
        rebased=fit.steps > 0,
        national=float(fit.national[-1] - fit.national.mean()),
    )


def _assembled(columns: list[_Column], counts: Array, first: int, per_year: int) -> Judgements:
    areas, periods = counts.shape
    blank = np.full((areas, periods - first), np.nan)
    known = np.isfinite(counts)
    before = (np.cumsum(known, axis=1) - known)[:, first:]
    if not columns:
        return _nothing(blank, before)
    one = against_null(np.stack([c.scores.one for c in columns], axis=1), per_year)
    sustained = against_null(np.stack([c.scores.sustained for c in columns], axis=1), per_year)
    current = known[:, -len(columns) :]

    def late(values: Array) -> Array:
        """The reported columns; blank where the window was still too short to judge."""
        kept = values[:, -min(len(columns), periods - first) :]
        early = np.full((len(kept), blank.shape[1] - kept.shape[1]), np.nan)
        return np.concatenate([early, kept], axis=1)

    began = np.stack([c.changes.began for c in columns], axis=1).astype(float)
    lasts = [late(began[..., side]) >= 0 for side in range(began.shape[2])]
    return Judgements(
        mean=late(np.stack([c.scores.mean for c in columns], axis=1)),
        variance=late(np.stack([c.scores.variance for c in columns], axis=1)),
        one=late(one),
        rise=late(np.where(current, windows.evidence(sustained, 1), np.nan)),
        fall=late(np.where(current, windows.evidence(sustained, -1), np.nan)),
        before=before,
        year=np.nan_to_num(late(np.stack([c.year for c in columns], axis=1))),
        detectable=late(np.stack([c.scores.detectable for c in columns], axis=1)),
        drift=late(np.stack([c.scores.drift for c in columns], axis=1)),
        slope_error=late(np.stack([c.scores.slope_error for c in columns], axis=1)),
        fall_lasts=lasts[0],
        rise_lasts=lasts[1],
        rebased=late(np.stack([c.rebased for c in columns], axis=1).astype(float)) == 1,
        national=late(np.array([[c.national for c in columns]]))[0],
    )


def _nothing(blank: Array, before: NDArray[np.int64]) -> Judgements:
    """Too short a panel to judge any period of it."""
    return Judgements(
        mean=blank,
        variance=blank,
        one=blank,
        rise=blank,
        fall=blank,
        before=before,
        year=np.zeros(blank.shape),
        detectable=blank,
        drift=blank,
        slope_error=blank,
        fall_lasts=np.zeros(blank.shape, dtype=bool),
        rise_lasts=np.zeros(blank.shape, dtype=bool),
        rebased=np.zeros(blank.shape, dtype=bool),
        national=np.full(blank.shape[1], np.nan),
    )
