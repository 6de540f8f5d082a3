"""Ends that cannot be read: some are blank and asked about, many would leave everything open."""

import pytest
from intake_files import EPISODES, MARCH, care, ssd, zipped

from sightline.senders.validate import validate

pytestmark = pytest.mark.slow

CARE_EPISODES = (
    "clae_person_id,clae_cla_episode_start_date,clae_cla_episode_ceased_date,"
    "clae_cla_episode_ceased_reason\n"
)
COUNT = 60


def closed(unread, blank=0):
    """Referrals, of which so many have a closing date that cannot be read, and so many none."""
    days = ["end of May"] * unread + [""] * blank + ["2026-03-30"] * (COUNT - unread - blank)
    return EPISODES + "".join(
        f"R{n},K1,2026-03-{n % 28 + 1:02},N1,2A,N,RC1,{day}\n" for n, day in enumerate(days, 1)
    )


def verdict_on(tmp_path, files, manifest=MARCH):
    path = tmp_path / "return.zip"
    path.write_bytes(zipped(files, manifest))
    [verdict] = validate([path], "301")
    return verdict


def too_many(verdict):
    return [
        (one.table, one.line, one.column)
        for one in verdict.problems
        if one.rule == "TOO_MANY_BAD_ROWS"
    ]


@pytest.mark.parametrize(
    ("unread", "blank", "is_refused"),
    [(6, 0, False), (7, 0, True), (5, 10, False), (6, 10, True), (5, 20, True), (4, 56, False)],
    ids=["a tenth", "more", "a tenth of the filled", "more of them", "five", "four at most"],
)
def test_closing_dates_that_cannot_be_read_refuse_a_return_where_they_are_many(
    tmp_path, unread, blank, is_refused
):
    verdict = verdict_on(tmp_path, ssd(ssd_cin_episodes=closed(unread, blank)))
    assert verdict.is_accepted is not is_refused
    place = ("ssd_cin_episodes", 2, "cine_close_date")
    assert too_many(verdict) == ([place] if is_refused else [])
    [asked] = [one for one in verdict.problems if one.rule == "DATE_FORMAT"]
    assert (asked.severity, asked.count) == ("query", unread)


def test_the_table_of_care_alone_is_set_aside(tmp_path):
    rows = "".join(f"K{n},2024-03-04,end of May,\n" for n in range(9))
    verdict = verdict_on(tmp_path, ssd(ssd_cla_episodes=CARE_EPISODES + rows))
    assert verdict.is_accepted
    assert too_many(verdict) == [("ssd_cla_episodes", 2, "clae_cla_episode_ceased_date")]
    assert verdict.quarantined == 9


def test_periods_of_going_missing_without_a_readable_end_refuse_a_return(tmp_path):
    rows = "".join(f"K1,14/05/2012,M,{n:02}/07/2025,33/07/2025\n" for n in range(1, 9))
    verdict = verdict_on(tmp_path, care(missing=rows), None)
    assert not verdict.is_accepted
    assert too_many(verdict) == [("missing", 3, "mis_end")]
