"""Hand-made cases: what senders deliver, and the figures that must come out.

Each case has a sender of its own, so that nearly all of them fit into one monitor. Cases are the
ends of rules: below, on and above each limit, and what a simulation hardly ever makes.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from oracle.bundles import (
    Files,
    after,
    annex_a,
    care,
    census,
    censuses,
    cin,
    monthly,
    months,
    placements,
    release,
    ssd,
)

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"
LONG = "2024-01-01/2026-09-30"
SOME = object()
"""In place of a value: any value, but not none."""


@dataclass
class Check:
    """A row of a table that must be so; `rows` is how many rows there must be instead."""

    relation: str
    where: dict[str, Any]
    expect: dict[str, Any] = field(default_factory=dict)
    rows: int | None = None


@dataclass
class Case:
    name: str
    senders: tuple[str, ...]
    first: dict[str, Files | str]
    """What arrives before the first run, by path in the inbox; a folder where the name has no
    suffix, a zip where it ends so."""
    second: dict[str, Files | str]
    checks: list[Check]
    is_alone: bool


Told = dict[str, Files | str]
Made = tuple[Told, list[Check]] | tuple[Told, list[Check], Told]
_MADE: list[tuple[Callable[..., Made], tuple[str, ...] | int, bool]] = []


def case(senders: tuple[str, ...] | int = 1, *, is_alone: bool = False) -> Callable[..., Any]:
    """A function of the senders' codes that gives files, checks and what arrives later.

    Where there are several senders, paths begin with the sender's code.
    """

    def keep(make: Callable[..., Made]) -> Callable[..., Made]:
        _MADE.append((make, senders, is_alone))
        return make

    return keep


def cases() -> list[Case]:
    """All of them, each with authorities that no other one has."""
    taken = {code for _, senders, _ in _MADE if isinstance(senders, tuple) for code in senders}
    free = iter([code for code in _authorities() if code not in taken])
    found = []
    for make, senders, is_alone in _MADE:
        codes = senders if isinstance(senders, tuple) else tuple(next(free) for _ in range(senders))
        files, checks, *later = make(*codes)
        for check in checks:
            if "la_code" not in check.where and check.relation != "published.trends":
                check.where["la_code"] = codes[0]
        first, second = (
            {name if len(codes) > 1 else f"{codes[0]}/{name}": told for name, told in one.items()}
            for one in (files, later[0] if later else {})
        )
        found.append(Case(make.__name__, codes, first, second, checks, is_alone))
    return found


def _authorities() -> list[str]:
    with (SEEDS / "areas.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    here = {row["la_code"] for row in rows if row["la_code"] and not row["valid_to"]}
    # Two are so small that their figures are pooled or unusual.
    return sorted(here - {"201", "420"})


def counted(measure: str, period: str, value: float, sender: str | None = None) -> Check:
    """A measure of a month, of the first month of a term, or of a September for a school year."""
    where = {"measure": measure, "period_start": _first(period)}
    return Check("intermediate.int_measures", where | _of(sender), {"measured": value})


def cell(indicator: str, period: str, sender: str | None = None, **expect: Any) -> Check:
    where = {"indicator": indicator, "source": "extracts", "period_start": _first(period)}
    return Check("marts.fct_indicator_values", where | _of(sender), expect)


def row_count(relation: str, rows: int, **where: Any) -> Check:
    return Check(f"intermediate.{relation}", where, rows=rows)


def account(file: str, **expect: Any) -> Check:
    """How many rows of a submission are counted, told late, superseded or outside, by its name."""
    return Check("account", {"file": file}, expect)


def _of(sender: str | None) -> dict[str, str]:
    return {"la_code": sender} if sender else {}


def _first(period: str) -> date:
    return date(int(period[:4]), int(period[5:]), 1)


def month(*, skip: tuple[str, ...] = (), **more: Any) -> Callable[[str], Any]:
    """A bundle of one referral of P0 on the 10th, with what else is given."""

    def bundle(name: str) -> dict[str, Any]:
        referrals = [] if name in skip else [f"R{name.replace('-', '')} P0 {name}-10"]
        return {"referrals": referrals} | more

    return bundle


def long_ssd(sender: str, *, referrals: tuple[str, ...] = (), **more: Any) -> Files:
    """One bundle from January 2024 to September 2026 with a closed referral of P0 each month."""
    usual = tuple(
        f"R{name.replace('-', '')} P0 {name}-10 closed={name}-11"
        for name in months("2024-01", "2026-09")
    )
    return ssd(sender, LONG, referrals=usual + referrals, **more)


# Which row speaks for a day


@case(("330", "203"))
def exclusion_number_returns(s, other):
    """Rows are numbered anew in each extract: two suspensions of two pupils, both row 1."""
    files = {
        f"{s}/2025_3.zip": census(
            s, 2025, "Autumn", pupils="1 2010-02-01 u1", exclusions="1 1 2025-02-10 SUSP"
        ),
        f"{s}/2026_1.zip": census(
            s, 2026, "Spring", pupils="1 2010-02-01 u2", exclusions="1 1 2025-10-10 SUSP"
        ),
        f"{other}/ssd": ssd(other, "2026-01-01/2026-09-30", referrals="R1 P0 2026-05-10"),
    }
    return files, [
        counted("suspensions", "2025-02", 1),
        counted("suspensions", "2025-10", 1),
        counted("referrals", "2026-05", 1, other),
    ]


@case(("317",))
def exclusion_date_corrected(s):
    """The newer of the two censuses that cover the day says the 11th, not the 10th."""
    files = censuses(s, first=(2025, "Spring"), last=(2026, "Summer"))
    for (year, term), day in {(2025, "Autumn"): "10", (2026, "Spring"): "11"}.items():
        files |= {
            name: census(
                s, year, term, pupils="P1 2010-02-01 u1", exclusions=f"P1 E1 2025-06-{day} SUSP"
            )
            for name in files
            if name.startswith(f"census_{year}") and term.lower() in name
        }
    return files, [
        counted("suspensions", "2025-06", 1),
        row_count("int_exclusions", 1, start_date=date(2025, 6, 11)),
    ]


@case()
def exclusion_moved_to_another_month(s):
    files = {
        "a.zip": census(
            s, 2025, "Autumn", pupils="7 2010-02-01 u1", exclusions="7 E1 2025-06-30 PERM"
        ),
        "b.zip": census(
            s, 2026, "Spring", pupils="9 2010-02-01 u1", exclusions="9 E4 2025-07-01 PERM"
        ),
    }
    return files, [
        counted("permanent_exclusions", "2025-06", 0),
        counted("permanent_exclusions", "2025-07", 1),
    ]


@case()
def exclusion_told_late(s):
    """The autumn census tells of January to August, and of one day that others told nothing of."""
    files = {
        "a.zip": census(s, 2025, "Spring"),
        "b.zip": census(s, 2025, "Summer"),
        "c.zip": census(
            s, 2025, "Autumn",
            pupils=["P1 2010-02-01 u1", "P2 2010-02-01 u2", "P3 2010-02-01 u3"],
            exclusions=["P1 E1 2025-02-10 SUSP", "P2 E2 2024-12-10 SUSP", "P3 E3 2025-05-10 SUSP"],
        ),
    }  # fmt: skip
    return files, [
        counted("suspensions", "2024-12", 1),
        counted("suspensions", "2025-02", 1),
        counted("suspensions", "2025-05", 1),
        account("c.zip", told_late=1, superseded=0),
    ]


@case()
def exclusions_on_two_rolls_with_one_number(s):
    """Numbers of pupils and exclusions on roll and off roll are apart; all three are events."""
    files = {
        "a.zip": census(
            s, 2026, "Spring",
            pupils=["1 2010-02-01 u1", "2 2010-02-01 u2 left=yes"],
            exclusions=["1 1 2025-10-08 SUSP", "2 1 2025-10-08 SUSP", "2 2 2025-10-09 SUSP"],
        )
    }  # fmt: skip
    return files, [counted("suspensions", "2025-10", 3)]


@case()
def exclusion_of_a_changed_pupil_number_is_one(s):
    """The newest census gives the pupil a new number, and tells the same day late as well."""
    files = {
        "a.zip": census(
            s, 2025, "Autumn", pupils="1 2010-02-01 u1", exclusions="1 1 2025-03-10 SUSP"
        ),
        "b.zip": census(
            s, 2026, "Spring", pupils="1 2010-02-01 u2 former=u1",
            exclusions=["1 1 2025-03-10 SUSP", "1 2 2025-06-10 SUSP", "1 3 2025-06-12 SUSP"],
        ),
    }  # fmt: skip
    return files, [
        counted("suspensions", "2025-03", 1),
        counted("suspensions", "2025-06", 2),
        counted("suspended_pupils", "2025-08", 1),
    ]


@case(("304",))
def cin_assessment_ordinal_restarts(s):
    """A year's census never takes the assessments of the year before away."""
    boy, girl = "A1 2010-05-20 M u1", "A2 2010-05-20 F u2"
    files = {
        "cin_2025.xml": cin(
            s, 2025, children=[boy, girl],
            details=["A1 2024-06-03", "> 2024-06-10 2024-07-15 13A",
                     "A2 2024-06-03", "> 2024-06-10 2024-07-16 24A"],
        ),
        "cin_2026.xml": cin(
            s, 2026, children=[boy, "A3 2010-05-20 F u3"],
            details=["A1 2024-06-03", "> 2025-05-01 2025-06-10 1A",
                     "A3 2025-06-03", "> 2025-06-10 2025-07-16 24A"],
        ),
    }  # fmt: skip
    return files, [
        counted("exploitation_assessments", "2024-07", 2),
        counted("exploitation_assessments", "2025-06", 0),
        counted("exploitation_assessments", "2025-07", 1),
    ]


