"""An estimate with its likely range over how many are known."""

from markupsafe import Markup

from report.svg import Scale, named, place, text

EDGE, END, AXIS = 12, 560, 66


def expected_and_known(
    lower: float, value: float, upper: float, known: float, *, title: str, description: str
) -> Markup:
    """A dot on its range, and under it the known as a bar from nought."""
    across = Scale(0, upper * 1.15, EDGE, END)
    middle = place(across.at(value))
    parts = [
        f'<path class="axis" d="M{EDGE} {AXIS}H{END}"/>',
        f'<path class="known" d="M{EDGE} {AXIS}v-16H{across(known)}v16z"/>',
        text("left", EDGE, AXIS + 20, f"Known: {known:,.0f}"),
        f'<path class="likely" d="M{across(lower)} 26H{across(upper)}"/>',
        f'<circle class="dot-line" cx="{middle}" cy="26" r="6"/>',
        text("middle", across.at(value), 14, f"Estimate: {value:,.0f}"),
        text("right", across.at(lower) - 8, 31, f"{lower:,.0f}"),
        text("left", across.at(upper) + 8, 31, f"{upper:,.0f}"),
    ]
    return named("chart estimate", "estimate", title, description, ' viewBox="0 0 640 92"', parts)
