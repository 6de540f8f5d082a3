"""A child who is to be forgotten is in no byte that is kept, and does not come back."""

import gzip
import io
import json
import zipfile
from datetime import date

import duckdb
import intake_files as files
import pytest
from intake_files import EPISODES, FACTORS, IDENTIFIERS, MARCH, PERSONS, YEAR, ssd, upn, zipped
from opendocument import spreadsheet
from test_intake_workbooks import book
from test_intake_xml import CHILD, census

from sightline.warehouse import home as homes
from sightline.warehouse.erasure import carry_out, retention
from sightline.warehouse.erasure.forgetting import Child, child_in, forget, tied
from sightline.warehouse.erasure.rotation import rotate
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.intake.write import drop_rows
from sightline.warehouse.ledger import audit
from sightline.warehouse.pseudonyms import keys
from sightline.warehouse.settings import load_settings
from sightline.warehouse.timeline.work_file import prepare

pytestmark = pytest.mark.slow

GONE, STAYS = "CANARY0077", "STAYS00011"
GONE_UPN, FORMER_UPN, STAYS_UPN = upn(77), upn(78), upn(11)
CANARIES = [text.encode() for text in (GONE, GONE_UPN, FORMER_UPN, "SecretName", "2011-03-27")]
REASON = "request 17"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def bundle(*, only_gone=False):
    """Two children's tables, or one's."""
    people = [(GONE, GONE_UPN, "R77", "2011-03-27")]
    people += [] if only_gone else [(STAYS, STAYS_UPN, "R11", "2012-05-14")]
    links = "".join(f"L{p},{p},Unique Pupil Number,{u}\n" for p, u, _, _ in people)
    return ssd(
        ssd_person=PERSONS + "".join(f"{p},F,WBRI,{born}\n" for p, _, _, born in people),
        ssd_linked_identifiers=IDENTIFIERS
        + links
        + f"L9,{GONE},Former Unique Pupil Number,{FORMER_UPN}\n",
        ssd_cin_episodes=EPISODES
        + "".join(f"{r},{p},2026-03-09,N1,2A,N,,\n" for p, _, r, _ in people),
        ssd_cin_assessments=files.ASSESSMENTS
        + "".join(f"A{r},{p},{r},2026-03-10,2026-03-27\n" for p, _, r, _ in people),
        ssd_assessment_factors=FACTORS
        + "".join(f'F{r},A{r},"[""13A""]"\n' for _, _, r, _ in people),
    )


FIRST = zipped(bundle(), MARCH)


def care():
    header = "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB\n"
    return {
        "a.csv": f"{header}{GONE},F,27/03/2011,WBRI,{GONE_UPN},,\n{STAYS},F,14/05/2012,WBRI,,,\n",
        "b.csv": "CHILD,DECOM,RNE,LS,CIN,PLACE,DEC,REC\n"
        f"{GONE},02/05/2025,S,C2,N1,U6,09/06/2025,X1\n{STAYS},02/05/2025,S,C2,N1,U6,,\n",
        "c.csv": "CHILD,DOB,MISSING,MIS_START,MIS_END\n"
        f"{GONE},27/03/2011,M,03/06/2025,05/06/2025\n",
    }


def returned():
    """A census of three children, the middle one to be forgotten."""
    gone = CHILD.format(child=GONE, upn=GONE_UPN).replace("2012-05-14", "2011-03-27")
    text = census(2)
    place = text.index("\n  <Child>", text.index("C1"))
    return text[:place] + gone + text[place:]


def send_everything(monitor):
    """The child in every kind of file: accepted, superseded, refused, set aside, a neighbour's."""
    monitor.drop("a.zip", FIRST)
    monitor.drop_zip(bundle(only_gone=True), {**MARCH, "sequence": 2}, "b.zip")
    ragged = bundle()
    ragged["ssd_cin_episodes.csv"] += f"R99,{GONE},2026-03-11\nR98,{GONE},bad,N1,2A,N,,\n"
    ragged["note.txt"] = f"SecretName is {GONE}"
    monitor.drop_zip(ragged, {**MARCH, "sequence": 3}, "c.zip")
    monitor.drop_zip(care(), YEAR, "d.zip")
    monitor.drop("e.xml", returned())
    monitor.drop("f.csv.gz", gzip.compress(f"what,ever\n{GONE},SecretName\n".encode()))
    monitor.drop(f"{GONE}.csv", f"what,ever\n1,{FORMER_UPN}\n")
    monitor.drop("g.csv", f"what,ever\n1,{GONE}\n".encode("utf-16"))
    for name, text in bundle().items():
        monitor.drop(f"folder/{name}", text)
    monitor.drop("folder/manifest.json", '{"period_start":"2026-04-01","period_end":"2026-04-30"}')
    monitor.drop_zip(neighbour("2011-04-27"), sender="302")
    monitor.take_in()
    prepare(monitor.home, monitor.state, date(2026, 10, 20))


