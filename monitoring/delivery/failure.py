"""What a channel raises when a message did not go."""


class DeliveryFailed(Exception):
    """`is_final`: trying again cannot help; `is_channel`: no other message would go either."""

    def __init__(self, message: str, *, is_final: bool = False, is_channel: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final
        self.is_channel = is_channel
