"""What alerts tell detection: since when a worsening has been known that nobody saw the end of."""

from collections.abc import Iterable
from datetime import date

from sightline.monitoring.alerts.findings import Alert
from sightline.warehouse.alert_terms import LIVE


def of(alerts: Iterable[Alert]) -> dict[tuple[str, str, str], date]:
    """The first period of each live alert, by indicator, breakdown and area code."""
    return {
        (alert.indicator, alert.breakdown, alert.area_code): alert.opened_period
        for alert in alerts
        if alert.state in LIVE
    }
