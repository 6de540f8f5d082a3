"""Errors for the person at the keyboard: a plain sentence, an exit code, never a child's data."""

WRONG_USE = 2
"""The exit code of a command that was used wrongly, as click has it."""


class SightlineError(Exception):
    """A fault that stops the command and can be explained in one sentence."""

    exit_code = 1

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if exit_code is not None:
            self.exit_code = exit_code


class MachineFault(SightlineError):
    """Memory, disk, file handles or rights ran out: nobody's file is at fault."""


class ConfigurationError(SightlineError):
    exit_code = 3


class KeyFault(ConfigurationError):
    exit_code = 8


class GateFailed(SightlineError):
    exit_code = 5


class Busy(SightlineError):
    exit_code = 6
