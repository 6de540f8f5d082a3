"""The figures of an alert's message as a small table: what was judged, by how much, the newest."""

from sightline.monitoring.messages import AlertMessage, scale_of
from sightline.warehouse.calendar import period_name
from sightline.warehouse.release.evidence import newest_alone, number

Table = list[tuple[str, str]]


def rows(message: AlertMessage) -> Table:
    """What is counted and how much of it; nothing where no number bears the alert out."""
    figures, scale = message.figures, scale_of(message)
    if figures.is_withheld or not figures.bears_out(message.direction):
        return []
    if figures.value is None or figures.expected is None:
        return []
    last = period_name(scale.period_type, figures.last or message.period)
    first = period_name(scale.period_type, figures.first) if figures.first else last
    when = last if first == last else f"{first} to {last}"
    found = [
        (f"{when} ({scale.unit})", number(figures.value, scale)),
        ("Expected", number(figures.expected, scale)),
    ]
    if figures.lower is not None and figures.upper is not None:
        usual = f"{number(figures.lower, scale)} to {number(figures.upper, scale)}"
        found.append(("Usual", usual))
    if figures.difference:
        found.append(("In number, about", f"{figures.difference:+,}"))
    if figures.change:
        found.append(("In per cent", f"{figures.change:+}%"))
    if alone := newest_alone(figures, message.direction, scale):
        when, value, expected = alone
        found += [(f"{when} alone", value), ("Expected of it", expected)]
    return found


def tails(message: AlertMessage) -> list[str]:
    """By how much and for how long, for a subject, the longest first; which way alone where no
    range bears a number out."""
    way = "lower" if message.direction == "down" else "higher"
    told = dict(rows(message))
    if "Usual" not in told or not message.figures.change:
        return [f" {way} than expected", f" {way}"]
    side = "below" if message.figures.change < 0 else "above"
    short = f" {abs(message.figures.change)}% {side}"
    share = f"{short} expected"
    passed = message.periods_passed or message.periods_seen
    if passed != message.figures.periods or passed == 1:
        return [share, short]  # how long it lasts is another time than the one that was judged
    return [f"{share} for {passed} {message.period_type}s", share, short]
