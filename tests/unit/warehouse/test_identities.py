"""Who is one child: followed where the records agree, and never merged where they do not."""

from datetime import date

import duckdb
import intake_files as files
import pytest
from claimed import Claimed
from intake_files import IDENTIFIERS, ssd, upn

from sightline.warehouse.timeline import identities
from sightline.warehouse.timeline.claims import Decision
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

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


def test_of_upns_that_change_from_one_return_to_the_next_the_newest_is_followed(monitor):
    send(monitor, link("K1", 1), month="03")
    send(monitor, link("K1", 2), month="04")
    assert sizes(monitor) == [2, 1]
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


class TestTheNewestClaimStands:
    def test_a_wrong_upn_of_an_older_month_is_forgotten(self):
        """The number of the older month is another pupil's, who is not in that return."""
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((1, "2012-05", "F", 1002))
        said.ssd((1, "2012-05", "F", 1001))
        said.census((1001, "2012-05", "F"), (1002, "2009-01", "M"))
        assert said.children().joined() == {frozenset({1, 1001})}
        assert said.conflicts() == {}

    def test_a_wrong_upn_of_the_newest_month_ties_nobody(self):
        """Another child of the same return has it too."""
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001), (2, "2009-01", "M", 1002))
        said.ssd((1, "2012-05", "F", 1002), (2, "2009-01", "M", 1002))
        assert said.children().joined() == set()
        assert said.conflicts() == {"upn_of_several_children": 1}

    def test_a_slip_is_not_taken_for_a_new_number_of_the_same_child(self):
        """Two of a class: the older return has 2 with its own number, the newest gives it to 1."""
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((2, "2012-07", "F", 1002))
        said.ssd((1, "2012-05", "F", 1002))
        assert said.children().joined() == set()
        assert said.conflicts() == {"upn_of_different_children": 1}

    def test_a_wrong_upn_is_cut_where_the_pupil_of_that_number_is_another(self):
        said = Claimed()
        said.census((1001, "2012-05", "F"), (1002, "2009-01", "F"))
        said.ssd((2, "2009-01", "F", 1002))
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((1, "2012-05", "F", 1002))
        assert said.children().joined() == {frozenset({2, 1002})}
        assert said.conflicts() == {"birth_or_sex_differs": 1}

    def test_the_newest_of_several_upns_is_the_one(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((1, "2012-05", "F", 1002))
        assert said.children().joined() == {frozenset({1, 1002})}

    def test_former_upns_are_followed_both_ways(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001, 1003))
        said.census((1002, "2012-05", "F", 1003))
        assert said.children().joined() == {frozenset({1, 1001, 1002, 1003})}

    def test_a_return_that_is_replaced_is_a_claim_still(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((2, "2013-05", "F", None))
        said.connection.execute("update control.submissions set is_in_force = submission_id = 2")
        assert said.children().joined() == {frozenset({1, 1001})}


class TestNumberedAnew:
    def test_everybody_numbered_anew_is_followed_by_the_upn(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001), (2, "2010-02", "M", 1002))
        said.ssd((11, "2012-05", "F", 1001), (12, "2010-02", "M", 1002))
        assert said.children().joined() == {frozenset({1, 11, 1001}), frozenset({2, 12, 1002})}
        assert said.conflicts() == {}

    @pytest.mark.parametrize(
        ("birth", "sex", "is_one"),
        [
            ("2012-05", "F", True),
            ("2013-05", "F", True),
            ("2013-06", "F", False),
            ("2011-05", "F", True),
            ("2011-04", "F", False),
            ("2012-05", "M", False),
            ("2012-05", "U", True),
            (None, None, True),
        ],
    )
    def test_births_more_than_a_year_apart_or_another_sex_are_two_children(
        self, birth, sex, is_one
    ):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((11, birth, sex, 1001))
        assert said.children().joined() == ({frozenset({1, 11, 1001})} if is_one else set())
        assert said.conflicts() == ({} if is_one else {"upn_of_different_children": 1})

    def test_numbers_of_two_systems_side_by_side_are_one_child(self):
        """Care uses other numbers than referrals; both are sent again and again."""
        said = Claimed()
        for _ in range(2):
            said.ssd((1, "2012-05", "F", 1001))
            said.care((11, "2012-05", "F", 1001, None, None))
        assert said.children().joined() == {frozenset({1, 11, 1001})}

    def test_numbers_that_take_turns_in_one_extract_are_two_children(self):
        """A slip: the same UPN before and after it is another number's."""
        said = Claimed()
        for person in (1, 11, 1):
            said.ssd((person, "2012-05", "F", 1001))
        assert said.children().joined() == set()
        assert said.conflicts() == {"upn_of_different_children": 1}

    def test_an_old_month_sent_again_under_the_old_number_changes_nothing(self):
        said = Claimed()
        for person, month in ((1, 1), (1, 2), (11, 3), (1, 2)):
            said.ssd((person, "2012-05", "F", 1001), start=date(2025, month, 1))
        assert said.children().joined() == {frozenset({1, 11, 1001})}

    def test_two_numbers_of_one_return_are_two_children_however_alike(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001), (2, "2012-05", "F", 1001))
        assert said.children().joined() == set()
        assert said.conflicts() == {"upn_of_several_children": 1}