def as_rows(text):
    return [line.split(",") for line in text.splitlines()]


@pytest.mark.parametrize("form", ["ods", "xlsx", "zip beside", "zip in folder", "titles", "mac"])
def test_a_child_is_cut_out_of_every_form_that_is_read(monitor, form):
    """Also one whose sheet has titles above, blank rows between and an error in a cell."""
    said = json.dumps(YEAR)
    sheets = {name: [["Return"], *as_rows(text), ["", " "]] for name, text in care().items()}
    below = {name: f"Return\n,,,,\n{text},,,,\n" for name, text in care().items()}
    match form:
        case "ods":
            monitor.drop_zip({"a.ods": spreadsheet(sheets)}, YEAR)
        case "xlsx":
            monitor.drop_zip({"a.xlsx": book(sheets)}, YEAR)
        case "zip beside":
            monitor.drop("a.zip", zipped(below))
            monitor.drop("a.zip.manifest.json", said)
        case "zip in folder":
            monitor.drop("a/a.zip", zipped(below))
            monitor.drop("a/manifest.json", said)
        case "titles":
            monitor.drop_zip(below, YEAR)
        case _:
            monitor.drop_zip(
                {name: text.replace("\n", "\r") for name, text in care().items()}, YEAR
            )
    [outcome] = monitor.take_in().outcomes
    assert outcome.accepted == 5
    prepare(monitor.home, monitor.state, date(2026, 10, 20))
    done = erase(monitor)
    assert (done.remains, done.records["ssda903"]) == ([], 3)
    assert canaries_in(monitor.home) == set()
    assert len(monitor.raw("care_children")) == 1


def neighbour(born):
    """Another authority's child under the number that GONE had before."""
    return ssd(
        ssd_person=PERSONS + f"K1,F,WBRI,{born}\n",
        ssd_linked_identifiers=IDENTIFIERS + f"L1,K1,Unique Pupil Number,{FORMER_UPN}\n",
    )


def erase(monitor, child=None, *, only_given=False):
    settings = load_settings(monitor.home)
    given = child or Child("301", (GONE,))
    return forget(
        monitor.home, monitor.state, settings, given, REASON, lambda *_: None,
        only_given=only_given,
    )  # fmt: skip


def shown(monitor, child=None):
    settings = load_settings(monitor.home)
    return tied(monitor.home, monitor.state, settings, child or Child("301", (GONE,)))


def bytes_of(path):
    """A file as it is, and unpacked."""
    data = path.read_bytes()
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from map(archive.read, archive.namelist())
    elif data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)


def canaries_in(home):
    seen = set()
    for path in home.root.rglob("*"):
        for data in bytes_of(path) if path.is_file() else ():
            text = data + data.replace(b"\0", b"")
            seen |= {one for one in CANARIES if one in text}
    return seen


def test_every_canary_is_there_before(monitor):
    send_everything(monitor)
    assert canaries_in(monitor.home) == set(CANARIES)


def test_a_forgotten_child_is_in_no_byte_of_the_monitor(monitor):
    """Fault 59."""
    send_everything(monitor)
    monitor.home.logs.mkdir()
    for name in ("faults-2026-01-05.txt", "faults-2026-02-07.txt", "up.log"):
        (monitor.home.logs / name).write_text(f"ValueError: {GONE}\n")
    done = erase(monitor)
    assert canaries_in(monitor.home) == set()
    assert done.remains == []
    assert (done.records["ssd"], done.records["ssda903"]) == (30, 3)
    assert done.records["cin_census"] == 3


def test_its_pseudonyms_are_gone_and_those_of_others_stay(monitor):
    """Fault 59."""
    send_everything(monitor)
    before = set(monitor.raw("ssd_identifiers", "upn_key"))
    erase(monitor)
    after = set(monitor.raw("ssd_identifiers", "upn_key"))
    assert len(before) == 3
    assert len(after) == 1
    assert len(set(monitor.raw("cin_children", "person_key"))) == 2
    assert len(monitor.raw("ssd_factors")) == 3


def test_every_verdict_stands_and_every_row_is_accounted_for(monitor):
    """Fault 59."""
    send_everything(monitor)
    before = monitor.statuses()
    erase(monitor)
    assert monitor.statuses() == before
    for row in monitor.ledger():
        assert row["records"] == row["accepted"] + row["quarantined"] + row["duplicates"]
    kept = {row["original_name"]: row["records"] for row in monitor.ledger()}
    assert (kept["b.zip"], kept["d.zip"]) == (0, 2)
    assert "named after a child who was erased" in kept


