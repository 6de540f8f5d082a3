"""Every kind of leak that the control of before had: the same attack finds the count in what was
printed then, and leaves five values or more in what is printed now.

Then the other way round: a second country with other counts that are printed alike. Where no byte
of what leaves tells it from the first, nothing but the printed counts tells of the true ones.
"""

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import attacker
import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
import work_file

from sightline.monitoring.alerts import evaluate, record
from sightline.monitoring.alerts.findings import Given
from sightline.monitoring.alerts.lifecycle import decide
from sightline.report.site import build_site
from sightline.warehouse import home as homes
from sightline.warehouse.home import Home
from sightline.warehouse.ledger.state import outbox, state_of
from sightline.warehouse.release import audit, disclosure
from sightline.warehouse.release import store as releases
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

ALL = range(1000)
SMALL = range(1, 8)


def now(count: int, level: str = "local_authority") -> range:
    """What is known of a count as it is printed now."""
    if 0 < count < attacker.SMALLEST:
        return attacker.could_be(None, "c", level)
    base = attacker.BASES[level]
    return attacker.could_be((count + base // 2) // base * base, None, level)


def before(count: int) -> range:
    """Of a count as it was printed before: exactly, or 1 to 5 not at all."""
    return range(1, 6) if 0 < count < 6 else range(count, count + 1)


# ---- One figure: printed before from the true count, now from the printed one or not at all.


@dataclass(frozen=True)
class Kind:
    """A figure made of a count, with what a reader knows of the count from elsewhere."""

    formula: attacker.Formula
    decimals: int
    count: int
    could: range = ALL

    def printed(self, count: int) -> float:
        [value] = self.formula(np.array([float(count)]))
        return round(float(value), self.decimals)

    def found(self, count: int) -> list[int]:
        """What the figure, printed from this count, leaves of what there could be."""
        printed = self.printed(count)
        return attacker.counts_that_print(self.could, self.formula, printed, self.decimals)


# A rate beside a withheld count; limits, score and confidence beside a rounded one; a month that is
# withheld behind a divergence.
KINDS = {
    "rate": Kind(attacker.of_rate(9_876, 10_000 * 12), 6, 3, SMALL),
    "score": Kind(attacker.of_score(31.7, 1.2), 4, 33, now(33)),
    "limits": Kind(attacker.of_reach(0.17), 6, 33, now(33)),
    "divergence": Kind(attacker.of_six_months([0.4, 1.1, -0.2, 0.9, 2.0], 9.3, 11.0), 6, 4, SMALL),
    "confidence": Kind(attacker.of_confidence(400, 0.96 * 0.875), 6, 3, ALL[:400]),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_before_a_figure_gave_its_count(name: str) -> None:
    kind = KINDS[name]
    assert kind.found(kind.count) == [kind.count]


@pytest.mark.parametrize("name", ["score", "limits"])
def test_now_a_figure_says_no_more_than_the_count_beside_it(name: str) -> None:
    kind = KINDS[name]
    shown = (kind.count + 2) // 5 * 5
    # The same is printed whichever count it is; what it is made of is the printed one.
    assert len(kind.could) >= audit.NARROWEST
    assert shown in kind.found(shown)
    assert kind.found(shown) != [kind.count]


def test_now_a_confidence_in_whole_per_cents_leaves_five_values() -> None:
    kind = KINDS["confidence"]
    whole = Kind(lambda counts: 100 * kind.formula(counts), 0, 10, ALL[:400])
    assert len(whole.found(10)) < audit.NARROWEST  # of exact records
    tens = [n for n in ALL[:400] if round((400 - n) / 10) * 10 == 390]
    assert len(tens) >= audit.NARROWEST  # of rounded ones


# ---- Two figures: what one is more than the other.

DIFFERENCES = {
    "a window and the next, of children counted once": (225, 223),
    "a whole and its part, whatever words its unit has": (140, 137),
    "one child more in a release than in the one before": (34, 33),
    "of those not known to social care": (24, 23),
    "of those with several risks": (13, 12),
    "a region and its other areas": (203, 200),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_before_a_difference_was_exact(name: str) -> None:
    more, less = DIFFERENCES[name]
    assert [*attacker.difference(before(more), before(less))] == [more - less]


@pytest.mark.parametrize("name", DIFFERENCES)
def test_now_a_difference_is_left_five_values(name: str) -> None:
    more, less = DIFFERENCES[name]
    assert len(attacker.difference(now(more), now(less))) >= audit.NARROWEST


# ---- What people typed.

CODES = re.compile(r"[a-z0-9_]*")


def words_of_people(events: list[tuple[Any, ...]]) -> list[str]:
    """Texts in events of alerts that are no code: `reason`, then evidence as JSON."""
    found = []
    for reason, evidence in events:
        texts = [reason, *json.loads(evidence or "{}").values()]
        found += [text for text in texts if isinstance(text, str) and not CODES.fullmatch(text)]
    return found


def test_before_a_note_was_printed_with_the_name_in_it() -> None:
    event = work_file.event_rows()[1]
    evidence = json.dumps({"who": "Somebody Real", "note": "Jane Doe is well"})
    assert words_of_people([(event["reason"], evidence)]) == [
        "Jane Doe says all is well", "Somebody Real", "Jane Doe is well",
    ]  # fmt: skip


def test_now_no_word_of_a_person_is_printed(draft: releases.Draft) -> None:
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        rows = connection.execute("select reason, evidence from alert_events").fetchall()
    assert len(rows) == 2
    assert words_of_people(rows) == []


# ---- A second country whose counts are printed alike.

EXTENT = work_file.Extent(
    work_file.FEW_AREAS,
    (
        "referral_rate", "re_referral_rate", "suspension_rate", "permanent_exclusion_rate",
        "identified_against_expected", "under_identification_index", "excluded_not_known",
    ),
    26,
)  # fmt: skip
# Another count that is printed alike, if there is one: the other way from the middle of the step.
OTHER = """
create macro other(count, base) as case
    when count is null or count = 0 then count
    when count < 8 then case when count = 4 then 3 else 8 - count end
    else list_filter(
        list_transform(range(-8, 9), lambda step: count + step),
        lambda one: one >= 8 and one <> count
            and floor((one + base // 2) / base) = floor((count + base // 2) / base)
    )[cast(1 + hash(count) % 3 as bigint)]
end
"""
CHANGE = """
create temp table others as
select
    facts.rowid as row,
    other(facts.numerator, base) as numerator,
    case
        when denominator_is_population then facts.denominator else other(facts.denominator, base)
    end as denominator,
    facts.denominator as former
from (
    select *, rowid, case when area_level = 'local_authority' then 5 else 10 end as base
    from marts.fct_indicator_values
) as facts
inner join control.indicators as indicators on facts.indicator = indicators.indicator
where facts.source = 'extracts';

update marts.fct_indicator_values as facts
set numerator = others.numerator, denominator = others.denominator,
    value = facts.value * coalesce(others.numerator / nullif(facts.numerator, 0), 1)
        * others.former / others.denominator
from others where others.row = facts.rowid and others.denominator > 0;

update marts.fct_signals as signals
set lower = least(100, signals.lower * others.former / others.denominator),
    upper = least(100, signals.upper * others.former / others.denominator)
from others inner join marts.fct_indicator_values as facts on others.row = facts.rowid
where facts.indicator = signals.indicator and facts.area_code = signals.area_code
    and facts.period_type = signals.period_type and facts.period_start = signals.period_start
    and facts.source = signals.source and others.denominator <> others.former;

update marts.fct_breakdowns
set counted = case
    when counted < 8 then 7 - counted
    else other(counted, case when area_level = 'local_authority' then 5 else 10 end)
end;
update marts.fct_linkage set records = records - 1, linked = linked + if(linked < 300, 1, -1);
update marts.fct_reconciliation set counted = other(counted, 5);
"""


def other_country(work_db: Path) -> int:
    """Give the country other counts that are printed alike; how many are others."""
    with duckdb.connect(str(work_db)) as connection:
        connection.execute(OTHER)
        connection.execute(CHANGE)
        query = "select count(*) from others inner join marts.fct_indicator_values as facts"
        query += " on others.row = facts.rowid where others.numerator = facts.numerator"
        [(changed,)] = connection.execute(f"{query} and facts.numerator > 0").fetchall()
        return int(changed)


def released(home: Home) -> Path:
    """Everything that leaves with the release of a work file, in one folder."""
    with duckdb.connect(str(home.work_db)) as connection:
        found = evaluate.findings(connection)
    decisions = decide(found, [], work_file.AS_OF, "r1")
    with state_of(home) as state:
        rows = {
            "alerts_rows": evaluate.alert_rows(state, decisions),
            "alert_events_rows": evaluate.event_rows(state, decisions),
        }
        draft = work_file.draft(home, **rows)
        build_site(draft.database, draft.report)
        with state.begin() as connection:
            judged = evaluate.Judged(tuple(found), Given(), work_file.AS_OF, "r1")
            record.record(connection, judged, draft, Settings())
            posted = connection.execute(sa.select(outbox.c.payload)).scalars().all()
    (draft.folder / "messages.json").write_text(json.dumps(sorted(posted, key=str)))
    return draft.folder


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """What leaves of two countries; repairs of the first serve for both, so that what differs is
    what is printed."""
    one, other = (homes.create(tmp_path_factory.mktemp(name)) for name in ("one", "other"))
    work_file.write(one.work_db, EXTENT)
    shutil.copy(one.work_db, other.work_db)
    assert other_country(other.work_db) > 500
    found = audit.audited
    kept: list[audit.Audit] = []

    def once(*given: Any) -> audit.Audit:
        kept.append(kept[0] if kept else found(*given))
        return kept[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "audited", once)
        # sums over a year of the other country are others; what they tell is tested by itself
        patch.setattr(disclosure, "WHOLE_YEARS_FROM", 1.0)
        yield released(one), released(other)


def rows_of(folder: Path, table: str) -> Any:
    with releases.opened(folder / releases.DATABASE) as connection:
        return connection.execute(f"from {table}").df()


def test_no_column_of_any_table_tells_two_countries_apart(both: tuple[Path, Path]) -> None:
    hashes = [releases.table_hashes_of(folder / releases.DATABASE) for folder in both]
    differ = [name for name in hashes[0] if hashes[0][name] != hashes[1][name]]
    columns = []
    for table in differ:
        one, other = (rows_of(folder, table) for folder in both)
        columns += [f"{table}.{name}" for name in one if not one[name].equals(other[name])]
    assert (differ, columns) == ([], [])


def test_no_page_message_table_or_metadata_does(both: tuple[Path, Path]) -> None:
    found = [
        {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        for folder in both
    ]
    one, other = found
    assert one.keys() == other.keys()
    kinds = {path.suffix for path in one.values()}
    assert kinds >= {".html", ".csv", ".json", ".parquet", ".md", ".xlsx", ".ods", ".zip"}
    assert {"report/downloads/brief.html", "datapackage.json"} <= one.keys()
    apart = [
        name
        for name in one
        if name != releases.DATABASE and content(one[name]) != content(other[name])
    ]
    assert apart == []


def content(path: Path) -> Any:
    """A file's bytes; of a Parquet file also what its footer says of each column."""
    if path.suffix == ".parquet":
        said = pq.ParquetFile(path).metadata
        groups = [said.row_group(number).to_dict() for number in range(said.num_row_groups)]
        return path.read_bytes(), said.metadata, groups
    return path.read_bytes()


def test_what_is_printed_says_something(both: tuple[Path, Path]) -> None:
    """Two empty releases would be alike as well."""
    parts = rows_of(both[0], "breakdowns")
    assert parts["counted"].notna().sum() > 100
    assert (parts["marker"] == "low").sum() > 20
    assert len(rows_of(both[0], "drivers")) > 0
    trends = rows_of(both[0], "trends")
    ours = trends[trends["source"] == "extracts"]
    for name in ("numerator", "value", "expected", "lower", "upper", "score", "p_one"):
        assert ours[name].notna().sum() > 100, name
    assert (ours["marker"] == "c").sum() > 100
    alerts = rows_of(both[0], "alerts")
    assert alerts["summary"].notna().any()
    messages = (both[0] / "messages.json").read_text()
    assert '"is_withheld": false' in messages
