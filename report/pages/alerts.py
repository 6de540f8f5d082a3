"""The list of alerts and a page of evidence for each."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from sightline.report import words
from sightline.report.data import Indicator, Row
from sightline.report.view import Page, View
from sightline.warehouse.alert_terms import LIVE
from sightline.warehouse.release import evidence

HERE = "alerts/index.html"
START = ("index.html", "Overview")


def pages(view: View) -> Iterator[Page]:
    yield Page(HERE, "alerts.html", "Alerts", HERE, lambda: _list(view), (START,))
    for alert in view.alerts:
        yield Page(
            f"alerts/{alert['file']}", "alert.html", alert["title"], HERE,
            partial(_context, view, alert),
            (START, (HERE, "Alerts")),
        )  # fmt: skip


def _list(view: View) -> dict[str, Any]:
    by_state: dict[str, list[Row]] = {}
    for alert in view.alerts:
        by_state.setdefault(words.words(alert["state"], words.STATES), []).append(alert)
    live = len(view.live_alerts)
    pending = sum(alert["state"] == "pending" for alert in view.alerts)
    return {
        "summary": f"{words.count(live, 'alert')} open, acknowledged or put off; "
        f"{pending} pending; {len(view.alerts) - live - pending} closed. "
        "Each is a question to ask, not a verdict.",
        "states": list(by_state.items()),
        "scripted": False,
    }


def _context(view: View, alert: Row) -> dict[str, Any]:
    area = view.areas.get(alert["area_key"])
    about = view.by_id.get(alert["indicator"])
    known = area is not None and about is not None
    cards = view.cards(area, about, link=None)[:1] if area and about else []
    return {
        "alert": alert,
        "about": about,
        "name": about.name if about else alert["indicator"],
        "lead": _lead(alert),
        "judged": judged(alert, about),
        "driven": view.driven_by(area, about.indicator)
        if _is_live(alert) and area and about
        else [],
        "drivers": view.drivers_page(area, about.indicator) if area and about else "",
        "cards": cards,
        "checks": words.lines(about.what_to_check) if about else [],
        "explanations": words.lines(about.other_explanations) if about else [],
        "companions": _companions(view, alert) if known else [],
        "events": view.published.events.get(alert["alert_id"], []),
        "scripted": False,
    }


def _is_live(alert: Row) -> bool:
    return alert["state"] in LIVE


def _lead(alert: Row) -> str:
    side = {"down": "lower", "up": "higher"}.get(alert["direction"], "other")
    lasted = evidence.lasted(
        alert["opened_period"], alert["periods_passed"] or 1, alert["periods_marked"],
        alert["period_type"],
    )  # fmt: skip
    closing = {
        "pending": " This is the first month in which it is seen; a second one opens the alert.",
        "resolved": " It has returned to its usual range or was closed by a person.",
        "retracted": " Judged with what is known today it would not have been raised.",
        "no_longer_supported": " The return behind it was taken back.",
        "closed_by_reorganisation": " The authority is no more.",
        "closed_by_definition": " The indicator is no longer defined.",
        "dropped": " Nothing confirmed it.",
    }
    return (
        f"This indicator has been {side} than expected in {alert['area_name']}, up to "
        f"{alert['last_words']}. {lasted}.{closing.get(alert['state'], '')}"
    )


def judged(alert: Row, about: Indicator | None) -> list[str]:
    """What was judged, and the newest figure alone; nothing where no figure is shown."""
    shown = evidence.read(alert["summary"])
    if shown is None or about is None:
        return []
    scale = evidence.Scale(about.unit, about.decimals, about.period_type)
    together = evidence.judged(shown, alert["direction"], scale, alert["last_period"])
    alone = evidence.newest(shown, alert["direction"], scale)
    return [together, *([alone] if alone else [])]


def _companions(view: View, alert: Row) -> list[dict[str, Any]]:
    area = view.areas[alert["area_key"]]
    return [
        view.row(area, one)
        for one in view.indicators
        if one.is_monitored and one.indicator != alert["indicator"] and view.has_figures(area, one)
    ]