@case()
def cin_assessment_told_again_and_completed(s):
    """Begun in one year and completed in the next: the newer tells of the completion alone."""
    files = {
        "cin_2025.xml": cin(
            s, 2025, children="A1 2010-05-20 M u1",
            details=["A1 2025-03-03", "> 2025-03-10 -", "> 2025-03-20 2025-03-30 1A"],
        ),
        "cin_2026.xml": cin(
            s, 2026, children="A1 2010-05-20 M u1",
            details=["A1 2025-03-03", "> 2025-03-10 2025-04-15 13A", "> 2025-03-20 2025-03-30 24A"],
        ),
    }  # fmt: skip
    return files, [
        # Told late, and the newer telling of the assessment of 20 March decides what it found.
        counted("exploitation_assessments", "2025-03", 1),
        counted("exploitation_assessments", "2025-04", 1),
    ]


@case()
def cin_referral_told_late(s):
    files = {
        "cin_2025.xml": cin(
            s, 2025, children=["A1 2010-05-20 M u1", "A9 2010-05-20 M u9"],
            details=["A1 2024-06-03 closed=2024-07-01", "A9 2024-05-03 closed=2024-07-01"],
        ),
        "cin_2026.xml": cin(
            s, 2026, children=["A2 2010-05-20 M u2", "A3 2010-05-20 M u3"],
            details=["A2 2025-02-03 closed=2025-05-01", "A3 2025-06-03 2A nfa=1"],
        ),
    }  # fmt: skip
    return files, [
        counted("referrals", "2024-06", 1),
        counted("referrals", "2025-02", 1),
        counted("referrals", "2025-06", 1),
        account("cin_2026.xml", told_late=1),
    ]


