"""The settings with all that they name: what every start asks for before it reads anything else."""

from monitoring.delivery import channels
from warehouse.home import Home
from warehouse.settings import Settings, load_settings


def checked(home: Home) -> Settings:
    """The settings, the blocks of the channels too; raises ConfigurationError, one sentence."""
    settings = load_settings(home)
    channels.build(home, settings)
    return settings
