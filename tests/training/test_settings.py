from __future__ import annotations

import json

import pytest

from poser.experts.errors import InputError
from poser.training.settings import check_folder


def test_a_training_begins_in_a_new_or_other_folder_and_goes_on_with_its_own_settings(tmp_path):
    check_folder(tmp_path / "new", {"seed": 1}, resume=False)
    check_folder(tmp_path, {"seed": 1}, resume=False)
    (tmp_path / "arguments.json").write_text(json.dumps({"seed": 1, "shares": [1, 2]}))
    check_folder(tmp_path, {"seed": 1, "shares": (1, 2)}, resume=True)


@pytest.mark.parametrize(
    ("held", "resume", "says"),
    [
        ('{"seed": 1}', False, "earlier training. Go on with it by --resume"),
        (None, True, "no training in"),
        ('{"seed": 2}', True, "other settings .seed."),
        ("{}", True, "other settings .seed."),
        ("[1]", True, "cannot be read: it is no mapping"),
        ('{"seed"', True, "cannot be read"),
    ],
)
def test_what_cannot_go_on_is_refused(tmp_path, held, resume, says):
    if held is not None:
        (tmp_path / "arguments.json").write_text(held)
    with pytest.raises(InputError, match=says):
        check_folder(tmp_path, {"seed": 1}, resume=resume)


@pytest.mark.parametrize("resume", [True, False])
def test_a_file_is_no_folder(tmp_path, resume):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="is a file"):
        check_folder(tmp_path / "out", {}, resume=resume)