@case(("305",))
def correction_takes_missing_episode_away(s):
    """A correction of three months leaves an episode of February out, and nothing of June."""
    two = ["K1 2010-02-20 u1", "K2 2010-02-20 u2"]
    here = ["K1 2024-04-01 C2", "K2 2024-04-01 C2"]
    files = {
        "903_2025": care(
            s, "2024-04-01/2025-03-31", children=two, episodes=here,
            missing=["K1 M 2025-02-10 2025-02-12", "K2 M 2025-02-11 2025-02-11",
                     "K2 M 2024-06-11 2024-06-11"],
        ),
        "903_2025_corrected": care(
            s, "2025-01-01/2025-03-31", children=two, episodes=here,
            missing="K2 M 2025-02-11 2025-02-11",
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2025-02", 1),
        counted("missing_episodes", "2024-06", 1),
        counted("missing_children", "2025-03", 1),
        account("903_2025", superseded=SOME),
    ]


@case()
def correction_in_a_later_run(s):
    """The same, arriving after a run, with a day moved into the corrected months."""
    two = ["K1 2010-02-20 u1", "K2 2010-02-20 u2"]
    here = ["K1 2024-04-01 C2", "K2 2024-04-01 C2"]
    first = care(
        s, "2024-04-01/2025-03-31", children=two, episodes=here,
        missing=["K1 M 2025-02-10 2025-02-12", "K1 M 2024-12-31 2024-12-31",
                 "K2 M 2024-06-11 2024-06-11"],
    )  # fmt: skip
    later = care(
        s, "2024-12-01/2025-02-28", children=two, episodes=here,
        missing="K1 M 2025-01-01 2025-01-01",
    )  # fmt: skip
    return (
        {"return": first},
        [
            counted("missing_episodes", "2024-12", 0),
            counted("missing_episodes", "2025-01", 1),
            counted("missing_episodes", "2025-02", 0),
            counted("missing_episodes", "2024-06", 1),
        ],
        {"a_correction": later},
    )


@case()
def correction_takes_care_of_a_part_away(s):
    """The child is looked after in January and March by the old return, not in February."""
    two = ["K1 2010-02-20 u1", "K2 2010-02-20 u2"]
    files = {
        "a": care(
            s, "2025-01-01/2025-03-31", children=two,
            episodes=["K1 2024-04-01 C2", "K2 2024-04-01 C2"],
        )
    }  # fmt: skip
    later = {"b": care(s, "2025-02-01/2025-02-28", children=two[:1], episodes="K1 2024-04-01 C2")}
    return (
        files,
        [
            counted("looked_after_children", "2025-01", 2),
            counted("looked_after_children", "2025-02", 1),
            counted("looked_after_children", "2025-03", 2),
        ],
        later,
    )


@case()
def correction_of_half_a_month(s):
    """The first half of May is told again without R1; R2 of the second half stays."""
    files = {
        "ssd_may": ssd(s, "2026-05", referrals=["R1 P0 2026-05-10", "R2 P1 2026-05-20"]),
        "ssd_june": ssd(s, "2026-06", referrals=["R3 P2 2026-06-20"]),
    }
    later = {
        "ssd_half": ssd(s, "2026-05-01/2026-05-15", referrals=["R4 P3 2026-05-15"]),
    }
    return (
        files,
        [
            counted("referrals", "2026-05", 2),
            counted("referrals", "2026-06", 1),
            account("ssd_may", superseded=SOME),
        ],
        later,
    )


@case()
def late_row_loses_to_a_newer_return_of_its_days(s):
    """April tells late of February; then February is sent again, without it."""
    files = {
        "ssd_02": ssd(s, "2026-02", referrals="R1 P0 2026-02-10"),
        "ssd_03": ssd(s, "2026-03", referrals="R2 P0 2026-03-10"),
        "ssd_04": ssd(s, "2026-04", referrals=["R3 P0 2026-04-10", "R9 P9 2026-02-11"]),
    }
    later = {"ssd_02_again": ssd(s, "2026-02", referrals="R1 P0 2026-02-12")}
    return (
        files,
        [
            counted("referrals", "2026-02", 1),
            row_count("int_referrals", 1, referral_date=date(2026, 2, 12)),
            counted("referrals", "2026-04", 1),
            account("ssd_04", told_late=0, outside=1),
        ],
        later,
    )


@case(("306",))
def missing_episode_told_late(s):
    child, here = "K1 2010-02-20 u1", "K1 2024-04-01 C2"
    files = {
        "903_2025": care(
            s, "2024-04-01/2025-03-31", children=child, episodes=here,
            missing="K1 M 2024-06-10 2024-06-10",
        ),
        "903_2026": care(
            s, "2025-04-01/2026-03-31", children=child, episodes=here,
            missing=["K1 M 2025-02-10 2025-02-10", "K1 M 2025-06-10 2025-06-10"],
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2025-02", 1),
        counted("missing_episodes", "2024-06", 1),
        counted("missing_episodes", "2025-06", 1),
        account("903_2026", told_late=1),
    ]


@case(("310",))
def referral_told_late(s):
    late = ssd(s, "2026-05", referrals=["R202605 P0 2026-05-10", "R_late P1 2026-04-28"])
    files = monthly(s, months("2026-01", "2026-09"), month()) | {"ssd_2026-05.zip": late}
    return files, [
        counted("referrals", "2026-04", 2),
        counted("referrals", "2026-05", 1),
        account("ssd_2026-05.zip", told_late=1),
    ]


@case()
def assessment_told_late(s):
    """Completed in April, told by May's bundle, with its factors."""
    files = {
        "ssd_2026-04": ssd(s, "2026-04", referrals="R1 P1 2026-04-10"),
        "ssd_2026-05": ssd(
            s, "2026-05", referrals="R2 P2 2026-05-10",
            assessments=["A1 R1 P1 2026-04-11 2026-04-28 24A", "A2 R2 P2 2026-05-11 2026-05-28 1A"],
        ),
    }  # fmt: skip
    return files, [
        counted("exploitation_assessments", "2026-04", 1),
        counted("exploitation_assessments", "2026-05", 0),
        account("ssd_2026-05", told_late=1),
    ]


@case()
def annex_a_told_late(s):
    """Windows of three months; the second tells of a referral and a contact before it."""
    files = {
        "first": annex_a(
            "2026-01-01/2026-03-31", contacts=["C1 2026-02-10", "C2 2026-02-11"],
            referrals=["C1 2026-02-10"], assessments=["C1 2026-02-12 2026-03-20"],
        ),
        "second": annex_a(
            "2026-04-01/2026-06-30",
            contacts=["C3 2026-04-10", "C4 2026-05-11", "C5 2026-03-30"],
            referrals=["C3 2026-04-10", "C4 2026-05-11", "C5 2026-03-30"],
        ),
    }  # fmt: skip
    return files, [
        counted("referrals", "2026-02", 1),
        counted("referrals", "2026-03", 1),
        counted("contacts", "2026-03", 1),
        counted("contacts", "2026-02", 2),
        account("second", told_late=2),
    ]


@case(("316",))
def placement_told_late(s):
    files = {
        "ap_2025_autumn": placements(s, "2025-09-01/2025-12-31", "A1 u1 2010-02-01 2025-10-01"),
        "ap_2026_spring": placements(
            s, "2026-01-01/2026-03-31",
            ["A1 u1 2010-02-01 2025-10-01", "A2 u2 2010-02-01 2025-11-03"],
        ),
    }  # fmt: skip
    return files, [
        counted("ap_placements", "2025-09", 2),
        counted("ap_placements", "2026-01", 0),
    ]


@case()
def placement_moved_to_another_term(s):
    """Its first day was put right after the term: the newer telling of the placement counts."""
    files = {
        "ap_2025_autumn": placements(
            s, "2025-09-01/2025-12-31",
            ["A1 u1 2010-02-01 2025-12-12", "A2 u2 2010-02-01 2025-10-01"],
        ),
        "ap_2026_spring": placements(
            s, "2026-01-01/2026-03-31",
            ["A1 u1 2010-02-01 2026-01-12", "A2 u2 2010-02-01 2025-10-02"],
        ),
    }  # fmt: skip
    return files, [
        counted("ap_placements", "2025-09", 1),
        counted("ap_placements", "2026-01", 1),
        row_count("int_ap_placements", 1, entry_date=date(2025, 10, 2)),
    ]


@case()
def placement_numbers_restart(s):
    """Another child has the number in the next term."""
    files = {
        "autumn": placements(s, "2025-09-01/2025-12-31", "1 u1 2010-02-01 2025-10-01"),
        "spring": placements(s, "2026-01-01/2026-03-31", "1 u2 2010-03-01 2026-02-01"),
    }
    return files, [
        counted("ap_placements", "2025-09", 1),
        counted("ap_placements", "2026-01", 1),
    ]


@case()
def placement_withdrawn_by_the_term_sent_again(s):
    files = {
        "ap_autumn_draft": placements(
            s, "2025-09-01/2025-12-31",
            ["A1 u1 2010-02-01 2025-10-01", "A2 u2 2010-02-01 2025-11-01 reason=MEH"],
        ),
        "ap_autumn_final": placements(
            s, "2025-09-01/2025-12-31", ["A1 u1 2010-02-01 2025-10-01"]
        ),
    }  # fmt: skip
    return files, [
        counted("ap_placements", "2025-09", 1),
        counted("ap_placements_behavioural", "2025-09", 1),
    ]


@case()
def numbers_of_the_dataset_restart(s):
    """Each month's bundle numbers its referrals and assessments from 1."""
    files = {
        f"ssd_{name}": ssd(
            s, name, people=[f"P{name[-1]} 2010-02-01 M u{name[-1]}"],
            referrals=f"1 P{name[-1]} {name}-10",
            assessments=f"1 1 P{name[-1]} {name}-11 {name}-20 {codes}",
        )
        for name, codes in {"2026-04": "13A", "2026-05": "1A", "2026-06": "24A"}.items()
    }  # fmt: skip
    return files, [
        counted("referrals", "2026-04", 1),
        counted("referrals", "2026-05", 1),
        counted("referrals", "2026-06", 1),
        counted("exploitation_assessments", "2026-04", 1),
        counted("exploitation_assessments", "2026-05", 0),
        counted("exploitation_assessments", "2026-06", 1),
    ]


@case(("315",))
def referral_moved_and_withdrawn(s):
    """R1 moves to June; the correction of May leaves it out."""
    both = ["R1 P0 2026-05-10", "R2 P0 2026-05-20"]
    files = {
        "ssd_2026-05": ssd(s, "2026-05", referrals=both, sequence=1),
        "ssd_2026-05_c": ssd(s, "2026-05", referrals=both[1], sequence=2),
        "ssd_2026-06": ssd(
            s, "2026-06", referrals=["R1 P0 2026-06-01", "R3 P0 2026-06-20"], sequence=1
        ),
    }
    return files, [counted("referrals", "2026-05", 1), counted("referrals", "2026-06", 2)]


@case()
def referral_moved_without_a_correction(s):
    """The same referral is told by both months; the newer telling decides."""
    files = {
        "ssd_2026-05": ssd(s, "2026-05", referrals=["R1 P0 2026-05-30", "R2 P1 2026-05-20"]),
        "ssd_2026-06": ssd(s, "2026-06", referrals=["R1 P0 2026-06-01", "R3 P2 2026-06-20"]),
    }
    return files, [
        counted("referrals", "2026-05", 1),
        counted("referrals", "2026-06", 2),
        counted("re_referrals", "2026-06", 0),
    ]


@case(("335",))
def lower_sequence_arrives_later(s):
    files = {
        "a": ssd(s, "2026-05", referrals=["R1 P0 2026-05-10", "R2 P0 2026-05-20"], sequence=2),
        "b": ssd(s, "2026-05", referrals="R1 P0 2026-05-10", sequence=1),
    }
    return files, [counted("referrals", "2026-05", 2)]


@case()
def lower_sequence_arrives_in_a_later_run(s):
    files = {"a": ssd(s, "2026-05", referrals=["R1 P0 2026-05-10", "R2 P0 2026-05-20"], sequence=3)}
    later = {"b": ssd(s, "2026-05", referrals="R1 P0 2026-05-10", sequence=2)}
    return files, [counted("referrals", "2026-05", 2)], later


# In one run: period end, period start, name


@case(("307",))
def names_do_not_sort_care(s):
    child, here = "K1 2010-02-20", "K1 2024-04-01 C2"
    files = {
        "903 Apr-Dec": care(
            s, "2025-04-01/2025-12-31", children=child, episodes=here,
            missing=["K1 M 2025-05-12 2025-05-12", "K1 M 2025-06-12 2025-06-13"],
        ),
        "903 Apr-Sep": care(
            s, "2025-04-01/2025-09-30", children=child, episodes=here, missing="K1 M 2025-05-12"
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2025-05", 1),
        counted("missing_episodes", "2025-06", 1),
        counted("missing_episodes_over_24_hours", "2025-05", 0),
        counted("missing_episodes_over_24_hours", "2025-06", 1),
    ]


@case(("320",))
def names_do_not_sort_census(s):
    one, two = "P1 2010-02-01 u1", "P2 2010-02-01 u2"
    first, second = "P1 E1 2025-02-10 SUSP", "P2 E2 2025-02-11 SUSP"
    files = {
        "school_census_2025_autumn.zip": census(
            s, 2025, "Autumn", pupils=[one, two], exclusions=[first, second]
        ),
        "school_census_2025_summer.zip": census(s, 2025, "Summer", pupils=one, exclusions=first),
    }
    return files, [counted("suspensions", "2025-02", 2)]


@case()
def names_do_not_sort_windows(s):
    """Windows that end on one day: the one that begins later is the newer."""
    files = {
        "z_two_months": ssd(
            s, "2026-04-01/2026-05-31",
            referrals=["R1 P1 2026-04-10", "R2 P2 2026-05-10", "R3 P3 2026-05-11"],
        ),
        "a_one_month": ssd(s, "2026-05", referrals="R2 P2 2026-05-10"),
    }  # fmt: skip
    return files, [counted("referrals", "2026-04", 1), counted("referrals", "2026-05", 1)]


@case()
def names_do_not_sort_annex_a(s):
    """January to June is newer than January to March, whatever they are called."""
    files = {
        "2 Jan-Mar": annex_a(
            "2026-01-01/2026-03-31", contacts="C1 2026-02-10",
            referrals=["C1 2026-02-10", "C2 2026-02-11"],
        ),
        "1 Jan-Jun": annex_a(
            "2026-01-01/2026-06-30", contacts=["C1 2026-02-10", "C3 2026-05-10"],
            referrals=["C1 2026-02-10", "C3 2026-05-10"],
        ),
    }  # fmt: skip
    return files, [counted("referrals", "2026-02", 1), counted("referrals", "2026-05", 1)]


@case()
def names_do_not_sort_cin(s):
    """By name the older census comes last; the closure is that of the newer."""
    files = {
        "z_first.xml": cin(s, 2025, children="B1 2010-05-20 M u1", details="B1 2024-06-03"),
        "a_second.xml": cin(
            s, 2026, children="B1 2010-05-20 M u1", details="B1 2024-06-03 closed=2025-09-01"
        ),
    } | censuses(s, pupils="P1 2010-05-20 u1", exclusions="P1 E1 2026-02-10 PERM")
    return files, [
        counted("excluded_pupils", "2026-02", 1),
        counted("excluded_pupils_not_known", "2026-02", 1),
    ]


# Missing from care


@case(("308",))
def two_episodes_on_one_day(s):
    files = {
        "903": care(
            s, "2024-04-01/2025-03-31", children="K1 2010-02-20 u1", episodes="K1 2024-04-01 C2",
            missing=["K1 M 2024-06-10 2024-06-10", "K1 M 2024-06-10 2024-06-11"],
        )
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2024-06", 2),
        counted("missing_episodes_over_24_hours", "2024-06", 1),
        counted("missing_children", "2025-03", 1),
        counted("missing_children_repeat", "2025-03", 1),
        counted("repeat_missing_children", "2024-06", 1),
    ]


@case()
def two_episodes_on_one_day_the_later_open(s):
    """Back on the day and away again: open in the first return, ended in the next."""
    child, here = "K1 2010-02-20 u1", "K1 2024-04-01 C2"
    files = {
        "a": care(
            s, "2024-04-01/2024-12-31", children=child, episodes=here,
            missing=["K1 M 2024-12-30 2024-12-30", "K1 M 2024-12-30"],
        ),
        "b": care(
            s, "2025-01-01/2025-03-31", children=child, episodes=here,
            missing=["K1 M 2024-12-30 2025-01-02", "K1 M 2025-02-10 2025-02-10",
                     "K1 A 2025-02-10 2025-02-11"],
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2024-12", 2),
        counted("missing_episodes_over_24_hours", "2024-12", 1),
        counted("missing_episodes", "2025-01", 0),
        counted("missing_episodes", "2025-02", 1),
    ]


@case(("309",))
def open_episode_later_closed(s):
    child, here = "K1 2010-02-20 u1", "K1 2024-04-01 C2"
    files = {
        "903_2025": care(
            s, "2024-04-01/2025-03-31", children=child, episodes=here,
            missing=["K1 M 2024-06-12 2024-06-12", "K1 M 2024-06-12 2024-06-12", "K1 M 2025-03-30"],
        ),
        "903_2026": care(
            s, "2025-04-01/2026-03-31", children=child, episodes=here,
            missing="K1 M 2025-03-30 2025-04-02",
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2024-06", 1),
        counted("missing_episodes", "2025-03", 1),
        counted("missing_episodes_over_24_hours", "2025-03", 1),
        counted("missing_episodes", "2025-04", 0),
    ]


@case()
def open_episode_ended_on_its_day(s):
    """Open when the return was cut, ended on the same day as the next one tells: not over a day."""
    child, here = "K1 2010-02-20 u1", "K1 2024-04-01 C2"
    files = {
        "a": care(
            s, "2025-01-01/2025-03-31", children=child, episodes=here, missing="K1 M 2025-03-31"
        ),
        "b": care(
            s, "2025-04-01/2025-06-30", children=child, episodes=here,
            missing=["K1 M 2025-03-31 2025-03-31", "K1 M 2025-06-01 2025-06-02"],
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2025-03", 1),
        counted("missing_episodes_over_24_hours", "2025-03", 0),
        counted("missing_episodes_over_24_hours", "2025-06", 1),
    ]


@case(("311",))
def short_breaks_are_not_care(s):
    files = {
        "903": care(
            s, "2024-04-01/2025-03-31",
            children=["K1 2010-02-20", "K2 2010-02-20", "K3 2010-02-20"],
            episodes=["K1 2024-04-01 C2", "K2 2024-06-03 V4 2024-06-05",
                      "K2 2024-06-08 V4 2024-06-09",
                      "K3 2024-04-01 C2"],
        )
    }  # fmt: skip
    return files, [
        counted("looked_after_children", "2024-06", 2),
        counted("looked_after_children_in_year", "2025-03", 2),
    ]


@case()
def short_breaks_turn_into_care_and_back(s):
    """By the day: V4 to August, V2 from 1 September to 15 November, V3 from then on."""
    files = {
        "903": care(
            s, "2024-04-01/2025-03-31", children=["K1 2010-02-20", "K2 2010-02-20"],
            episodes=["K1 2024-04-01 V4 2024-08-31", "K1 2024-09-01 V2 2024-11-15",
                      "K1 2024-11-16 V3", "K2 2024-04-01 C2"],
            missing=["K1 M 2024-06-10 2024-06-12", "K1 M 2024-08-31 2024-09-01",
                     "K1 M 2024-09-02 2024-09-02", "K1 M 2024-11-15 2024-11-15",
                     "K1 M 2024-11-16 2024-11-17", "K2 M 2024-06-10 2024-06-10"],
        )
    }  # fmt: skip
    return files, [
        counted("looked_after_children", "2024-06", 1),
        counted("looked_after_children", "2024-08", 1),
        counted("looked_after_children", "2024-09", 2),
        counted("looked_after_children", "2024-11", 2),
        counted("looked_after_children", "2024-12", 1),
        counted("looked_after_children_in_year", "2025-03", 2),
        counted("missing_episodes", "2024-06", 1),
        counted("missing_episodes", "2024-08", 0),
        counted("missing_episodes", "2024-09", 1),
        counted("missing_episodes", "2024-11", 1),
        counted("missing_episodes_over_24_hours", "2024-11", 0),
        counted("missing_children", "2025-03", 2),
        counted("missing_children_repeat", "2025-03", 1),
    ]


@case()
def short_breaks_make_a_child_known(s):
    files = {
        "903": care(
            s, "2025-04-01/2026-06-30", children="K1 2010-02-20 u1",
            episodes="K1 2025-04-01 V4", missing=(),
        ),
        "ssd": long_ssd(s),
    } | censuses(s, pupils="P1 2010-02-20 u1", exclusions="P1 E1 2026-02-10 PERM")  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 1),
        counted("excluded_pupils_not_known", "2026-02", 0),
        counted("looked_after_children", "2026-02", 0),
    ]


def care_tables(**more: Any) -> dict[str, Any]:
    """In care: K1 in March 2024, K2 in short breaks to 20 May 2026; H1 is at home."""
    return {
        "people": ["K1 2010-02-20 M u1", "K2 2010-02-20 F", "H1 2010-02-20 M"],
        "care": ["K1 2024-03-04", "K2 2025-06-02"],
        "legal": ["K1 C2:_Full_care_order 2024-03-04", "K1 Special_guardianship_order 2020-01-01",
                  "K2 V4 2025-06-02 2026-05-20", "K2 V2 2026-05-21"],
        "missing": (),
    } | more  # fmt: skip


FILLED = "H1 M 2025-10-06 2025-10-07"
"""From then on the table is in use, so that an empty one says nought."""
MISSING_IN_MAY = [
    "K1 M 2026-05-10_22:15:00 2026-05-11_06:00:00.000", "K1 M 2026-05-12 2026-05-12",
    "K1 Absent 2026-05-14 2026-05-15", "K2 M 2026-05-20 2026-05-21", "K2 Missing 2026-05-22",
    "H1 M 2026-05-10 2026-05-11",
]  # fmt: skip


@case()
def care_told_each_month(s):
    """No SSDA903 ever came: short breaks, absences and a child missing from home do not count."""
    bundles = {
        name: care_tables(missing={"2026-05": MISSING_IN_MAY, "2025-10": FILLED}.get(name, ()))
        for name in months("2025-10", "2026-09")
    }
    files = {f"{name}.zip": ssd(s, name, **told) for name, told in bundles.items()}
    return files, [
        cell("missing_incident_rate", "2026-05", numerator=3, denominator=2, reason=None),
        cell("missing_incident_rate", "2026-04", numerator=0, denominator=1, reason=None),
        cell("missing_incident_rate", "2026-09", numerator=0, denominator=2, reason=None),
        counted("missing_episodes_over_24_hours", "2026-05", 2),
        cell("missing_children_share", "2026-09", numerator=2, denominator=2, reason=None),
        cell("missing_children_share", "2026-08", reason="too_little_history"),
        counted("missing_children_repeat", "2026-09", 1),
        row_count("int_missing_episodes", 2, is_from_home=True),
        row_count("int_missing_episodes", 1, is_short_break=True),
        account("2026-05.zip", counted=15, told_late=0, superseded=0, outside=0),
    ]


@case(2)
def care_return_outranks_the_months_that_it_covers(s, other):
    """April to June as SSDA903 tells them, whenever it came; the months around by the tables."""
    told = {name: care_tables() for name in months("2026-02", "2026-09")}
    told["2026-03"]["missing"] = [
        "K1 M 2026-03-31_23:30:00 2026-04-02_01:00:00",
        "K1 M 2026-03-09 2026-03-10",
    ]
    told["2026-05"]["missing"] = MISSING_IN_MAY
    told["2026-07"]["missing"] = ["K1 M 2026-07-06 2026-07-07"]
    for one in told.values():
        one["care"] = ["K1 2024-03-04", "K2 2025-06-02", "K3 2026-01-05"]
    first = {f"{s}/{name}.zip": ssd(s, name, **one) for name, one in told.items()}
    first[f"{other}/long"] = long_ssd(other)
    later = {
        f"{s}/903": care(
            s, "2026-04-01/2026-06-30", children=["K1 2010-02-20 u1", "K2 2010-02-20 sex=F"],
            episodes=["K1 2024-03-04 C2", "K2 2025-06-02 V4 2026-05-20", "K2 2026-05-21 V2"],
            missing=["K1 M 2026-03-31 2026-04-03", "K1 M 2026-04-20 2026-04-20",
                     "K1 M 2026-06-30"],
        )
    }  # fmt: skip
    return (
        first,
        [
            cell("missing_incident_rate", "2026-03", numerator=2, denominator=2, reason=None),
            cell("missing_incident_rate", "2026-04", numerator=1, denominator=1, reason=None),
            cell("missing_incident_rate", "2026-05", numerator=0, denominator=2, reason=None),
            cell("missing_incident_rate", "2026-06", numerator=1, denominator=2, reason=None),
            cell("missing_incident_rate", "2026-07", numerator=1, denominator=3, reason=None),
            account("903", counted=7, told_late=0, superseded=0, outside=1),
            account("2026-05.zip", superseded=6),
            row_count("int_missing_episodes", 0, is_from_home=True),
        ],
        later,
    )


@case()
def a_bundle_without_the_tables_of_care_says_nothing_of_care(s):
    """May has one of the two tables, June none, July both and no row of missing children; in
    February nobody had filled that table so far."""
    told = {name: care_tables() for name in months("2026-02", "2026-07")}
    told["2026-03"]["missing"] = "H1 M 2026-03-06 2026-03-07"
    told["2026-05"].pop("missing")
    for name in ("care", "legal", "missing"):
        told["2026-06"].pop(name)
    files = {f"{name}.zip": ssd(s, name, **one) for name, one in told.items()}
    return files, [
        cell("missing_incident_rate", "2026-02", numerator=None, reason=SOME),
        cell("missing_incident_rate", "2026-04", numerator=0, denominator=1, reason=None),
        cell("missing_incident_rate", "2026-05", numerator=None, reason="no_return"),
        cell("missing_incident_rate", "2026-06", numerator=None, reason="no_return"),
        cell("missing_incident_rate", "2026-07", numerator=0, denominator=2, reason=None),
        cell("missing_incident_rate", "2026-08", numerator=None, reason="no_return"),
        row_count("int_coverage_months", 0, source="missing", period_start=date(2026, 6, 1),
                  is_covered=True),
    ]  # fmt: skip


@case()
def care_told_each_month_makes_a_child_known(s):
    """In care by the tables alone until 10 March 2026, without any referral."""
    told = {
        name: care_tables(
            care="K1 2024-03-04 2026-03-10" if name < "2026-04" else (),
            missing="H1 M 2024-10-06 2024-10-07" if name == "2024-10" else (),
        )
        for name in months("2024-10", "2026-09")
    }
    files: Told = {f"{name}.zip": ssd(s, name, **one) for name, one in told.items()}
    files |= censuses(
        s, pupils="P1 2010-02-20 u1",
        exclusions=["P1 E1 2026-02-10 PERM", "P1 E2 2026-03-10 SUSP", "P1 E3 2026-04-10 SUSP"],
    )  # fmt: skip
    return files, [
        cell("excluded_not_known", "2026-02", numerator=0, denominator=1, reason=None, caveat=None),
        row_count("int_exposures", 2, exposure="exclusion", is_known=True),
        row_count("int_exposures", 1, exposure="exclusion", is_known=False),
    ]


@case(("336",))
def ninety_days_either_side(s):
    """K1 assessed 90 days before the second episode, K2 91; K3 90 days after, K4 91; K5 is away."""
    kids = [f"K{i}" for i in range(1, 6)]
    missing = [f"{kid} M 2025-04-10 2025-04-10" for kid in kids]
    missing += [f"{kid} {'A' if kid == 'K5' else 'M'} 2025-06-10 2025-06-10" for kid in kids]
    days = {"K1": -90, "K2": -91, "K3": 90, "K4": 91}
    files = {
        "903": care(
            s, "2025-04-01/2026-03-31", children=[f"{kid} 2010-02-20 u{kid[1]}" for kid in kids],
            episodes=[f"{kid} 2024-04-01 C2" for kid in kids], missing=missing,
        ),
        "ssd": long_ssd(
            s, people=[f"{kid} 2010-02-20 M" for kid in days],
            referrals=tuple(f"R{kid} {kid} 2025-02-01" for kid in days),
            assessments=[
                f"A{kid} R{kid} {kid} 2025-02-02 {after('2025-06-10', count)} 11A"
                for kid, count in days.items()
            ],
        ),
    }  # fmt: skip
    return files, [
        counted("repeat_missing_children", "2025-06", 4),
        counted("repeat_missing_children_not_assessed", "2025-06", 2),
    ]


@case()
def repeat_missing_over_a_leap_day(s):
    """Within twelve months: 28 February 2024 for 28 February 2025; not 27 February 2024."""
    kids = ["K1 2010-02-20", "K2 2010-02-20"]
    here = ["K1 2023-04-01 C2", "K2 2023-04-01 C2"]
    files = {
        "a": care(
            s, "2023-04-01/2024-03-31", children=kids, episodes=here,
            missing=["K1 M 2024-02-28 2024-02-28", "K2 M 2024-02-27 2024-02-27"],
        ),
        "b": care(
            s, "2024-04-01/2025-03-31", children=kids, episodes=here,
            missing=["K1 M 2025-02-28 2025-02-28", "K2 M 2025-02-28 2025-02-28"],
        ),
    }  # fmt: skip
    return files, [
        counted("repeat_missing_children", "2025-02", 1),
        # In the twelve months to the end of January 2025 each has one episode, and so after it.
        counted("missing_children", "2025-01", 2),
        counted("missing_children_repeat", "2025-02", 0),
    ]


# Exclusions, and the age at them


@case(("303",))
def first_suspension_at_nine(s):
    """Any suspension in the twelve months before counts; the child is ten at the event."""
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils="P1 2015-11-20 u1",
        exclusions=["P1 E1 2025-10-08 SUSP", "P1 E2 2025-12-03 SUSP"],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2025-10", 0),
        counted("excluded_pupils", "2025-12", 1),
    ]


@case(("302",))
def permanent_exclusion_is_no_suspension(s):
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils=["P2 2010-01-20 u2", "P4 2010-01-20 u4", "P5 2010-01-20 u5"],
        exclusions=["P2 E3 2025-10-08 PERM", "P2 E4 2025-12-03 SUSP", "P4 E7 2025-11-05 SUSP",
                    "P5 E8 2025-11-05 SUSP", "P5 E9 2025-11-20 SUSP"],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2025-10", 1),
        counted("excluded_pupils", "2025-11", 1),
        counted("excluded_pupils", "2025-12", 0),
    ]


@case(("301",))
def lunchtime_suspensions_apart(s):
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils=["P3 2010-01-20 u3", "P6 2010-01-20 u6"],
        exclusions=["P3 E5 2025-11-05 LNCH", "P3 E6 2025-11-12 LNCH", "P6 E7 2025-11-18 SUSP"],
    )  # fmt: skip
    return files, [
        counted("suspensions", "2025-11", 1),
        counted("excluded_pupils", "2025-11", 0),
    ]


@case(("319",))
def ten_only_after_the_birthday(s):
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils="P2 2016-01-20 u2", exclusions="P2 E2 2026-01-12 PERM"
    )
    return files, [
        counted("permanent_exclusions", "2026-01", 1),
        counted("excluded_pupils", "2026-01", 0),
    ]


