"""Closed vocabularies of the embedded pool: colours, sizes, relations, places, backgrounds, styles, tones.

Every `*_WORDS` table maps what people write (lower case, single spaces) to a canonical word; each canonical
word is a key of its own table. What is in no table is unknown, and is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The eleven colours that things are drawn in, as RGB 0..255.
COLORS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "black": (24, 24, 27),
        "white": (252, 252, 252),
        "gray": (128, 128, 128),
        "red": (220, 38, 38),
        "orange": (249, 125, 12),
        "yellow": (250, 208, 16),
        "green": (34, 150, 62),
        "blue": (37, 99, 225),
        "purple": (134, 52, 202),
        "pink": (246, 120, 180),
        "brown": (126, 72, 32),
    }
)


def _table(**groups: str) -> Mapping[str, str]:
    """Word table of `canonical="word, word, …"`; an underscore in a keyword stands for a space."""
    table: dict[str, str] = {}
    for key, words in groups.items():
        name = key.replace("_", " ")
        for word in (name, *filter(None, (w.strip() for w in words.split(",")))):
            if table.setdefault(word, name) != name:
                raise ValueError(f"{word!r} stands for both {table[word]!r} and {name!r}")
    return MappingProxyType(table)


def _shades(table: Mapping[str, str]) -> Mapping[str, str]:
    """Every colour word also with a shade in front ("dark blue", "light-blue" is written with a space)."""
    shades = ("light", "dark", "bright", "pale", "deep", "vivid", "pastel", "neon")
    longer = {f"{shade} {word}": name for word, name in table.items() if " " not in word for shade in shades}
    return MappingProxyType({**longer, **table})


COLOR_WORDS: Mapping[str, str] = _shades(
    _table(
        black="jet black, ebony, charcoal, onyx, coal black, pitch black",
        white="ivory, snow white, off white, snowy, pearl white, pearly, chalk white",
        gray="grey, silver, silvery, slate, ash, ashen, gunmetal, steel gray, steel grey, graphite, metallic",
        red="crimson, scarlet, ruby, cherry red, maroon, burgundy, vermilion, blood red, brick red, reddish, ruby red",
        orange="tangerine, amber, apricot, coral, pumpkin orange, rust, rusty, copper",
        yellow="golden, gold, lemon yellow, mustard, canary yellow, yellowish, blond, blonde, saffron",
        green="emerald, olive, lime, lime green, mint, mint green, forest green, jade, greenish, emerald green, "
        "sea green, olive green, teal green",
        blue="navy, navy blue, azure, sky blue, cyan, turquoise, teal, aqua, cobalt, indigo, royal blue, "
        "bluish, sapphire, baby blue, cobalt blue, midnight blue, aquamarine",
        purple="violet, lilac, lavender, mauve, plum, magenta, amethyst, purplish",
        pink="rose, rosy, fuchsia, salmon pink, hot pink, salmon, pinkish, baby pink, rose pink",
        brown="tan, beige, chestnut, chocolate, chocolate brown, hazel, bronze, khaki, umber, sienna, brownish, "
        "coffee brown, sandy brown",
    )
)

SIZES: tuple[str, ...] = ("small", "large")
SIZE_WORDS: Mapping[str, str] = _table(
    small="tiny, little, mini, miniature, minuscule, petite, wee, teeny, compact, small-sized, smallish",
    large="big, huge, giant, gigantic, enormous, massive, oversized, immense, great, colossal, great big, "
    "very big, very large, large-sized, towering",
)
#: Longer side of an object's bounding box / shorter canvas side. Without a wish a thing is drawn between.
SIZE_EXTENT: Mapping[str, tuple[float, float]] = MappingProxyType({"small": (0.0, 0.13), "large": (0.27, 1.0)})

RELATIONS: tuple[str, ...] = ("left of", "right of", "above", "below", "next to", "between")
RELATION_WORDS: Mapping[str, str] = _table(
    left_of="to the left of, on the left of, at the left of, left from, on the left side of, to the left side of",
    right_of="to the right of, on the right of, at the right of, right from, on the right side of, "
    "to the right side of",
    above="over, on top of, atop, higher than, on, hovering over, hovering above, floating above, floating over, "
    "flying over, flying above, up above, sitting on, standing on",
    below="under, underneath, beneath, lower than, down below, at the foot of",
    next_to="beside, by, near, adjacent to, alongside, close to, at the side of, side by side with, "
    "by the side of, nearby, right next to, right beside, along with",
    between="in between, in the middle of, flanked by",
)

PLACES: tuple[str, ...] = (
    "left", "right", "top", "bottom", "center", "top left", "top right", "bottom left", "bottom right",
)  # fmt: skip
PLACE_WORDS: Mapping[str, str] = _table(
    left="left side, left-hand side, left half, left edge, far left",
    right="right side, right-hand side, right half, right edge, far right",
    top="upper part, upper half, up top, top edge, upper edge, upper area, top half",
    bottom="lower part, lower half, foot, bottom edge, lower edge, foreground, lower area, bottom half",
    center="centre, middle, central, in the middle, in the center, in the centre",
    top_left="upper left, top left corner, upper left corner, top-left, upper-left, top-left corner",
    top_right="upper right, top right corner, upper right corner, top-right, upper-right, top-right corner",
    bottom_left="lower left, bottom left corner, lower left corner, bottom-left, lower-left, bottom-left corner",
    bottom_right="lower right, bottom right corner, lower right corner, bottom-right, lower-right, bottom-right corner",
)

# What the words of place mean in pixels. A thing's box is the bounding box of its glyph, its centre that box's centre.
RELATION_MIN_SHIFT = 0.05
"""A is left of B: its centre lies at least this share of the canvas *width* further left; above: of the *height*."""
RELATION_SLOPE = 1.0
"""... and the shift, in px, is at least this share of the shift across (left of: |dx| >= |dy|)."""
NEXT_TO_MAX_GAP = 0.15
"""A is next to B: their boxes are apart by less than this share of the shorter canvas side."""
BETWEEN_SLACK = 0.08
"""A is between B and C: its centre lies between theirs in the direction in which they are further apart (in px), and in
the other one at most this share of the canvas's width (height) outside of theirs."""
PLACE_EDGES = (0.36, 0.64)
"""A centre is at the left (top) below the first share of the width (height), at the right (bottom) above the second;
"top left" asks for both."""
CENTER_EDGES = (0.35, 0.65)
"""... and in the center between these shares of both."""

