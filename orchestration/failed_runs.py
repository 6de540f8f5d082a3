"""Send a message to every channel after a run that failed, however it was started; once."""

from datetime import timedelta

from orchestration.logs import log
from warehouse import clock
from warehouse.errors import SightlineError
from warehouse.home import Home
from warehouse.settings import Settings, load_settings, today

AT_MOST = timedelta(seconds=10)
"""For how long messages may be begun: whoever waits for the run waits for this too."""


def tell(home: Home) -> None:
    """Post what there is to tell of failed runs, and send it; a fault in that hides no other."""
    if not home.state_db.exists():
        return
    from monitoring import failed_runs
    from monitoring.delivery import relay
    from warehouse.ledger.state import StateFault, state_of

    settings = _settings(home)
    try:
        with state_of(home) as state:
            if failed_runs.tell(state, settings, today(settings)):
                relay.deliver(home, settings, state, clock.now(), within=AT_MOST)
    except (SightlineError, StateFault, OSError) as fault:
        log.warning("the failed run could not be told by message: %s", type(fault).__name__)


def _settings(home: Home) -> Settings:
    """Those that hold; the defaults, and so no channel but files, where they are wrong."""
    try:
        return load_settings(home)
    except SightlineError:
        return Settings()