@case(("318",))
def seventeen_until_the_birthday(s):
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils="P1 2008-01-20 u1", exclusions="P1 E1 2026-01-12 PERM"
    )
    return files, [counted("excluded_pupils", "2026-01", 1)]


@case()
def ten_on_the_fifteenth(s):
    """Born in January 2016, excluded on the 14th, the 15th and the 16th of January 2026."""
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils=[f"P{i} 2016-01-{day} u{i}" for i, day in ((1, "01"), (2, "31"), (3, "20"))],
        exclusions=["P1 E1 2026-01-14 PERM", "P2 E2 2026-01-15 PERM", "P3 E3 2026-01-16 PERM"],
    )  # fmt: skip
    return files, [
        counted("permanent_exclusions", "2026-01", 3),
        counted("excluded_pupils", "2026-01", 2),
    ]


@case()
def eighteen_on_the_fifteenth(s):
    """Born in January 2008: seventeen on the 14th, eighteen on the 15th; moves likewise."""
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils=["P1 2008-01-01 u1", "P2 2008-01-31 u2", "P3 2008-02-01 u3"],
        exclusions=["P1 E1 2026-01-14 PERM", "P2 E2 2026-01-15 PERM", "P3 E3 2026-01-16 PERM"],
    )  # fmt: skip
    files["ap"] = placements(
        s, "2026-01-01/2026-03-31",
        [f"A{day} u{day} 2008-01-01 2026-01-{day}" for day in (14, 15, 16)]
        + [f"B{day} u2{day} 2016-01-01 2026-01-{day}" for day in (14, 15, 16)],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-01", 2),
        # One is seventeen, two are ten.
        counted("ap_placements", "2026-01", 3),
        counted("ap_movers", "2026-01", 3),
    ]


