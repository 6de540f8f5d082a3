"""A panel of count series against what each area, the season and the country lead one to expect.

For area s and period t (arrays are areas x periods), y ~ negative binomial with mean mu and
Var = kappa_t (mu + (c_s^2 + v_st) mu^2):

    log mu_st = log x_st + a_s + n_t + g_s(t)

x_st exposure (people, or expected cases; 1 if none; times the share known of a provisional count),
v_st its relative variance (0 where it is certain), a_s level, n_t national effect of the period
(season, term dates, shocks, trend), g_s Gaussian with mean 0 and covariance
K = v_level + v_slope (t/y)(t'/y) + v_season [m = m'] + v_walk min(t, t')/y + v_swing rho^|t-t'|
+ v_holiday h_t h_t' with y periods a year: an area's own slope, its departure from the national
season, slow changes, short swings, and its response to a holiday that moves (h_t, the share of
Easter in the month). All variances are of the log
rate (unitless) and are shared by all areas, so a short or sparse series
borrows them. They are estimated by the fixed point of the marginal likelihood (Zhou et al. 2019,
JCGS 28: 350); residuals come from leaving one period out. Down-weighting of outliers on both sides
follows Farrington et al. 1996 (JRSS A 159: 547) and Noufaily et al. 2013 (Stat Med 32: 1206) in
spirit, level shifts are found by their score in the baseline and freed.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack

from sightline.monitoring.detection.rhythm import MONTHS, Rhythm

Array = NDArray[np.float64]

UNKNOWN = 1e8  # variance that stands for "no observation"
OUTLIER = 2.58
STEP_LIMIT = 5.0
STEP_VARIANCE = 0.25
FLOOR = 1e-7
NOISE_PRIOR_PERIODS = 15.0
CHANGED = 3.0
VOICE = 2.0
VOICE_POWER = 2
WINSOR = 2.0
SCATTER_ERROR = 1.25  # standard error of the log of a winsorised mean square, times root n
FEWEST_FOR_SCATTER = 8
COLD_ROUNDS = 5
WARM_ROUNDS = 1


@dataclass(frozen=True)
class Variances:
    """Variances of the parts of the log rate; all are learned but that of the level."""

    level: float = 0.25
    slope: float = 0.0009
    season: float = 0.0004
    holiday: float = 0.0004
    walk: float = 0.0004
    swing: float = 0.0004
    noise: float = 0.002


@dataclass(frozen=True)
class Fit:
    """What was learned from one window of periods (areas x periods unless said otherwise)."""

    exposure: Array  # log of exposure
    level: Array  # a_s (areas)
    smooth: Array  # g, the area's own departure
    national: Array  # n_t (periods)
    kappa: Array  # scatter of the period (periods)
    noise: Array  # c_s^2 (areas)
    weight: Array  # 1, or less for an outlier
    variances: Variances
    precision: Array  # inverse of the covariance (areas x periods x periods)
    residual: Array  # working residual around base
    steps: NDArray[np.int64]  # first period after a level shift, 0 if none (areas)
    freed: NDArray[np.int64]  # those that precision allows for: found before the last round
    rhythm: Rhythm

    @property
    def base(self) -> Array:
        return np.asarray(self.exposure + self.level[:, None] + self.national)

    def moved_on(self, counts: Array, exposure: Array, *, national: bool) -> "Fit":
        """The same knowledge one period later, for a window that has lost its oldest period or,
        while there is less history than it may hold, is one period longer.

        Without a panel the effect of the new period is that of the same season a year before.
        """
        lost = self.smooth.shape[1] + 1 - counts.shape[1]
        logs = _log_exposure(counts, exposure)
        expected = np.exp(logs[:, -1] + self.level + self.smooth[:, -1])
        known = np.isfinite(counts[:, -1])
        seen = np.where(known, counts[:, -1], 0).sum()
        newest = np.log((seen + 0.5) / (expected[known].sum() + 0.5))
        if not national:
            newest = self.national[-self.rhythm.per_year]
        return replace(
            self,
            exposure=logs,
            national=np.append(self.national[lost:], newest),
            smooth=np.column_stack([self.smooth[:, lost:], self.smooth[:, -1]]),
            kappa=np.append(self.kappa[lost:], 1.0),
            weight=np.column_stack([self.weight[:, lost:], np.ones(len(counts))]),
            steps=np.maximum(self.steps - lost, 0),
        )


def structures(
    months: NDArray[np.int64], holiday: Array, rhythm: Rhythm = MONTHS
) -> dict[str, Array]:
    """Covariance shapes of the parts, periods x periods."""
    t = np.arange(months.size, dtype=float)
    centred = (t - t.mean()) / rhythm.per_year
    same = (months[:, None] == months[None, :]).astype(float)
    return {
        "slope": np.outer(centred, centred),
        "season": same - 1 / rhythm.per_year,
        "holiday": np.outer(holiday, holiday),
        "walk": np.minimum.outer(t, t) / rhythm.per_year,
        "swing": rhythm.swing_memory ** np.abs(t[:, None] - t[None, :]),
    }


def inverses(prior: Array, variance: Array) -> Array:
    """Inverse of each area's covariance: its prior (periods x periods) plus its own variances."""
    areas, periods = variance.shape
    out = np.empty((areas, periods, periods))
    every = np.arange(periods)
    for index in range(areas):
        matrix = np.array(prior[index] if len(prior) > 1 else prior[0], order="F")
        matrix[every, every] += variance[index]
        factor, _ = lapack.dpotrf(matrix, lower=1, overwrite_a=1)
        lower, _ = lapack.dpotri(factor, lower=1, overwrite_c=1)
        np.add(lower, lower.T, out=out[index])
    out[:, every, every] /= 2
    return out