class TestTwoPupilsUnderOneUpn:
    @pytest.mark.parametrize(("birth", "is_one"), [("2013-05", True), ("2013-06", False)])
    def test_a_census_with_two_children_of_one_upn_ties_it_to_nobody(self, birth, is_one):
        said = Claimed()
        said.ssd((1, birth, "F", 1001))
        said.census((1001, "2012-05", "F"), (1001, birth, "F"))
        assert said.children().joined() == ({frozenset({1, 1001})} if is_one else set())
        assert said.conflicts() == ({} if is_one else {"upn_of_several_children": 1})

    def test_a_newer_census_that_puts_it_right_counts(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.census((1001, "2012-05", "F"), (1001, "2015-05", "F"))
        said.census((1001, "2012-05", "F"))
        assert said.children().joined() == {frozenset({1, 1001})}


class TestANumberGivenToAnotherChild:
    def send(self, before, after):
        said = Claimed()
        said.census((1001, *before), (1002, *after))
        said.ssd((1, *before, 1001))
        said.ssd((2, "2015-01", "M", 1003))
        said.ssd((1, *after, 1002))
        return said.children()

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            (("2008-03", "F"), ("2014-09", "M")),
            (("2008-03", "F"), ("2009-04", "F")),
            (("2008-03", "F"), ("2008-03", "M")),
        ],
    )
    def test_old_rows_are_the_old_childs_and_new_rows_the_new_ones(self, before, after):
        said = self.send(before, after)
        meant = said.meant("ssd_persons")
        [old] = meant[2]
        assert meant[4] == {1}
        assert old != 1
        assert said.joined() == {frozenset({old, 1001}), frozenset({1, 1002}), frozenset({2, 1003})}
        assert said.meant("ssd_identifiers")[2] == {old}
        assert said.conflicts() == {"number_of_different_children": 1}

    @pytest.mark.parametrize("after", [("2009-03", "F"), ("2008-03", "U"), (None, None)])
    def test_a_upn_that_changes_alone_means_the_same_child(self, after):
        said = self.send(("2008-03", "F"), after)
        assert said.meant("ssd_persons")[2] == {1}
        assert said.joined() == {frozenset({1, 1002}), frozenset({2, 1003})}

    def test_birth_and_sex_are_corrected_where_the_upn_stays_or_is_unknown(self):
        said = Claimed()
        said.ssd((1, "2001-02", "F", 1001), (2, "2001-02", "F", None))
        said.ssd((1, "2010-02", "M", 1001), (2, "2010-02", "M", None))
        assert said.children().joined() == {frozenset({1, 1001})}
        assert said.meant("ssd_persons") == {1: {1, 2}, 2: {1, 2}}

    @pytest.mark.parametrize(
        ("after", "is_split"),
        [(("2014-09", "M"), True), (("2014-09", "F"), False), (("2008-03", "M"), False)],
    )
    def test_birth_sex_and_upn_that_change_at_once_mean_another_child_also_without_a_upn(
        self, after, is_split
    ):
        said = Claimed()
        said.ssd((1, "2008-03", "F", 1001))
        said.ssd((1, *after, None))
        assert (said.children().meant("ssd_persons")[1] != {1}) == is_split

    def test_an_old_month_sent_again_means_the_old_child(self):
        said = Claimed()
        said.ssd((1, "2008-03", "F", 1001))
        said.ssd((1, "2014-09", "M", 1002))
        said.ssd((1, "2008-03", "F", 1001))
        said.ssd((1, "2014-09", "M", 1002))
        meant = said.children().meant("ssd_persons")
        assert meant[1] == meant[3] != {1}
        assert meant[2] == meant[4] == {1}
        assert said.joined() == {frozenset({*meant[1], 1001}), frozenset({1, 1002})}