@case()
def twelve_months_between_suspensions(s):
    """On the day, a day over, and around a leap day."""
    pairs = {
        "P1": ("2025-02-10", "2026-02-10"),
        "P2": ("2025-02-09", "2026-02-10"),
        "P3": ("2024-02-29", "2025-02-28"),
        "P4": ("2024-02-29", "2025-03-01"),
        "P5": ("2026-02-09", "2026-02-10"),
    }
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils=[f"{pupil} 2011-06-01 u{pupil[1]}" for pupil in pairs],
        exclusions=[
            f"{pupil} E{pupil}{i} {day} SUSP" for pupil, two in pairs.items()
            for i, day in enumerate(two)
        ],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 2),
        counted("excluded_pupils", "2025-02", 1),
        counted("excluded_pupils", "2025-03", 0),
        counted("suspended_pupils", "2026-02", 4),
    ]


@case(2)
def suspended_in_two_authorities(s, other):
    """Looking back crosses authorities, and so does being known: counted where the event was."""
    pupils = [f"P1 2010-01-20 {s}u1", f"P2 2010-01-20 {s}u2", f"P3 2010-01-20 {s}u3"]
    here = censuses(s, pupils=pupils, exclusions=[f"P{i} E{i} 2025-06-10 SUSP" for i in (1, 2)])
    there = censuses(
        other, pupils=pupils,
        exclusions=["P1 E8 2025-11-10 SUSP", "P2 E9 2026-06-11 SUSP", "P3 E7 2025-11-10 PERM"],
    )  # fmt: skip
    files = {
        f"{s}/ssd": long_ssd(s, people=f"Q3 2010-01-20 M {s}u3", referrals=("RQ Q3 2025-03-01",)),
        f"{other}/ssd": long_ssd(other),
    }
    files |= {f"{s}/{name}": told for name, told in here.items()}
    files |= {f"{other}/{name}": told for name, told in there.items()}
    return files, [
        counted("excluded_pupils", "2025-06", 0),
        counted("excluded_pupils", "2025-11", 0),
        counted("excluded_pupils", "2025-11", 2, other),
        counted("excluded_pupils_not_known", "2025-11", 1, other),
        counted("excluded_pupils", "2026-06", 0, other),
    ]


