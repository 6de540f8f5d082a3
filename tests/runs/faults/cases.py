"""Bad files and bad values, each with the verdict that it must get.

The numbers are those of the catalogue of faults. All cases are dropped into one inbox together,
each by a sender of its own, so that each also shows that the others do not disturb it.
"""

import gzip
import io
import zipfile
from dataclasses import dataclass
from typing import Any

import intake_files as files
from intake_files import (
    EPISODES,
    FACTORS,
    IDENTIFIERS,
    MARCH,
    PERSONS,
    YEAR,
    care,
    month_first,
    referrals,
    ssd,
    upn,
)

Error = tuple[str, int | None, str | None]
# Planted in ids, names and notes; no place but landing and quarantine may hold it.
CANARY = "CANARY"
HTML = b"<html><body><table><tr><td>CANARY</td></tr></table></body></html>"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 CANARY"


@dataclass(frozen=True)
class Case:
    """What is dropped, and every error it must get; without one it must be accepted whole."""

    fault: int
    name: str
    content: bytes
    errors: tuple[Error, ...] = ()
    records: int | None = None
    quarantined: int | None = None
    duplicates: int = 0
    sender: str | None = None

    @property
    def id(self) -> str:
        return f"fault_{self.fault:03d}_{self.name}"


def bundle(fault: int, name: str, tables: dict[str, Any], *errors: Error, **more: Any) -> Case:
    """A zip of tables for March, or for what `manifest` says."""
    manifest = more.pop("manifest", MARCH)
    return Case(fault, f"{name}.zip", files.zipped(tables, manifest), errors, **more)


def plain(fault: int, name: str, content: bytes | str, *errors: Error, **more: Any) -> Case:
    data = content.encode() if isinstance(content, str) else content
    return Case(fault, name, data, errors, **more)


def episodes(fault: int, name: str, text: str | bytes, *errors: Error, **more: Any) -> Case:
    return bundle(fault, name, {**ssd(), "ssd_cin_episodes.csv": text}, *errors, **more)


def row(fault: int, name: str, line: str, rule: str, column: str | None) -> Case:
    """One bad referral below forty good ones."""
    text = referrals(40, line + "\n")
    error = (rule, 42, column)
    return episodes(fault, name, text, error, records=45, quarantined=1)


def kept(fault: int, name: str, line: str) -> Case:
    """A referral among forty others that is taken in, read in another form or asked about."""
    return episodes(fault, name, referrals(40, line + "\n"), records=45)


def referral_date(fault: int, name: str, written: str, rule: str) -> Case:
    line = f"CANARY9,K1,{written},N1,2A,N,,"
    return row(fault, f"date_{name}", line, rule, "cine_referral_date")


def number(fault: int, name: str, upn_written: str) -> Case:
    """A UPN that is none: a query, and the child is linked to nothing."""
    text = IDENTIFIERS + f"L1,K1,Unique Pupil Number,{upn_written}\n"
    return bundle(fault, f"upn_{name}", ssd(ssd_linked_identifiers=text), records=5)


def missing(fault: int, name: str, line: str, *errors: Error) -> Case:
    """A care return with twelve missing episodes, then this line."""
    rows = [f"K1,14/05/2012,M,{day:02}/07/2025,{day:02}/07/2025\n" for day in range(1, 13)]
    tables = care(missing="".join(rows) + line + "\n")
    quarantined = 1 if errors else 0
    return bundle(fault, name, tables, *errors, manifest=YEAR, records=16, quarantined=quarantined)


def figures(fault: int, name: str, value: str, *errors: Error, rows: int = 60) -> Case:
    """A published series of authorities, then a row with this value."""
    header = (
        "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
        "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count\n"
    )
    line = (
        "2025,Reporting year,Local authority,E92000001,England,E12000003,Yorkshire and The Humber,"
        "383,E08000035,Leeds,Part {},{},{}\n"
    )
    text = header + "".join(line.format(n, n, n) for n in range(rows))
    text += line.format(rows, value, 1)
    return plain(
        fault, f"figures_{name}.csv", text, *errors, sender="published",
        records=rows + 1, quarantined=1 if errors else 0,
    )  # fmt: skip


def census(children: int = 1, *, year: int | str = 2026, collection: str = "CIN") -> str:
    """A children in need return of authority 301: a child stands on each line from the third."""
    return (
        "<Message><Header><CollectionDetails>"
        f"<Collection>{collection}</Collection><Year>{year}</Year>"
        "<ReferenceDate>2026-03-31</ReferenceDate></CollectionDetails>"
        "<Source><LEA>301</LEA></Source></Header>\n<Children>\n"
        + "".join(CHILD.format(n, upn(n)) for n in range(children))
        + "</Children></Message>\n"
    )


