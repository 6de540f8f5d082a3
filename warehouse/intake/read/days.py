"""A day as a sender writes it, where it is needed before values are judged."""

import re
from datetime import date, datetime
from functools import lru_cache

from sightline.warehouse.contracts.schema import TIME, date_formats


@lru_cache(maxsize=4096)
def day_of(text: str) -> date | None:
    """The day in any of the forms that contracts know, with or without a time of day behind it;
    None where the text is no day."""
    for form in date_formats().values():
        if found := re.fullmatch(f"({form.day}){TIME}", text):
            day = re.sub("[./ ]", "-", found.group(1))
            try:
                return datetime.strptime(day, form.day_strptime).date()  # noqa: DTZ007
            except ValueError:
                return None
    return None