@case()
def referred_within_ninety_days_after(s):
    """Permanently excluded on 10 March 2026, referred 90 and 91 days after, and the day itself."""
    day = "2026-03-10"
    files = {
        "ssd": long_ssd(
            s, people=[f"Q{i} 2010-02-20 M u{i}" for i in (1, 2, 3)],
            referrals=(f"RA Q1 {after(day, 90)}", f"RB Q2 {after(day, 91)}", f"RC Q3 {day}"),
        )
    } | censuses(
        s, pupils=[f"P{i} 2010-02-20 u{i}" for i in (1, 2, 3)],
        exclusions=[f"P{i} E{i} {day} PERM" for i in (1, 2, 3)],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-03", 3),
        counted("excluded_pupils_not_known", "2026-03", 1),
    ]


# Who is known


@case(("312",))
def case_open_over_a_year(s):
    files = {
        f"cin_{year}.xml": cin(s, year, children="B1 2010-05-20 M u1", details="B1 2024-06-03")
        for year in (2025, 2026)
    } | censuses(
        s, pupils=["P1 2010-05-20 u1", "P3 2010-05-20 u3"],
        exclusions=["P1 E1 2026-02-10 PERM", "P3 E3 2026-02-10 PERM"],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 2),
        counted("excluded_pupils_not_known", "2026-02", 1),
    ]


@case()
def case_open_for_years(s):
    """B1 was referred in 2020 and is open in each census; B2 is not in the newest any more; B3 is
    in no census before the one that covers the day."""
    told = {2024: "B1 B2", 2025: "B1 B2", 2026: "B1 B3"}
    born = {"B1": "u1", "B2": "u2", "B3": "u3"}
    files = {
        f"cin_{year}.xml": cin(
            s, year, children=[f"{kid} 2010-05-20 M {born[kid]}" for kid in kids.split()],
            details=[f"{kid} 2020-05-04" for kid in kids.split()],
        )
        for year, kids in told.items()
    } | censuses(
        s, pupils=[f"P{i} 2010-05-20 u{i}" for i in (1, 2, 3)],
        exclusions=[f"P{i} E{i} 2026-02-10 PERM" for i in (1, 2, 3)]
        + ["P2 E9 2025-02-10 SUSP", "P2 E8 2025-02-12 SUSP"]
        + ["P1 E7 2025-02-10 SUSP", "P1 E6 2025-02-12 SUSP"],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 3),
        counted("excluded_pupils_not_known", "2026-02", 1),
        counted("excluded_pupils", "2025-02", 2),
        counted("excluded_pupils_not_known", "2025-02", 0),
    ]


@case(("313",))
def closure_told_by_a_later_census(s):
    files = {
        "cin_2025.xml": cin(s, 2025, children="B2 2010-05-20 M u2", details="B2 2024-06-03"),
        "cin_2026.xml": cin(
            s, 2026, children="B2 2010-05-20 M u2", details="B2 2024-06-03 closed=2026-03-20"
        ),
    } | censuses(s, pupils="P2 2010-05-20 u2", exclusions="P2 E2 2026-02-10 PERM")
    return files, [
        counted("excluded_pupils", "2026-02", 1),
        counted("excluded_pupils_not_known", "2026-02", 0),
    ]


@case()
def closure_told_by_a_later_month(s):
    """The dataset month by month: two cases of January 2024, closed on the day of the event and a
    day before it, as bundles of February and March 2026 tell."""
    people = ["Q1 2010-02-20 M u1", "Q2 2010-02-20 M u2"]
    first = ("RA Q1 2024-01-15", "RB Q2 2024-01-15")
    files = monthly(s, months("2024-01", "2026-09"), month()) | {
        "ssd_2024-01.zip": ssd(s, "2024-01", people=people, referrals=first),
        "ssd_2026-02.zip": ssd(
            s, "2026-02", people=people,
            referrals=[f"{first[1]} closed=2026-02-09", "R7 P0 2026-02-10", "R8 P1 2026-02-12"],
        ),
        "ssd_2026-03.zip": ssd(
            s, "2026-03", people=people,
            referrals=[f"{first[0]} closed=2026-02-10", "R9 P0 2026-03-10", "R10 P1 2026-03-12"],
        ),
    } | censuses(
        s, pupils=["P1 2010-02-20 u1", "P2 2010-02-20 u2"],
        exclusions=["P1 E1 2026-02-10 PERM", "P2 E2 2026-02-10 PERM"],
    )  # fmt: skip
    return files, [
        counted("referrals", "2024-01", 2),
        counted("excluded_pupils", "2026-02", 2),
        counted("excluded_pupils_not_known", "2026-02", 1),
    ]


@case()
def referred_twelve_months_before(s):
    """Closed at once; on the day, a day over, and over a leap day."""
    days = {1: "2025-02-10", 2: "2025-02-09"}
    leap = {3: "2025-02-28", 4: "2025-03-01"}
    people = [f"Q{i} 2010-06-20 M u{i}" for i in (1, 2, 3, 4)]
    files = {
        "ssd": long_ssd(
            s, people=people,
            referrals=tuple(f"RQ{i} Q{i} {day} closed={day}" for i, day in days.items())
            + tuple(f"RQ{i} Q{i} 2024-02-29 closed=2024-02-29" for i in leap),
        )
    } | censuses(
        s, pupils=[f"P{i} 2010-06-20 u{i}" for i in (1, 2, 3, 4)],
        exclusions=[f"P{i} E{i} 2026-02-10 PERM" for i in days]
        + [f"P{i} E{i} {day} PERM" for i, day in leap.items()],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 2),
        counted("excluded_pupils_not_known", "2026-02", 1),
        counted("excluded_pupils_not_known", "2025-02", 0),
        counted("excluded_pupils_not_known", "2025-03", 1),
    ]


@case(("314",))
def former_and_shared_pupil_numbers(s):
    files = {
        "ssd": long_ssd(
            s, people=["P1 2010-02-20 M u1", "P2 2010-02-20 M u2", "P3 2010-02-20 F u2"],
            referrals=("RA P1 2025-10-01", "RB P2 2025-10-01"),
        )
    } | censuses(
        s, pupils=["P1 2010-02-20 u8 former=u1", "P2 2010-02-20 u2"],
        exclusions=["P1 E1 2026-02-10 PERM", "P2 E2 2026-02-10 PERM"],
    )  # fmt: skip
    return files, [
        counted("excluded_pupils", "2026-02", 2),
        counted("excluded_pupils_not_known", "2026-02", 1),
    ]


@case(("356",))
def looked_after_return_missing(s):
    """The return of October to December never came: November says why it says nothing."""
    child, here = "K1 2010-02-20 u1", "K1 2020-04-01 C2"
    files = {
        "ssd": long_ssd(s),
        "903_a": care(s, "2024-04-01/2025-03-31", children=child, episodes=here),
        "903_b": care(s, "2025-04-01/2025-09-30", children=child, episodes=here),
    } | censuses(
        s, pupils="P1 2010-02-20 u1",
        exclusions=["P1 E1 2025-06-10 SUSP", "P1 E2 2025-06-20 SUSP", "P1 E3 2025-11-10 SUSP"],
    )  # fmt: skip
    return files, [
        cell("excluded_not_known", "2025-06", numerator=0, denominator=1, reason=None),
        cell("excluded_not_known", "2025-11", reason=SOME),
        cell("missing_incident_rate", "2025-11", reason=SOME),
    ]


@case()
def looked_after_return_comes_again_after_a_gap(s):
    """The quarter to December 2025 never came; March 2026 may be shown again, and is."""
    child, here = "K1 2010-02-20 u1", "K1 2020-04-01 C2"
    files = {"ssd": long_ssd(s)} | {
        f"903_{i}": care(s, period, children=child, episodes=here)
        for i, period in enumerate(
            ("2024-01-01/2025-03-31", "2025-04-01/2025-09-30", "2026-01-01/2026-03-31",
             "2026-04-01/2026-06-30", "2026-07-01/2026-09-30")
        )
    } | censuses(
        s, pupils="P1 2010-02-20 u1",
        exclusions=["P1 E1 2025-10-13 SUSP", "P1 E2 2025-12-10 SUSP", "P1 E3 2026-03-10 SUSP"],
    )  # fmt: skip
    return files, [
        cell("excluded_not_known", "2025-12", reason=SOME),
        cell("excluded_not_known", "2026-03", numerator=0, denominator=1, reason=None),
    ]