def test_the_lines_of_others_keep_their_numbers(monitor):
    send_everything(monitor)
    before = set(monitor.raw("cin_children", "person_key, line"))
    erase(monitor)
    after = set(monitor.raw("cin_children", "person_key, line"))
    assert after < before
    assert len(after) == 2


def test_the_same_bytes_again_do_not_bring_the_child_back(monitor):
    """Fault 59."""
    send_everything(monitor)
    erase(monitor)
    monitor.drop("a.zip", FIRST)
    report = monitor.take_in()
    assert (report.outcomes, report.repeated) == ([], ["301/a.zip"])
    assert canaries_in(monitor.home) == set()


def test_a_later_file_comes_in_without_the_child(monitor):
    """Fault 59."""
    send_everything(monitor)
    erase(monitor)
    [outcome] = send_april(monitor)
    assert not outcome.is_refused
    assert canaries_in(monitor.home) == set()
    assert outcome.records == 5


def send_april(monitor):
    april = {"period_start": "2026-04-01", "period_end": "2026-04-30", "sequence": 9}
    monitor.drop_zip(bundle(), april, "later.zip")
    return monitor.take_in().outcomes


def test_nor_does_it_come_back_under_another_key(monitor, tmp_path):
    """Faults 59 and 103."""
    send_everything(monitor)
    erase(monitor)
    homes.write_secret(tmp_path / "new.key", keys.read(monitor.home.suppression_key)[::-1])
    settings = load_settings(monitor.home)
    new = tmp_path / "new.key"
    rotate(monitor.home, monitor.state, settings, new, "a reason", lambda *_: None)
    assert send_april(monitor)[0].records == 5
    assert canaries_in(monitor.home) == set()


def test_a_upn_alone_is_enough(monitor):
    send_everything(monitor)
    erase(monitor, Child(None, (), (FORMER_UPN,)))
    assert canaries_in(monitor.home) == set()


def test_bytes_that_do_not_open_may_hold_the_child_and_go(monitor):
    monitor.drop("a.zip", FIRST)
    monitor.drop_zip(ssd(), sender="302")
    monitor.drop("cut.zip", FIRST[:-200], sender="302")
    monitor.take_in()
    [cut] = [row for row in monitor.ledger() if row["original_name"] == "cut.zip"]
    landed = monitor.home.landing / cut["landing_name"]
    assert landed.read_bytes() == FIRST[:-200]
    erase(monitor)
    assert not landed.exists()


def test_a_child_of_another_authority_with_the_same_number_stays(monitor):
    """Fault 44."""
    monitor.drop_zip(bundle())
    monitor.drop_zip(ssd(ssd_person=PERSONS + f"{GONE},F,WBRI,2012-05-14\n"), sender="302")
    monitor.take_in()
    assert len(monitor.raw("ssd_persons")) == 3
    erase(monitor)
    assert len(monitor.raw("ssd_persons")) == 2


def test_the_record_says_why_and_not_who(monitor):
    """Fault 59."""
    send_everything(monitor)
    erase(monitor)
    [entry] = audit.entries(monitor.state)
    assert (entry["action"], entry["subject"], entry["reason"]) == ("forget", "a child", REASON)
    audit.check(monitor.state)


def test_erasing_that_was_cut_off_is_finished_by_the_next_run(monitor, monkeypatch):
    """Faults 59 and 71."""
    send_everything(monitor)

    def power_cut(*_arguments):
        raise KeyboardInterrupt

    for step in ("_remove", "_derive_again", "sweep_landing"):
        with monkeypatch.context() as patch:
            patch.setattr(carry_out, step, power_cut)
            with pytest.raises(KeyboardInterrupt):
                erase(monitor)
    monitor.take_in()
    assert canaries_in(monitor.home) == set()


def test_rows_whose_original_is_gone_are_forgotten_too(monitor):
    """Faults 59 and 60."""
    monitor.drop_zip(bundle())
    monitor.take_in()
    later = load_settings(monitor.home).model_copy(update={"today": date(2040, 1, 1)})
    retention.apply(monitor.home, monitor.state, later)
    tables = ("ssd_persons", "ssd_identifiers", "ssd_referrals", "ssd_assessments", "ssd_factors")
    assert [len(monitor.raw(table)) for table in tables] == [2, 3, 2, 2, 2]
    erase(monitor)
    assert [len(monitor.raw(table)) for table in tables] == [1, 1, 1, 1, 1]


def test_of_a_table_that_is_no_longer_kept_its_rows_go_too(tmp_path):
    path = tmp_path / "raw" / "once_kept" / "a.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select unnest([1, 2]) as person_key, unnest([7, 8]) as event_key)"
            f" to '{path}' (format parquet)"
        )
        drop_rows(tmp_path / "raw", ["a"], [1])
        assert connection.execute(f"select person_key from '{path}'").fetchall() == [(2,)]


