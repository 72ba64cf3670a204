from __future__ import annotations

from poser.experts.extras import install


def test_both_ways_to_install_an_extra_are_told():
    assert install("train") == (
        "pip install 'image-poser[train]' (in a checkout: pip install -c constraints.txt -e '.[train]')"
    )