def fit(
    counts: Array,
    exposure: Array,
    months: NDArray[np.int64],
    *,
    holiday: Array | None = None,
    uncertainty: Array | None = None,
    start: Fit | None = None,
    national: bool = True,
    rounds: int = 6,
    rhythm: Rhythm = MONTHS,
) -> Fit:
    """Fit one window; `start` (the same window, perhaps shifted) saves rounds.

    `uncertainty` is the relative variance of the exposure (areas x periods).
    """
    state = start or _first_guess(counts, exposure, months, rhythm, national=national)
    away = np.zeros(months.size) if holiday is None else holiday
    shapes = structures(months, away, rhythm)
    spread = np.zeros(counts.shape) if uncertainty is None else uncertainty
    for done in range(rounds):
        state = _round(state, counts, spread, months, shapes, national=national)
        if done >= min(rounds - 1, 6):
            state = replace(state, steps=_steps(state))
    return state


def _first_guess(
    counts: Array, exposure: Array, months: NDArray[np.int64], rhythm: Rhythm, *, national: bool
) -> Fit:
    known = np.isfinite(counts) & (exposure > 0)
    y, x = np.where(known, counts, 0.0), np.where(known, exposure, 0.0)
    pooled = (y.sum() + 0.5) / max(x.sum(), 1e-12)
    rate = (y.sum(1) + 0.5) / (x.sum(1) + 0.5 / pooled)
    expected = rate[:, None] * x
    effect = _effect(y, expected, months, rhythm, national=national)
    level = np.log(rate)
    for _ in range(3):
        level = level + np.log((y.sum(1) + 0.5) / ((expected * np.exp(effect)).sum(1) + 0.5))
        expected = np.exp(level)[:, None] * x
        effect = _effect(y, expected, months, rhythm, national=national)
    areas, periods = counts.shape
    return Fit(
        exposure=_log_exposure(counts, exposure),
        level=level,
        smooth=np.zeros(counts.shape),
        national=effect,
        kappa=np.ones(periods),
        noise=np.full(areas, Variances().noise),
        weight=np.ones(counts.shape),
        variances=Variances(),
        precision=np.empty((0, 0, 0)),
        residual=np.zeros(counts.shape),
        steps=np.zeros(areas, dtype=np.int64),
        freed=np.zeros(areas, dtype=np.int64),
        rhythm=rhythm,
    )


def _log_exposure(counts: Array, exposure: Array) -> Array:
    known = np.isfinite(counts) & (exposure > 0)
    return np.log(np.where(known, exposure, 1.0))


def _effect(
    y: Array, expected: Array, months: NDArray[np.int64], rhythm: Rhythm, *, national: bool
) -> Array:
    """Log of observed over expected per period, or per season where there is no panel."""
    if national:
        return np.asarray(np.log((y.sum(0) + 0.5) / (expected.sum(0) + 0.5)))
    known = max(months.size - rhythm.guard - 1, min(months.size, rhythm.per_year))
    past = np.arange(months.size) < known
    each = np.log((y.sum(0) + 0.5) / (expected.sum(0) + 0.5))
    same = [(months == month) & past for month in months]
    return np.array([np.median(each[years]) if years.any() else 0.0 for years in same])


