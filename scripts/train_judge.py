"""Train the neural judge and write `poser/critics/judge/data/judge.safetensors`.

    python -m scripts.train_judge [--pictures 4000] [--seed 0] [--only finder,namer,looker]

Everything is seeded: pictures, starting weights, the order of batches. One thread; about twenty minutes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from torch import Tensor, nn

from poser.critics.judge import views
from poser.critics.judge.views import FINDING_SIDE, WINDOW
from poser.critics.judge.wiring import STRIDE, looker_outputs, namer_outputs
from scripts import judge_networks
from scripts.judge_examples import NOTHING, Examples, gather, with_foreign
from scripts.judge_scenes import UNKNOWN

TARGET = Path(__file__).resolve().parents[1] / "poser" / "critics" / "judge" / "data" / "judge.safetensors"
CELLS = FINDING_SIDE // STRIDE
EPOCHS = {"finder": 4, "namer": 7, "looker": 10}
BATCH = {"finder": 16, "namer": 96, "looker": 32}
RATE = {"finder": 2e-3, "namer": 3e-3, "looker": 3e-3}


def finder_targets(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heat [cells, cells], distances [cells, cells, 4] in px, and where objectness is not asked [cells, cells]."""
    heat = np.zeros((CELLS, CELLS), np.float32)
    distances = np.ones((CELLS, CELLS, 4), np.float32)
    unasked = np.zeros((CELLS, CELLS), np.float32)
    spots = (np.arange(CELLS, dtype=np.float32) + 0.5) * STRIDE
    for left, top, right, bottom in boxes:
        if right <= 0 or bottom <= 0 or left >= FINDING_SIDE or top >= FINDING_SIDE:
            continue
        if min(left, top) < -1 or max(right, bottom) > FINDING_SIDE + 1:  # cut off by the square
            unasked[_cells(top, bottom), _cells(left, right)] = 1
            continue
        x, y = (left + right) / 2, (top + bottom) / 2
        wide, high = max(3.0, 0.13 * (right - left)), max(3.0, 0.13 * (bottom - top))
        bump = np.exp(-(((spots[None] - x) / wide) ** 2 + ((spots[:, None] - y) / high) ** 2) / 2)
        peak = np.unravel_index(int(bump.argmax()), bump.shape)
        bump[peak] = 1.0
        nearer = bump > heat
        heat = np.maximum(heat, bump)
        away = np.stack(
            np.broadcast_arrays(spots[None] - left, spots[:, None] - top, right - spots[None], bottom - spots[:, None]),
            axis=-1,
        )
        distances[nearer] = np.maximum(away, 1.0)[nearer]
    return heat, distances, unasked


