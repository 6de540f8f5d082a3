"""The last gate before a message leaves: anything that looks like a person stops it."""

from sightline.monitoring import rendering
from sightline.monitoring.messages import Message
from sightline.warehouse.typed_text import personal


def objection(message: Message) -> str | None:
    """What the message seems to contain, in words without the value; None when it may go."""
    said = rendering.text(message)
    entries = [entry.alert_id for entry in getattr(message, "entries", ())]
    own = (message.release_id, message.message_id, getattr(message, "alert_id", ""))
    for reference in (*own, *entries):
        said = said.replace(reference, "") if reference else said
    return personal(said)