def test_a_child_of_whom_nothing_is_kept_is_kept_out_all_the_same(monitor):
    erase(monitor)
    monitor.drop_zip(bundle())
    [outcome] = monitor.take_in().outcomes
    assert len(monitor.raw("ssd_persons")) == 1
    assert not outcome.is_refused


def test_who_it_is_is_read_from_lines():
    child = child_in(f"sender: 301\nid: {GONE}\n\nUPN: {GONE_UPN}\n")
    assert child == Child("301", (GONE,), (GONE_UPN,))


@pytest.mark.parametrize("text", ["", "sender: 301", f"id: {GONE}", f"name: {GONE}", GONE])
def test_who_it_is_must_be_said_in_full_and_is_not_repeated(text):
    with pytest.raises(SightlineError) as raised:
        child_in(text)
    assert GONE not in raised.value.message


def test_a_upn_that_is_none_is_refused(monitor):
    with pytest.raises(SightlineError, match="letters and digits"):
        erase(monitor, Child(None, (), ("A000000000000",)))


def test_what_is_tied_to_a_child_is_told_in_numbers(monitor):
    monitor.drop("a.zip", FIRST)
    monitor.drop_zip(neighbour("2011-04-27"), sender="302")
    monitor.take_in()
    found = shown(monitor)
    assert (found.given, found.local_numbers, found.pupil_numbers) == (1, {"301": 1, "302": 1}, 2)
    assert found.claims == {
        ("301", "a local number and its pupil number"): 1,
        ("301", "a local number and a former pupil number"): 1,
        ("302", "a local number and its pupil number"): 1,
    }
    assert found.not_followed == 0
    assert found.rows == {"301": 5, "302": 4}


def test_a_tie_that_was_cut_is_not_followed(monitor):
    """The neighbour's child was born 14 months later."""
    monitor.drop("a.zip", FIRST)
    monitor.drop_zip(neighbour("2012-05-14"), sender="302")
    monitor.take_in()
    found = shown(monitor)
    assert found.local_numbers == {"301": 1}
    erase(monitor)
    assert len(monitor.raw("ssd_persons")) == 2
    assert len(monitor.raw("ssd_identifiers")) == 2


def test_only_what_is_given_is_forgotten_where_that_is_asked(monitor):
    monitor.drop("a.zip", FIRST)
    monitor.drop_zip(neighbour("2011-04-27"), sender="302")
    monitor.take_in()
    erase(monitor, only_given=True)
    assert len(monitor.raw("ssd_persons")) == 2
    monitor.drop_zip(neighbour("2011-04-27"), {**MARCH, "sequence": 2}, "again.zip", "302")
    monitor.take_in()
    assert len(monitor.raw("ssd_persons")) == 3


def send_reused(monitor, *months):
    """GONE is one child until March and another from April on, with another pupil number."""
    told = {
        "03": ("F,WBRI,2008-01-01", GONE_UPN, "2026-03-31"),
        "04": ("M,WBRI,2014-01-01", STAYS_UPN, "2026-04-30"),
        "05": ("M,WBRI,2014-01-01", STAYS_UPN, "2026-05-31"),
    }
    for month in months:
        person, number, end = told[month]
        sent = ssd(
            ssd_person=PERSONS + f"{GONE},{person}\n",
            ssd_linked_identifiers=IDENTIFIERS + f"L1,{GONE},Unique Pupil Number,{number}\n",
            ssd_cin_episodes=EPISODES + f"R{month},{GONE},2026-{month}-09,N1,2A,N,,\n",
            ssd_cin_assessments=files.ASSESSMENTS,
            ssd_assessment_factors=FACTORS,
        )
        period = {"period_start": f"2026-{month}-01", "period_end": end}
        monitor.drop_zip(sent, period, f"{month}.zip")
    monitor.take_in()


def months_kept(monitor):
    return {row[0].month for row in monitor.raw("ssd_referrals", "referral_date")}


def test_of_a_number_that_was_given_to_another_child_the_newest_is_forgotten(monitor):
    send_reused(monitor, "03", "04")
    assert shown(monitor).rows == {"301": 3}
    erase(monitor)
    assert months_kept(monitor) == {3}


@pytest.mark.parametrize(
    "child", [Child("301", (GONE,), (GONE_UPN,)), Child(None, (), (GONE_UPN,))]
)
def test_the_former_child_of_a_number_is_forgotten_by_its_upn_and_the_new_one_stays(monitor, child):
    send_reused(monitor, "03", "04")
    erase(monitor, child)
    assert months_kept(monitor) == {4}
    send_reused(monitor, "05")
    assert months_kept(monitor) == {4, 5}