@case()
def never_any_looked_after_return(s):
    """Figures without knowledge of care are shown, and say so."""
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils="P1 2010-02-20 u1", exclusions="P1 E1 2026-02-10 PERM"
    )
    return files, [
        cell(
            "excluded_not_known", "2026-02", numerator=1, denominator=1, reason=None,
            caveat="without_care_return",
        )
    ]  # fmt: skip


@case(("355",))
def referral_month_missing(s):
    """June 2025 never came: February 2026 rests on it, January 2025 does not."""
    people = ["P0 2012-01-01 M", "P1 2010-02-20 M u1"]
    held = [one for one in months("2024-01", "2026-09") if one != "2025-06"]
    files = monthly(s, held, month(people=people))
    for name, period in {
        "903_2024": "2023-04-01/2024-03-31", "903_2025": "2024-04-01/2025-03-31",
        "903_2026": "2025-04-01/2026-03-31", "903_2026_q1": "2026-04-01/2026-06-30",
    }.items():  # fmt: skip
        files[f"{name}.zip"] = care(
            s, period, children="K9 2012-02-20", episodes="K9 2020-04-01 C2"
        )
    files |= censuses(
        s, pupils=["P1 2010-02-20 u1", "P2 2010-02-20 u2"],
        exclusions=["P1 E1 2026-01-12 SUSP", "P1 E2 2026-02-10 SUSP", "P2 E3 2025-01-14 PERM"],
    )  # fmt: skip
    return files, [
        cell("excluded_not_known", "2026-02", reason=SOME),
        cell("excluded_not_known", "2025-01", numerator=1, denominator=1, reason=None),
    ]


@case()
def referral_month_missing_after_the_event(s):
    """A referral within 90 days after could stand in May 2025, which never came."""
    held = [one for one in months("2024-01", "2026-09") if one != "2025-05"]
    files = monthly(s, held, month()) | censuses(
        s, pupils=["P1 2010-02-20 u1", "P2 2010-02-20 u2", "P3 2010-02-20 u3"],
        exclusions=["P1 E1 2025-03-12 PERM", "P2 E2 2025-01-14 PERM", "P3 E3 2026-06-10 PERM"],
    )  # fmt: skip
    return files, [
        cell("excluded_not_known", "2025-03", reason=SOME),
        cell("excluded_not_known", "2025-01", numerator=1, denominator=1, reason=None),
        # July to September have come; June 2026 can look back to June 2025.
        cell("excluded_not_known", "2026-06", numerator=1, denominator=1, reason=None),
    ]


@case(("334",))
def two_months_missing(s):
    files = monthly(
        s, [one for one in months("2024-01", "2026-09") if one not in ("2025-06", "2025-09")],
        _assessed,
    )  # fmt: skip
    return files, [
        cell("identified_against_expected", "2026-05", reason=SOME),
        counted("exploitation_assessments", "2026-05", 1),
    ]


@case()
def one_month_missing(s):
    """Borne, and said; a month that does not look back on it says nothing."""
    files = monthly(s, [one for one in months("2024-01", "2026-09") if one != "2025-06"], _assessed)
    return files, [
        cell(
            "identified_against_expected", "2026-05", numerator=11, reason=None,
            caveat="one_month_missing",
        ),
        cell("identified_against_expected", "2025-06", reason=SOME),
        cell("identified_against_expected", "2026-06", numerator=12, reason=None, caveat=None),
    ]  # fmt: skip


def _assessed(name: str) -> dict[str, Any]:
    number = name.replace("-", "")
    return {
        "people": f"Q{number} 2011-02-20 M",
        "referrals": [f"R{number} Q{number} {name}-10"],
        "assessments": [f"A{number} R{number} Q{number} {name}-11 {name}-20 13A+24A"],
    }


@case()
def a_census_is_missing(s):
    """Neither summer nor autumn 2025 came, so nothing tells of January to March."""
    files = {"ssd": long_ssd(s)} | censuses(
        s, pupils="P1 2010-02-20 u1",
        exclusions=["P1 E1 2025-02-10 PERM", "P1 E2 2025-10-14 SUSP"],
        without=[(2025, "Summer"), (2025, "Autumn")],
    )  # fmt: skip
    return files, [
        cell("suspension_rate", "2025-02", reason=SOME),
        cell("excluded_not_known", "2025-02", reason=SOME),
        cell("suspension_rate", "2025-10", numerator=1, reason=None),
    ]


@case()
def a_term_of_placements_is_missing(s):
    files = {"ssd": long_ssd(s)} | {
        f"ap_{period[:7]}": placements(s, period, f"A{period[:7]} u1 2010-02-01 {period[:7]}-20")
        for period in ("2024-09-01/2024-12-31", "2025-01-01/2025-03-31", "2025-09-01/2025-12-31")
    }
    return files, [
        cell("alternative_provision_rate", "2025-01", numerator=1, reason=None),
        cell("alternative_provision_rate", "2025-04", reason=SOME),
        cell("moved_not_known", "2025-04", reason=SOME),
    ]


# Several risks


@case(("340",))
def missing_twice_in_a_month_then_moved(s):
    child, here = "K1 2010-02-20 u1", "K1 2020-04-01 C2"
    files = {
        "ssd": long_ssd(s),
        "903_2024": care(
            s, "2023-04-01/2024-03-31", children=child, episodes=here,
            missing=["K1 M 2024-03-02 2024-03-02", "K1 M 2024-03-20 2024-03-20"],
        ),
        "903_2025": care(s, "2024-04-01/2025-03-31", children=child, episodes=here),
        "ap_2025_spring": placements(
            s, "2025-01-01/2025-03-31", "A1 u1 2010-02-20 2025-03-10"
        ),
    }  # fmt: skip
    return files, [
        counted("missing_episodes", "2024-03", 2),
        counted("multi_exposed_children", "2025-03", 1),
    ]


@case()
def several_risks_across_years_and_authorities(s):
    """Permanent exclusion twelve months before a move counts, a day more does not; the same kind
    twice does not; a severe absence counts on the last day of its term."""
    ids = range(1, 5)
    absent = [f"P{i} 2010-02-01 u{i} missed=60/100" for i in (3, 4)]
    files = {
        "ssd": long_ssd(s),
        "ap_spring": placements(
            s, "2026-01-01/2026-03-31",
            ["A1 u1 2010-02-20 2026-02-10", "A2 u2 2010-02-20 2026-02-11",
             "A4 u4 2010-02-20 2026-03-10"],
        ),
        "ap_autumn": placements(s, "2025-09-01/2025-12-31", "A9 u4 2010-02-20 2025-12-10"),
    } | censuses(
        s, pupils=[f"P{i} 2010-02-20 u{i}" for i in ids],
        exclusions=["P1 E1 2025-02-10 PERM", "P2 E2 2025-02-10 PERM"],
    )  # fmt: skip
    files["census_2026_2_summer.zip"] = census(s, 2026, "Summer", pupils=absent)
    return files, [
        counted("multi_exposed_children", "2026-02", 1),
        # u4 moved in December and in March, and the term of its absence ends on 31 March; u3 has
        # one kind of risk.
        counted("multi_exposed_children", "2026-03", 1),
        counted("severely_absent_children", "2026-01", 2),
    ]


@case()
def exposed_once_a_school_year(s):
    """Thirteen to seventeen on the day; 31 August and 1 September are two school years."""
    files = {
        f"ap_{period[:7]}": placements(s, period, lines)
        for period, lines in {
            "2025-04-01/2025-08-31": [
                "A1 u1 2010-02-20 2025-08-31", "A2 u2 2012-06-15 2025-06-14",
                "A3 u3 2012-06-15 2025-06-15", "A6 u1 2010-02-20 2025-05-01",
            ],
            "2025-09-01/2025-12-31": ["A4 u1 2010-02-20 2025-09-01"],
            "2026-01-01/2026-03-31": ["A5 u1 2010-02-20 2026-02-01"],
        }.items()
    }  # fmt: skip
    return files, [
        counted("exposed_13_17", "2024-09", 2),
        counted("exposed_13_17", "2025-09", 1),
    ]


# Referrals, assessments and who was found


@case(("331",))
def leap_day_and_twelve_months(s):
    pairs = {"P1": "2024-02-29 2025-02-28", "P2": "2024-02-29 2025-03-01",
             "P3": "2024-05-10 2025-05-10", "P4": "2025-06-10 2025-06-10"}  # fmt: skip
    referrals = [
        f"R{person}{i} {person} {day}"
        for person, days in pairs.items()
        for i, day in enumerate(days.split())
    ]
    files = {
        "ssd": ssd(s, LONG, people=[f"{one} 2010-02-01 M" for one in pairs], referrals=referrals)
    }
    return files, [
        counted("re_referrals", "2025-02", 1),
        counted("re_referrals", "2025-03", 0),
        counted("re_referrals", "2025-05", 1),
        counted("re_referrals", "2025-06", 1),
    ]


@case(("332",))
def re_referral_over_two_censuses(s):
    two = "X2 2010-05-05 M u2"
    told = "X2 2025-03-31 nfa=1 closed=2025-03-31"
    files = {
        "cin_2025.xml": cin(
            s, 2025, children=["X1 2010-05-05 M u1", two],
            details=["X1 2024-09-10 closed=2024-10-10", told],
        ),
        "cin_2026.xml": cin(
            s, 2026, children=["X9 2010-05-05 M u1", two],
            details=["X9 2025-09-10", told, "X2 2025-04-01"],
        ),
    }  # fmt: skip
    return files, [
        counted("re_referrals", "2025-04", 1),
        counted("re_referrals", "2025-09", 1),
        counted("referrals", "2025-03", 1),
    ]


