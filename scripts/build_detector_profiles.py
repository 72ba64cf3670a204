"""Measure what the detector critic knows about looks and backdrops; writes `poser/critics/data/*.npz`.

    python -m scripts.build_detector_profiles [--scenes 40]

Paints seeded scenes with the studio, under every style and tone, and stores averages: the mean and the spread of
each of the palette's colours, weights that tell styles by their marks, and the mean colours of every backdrop.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import minimize

from benchmarks.recognition_scenes import SIZES, random_scene
from poser.critics.backdrops import COLUMNS, ROWS, grid_colors
from poser.critics.palette import DARK, LABELS, WHITE
from poser.critics.profiles import STYLES, TINTS, Tint
from poser.critics.restoring import restore
from poser.critics.style_marks import style_marks
from poser.experts import lexicon
from poser.experts.studio.painter import apply_style, apply_tone, paint, paint_backdrop

DATA = Path(__file__).resolve().parents[1] / "poser" / "critics" / "data"
FIRST_SEED = 50_000
DARK_BACKING = (58, 66, 90)


def in_look(canvas: np.ndarray, style: str | None, tint: Tint, seed: int) -> np.ndarray:
    """The canvas with a style, and a tone over or under it."""
    if tint.tone is not None and tint.under:
        canvas = apply_tone(canvas, tint.tone)
    if style is not None:
        canvas = apply_style(canvas, style, seed)
    if tint.tone is not None and not tint.under:
        canvas = apply_tone(canvas, tint.tone)
    return canvas


def exact_labels(canvas: np.ndarray) -> np.ndarray:
    """Labels of the pixels that have exactly a colour of the palette, or the white of backings; 0 elsewhere."""
    labels = np.zeros(canvas.shape[:2], np.uint8)
    for label, color in enumerate((*lexicon.COLORS.values(), DARK_BACKING), start=1):
        labels[(canvas == np.array(color, np.uint8)).all(axis=-1)] = label
    labels[(canvas == 255).all(axis=-1)] = WHITE
    return labels


def measure_colors(scenes: int) -> dict[str, np.ndarray]:
    """Mean and covariance of every label under every look, and maps of backdrop colours back to plain ones."""
    shape = (len(STYLES), len(TINTS), LABELS)
    count, first, second = np.zeros(shape), np.zeros((*shape, 3)), np.zeros((*shape, 3, 3))
    pairs: dict[tuple[int, int], list[tuple[np.ndarray, np.ndarray]]] = {}
    for number in range(scenes):
        width, height = SIZES[number % 2]
        scene = random_scene(FIRST_SEED + number, width=width, height=height, things=9)
        canvas = paint(scene, width, height, number)
        inner = inner_labels(exact_labels(canvas))
        backdrop = paint_backdrop(lexicon.BACKGROUNDS[number % len(lexicon.BACKGROUNDS)], width, height, number)
        plain = grid_colors(backdrop, None)[0].reshape(-1, 3)
        for (s, style), (t, tint) in product(enumerate(STYLES), enumerate(TINTS)):
            if style is None and tint.under:
                continue
            seen = restore(in_look(canvas, style, tint, number), style).astype(np.float64)
            for label in range(1, LABELS):
                values = seen[inner == label]
                if len(values) < 5:
                    continue
                # frames and paper edges are no colours of things
                values = values[np.abs(values - np.median(values, axis=0)).max(axis=1) < 90]
                count[s, t, label] += len(values)
                first[s, t, label] += values.sum(axis=0)
                second[s, t, label] += values.T @ values
            shown = grid_colors(restore(in_look(backdrop, style, tint, number), style), None)[0].reshape(-1, 3)
            pairs.setdefault((s, t), []).append((shown, plain))
    mean = first / np.maximum(count, 1)[..., None]
    spread = second / np.maximum(count, 1)[..., None, None] - mean[..., :, None] * mean[..., None, :]
    back = np.zeros((len(STYLES), len(TINTS), 4, 3))
    for (s, t), seen_pairs in pairs.items():
        shown = np.concatenate([pair[0] for pair in seen_pairs])
        plain = np.concatenate([pair[1] for pair in seen_pairs])
        back[s, t] = np.linalg.lstsq(np.c_[shown, np.ones(len(shown))], plain, rcond=None)[0]
    return {
        "colors": mean.astype(np.float32),
        "spreads": spread.astype(np.float32),
        "restoring": back.astype(np.float32),
    }


def inner_labels(labels: np.ndarray) -> np.ndarray:
    """Labels away from all edges, 0 elsewhere."""
    inner = np.zeros_like(labels)
    for label in range(1, LABELS):
        kernel = np.ones((3, 3), np.uint8) if label == DARK else cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
        inner[cv2.erode((labels == label).astype(np.uint8), kernel) > 0] = label
    return inner


def measure_marks(scenes: int) -> dict[str, np.ndarray]:
    """Multinomial logistic regression from marks to styles."""
    rng = np.random.default_rng(FIRST_SEED)
    marks, classes = [], []
    for number in range(5 * scenes):
        width, height = SIZES[number % len(SIZES)]
        lettering = f"Open {number}" if number % 2 else None
        things = int(rng.integers(0, 9))
        scene = random_scene(FIRST_SEED + 1000 + number, width=width, height=height, things=things, lettering=lettering)
        canvas = paint(scene, width, height, number)
        for index, style in enumerate(STYLES):
            tints = [TINTS[0], TINTS[int(rng.integers(1, len(TINTS)))]]
            for tint in tints:
                marks.append(style_marks(in_look(canvas, style, tint, number)))
                classes.append(index)
    values, target = np.array(marks), np.array(classes)
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-3
    inputs = np.c_[np.clip((values - mean) / scale, -4, 4), np.ones(len(values))]
    wanted = np.eye(len(STYLES))[target]

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(inputs.shape[1], -1)
        scores = inputs @ weights
        scores -= scores.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scores).sum(axis=1))
        shares = np.exp(scores - log_sum[:, None])
        value = (log_sum - (scores * wanted).sum(axis=1)).mean() + 3e-4 * (weights**2).sum()
        slope = inputs.T @ (shares - wanted) / len(inputs) + 6e-4 * weights
        return float(value), slope.ravel()

    found = minimize(loss, np.zeros(inputs.shape[1] * len(STYLES)), jac=True, method="L-BFGS-B")
    weights = found.x.reshape(inputs.shape[1], -1)
    right = ((inputs @ weights).argmax(axis=1) == target).mean()
    print(f"style marks: {len(target)} pictures, {right:.4f} right in training")
    return {"mark_mean": mean, "mark_scale": scale, "mark_weights": weights}


def measure_backdrops(seeds: int) -> dict[str, np.ndarray]:
    """Mean and variance over seeds of the grid of colours of every backdrop."""
    grids = np.zeros((len(lexicon.BACKGROUNDS), seeds, ROWS, COLUMNS, 3), np.float32)
    for index, name in enumerate(lexicon.BACKGROUNDS):
        for seed in range(seeds):
            width, height = SIZES[seed % len(SIZES)]
            grids[index, seed] = grid_colors(paint_backdrop(name, width, height, FIRST_SEED + seed), None)[0]
    return {"mean": grids.mean(axis=1), "variance": grids.var(axis=1)}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--scenes", type=int, default=40, help="painted scenes per measurement")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    DATA.mkdir(exist_ok=True)
    looks = measure_colors(arguments.scenes) | measure_marks(arguments.scenes)
    np.savez_compressed(DATA / "looks.npz", **{name: value.astype(np.float32) for name, value in looks.items()})
    backdrops = measure_backdrops(arguments.scenes)
    np.savez_compressed(DATA / "backdrops.npz", **{n: v.astype(np.float16) for n, v in backdrops.items()})
    for file in sorted(DATA.glob("*.npz")):
        print(f"wrote {file} ({file.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
