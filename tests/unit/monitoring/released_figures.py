"""A release as far as messages need one."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sightline.monitoring.alerts.lifecycle import Finding

FALL = Finding(
    indicator="referral_rate",
    indicator_name="Referral rate",
    area_code="E08000035",
    area_name="Leeds",
    area_level="local_authority",
    breakdown="total",
    direction="down",
    period=date(2026, 8, 1),
    status="worsening",
    kind="sustained",
    evidence={"value": 400.04},
)
LEEDS = """{"first": "2026-08-01", "last": "2026-08-01", "periods": 1, "value": 400.04,
    "expected": 500.0, "lower": 440.0, "upper": 560.0, "difference": -75, "change": -20.0,
    "newest": "2026-08-01", "newest_value": 400.04, "newest_expected": 500.0, "kind": "sustained",
    "is_provisional": false}"""


@dataclass(frozen=True)
class Released:
    release_id: str
    as_of: date
    simulated: bool
    database: Path
