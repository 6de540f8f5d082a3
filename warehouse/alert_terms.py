"""Words for alerts that several rooms share: when one is still open, and how serious it may be."""

LIVE = ("open", "acknowledged", "snoozed")
"""States of an alert that was raised and is not over."""
SEVERITIES = ("info", "watch", "warning", "critical")
"""The least serious first."""
ROLES = (
    "national_lead", "regional_lead", "director", "head_of_safeguarding", "data_lead",
)  # fmt: skip
"""As whom somebody may agree to be shown who answers an alert; never by name."""
