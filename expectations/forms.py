"""Say where a sender's return has another form than the one before: its files, tables, headings."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from sightline.warehouse.contracts.schema import compared
from sightline.warehouse.intake.judge.profiles import Profile
from sightline.warehouse.submission import TREES

MOST_NAMED = 5
Form = dict[str, dict[str, Any]]


def changed(
    accepted: pd.DataFrame, profiles: Mapping[int, Profile], held: Container[int] = ()
) -> dict[int, str]:
    """By submission, how its form differs from that of its sender's last one of the extract.

    None for a first return, and beside one that came before forms were kept. Nothing is compared
    with those in `held`, which are not in force.
    """
    last: dict[tuple[str, str], Form] = {}
    found: dict[int, str] = {}
    for submission_id, sender, extract in _in_order(accepted):
        form = _form(profiles.get(submission_id, {}))
        former = last.get((sender, extract))
        if form and former and form != former and (told := "; ".join(_told(former, form))):
            found[submission_id] = f"first {extract} return in another form: {told}"
        if submission_id not in held:
            last[sender, extract] = form
    return found


def since(accepted: pd.DataFrame, profiles: Mapping[int, Profile]) -> dict[int, int]:
    """By submission, the first of its sender's that has had its form without a break."""
    first: dict[tuple[str, str], int] = {}
    found: dict[int, int] = {}
    new = changed(accepted, profiles)
    for submission_id, sender, extract in _in_order(accepted):
        if submission_id in new or (sender, extract) not in first:
            first[sender, extract] = submission_id
        found[submission_id] = first[sender, extract]
    return found


def _in_order(accepted: pd.DataFrame) -> Iterator[tuple[int, str, str]]:
    ordered = accepted.sort_values("submission_id")
    names = ("submission_id", "sender", "extract")
    return zip(*(ordered[name] for name in names), strict=True)


def _form(profile: Profile) -> Form:
    """By table its form; none where a profile does not tell."""
    return {table: one["form"] for table, one in profile.items() if one.get("form")}


def _told(former: Form, form: Form) -> Iterator[str]:
    was, now = _containers(former), _containers(form)
    # The headings of a tree are those of its reader, and its tables those that have rows.
    if not (was | now) & set(TREES):
        yield from _tables(former, form)
        for table in [name for name in form if name in former]:
            yield from _headings(table, former[table]["headings"], form[table]["headings"])
    if was != now:
        yield f"was {_listed(sorted(was))}, is {_listed(sorted(now))}"


def _containers(form: Form) -> set[str]:
    return {one["container"] for one in form.values()}


def _tables(former: Form, form: Form) -> Iterator[str]:
    if new := [table for table in form if table not in former]:
        yield f"it has {_listed(new)}"
    if gone := [table for table in former if table not in form]:
        yield f"it has no {_listed(gone, 'or')}"


def _headings(table: str, former: list[str], now: list[str]) -> Iterator[str]:
    was, has = ({compared(one) for one in names} for names in (former, now))
    new = [one for one in now if compared(one) not in was]
    gone = [one for one in former if compared(one) not in has]
    parts = [_listed(new)] if new else []
    parts += [f"no {_listed(gone, 'or')}"] if gone else []
    if parts:
        yield f"{table} has {' and '.join(parts)}"


def _listed(names: Iterable[str], last: str = "and") -> str:
    names = list(names)
    if len(names) > MOST_NAMED:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
        last = "and"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
