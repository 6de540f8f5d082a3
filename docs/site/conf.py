"""How Sphinx makes the site: Markdown in, pages that open from a folder and ask for nothing."""

import re
from typing import Any

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = "Sightline"
language = "en-GB"
extensions = ["myst_parser"]
root_doc = "index"
nitpicky = True
myst_heading_anchors = 4
highlight_language = "none"

html_theme = "furo"
html_title = "Sightline"
html_css_files = ["site.css"]
html_static_path = ["static"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_use_index = False
# A summary of what was found is fetched page by page, which a browser refuses in a folder.
html_show_search_summary = False
html_theme_options = {"top_of_page_buttons": []}
# Colours that are legible in both lights.
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

WIDE = re.compile(r'<div class="table-wrapper([^"]*)"')
NAMED = r'<div class="table-wrapper\1" tabindex="0" role="group" aria-label="Table"'
MENU = "furo_navigation_tree"


def for_everybody(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _: Any
) -> None:
    """What the theme leaves out: names and stops of the keyboard for what is scrolled sideways,
    and levels for the headings of the menu."""
    if "body" in context:
        context["body"] = WIDE.sub(NAMED, context["body"])
    context[MENU] = context.get(MENU, "").replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> None:
    app.add_lexer("csv", TextLexer)
    app.connect("html-page-context", for_everybody, priority=900)  # after the theme's own
