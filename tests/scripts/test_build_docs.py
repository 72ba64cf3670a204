from __future__ import annotations

from scripts.build_docs import PAGES, stale


def test_the_pages_made_from_code_are_current():
    assert stale() == [], "run `make docs` and commit the pages"


def test_every_page_says_that_it_is_made():
    for make in PAGES.values():
        assert make().startswith("<!-- made by")