SCENES: tuple[str, ...] = (
    "sky", "night", "sunset", "sea", "beach", "meadow", "desert", "snow", "mountains", "forest", "city", "space",
    "underwater", "room",
)  # fmt: skip
#: Plain backdrops (the colour words) and painted scenes.
BACKGROUNDS: tuple[str, ...] = (*COLORS, *SCENES)

_SCENE_WORDS = _table(
    sky="blue sky, clear sky, daytime sky, cloudy sky, sunny sky, clear blue sky, bright sky, day sky, bright blue sky",
    night="night sky, starry sky, starry night, starry night sky, moonlit night, moonlit sky, nighttime, "
    "night scene, dark night, midnight, midnight sky, night time, nighttime sky, dark sky",
    sunset="sunset sky, evening sky, dusk, sunrise, dawn, twilight, evening, orange sky, morning sky, "
    "golden hour, sunrise sky, dusk sky, dawn sky",
    sea="ocean, open sea, seascape, open ocean, lake, open water, blue sea, blue ocean, calm sea, calm ocean, "
    "waterscape, water, river",
    beach="seaside, shore, coast, sandy beach, seashore, tropical beach, coastline, sand beach, sunny beach",
    meadow="grass, field, grassland, lawn, green field, grassy field, park, countryside, pasture, garden, "
    "green meadow, hills, grassy hill, green hills, farm, farmland, prairie, hillside, rolling hills, grassy hills, "
    "grassy meadow, flower meadow, rural landscape, village green",
    desert="sand dunes, dunes, sandy desert, sahara, sand desert, hot desert, desert landscape",
    snow="snowy field, snowy landscape, winter landscape, winter, snowfield, winter scene, snowy scene, "
    "winter wonderland, arctic, ice, snow field, snowy ground, snowy meadow, snowy hills",
    mountains="mountain range, alps, mountain landscape, mountain scenery, alpine landscape, peaks, highlands, "
    "snowy mountains, mountainscape",
    forest="woods, woodland, jungle, trees, pine forest, rainforest, forest clearing, dense forest, dark forest",
    city="city street, town, cityscape, skyline, downtown, urban street, city skyline, urban landscape, street, "
    "big city, metropolis, urban scene, skyscrapers, city scene",
    space="outer space, cosmos, galaxy, universe, starfield, deep space, milky way, nebula",
    underwater="under the sea, under water, seabed, ocean floor, sea floor, bottom of the sea, coral reef, reef, "
    "undersea, deep sea, underwater scene, underwater world, bottom of the ocean",
    room="indoors, living room, interior, bedroom, kitchen, wall and floor, house interior, indoor, office, "
    "classroom, studio room, inside a room, cozy room, inside a house",
)


