"""To what counts of our own are rounded before they leave, by level of area."""

BASE = {"local_authority": 5, "sub_region": 10, "region": 10, "country": 10}
IN_WORDS = (
    f"Counts of our own are rounded to the nearest {BASE['local_authority']}, those of regions and"
    f" England to the nearest {BASE['country']}. Rates and shares are made of the rounded counts."
)
