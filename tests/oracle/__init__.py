"""Figures counted a second time, in plain Python, from the senders' files."""