def _round(
    state: Fit,
    counts: Array,
    uncertainty: Array,
    months: NDArray[np.int64],
    shapes: dict[str, Array],
    *,
    national: bool,
) -> Fit:
    known = np.isfinite(counts)
    mean = np.exp(state.base + state.smooth)
    residual = np.where(known, (np.where(known, counts, 0) - mean) / mean + state.smooth, 0.0)
    sampling = 1 / mean + state.noise[:, None] + uncertainty
    variance = np.where(known, sampling * state.kappa / state.weight, UNKNOWN)
    prior = _prior(state.variances, shapes)[None]
    if state.steps.any():
        prior = prior + _step_prior(state.steps, months.size)
    precision = inverses(prior, variance)
    pull = (precision @ residual[:, :, None])[:, :, 0]
    diagonal = np.einsum("stt->st", precision)
    smooth = residual - variance * pull
    smooth = np.where(known, smooth, (prior @ pull[:, :, None])[:, :, 0])
    apart = pull / np.sqrt(diagonal)
    extreme, since = _changing(pull, precision, state.rhythm.lengths)
    settled = extreme < CHANGED
    settled |= settled.mean() < 0.5  # where most have changed, none of them can be left out
    variances, noise = _variances(state, shapes, precision, pull, known & settled[:, None])
    kappa = _kappa(apart, state, known)
    if not national:
        kappa[-state.rhythm.guard - 1 :] = 1.0  # here a common movement is what is looked for
    shift = (
        _national_shift(apart, pull, diagonal, _voice(known, extreme, since))
        if national
        else np.zeros(months.size)
    )
    return replace(
        state,
        national=state.national + shift,
        smooth=np.clip(smooth, -5, 5),
        kappa=kappa,
        noise=noise,
        weight=_weight(apart, state.rhythm.guard),
        variances=variances,
        precision=precision,
        residual=residual,
        freed=state.steps,
    )


def _prior(variances: Variances, shapes: dict[str, Array]) -> Array:
    prior = np.full_like(shapes["slope"], variances.level)
    for name, shape in shapes.items():
        prior = prior + getattr(variances, name) * shape
    return prior


def _step_prior(steps: NDArray[np.int64], periods: int) -> Array:
    before = np.arange(periods)[None, :] < steps[:, None]
    return np.where(before[:, :, None] & before[:, None, :], STEP_VARIANCE, 0.0)


def _variances(
    state: Fit, shapes: dict[str, Array], precision: Array, pull: Array, known: NDArray[np.bool_]
) -> tuple[Variances, Array]:
    """One step of the fixed point, on what came before the guard: nothing judged widens its limits.

    An area counts at most four times what is expected of it; without any, nothing is learned.
    """
    precision, pull = _before_guard(precision, pull, state.rhythm.guard)
    past = slice(0, pull.shape[1])
    known = known[:, past]
    if not known.any():
        return state.variances, state.noise
    shapes = {name: shape[past, past] for name, shape in shapes.items()}
    counted = known.any(1)
    inner = precision.reshape(len(pull), -1) @ np.stack([m.ravel() for m in shapes.values()], 1)
    new = {}
    for (name, shape), traces in zip(shapes.items(), inner.T, strict=True):
        found, expected = ((pull @ shape) * pull).sum(1)[counted], traces[counted]
        ratio = np.minimum(found, 4 * expected).sum() / max(expected.sum(), 1e-12)
        new[name] = max(getattr(state.variances, name) * ratio, FLOOR)
    spread = np.where(known, (state.kappa / state.weight)[:, past], 0.0)
    found = (pull * pull * spread).sum(1)
    expected = (np.einsum("stt->st", precision) * spread).sum(1)
    pooled = state.variances.noise * np.minimum(found, 4 * expected).sum() / expected.sum()
    informed = state.noise * expected
    own = state.noise * found / np.maximum(expected, 1e-12)
    shrunk = (informed * own + NOISE_PRIOR_PERIODS * pooled) / (informed + NOISE_PRIOR_PERIODS)
    learned = replace(state.variances, **new, noise=max(pooled, FLOOR))
    return learned, np.maximum(shrunk, FLOOR)