class TestTwoAuthorities:
    @pytest.mark.parametrize(
        ("birth", "sex", "is_one"),
        [
            ("2013-05", "F", True),
            ("2013-06", "F", False),
            ("2012-05", "M", False),
            ("2012-05", "U", True),
        ],
    )
    def test_a_upn_at_two_authorities_is_one_childs_unless_birth_or_sex_differ(
        self, birth, sex, is_one
    ):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((501, birth, sex, 1001), sender="302")
        joined = said.children().joined()
        if is_one:
            assert joined == {frozenset({1, 501, 1001})}
            assert said.conflicts() == {}
        else:
            assert {len(child) for child in joined} == {2}
            assert len(joined) == 2
            assert not any({1, 501} <= child for child in joined)
            assert said.conflicts() == {"upn_at_several_authorities": 2}

    def test_rows_of_a_torn_upn_are_each_authoritys_own_child(self):
        said = Claimed()
        said.census((1001, "2012-05", "F"), sender="301")
        said.census((1001, "2004-05", "F"), sender="302")
        said.census((1001, "2012-06", "F"), sender="303")
        said.ssd((1, "2012-05", "F", 1001), sender="301")
        said.ssd((501, "2004-05", "F", 1001), sender="302")
        meant = said.children().meant("census_pupils", "upn_key")
        assert meant[1] == meant[3] == {1001}
        assert meant[2] != {1001}
        assert said.joined() == {frozenset({1, 1001}), frozenset({501, *meant[2]})}
        assert said.conflicts() == {"upn_at_several_authorities": 3}

    def test_a_contradiction_that_shows_only_along_the_way_is_cut(self):
        """Each step is within a year; the ends are not."""
        said = Claimed()
        said.ssd((1, "2010-01", "F", 1001))
        said.census((1001, "2010-12", "F", 1002))
        said.census((1002, "2011-11", "F"))
        assert said.children().joined() == set()
        assert said.conflicts() == {"joined_to_contradictions": 2}

    def test_of_contradicting_identifiers_those_told_alike_stay_joined(self):
        said = Claimed()
        said.ssd((1, "2010-01", "F", 1001))
        said.census((1001, "2010-01", "F", 1002))
        said.census((1002, "2010-12", "F", 1003))
        said.census((1003, "2011-11", "F"))
        assert said.children().joined() == {frozenset({1, 1001})}


class TestAdoption:
    ON = date(2025, 6, 15)

    def before(self, said, reason="E11", ended_on=ON, upn=1001):
        said.care((1, "2012-05", "F", upn, ended_on, reason), start=date(2025, 4, 1))

    @pytest.mark.parametrize("reason", ["E11", "E12"])
    @pytest.mark.parametrize(("start", "is_one"), [((2025, 6, 15), True), ((2025, 6, 16), False)])
    def test_a_upn_named_after_the_adoption_is_not_tied_to_the_care_before(
        self, reason, start, is_one
    ):
        said = Claimed()
        self.before(said, reason)
        said.census((1001, "2012-05", "F"), start=date(*start))
        assert said.children().joined() == ({frozenset({1, 1001})} if is_one else set())
        assert said.conflicts() == ({} if is_one else {"across_adoption": 1})

    def test_a_former_upn_does_not_lead_over_the_wall(self):
        """What stood for the child before stays joined, what stands for it now too."""
        said = Claimed()
        said.ssd((501, "2012-05", "F", 1001), sender="302", start=date(2024, 1, 1))
        self.before(said)
        said.census((1002, "2012-05", "F", 1001), start=date(2025, 9, 1))
        said.ssd((7, "2012-05", "F", 1002, 1001), start=date(2025, 9, 1))
        assert said.children().joined() == {frozenset({1, 501, 1001}), frozenset({7, 1002})}
        assert said.conflicts() == {"across_adoption": 2}

    def test_another_end_of_care_is_no_wall(self):
        said = Claimed()
        self.before(said, "E45")
        said.census((1002, "2012-05", "F", 1001), start=date(2025, 9, 1))
        assert said.children().joined() == {frozenset({1, 1001, 1002})}

    def test_an_adoption_that_a_newer_return_takes_back_is_no_wall(self):
        said = Claimed()
        self.before(said)
        self.before(said, None, None)
        said.census((1001, "2012-05", "F"), start=date(2025, 9, 1))
        assert said.children().joined() == {frozenset({1, 1001})}


class TestDecisions:
    def said(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", 1001))
        said.ssd((501, "2012-05", "F", 1001), sender="302")
        return said

    def test_a_tie_that_people_cut_is_gone(self):
        said = self.said().children(Decision("cut", 1, 1001))
        assert said.joined() == {frozenset({501, 1001})}

    def test_two_that_are_joined_by_others_are_cut_and_the_first_stands_alone(self):
        said = self.said().children(Decision("cut", 501, 1))
        assert said.joined() == {frozenset({1, 1001})}

    def test_two_that_people_join_are_one_whatever_is_claimed(self):
        said = Claimed()
        said.ssd((1, "2012-05", "F", None), (2, "2002-05", "M", None))
        assert said.children(Decision("join", 1, 2)).joined() == {frozenset({1, 2})}

    def test_a_decision_about_what_is_not_here_changes_nothing(self):
        said = self.said().children(Decision("cut", 1, 77), Decision("join", 78, 79))
        assert said.joined() == {frozenset({1, 501, 1001})}


def test_the_number_on_the_record_counts_before_the_list():
    """Where the record has none, the list's does; former ones count either way."""
    said = Claimed()
    said.recorded((1, 1001, 1002, 1003), (2, None, 1004, None))
    assert said.children().joined() == {frozenset({1, 1001, 1003}), frozenset({2, 1004})}
    assert said.conflicts() == {}
