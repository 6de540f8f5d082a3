"""Official series: figures and symbols as they stand, several releases side by side."""

import gzip
from datetime import date

import intake_files as files
import pytest
from intake_files import errors, queries
from released import AREAS as RELEASED
from released import IDENTITY

pytestmark = pytest.mark.slow

HEADER = (
    "time_period,time_identifier,geographic_level,country_code,country_name,region_code,"
    "region_name,old_la_code,new_la_code,la_name,category,referral_count,rereferral_count"
)
ENGLAND = "2025,Reporting year,National,E92000001,England,,,,,,Referrals and Re-referrals,{},{}"
LEEDS = (
    "2025,Reporting year,Local authority,E92000001,England,E12000003,Yorkshire and The Humber,"
    "383,E08000035,Leeds,Referrals and Re-referrals,{},{}"
)


def series(*rows):
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.fixture
def monitor(tmp_path):
    return files.monitor(tmp_path / "monitor")


def sent(monitor, text, released_on="2025-10-30"):
    monitor.drop("c1.csv", text, "published")
    manifest = f'{{"released_on": "{released_on}"}}'
    monitor.drop("c1.csv.manifest.json", manifest, "published")
    [outcome] = monitor.take_in().outcomes
    return outcome


def figures(monitor, columns="area_code, la_code, measure, value, marker"):
    return monitor.raw("published_figures", columns)


def test_each_measure_becomes_a_figure(monitor):
    outcome = sent(monitor, series(ENGLAND.format(632830, 142900), LEEDS.format(9000, 1800)))
    assert (outcome.records, outcome.accepted, outcome.problems) == (2, 2, [])
    assert figures(monitor) == [
        ("E08000035", "383", "referral_count", 9000, None),
        ("E08000035", "383", "rereferral_count", 1800, None),
        ("E92000001", None, "referral_count", 632830, None),
        ("E92000001", None, "rereferral_count", 142900, None),
    ]


@pytest.mark.parametrize(
    ("symbol", "marker"),
    [("z", "z"), ("x", "x"), ("c", "c"), ("k", "k"), ("u", "u"), ("low", "low"), (":", "x"),
     ("~", "low"), ("..", "x")],
)  # fmt: skip
def test_symbols_are_markers_and_never_zero(monitor, symbol, marker):
    sent(monitor, series(LEEDS.format(symbol, 0)))
    assert figures(monitor, "measure, value, marker") == [
        ("referral_count", None, marker),
        ("rereferral_count", 0, None),
    ]


@pytest.mark.parametrize("value", ["1,000", "-", "n/a", "1e3", "12%", "1_0"])
def test_anything_else_keeps_its_row_out(monitor, value):
    rows = [
        LEEDS.format(i, i).replace(",Referrals and Re-referrals,", f",Part {i},") for i in range(60)
    ]
    outcome = sent(monitor, series(*rows, LEEDS.format(f'"{value}"', 1)))
    assert errors(outcome) == [("NUMBER", 62, "referral_count")]


def test_columns_stand_in_any_order_and_case(monitor):
    rows = [line.split(",")[::-1] for line in series(ENGLAND.format(2, 1)).splitlines()]
    rows[0] = [name.upper() if name == "category" else name for name in rows[0]]
    assert not sent(monitor, "\n".join(map(",".join, rows)) + "\n").is_refused
    assert [row[3] for row in figures(monitor)] == [2, 1]


def test_a_release_without_its_date_counts_from_the_day_it_came(monitor):
    monitor.drop("c1.csv.gz", gzip.compress(series(ENGLAND.format(2, 1)).encode()), "published")
    [outcome] = monitor.take_in().outcomes
    assert [query.rule for query in queries(outcome)] == ["RELEASE_DATE_UNKNOWN"]


def test_releases_stand_side_by_side(monitor):
    sent(monitor, series(ENGLAND.format(2, 1)), "2025-10-30")
    sent(monitor, series(ENGLAND.format(4, 3)), "2026-10-29")
    assert [row["released_on"] for row in monitor.ledger()] == [
        date(2025, 10, 30),
        date(2026, 10, 29),
    ]
    assert len(figures(monitor)) == 4


