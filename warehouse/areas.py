"""Who may send: the authorities of the geography seed, with their time in being and forerunners."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

SEEDS = Path(__file__).parents[1] / "dbt_project" / "seeds"
PUBLISHER = "published"


@dataclass(frozen=True)
class Authority:
    la_code: str
    name: str
    valid_from: date
    valid_to: date | None
    forerunners: frozenset[str]

    def existed(self, start: date, end: date) -> bool:
        return self.valid_from <= start and (self.valid_to is None or self.valid_to >= end)


@cache
def authorities() -> dict[str, Authority]:
    """Every authority by its three-digit code; a recode under the same code counts as one."""
    forerunners: dict[str, set[str]] = {}
    for row in seed("area_successions.csv"):
        forerunners.setdefault(row["la_code_to"], set()).add(row["la_code_from"])
    found: dict[str, Authority] = {}
    for row in seed("areas.csv"):
        if row["area_level"] == "local_authority" and row["la_code"]:
            code = row["la_code"]
            known = found.get(code)
            new = _authority(row, frozenset(forerunners.get(code, ())))
            found[code] = _joined(known, new) if known else new
    return found


@cache
def numbers() -> dict[str, str]:
    """The three-digit code of each authority by its code at the Office for National Statistics."""
    return {row["area_code"]: row["la_code"] for row in seed("areas.csv") if row["la_code"]}


@cache
def regions_of() -> dict[str, tuple[str, str]]:
    """Code and name of its region, by the code of each area that lies in one."""
    names = {row["area_code"]: row["area_name"] for row in seed("areas.csv")}
    return {
        row["area_code"]: (row["region_code"], names.get(row["region_code"], ""))
        for row in seed("areas.csv") if row["region_code"]
    }  # fmt: skip


def _authority(row: dict[str, str], forerunners: frozenset[str]) -> Authority:
    ended = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    began = date.fromisoformat(row["valid_from"])
    return Authority(row["la_code"], row["area_name"], began, ended, forerunners)


def _joined(one: Authority, other: Authority) -> Authority:
    last = max(one, other, key=lambda authority: authority.valid_from)
    began = min(one.valid_from, other.valid_from)
    return Authority(last.la_code, last.name, began, last.valid_to, last.forerunners)


def seed(name: str) -> list[dict[str, str]]:
    """The rows of a seed of the models."""
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
