"""What could be found if a part of the truth were known: the limits of any method.

The detector's own fit, given the true slope, level, season or national effect of every area as
exposure, with the variance of what is known set to nothing. Knowing all leaves chance, scatter and
the short swings.
"""

from collections.abc import Collection

import numpy as np
from designs import Truth
from methods import normal
from numpy.typing import NDArray
from series import TESTED, Panel

from sightline.monitoring.detection import null, panel, windows
from sightline.monitoring.detection.rhythm import MONTHS

Array = NDArray[np.float64]

PARTS = ("slope", "level", "season", "nation")
ALL = (*PARTS, "rest")
NONE = 1e-7  # variance of what is known
VARIANCES = {"slope": ("slope",), "level": ("level",), "season": ("season",),
             "rest": ("walk", "holiday")}  # fmt: skip


def judge(given: Panel, truth: Truth, known: Collection[str]) -> Array:
    """Sustained scores of the tested months (areas x months)."""
    fit: panel.Fit | None = None
    columns = []
    periods = given.counts.shape[1]
    for last in range(periods - TESTED - MONTHS.settling, periods):
        window = slice(max(0, last + 1 - MONTHS.history), last + 1)
        counts, exposure = given.counts[:, window], np.exp(_known(truth, window, known))
        has_nation = "nation" not in known
        start = (
            fit.moved_on(counts, exposure, national=has_nation)
            if fit
            else _start(counts, exposure, known)
        )
        fit = panel.fit(
            counts, exposure, given.months[window], start=start, national=has_nation,
            rounds=panel.WARM_ROUNDS if fit else panel.COLD_ROUNDS,
        )  # fmt: skip
        columns.append(windows.scores(fit, counts).sustained)
    sustained = null.against_null(np.stack(columns, axis=1))[:, -TESTED:]
    return normal(windows.p_of_evidence(windows.evidence(sustained, given.sign)))


def _known(truth: Truth, window: slice, known: Collection[str]) -> Array:
    """The known parts of the log rate in a window; a slope turns around the middle of it."""
    slope = truth.slope[:, window]
    middle = slope.mean(1, keepdims=True)
    parts = {
        "slope": slope - middle,
        "level": truth.level[:, None] + middle,
        "season": truth.season[:, window],
        "nation": truth.nation[window],
        "rest": truth.rest[:, window],
    }
    return np.asarray(sum((parts[name] for name in known), np.zeros(slope.shape)))


def _start(counts: Array, exposure: Array, known: Collection[str]) -> panel.Fit:
    areas, periods = counts.shape
    nothing = np.zeros(counts.shape)
    rate = (counts.sum(1) + 0.5) / exposure.sum(1)
    level = np.zeros(areas) if "level" in known else np.log(rate)
    expected = exposure * np.exp(level)[:, None]
    nation = np.log((counts.sum(0) + 0.5) / expected.sum(0))
    return panel.Fit(
        exposure=np.log(exposure),
        level=level,
        smooth=nothing,
        national=np.zeros(periods) if "nation" in known else nation,
        kappa=np.ones(periods),
        noise=np.full(areas, panel.Variances().noise),
        weight=np.ones(counts.shape),
        variances=panel.Variances(
            **{name: NONE for part in known for name in VARIANCES.get(part, ())}
        ),
        precision=np.empty((0, 0, 0)),
        residual=nothing,
        steps=np.zeros(areas, dtype=np.int64),
        freed=np.zeros(areas, dtype=np.int64),
        rhythm=MONTHS,
    )
