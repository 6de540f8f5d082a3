"""The extracts in the formats in which authorities send them."""

from sightline.simulation.text import Rows

Members = dict[str, tuple[str, Rows]]
"""File name, header line and rows of each table of a bundle."""
