"""Readers led back to an earlier release: recorded, reversible, and nothing returns by itself."""

import json

import pytest
import releasing
import sqlalchemy as sa
from click.testing import CliRunner
from releasing import FIRST, SECOND, THIRD, release, set_counts

from sightline.orchestration import pending
from sightline.orchestration.cli import commands
from sightline.orchestration.run import Run
from sightline.orchestration.steps import release as step
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.ledger import audit
from sightline.warehouse.ledger import releases as ledger
from sightline.warehouse.ledger.state import State, alerts, outbox, runs
from sightline.warehouse.ledger.state import releases as recorded
from sightline.warehouse.release import rollback, store
from sightline.warehouse.release.recovery import recover
from sightline.warehouse.settings import Settings

pytestmark = pytest.mark.slow

GOOD, BAD, NEXT = f"{FIRST}.1", f"{SECOND}.2", f"{THIRD}.3"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = releasing.monitor(tmp_path_factory.mktemp("rollback"))
    set_counts(home, 300)
    release(home, 1, FIRST)
    set_counts(home, 900)
    release(home, 2, SECOND)
    return home


@pytest.fixture
def home(made):
    """Two releases, the second of which readers see."""
    yield made
    state = State(made.state_db)
    if shown(made) != BAD:
        rollback.roll_back(made, state, BAD, "as it was before", THIRD)


def shown(home) -> str | None:
    found = store.current(home)
    return found.release_id if found else None


def run_of(home, *words: str):
    return CliRunner().invoke(commands, [*words, "--home", str(home.root)], standalone_mode=False)


def test_without_a_name_readers_see_the_one_before_and_can_be_led_forward(home) -> None:
    state = State(home.state_db)
    made = rollback.roll_back(home, state, None, "sent twice", THIRD)
    assert (made.release_id, made.former, made.newest, made.is_back) == (GOOD, BAD, BAD, True)
    assert shown(home) == GOOD
    assert ledger.return_in_force(state) == made
    assert not rollback.roll_back(home, state, BAD, "it was right", THIRD).is_back
    assert shown(home) == BAD
    assert ledger.return_in_force(state) is None


def test_it_is_told_in_the_audit_trail(home) -> None:
    state = State(home.state_db)
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    entry = audit.entries(state)[-1]
    assert (entry["action"], entry["reason"]) == ("rollback", "sent twice")
    assert entry["subject"] == f"release {BAD} to {GOOD}"
    audit.check(state)


@pytest.mark.parametrize("when", ["before the ledger", "before the pointer"])
def test_killed_on_the_way_it_is_undone_or_done(home, when, monkeypatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    state = State(home.state_db)
    with monkeypatch.context() as broken:
        place = (audit, "record") if when == "before the ledger" else (store, "point")
        broken.setattr(*place, killed)
        with pytest.raises(Killed):
            rollback.roll_back(home, state, None, "sent twice", THIRD)
    expected = BAD if when == "before the ledger" else GOOD
    assert recover(home, state) == expected
    assert shown(home) == expected


def test_a_recovery_leaves_readers_where_they_were_led(home) -> None:
    """Fault 75."""
    state = State(home.state_db)
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    assert recover(home, state) == GOOD
    assert shown(home) == GOOD


def test_nothing_that_was_recorded_goes(home) -> None:
    state = State(home.state_db)

    def counts() -> list[int]:
        tables = (recorded, runs, alerts, outbox)
        with state.read() as connection:
            return [
                connection.execute(sa.select(sa.func.count()).select_from(one)).scalar_one()
                for one in tables
            ]

    before = counts()
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    assert counts() == before
    assert store.verify(home, BAD)


def test_neither_a_date_nor_a_lost_file_starts_a_run_that_would_bring_it_back(
    home, monkeypatch
) -> None:
    state = State(home.state_db)
    settled = {"fingerprint": pending.fingerprint(home, state, THIRD), "left": {}}
    with state.begin() as connection:
        connection.execute(sa.update(runs).values(detail=settled))
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    assert pending.reasons(home, state, THIRD) == []
    monkeypatch.setattr(pending, "_due", lambda *_: "overdue")
    home.warehouse_db.unlink(missing_ok=True)
    assert pending.reasons(home, state, THIRD.replace(day=30)) == []
    (home.inbox / "301").mkdir(exist_ok=True)
    (home.inbox / "301" / "ssd.zip").write_bytes(b"new")
    assert pending.reasons(home, state, THIRD) == ["1 in the inbox"]
    (home.inbox / "301" / "ssd.zip").unlink()


def test_the_same_figures_are_not_published_again_and_others_are(home) -> None:
    state = State(home.state_db)
    rollback.roll_back(home, state, None, "sent twice", THIRD)
    run = Run("run", home, Settings(), state, THIRD, 3)
    draft = releasing.draft(home, 3, THIRD)
    assert step._was_rolled_back(run, draft)
    set_counts(home, 310)
    assert not step._was_rolled_back(run, releasing.draft(home, 3, THIRD))
    set_counts(home, 900)


@pytest.mark.parametrize(
    ("release_id", "why", "code"),
    [(BAD, "already", 2), ("2026-01-01.77", "no release", 2)],
)
def test_where_there_is_nothing_to_lead_to(home, release_id, why, code) -> None:
    with pytest.raises(SightlineError, match=why) as raised:
        rollback.roll_back(home, State(home.state_db), release_id, "sent twice", THIRD)
    assert raised.value.exit_code == code
    assert shown(home) == BAD


def test_no_way_back_behind_stricter_rules_or_to_a_damaged_release(home, monkeypatch) -> None:
    manifest = home.releases / GOOD / store.MANIFEST
    held = manifest.read_bytes()
    manifest.parent.chmod(0o700)
    manifest.chmod(0o600)
    for name, why in (("rules", "disclosure"), ("files", "what was published")):
        told = json.loads(held) | {name: {"sightline.duckdb": {"sha256": "", "bytes": 0}}}
        manifest.write_text(json.dumps(told))
        with pytest.raises(SightlineError, match=why):
            rollback.roll_back(home, State(home.state_db), None, "sent twice", THIRD)
    manifest.write_bytes(held)
    assert shown(home) == BAD


def test_the_reason_passes_the_gate_for_personal_data(home) -> None:
    said = run_of(home, "releases", "rollback", "--reason", "3 children of SW1A 1AA")
    assert isinstance(said.exception, SightlineError)
    assert "postcode" in str(said.exception)
    assert "SW1A" not in str(said.exception)
    said = run_of(home, "releases", "rollback")
    assert said.exception is not None
    assert shown(home) == BAD


def test_the_command_says_what_is_left_to_do(home) -> None:
    said = run_of(home, "releases", "rollback", "--reason", "sent twice")
    assert said.exception is None, said.exception
    assert f"Readers see release {GOOD} again" in said.output
    assert "intake withdraw" in said.output
    told = json.loads(run_of(home, "releases", "show", "--json").output)
    assert told["release_id"] == GOOD
    assert told["returns"][-1]["reason"] == "sent twice"
