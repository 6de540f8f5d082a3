"""Ask senders about ties that were cut, and about returns in which everybody is numbered anew."""

from typing import Any

import duckdb

from sightline.warehouse.ledger.state import State, problems

CUT = "TIE_CUT"
RENUMBERED = "NUMBERED_ANEW"
# An adoption is a wall by rule, and people's own decisions need no answer.
MESSAGES = {
    "upn_of_several_children": "pupil numbers that this return gives to several children",
    "child_with_several_upns": "children with several present pupil numbers in this return",
    "birth_or_sex_differs": "pupil numbers of which the school census tells another birth or sex",
    "upn_of_different_children": "pupil numbers that other returns give to other children",
    "number_of_different_children": "local numbers that stood for other children in former returns",
    "upn_at_several_authorities": "pupil numbers that other authorities give to other children",
    "joined_to_contradictions": "pupil numbers that tie children of different births or sexes",
    "joined_to_too_many": "identifiers that are tied to more others than one child has",
}


def ask(state: State, connection: duckdb.DuckDBPyConnection) -> int:
    """Write what is asked as queries of the submissions concerned; how many queries there are.

    What a former run asked and no longer holds is taken away. A query tells counts alone.
    """
    cut = connection.execute(
        "select submission_id, kind, identifiers from control.link_queries order by all"
    ).fetchall()
    anew = connection.execute("from control.continuity_queries order by all").fetchall()
    rows = [
        _query(submission_id, CUT, f"{MESSAGES[kind]}: none is followed there", count)
        for submission_id, kind, count in cut
        if kind in MESSAGES
    ]
    rows += [
        _query(
            submission_id,
            RENUMBERED,
            "hardly any child stood in the former returns: were all numbered anew?",
            count,
        )
        for submission_id, count in anew
    ]
    with state.begin() as writing:
        writing.execute(problems.delete().where(problems.c.rule.in_([CUT, RENUMBERED])))
        if rows:
            writing.execute(problems.insert(), rows)
    return len(rows)


def _query(submission_id: int, rule: str, message: str, count: int) -> dict[str, Any]:
    return {
        "submission_id": submission_id,
        "rule": rule,
        "message": message,
        "severity": "query",
        "count": count,
    }
