from __future__ import annotations

import io

import numpy as np
from PIL import Image

from poser.experts.picture import Picture
from poser.experts.png import file_of, with_text


def picture(seed: int = 0) -> Picture:
    return Picture(np.random.default_rng(seed).integers(0, 255, (40, 60, 3), dtype=np.uint8))


def test_a_picture_is_encoded_once():
    one = picture()
    assert one.png is None
    first = file_of(one)
    assert Picture.from_bytes(first) == one
    # kept, and the same again
    assert one.png == first == file_of(one)
    assert file_of(Picture.from_bytes(file_of(one))) == file_of(one)


def test_text_stands_in_the_file_and_changes_no_pixel():
    words = {"Description": "un café, 犬", "poser": '{"a": 1}' * 500}
    file = with_text(file_of(picture()), words)
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        assert image.text == words
    read = Picture.from_bytes(file)
    assert read == picture()
    # and leaves it again
    assert file_of(read) == file_of(picture())


def test_pixels_that_a_decoder_holds_are_not_shared_with_others():
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    taken = Picture.from_pil(image)
    image.putpixel((0, 0), (9, 9, 9))
    assert taken.pixels[0, 0].tolist() == [1, 2, 3]
    assert not taken.pixels.flags.writeable
