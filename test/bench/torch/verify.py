"""Compares this implementation with the goldens of test/fixtures/parity: equal computations are worth comparing."""

import json
import struct
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from configs import Config
from layers import ATTENTION
from medsa import MedSa, dice_ce, focal_dice, upsample

OUTPUTS = 1e-4
GRADIENTS = 1e-3
"""Tolerances, of the tensor's largest entry."""

LOSSES = {"dice_ce": dice_ce, "focal_dice": focal_dice}


def read_safetensors(file: Path) -> dict[str, Tensor]:
    data = file.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    types = {"F32": np.float32, "I64": np.int64}
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            values = np.frombuffer(data[begin:end], dtype=types[entry["dtype"]])
            tensors[name] = torch.from_numpy(values.reshape(entry["shape"]).copy())
    return tensors


def read_config(folder: Path, pad_before_norm: bool) -> Config:
    j = json.loads((folder / "config.json").read_text())
    return Config(
        embed_dim=j["embed_dim"],
        depth=j["depth"],
        heads=j["num_heads"],
        global_blocks=tuple(j["global_attn_indexes"]),
        image_size=j["image_size"],
        patch_size=j["patch_size"],
        window=j["window_size"],
        out_channels=j["out_chans"],
        decoder_depth=j["decoder_depth"],
        decoder_heads=j["decoder_heads"],
        decoder_mlp=j["decoder_mlp_dim"],
        iou_depth=j["iou_head_depth"],
        iou_hidden=j["iou_head_hidden_dim"],
        mask_channels=j["mask_in_chans"],
        bottleneck=j["bottleneck"],
        decoder_bottleneck=j["decoder_bottleneck"],
        scale=j["scale"],
        pad_before_norm=pad_before_norm,
    )


def prompt_tokens(io: dict[str, Tensor], prefix: str) -> tuple[Tensor, Tensor]:
    """Points, then the box's corners or one token that is no point. → [B, P, 2], [B, P]"""
    box = io.get(f"{prefix}box")
    points, labels = io.get(f"{prefix}pts"), io.get(f"{prefix}lab")
    batch = len(points if points is not None else box)
    if box is None:
        last, kinds = torch.zeros(batch, 1, 2), torch.full((batch, 1), -1)
    else:
        last, kinds = box.view(batch, 2, 2), torch.tensor([[2, 3]]).expand(batch, 2)
    if points is None:
        return last, kinds
    return torch.cat([points, last], dim=1), torch.cat([labels, kinds], dim=1)


class Comparison:
    def __init__(self):
        self.worst = 0.0
        self.tensors = 0
        self.failures: list[str] = []

    def compare(self, name: str, ours: Tensor, golden: Tensor, tolerance: float) -> None:
        error = ((ours.detach().reshape(golden.shape) - golden).abs().max() / golden.abs().max()).item()
        self.tensors += 1
        self.worst = max(self.worst, error / tolerance)
        if not error <= tolerance:
            self.failures.append(f"{name}: off by {error:.1e} of its largest entry, allowed are {tolerance:.0e}")


def check_sam(folder: Path, variant: str, comparison: Comparison) -> None:
    io = read_safetensors(folder / "sam_io.safetensors")
    model = MedSa(read_config(folder, pad_before_norm=False), adapted=False)
    model.load_state_dict(read_safetensors(folder / "sam.safetensors"))
    model.use_attention(variant)
    embedding = model.image_encoder(io["image"])
    comparison.compare("embedding", embedding, io["embedding"], OUTPUTS)
    comparison.compare("dense_pe", model.prompt_encoder.positions(), io["dense_pe"], OUTPUTS)
    for kind in ("point1", "points3", "box", "point_box", "point_mask"):
        points, labels = prompt_tokens(io, f"{kind}.")
        masks, iou = model.decode(embedding, points, labels, io.get(f"{kind}.mask"))
        for mode, pick in (("single", slice(0, 1)), ("multi", slice(1, None))):
            comparison.compare(f"{kind}.masks.{mode}", masks[:, pick], io[f"{kind}.masks.{mode}"], OUTPUTS)
            comparison.compare(f"{kind}.iou.{mode}", iou[:, pick], io[f"{kind}.iou.{mode}"], OUTPUTS)


def check_medsa(folder: Path, variant: str, comparison: Comparison) -> None:
    io = read_safetensors(folder / "medsa2d_io.safetensors")
    model = MedSa(read_config(folder, pad_before_norm=True))
    frozen = torch.load(folder / "medsa2d_sam.pth", weights_only=True)
    trained = read_safetensors(folder / "medsa2d_adapters.safetensors")
    renamed = {name.replace("mask_decoder.", "mask_decoder.transformer."): value for name, value in trained.items()}
    model.load_state_dict({**frozen, **renamed})
    model.use_attention(variant)
    points, labels = prompt_tokens(io, "")
    comparison.compare("embedding", model.image_encoder(io["image"]), io["embedding"], OUTPUTS)
    masks, iou = model(io["image"], points, labels)
    comparison.compare("low_res_masks", masks, io["low_res_masks"], OUTPUTS)
    comparison.compare("iou", iou, io["iou"], OUTPUTS)
    adapters = model.adapters()
    for key, loss_of in LOSSES.items():
        loss = loss_of(upsample(masks, io["target"]), io["target"])
        comparison.compare(f"loss.{key}", loss, io[f"loss.{key}"], OUTPUTS)
        gradients = torch.autograd.grad(loss, list(adapters.values()), retain_graph=True)
        for name, gradient in zip(adapters, gradients):
            comparison.compare(f"grad.{key}.{name}", gradient, io[f"grad.{key}.{name}"], GRADIENTS)


def verify(folder: Path) -> dict[str, object]:
    """Outputs, losses and adapter gradients of both attention variants against one folder of goldens."""
    comparison = Comparison()
    for variant in ATTENTION:
        check_sam(folder, variant, comparison)
        check_medsa(folder, variant, comparison)
    return {
        "tensors": comparison.tensors,
        "worst_of_tolerance": comparison.worst,
        "failures": comparison.failures,
        "holds": not comparison.failures,
    }
