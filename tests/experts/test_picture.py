from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from poser.experts.errors import InputError
from poser.experts.picture import Picture

pixel_arrays = arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(pixel_arrays)
def test_png_keeps_every_pixel_and_the_hash(pixels):
    picture = Picture(pixels)
    again = Picture.from_bytes(picture.to_png(text={"prompt": "ένα «δύο»"}))
    assert np.array_equal(again.pixels, pixels)
    assert again == picture
    assert again.sha256 == picture.sha256 == picture.ref.sha256


def test_a_picture_cannot_be_changed_neither_directly_nor_through_the_array_it_came_from():
    pixels = np.zeros((4, 5, 3), np.uint8)
    picture = Picture(pixels)
    pixels[:] = 9
    assert picture.pixels.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0, 0] = 1


def test_size_is_part_of_the_hash():
    assert Picture(np.zeros((2, 3, 3), np.uint8)).sha256 != Picture(np.zeros((3, 2, 3), np.uint8)).sha256


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), float),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_arrays_are_refused(array):
    with pytest.raises(InputError, match="uint8 array of shape"):
        Picture(array)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def test_alpha_is_laid_over_white():
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    assert Picture.from_bytes(encoded(image)).pixels.tolist() == [[[255, 255, 255], [255, 0, 0]]]


def test_palette_grey_and_16_bit_are_converted():
    palette = Image.new("RGB", (3, 3), (10, 200, 30)).quantize(4)
    assert Picture.from_bytes(encoded(palette)).pixels[0, 0].tolist() == [10, 200, 30]
    transparent = Image.new("P", (2, 2), 0)
    transparent.putpalette([9, 9, 9] * 256)
    assert Picture.from_bytes(encoded(transparent, transparency=0)).pixels[0, 0].tolist() == [255, 255, 255]
    assert Picture.from_bytes(encoded(Image.new("L", (2, 2), 77))).pixels[0, 0].tolist() == [77, 77, 77]
    deep = Image.fromarray(np.full((2, 2), 65535 // 2, np.uint16))
    assert abs(int(Picture.from_bytes(encoded(deep)).pixels[0, 0, 0]) - 127) <= 1


def test_exif_rotation_is_applied():
    image = Image.new("RGB", (4, 2))
    exif = Image.Exif()
    exif[0x0112] = 6
    assert Picture.from_bytes(encoded(image, "JPEG", exif=exif)).size == (2, 4)


def test_a_decompression_bomb_is_refused_by_its_header():
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
    with pytest.raises(InputError, match=r"50,000,000|too large"):
        Picture.from_bytes(bomb, name="bomb.png")


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", encoded(Image.new("RGB", (60, 60)))[:60]])
def test_what_is_no_image_is_refused_with_its_name(data):
    with pytest.raises(InputError, match=r"'cat\.png' is not a readable image") as raised:
        Picture.from_bytes(data, name="cat.png")
    # Pillow names the buffer that it was given
    assert "BytesIO" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.png.*No such file"):
        Picture.open(tmp_path / "nowhere.png")
    with pytest.raises(InputError, match="Cannot read image"):
        Picture.open(tmp_path)


def test_resizing():
    picture = Picture(np.zeros((4, 6, 3), np.uint8))
    assert picture.resized(3, 2).size == (3, 2)
    assert picture.resized(6, 4) is picture
