from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from poser.experts.errors import InputError, StoreError
from poser.experts.picture import Picture
from poser.experts.png import file_of
from poser.store import Store
from tests.store.world import painted


@given(width=st.integers(1, 40), height=st.integers(1, 40), seed=st.integers(0, 99), flat=st.booleans())
def test_any_picture_comes_back_from_its_file(width, height, seed, flat):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 2 if flat else 256, (height, width, 3), dtype=np.uint8)
    picture = Picture(pixels)
    assert Picture.from_bytes(file_of(picture)) == picture


def png(picture, **settings):
    buffer = io.BytesIO()
    picture.to_pil().save(buffer, "PNG", **settings)
    return buffer.getvalue()


def test_what_came_as_a_png_is_not_encoded_again_and_loses_what_stood_beside_its_pixels():
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", "a workflow with secrets")
    data = png(painted(1), pnginfo=info, dpi=(72, 72), compress_level=9)
    picture = Picture.from_bytes(data)
    stored = file_of(picture)
    assert b"workflow" not in stored
    assert b"pHYs" not in stored
    assert stored == png(painted(1), compress_level=9)
    assert Picture.from_bytes(stored) == picture


def turned():
    exif = Image.Exif()
    exif[274] = 6
    return png(painted(1), exif=exif)


def animated():
    buffer = io.BytesIO()
    frames = [painted(seed).to_pil() for seed in (1, 2)]
    frames[0].save(buffer, "PNG", save_all=True, append_images=frames[1:], default_image=True)
    return buffer.getvalue()


def converted(mode):
    buffer = io.BytesIO()
    painted(1).to_pil().convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def sixteen_bits():
    rows = b"".join(b"\0" + bytes(6 * 4) for _ in range(4))
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def with_colour_key():
    return png(painted(1), transparency=(1, 2, 3))


@pytest.mark.parametrize(
    "data",
    [
        turned(),
        animated(),
        sixteen_bits(),
        with_colour_key(),
        *(converted(mode) for mode in ("L", "P", "RGBA", "1", "I;16")),
    ],
    ids=["exif", "animated", "16 bit", "colour key", "grey", "palette", "alpha", "bits", "16 bit grey"],
)
def test_pngs_whose_pixels_are_not_taken_as_they_stand_are_encoded_anew(data):
    picture = Picture.from_bytes(data)
    assert Picture.from_bytes(file_of(picture)) == picture


def test_a_picture_comes_back_and_lies_under_its_hash(tmp_path):
    with Store(tmp_path) as store:
        reference = store.put_picture(painted(1))
        assert store.picture(reference.sha256) == painted(1)
        assert store.put_picture(painted(1)) == reference
        assert store.size().pictures == 1
    path = tmp_path / "pictures" / reference.sha256[:2] / f"{reference.sha256}.png"
    assert Picture.open(path) == painted(1)


def test_missing_damaged_and_foreign_pictures_are_told(tmp_path):
    with Store(tmp_path) as store:
        reference = store.put_picture(painted(1))
        path = tmp_path / "pictures" / reference.sha256[:2] / f"{reference.sha256}.png"
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(InputError, match="not a readable image"):
            store.picture(reference.sha256)
        path.write_bytes(painted(2).to_png())
        with pytest.raises(InputError, match="is damaged"):
            store.picture(reference.sha256)
        path.unlink()
        with pytest.raises(InputError, match="is not in the store"):
            store.picture(reference.sha256)
        # putting it again mends it
        store.put_picture(painted(1))
        assert store.picture(reference.sha256) == painted(1)
        with pytest.raises(InputError, match="names no picture"):
            store.picture("../../etc/passwd")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_kept(tmp_path):
    with Store(tmp_path) as store:
        (tmp_path / "pictures").mkdir(mode=0o500)
        with pytest.raises(StoreError, match="Permission denied"):
            store.put_picture(painted(1))
        assert store.size().rows["pictures"] == 0


def test_a_file_in_the_way_is_told_and_nothing_is_kept(tmp_path):
    with Store(tmp_path) as store:
        (tmp_path / "pictures").write_text("in the way")
        with pytest.raises(StoreError, match="Cannot store a picture"):
            store.put_picture(painted(1))
        assert store.size().rows["pictures"] == 0
