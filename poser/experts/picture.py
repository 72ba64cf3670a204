"""Picture: the one form in which pixels travel, and the safe way to read and write them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, PngImagePlugin, UnidentifiedImageError
from pydantic import BaseModel, ConfigDict, Field

from poser.experts.errors import InputError

MAX_PIXELS = 50_000_000
"""Most pixels that are ever decoded (a 20,000 x 20,000 header is refused before any memory is taken)."""


_CHANGES_PIXELS = {"transparency", "exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
"""What Pillow finds in a PNG by which its pixels are not taken as they stand (see `_to_rgb`)."""


class PictureRef(BaseModel):
    """What a document keeps of a picture: the hash of its pixels and its size in pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    width: int = Field(gt=0)
    height: int = Field(gt=0)


class Picture:
    """A read-only RGB picture.

    Attributes:
        pixels: uint8 array of shape (height, width, 3), RGB, not writeable.

    Equality and hash follow the pixels.
    """

    __slots__ = ("_png", "_sha256", "pixels")

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        """Take a uint8 (H, W, 3) array. It is copied unless it is already read-only and contiguous.

        Raises:
            InputError: another shape or dtype.
        """
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            raise InputError(
                f"A picture is a uint8 array of shape (height, width, 3); got {pixels.dtype} {pixels.shape}."
            )
        # bytes never change; what lies in another array may
        own = pixels.base is None or isinstance(pixels.base, bytes)
        if pixels.flags.writeable or not pixels.flags.c_contiguous or not own:
            pixels = np.array(pixels, order="C")
            pixels.setflags(write=False)
        self.pixels = pixels
        self._sha256: str | None = None
        self._png: bytes | None = None

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        return self.width, self.height

    @property
    def sha256(self) -> str:
        """Hex hash of size and pixels (not of any file), computed once."""
        if self._sha256 is None:
            digest = hashlib.sha256(f"{self.width}x{self.height}:".encode())
            digest.update(self.pixels.data)
            self._sha256 = digest.hexdigest()
        return self._sha256

    @property
    def png(self) -> bytes | None:
        """A PNG file of exactly these pixels, with whatever else a sender has put into it, or None."""
        return self._png

    def keep_png(self, file: bytes) -> None:
        """Keep the file that these pixels were encoded to, so that nobody encodes them again."""
        self._png = file

    @property
    def ref(self) -> PictureRef:
        """The reference that documents keep."""
        return PictureRef(sha256=self.sha256, width=self.width, height=self.height)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"Picture({self.width}x{self.height}, {self.sha256[:8]})"

    def to_pil(self) -> Image.Image:
        """A PIL image over the same pixels."""
        return Image.fromarray(self.pixels)

    @classmethod
    def from_pil(cls, image: Image.Image) -> Picture:
        """Any PIL image: EXIF rotation applied, alpha laid over white, palette, grey and 16 bit converted."""
        return cls(np.asarray(_to_rgb(image), dtype=np.uint8))

    @classmethod
    def open(cls, path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Picture:
        """Read an image file.

        Raises:
            InputError: no such file, not an image, damaged, or more than `max_pixels` pixels.
        """
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise InputError(f"Cannot read image {str(path)!r}: {reason}. Give a PNG, JPEG or WebP file.") from error
        return cls.from_bytes(data, name=str(path), max_pixels=max_pixels)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "image", max_pixels: int = MAX_PIXELS) -> Picture:
        """Decode PNG, JPEG, WebP, … bytes; the size is checked before pixels are decoded.

        Raises:
            InputError: not an image, damaged, or more than `max_pixels` pixels. `name` stands in the message.
        """
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
                if width * height > max_pixels:
                    raise InputError(
                        f"{name!r} has {width} x {height} pixels; at most {max_pixels:,} are decoded. Scale it down."
                    )
                picture = cls.from_pil(image)
                # what changes pixels may stand behind them, so it is looked for after decoding
                plain = image.format == "PNG" and image.mode == "RGB" and not image.info.keys() & _CHANGES_PIXELS
                picture._png = bytes(data) if plain and not getattr(image, "is_animated", False) else None
                return picture
        except InputError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise InputError(f"{name!r} is too large: {error} At most {max_pixels:,} pixels are decoded.") from error
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
            # Pillow names the buffer, which says nothing
            reason = "of no known format" if isinstance(error, UnidentifiedImageError) else error
            raise InputError(f"{name!r} is not a readable image ({reason}). Give a PNG, JPEG or WebP file.") from error

    def to_png(self, *, text: dict[str, str] | None = None) -> bytes:
        """PNG bytes (compression level 1), with optional text chunks."""
        info = PngImagePlugin.PngInfo()
        for key, value in (text or {}).items():
            info.add_itxt(key, value)
        buffer = io.BytesIO()
        self.to_pil().save(buffer, "PNG", compress_level=1, pnginfo=info)
        return buffer.getvalue()

    def resized(self, width: int, height: int) -> Picture:
        """A copy at another size (LANCZOS); itself if the size is the same."""
        if (width, height) == self.size:
            return self
        return Picture(np.asarray(self.to_pil().resize((width, height), Image.Resampling.LANCZOS)))


def _to_rgb(image: Image.Image) -> Image.Image:
    # the orientation may stand behind the pixels
    image.load()
    # both `exif_transpose` and `convert` copy, also where there is nothing to do
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in ("I", "I;16", "I;16B", "I;16L", "F"):
        values = np.asarray(image, dtype=np.float64)
        top: Any = 65535.0 if image.mode.startswith("I") and values.max(initial=0) > 255 else 255.0
        return Image.fromarray(np.clip(values / top * 255.0, 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        return Image.alpha_composite(paper, rgba).convert("RGB")
    return image.convert("RGB")