def _cells(low: float, high: float) -> slice:
    return slice(max(0, int(low // STRIDE)), max(0, int(np.ceil(high / STRIDE))))


def finder_batch(data: Examples, rows: np.ndarray, rng: np.random.Generator) -> tuple[list[Tensor], list[Tensor]]:
    """Mirrored at random."""
    pictures, targets = [], []
    for row in rows:
        picture, boxes = data.small[row], data.boxes[row]
        if rng.random() < 0.5:
            picture = picture[:, ::-1]
            boxes = np.stack([FINDING_SIDE - boxes[:, 2], boxes[:, 1], FINDING_SIDE - boxes[:, 0], boxes[:, 3]], axis=1)
        pictures.append(torch.from_numpy(np.ascontiguousarray(picture)))
        targets.append(finder_targets(boxes))
    return [torch.stack(pictures)], [torch.from_numpy(np.stack(part)) for part in zip(*targets, strict=True)]


def finder_loss(found: Tensor, wanted: list[Tensor]) -> Tensor:
    """Focal loss of CenterNet, and L1 on the logarithms of the distances near the centres."""
    heat, distances, unasked = wanted
    logit = found[..., 0]
    p = logit.sigmoid()
    centre = (heat >= 0.999).float()
    yes = -((1 - p) ** 2) * nn.functional.logsigmoid(logit) * centre
    no = -((1 - heat) ** 4) * p**2 * nn.functional.logsigmoid(-logit) * (1 - centre) * (1 - unasked)
    count = centre.sum().clamp(min=1)
    near = (heat * (heat > 0.4)).unsqueeze(-1)
    away = (found[..., 1:] - distances.log()).abs() * near
    return (yes.sum() + no.sum()) / count + 3 * away.sum() / (4 * near.sum().clamp(min=1))


def namer_batch(data: Examples, rows: np.ndarray, rng: np.random.Generator) -> tuple[list[Tensor], list[Tensor]]:
    """Shifted and zoomed as the finder may be wrong; every third exactly in place, as a second look is."""
    crops, boxes = [], []
    for row in rows:
        spread = 0.25 if rng.random() < 0.33 else 1.0
        shift = rng.uniform(-0.09, 0.09, 2) * spread
        zoom = float(np.exp(rng.uniform(-0.14, 0.13) * spread))
        crops.append(torch.from_numpy(views.crop(data.wide[row], (shift[0], shift[1]), zoom)))
        centre, half = -shift / (WINDOW * zoom), data.sides[row] / (2 * WINDOW * zoom)
        boxes.append(np.concatenate([centre - half, centre + half]))
    names = torch.from_numpy(data.names[rows])
    return [torch.stack(crops)], [names[:, 0], names[:, 1], torch.from_numpy(np.array(boxes, np.float32))]


def namer_loss(named: Tensor, wanted: list[Tensor]) -> Tensor:
    """Cross entropy of noun and colour, L1 of the box (in windows, from the centre)."""
    nouns, colors, boxes = named[:, 0, 0].split(namer_outputs(), dim=1)
    there = (wanted[0] != NOTHING).float()[:, None]
    away = ((boxes - wanted[2]).abs() * there).sum() / (4 * there.sum().clamp(min=1))
    return _cross_entropy(nouns, wanted[0], 0.02) + 0.5 * _cross_entropy(colors, wanted[1]) + 8 * away


def looker_batch(data: Examples, rows: np.ndarray, rng: np.random.Generator) -> tuple[list[Tensor], list[Tensor]]:
    """Mirrored at random."""
    thumbs, patches = data.thumbs[rows], data.patches[rows]
    mirrored = rng.random(len(rows)) < 0.5
    thumbs[mirrored], patches[mirrored] = thumbs[mirrored, :, ::-1], patches[mirrored, :, :, ::-1]
    looks = torch.from_numpy(data.looks[rows])
    inputs = [torch.from_numpy(thumbs), torch.from_numpy(patches.reshape(-1, *patches.shape[2:]))]
    return inputs, [looks[:, 0], looks[:, 1], looks[:, 2]]


def looker_loss(looked: Tensor, wanted: list[Tensor]) -> Tensor:
    """Cross entropy of backdrop, style and tone."""
    parts = looked[:, 0, 0].split(looker_outputs(), dim=1)
    return torch.stack([_cross_entropy(part, want) for part, want in zip(parts, wanted, strict=True)]).sum()


def _cross_entropy(scores: Tensor, wanted: Tensor, smoothing: float = 0.0) -> Tensor:
    asked = wanted != UNKNOWN
    if not bool(asked.any()):
        return scores.sum() * 0
    return nn.functional.cross_entropy(scores[asked], wanted[asked], label_smoothing=smoothing)


Batches = Callable[[Examples, np.ndarray, np.random.Generator], tuple[list[Tensor], list[Tensor]]]


def train(
    name: str,
    network: nn.Module,
    data: Examples,
    batches: Batches,
    loss_of: Callable[..., Tensor],
    rows: int,
    seed: int,
) -> None:
    """AdamW with one rise and fall of the learning rate."""
    rng = np.random.default_rng([17, seed])
    steps = EPOCHS[name] * (rows // BATCH[name])
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE[name], weight_decay=1e-3)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE[name], total_steps=steps + 1, pct_start=0.15)
    network.train()
    started, losses, step = time.perf_counter(), [], 0
    for _ in range(EPOCHS[name]):
        order = rng.permutation(rows)
        for first in range(0, rows - BATCH[name] + 1, BATCH[name]):
            inputs, wanted = batches(data, np.sort(order[first : first + BATCH[name]]), rng)
            with torch.autocast("cpu", torch.bfloat16):
                output = network(*inputs)
            loss = loss_of(output.float(), wanted)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            rate.step()
            losses.append(float(loss.detach()))
            step += 1
            if step % 100 == 0:
                print(
                    f"{name} {step}/{steps} loss {np.mean(losses[-100:]):.4f} {time.perf_counter() - started:.0f} s",
                    flush=True,
                )
    network.eval()


def main() -> None:
    """Paint, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="finder,namer,looker", help="the others keep their weights")
    parser.add_argument("--out", type=Path, default=TARGET)
    given = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    started = time.perf_counter()
    data = gather(given.pictures, given.seed)
    print(f"{len(data.small)} pictures, {len(data.wide)} crops after {time.perf_counter() - started:.0f} s", flush=True)
    recipes: dict[str, tuple[Callable[[], judge_networks.Network], Batches, Callable[..., Tensor]]] = {
        "finder": (judge_networks.finder, finder_batch, finder_loss),
        "namer": (judge_networks.namer, namer_batch, namer_loss),
        "looker": (judge_networks.looker, looker_batch, looker_loss),
    }
    for name in given.only.split(","):
        make, batches, loss_of = recipes[name]
        if name == "looker":
            data = with_foreign(data, given.seed)
        rows = {"finder": len(data.small), "namer": len(data.wide), "looker": len(data.thumbs)}[name]
        torch.manual_seed(given.seed)
        network = make()
        train(name, network, data, batches, loss_of, rows, given.seed)
        weights = load_file(given.out) if given.out.exists() else {}
        save_file({**weights, **network.weights(name)}, given.out)
        print(
            f"{name} after {time.perf_counter() - started:.0f} s, {given.out.stat().st_size / 1e6:.2f} MB", flush=True
        )


if __name__ == "__main__":
    main()