def _before_guard(precision: Array, pull: Array, guard: int) -> tuple[Array, Array]:
    """The same for the window without its guard: the newest periods are integrated out."""
    cut = pull.shape[1] - guard - 1
    cross = precision[:, :cut, cut:]
    gain = cross @ np.linalg.inv(precision[:, cut:, cut:])
    inner = precision[:, :cut, :cut] - gain @ cross.transpose(0, 2, 1)
    return inner, pull[:, :cut] - (gain @ pull[:, cut:, None])[:, :, 0]


def _weight(apart: Array, guard: int) -> Array:
    """Outliers on both sides count less; those of the guard are judged, not explained away."""
    weight = np.minimum(1.0, (OUTLIER / np.maximum(np.abs(apart), 1e-9)) ** 2)
    weight[:, -guard - 1 :] = 1.0
    return weight


def _kappa(apart: Array, state: Fit, known: NDArray[np.bool_]) -> Array:
    """Scatter of each period over what is usual, at least 1; what chance explains is none."""
    heard = known.sum(0)
    squares = np.where(known, np.minimum(apart**2, WINSOR**2), 0.0).sum(0)
    ratio = squares / np.maximum(heard, 1)
    usual = (
        np.median(ratio[heard >= FEWEST_FOR_SCATTER]) if heard.max() >= FEWEST_FOR_SCATTER else 1.0
    )
    excess = np.log(np.maximum(state.kappa * ratio / usual, 1.0))
    chance = SCATTER_ERROR / np.sqrt(np.maximum(heard, 1))
    shrunk = excess * np.maximum(0.0, 1 - (2 * chance / np.maximum(excess, 1e-9)) ** 2)
    return np.where(heard >= FEWEST_FOR_SCATTER, np.minimum(np.exp(shrunk), 400.0), state.kappa)


def window_scores(pull: Array, precision: Array, lengths: tuple[int, ...]) -> Array:
    """Score of a change in the last w periods, for each length w (areas x lengths)."""
    columns = []
    for length in lengths:
        spread = precision[:, -length:, -length:].sum((1, 2))
        columns.append(pull[:, -length:].sum(1) / np.sqrt(np.maximum(spread, 1e-12)))
    return np.stack(columns, axis=1)


def _changing(
    pull: Array, precision: Array, lengths: tuple[int, ...]
) -> tuple[Array, NDArray[np.int64]]:
    """How strongly each area seems to have changed, and for how many periods."""
    scores = np.abs(window_scores(pull, precision, lengths))
    best = scores.argmax(1)
    return scores[np.arange(best.size), best], np.array(lengths)[best]


def _voice(known: NDArray[np.bool_], extreme: Array, since: NDArray[np.int64]) -> Array:
    """Say in the national effect: an area that has changed by itself has little since it did."""
    periods = known.shape[1]
    changed = np.arange(periods)[None, :] >= periods - since[:, None]
    quiet = np.minimum(1.0, (VOICE / np.maximum(extreme, 1e-9)) ** VOICE_POWER)
    return np.where(known, np.where(changed, quiet[:, None], 1.0), 0.0)


def _national_shift(apart: Array, pull: Array, diagonal: Array, voice: Array) -> Array:
    huber = voice * np.minimum(1.0, 1.5 / np.maximum(np.abs(apart), 1e-9))
    shift = (huber * pull).sum(0) / np.maximum((huber * diagonal).sum(0), 1e-12)
    return np.asarray(np.clip(shift, -1.0, 1.0))


def _steps(state: Fit) -> NDArray[np.int64]:
    """The level shift with the largest score in the baseline, kept once it passes the limit."""
    steps, precision = state.steps, state.precision
    pull = (precision @ state.residual[:, :, None])[:, :, 0]
    if pull.shape[1] < state.rhythm.fewest_for_shifts:
        return steps
    total = np.cumsum(pull, axis=1)
    rows = np.einsum("stu,tu->st", precision, 2 * np.tri(pull.shape[1]) - np.eye(pull.shape[1]))
    block = np.cumsum(rows, axis=1)
    z = np.abs(total) / np.sqrt(np.maximum(block, 1e-12))
    first, last = state.rhythm.shift_edges
    z[:, :first], z[:, -last:] = 0, 0
    best = z.argmax(1)
    strong = z[np.arange(best.size), best] > STEP_LIMIT
    return np.where((steps == 0) & strong, best + 1, steps)