CHILD = (
    "<Child><ChildIdentifiers><LAchildID>CANARY{}</LAchildID><UPN>{}</UPN>"
    "<PersonBirthDate>2012-05-14</PersonBirthDate><Sex>F</Sex></ChildIdentifiers><CINdetails>"
    "<CINreferralDate>2025-06-02</CINreferralDate><ReferralSource>2A</ReferralSource>"
    "<PrimaryNeedCode>N1</PrimaryNeedCode><ReferralNFA>0</ReferralNFA></CINdetails></Child>\n"
)


def xml(fault: int, name: str, text: str, *errors: Error, **more: Any) -> Case:
    return plain(fault, f"{name}.xml", text, *errors, sender="301", **more)


def exclusion(fault: int, name: str, written: str, *errors: Error) -> Case:
    """A school census with twenty suspensions, then this one."""
    pupil = "pupilonrolltableid,upn,dob,gender\n" + f"P1,{upn(7)},2012-May-14 00:00:00,F\n"
    header = (
        "pupilonrolltableid,termlyexclusionsonrolltableid,startdate,sessions,category,reason1\n"
    )
    good = "".join(f"P1,E{day},2026-Feb-{day:02} 00:00:00,2.0,SUSP,DB\n" for day in range(1, 21))
    tables = {
        "pupils.csv": pupil,
        "exclusions.csv": header + good + written + "\n",
        "off.csv": pupil.replace("pupilonroll", "pupilnolongeronroll").partition("\n")[0] + "\n",
        "offex.csv": header.replace("pupilonroll", "pupilnolongeronroll").replace(
            "exclusionsonroll", "exclusionsoffroll"
        ),
    }
    manifest = {"period_start": "2026-09-01", "period_end": "2026-12-31"}
    quarantined = 1 if errors else 0
    return bundle(fault, name, tables, *errors, manifest=manifest, records=22,
                  quarantined=quarantined)  # fmt: skip


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def encrypted() -> bytes:
    """A zip whose one member says that it needs a password."""
    data = bytearray(files.zipped({"a.csv": "a,b\n"}))
    central = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[central + 8] |= 1
    return bytes(data)


KINDS = ("csv", "xlsx", "xml")
GOOD = referrals(40)
WIDE = "".join(f"R{n},K1,2026-03-09,N1,2A,N,,,13\n" for n in range(100, 1001))
TOTAL_AT_100 = ("TOO_MANY_BAD_ROWS", 101, None)
CP1252 = "R99,Zo\u00eb,2026-03-09,N1,2A,N,,\n".encode("cp1252")
BAD_DATE = ("DATE_FORMAT", 7, "cine_referral_date")
NOTED = (
    EPISODES.replace("cine_close_reason", "cine_referral_team,cine_close_reason")
    + 'R1,K1,2026-03-09,N1,2A,N,"CANARY\nb, c\n",,\n\n'
    + "R2,K1,2026-03-10,N1,2A,N,T,,\nR3,K1,bad,N1,2A,N,T,,\n"
)
NAMES_BESIDE = PERSONS.replace("\n", ",note\n") + "K1,F,WBRI,2012-05-14,Canary Smith\n"


EMPTY_CARE = {name: text.partition("\n")[0] + "\n" for name, text in care().items()}
EMPTY_SSD = {name: text.partition("\n")[0] + "\n" for name, text in ssd().items()}
ENTITY = '<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
REMOTE = '<!DOCTYPE Message [<!ENTITY % p SYSTEM "http://203.0.113.1/x"> %p;]>'
LAUGHS = "<!DOCTYPE Message [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;'>]>"
QUADRATIC = f"<!DOCTYPE Message [<!ENTITY a '{'a' * 50_000}'>]>"

