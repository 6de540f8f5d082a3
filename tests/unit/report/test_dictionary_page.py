"""The dictionary as a page explains every table, view and column of the database."""

import duckdb
import pytest
from lxml import html

from sightline.warehouse.release import dictionary

pytestmark = pytest.mark.slow


def test_every_table_view_and_column_stands_on_the_page(draft, site) -> None:
    page = html.parse(site / "dictionary.html").getroot()
    with duckdb.connect(str(draft.database), read_only=True) as connection:
        relations = dictionary.relations(connection)
        columns = dictionary.columns(connection)
    for one in relations:
        section = page.get_element_by_id(one["name"]).getparent()
        said = section.text_content()
        assert one["meaning"] in said
        for column in columns:
            if column["relation"] == one["name"]:
                assert column["name"] in said
                assert column["meaning"] in said
    assert {one["name"] for one in relations} == {one["relation"] for one in columns}