def _plain_words() -> Mapping[str, str]:
    """Colour words as plain backdrops: "pale blue", "plain blue", "solid blue" …"""
    kinds = ("plain", "solid", "flat", "simple", "uniform")
    table = {f"{kind} {word}": name for word, name in COLOR_WORDS.items() for kind in kinds}
    return {**table, **COLOR_WORDS}


BACKGROUND_WORDS: Mapping[str, str] = MappingProxyType({**_plain_words(), **_SCENE_WORDS})

STYLES: tuple[str, ...] = (
    "watercolor", "oil painting", "pencil sketch", "pixel art", "mosaic", "comic", "vintage", "poster", "chalk",
    "cross-stitch",
)  # fmt: skip
STYLE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        **_table(
            watercolor="watercolour, water color, water colour, aquarelle, watercolor painting, "
            "watercolour painting, watercolors, watercolours",
            oil_painting="oil, oil paint, oil on canvas, impasto, oils, painted in oil, oil-painting, "
            "oil-painted, painterly, impressionist",
            pencil_sketch="pencil drawing, sketch, colored pencil, coloured pencil, hand-drawn, pencil, "
            "crayon drawing, hatching, hand drawn, colored pencils, coloured pencils, crosshatching",
            pixel_art="pixel, pixels, 8-bit, 8 bit, pixelated, pixelart, retro game, 16-bit, pixel-art",
            mosaic="tile mosaic, tiles, mosaic tiles, ceramic tiles, tiled",
            comic="comic book, halftone, pop art, comics, cartoon, comic strip, pop-art, comic-book, manga",
            vintage="old photo, retro, old photograph, vintage photo, vintage photograph, aged, antique, nostalgic, "
            "aged photo, old-fashioned, retro photo",
            poster="travel poster, screen print, screenprint, silkscreen, posterized, posterised, print poster, "
            "art print",
            chalk="chalk drawing, chalk art, pastel drawing, chalkboard drawing, chalk pastel, pastels, blackboard "
            "drawing",
        ),
        **dict.fromkeys(
            ("cross-stitch", "cross stitch", "embroidery", "embroidered", "needlework", "stitched"), "cross-stitch"
        ),
    }
)

TONES: tuple[str, ...] = ("darker", "brighter", "warmer", "cooler", "more contrast", "faded")
TONE_WORDS: Mapping[str, str] = _table(
    darker="dark, darken, dim, dimmer, gloomy, gloomier, darkened, moody, moodier, less bright, darker tone",
    brighter="bright, brighten, lighter, lighten, lit up, more light, brightened, sunnier, brighter tone, "
    "more brightness",
    warmer="warm, warm colors, warm colours, warm tones, warm light, cozy, warmer tone, warmer colors, "
    "warmer colours, warm tone, warmer tones, warm hues",
    cooler="cool, cold, colder, cool colors, cool colours, cool tones, bluish tint, cooler tone, cooler colors, "
    "cooler colours, cool tone, cooler tones, cold tones, chillier",
    more_contrast="high contrast, contrasty, higher contrast, stronger contrast, increased contrast, dramatic, "
    "strong contrast, punchier, high-contrast",
    faded="washed out, fade, washed-out, muted, less contrast, low contrast, softer, desaturated, muted colors, "
    "muted colours, pale colors, pale colours, lower contrast, faded colors, faded colours",
)