BAD_FILES = (
    *(plain(1, f"empty.{kind}", b"", ("EMPTY_FILE", None, None)) for kind in KINDS),
    bundle(2, "headers_of_care", EMPTY_CARE, ("NO_ROWS", 1, None), manifest=None),
    bundle(2, "declared_nil", EMPTY_SSD, records=0),
    plain(3, "two_newlines.csv", b"\n\n", ("EMPTY_FILE", None, None)),
    episodes(
        4, "ragged", referrals(98, "R98,K1,2026-03-09\n", "R99,K1,2026-03-09,N1,2A,N,,,,\n"),
        ("RAGGED_ROW", 100, None), records=104, quarantined=2,
    ),
    episodes(5, "cut", referrals(9, "R99,K1,2026-0"), ("TRUNCATED", 11, None)),
    episodes(
        6, "wider_from_100", referrals(99) + WIDE,
        TOTAL_AT_100, ("RAGGED_ROW", 101, None), records=1004, quarantined=1004,
    ),
    bundle(
        7, "three_lines", {"x.csv": "c0\nv0\na;b\n"}, ("HEADER_MISMATCH", 1, None),
        manifest=MARCH | {"extract": "ssd"},
    ),
    episodes(8, "semicolons", GOOD.replace(",", ";"), ("DELIMITER", 1, None)),
    episodes(8, "tabs", GOOD.replace(",", "\t"), ("DELIMITER", 1, None)),
    episodes(
        9, "open_quote", referrals(49) + '"R50,K1,2026-03-09,N1,2A,N,,\n' + WIDE,
        ("UNTERMINATED_QUOTE", 51, None),
    ),
    episodes(10, "quoted_newline", NOTED, BAD_DATE, records=7, quarantined=1),
    episodes(11, "windows", GOOD.encode() + CP1252, records=45),
    episodes(11, "undefined", GOOD.encode() + CP1252.replace(b"\xeb", b"\x81"),
             ("ENCODING", 42, None)),
    bundle(
        11, "windows_allowed", care() | {"a.csv": care()["a.csv"].encode() + CP1252[4:7] +
        b",F,14/05/2012,WBRI,,,\n"}, manifest=YEAR, records=4,
    ),
    bundle(
        11, "windows_undefined", care() | {"a.csv": care()["a.csv"].encode() +
        b"Zo\x81,F,14/05/2012,WBRI,,,\n"}, ("ENCODING", 3, None), manifest=YEAR,
    ),
    episodes(12, "utf_16_marked", GOOD.encode("utf-16"), records=44),
    episodes(12, "utf_8_marked", GOOD.encode("utf-8-sig"), records=44),
    episodes(12, "utf_16_unmarked", GOOD.encode("utf-16-le"), ("ENCODING", 1, None)),
    row(13, "nul", "R99,CANARY\x00,2026-03-09,N1,2A,N,,", "CONTROL_CHAR", None),
    row(13, "bell", "R99,CANARY\x07,2026-03-09,N1,2A,N,,", "CONTROL_CHAR", None),
    row(14, "long_field", f"R99,{'CANARY' * 500_000},2026-03-09,N1,2A,N,,", "FIELD_TOO_LONG", None),
    row(14, "longer_than_an_id", f"R99,{'K' * 65},2026-03-09,N1,2A,N,,", "FIELD_TOO_LONG",
        "cine_person_id"),
    episodes(15, "mixed_endings", GOOD.replace("\n", "\r", 2), ("LINE_ENDINGS", 3, None)),
    episodes(15, "old_mac_endings", GOOD.replace("\n", "\r"), records=44),
    episodes(15, "windows_endings", GOOD.replace("\n", "\r\n"), records=44),
    episodes(
        16, "name_twice", GOOD.replace("cine_person_id", "cine_referral_id"),
        ("DUPLICATE_COLUMN", 1, "cine_referral_id"),
    ),
    episodes(
        16, "blanks_and_case", GOOD.replace("cine_person_id", " Cine_Person_ID "), records=44
    ),
    episodes(
        17, "without_a_date", GOOD.replace("cine_referral_date", "day"),
        ("MISSING_COLUMN", 1, "cine_referral_date"),
    ),
    bundle(17, "with_names", ssd(ssd_person=NAMES_BESIDE), records=5),
    bundle(
        18, "reordered", ssd(ssd_person="pers_sex,pers_dob,pers_person_id\nF,2012-05-14,K1\n"),
        records=5,
    ),
    episodes(19, "no_header", GOOD.partition("\n")[2], ("MISSING_TABLE", None, None)),
    plain(19, "no_header_alone.csv", GOOD.partition("\n")[2], ("UNKNOWN_EXTRACT", 1, None)),
    episodes(20, "title", "Referrals of CANARY\n\n" + GOOD, records=44),
    episodes(
        20, "below_records", referrals(1).partition("\n")[2] + GOOD, ("PREAMBLE", 1, None)
    ),
    episodes(20, "blank_rows", GOOD + 20 * ",,,,,,,\n", records=44),
    row(20, "total", "Total,40,,,,,,", "TOTAL_ROW", None),
    plain(21, "page.xlsx", HTML, ("NOT_XLSX", None, None)),
    plain(21, "old_or_locked.xlsx", OLE, ("NOT_XLSX", None, None)),
    plain(21, "cut.xlsx", b"PK\x03\x04 cut off", ("NOT_XLSX", None, None)),
    xml(27, "broken_late", census(200).replace("</Child>\n</Ch", "</Chid>\n</Ch"),
        ("XML_NOT_WELL_FORMED", 202, None)),
    xml(28, "other_root", "<Other/>", ("XML_STRUCTURE", 1, None)),
    xml(28, "namespace", census().replace("<Message>", '<Message xmlns="urn:x">'),
        ("XML_STRUCTURE", 1, None)),
    xml(28, "other_collection", census(collection="SSDA903"), ("XML_STRUCTURE", 1, None)),
    xml(
        28, "child_in_the_header", census().replace("</Header>", CHILD.format(9, 9) + "</Header>"),
        ("XML_STRUCTURE", 1, None),
    ),
    xml(
        28, "child_of_another_namespace", census(3).replace("<Child>", "<Child xmlns='u:x'>", 1),
        ("XML_STRUCTURE", 3, None),
    ),
    xml(28, "other_year", census(year=2025), ("YEAR", 1, "ReferenceDate")),
    xml(28, "no_year", census(year="soon"), ("YEAR", 1, "ReferenceDate")),
    *(
        xml(29, name, prolog + census().replace("2A", "&a;"), ("XML_DOCTYPE", 1, None))
        for name, prolog in (
            ("local_file", ENTITY), ("parameter_entity", REMOTE), ("laughs", LAUGHS),
            ("quadratic", QUADRATIC),
        )
    ),
    xml(30, "deep", census().replace("<Sex>", "<a>" * 10_000), ("XML_NOT_WELL_FORMED", 3, None)),
    plain(31, "program.csv", b"MZ\x90\x00", ("TYPE", None, None)),
    plain(31, "image.csv", b"\x89PNG\r\n\x1a\n", ("TYPE", None, None)),
    plain(31, "page.csv", b"<!DOCTYPE html><p>CANARY", ("TYPE", None, None)),
    plain(31, "letter.csv", packed(word__document=b"CANARY"), ("UNKNOWN_EXTRACT", 1, None)),
    plain(31, "nested.zip", files.zipped({"inner.zip": files.zipped(ssd(), MARCH)}), records=5),
    plain(31, "nested_twice.zip", files.zipped({"a.zip": files.zipped({"b.zip": packed(c=b"")})}),
          ("ARCHIVE", None, None)),
    plain(31, "locked.zip", encrypted(), ("ARCHIVE", None, None)),
    plain(31, "outside.zip", files.zipped({"../../x.csv": "a"}), ("ARCHIVE", None, None)),
    plain(31, "absolute.zip", files.zipped({"/tmp/x.csv": "a"}), ("ARCHIVE", None, None)),  # noqa: S108 - a path that must be refused
    plain(31, "windows_path.zip", files.zipped({"..\\x.csv": "a"}), ("ARCHIVE", None, None)),
    plain(31, "bomb.zip", files.zipped({"a.csv": b"0" * (60 << 20)}), ("TOO_LARGE", None, None)),
    plain(31, "bomb.csv.gz", gzip.compress(b"0" * (60 << 20)), ("TOO_LARGE", None, None)),
    bundle(
        31, "packed_tables",
        {f"{n}.gz": gzip.compress(t.encode()) for n, t in ssd().items()}, records=5,
    ),
)  # fmt: skip