def test_a_series_belongs_into_the_publisher_folder(monitor):
    monitor.drop("c1.csv", series(ENGLAND.format(2, 1)), "301")
    [outcome] = monitor.take_in().outcomes
    assert errors(outcome)[0][0] == "WRONG_SENDER"


# What the releases of 2022 to 2025 look like, each with one row of England and two of authorities.

# Barnsley under the code that it had until April 2025
AREAS = RELEASED | {"Barnsley": RELEASED["Barnsley"].replace("E08000038", "E08000016")}
SUSPENSIONS = "headcount,perm_excl,suspension,susp_rate,one_plus_susp,one_plus_susp_rate"


def figure(period, kind, area, *values):
    return ",".join([period, kind, AREAS.get(area, area), *map(str, values)])


def suspended(period="202324", kind="Academic year", area="Leeds", part="Total", count=500):
    return figure(period, kind, area, part, 1000, 3, count, 50, count // 2, 25)


def suspensions(*rows, parted_by="school_type"):
    return "\n".join([f"{IDENTITY},{parted_by},{SUSPENSIONS}", *rows]) + "\n"


def told(outcome, severity):
    return [
        (one.rule, one.line, one.column, one.count)
        for one in outcome.problems
        if one.severity == severity and one.rule != "RELEASE_DATE_UNKNOWN"
    ]


def parts(monitor):
    return sorted({row[0] for row in monitor.raw("published_figures", "filter")})


@pytest.mark.parametrize("name", ["school_type", "education_phase", "Education_Phase"])
@pytest.mark.parametrize(
    "written",
    [
        ("Total", "state-funded primary", "state-funded secondary", "special"),
        ("Total", "State-funded primary", "State-funded secondary", "Special"),
        ("TOTAL", "STATE-FUNDED PRIMARY", "state-Funded Secondary", "SPECIAL"),
    ],
)
def test_suspensions_of_every_release_have_the_same_categories(monitor, name, written):
    text = suspensions(*(suspended(part=part) for part in written), parted_by=name)
    outcome = sent(monitor, text)
    assert (outcome.extract, outcome.accepted, errors(outcome)) == ("published_exclusions", 4, [])
    assert parts(monitor) == ["Total", "special", "state-funded primary", "state-funded secondary"]


@pytest.mark.parametrize(
    "spelled",
    [str.upper, str.title, lambda name: name.replace("_", " "), lambda name: name.replace("_", "")],
)
def test_headings_are_known_whatever_parts_their_words(monitor, spelled):
    head, *rows = series(LEEDS.format(9, 3), LEEDS.format("-5", 3)).splitlines()
    outcome = sent(monitor, "\n".join([",".join(map(spelled, head.split(","))), *rows]) + "\n")
    # both rows tell of the same, and one cannot be
    assert {rule for rule, _, _, _ in told(outcome, "error")} >= {"OUT_OF_RANGE"}
    assert outcome.extract == "published_referrals"


def test_measures_are_kept_under_one_spelling(monitor):
    label = "Factors identified at the end of assessment"
    for year, names in (("2024", "Episodes_with_assessment_factor,Gangs"),
                        ("2025", "episodes_with_assessment_factor,GANGS")):  # fmt: skip
        row = figure(year, "Reporting year", "Leeds", label, 90, 20)
        assert not sent(monitor, f"{IDENTITY},category,{names}\n{row}\n").is_refused
    measures = monitor.raw("published_figures", "distinct measure")
    assert measures == [("Episodes_with_assessment_factor",), ("Gangs",)]


@pytest.mark.parametrize("name", ["cla_group", "CLA_group", "missing_status"])
def test_missing_from_care_is_read_by_every_name_of_its_column(monitor, name):
    label = "Number of missing incidents during the year"
    row = figure("2025", "Reporting year", "England", label.upper(), 77120)
    outcome = sent(monitor, f"{IDENTITY},{name},number\n{row}\n")
    assert (outcome.extract, outcome.accepted) == ("published_missing", 1)
    assert parts(monitor) == [label]


@pytest.mark.parametrize("name", ["characteristic", "breakdown"])
def test_of_the_national_file_the_rows_of_the_total_are_used(monitor, name):
    rows = [
        figure("2025", "Reporting year", "England", "Children looked after during the year", *more)
        for more in (("Total", 100), ("Male", 60), ("Female", 40))
    ]
    text = f"{IDENTITY},missing_status,{name},number\n" + "\n".join(rows) + "\n"
    outcome = sent(monitor, text)
    assert told(outcome, "note") == [("ROWS_PASSED_OVER", 3, name, 2)]
    assert (outcome.records, outcome.accepted) == (1, 1)
    assert figures(monitor, "value") == [(100,)]


TERMS = ("Autumn term", "Spring term", "Summer term", "Autumn and spring term")
OTHERS = ("Calendar year", "Reporting year", "Week 12", "Tax year", "Financial year Q1", "A decade")


@pytest.mark.parametrize("kind", [*TERMS, *OTHERS])
def test_rows_of_another_kind_of_period_are_named_and_set_aside(monitor, kind):
    rows = [suspended(part=part) for part in ("Total", "special")]
    other = [suspended(kind=kind, part=f"Part {n}") for n in range(8)]
    outcome = sent(monitor, suspensions(*rows, *other))
    assert not outcome.is_refused
    assert told(outcome, "error") == [("TIME_IDENTIFIER", 4, "time_identifier", 8)]
    assert (outcome.accepted, outcome.quarantined) == (2, 8)
    assert {row[0] for row in monitor.raw("published_figures", "time_identifier")} == {
        "Academic year"
    }


def test_rows_of_a_category_that_nothing_uses_are_noted_and_kept(monitor):
    rows = [suspended(part=part) for part in ("Total", "All-through", "Special", "Nursery")]
    outcome = sent(monitor, suspensions(*rows))
    assert told(outcome, "note") == [("CATEGORY_OTHER", 3, "school_type", 2)]
    assert (told(outcome, "query"), told(outcome, "error"), outcome.accepted) == ([], [], 4)


def test_a_file_without_a_category_that_is_used_is_asked_about(monitor):
    outcome = sent(monitor, suspensions(suspended(part="All-through")))
    assert told(outcome, "query") == [("CATEGORY_MISSING", None, "school_type", 1)]
    assert told(outcome, "note") == []


IMPOSSIBLE = {
    "OUT_OF_RANGE": {"count": -2},
    "PART_OVER_WHOLE": {"area": "England", "count": 400},
    "TIME_PERIOD": {"period": "202326"},
}


@pytest.mark.parametrize("rule", IMPOSSIBLE)
def test_rows_that_cannot_be_are_set_aside_at_any_share(monitor, rule):
    good = [suspended(part=f"Part {n}") for n in range(8)]
    good += [suspended(part="special", area=area) for area in ("Barnsley", "Leeds")]
    bad = [{"part": f"Part {n}", "area": "Barnsley"} | IMPOSSIBLE[rule] for n in range(8)]
    outcome = sent(monitor, suspensions(*good, *(suspended(**one) for one in bad)))
    assert rule in {one for one, _, _, _ in told(outcome, "error")}
    assert not outcome.is_refused
    assert outcome.accepted >= 2
    assert outcome.quarantined >= 8


def test_a_file_in_which_no_row_can_be_is_refused(monitor):
    rows = [suspended(part=f"Part {n}", count=-2) for n in range(8)]
    outcome = sent(monitor, suspensions(*rows))
    assert outcome.is_refused
    assert errors(outcome)[0][0] == "TOO_MANY_BAD_ROWS"


@pytest.mark.parametrize("kind", TERMS)
def test_a_file_of_terms_alone_is_refused_and_the_term_is_named(monitor, kind):
    outcome = sent(
        monitor, suspensions(*(suspended(kind=kind, area=a) for a in ("England", "Leeds")))
    )
    assert outcome.is_refused
    assert errors(outcome)[0] == ("TIME_IDENTIFIER", 2, "time_identifier")
    assert kind in outcome.first_error


def test_what_is_no_kind_of_period_is_not_repeated_in_the_refusal(monitor):
    outcome = sent(monitor, suspensions(suspended(kind="Leeds K123")))
    assert outcome.is_refused
    assert "K123" not in outcome.first_error


@pytest.mark.parametrize("written", ["2025", "202425", "2024/25", "2024-25", "2024/2025"])
def test_a_financial_year_is_the_reporting_year_that_it_ends_in(monitor, written):
    kind = "Reporting year" if len(written) == 4 else "financial year"
    row = ENGLAND.format(9, 3).replace("2025,Reporting year", f"{written},{kind}")
    assert not sent(monitor, series(row)).is_refused
    kept = monitor.raw("published_figures", "distinct time_period, time_identifier")
    assert kept == [("2025", "Reporting year")]


@pytest.mark.parametrize(
    ("period", "kind"),
    [("202326", "Academic year"), ("202423", "Academic year"), ("2024", "Academic year"),
     ("202425", "Reporting year"), ("0024", "Reporting year"), ("2924", "Reporting year"),
     ("190001", "Academic year"), ("last", "Reporting year"), ("20245", "Reporting year")],
)  # fmt: skip
def test_a_year_that_cannot_be_keeps_its_row_out(monitor, period, kind):
    good = [suspended(part=f"Part {n}") for n in range(60)]
    text = suspensions(*good, suspended(period, kind))
    if kind == "Reporting year":
        good = [
            LEEDS.format(9, 3).replace(",Referrals and Re-referrals,", f",Part {n},")
            for n in range(60)
        ]
        text = series(*good, LEEDS.format(9, 3).replace("2025,", f"{period},"))
    outcome = sent(monitor, text)
    assert told(outcome, "error") == [("TIME_PERIOD", 62, "time_period", 1)]


@pytest.mark.parametrize(
    "level",
    ["Local authority district", "RSC region", "Parliamentary constituency", "Police force area",
     "School", "Ward", "Opportunity area", "English devolved area", "Planning area"],
)  # fmt: skip
def test_rows_of_other_levels_are_passed_over_and_never_refuse_the_file(monitor, level):
    other = [suspended(area=f"{level},E92000001,England,,,,,", part=f"Part {n}") for n in range(50)]
    outcome = sent(monitor, suspensions(suspended(), *other))
    assert (outcome.records, outcome.accepted, errors(outcome)) == (1, 1, [])
    assert told(outcome, "note") == [("ROWS_PASSED_OVER", 3, "geographic_level", 50)]


def test_columns_of_other_levels_and_of_schools_are_no_figures(monitor):
    header = f"{IDENTITY},lad_code,lad_name,urn,academy_open_date,school_type,{SUSPENSIONS}"
    row = figure("202324", "Academic year", "Leeds", "E07", "A place", 123456, "2012-09-01",
                 "Total", 1000, 3, 500, 50, 250, 25)  # fmt: skip
    assert not sent(monitor, f"{header}\n{row}\n").is_refused
    measures = {row[0] for row in monitor.raw("published_figures", "measure")}
    assert measures == set(SUSPENSIONS.split(","))


def test_a_level_that_there_is_not_keeps_its_row_out(monitor):
    outcome = sent(
        monitor, suspensions(suspended(), suspended(area="Regoinal,E92000001,England,,,,,"))
    )
    assert told(outcome, "error") == [("GEOGRAPHIC_LEVEL", 3, "geographic_level", 1)]


@pytest.mark.parametrize(
    ("number", "code"),
    [("940 / 941", "E06000061 / E06000062"), ("942 / 943", "E06000063 / E06000064"),
     ("314 / 318", "E09000021 / E09000027"), ("940/941", "z")],
)  # fmt: skip
def test_a_joint_return_is_said_to_be_unused(monitor, number, code):
    joint = f"Local authority,E92000001,England,E12000004,East Midlands,{number},{code},Both"
    outcome = sent(monitor, suspensions(suspended(), suspended(area=joint)))
    assert (outcome.accepted, errors(outcome)) == (1, [])
    assert told(outcome, "note") == [("JOINT_RETURN", 3, "new_la_code", 1)]


@pytest.mark.parametrize(
    ("area", "column"),
    [("Local authority,E92000001,England,E12000003,Y,999,E08000999,Nowhere", "new_la_code"),
     ("Local authority,E92000001,England,E12000003,Y,x,x,Unknown", "new_la_code"),
     ("Regional,E92000001,England,E12000099,Nowhere,,,", "region_code"),
     ("National,K02000001,United Kingdom,,,,,", "country_code")],
)  # fmt: skip
def test_a_code_of_no_area_is_asked_about(monitor, area, column):
    outcome = sent(monitor, suspensions(suspended(), suspended(area=area)))
    assert (outcome.accepted, errors(outcome)) == (1, [])
    assert told(outcome, "query") == [("AREA_UNKNOWN", 3, column, 1)]


def test_the_two_codes_of_a_row_must_be_of_one_authority(monitor):
    mixed = AREAS["Barnsley"].replace("E08000016", "E08000035")
    outcome = sent(monitor, suspensions(suspended(), suspended(area=mixed, part="special")))
    assert told(outcome, "error") == [("AREA_CODES", 3, "new_la_code", 1)]


@pytest.mark.parametrize(("number", "code"), [("", "E08000035"), ("383.0", "z"), ("383", "")])
def test_one_code_of_an_authority_is_enough(monitor, number, code):
    area = AREAS["Leeds"].replace("383,E08000035", f"{number},{code}")
    sent(monitor, suspensions(suspended(area=area)))
    assert monitor.raw("published_figures", "distinct la_code") == [("383",)]


def test_regions_are_told_apart_whatever_stands_for_no_authority(monitor):
    rows = [
        suspended(area=f"Regional,E92000001,England,E1200000{n},R,z,z,z", count=n * 10)
        for n in (1, 2)
    ]
    sent(monitor, suspensions(*rows))
    held = monitor.raw("published_figures", "distinct la_code, area_code")
    assert held == [(None, "E12000001"), (None, "E12000002")]


BEYOND = {
    "negative": (suspended(count=-2), "OUT_OF_RANGE", "suspension"),
    "percentage": (suspended().replace(",25", ",125"), "OUT_OF_RANGE", "one_plus_susp_rate"),
    "part": (
        suspended().replace(",500,50,250,", ",500,50,501,"),
        "PART_OVER_WHOLE",
        "one_plus_susp",
    ),
}


@pytest.mark.parametrize("kind", BEYOND)
def test_a_figure_that_cannot_be_keeps_its_row_out(monitor, kind):
    row, rule, column = BEYOND[kind]
    outcome = sent(monitor, suspensions(suspended(part="special"), row))
    assert told(outcome, "error") == [(rule, 3, column, 1)]
    assert parts(monitor) == ["special"]


def test_a_rate_may_exceed_a_hundred_where_one_child_can_count_twice(monitor):
    assert errors(sent(monitor, suspensions(suspended().replace(",50,", ",289.5,")))) == []


@pytest.mark.parametrize(("england", "leeds"), [(400, 500), (9, 10)])
def test_england_below_one_of_its_authorities_keeps_both_out(monitor, england, leeds):
    rows = [suspended(part=f"Part {n}") for n in range(60)]
    wrong = [suspended(area="England", count=england), suspended(count=leeds), suspended("202223")]
    outcome = sent(monitor, suspensions(*rows, *wrong))
    assert told(outcome, "error") == [
        ("PART_OVER_WHOLE", 62, "suspension", 1),
        ("PART_OVER_WHOLE", 63, "suspension", 1),
    ]
    assert len(monitor.raw("published_figures", "distinct time_period, filter")) == 61


def test_an_average_of_england_may_lie_below_that_of_an_authority(monitor):
    label = "Average number of missing incidents per looked after child who went missing"
    rows = [
        figure("2025", "Reporting year", area, label, n)
        for area, n in (("England", 5), ("Leeds", 9))
    ]
    outcome = sent(monitor, f"{IDENTITY},missing_status,number\n" + "\n".join(rows) + "\n")
    assert (outcome.accepted, errors(outcome)) == (2, [])


def test_more_children_missing_than_looked_after_keeps_the_row_out(monitor):
    of = (
        "Children looked after during the year",
        "Children who had a missing incident during the year",
    )
    rows = [
        figure("2025", "Reporting year", "Leeds", *one)
        for one in zip(of, (1300, 1310), strict=True)
    ]
    outcome = sent(monitor, f"{IDENTITY},missing_status,number\n" + "\n".join(rows) + "\n")
    assert told(outcome, "error") == [("PART_OVER_WHOLE", 3, "number", 1)]


def test_two_rows_of_one_figure_that_differ_are_both_kept_out(monitor):
    rows = [suspended(part="special"), suspended(count=500), suspended(count=501)]
    outcome = sent(monitor, suspensions(*rows))
    assert [(rule, line, count) for rule, line, _, count in told(outcome, "error")] == [
        ("CONFLICT", 3, 2)
    ]
    assert parts(monitor) == ["special"]


def test_rows_of_characteristics_are_not_taken_for_the_total(monitor):
    header = f"{IDENTITY},education_phase,characteristic_group,characteristic,{SUSPENSIONS}"
    rows = [
        figure("202324", "Academic year", "Leeds", "Total", *part, 1000, 3, count, 50, 20, 2)
        for *part, count in (("Total", "Total", 500), ("Sex", "Female", 200), ("Sex", "Male", 300))
    ]
    outcome = sent(monitor, "\n".join([header, *rows]) + "\n")
    assert (outcome.accepted, errors(outcome)) == (1, [])
    assert (500.0,) in monitor.raw("published_figures", "value")


def test_the_word_null_is_nothing_and_symbols_may_be_capitals(monitor):
    sent(monitor, series(LEEDS.format("NULL", "C")))
    assert figures(monitor, "measure, value, marker") == [("rereferral_count", None, "c")]


def test_the_long_form_of_attendance_says_which_file_is_meant(monitor):
    header = (
        f"{IDENTITY},time_frame,reference_date,education_phase,attendance_status,attendance_type,"
        "attendance_reason,session_count,session_percent"
    )
    row = figure(
        "2025", "Week 37", "England", "Week", "2025-09-12", "Total", "Absence", "A", "E", 5, 1
    )
    outcome = sent(monitor, f"{header}\n{row}\n")
    assert errors(outcome)[0][0] == "UNKNOWN_EXTRACT"
    assert "possible_sessions" in outcome.first_error


def zipped(monitor, **members):
    monitor.drop_zip({name.replace("__", "."): text for name, text in members.items()}, None,
                     "release.zip", "published")  # fmt: skip
    [outcome] = monitor.take_in().outcomes
    return outcome


META = "col_name,col_type,label,indicator_grouping,indicator_unit\nsuspension,Indicator,S,,\n"


def test_what_describes_a_release_is_passed_over_in_its_zip(monitor):
    outcome = zipped(
        monitor,
        exc__csv=suspensions(suspended()),
        exc__meta__csv=META,
        **{"data-guidance__txt": "Pupils, in words; and commas,\nin several lines\n"},
    )
    assert (outcome.accepted, errors(outcome)) == (1, [])
    assert sorted(p.file for p in outcome.problems if p.rule == "FILE_PASSED_OVER") == [
        "data-guidance.txt", "exc.meta.csv",
    ]  # fmt: skip
    assert not [p for p in outcome.problems if p.rule == "UNKNOWN_FILE"]


def test_the_description_alone_is_refused_in_clear_words(monitor):
    monitor.drop("exc.meta.csv", META, "published")
    [outcome] = monitor.take_in().outcomes
    assert "describes the columns" in outcome.first_error


@pytest.mark.parametrize("other", ["referrals", "suspensions"])
def test_a_zip_with_several_known_files_names_them(monitor, other):
    texts = {
        "referrals": series(ENGLAND.format(2, 1)),
        "suspensions": suspensions(suspended("202223")),
    }
    outcome = zipped(monitor, a__csv=suspensions(suspended()), b__csv=texts[other])
    assert errors(outcome)[0][0] == "AMBIGUOUS_EXTRACT"
    assert "a.csv" in outcome.first_error
    assert "b.csv" in outcome.first_error


# The further sources.

SOCIAL_CARE = (
    f"{IDENTITY},social_care_group,t_pupils,t_perm_excl,pt_perm_excl,t_one_plus_sus,pt_one_plus_sus"
)


def test_suspensions_of_children_in_need_are_a_series_of_their_own(monitor):
    row = figure(
        "202021", "Academic year", "England", "cino at 31 March", 133320, 510, 0.38, 11640, 8.73
    )
    outcome = sent(monitor, f"{SOCIAL_CARE}\n{row}\n")
    assert (outcome.extract, outcome.accepted) == ("published_social_care_exclusions", 1)
    held = monitor.raw("published_figures", "series, filter, measure, value")
    assert ("published_social_care_exclusions", "CINO at 31 March", "t_one_plus_sus", 11640) in held


LONG = "Short Desc,Data item,Years,LA and Regions,Values,LA Number,Region"


def lait(*rows):
    return "\n".join([LONG, *rows]) + "\n"


@pytest.mark.parametrize(
    ("measure", "years", "period", "kind"),
    [("CPP_Total_NumRef", "2025", "2025", "Reporting year"),
     ("CPP_Total_NumRef", "2018 (Rev)", "2018", "Reporting year"),
     ("Children_missing", "2025 (prov)", "2025", "Reporting year"),
     ("TotFixedEx", "2015/16", "201516", "Academic year"),
     ("TotAbs", "2020 (Final)", "201920", "Academic year"),
     ("TotAbs", "2020/21 (OT)", "202021", "Academic year"),
     ("ReReferral", "2024-25 (OT) (rev)", "2025", "Reporting year"),
     ("LAC_Fixed_ Ex", "2000", "199900", "Academic year")],
)  # fmt: skip
def test_years_of_the_interactive_tool_are_those_of_its_measures(
    monitor, measure, years, period, kind
):
    outcome = sent(monitor, lait(f"{measure},,{years},England,12.5,970.0,NA"))
    assert (outcome.extract, errors(outcome)) == ("published_lait", [])
    columns = "series, measure, time_period, time_identifier, geographic_level, area_code, value"
    assert monitor.raw("published_figures", columns) == [
        ("published_lait", measure, period, kind, "National", "E92000001", 12.5)
    ]


@pytest.mark.parametrize("between", ["_", "-", "", "  "])
def test_headings_of_the_interactive_tool_are_compared_as_elsewhere(monitor, between):
    text = LONG.replace(" ", between) + "\nTotAbs,,2024/25,England,6.5,970.0,NA\n"
    assert sent(monitor, text).problems == []
    assert figures(monitor, "measure, value") == [("TotAbs", 6.5)]


def test_a_heading_of_the_interactive_tool_that_stands_twice_is_refused_by_name(monitor):
    text = LONG.replace("Data item", "Short_Desc") + "\nTotAbs,,2024/25,England,6.5,970.0,NA\n"
    outcome = sent(monitor, text)
    assert errors(outcome) == [("DUPLICATE_COLUMN", 1, "shortdesc")]


def test_areas_and_gaps_of_the_interactive_tool(monitor):
    rows = [
        'TotPermEx,,2022/23,"Bournemouth, Christchurch and Poole",1.031E-2,839.0,South West',
        "TotPermEx,,2022/23,London (Inner),-,987.0,NA",
        "TotPermEx,,2022/23,Yorkshire and the Humber,0.2,982,NA",
        "Smoking,,2022/23,England,3,970.0,NA",
        "TotPermEx,,2022/23,Nowhere,0.2,777.0,NA",
    ]
    outcome = sent(monitor, lait(*rows))
    columns = "geographic_level, la_code, area_code, value, marker"
    assert monitor.raw("published_figures", columns) == [
        ("Local authority", "839", None, pytest.approx(0.01031), None),
        ("Regional", None, "E12000003", 0.2, None),
        ("Regional", None, "E13000001", None, "x"),
    ]
    assert told(outcome, "note") == [("ROWS_PASSED_OVER", 5, "Short Desc", 1)]
    assert told(outcome, "query") == [("AREA_UNKNOWN", 6, "LA Number", 1)]


@pytest.mark.parametrize(
    ("row", "rule", "column"),
    [("TotAbs,,2014-16,England,4,970.0,NA", "TIME_PERIOD", "Years"),
     ("TotAbs,,0,England,4,970.0,NA", "TIME_PERIOD", "Years"),
     ("TotAbs,,2023,England,about 4,970.0,NA", "NUMBER", "Values"),
     ("TotAbs,,2023,England,-4,970.0,NA", "OUT_OF_RANGE", "Values"),
     ("TotAbs,,2023,England,140,970.0,NA", "OUT_OF_RANGE", "Values")],
)  # fmt: skip
def test_of_the_interactive_tool_too_what_cannot_be_is_set_aside(monitor, row, rule, column):
    good = [f"TotAbs,,{year},Leeds,4.5,383.0,Y" for year in range(2016, 2026)]
    outcome = sent(monitor, lait(*good, row))
    assert told(outcome, "error") == [(rule, 12, column, 1)]
