"""Two monitors live through the same days: one in peace, one struck by faults; both end alike."""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faults
import plan as plans
import sqlalchemy as sa
from monitor import Monitor, load_everything, made, morning
from plan import Day

from sightline.warehouse.ledger.state import State, alert_events, alerts, outbox, submissions
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import store as releases

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ending:
    """What a monitor has become: the same for both, or a fault has left its mark."""

    content: str
    releases: list[str]
    ledger: list[list[Any]]
    alerts: list[list[Any]]
    messages: list[str]
    unhealthy: dict[str, list[str]]


def soak(
    folder: Path, *, seed: int, days: int, areas: int, times: int, kinds: list[str], say: Say
) -> list[str]:
    """Live through the days twice, side by side; what is not as it should be at their end."""
    load_everything()
    plan = plans.planned(folder, seed, days=days, areas=areas, faults=kinds, times=times)
    calm = os.fork()
    if calm == 0:
        _in_a_process(lambda: _lived(folder / "calm", plan, None, _quiet))
    struck = _lived(folder / "struck", plan, random.Random(seed), say)
    _, status = os.waitpid(calm, 0)
    if status:
        return ["the monitor that nothing happened to did not come to its end"]
    return _differences(_ending_in(folder / "calm"), struck)


def _lived(folder: Path, plan: list[Day], chance: random.Random | None, say: Say) -> Ending:
    """All days of a monitor, with their faults where there is a `chance`."""
    folder.mkdir()
    monitor = made(folder, plan[0].on)
    health = {}
    try:
        for number, day in enumerate(plan, start=1):
            monitor.now = morning(day.on)
            plans.drop(day, monitor.home.inbox)
            for name in day.faults if chance else ():
                began = time.monotonic()
                faults.FAULTS[name](monitor, chance)
                say(f"day {number:2} ({day.on}): {name}, {time.monotonic() - began:.1f} s")
            began = time.monotonic()
            ended = monitor.run_until_good()
            said = ended.output.splitlines()[-1:] or [""]
            if day.drops or number % 10 == 0:
                what = (
                    f"{len(day.drops)} files, exit {ended.code}, {time.monotonic() - began:.1f} s"
                )
                say(f"day {number:2} ({day.on}): {what}: {_verdict(ended.output) or said[0]}")
            health[day.on.isoformat()] = sorted(monitor.unhealthy())
            if number == len(plan) // 3:
                faults.keep_older(monitor)
        ending = _ending(monitor, health)
    finally:
        monitor.mailbox.down()
    (folder / "ending.json").write_text(json.dumps(vars(ending), default=str), encoding="utf-8")
    return _ending_in(folder)


def _verdict(output: str) -> str:
    lines = [line for line in output.splitlines() if "elease" in line]
    return lines[0] if lines else ""


def _ending(monitor: Monitor, health: dict[str, list[str]]) -> Ending:
    shown = releases.current(monitor.home)
    assert shown is not None
    assert releases.verify(monitor.home, shown.release_id)
    state = State(monitor.home.state_db)
    try:
        with state.read() as connection:

            def rows(*columns: sa.Column[Any]) -> list[list[Any]]:
                return [
                    list(row) for row in connection.execute(sa.select(*columns).order_by(*columns))
                ]

            ledger = rows(
                submissions.c.submission_id,
                submissions.c.sender,
                submissions.c.sha256,
                submissions.c.status,
                submissions.c.received_on,
                submissions.c.accepted,
            )
            told = rows(alerts.c.alert_id, alerts.c.state) + rows(
                alert_events.c.alert_id, alert_events.c.event, alert_events.c.occurred_on
            )
            names = [row[0] for row in rows(recorded.c.release_id)]
            sent = rows(outbox.c.message_id, outbox.c.channel, outbox.c.state, outbox.c.kind)
    finally:
        state.close()
    assert all(state == "sent" for _, _, state, _ in sent), "messages wait at the end"
    missing = [row for row in ledger if not monitor.home.original(row[2]).is_file()]
    assert not missing, f"originals that are lost: {missing}"
    kept = {path.name for path in monitor.home.landing.glob("??/*")}
    assert kept == {row[2] for row in ledger}, "originals of which the ledger knows nothing"
    assert not any(monitor.home.inbox.glob("*/*")), "files left in the inbox"
    mails = monitor.mailbox.taken()
    kinds = {
        f"<{name}@sightline.invalid>": kind for name, channel, _, kind in sent if channel == "smtp"
    }
    assert set(mails) == set(kinds), "mails that were not sent"
    # A monitor that is struck tells of runs that failed; one in peace has none.
    messages = sorted(name for name in mails if kinds[name] != "run_failed")
    return Ending(shown.content_hash, names, ledger, told, messages, health)


def _ending_in(folder: Path) -> Ending:
    return Ending(**json.loads((folder / "ending.json").read_text(encoding="utf-8")))


def _differences(calm: Ending, struck: Ending) -> list[str]:
    found = [
        f"{name} differ"
        for name in ("content", "releases", "ledger", "alerts")
        if getattr(calm, name) != getattr(struck, name)
    ]
    twice = [name for name, count in Counter(struck.messages).items() if count > 1]
    if twice:
        found.append(f"{len(twice)} messages were sent more than once")
    if set(calm.messages) != set(struck.messages):
        found.append("other messages were sent")
    unlike = [day for day, rules in calm.unhealthy.items() if struck.unhealthy[day] != rules]
    return found + [
        f"{day}: health names {struck.unhealthy[day]}, without faults {calm.unhealthy[day]}"
        for day in unlike
    ]


def _in_a_process(work: Callable[[], object]) -> None:
    code = 1
    try:
        work()
        code = 0
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(code)


def _quiet(_line: str) -> None:
    pass
