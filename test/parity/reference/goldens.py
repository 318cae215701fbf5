"""Writes a folder of parity goldens (test/fixtures/parity/README.md) for a configuration.

    python test/parity/reference/goldens.py CONFIGURATION FOLDER [--sets sam,medsa2d,…] [--batch N] [--forward] [--seed N]

CONFIGURATION is a name of configurations.py or a config.json. Needs PyTorch and nothing else.
"""

import argparse
import json
import struct
from pathlib import Path

import torch
import torch.nn.functional as F

from configurations import CONFIGURATIONS
from medsa import LOSSES, Adapters, Lora, adapter_shapes, lora_shapes, random_attachment
from sam import Bare, decode, dense_positions, dense_prompts, encode, random_tensors, shapes, sparse_prompts

SETS = ("sam", "medsa2d", "medsa3d", "lora", "adamw")


def write_safetensors(file, tensors):
    header, offset = {}, 0
    for name, x in tensors.items():
        size = 4 * x.numel()
        header[name] = {"dtype": "F32", "shape": list(x.shape) or [1], "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for x in tensors.values():
            out.write(x.detach().contiguous().to(torch.float32).numpy().tobytes())


class Prompts:
    """Prompts drawn anywhere in the image."""

    def __init__(self, cfg, generator):
        self.side, self.generator = cfg["image_size"], generator

    def points(self, batch, count):
        points = (torch.rand(batch, count, 2, generator=self.generator) * (self.side - 1)).round()
        labels = (torch.rand(batch, count, generator=self.generator) < 0.6).float()
        labels[:, 0] = 1
        return points, labels

    def box(self, batch):
        low = torch.rand(batch, 2, generator=self.generator) * 0.4 * self.side
        high = (0.6 + 0.4 * torch.rand(batch, 2, generator=self.generator)) * (self.side - 1)
        return torch.cat([low, high], 1).round()


def discs(batch, side, generator):
    """Targets [B, 1, S, S]: a disc each."""
    y, x = torch.meshgrid(*2 * [torch.arange(side).float()], indexing="ij")
    centre = (0.3 + 0.4 * torch.rand(batch, 2, 1, 1, generator=generator)) * side
    radius = (0.15 + 0.15 * torch.rand(batch, 1, 1, generator=generator)) * side
    return (((x - centre[:, 0]) ** 2 + (y - centre[:, 1]) ** 2).sqrt() < radius).float()[:, None]


def answer(tensors, cfg, attached, embedding, points=None, labels=None, box=None, mask=None):
    sparse = sparse_prompts(tensors, cfg, points, labels, box)
    dense = dense_prompts(tensors, cfg, embedding.shape[0], mask)
    return decode(tensors, embedding, sparse, dense, cfg, attached)


def sam_goldens(tensors, cfg, batch, generator):
    side, g = cfg["image_size"], cfg["image_size"] // cfg["patch_size"]
    prompts, bare = Prompts(cfg, generator), Bare()
    io = {"image": torch.randn(batch, 3, side, side, generator=generator)}
    io["embedding"] = encode(tensors, io["image"], cfg, bare)
    io["dense_pe"] = dense_positions(tensors, cfg)
    kinds = {
        "point1": dict(zip(("pts", "lab"), prompts.points(batch, 1))),
        "points3": dict(zip(("pts", "lab"), prompts.points(batch, 3))),
        "box": {"box": prompts.box(batch)},
        "point_box": {**dict(zip(("pts", "lab"), prompts.points(batch, 1))), "box": prompts.box(batch)},
        "point_mask": {
            **dict(zip(("pts", "lab"), prompts.points(batch, 1))),
            "mask": 4 * torch.randn(batch, 1, 4 * g, 4 * g, generator=generator),
        },
    }

    def decoded(embedding, given):
        return answer(tensors, cfg, bare, embedding, given.get("pts"), given.get("lab"), given.get("box"), given.get("mask"))

    def store(kind, masks, iou):
        io.update({f"{kind}.masks.single": masks[:, :1], f"{kind}.masks.multi": masks[:, 1:]})
        io.update({f"{kind}.iou.single": iou[:, :1], f"{kind}.iou.multi": iou[:, 1:]})

    for kind, given in kinds.items():
        io.update({f"{kind}.{part}": x for part, x in given.items()})
        store(kind, *decoded(io["embedding"], given))

    # One image, several objects with different numbers of prompts: each is what it is when asked alone.
    objects = [dict(zip(("pts", "lab"), prompts.points(1, n))) for n in (1, 3, 1)]
    objects.insert(1, {"box": prompts.box(1)})
    for index, given in enumerate(objects):
        io.update({f"mixed.{index}.{part}": x for part, x in given.items()})
    answers = [decoded(io["embedding"][:1], given) for given in objects]
    store("mixed", torch.cat([masks for masks, _ in answers]), torch.cat([iou for _, iou in answers]))

    # A picture that fills three quarters of the square's height, then its original size.
    height, width = 3 * side // 4, side
    original = (height + 7, width + 9)
    full = F.interpolate(io["point1.masks.multi"], (side, side), mode="bilinear", align_corners=False)
    full = F.interpolate(full[..., :height, :width], original, mode="bilinear", align_corners=False)
    io[f"point1.postprocessed_{height}x{width}"] = full
    return io


def require_signal(gradients):
    """A gradient that is rounding and nothing else (all its ReLUs are off, say) is no measure for anybody."""
    largest = max(x.abs().max().item() for x in gradients.values())
    faint = [name for name, x in gradients.items() if x.abs().max().item() < 1e-6 * largest]
    if faint:
        raise SystemExit(f"no signal reaches {faint[0]}: take another --seed")


def attached_goldens(tensors, cfg, attachment, make, batch, generator, forward):
    """Outputs and losses of one point per image and, unless `forward`, the gradient of every attached tensor."""
    side = cfg["image_size"]
    points, labels = Prompts(cfg, generator).points(batch, 2)
    io = {"image": torch.randn(batch, 3, side, side, generator=generator), "pts": points, "lab": labels}
    io["target"] = discs(batch, side, generator)
    leaves = {name: x.clone().requires_grad_(not forward) for name, x in attachment.items()}
    attached = make(leaves)
    with torch.set_grad_enabled(not forward):
        io["embedding"] = encode(tensors, io["image"], cfg, attached)
        masks, iou = answer(tensors, cfg, attached, io["embedding"], points, labels)
        io["low_res_masks"], io["iou"] = masks[:, :1], iou[:, :1]
        logits = F.interpolate(masks[:, :1], (side, side), mode="bilinear", align_corners=False)
        for key, loss in LOSSES.items():
            io[f"loss.{key}"] = value = loss(logits, io["target"])
            if forward:
                continue
            gradients = torch.autograd.grad(value, list(leaves.values()), retain_graph=True)
            require_signal(dict(zip(leaves, gradients)))
            io.update({f"grad.{key}.{name}": gradient for name, gradient in zip(leaves, gradients)})
    return io


def adamw_goldens(tensors, cfg, attachment, batch, generator, steps=5):
    side = cfg["image_size"]
    points, labels = Prompts(cfg, generator).points(batch, 2)
    io = {"image": torch.randn(batch, 3, side, side, generator=generator), "pts": points, "lab": labels}
    io["target"] = discs(batch, side, generator)
    leaves = {name: x.clone().requires_grad_() for name, x in attachment.items()}
    attached = Adapters(leaves, cfg)
    optimiser = torch.optim.AdamW(leaves.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    losses = []
    for _ in range(steps):
        masks, _ = answer(tensors, cfg, attached, encode(tensors, io["image"], cfg, attached), points, labels)
        logits = F.interpolate(masks[:, :1], (side, side), mode="bilinear", align_corners=False)
        loss = LOSSES["dice_ce"](logits, io["target"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.detach())
    io["losses"] = torch.stack(losses)
    return io, leaves


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configuration")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--batch", type=int, default=2, help="images of the 2D sets")
    parser.add_argument("--forward", action="store_true", help="no gradients: large models")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    named = CONFIGURATIONS.get(given.configuration)
    cfg = named if named is not None else json.loads(Path(given.configuration).read_text())
    sets = [name for name in given.sets.split(",") if name != "lora" or "lora" in cfg]
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "config.json").write_text(json.dumps(cfg, indent=1) + "\n")

    generator = torch.Generator().manual_seed(given.seed)
    tensors = random_tensors(shapes(cfg), generator)
    write_safetensors(given.folder / "sam.safetensors", tensors)

    def write(name, part, values):
        write_safetensors(given.folder / f"{name}_{part}.safetensors", values)

    for name in sets:
        if name == "sam":
            with torch.no_grad():
                write("sam", "io", sam_goldens(tensors, cfg, given.batch, generator))
            continue
        deep = name == "medsa3d"
        table = lora_shapes(cfg) if name == "lora" else adapter_shapes(cfg, deep)
        attachment = random_attachment(table, generator)
        if name == "adamw":
            io, after = adamw_goldens(tensors, cfg, attachment, given.batch, generator)
            write(name, "before", attachment)
            write(name, "after", after)
        else:
            batch = cfg["volumes"] * cfg["slices"] if deep else given.batch

            def make(leaves, name=name, deep=deep):
                return Lora(leaves, cfg) if name == "lora" else Adapters(leaves, cfg, cfg["slices"] if deep else None)

            io = attached_goldens(tensors, cfg, attachment, make, batch, generator, given.forward)
            write(name, "adapters", attachment)
        write(name, "io", io)


if __name__ == "__main__":
    main()