@case(("333",))
def sex_and_birth_corrected(s):
    files = {
        "ssd_2026-05": ssd(
            s, "2026-05", people="P1 2001-02-01 F", referrals="R1 P1 2026-05-10"
        ),
        "ssd_2026-06": ssd(
            s, "2026-06", people="P1 2010-02-01 M", referrals="R2 P1 2026-06-10",
            assessments="A1 R2 P1 2026-06-11 2026-06-20 13A",
        ),
    }  # fmt: skip
    return files, [
        counted("identified_children", "2026-06", 1),
        counted("identified_girls", "2026-06", 0),
    ]


@case()
def sex_and_birth_left_blank_by_the_newest(s):
    """The newest submission that gives them: May corrects April, June gives nothing."""
    assessed = "A1 R1 P1 2026-04-11 2026-04-20 24A"
    files = {
        "ssd_2026-04": ssd(
            s, "2026-04", people="P1 2014-06-01 M", referrals="R1 P1 2026-04-10",
            assessments=assessed,
        ),
        "ssd_2026-05": ssd(
            s, "2026-05", people="P1 2014-02-01 F", referrals="R2 P1 2026-05-10"
        ),
        "ssd_2026-06": ssd(s, "2026-06", people="P1 - U", referrals="R3 P1 2026-06-10"),
    }  # fmt: skip
    return files, [
        counted("identified_children", "2026-04", 1),
        counted("identified_under_14", "2026-04", 1),
    ]


@case(("341",))
def fourteen_only_after_the_birthday(s):
    files = {
        "ssd": ssd(
            s, LONG, people=["P1 2012-06-20 M", "P2 2012-06-10 M"],
            referrals=["R1 P1 2026-05-10", "R2 P2 2026-05-10"],
            assessments=["A1 R1 P1 2026-05-11 2026-06-12 13A",
                         "A2 R2 P2 2026-05-11 2026-06-18 13A"],
        )
    }  # fmt: skip
    return files, [
        counted("identified_children", "2026-06", 2),
        counted("identified_under_14", "2026-06", 1),
    ]


@case()
def fourteen_on_the_fifteenth(s):
    """Below, on and above the birthday for 10, 14 and 18, whatever the day that was sent."""
    events = {
        f"P{place}{day}": (f"{born}-{'28' if day == '14' else '01'}", f"2026-06-{day}")
        for place, born in enumerate(("2016-06", "2012-06", "2008-06"))
        for day in ("14", "15", "16")
    }
    files = {
        "ssd": ssd(
            s, LONG, people=[f"{one} {born} F" for one, (born, _) in events.items()],
            referrals=[f"R{one} {one} 2026-05-10" for one in events],
            assessments=[
                f"A{one} R{one} {one} 2026-05-11 {day} 24A" for one, (_, day) in events.items()
            ],
        )
    }  # fmt: skip
    return files, [
        counted("exploitation_assessments", "2026-06", 9),
        # Ten on the 15th and 16th (2), all near fourteen (3), seventeen on the 14th (1).
        counted("identified_children", "2026-06", 6),
        counted("identified_girls", "2026-06", 6),
        counted("identified_under_14", "2026-06", 3),
    ]


@case()
def identified_in_twelve_months(s):
    """Counted in the month of the assessment and the eleven after it."""
    files = {
        "ssd": ssd(
            s, LONG, people=["P1 2012-01-20 M", "P2 2012-01-20 F"],
            referrals=["R1 P1 2025-02-10", "R2 P2 2025-02-10", "R3 P2 2025-07-01"],
            assessments=["A1 R1 P1 2025-02-11 2025-03-31 13A", "A2 R2 P2 2025-02-11 2025-04-01 24A",
                         "A3 R3 P2 2025-07-11 2025-08-01 13A+24A",
                         "A4 R3 P2 2025-07-12 2025-08-02 11A"],
        )
    }  # fmt: skip
    return files, [
        counted("identified_children", "2025-02", 0),
        counted("identified_children", "2025-03", 1),
        counted("identified_children", "2025-08", 2),
        counted("identified_children", "2026-02", 2),
        counted("identified_children", "2026-03", 1),
        counted("identified_children", "2026-07", 1),
        counted("identified_children", "2026-08", 0),
        counted("identified_girls", "2026-03", 1),
        counted("exploitation_assessments", "2025-08", 1),
    ]


@case(("342",))
def absence_at_the_limits(s):
    missed = {"P1": 9, "P2": 10, "P3": 49, "P4": 50, "P5": 101, "P6": 0}
    pupils = [f"{one} 2012-02-01 u{one[1]} missed={count}/100" for one, count in missed.items()]
    pupils += ["Q8 2020-08-31 u8 missed=60/100", "Q9 2020-09-01 u9 missed=60/100"]
    files = {"census_2026_2_summer.zip": census(s, 2026, "Summer", pupils=pupils)}
    return files, [
        row_count("int_absences", 6),
        row_count("int_absences", 4, is_persistent=True),
        row_count("int_absences", 2, is_severe=True),
        counted("severely_absent_children", "2026-01", 1),
    ]


@case(("343",))
def months_without_a_referral(s):
    """A bundle without rows says nought."""
    names = months("2025-01", "2026-09")
    files = monthly(s, names, month(skip=tuple(one for one in names if int(one[5:]) % 2 == 0)))
    return files, [
        cell("referral_rate", "2026-02", numerator=0, reason=None),
        cell("referral_rate", "2026-03", numerator=1, reason=None),
    ]


@case(("344",))
def unborn_child_and_unknown_sex(s):
    files = {
        "ssd": ssd(
            s, LONG, people=["P1 - U", "P2 2010-01-01 U"],
            referrals=["R1 P1 2026-05-10 10 nfa=", "R2 P2 2026-05-10 2A nfa=Y",
                       "R3 P2 2026-05-10 2B"],
            assessments="A1 R1 P1 2026-05-11 2026-06-01 13A",
        )
    }  # fmt: skip
    return files, [
        counted("referrals", "2026-05", 3),
        counted("referrals_from_schools", "2026-05", 2),
        counted("referrals_no_further_action", "2026-05", 1),
        counted("re_referrals", "2026-05", 1),
        counted("exploitation_assessments", "2026-06", 1),
        counted("identified_children", "2026-06", 0),
    ]


# What is judged, and what was revised


@case(("350", "351", "352", "353", "354", "357"), is_alone=True)
def august_nought_is_no_worsening(*senders):
    """Some 25 suspensions a month and none in August; 1.7 times as many in 350 from June 2025."""
    files: Told = {}
    for sender in senders:
        told = []
        for name in months("2021-01", "2026-08"):
            count = 21 + (int(sender) * 7 + int(name[:4]) * 5 + int(name[5:]) * 11) % 9
            if sender == "350" and name >= "2025-06":
                count = round(1.7 * count)
            for i in range(0 if name.endswith("-08") else count):
                told.append(f"P{len(told) % 60} E{len(told)} {name}-{i % 28 + 1:02d} SUSP")
        pupils = [f"P{i} 2011-03-20 u{i + 1}" for i in range(60)]
        for name, one in censuses(
            sender, pupils=pupils, exclusions=told, first=(2021, "Summer")
        ).items():
            files[f"{sender}/{name}"] = one
    rises = {"la_code": "350", "period_start": date(2026, 7, 1)}
    worsening = {"indicator": "suspension_rate", "status": "worsening"}
    return files, [
        Check("published.trends", worsening | rises, rows=1),
        Check("published.trends", worsening | {"value": 0.0}, rows=0),
    ]


@case(("published",))
def official_figure_revised(s):
    """Revised once; the same in both; new; revised twice; and revised and back again."""
    releases = {
        "2023-07-20": (2022, {}),
        "2024-07-18": (2023, {2021: 5120, 2019: 5010, 2018: 5010}),
        "2025-07-17": (2024, {2021: 5120, 2019: 5020}),
    }
    files = {}
    for day, (last, leeds) in releases.items():
        made = release(range(2012, last), leeds, day)
        files |= {f"release_{day[:4]}.csv{suffix}": text for suffix, text in made.items()}
    official = {
        "area_code": "E08000035", "indicator": "suspension_rate",
        "source": "published_exclusions", "breakdown": "total",
    }  # fmt: skip
    expected = {2020: (5000, False), 2021: (5120, True), 2022: (5000, False), 2019: (5020, True),
                2018: (5000, True), 2023: (5000, False)}  # fmt: skip
    return files, [
        Check(
            "published.trends", official | {"period_start": date(year, 9, 1)},
            {"numerator": value, "is_revised": is_revised},
        )
        for year, (value, is_revised) in expected.items()
    ]  # fmt: skip


def paths(told: Told) -> Iterator[tuple[str, str | Files]]:
    """Every path under the inbox with its text, or with its members where it is a zip."""
    for name, content in told.items():
        if isinstance(content, str) or name.endswith(".zip"):
            yield name, content
        else:
            yield from ((f"{name}/{member}", text) for member, text in content.items())
