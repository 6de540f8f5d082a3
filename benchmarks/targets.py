"""What the detector must reach, and the table that says whether it does."""

from dataclasses import dataclass

Result = dict[str, dict[str, dict[str, float]]]  # group, method, measure

OURS = "Sightline"


@dataclass(frozen=True)
class Target:
    says: str
    group: str
    measure: str
    least: float = float("-inf")
    most: float = float("inf")
    known_truth: float | None = None  # what a method that knows the truth would reach
    method: str = OURS

    def value(self, result: Result, method: str | None = None) -> float | None:
        return result.get(self.group, {}).get(method or self.method, {}).get(self.measure)

    def holds(self, result: Result) -> bool:
        value = self.value(result)
        return value is None or self.least <= value <= self.most

    @property
    def bound(self) -> str:
        low, high = self.least != float("-inf"), self.most != float("inf")
        if low and high:
            return f"{self.least:g} to {self.most:g}"
        return f"at least {self.least:g}" if low else f"at most {self.most:g}"


def _native(group: str, says: str) -> list[Target]:
    return [
        Target(f"{says}: {kind} at a nominal 1 %", group, "native", 0.005, 0.015, None, method)
        for kind, method in (("false, sustained,", OURS), ("false, one month,", ONE_MONTH))
    ]


ONE_MONTH = f"{OURS}, one month"
TARGETS = [
    Target("weekly rises, found at 1 % false", "weekly rises", "found", 0.55, known_truth=0.56),
    Target("weekly rises, F1", "weekly rises", "f1", 0.47, known_truth=0.49),
    Target("weekly drops, found at 1 % false", "weekly drops", "found", 0.61, known_truth=0.63),
    Target("drop 10 %, found within 6 months", "referrals", "drop10", 0.40, known_truth=0.54),
    Target("drop 20 %, within 6", "referrals", "drop20", 0.90, known_truth=0.97),
    Target("missing +30 %, within 6", "missing", "rise30", 0.60, known_truth=0.85),
    Target("suspensions +50 %, within 6", "suspensions", "rise50", 0.88, known_truth=1.0),
    Target("drift -1 % a month, within 12", "referrals", "drift1", 0.35, known_truth=0.64),
    Target("one-month dip raised as sustained", "referrals", "oneoff", most=0.25),
    Target("weekly rises: false at a nominal 1 %", "weekly rises", "native", 0.005, 0.015),
    Target("weekly drops: false at a nominal 1 %", "weekly drops", "native", 0.005, 0.015),
    *(target for name in ("referrals", "missing", "suspensions") for target in _native(name, name)),
    *(
        Target(
            f"{name} as reported: false, {kind}",
            f"{name} as reported",
            "native",
            most=0.015,
            method=method,
        )
        for name in ("referrals", "missing", "suspensions")
        for kind, method in (("sustained", OURS), ("one month", ONE_MONTH))
    ),
    Target("expected as in R", "agreement with R", "expected", 0.99, method="flexible Farrington"),
    Target("dispersion as in R", "agreement with R", "phi", 0.99, method="flexible Farrington"),
    Target(
        "nbPlugin bound as in R", "agreement with R", "upper", 0.995, method="flexible Farrington"
    ),
    Target("12 indicators, one month, CPU seconds", "speed", "month", most=5.0),
    Target("12 indicators, 60 months, CPU minutes over two cores", "speed", "replay", most=5.0),
]


def missed(result: Result) -> list[Target]:
    return [target for target in TARGETS if not target.holds(result)]


def table(result: Result) -> str:
    """One line a target, one column a method; what was not measured is left out."""
    measured = [target for target in TARGETS if target.value(result) is not None]
    peers = list(
        dict.fromkeys(
            method
            for target in measured
            for method in result[target.group]
            if not method.startswith(OURS)
        )
    )
    lines = [["", "to reach", "known truth", OURS, "holds", *peers]]
    for target in measured:
        limit = "" if target.known_truth is None else f"{target.known_truth:.2f}"
        others = [target.value(result, peer) for peer in peers]
        value = target.value(result)
        lines.append(
            [
                target.says,
                target.bound,
                limit,
                _shown(value) if target.method.startswith(OURS) else "",
                "yes" if target.holds(result) else "NO",
                *(_shown(other) for other in others),
            ]
        )
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
