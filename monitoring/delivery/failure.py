"""What a channel raises when a copy of a message did not go, and whose fault that is."""

from datetime import timedelta
from typing import Literal

Scope = Literal["recipient", "message", "channel"]

NOT_TRUSTED = "the server's certificate is not trusted"


class DeliveryFailed(Exception):
    """`scope` is what is at fault: this address, this content, or the channel for everybody.

    `is_final`: trying again cannot help, which is never said of a channel. `is_sure`: the answer
    says so by itself; else it is final only where the channel has taken another copy meanwhile.
    `stops`: nothing else is tried over this channel in this pass. `wait`: how long the other side
    asks to be left alone.
    """

    def __init__(
        self,
        reason: str,
        *,
        scope: Scope = "channel",
        is_final: bool = False,
        is_sure: bool = True,
        stops: bool | None = None,
        wait: timedelta | None = None,
    ) -> None:
        super().__init__(reason)
        self.scope = scope
        self.is_final = is_final and scope != "channel"
        self.is_sure = is_sure
        self.stops = scope == "channel" if stops is None else stops
        self.wait = wait
