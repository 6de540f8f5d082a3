"""What is said of a return that has another form than its sender's last."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from sightline.expectations import forms

START = "first ssd return in another form: "


def form(container: str = "csv", **tables: str) -> dict[str, Any]:
    """A profile of tables by name, each with its headings."""
    return {
        table: {"form": {"container": container, "headings": headings.split()}}
        for table, headings in tables.items()
    }


def changed(
    *profiles: Mapping[str, Any], held: tuple[int, ...] = (), **facts: Any
) -> dict[int, str]:
    numbers = range(1, len(profiles) + 1)
    row = {"submission_id": numbers, "sender": "301", "extract": "ssd"} | facts
    return forms.changed(pd.DataFrame(row), dict(zip(numbers, profiles, strict=True)), held)


@pytest.mark.parametrize(
    ("former", "now", "told"),
    [(form(t="a b"), form(t="a c"), "t has c and no b"),
     (form(t="a"), form(t="a b c"), "t has b and c"),
     (form(t="a b c"), form(t="a"), "t has no b or c"),
     (form(t="a", u="x"), form(t="a b", u="y"), "t has b; u has y and no x"),
     (form(t="a"), form(t="a", u="x"), "it has u"),
     (form(t="a", u="x"), form(t="a"), "it has no u"),
     (form(t="a"), form("xlsx", t="a"), "was csv, is xlsx"),
     (form(t="a", u="b"), form(t="a") | form("ods", u="b"), "was csv, is csv and ods"),
     (form(t="a b"), form("json", t=""), "was csv, is json"),
     (form("xml", t=""), form(t="a", u="b"), "was xml, is csv"),
     (form(t="a"), form(t="a b c d e f g"), "t has b, c, d, e, f and 1 more")],
)  # fmt: skip
def test_what_is_new_and_what_is_gone_is_said(former, now, told):
    assert changed(former, now) == {2: START + told}


@pytest.mark.parametrize(
    ("former", "now"),
    [(form(t="a b"), form(t="b a")), (form(t="Date_of_Birth"), form(t="DATE-OF-BIRTH")),
     (form("json", t=""), form("json", t="", u="")), ({}, form(t="a")),
     ({"t": {"rows": 1}}, form(t="a")), ({"t": {"form": None}}, form(t="a")), (form(t="a"), {})],
    ids=["order", "spelling", "a tree's tables", "no profile", "before forms were kept",
         "not held", "now nothing"],
)  # fmt: skip
def test_the_same_form_and_an_unknown_one_say_nothing(former, now):
    assert changed(former, now) == {}


def test_only_the_sender_s_own_return_of_the_extract_is_compared():
    both = form(t="a"), form(t="b")
    assert changed(*both, sender=["301", "302"]) == {}
    assert changed(*both, extract=["ssd", "annex_a"]) == {}


def test_what_is_held_back_is_no_measure():
    first, other = form(t="a"), form(t="b")
    assert list(changed(first, other, first)) == [2, 3]
    assert list(changed(first, other, first, held=(2,))) == [2]
    assert list(changed(first, other, other, held=(2,))) == [2, 3]