BAD_VALUES = (
    referral_date(34, "no_such_day", "2026-02-30", "DATE_INVALID"),
    referral_date(34, "no_such_month", "2026-13-01", "DATE_INVALID"),
    referral_date(34, "zeros", "0000-00-00", "DATE_INVALID"),
    kept(34, "day_first", "R99,K1,09/03/2026,N1,2A,N,,"),
    referral_date(34, "short", "1/2/26", "DATE_FORMAT"),
    referral_date(34, "american", "12/25/2025", "DATE_INVALID"),
    kept(34, "with_time", "R99,K1,2026-03-09T10:00,N1,2A,N,,"),
    referral_date(34, "serial", "46090", "DATE_FORMAT"),
    missing(34, "care_iso", "CANARY1,14/05/2012,M,2025-07-13,"),
    missing(34, "care_american", "CANARY1,14/05/2012,M,12/25/2025,",
            ("DATE_INVALID", 15, "mis_start")),
    referral_date(36, "tomorrow", "2026-10-21", "DATE_FUTURE"),
    referral_date(36, "long_ago", "1066-10-14", "DATE_INVALID"),
    bundle(35, "month_first", month_first(30), ("DAY_AND_MONTH", None, "mis_start"), manifest=YEAR,
           records=32, quarantined=32),
    bundle(35, "too_few_to_tell", month_first(19), manifest=YEAR, records=21),
    bundle(35, "one_day_tells", month_first(29, "K1,14/05/2012,M,13/07/2025,13/07/2025\n"),
           manifest=YEAR, records=32),
    bundle(36, "unborn", ssd(ssd_person=PERSONS + "K1,U,NOBT,\n"), records=5),
    *(
        figures(37, f"number_{n}", value, ("NUMBER", 25_002, "referral_count"), rows=25_000)
        for n, value in enumerate(("1_0", "1e3", "0x1F", "ten"))
    ),
    kept(38, "code_small", "R99,K1,2026-03-09,N1,2a,N,,"),
    kept(38, "code_o_for_0", "R99,K1,2026-03-09,N1,1O,N,,"),
    kept(38, "yes_or_no", "R99,K1,2026-03-09,N1,2A,maybe,,"),
    exclusion(38, "reason", "P1,E99,2026-Feb-21 00:00:00,2.0,SUSP,XX"),
    exclusion(38, "category", "P1,E99,2026-Feb-21 00:00:00,2.0,XXXX,DB",
              ("CODE_UNKNOWN", 22, "category")),
    *(
        kept(39, f"injected_{n}", f'R99,K1,2026-03-09,"{text}",2A,N,,')
        for n, text in enumerate((
            "'); drop table submissions;--", "{{ env_var('HOME') }}",
            "{% do run_query('select 1') %}", "<script>alert(1)</script>", "=cmd|' /C calc'!A0",
        ))
    ),
    *(
        kept(40, f"null_like_{n}", f"R99,K1,2026-03-09,{text},2A,N,,")
        for n, text in enumerate(("NULL", "NA", "n/a", "-", "."))
    ),
    episodes(40, "blank_is_null", referrals(40, 'R99,K1,2026-03-09,"",2A,N,,\n'), records=45),
    *(figures(41, f"mark_{n}", mark) for n, mark in enumerate(("c", "z", "x", "low", "~"))),
    figures(41, "dash", "-", ("NUMBER", 62, "referral_count")),
    bundle(88, "leap_day", ssd(ssd_person=PERSONS + "K1,F,WBRI,2012-02-29\n"), records=5),
    bundle(
        88, "no_leap_year",
        ssd(ssd_person=PERSONS + "".join(f"K{n},F,WBRI,2012-05-14\n" for n in range(1, 12))
            + "K99,F,WBRI,1900-02-29\n"),
        records=16,
    ),
    number(42, "check_letter", upn(1)[1:] + "A"),
    number(42, "short", upn(1)[:-1]),
    number(42, "zeros", "A000000000000"),
    number(42, "ones", "1111111111111"),
    number(42, "unknown", "UNKNOWN"),
    episodes(43, "twice", referrals(3) + "R2,K1,2026-03-03,N1,2A,N,,\n", records=8, duplicates=1),
    episodes(
        43, "contradiction",
        referrals(40, "R50,K1,2026-03-09,N1,2A,N,,\n", "R50,K1,2026-03-10,N1,2A,N,,\n"),
        ("CONFLICT", 42, "cine_referral_id"), records=46, quarantined=2,
    ),
    missing(46, "end_before_start", "K1,14/05/2012,M,20/08/2025,19/08/2025"),
    missing(46, "open", "K1,14/05/2012,M,20/08/2025,"),
    exclusion(47, "too_long", "P1,E99,2026-Feb-21 00:00:00,91,SUSP,DB"),
    exclusion(47, "negative", "P1,E99,2026-Feb-21 00:00:00,-1,SUSP,DB"),
    bundle(
        50, "free_text", ssd(ssd_person=PERSONS.replace("\n", ",pers_notes\n") +
        'K1,F,WBRI,2012-05-14,"Canary, 07700 900123\n\U0001f600 \u202eeht\u200d \U00020000"\n'),
        records=5,
    ),
    bundle(
        50, "text_where_codes_stand",
        ssd(ssd_assessment_factors=FACTORS + "".join(f'F{n},A{n},"[""1A""]"\n' for n in range(40))
            + 'F99,A1,"rang Canary, said \U0001f600"\n'),
        records=45,
    ),
)  # fmt: skip

GOOD_BUNDLES = tuple(
    Case(0, f"good_{number}.zip", files.zipped(ssd(), MARCH), records=5) for number in range(3)
)
CASES = (*BAD_FILES, *BAD_VALUES)
