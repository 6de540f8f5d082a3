"""What is planted, where and from when; and by how much it multiplies each day's rates.

Onsets are counted back from the last month, so that any length of history has them.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from sightline.simulation.calendar import Horizon, Weights, add_months, month_end, number
from sightline.simulation.truth import Event

SHOCK = (date(2022, 1, 1), date(2022, 3, 31))
REORGANISED = date(2023, 4, 1)
SHOCK_SIZES = {
    "school_referrals": 0.3,
    "other_referrals": 0.93,
    "suspensions": 0.04,
    "permanent_exclusions": 0.06,
    "missing": 0.85,
}
REFERRALS = ("school_referrals", "other_referrals")


@dataclass(frozen=True)
class Planted:
    """One row of the plan: `back` is the number of months from the onset to the last month."""

    kind: str
    la_code: str
    back: int
    size: float
    streams: tuple[str, ...]
    indicators: tuple[str, ...]
    words: str
    lasts: int | None = None
    small: bool = False
    other_way: tuple[str, ...] = ()
    """Streams that change by as much, the other way."""

    def sizes(self, size: float) -> dict[str, float]:
        """By how much each stream changes in an event of this size."""
        return dict.fromkeys(self.streams, size) | dict.fromkeys(self.other_way, -size)


FALL = "referrals fall by {size:.0%} and stay there"
DRIFT = "referrals drift down by {size:.1%} a month"
ONE_LOST = "one monthly return was never sent, which is not a fall"
QUARTER_LOST = "the SSDA903 return of January to March was never sent, which is not a fall"
GAP = "suspensions and missing episodes rise by {size:.0%}, referrals and named exploitation fall"
SIGNS_OF_RISK = ("suspensions", "missing")
SEEN = (*REFERRALS, "exploitation")
REFERRED_AND_KNOWN = ("referral_rate", "excluded_not_known")
MISSING_AND_KNOWN = ("missing_incident_rate", "excluded_not_known")
RE_REFERRED_AND_KNOWN = ("re_referral_rate", "excluded_not_known")
PLAN = (
    Planted("referral_drop", "383", 11, -0.28, REFERRALS, ("referral_rate",), FALL),
    Planted("referral_drop", "306", 19, -0.35, REFERRALS, ("referral_rate",), FALL),
    Planted("referral_drop", "936", 8, -0.22, REFERRALS, ("referral_rate",), FALL),
    Planted("referral_drop", "857", 15, -0.30, REFERRALS, ("referral_rate",), FALL, small=True),
    Planted("referral_drift", "881", 23, -0.015, REFERRALS, ("referral_rate",), DRIFT),
    Planted("referral_drift", "926", 20, -0.015, REFERRALS, ("referral_rate",), DRIFT),
    Planted(
        "school_referral_drop", "839", 11, -0.45, ("school_referrals",), ("school_referral_share",),
        "schools refer {size:.0%} fewer children while all others go on as before",
    ),
    Planted(
        "referral_dip", "919", 6, -0.50, REFERRALS, ("referral_rate",),
        "referrals are {size:.0%} lower for one month only, which is not a sustained fall", lasts=1,
    ),
    Planted(
        "suspension_rise", "860", 12, 0.50, ("suspensions",), ("suspension_rate",),
        "suspensions rise by {size:.0%}",
    ),
    Planted(
        "suspension_rise", "892", 20, 0.50, ("suspensions",), ("suspension_rate",),
        "suspensions rise by {size:.0%}",
    ),
    Planted(
        "permanent_exclusion_rise", "888", 12, 0.40, ("permanent_exclusions",),
        ("permanent_exclusion_rate",), "permanent exclusions rise by {size:.0%}",
    ),
    Planted(
        "missing_rise", "352", 9, 0.40, ("missing",), ("missing_incident_rate",),
        "looked-after children go missing {size:.0%} more often",
    ),
    Planted(
        "exploitation_factor_drop", "830", 15, -0.50, ("exploitation",),
        ("exploitation_factor_rate",),
        "assessments name gangs or criminal exploitation {size:.0%} less often",
    ),
    Planted(
        "exploitation_factor_drop", "316", 10, -0.50, ("exploitation",),
        ("exploitation_factor_rate",),
        "assessments name gangs or criminal exploitation {size:.0%} less often",
    ),
    Planted(
        "excluded_not_referred", "382", 14, -1.0, ("excluded_referred",), ("excluded_not_known",),
        "pupils are excluded and no longer referred at all",
    ),
    Planted(
        "excluded_not_referred", "802", 13, -1.0, ("excluded_referred",), ("excluded_not_known",),
        "pupils are excluded and no longer referred at all", small=True,
    ),
    Planted(
        "missing_not_assessed", "935", 16, -1.0, ("missing_assessed",), ("missing_not_assessed",),
        "children go missing from care again and again and are not assessed for exploitation",
    ),
    Planted(
        "missing_not_assessed", "341", 13, -1.0, ("missing_assessed",), ("missing_not_assessed",),
        "children go missing from care again and again and are not assessed for exploitation",
    ),
    Planted(
        "absent_not_referred", "839", 12, -1.0, ("absent_known",), ("severely_absent_not_known",),
        "severely absent pupils are no more often known to social care than others",
    ),
    Planted(
        "absent_not_referred", "926", 12, -1.0, ("absent_known",), ("severely_absent_not_known",),
        "severely absent pupils are no more often known to social care than others",
    ),
    Planted(
        "gap_opens", "840", 9, 0.35, SIGNS_OF_RISK, ("divergence",), GAP, other_way=SEEN
    ),
    Planted(
        "gap_opens", "878", 9, 0.35, SIGNS_OF_RISK, ("divergence",), GAP, other_way=SEEN
    ),
    Planted(
        "missing_return", "908", 4, 0.0, (), ("referral_rate",),
        "two monthly returns were never sent, which is not a fall", lasts=2,
    ),
    Planted("missing_return", "352", 5, 0.0, (), REFERRED_AND_KNOWN, ONE_LOST, lasts=1),
    Planted("missing_return", "886", 17, 0.0, (), REFERRED_AND_KNOWN, ONE_LOST, lasts=1),
    Planted("missing_care_return", "830", 8, 0.0, (), MISSING_AND_KNOWN, QUARTER_LOST, lasts=3),
    Planted("missing_care_return", "887", 8, 0.0, (), MISSING_AND_KNOWN, QUARTER_LOST, lasts=3),
    Planted(
        "numbered_anew", "306", 17, 0.0, (), RE_REFERRED_AND_KNOWN,
        "everybody gets a new local number and keeps the pupil number, which is no change",
    ),
    Planted(
        "numbered_anew", "830", 19, 0.0, (), RE_REFERRED_AND_KNOWN,
        "everybody gets a new local number, those known before lose their pupil number: no change",
    ),
)  # fmt: skip
RISES = {"excluded_not_referred", "missing_not_assessed", "absent_not_referred"}
NO_CHANGE = {"missing_return", "missing_care_return", "numbered_anew"}
QUIET = {*NO_CHANGE, "referral_dip"}

CENSUS_SENDERS = ("884", "391", "870", "880", "874", "890")
PRIORITY = (
    "383", "884", "306", "857", "352", "382", "830", "935", "839", "840", "942", "943",
    "860", "881", "936", "316", "892", "926", "888", "341", "919", "908", "802", "391",
)  # fmt: skip
"""The first authorities of any small set: all that is planted, every region, some of each kind."""

Effects = dict[str, Weights]


def planted(horizon: Horizon, la_codes: tuple[str, ...], scenario: str) -> tuple[Event, ...]:
    """What is planted in these authorities within this time."""
    if scenario == "calm":
        return ()
    months = horizon.reporting_months
    local = [
        _event(row, _onset(row, months[-1]))
        for row in PLAN
        if row.la_code in la_codes and row.back < len(months) - 1
    ]
    return (*local, *_national(horizon, la_codes))


def _onset(row: Planted, last: date) -> date:
    """Of a lost SSDA903 return the January before the last 31 March by which one was due."""
    if row.kind == "missing_care_return":
        return date(last.year - (last.month < 5), 1, 1)
    return add_months(last, -row.back)


def _event(row: Planted, onset: date) -> Event:
    rises = row.size > 0 or row.kind in RISES
    return Event(
        id=f"{row.kind}-{row.la_code}",
        kind=row.kind,
        indicators=row.indicators,
        la_codes=(row.la_code,),
        onset=onset,
        size=row.size,
        words=row.words.format(size=abs(row.size)),
        direction="none" if row.kind in NO_CHANGE else "up" if rises else "down",
        expects_alert=row.kind not in QUIET,
        is_sustained=row.lasts is None,
        is_small_area=row.small,
        until=None if row.lasts is None else add_months(onset, row.lasts - 1),
    )


def _national(horizon: Horizon, la_codes: tuple[str, ...]) -> list[Event]:
    events = []
    if horizon.start <= SHOCK[0] and SHOCK[1] <= horizon.until:
        events.append(
            Event(
                id="closure_shock", kind="closure_shock",
                indicators=("referral_rate", "suspension_rate"),
                la_codes=la_codes, onset=SHOCK[0], size=-0.2, direction="down",
                words="schools close for three months: referrals from schools fall by 70%, "
                "all referrals by about 20%, suspensions almost cease",
                expects_alert=False, is_sustained=False, until=SHOCK[1].replace(day=1),
                level="country",
            )
        )  # fmt: skip
    if horizon.start < REORGANISED <= horizon.until and {"942", "943"} <= set(la_codes):
        events.append(
            Event(
                id="reorganisation-909", kind="reorganisation", indicators=("referral_rate",),
                la_codes=("909", "942", "943"), onset=REORGANISED, size=0.0,
                words="Cumbria becomes Cumberland and Westmorland and Furness, which is not a fall",
                expects_alert=False, is_sustained=True,
            )
        )  # fmt: skip
    return events


def effects(horizon: Horizon, events: tuple[Event, ...], la_code: str) -> Effects:
    """For each stream the factor by which each day's rate is multiplied."""
    streams = {name for row in PLAN for name in row.sizes(row.size)} | SHOCK_SIZES.keys()
    found = {stream: np.ones(len(horizon.days)) for stream in sorted(streams)}
    for event in events:
        if event.kind == "closure_shock":
            for stream, size in SHOCK_SIZES.items():
                found[stream] *= _curve(horizon, size - 1, event.onset, event.until)
        elif event.la_codes == (la_code,):
            row = next(row for row in PLAN if row.kind == event.kind and row.la_code == la_code)
            for stream, size in row.sizes(event.size).items():
                found[stream] *= (
                    _drift(horizon, size, event.onset)
                    if event.kind == "referral_drift"
                    else _curve(horizon, size, event.onset, event.until)
                )
    return found


def _curve(horizon: Horizon, size: float, onset: date, until: date | None) -> Weights:
    last = number(month_end(until) if until else horizon.until)
    return np.where((horizon.days >= number(onset)) & (horizon.days <= last), 1 + size, 1.0)


def _drift(horizon: Horizon, size: float, onset: date) -> Weights:
    months = horizon.month_of_day - horizon.month_of_day[number(onset) - horizon.days[0]] + 1
    return np.asarray((1 + size) ** np.clip(months, 0, None))


def onset_of(events: tuple[Event, ...], kind: str, la_code: str) -> int | None:
    """The day from which something holds in an authority."""
    for event in events:
        if event.kind == kind and la_code in event.la_codes:
            return number(event.onset)
    return None
