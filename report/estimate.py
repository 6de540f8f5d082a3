"""An estimate with its likely range over how many are known."""

from markupsafe import Markup

from sightline.report.svg import Scale, named, place, text

EDGE, END, AXIS = 4, 360, 84


def expected_and_known(
    lower: float, value: float, upper: float, known: float, *, title: str, description: str
) -> Markup:
    """A dot on its range, and under it the known as a bar from nought."""
    across = Scale(0, upper, EDGE, END)
    middle = place(across.at(value))
    parts = [
        f'<path class="axis" d="M{EDGE} {AXIS}H{END}"/>',
        f'<path class="known" d="M{EDGE} {AXIS}v-18H{across(known)}v18z"/>',
        text("left", EDGE, AXIS + 20, f"Known: {known:,.0f}"),
        f'<path class="likely" d="M{across(lower)} 32H{across(upper)}"/>',
        f'<circle class="dot-line" cx="{middle}" cy="32" r="6"/>',
        text("middle", across.at(value), 15, f"Estimate: {value:,.0f}"),
        text("right", across.at(lower) - 6, 36.5, f"{lower:,.0f}"),
        text("left", across.at(upper) + 6, 36.5, f"{upper:,.0f}"),
    ]
    return named("chart estimate", "estimate", title, description, ' viewBox="0 0 420 110"', parts)
