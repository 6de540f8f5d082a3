"""Tell what is due after each attempt at a run, however it was started and ended: that runs fail,
what engineers have to look at, whom to remind."""

from datetime import timedelta

from sightline.orchestration.logs import log
from sightline.warehouse import clock, database
from sightline.warehouse.errors import SightlineError
from sightline.warehouse.home import Home
from sightline.warehouse.settings import Settings, load_settings, today

AT_MOST = timedelta(seconds=10)
"""For how long messages may be begun: whoever waits for the run waits for this too."""


def tell(home: Home) -> None:
    """Post what there is to tell, and send it; a fault in that hides no other."""
    if _is_new(home):
        return
    from sightline.monitoring import between_runs, failed_runs
    from sightline.monitoring.delivery import relay
    from sightline.warehouse.ledger.state import state_of

    settings = _settings(home)
    try:
        with state_of(home) as state:
            new = failed_runs.tell(state, settings, today(settings))
            if new + between_runs.tell(state, settings, today(settings)):
                relay.deliver(home, settings, state, clock.now(), within=AT_MOST)
    except Exception as fault:
        log.warning("what is due could not be told by message: %s", type(fault).__name__)


def _is_new(home: Home) -> bool:
    """Whether nothing was ever remembered here; a state that cannot be told of is no new one."""
    try:
        return database.of(home.state_db).is_missing()
    except SightlineError:
        return False


def _settings(home: Home) -> Settings:
    """Those that hold; the defaults, and so no channel but files, where they are wrong."""
    try:
        return load_settings(home)
    except SightlineError:
        return Settings()
