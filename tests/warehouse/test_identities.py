"""Who is one child: followed where the records agree, and never merged where they do not."""

from datetime import date

import duckdb
import intake_files as files
import pytest
from intake_files import IDENTIFIERS, ssd, upn

from warehouse import identities
from warehouse.prepare import prepare

AS_OF = date(2026, 10, 20)
CURRENT, FORMER = "Unique Pupil Number", "Former Unique Pupil Number"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def link(person, number, kind=CURRENT):
    text = upn(number) if isinstance(number, int) else number
    return f"L{person}{number},{person},{kind},{text}\n"


def send(monitor, *links, sender="301", month="03"):
    end = {"03": "31", "04": "30"}[month]
    manifest = {"period_start": f"2026-{month}-01", "period_end": f"2026-{month}-{end}"}
    bundle = ssd(ssd_linked_identifiers=IDENTIFIERS + "".join(links))
    monitor.drop_zip(bundle, manifest, f"{sender}-{month}.zip", sender)


def sizes(monitor):
    """How many identifiers each child has, the largest first."""
    query = "select count(*) from control.identities group by child_key order by 1 desc"
    return [count for (count,) in asked(monitor, query)]


def conflicts(monitor):
    return asked(monitor, "from control.link_conflicts")


def asked(monitor, query):
    monitor.take_in()
    prepare(monitor.home, monitor.state, AS_OF)
    with duckdb.connect(str(monitor.home.work_db), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_upn_of_two_children_of_one_return_joins_neither(monitor):
    """Fault 45."""
    """Fault 45."""
    send(monitor, link("K1", 1), link("K2", 1))
    assert sizes(monitor) == [1, 1, 1]
    assert conflicts(monitor) == [("301", "ssd", "upn_of_several_children", 1)]


def test_a_child_with_two_upns_in_one_return_joins_neither(monitor):
    """Fault 45."""
    send(monitor, link("K1", 1), link("K1", 2), link("K3", 3))
    assert sizes(monitor) == [2, 1, 1, 1]
    assert conflicts(monitor) == [("301", "ssd", "child_with_several_upns", 1)]


def test_a_former_upn_is_followed(monitor):
    send(monitor, link("K1", 1), link("K1", 2, FORMER))
    assert sizes(monitor) == [3]
    assert conflicts(monitor) == []


def test_a_upn_that_changes_from_one_return_to_the_next_is_followed(monitor):
    send(monitor, link("K1", 1), month="03")
    send(monitor, link("K1", 2), month="04")
    assert sizes(monitor) == [3]
    assert conflicts(monitor) == []


def test_a_conflict_at_one_authority_leaves_the_links_of_another(monitor):
    """Fault 45."""
    send(monitor, link("K1", 1), link("K2", 1))
    send(monitor, link("Z1", 1), sender="302")
    # The UPN and Z1 of 302; K1 and K2 of 301; K1 of 302, which has no UPN.
    assert sizes(monitor) == [2, 1, 1, 1]


def test_a_upn_in_conflict_links_nothing_at_its_sender_in_other_returns_either(monitor):
    """Fault 45."""
    send(monitor, link("K1", 1), link("K2", 1), month="03")
    send(monitor, link("K2", 1), month="04")
    assert sizes(monitor) == [1, 1, 1]


def test_the_same_local_number_in_two_authorities_is_two_children(monitor):
    """Fault 44."""
    send(monitor, link("K1", 1))
    send(monitor, link("K1", 2), sender="302")
    assert sizes(monitor) == [2, 2]


@pytest.mark.parametrize("stand_in", ["A000000000000", "UNKNOWN", "1111111111111", "N/A", "X1"])
def test_a_stand_in_for_a_upn_merges_nobody(monitor, stand_in):
    """Fault 42."""
    pupils = "".join(link(f"K{number}", stand_in) for number in range(1, 5))
    send(monitor, pupils, *(link(f"P{number}", number) for number in range(60)))
    assert sizes(monitor)[:61] == [2] * 60 + [1]


@pytest.mark.parametrize(
    "written", [" k1", "K1 ", "k1", "K\u200b1", "\ufeffK1", "K1\u00a0", "K\u20601"]
)
def test_an_identifier_is_the_same_however_it_is_written(monitor, written):
    send(monitor, link("K1", 1), month="03")
    send(monitor, link(written, 1), month="04")
    assert sizes(monitor) == [2]
    assert conflicts(monitor) == []


def test_a_knot_of_too_many_identifiers_is_cut_and_counted(monitor, monkeypatch):
    """Fault 45."""
    monkeypatch.setattr(identities, "MOST_IDENTIFIERS", 4)
    formers = [link("K1", number, FORMER) for number in range(2, 6)]
    send(monitor, link("K1", 1), *formers, link("K2", 9))
    assert sizes(monitor) == [2, 1, 1, 1, 1, 1, 1]
    assert conflicts(monitor) == [("301", "ssd", "joined_to_too_many", 6)]
