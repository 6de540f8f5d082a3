"""Suites of Great Expectations over small frames; nothing here reports to anybody."""

import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"
